package display

import (
	"errors"

	"parkagent/drivers"
	"parkagent/drivers/display/frame"
	"parkagent/drivers/options"
)

// CountOptions are the settings of a board that shows the number of free places
// and nothing else.
type CountOptions struct {
	Few int // up to so many are shown in yellow; 0 is always red
}

// ParseCountOptions reads the option table of a device with driver "xunpeng":
//
//	few  up to so many free places are shown in yellow, more in green; none at
//	     all in red; 0 where it is not given, which never shows yellow
func ParseCountOptions(table map[string]any) (CountOptions, error) {
	o := options.Read(table)
	opt := CountOptions{Few: int(o.Int("few", 0, 0, frame.MaxCount))}
	return opt, o.Err()
}

func (opt CountOptions) board() (board, error) {
	if opt.Few < 0 {
		return nil, errors.New("few is less than none")
	}
	return count{opt}, nil
}

// A count is a board of free places. It never answers.
type count struct{ opt CountOptions }

func (c count) profile() profile { return profile{gap: frameGap, lasts: forGood} }

func (c count) compose(s drivers.Screen) []message {
	if s.Free == nil {
		return nil // the last number stands
	}
	color := drivers.Green
	switch {
	case *s.Free <= 0:
		color = drivers.Red
	case *s.Free <= c.opt.Few:
		color = drivers.Yellow
	}
	return []message{{"count", frame.XunpengCount(*s.Free, color)}}
}

func (c count) reply([]byte, []byte) (reply, bool) { return reply{}, false }

func (c count) probe() []byte { return nil }

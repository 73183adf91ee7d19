package display

import (
	"bytes"
	"fmt"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/display/frame"
	"parkagent/drivers/options"
)

// OnbonOptions are an Onbon card's settings and the size of its panel. The zero
// value is a silent BX-6K panel of two lines on 64 × 32 points.
type OnbonOptions struct {
	Model   string        // as in the configuration; empty means "bx-6k"
	Width   int           // of the panel, in points; 0 means 64
	Height  int           // of the panel, in points; 0 means 16 for each line
	Lines   int           // equal parts of the height, 1 to 8; 0 means 2
	Address uint16        // of the card; 0 means 1
	Ack     bool          // the card is asked to answer, and must
	Colors  bool          // the panel has more than one colour
	Voice   bool          // the card has a voice module
	Volume  byte          // of the voice, 0 to 10
	Gap     time.Duration // between two frames; less than 50 ms means 50 ms
}

// An onbonModel is one series of cards.
type onbonModel struct {
	name string
	unit int // points in one step of an area's place and width
}

// onbonModels are the models that the option "model" knows, the usual one first.
func onbonModels() []onbonModel {
	return []onbonModel{
		{"bx-6k", 1},
		{"bx-5k", 8},
	}
}

// ParseOnbonOptions reads the option table of a device with driver "onbon":
//
//	model    "bx-6k" or "bx-5k", which counts widths in steps of 8 points;
//	         "bx-6k" where it is not given
//	width    of the panel, 8 to 2048 points in steps of 8; 64 where it is not given
//	height   of the panel, 8 to 1024 points; 16 for each line where it is not given
//	lines    into how many lines the panel is parted, 1 to 8; 2 where it is not given
//	address  of the card, 1 to 65534; 1 where it is not given
//	ack      true: the card must answer, and is offline when it does not; false
//	         where it is not given
//	colors   true: the panel shows red, green and yellow; true where it is not given
//	voice    true: the card has a voice module; false where it is not given
//	volume   of the voice, 0 to 10; 5 where it is not given
//	gap      between two frames, "50ms" to "1s", for a slow card, 4s in all for a
//	         screen; "50ms" where it is not given
func ParseOnbonOptions(table map[string]any) (OnbonOptions, error) {
	o := options.Read(table)
	var names []string
	for _, m := range onbonModels() {
		names = append(names, m.name)
	}
	var opt OnbonOptions
	opt.Model = o.Choice("model", names...)
	opt.Width = int(o.Int("width", 64, 8, 2048))
	if opt.Width%8 != 0 {
		o.Fail("width", "%d is not a multiple of 8", opt.Width)
	}
	opt.Lines = int(o.Int("lines", 2, 1, 8))
	opt.Height = int(o.Int("height", int64(16*opt.Lines), 8, 1024))
	if opt.Height < 8*opt.Lines {
		o.Fail("height", "%d points are too few for %d lines of 8", opt.Height, opt.Lines)
	}
	opt.Address = uint16(o.Int("address", 1, 1, 0xFFFE))
	opt.Ack = o.Bool("ack", false)
	opt.Colors = o.Bool("colors", true)
	opt.Voice = o.Bool("voice", false)
	opt.Volume = byte(o.Int("volume", 5, 0, 10))
	opt.Gap = gapOf(o, opt.Lines)
	return opt, o.Err()
}

func (opt OnbonOptions) board() (board, error) {
	if opt.Lines == 0 {
		opt.Lines = 2
	}
	if opt.Width == 0 {
		opt.Width = 64
	}
	if opt.Height == 0 {
		opt.Height = 16 * opt.Lines
	}
	if opt.Address == 0 {
		opt.Address = 1
	}
	switch {
	case opt.Lines < 0 || opt.Lines > 8:
		return nil, fmt.Errorf("a panel has 1 to 8 lines, not %d", opt.Lines)
	case opt.Width < 8 || opt.Width > 2048 || opt.Width%8 != 0:
		return nil, fmt.Errorf("a panel is 8 to 2048 points wide in steps of 8, not %d", opt.Width)
	case opt.Height < 8*opt.Lines || opt.Height > 1024:
		return nil, fmt.Errorf("%d lines do not fit into a height of %d points", opt.Lines, opt.Height)
	}
	for _, m := range onbonModels() {
		if m.name == opt.Model || opt.Model == "" {
			return onbon{opt, m}, nil
		}
	}
	return nil, fmt.Errorf("no Onbon model %q", opt.Model)
}

// An onbon is a panel with an Onbon card. Each of its lines is an area.
type onbon struct {
	opt   OnbonOptions
	model onbonModel
}

func (b onbon) profile() profile {
	return profile{gap: gapOr(b.opt.Gap), reply: replyTime, must: b.opt.Ack, sure: true}
}

func (b onbon) compose(s drivers.Screen) []message {
	height := b.opt.Height / b.opt.Lines
	var messages []message
	for i := range b.opt.Lines {
		l := lineOf(s, i)
		text := frame.OnbonGBK(l.Text)
		area := frame.OnbonArea{
			ID: byte(i), Y: uint16(i * height), W: uint16(b.opt.Width / b.model.unit), H: uint16(height),
			Running: len(text)*onbonByteWidth > b.opt.Width,
			Text:    append(b.color(l.Color), text...),
			Seconds: uint16(standSeconds(s.For, 0xFFFF)),
		}
		// The voice goes with the last line, so that nothing is spoken of a
		// screen that was cut short.
		if i == b.opt.Lines-1 && b.opt.Voice {
			area.Speak, area.Volume = frame.OnbonGBK(s.Voice), b.opt.Volume
		}
		messages = append(messages, message{fmt.Sprintf("line %d", i+1), frame.OnbonText(b.opt.Address, area, b.opt.Ack)})
	}
	return messages
}

// onbonByteWidth is how many points a byte of text takes in the font that cards
// come with: 8 for a letter, 16 for a character of two bytes.
const onbonByteWidth = 8

// color returns the escape that colours the text behind it.
func (b onbon) color(c drivers.LineColor) []byte {
	if !b.opt.Colors {
		return nil
	}
	switch c {
	case drivers.Green:
		return []byte(`\C2`)
	case drivers.Yellow:
		return []byte(`\C3`)
	}
	return []byte(`\C1`)
}

func (b onbon) probe() []byte { return frame.OnbonPing(b.opt.Address) }

// reply finds the card's answer: A0 00 when it took the frame, A0 and another
// command with an error code when it did not. Of a ping any frame will do that is
// not the ping itself, thrown back by an adapter that echoes.
func (b onbon) reply(received, sent []byte) (reply, bool) {
	ours, _, _ := frame.DecodeOnbon(sent)
	question := bytes.Equal(sent, b.probe())
	for {
		data, rest, ok := frame.DecodeOnbon(received)
		if !ok {
			return reply{}, false
		}
		received = rest
		switch {
		case len(data) < 3 || bytes.Equal(data, ours):
		case data[0] == frame.OnbonAnswer && data[1] != frame.OnbonTaken:
			return reply{refused: fmt.Errorf("%w: answered with code %02X", drivers.ErrRefused, data[2])}, true
		case data[0] == frame.OnbonAnswer, question:
			return reply{}, true
		}
	}
}

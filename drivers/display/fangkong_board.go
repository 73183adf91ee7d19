package display

import (
	"bytes"
	"fmt"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/display/frame"
	"parkagent/drivers/options"
)

// FangkongOptions are a Fangkong card's settings. The zero value is a silent
// panel of two lines at address 0.
type FangkongOptions struct {
	Lines    int           // lines of the panel, 1 to 8; 0 means 2
	Address  byte          // of the card
	Ack      bool          // the card answers and must; false: over a pass-through answers may be lost
	Voice    bool          // the card can speak
	OneFrame bool          // the card takes lines and voice in one frame, command 6E
	Gap      time.Duration // between two frames; less than 50 ms means 50 ms
}

// ParseFangkongOptions reads the option table of a device with driver
// "fangkong":
//
//	lines      lines of the panel, 1 to 8; 2 where it is not given
//	address    of the card, 0 to 255; 0 where it is not given
//	ack        true: the card must answer, and is offline when it does not;
//	           false where it is not given
//	voice      true: the card speaks; true where it is not given
//	one_frame  true: lines and voice go in one frame, which is the better way
//	           where a camera passes them on, if the card knows command 6E;
//	           false where it is not given
//	gap        between two frames, "50ms" to "1s", for a slow card, 4s in all for a
//	           screen; "50ms" where it is not given
func ParseFangkongOptions(table map[string]any) (FangkongOptions, error) {
	o := options.Read(table)
	opt := FangkongOptions{
		Lines:    int(o.Int("lines", 2, 1, 8)),
		Address:  byte(o.Int("address", 0, 0, 255)),
		Ack:      o.Bool("ack", false),
		Voice:    o.Bool("voice", true),
		OneFrame: o.Bool("one_frame", false),
	}
	frames := opt.Lines + 1
	if opt.OneFrame {
		frames = 1
	}
	opt.Gap = gapOf(o, frames)
	return opt, o.Err()
}

func (opt FangkongOptions) board() (board, error) {
	if opt.Lines == 0 {
		opt.Lines = 2
	}
	if opt.Lines < 0 || opt.Lines > 8 {
		return nil, fmt.Errorf("a panel has 1 to 8 lines, not %d", opt.Lines)
	}
	return fangkong{opt}, nil
}

// A fangkong is a panel with a Fangkong card.
type fangkong struct{ opt FangkongOptions }

func (f fangkong) profile() profile {
	return profile{gap: gapOr(f.opt.Gap), reply: replyTime, must: f.opt.Ack}
}

func (f fangkong) compose(s drivers.Screen) []message {
	voice := s.Voice
	if !f.opt.Voice {
		voice = ""
	}
	seconds := byte(standSeconds(s.For, 255))
	var lines []frame.Line
	for i := range f.opt.Lines {
		l := lineOf(s, i)
		lines = append(lines, frame.Line{Row: byte(i), Text: l.Text, Color: l.Color, Seconds: seconds})
	}
	if f.opt.OneFrame {
		return []message{{"screen", frame.FangkongScreen(f.opt.Address, lines, voice)}}
	}
	var messages []message
	for i, l := range lines {
		messages = append(messages, message{fmt.Sprintf("line %d", i+1), frame.FangkongText(f.opt.Address, l)})
	}
	if voice != "" {
		messages = append(messages, message{"voice", frame.FangkongVoice(f.opt.Address, voice)})
	}
	return messages
}

// probe is command 00, which the maker's table calls "connect". Nobody has
// recorded a card's answer to it, so a card that is silent to it only is not
// taken for dead: its profile is not sure.
func (f fangkong) probe() []byte { return frame.FangkongConnect(f.opt.Address) }

// reply finds the card's answer. Answers carry one byte, 00 from a card that
// took the frame. What has the right command and more bytes is our own frame,
// thrown back by an adapter that echoes; the question is the exception, of which
// any answer will do that is not the question itself.
func (f fangkong) reply(received, sent []byte) (reply, bool) {
	command := sent[4]
	question := bytes.Equal(sent, f.probe())
	for {
		r, rest, ok := frame.DecodeFangkongReply(received)
		if !ok {
			return reply{}, false
		}
		whole := received[:len(received)-len(rest)]
		received = rest
		switch {
		case r.Address != f.opt.Address || r.Command != command || bytes.HasSuffix(whole, sent):
		case question:
			return reply{}, true
		case len(r.Data) == 1 && r.Data[0] != 0:
			return reply{refused: fmt.Errorf("%w: command %02X answered with code %02X", drivers.ErrRefused, command, r.Data[0])}, true
		case len(r.Data) == 1:
			return reply{}, true
		}
	}
}

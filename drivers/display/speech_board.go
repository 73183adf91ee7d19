package display

import (
	"bytes"
	"fmt"

	"parkagent/drivers"
	"parkagent/drivers/display/frame"
	"parkagent/drivers/options"
)

// A speechModel is one model of voice chip.
type speechModel struct {
	name string
	chip frame.SpeechChip
}

// speechModels are the models that the option "chip" knows, the usual one first.
// A chip takes longer texts than anybody listens to.
func speechModels() []speechModel {
	return []speechModel{
		{"syn6288", frame.SpeechChip{Checked: true, Longest: 200}},
		{"xfs5152", frame.SpeechChip{Longest: 200}},
	}
}

// SpeechOptions are the settings of a voice chip on a line of its own. The zero
// value is a SYN6288 that need not answer.
type SpeechOptions struct {
	Chip string // as in the configuration; empty means "syn6288"
	Ack  bool   // the chip answers and must
}

// ParseSpeechOptions reads the option table of a device with driver "syn6288",
// which speaks and shows nothing:
//
//	chip  "syn6288" or "xfs5152"; "syn6288" where it is not given
//	ack   true: the chip must answer, and is offline when it does not; false
//	      where it is not given, since many modules are wired one way only
func ParseSpeechOptions(table map[string]any) (SpeechOptions, error) {
	o := options.Read(table)
	var names []string
	for _, m := range speechModels() {
		names = append(names, m.name)
	}
	opt := SpeechOptions{Chip: o.Choice("chip", names...), Ack: o.Bool("ack", false)}
	return opt, o.Err()
}

func (opt SpeechOptions) board() (board, error) {
	for _, m := range speechModels() {
		if m.name == opt.Chip || opt.Chip == "" {
			return speech{opt, m.chip}, nil
		}
	}
	return nil, fmt.Errorf("no voice chip %q", opt.Chip)
}

// A speech is a voice chip.
type speech struct {
	opt  SpeechOptions
	chip frame.SpeechChip
}

// profile has a gap far above the 8 ms that the chip asks for: converters on the
// way need it.
func (s speech) profile() profile {
	return profile{gap: frameGap, reply: replyTime, must: s.opt.Ack, sure: true, lasts: spoken}
}

func (s speech) compose(screen drivers.Screen) []message {
	if screen.Voice == "" {
		return nil // what is being said may end
	}
	return []message{{"voice", frame.Speech(s.chip, screen.Voice)}}
}

func (s speech) probe() []byte { return frame.SpeechStatus(s.chip) }

// reply reads the chip's single bytes. Our own frame, which an adapter throws
// back, may hold any of them, so it is taken off first, and nothing is read while
// it is on its way.
func (s speech) reply(received, sent []byte) (reply, bool) {
	if i := bytes.IndexByte(received, 0xFD); i >= 0 {
		if bytes.HasPrefix(sent, received[i:]) && len(received)-i < len(sent) {
			return reply{}, false
		}
		received = bytes.Replace(received, sent, nil, 1)
	}
	asked := bytes.Equal(sent, s.probe())
	for _, b := range received {
		switch {
		case b == frame.SpeechBusy && asked:
			return reply{state: "busy"}, true
		case b == frame.SpeechIdle && asked:
			return reply{state: "idle"}, true
		case b == frame.SpeechTaken && !asked:
			return reply{}, true
		case b == frame.SpeechRefused:
			return reply{refused: fmt.Errorf("%w: the voice chip did not understand the frame", drivers.ErrRefused)}, true
		}
	}
	return reply{}, false
}

package display

import (
	"fmt"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/display/frame"
	"parkagent/drivers/options"
)

// HuaxiaOptions are the settings of an AA55 card. The zero value is a silent
// panel of four lines at the address that cards come with.
type HuaxiaOptions struct {
	Lines   int             // lines of the panel, 1 to 4; 0 means 4
	Address byte            // of the card; 0 means 64 (100)
	Voice   bool            // the card can speak
	Phrases map[string]byte // words beside, or in place of, those that cards commonly have; 0: the card lacks it
	Gap     time.Duration   // between two frames; less than 50 ms means 50 ms
}

// ParseHuaxiaOptions reads the option table of a device with driver
// "huaxia-led":
//
//	lines    lines of the panel, 1 to 4; 4 where it is not given
//	address  of the card, 1 to 255; 100 where it is not given
//	voice    true: the card speaks; true where it is not given
//	phrases  words that the card has recorded and their numbers, as its sheet
//	         says, such as { "请稍候" = 12, "点" = 46 }, beside those that cards
//	         commonly have; 0 for one that this card lacks
//	gap      between two frames, "50ms" to "1s", for a slow card; "50ms" where
//	         it is not given
//
// Such a card speaks recorded words only. What it has no word for is not
// spoken, and an amount that it cannot speak in full is left out. One with parts of
// a yuan needs "点"; with "十", "百" and "千" numbers are spoken as people do, and
// without them figure by figure.
func ParseHuaxiaOptions(table map[string]any) (HuaxiaOptions, error) {
	o := options.Read(table)
	opt := HuaxiaOptions{
		Lines:   int(o.Int("lines", 4, 1, 4)),
		Address: byte(o.Int("address", 0x64, 1, 255)),
		Voice:   o.Bool("voice", true),
	}
	opt.Gap = gapOf(o, opt.Lines+1)
	words := o.Table("phrases")
	for _, word := range words.Keys() {
		if opt.Phrases == nil {
			opt.Phrases = map[string]byte{}
		}
		opt.Phrases[word] = byte(words.Int(word, 0, 0, 255))
	}
	return opt, o.Err()
}

func (opt HuaxiaOptions) board() (board, error) {
	if opt.Lines == 0 {
		opt.Lines = 4
	}
	if opt.Lines < 0 || opt.Lines > 4 {
		return nil, fmt.Errorf("a panel has 1 to 4 lines, not %d", opt.Lines)
	}
	if opt.Address == 0 {
		opt.Address = 0x64
	}
	phrases := frame.HuaxiaPhrases()
	for word, number := range opt.Phrases {
		phrases[word] = number
		if number == 0 {
			delete(phrases, word)
		}
	}
	return &huaxia{opt: opt, phrases: phrases}, nil
}

// A huaxia is a panel with an AA55 card. No answer of such a card is known.
type huaxia struct {
	opt     HuaxiaOptions
	phrases map[string]byte
	seq     byte // of the last frame
}

func (h *huaxia) profile() profile { return profile{gap: gapOr(h.opt.Gap)} }

func (h *huaxia) compose(s drivers.Screen) []message {
	var messages []message
	if len(s.Lines) == 0 {
		messages = append(messages, message{"empty lines", frame.HuaxiaCancel(h.next(), h.opt.Address, h.opt.Lines)})
	} else {
		seconds := byte(standSeconds(s.For, 255))
		for i := range h.opt.Lines {
			l := lineOf(s, i)
			messages = append(messages, message{fmt.Sprintf("line %d", i+1), frame.HuaxiaText(h.next(), h.opt.Address, frame.Line{
				Row: byte(i), Text: l.Text, Color: l.Color, Seconds: seconds,
			})})
		}
	}
	if words := frame.Spell(s.Voice, h.phrases, frame.MaxHuaxiaVoice); h.opt.Voice && len(words) > 0 {
		messages = append(messages, message{"voice", frame.HuaxiaVoice(h.next(), h.opt.Address, words)})
	}
	return messages
}

// next returns the number of the next frame. A card may take two frames with one
// number for one that was sent again.
func (h *huaxia) next() byte {
	h.seq++
	return h.seq
}

func (h *huaxia) reply([]byte, []byte) (reply, bool) { return reply{}, false }

func (h *huaxia) probe() []byte { return nil }

// Package signs puts what happens at a lane into the words of its display.
//
// An event and its values become a drivers.Screen by a template: lines, their
// colours and a voice, with placeholders such as {plate}. There is one for every
// event and language here, and a car park may bring its own (the tables [[text]] of
// the configuration), for all lanes or for some. All of it is pure.
package signs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parkagent/drivers"
)

// An Event is what a display tells of, as the configuration writes it.
type Event string

// The events.
const (
	Idle         Event = "idle"           // nobody stands there
	Entry        Event = "entry"          // the gate opens for a car that comes in
	EntryCard    Event = "entry_card"     // and it has a card or a booking
	EntryNoPlate Event = "entry_no_plate" // and it has no plate
	Exit         Event = "exit"           // the gate opens for a car that leaves
	ExitCard     Event = "exit_card"      // and it has a card or a booking
	Fee          Event = "fee"            // money is due
	Paid         Event = "paid"           // it has paid, and the gate does not open yet
	Asking       Event = "asking"         // a platform is asked to deduct, or to price
	GateFault    Event = "gate_fault"     // it may pass, and the gate does not open yet
	Fault        Event = "fault"          // the books cannot be read or written
	Paying       Event = "paying"         // a platform charges the code that the driver held before the scanner
	PayRefused   Event = "pay_refused"    // and does not
	PayUnknown   Event = "pay_unknown"    // and nobody knows whether it does
	NothingDue   Event = "nothing_due"    // a payment code was read, and nobody has to pay
	CodeUnknown  Event = "code_unknown"   // a code was read that is of no car and no payment
	Refused      Event = "refused"        // any of the following
	Full         Event = "full"           // no place is free
	Blacklist    Event = "blacklist"
	Unknown      Event = "unknown"     // at an exit, and nobody knows of its entry
	NoPlate      Event = "no_plate"    // the camera saw no plate
	Operator     Event = "operator"    // an operator has to decide
	Inside       Event = "inside"      // its plate, or its card's car, is inside already
	CardInside   Event = "card_inside" // the number of a car without a plate is
	Quota        Event = "quota"       // all places of its card are taken
	NotHere      Event = "not_here"    // its card is not good in this area
)

// Events returns all of them, as the documentation lists them.
func Events() []Event {
	return []Event{
		Idle, Entry, EntryCard, EntryNoPlate, Exit, ExitCard, Fee, Paid, Asking, GateFault, Fault,
		Paying, PayRefused, PayUnknown, NothingDue, CodeUnknown,
		Refused, Full, Blacklist, Unknown, NoPlate, Operator, Inside, CardInside, Quota, NotHere,
	}
}

// wider is the event whose template a car park's may be used for another: it says the
// same with less detail. Empty where there is none.
func wider(e Event) Event {
	switch e {
	case EntryCard, EntryNoPlate:
		return Entry
	case ExitCard:
		return Exit
	case Full, Blacklist, Unknown, NoPlate, Operator, Inside, CardInside, Quota, NotHere:
		return Refused
	}
	return ""
}

// A Template is what a display shows and says at an event. What it leaves out stays
// as it is without it; a list or a voice that is empty and not nil is silence.
type Template struct {
	Event  Event
	Lanes  []string            // codes of the lanes that it is for; empty: all
	Lines  []string            // from the top; nil: those of the program
	Colors []drivers.LineColor // of the lines, the last of them for all that follow; nil: the event's
	Voice  *string             // nil: that of the program
	// Stands is for how long the text stands before the display goes back to its own,
	// 0 until the lane shows another. Of several idle texts of a lane, which take
	// turns, it is how long each is shown; 0 means 10 s.
	Stands time.Duration
}

// turn is how long an idle text stands that takes turns with others.
const turn = 10 * time.Second

// Values are what placeholders stand for. What is not known has its zero value,
// unless said otherwise.
type Values struct {
	Plate    string
	Nameless bool // the plate is one that the agent made up, and is not spoken
	CarType  int  // of its card; 0 a temporary car
	Payable  int64
	Stay     time.Duration
	Days     int       // for how many days after today its card is of use; less than 0 unknown
	Until    time.Time // until when
	Free     int       // places; less than 0 unknown
	Now      time.Time
}

// A Config is what a Signs is made of.
type Config struct {
	Language string // "en", or else Chinese
	Park     string // its name
	Lane     string // code of the lane
	Name     string // and its name
	Location *time.Location
	Texts    []Template // the car park's own
}

// A Page is a screen, and for how long it stands if it takes turns with others.
type Page struct {
	Screen drivers.Screen
	Stands time.Duration
}

// Signs are the templates of one lane. They may be used from any goroutine.
type Signs struct {
	cfg   Config
	words words
	pages map[Event][]sign
}

// A sign is a template that was taken apart.
type sign struct {
	lines  []phrase
	colors []drivers.LineColor
	voice  phrase
	stands time.Duration
}

// New takes the templates apart. The errors are all mistakes in them, joined; those of
// a phrase are *PhraseError.
func New(cfg Config) (*Signs, error) {
	if cfg.Location == nil {
		cfg.Location = time.UTC
	}
	s := &Signs{cfg: cfg, words: wordsOf(cfg.Language), pages: map[Event][]sign{}}
	var wrong []error
	for _, e := range Events() {
		for _, t := range own(cfg, e) {
			g, err := s.words.built(e).overlaid(t)
			wrong = append(wrong, err)
			s.pages[e] = append(s.pages[e], g)
		}
	}
	return s, errors.Join(wrong...)
}

// own are the car park's templates for an event at this lane: those that name the
// lane, or else those for all lanes. Only idle texts may be several.
func own(cfg Config, e Event) []Template {
	var here, anywhere []Template
	for _, t := range cfg.Texts {
		switch {
		case t.Event != e:
		case len(t.Lanes) == 0:
			anywhere = append(anywhere, t)
		case slices.Contains(t.Lanes, cfg.Lane):
			here = append(here, t)
		}
	}
	if here == nil {
		return anywhere
	}
	return here
}

// overlaid is a built-in sign with what a car park's template says instead.
func (b sign) overlaid(t Template) (sign, error) {
	var wrong []error
	take := func(text string) phrase {
		p, err := parse(text)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("text for %s: %w", t.Event, err))
		}
		return p
	}
	if t.Lines != nil {
		b.lines = []phrase{}
		for _, l := range t.Lines {
			b.lines = append(b.lines, take(l))
		}
	}
	if t.Voice != nil {
		b.voice = take(*t.Voice)
	}
	if len(t.Colors) > 0 {
		b.colors = t.Colors
	}
	b.stands = t.Stands
	return b, errors.Join(wrong...)
}

// Pages is what a display shows at an event: one page, or of the idle texts as many
// as there are.
func (s *Signs) Pages(e Event, v Values) []Page {
	signs := s.pages[e]
	if len(signs) == 0 {
		signs = s.pages[wider(e)]
	}
	if len(signs) == 0 {
		signs = []sign{s.words.built(e)}
	}
	if e != Idle {
		signs = signs[:1]
	}
	shown, spoken := s.values(e, v, false), s.values(e, v, true)
	var pages []Page
	for _, g := range signs {
		p := Page{Screen: drivers.Screen{Voice: g.voice.spoken(spoken)}, Stands: g.stands}
		if p.Stands == 0 {
			p.Stands = turn
		}
		if len(signs) == 1 {
			p.Screen.For = g.stands
		}
		if free := v.Free; free >= 0 {
			p.Screen.Free = &free
		}
		for i, l := range g.lines {
			if text := l.line(shown); text != "" {
				p.Screen.Lines = append(p.Screen.Lines, drivers.Line{Text: text, Color: g.colors[min(i, len(g.colors)-1)]})
			}
		}
		pages = append(pages, p)
	}
	return pages
}

// Silent returns pages that say nothing and are the same otherwise.
func Silent(pages []Page) []Page {
	silent := slices.Clone(pages)
	for i := range silent {
		silent[i].Screen.Voice = ""
	}
	return silent
}

// values are what the placeholders stand for. A plate that nobody gave a car is shown
// and not spoken.
func (s *Signs) values(e Event, v Values, spoken bool) map[string]string {
	m := map[string]string{
		"plate": v.Plate, "park": s.cfg.Park, "lane": s.cfg.Name, "amount": "", "spoken_amount": "", "stay": "", "minutes": "",
		"free": "", "days": "", "left": "", "until": "", "holder": s.words.holder(v.CarType), "reason": s.words.reasons[e], "time": "",
	}
	if spoken && v.Nameless {
		m["plate"] = ""
	}
	if e == Fee || v.Payable > 0 {
		m["amount"], m["spoken_amount"] = yuan(v.Payable), spokenYuan(v.Payable)
	}
	if e == Fee || v.Stay > 0 {
		m["stay"], m["minutes"] = s.words.stay(v.Stay), fmt.Sprint(int(v.Stay.Minutes()))
	}
	if v.Free >= 0 {
		m["free"] = fmt.Sprint(v.Free)
	}
	if v.CarType != 0 && v.Days >= 0 {
		m["days"], m["left"] = fmt.Sprint(v.Days), s.words.left(v.Days)
	}
	if !v.Until.IsZero() {
		m["until"] = v.Until.In(s.cfg.Location).Format(time.DateOnly)
	}
	if !v.Now.IsZero() {
		m["time"] = v.Now.In(s.cfg.Location).Format("15:04")
	}
	return m
}

// Placeholders returns the names that may stand in braces. Each event has values for
// some of them.
func Placeholders() []string {
	return []string{
		"plate", "amount", "spoken_amount", "stay", "minutes", "free", "park", "lane", "holder", "days", "left", "until", "reason", "time",
	}
}

// yuan writes fen as yuan with two decimals.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

// spokenYuan writes fen as yuan as people say it: 12, 12.5, 12.05.
func spokenYuan(fen int64) string {
	if fen%100 == 0 {
		return fmt.Sprint(fen / 100)
	}
	return strings.TrimRight(yuan(fen), "0")
}

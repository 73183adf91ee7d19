package signs

import (
	"fmt"
	"slices"
	"strings"
)

// A PhraseError is a mistake in a text with placeholders.
type PhraseError struct {
	Text  string // the whole of it
	Name  string // a placeholder that nobody knows; empty where a brace has no other
	Event Event  // at which a placeholder that there is never has a value; empty where that is not the mistake
}

// Error says which mistake.
func (e *PhraseError) Error() string {
	switch {
	case e.Name == "":
		return fmt.Sprintf("%q: a brace { or } without the other", e.Text)
	case e.Event != "":
		return fmt.Sprintf("%q: {%s} never has a value at %s", e.Text, e.Name, e.Event)
	}
	return fmt.Sprintf("%q: unknown placeholder {%s}", e.Text, e.Name)
}

// Check returns the mistake in a text for an event, a *PhraseError, or nil. What would
// never be shown there is one: a line is left out when its placeholders have no value,
// and nobody would learn why.
func (e Event) Check(text string) error {
	p, err := parse(text)
	if err != nil {
		return err
	}
	known := e.Placeholders()
	for _, c := range p {
		for _, q := range c.pieces {
			if q.placeholder && !slices.Contains(known, q.text) {
				return &PhraseError{Text: text, Name: q.text, Event: e}
			}
		}
	}
	return nil
}

// Placeholders returns the names that may stand in braces in a text for the event:
// those that have a value at least sometimes then. The texts of Entry, Exit and
// Refused are used for narrower events, too.
func (e Event) Placeholders() []string {
	return slices.DeleteFunc(Placeholders(), func(name string) bool { return !e.knows(name) })
}

// knows reports whether a placeholder may have a value at the event.
func (e Event) knows(name string) bool {
	switch name {
	case "plate":
		return e != Idle && e != NoPlate
	case "amount", "spoken_amount":
		return e == Fee || e == Operator || e == Refused
	case "stay", "minutes": // a full or wrong area may be one within the car park
		switch e {
		case Exit, ExitCard, Fee, Paid, Asking, GateFault, Refused, Full, Blacklist, Operator, Inside, Quota, NotHere:
			return true
		}
		return false
	case "holder", "days", "left", "until":
		return e == Entry || e == EntryCard || e == Exit || e == ExitCard
	case "reason":
		return chinese().reasons[e] != ""
	}
	return true
}

// A phrase is a text between commas, piece by piece.
type phrase []clause

// A clause is what stands between two commas, with the comma before it.
type clause struct {
	comma  string // and the spaces after it; empty for the first
	pieces []piece
}

// A piece is plain text, or the name of a placeholder.
type piece struct {
	text        string
	placeholder bool
}

// parse takes a text apart.
func parse(text string) (phrase, error) {
	p := phrase{{}}
	put := func(q piece) {
		last := &p[len(p)-1]
		last.pieces = append(last.pieces, q)
	}
	for rest := text; rest != ""; {
		i := strings.IndexAny(rest, "{},，")
		if i < 0 {
			put(piece{text: rest})
			break
		}
		if i > 0 {
			put(piece{text: rest[:i]})
			rest = rest[i:]
		}
		switch {
		case rest[0] == '{':
			name, after, found := strings.Cut(rest[1:], "}")
			if !found || strings.Contains(name, "{") {
				return p, &PhraseError{Text: text}
			}
			if !slices.Contains(Placeholders(), name) {
				return p, &PhraseError{Text: text, Name: name}
			}
			put(piece{text: name, placeholder: true})
			rest = after
		case rest[0] == '}':
			return p, &PhraseError{Text: text}
		default:
			comma := rest[:len(",")]
			if strings.HasPrefix(rest, "，") {
				comma = "，"
			}
			after := strings.TrimLeft(rest[len(comma):], " ")
			comma = rest[:len(rest)-len(after)]
			p = append(p, clause{comma: comma})
			rest = after
		}
	}
	return p, nil
}

// fill returns the clause with values for its placeholders. There is nothing to say
// where it has placeholders and a value for none of them.
func (c clause) fill(values map[string]string) (text string, anything bool) {
	var b strings.Builder
	named, known := false, false
	for _, p := range c.pieces {
		t := p.text
		if p.placeholder {
			t = values[p.text]
			named, known = true, known || t != ""
		}
		b.WriteString(t)
	}
	text = strings.TrimSpace(b.String())
	return text, text != "" && (known || !named)
}

// line is the phrase as one line of a display, empty where it has placeholders and
// a value for none of them.
func (p phrase) line(values map[string]string) string {
	var whole clause
	for _, c := range p {
		if c.comma != "" {
			whole.pieces = append(whole.pieces, piece{text: c.comma})
		}
		whole.pieces = append(whole.pieces, c.pieces...)
	}
	text, anything := whole.fill(values)
	if !anything {
		return ""
	}
	return text
}

// spoken is the phrase as it is said: without what stands between two commas and has
// placeholders, but a value for none of them.
func (p phrase) spoken(values map[string]string) string {
	var b strings.Builder
	for _, c := range p {
		text, anything := c.fill(values)
		if !anything {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(c.comma)
		}
		b.WriteString(text)
	}
	return b.String()
}

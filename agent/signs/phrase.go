package signs

import (
	"fmt"
	"slices"
	"strings"
)

// A PhraseError is a mistake in a text with placeholders.
type PhraseError struct {
	Text string // the whole of it
	Name string // a placeholder that nobody knows; empty where a brace has no other
}

// Error says which mistake.
func (e *PhraseError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("%q: a brace { or } without the other", e.Text)
	}
	return fmt.Sprintf("%q: unknown placeholder {%s}", e.Text, e.Name)
}

// Check returns the mistake in a text, a *PhraseError, or nil.
func Check(text string) error {
	_, err := parse(text)
	return err
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

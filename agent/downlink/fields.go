package downlink

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"parkagent/agent/access"
	"parkagent/agent/plate"
	"parkagent/protocol"
)

// decode reads the parameters of a call.
func decode[T any](c *call) (T, error) {
	var q T
	err := protocol.DecodeFields(c.json, &q)
	return q, err
}

// by says for the journal who asks.
func (c *call) by() access.By { return access.By{Client: c.client.name, Address: c.addr.String()} }

// mostPlate bounds a plate in normal form, in characters. The longest has eight.
const mostPlate = 16

// plateField is a plate of a request in normal form, "" where none was given. What
// leaves nothing of a plate is an error: it must not mean every car.
func plateField(name, value string) (string, error) {
	no := plate.Normal(value)
	if strings.TrimSpace(value) != "" && no == "" || utf8.RuneCountInString(no) > mostPlate {
		return "", &protocol.FieldError{Field: name, Problem: protocol.OutOfRange}
	}
	return no, nil
}

// mostText bounds a name or a remark that is kept, in characters.
const mostText = 500

// textField is a text of a request without the spaces around it.
func textField(name, value string) (string, error) {
	value = strings.TrimSpace(value)
	if utf8.RuneCountInString(value) > mostText {
		return "", &protocol.FieldError{Field: name, Problem: protocol.OutOfRange}
	}
	return value, nil
}

// smallField is a number that counts or names things, def where none was given.
// It fits into the numbers of a small box.
func smallField(name string, value protocol.Int, def int64) (int, error) {
	n := value.Or(def)
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0, &protocol.FieldError{Field: name, Problem: protocol.OutOfRange}
	}
	return int(n), nil
}

// lastOf is the last moment of a second. The wire has no fractions, so that what
// ends at 23:59:59 ends at midnight.
func lastOf(second time.Time) time.Time { return second.Add(time.Second - time.Millisecond) }

// period reads the two ends of a period that must be given, both included. A day
// stands for its first moment as a start, and for its last as an end.
func (s *Server) period(startName, start, endName, end string) (from, to time.Time, err error) {
	if from, err = protocol.TimeField(startName, start, s.cfg.Location); err != nil {
		return from, to, err
	}
	to, err = protocol.EndField(endName, end, s.cfg.Location)
	return from, lastOf(to), err
}

// validity reads the validity of a card or a booking of which either end may be
// left out, as period does; nil is an end that was.
func (s *Server) validity(start, end string) (from, to *time.Time, err error) {
	if strings.TrimSpace(start) != "" {
		at, err := protocol.TimeField("validFrom", start, s.cfg.Location)
		if err != nil {
			return nil, nil, err
		}
		from = &at
	}
	if strings.TrimSpace(end) != "" {
		at, err := protocol.EndField("validTo", end, s.cfg.Location)
		if err != nil {
			return nil, nil, err
		}
		at = lastOf(at)
		to = &at
	}
	return from, to, nil
}

// unknownTime is how the protocol writes a time that nobody knows.
const unknownTime = "1972-01-01 00:00:00"

// knownTime writes a time that may not be known.
func (s *Server) knownTime(t time.Time) string {
	if t.IsZero() {
		return unknownTime
	}
	return protocol.FormatDash(t, s.cfg.Location)
}

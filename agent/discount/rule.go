package discount

import (
	"errors"
	"slices"
	"time"

	"parkagent/store"
)

// ErrValue means that a discount cannot be granted with the value that was asked
// for.
var ErrValue = errors.New("no possible value of the discount")

// A Rule is a discount that a car park grants by its name.
type Rule struct {
	Name string
	Kind store.GrantKind
	// Value is what it takes off: minutes, fen or percent. Of GrantUntil it is
	// the time of day, in minutes after midnight.
	Value int64
	// Variable leaves the value to whoever grants it, up to Max if that is not
	// 0: minutes, fen, percent, or the minutes from now until which is free.
	Variable bool
	Max      int64
	// Stackable lets a stay have it more than once.
	Stackable bool
	// Roles may grant it. An empty list lets anybody.
	Roles []string
}

// mostValue bounds values that people type: ten million yuan, or twenty years.
const mostValue = 1_000_000_000

// MayGrant reports whether a person of a role may grant the discount.
func (r Rule) MayGrant(role string) bool {
	return len(r.Roles) == 0 || slices.Contains(r.Roles, role)
}

// Grants returns the value that a grant at the time now, in the zone of the car
// park, writes into the ledger. asked is the value that was asked for, or 0 for
// that of the rule; of GrantUntil it is a moment in Unix milliseconds.
//
// Errors: ErrValue.
func (r Rule) Grants(asked int64, now time.Time) (int64, error) {
	switch {
	case r.Kind == store.GrantFull:
		return 0, nil
	case !r.Variable && r.Kind == store.GrantUntil:
		return r.next(now).UnixMilli(), nil
	case !r.Variable:
		if asked != 0 && asked != r.Value {
			return 0, ErrValue
		}
		return r.Value, nil
	case r.Kind == store.GrantUntil:
		ahead := time.UnixMilli(asked).Sub(now)
		if ahead <= 0 || ahead > mostAhead || r.Max > 0 && ahead > time.Duration(r.Max)*time.Minute {
			return 0, ErrValue
		}
		return asked, nil
	case asked <= 0 || asked > mostValue || r.Max > 0 && asked > r.Max || r.Kind == store.GrantPercent && asked > 100:
		return 0, ErrValue
	}
	return asked, nil
}

// mostAhead is how far ahead a stay can be made free.
const mostAhead = 366 * 24 * time.Hour

// next returns the next moment after now at which it is the rule's time of day.
func (r Rule) next(now time.Time) time.Time {
	y, m, d := now.Date()
	at := time.Date(y, m, d, 0, int(r.Value), 0, 0, now.Location())
	if !at.After(now) {
		at = time.Date(y, m, d+1, 0, int(r.Value), 0, 0, now.Location())
	}
	return at
}

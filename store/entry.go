package store

import "time"

// An Entry is one row of the journal.
type Entry struct {
	Box  string // the box that wrote it
	Seq  int64  // from 1, without gaps
	At   time.Time
	Kind Kind
	Key  string
	Body []byte // JSON object of the kind's fact
	Prev string // hash of the row before, hex; 64 zeros in the first
	Hash string // of this row, hex
}

// An Outcome settles one Entry for one platform.
type Outcome struct {
	Seq       int64
	Key       string // order key: Kind-independent, the Entry's Key
	Verdict   Verdict
	Attempts  int       // how often the platform refused it so far
	NotBefore time.Time // for Keep: when to try again
	Reason    string    // for Keep and Reject: the last error, for people
}

// A Verdict is what became of an Entry. The zero value is Keep, so a
// forgotten outcome loses nothing.
type Verdict uint8

// The verdicts.
const (
	Keep   Verdict = iota // try again
	Accept                // the platform has it, or never wants it
	Reject                // the platform will never take it: set aside for a person
)

// Millis returns t as Unix milliseconds, 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the inverse of Millis.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

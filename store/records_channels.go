package store

import "time"

// A Change is what a pay machine owes to a driver who put in more than was due.
// It is settled once. Money in fen.
type Change struct {
	No        string // the order's number and C
	Order     string // that was paid in coins and notes
	Session   string
	Kiosk     string // device code
	Due       int64  // was due
	Inserted  int64  // was put in; the difference is owed
	PaidAt    time.Time
	SettledAt time.Time // zero while it is owed
	Type      int       // how it was given, as downlink 3.6 says
	Account   string    // to whom, if that was told
	Client    string    // who told that it was given
}

// Owed returns what the driver is to get back.
func (c Change) Owed() int64 { return c.Inserted - c.Due }

// A Deduction is a question to a platform to take the fee of a stay from the
// driver's account, and what became of it. Money in fen.
type Deduction struct {
	ID          string // from NewID
	Session     string
	Platform    string
	AskedAt     time.Time
	Asked       int64 // was due
	State       DeductionState
	Taken       int64 // what the platform says that it took
	AnsweredAt  time.Time
	CorrectedAt time.Time // when the platform was told, or is to be told, to reverse it; zero if never
}

// A DeductionState is what is known of a deduction. The zero value is nothing:
// the platform may have taken the money or not.
type DeductionState uint8

// The states of a deduction.
const (
	DeductionAsked DeductionState = iota
	DeductionTaken
	DeductionRefused
	DeductionSurplus // taken, but the stay was settled otherwise meanwhile; to be reversed
)

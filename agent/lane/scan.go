package lane

import (
	"context"
	"errors"
	"slices"
	"time"

	"parkagent/agent/access"
	"parkagent/drivers"
)

// A Scan is a driver without a plate who stands at the lane and asks to pass, by
// a code that is to be read there with a phone.
type Scan struct {
	CardNo  string // by which the car is known from its entry to its exit
	Client  string // who tells, for the journal
	Address string
}

// A RefusedError means that the gate stays shut, and why.
type RefusedError struct{ Reason access.Reason }

// Error says why.
func (e *RefusedError) Error() string { return "refused: " + string(e.Reason) }

// ErrNoCar means that the lane can see that no car stands there.
var ErrNoCar = errors.New("no car stands at the lane")

// Scan lets a car without a plate pass, and returns nil when the gate has
// acknowledged that. Otherwise the error is a *RefusedError, ErrNoCar, or the
// device's: then the gate is asked again while the car stands there, as for any
// car. With access.ReasonDue or access.ReasonAsking the gate will open by itself
// when the fee is paid.
//
// Drivers are impatient, and so are phones. The same card number within ten
// seconds is answered as the first time, and nothing happens; within half a
// minute of a passage it is told again that it may pass, and nothing is opened.
func (l *Lane) Scan(ctx context.Context, s Scan) error {
	if s.CardNo == "" {
		return &RefusedError{Reason: access.ReasonNoPlate}
	}
	return l.send(ctx, scanned{scan: s})
}

const (
	scanAgain  = 10 * time.Second // the same card number within it is the same try
	passedScan = 30 * time.Second // and within it of a passage is the same passage
	blackScan  = 30 * time.Second // after a blacklisted car was refused or seen, it stands there still
)

// An attempt is a scan that has been dealt with.
type attempt struct {
	card    string
	at      time.Time
	session string    // which stay it was about; empty if none
	err     error     // what it was answered; see passed
	passed  time.Time // when the gate opened for it; zero if it did not
	text    text      // what was shown then
}

func decideScanned(s state, e scanned, now time.Time) (state, []command) {
	i := slices.IndexFunc(s.scans, func(a attempt) bool { return a.card == e.scan.CardNo })
	if s.phase == passing {
		if i >= 0 && s.scans[i].session == s.car.Session {
			return s, []command{answer{scan: e.scan, again: true}}
		}
		return s, []command{answer{scan: e.scan, err: ErrBusy}} // the gate is open for another car
	}
	if i < 0 {
		return s, []command{look(e)}
	}
	a := s.scans[i]
	again := answer{scan: e.scan, err: a.err, again: true}
	switch {
	case since(now, a.at, scanAgain):
		return s, []command{again}
	case since(now, a.passed, passedScan):
		s.idleAt = now.Add(standsFor)
		return s, []command{again, show{a.text}}
	}
	return s, []command{look(e)}
}

// since reports whether t lies less than d before now.
func since(now, t time.Time, d time.Duration) bool { return now.Sub(t) < d && !now.Before(t) }

// decideLooked goes on with a scan unless nobody stands there, or a blacklisted
// car most likely does: its driver must not get in as one without a plate. That is
// not kept as what the driver was told: to drive up and scan again is what is
// wanted, and the car may be another one soon.
func decideLooked(s state, e looked, now time.Time) (state, []command) {
	if e.presence == drivers.PresenceClear {
		return s, []command{answer{scan: e.scan, err: ErrNoCar}}
	}
	if since(now, s.black, blackScan) {
		s.idleAt = now.Add(standsFor)
		return s, []command{answer{scan: e.scan, err: &RefusedError{Reason: access.ReasonBlacklist}}, show{text{say: sayBlacklist}}}
	}
	own := slices.ContainsFunc(s.scans, func(a attempt) bool { return a.card == e.scan.CardNo && a.session == s.car.Session })
	s = passedUnseen(s, e.up && !own)
	s.scan, s.unanswered = e.scan, true
	if _, scan := s.again.(ruleScan); scan { // of a driver who gave up
		s.again = nil
	}
	s.scans = append(slices.DeleteFunc(slices.Clone(s.scans), func(a attempt) bool {
		return a.card == e.scan.CardNo || !since(now, a.at, passedScan) && !since(now, a.passed, passedScan)
	}), attempt{card: e.scan.CardNo, at: now})
	return s, []command{ruleScan{scan: e.scan}}
}

// reply puts before what else is to be done that whoever waits for a scan, if
// anybody does, is told what came of it.
func (s state) reply(err error, then ...command) (state, []command) {
	if !s.unanswered {
		return s, then
	}
	s.unanswered = false
	return s, append([]command{answer{scan: s.scan, err: err}}, then...)
}

// refusal is a verdict that opens nothing as whoever waits for a scan is told.
func refusal(v access.Verdict) error {
	if v.Ask {
		return &RefusedError{Reason: access.ReasonAsking}
	}
	return &RefusedError{Reason: v.Reason}
}

// noteScan keeps what the rules said to a scan, or later to the car that it was for.
func noteScan(scans []attempt, e ruled) []attempt {
	r, scan := e.of.(ruleScan)
	return changeScans(scans, func(a *attempt) {
		if scan && a.card == r.scan.CardNo {
			a.session = e.v.Session
		}
		if a.session == e.v.Session && !e.v.Open && (scan && a.card == r.scan.CardNo || a.session != "") {
			a.err = refusal(e.v)
		}
	})
}

// scanPassed keeps that the gate opened for the car of a scan.
func scanPassed(scans []attempt, session string, t text, now time.Time) []attempt {
	return changeScans(scans, func(a *attempt) {
		if a.session == session {
			a.err, a.passed, a.text = nil, now, t
		}
	})
}

// scanFailed keeps that the gate did not open for it.
func scanFailed(scans []attempt, session string, err error) []attempt {
	return changeScans(scans, func(a *attempt) {
		if a.session == session {
			a.err = err
		}
	})
}

// changeScans returns a new list with each attempt changed.
func changeScans(scans []attempt, by func(*attempt)) []attempt {
	scans = slices.Clone(scans)
	for i := range scans {
		by(&scans[i])
	}
	return scans
}

// forgetScan takes a card number out of the attempts, so that its next scan counts.
func forgetScan(scans []attempt, card string) []attempt {
	return slices.DeleteFunc(slices.Clone(scans), func(a attempt) bool { return a.card == card })
}

// askScan puts a car without a plate to the rules.
func (l *Lane) askScan(ctx context.Context, s Scan) (access.Verdict, access.Approach, error) {
	a := l.approach()
	a.CardNo, a.Dedupe = s.CardNo, passedScan
	v, err := l.judge(ctx, a)
	return v, asked(a), err
}

// opScan is what the journal calls a scan.
const opScan Op = "scan"

// tell journals what came of a scan and tells who waits for it, before anything
// else that follows: a display may take its time. That the gate was to open is in
// the books already; this row says who asked.
func (l *Lane) tell(ctx context.Context, c answer) {
	if !c.again {
		result := "ok"
		if c.err != nil {
			result = c.err.Error()
		}
		err := l.journal(ctx, Command{Op: opScan, Client: c.scan.Client, Address: c.scan.Address}, l.cfg.GateCode, result, nil)
		if err != nil {
			l.cfg.Log.Error("journal a scan", "result", result, "error", err)
		}
	}
	l.finish(c.err)
}

package access

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/plate"
	"parkagent/store"
)

const (
	// resumeFor is how long after a decision a restart still opens the gate by
	// itself. A car that waits longer is recognised again, or seen by the presence
	// input; opening later might let out whoever stands there then.
	resumeFor = 10 * time.Minute

	// PayWithin is how long a car waits at an exit for its payment before the
	// lane takes it for gone.
	PayWithin = 30 * time.Minute

	// StillFor is how long a car whose exit is paid for late, or whose gate is
	// dead, is taken to stand there still where no presence input tells; see StandsRule.
	StillFor = 2 * time.Hour

	// believeVoid is how long after an entry was given up its car may turn out
	// to be inside.
	believeVoid = 24 * time.Hour
)

// Leave decides whether the car may leave, and commits the decision: its
// session in state Leaving with the fee fixed and the command with its reason,
// or that it waits at the lane for its payment, or a recognition that matched
// no session or more than one.
func (r *Rules) Leave(ctx context.Context, a Approach) (Verdict, error) {
	var v Verdict
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		v = Verdict{Plate: a.Plate}
		if err := r.left(ctx, tx, a.Opened); err != nil {
			return err
		}
		if a.Release != nil && a.nameless() {
			return r.letOut(ctx, tx, a, &v)
		}
		if twice, err := r.seenTwice(ctx, tx, a, false, &v); err != nil || twice {
			return err
		}
		if a.Told {
			if err := r.notThatOne(ctx, tx, a); err != nil {
				return err
			}
		}
		if err := r.letIn(ctx, tx, a); err != nil {
			return err
		}
		s, err := r.findLeaving(ctx, tx, a)
		var many *billing.AmbiguousError
		unknown := errors.Is(err, billing.ErrNoSession) || errors.As(err, &many)
		switch {
		case unknown && a.Release != nil:
			return r.letOut(ctx, tx, a, &v)
		case errors.Is(err, errJustLeft), errors.Is(err, errUnsure):
			v.Reason = ReasonNoSession
		case errors.Is(err, billing.ErrNoSession):
			done, err := r.unknown(ctx, tx, a, &v)
			if err != nil || done {
				return err
			}
		case errors.As(err, &many):
			v.Reason = ReasonOperator
		case err != nil:
			return err
		default:
			s.ExitLane, s.ExitPlace, s.ExitImage = a.Lane, a.Place, a.Image
			if err := r.outside(ctx, tx, &s, a); err != nil {
				return err
			}
			return r.leave(ctx, tx, s, a, true, &v)
		}
		if a.CardNo == "" { // a number tells nothing of who stands there, a plate does
			if err := tx.ClearLaneCar(ctx, a.Lane); err != nil {
				return err
			}
		}
		return r.record(ctx, tx, a, v.Reason)
	})
	return v, err
}

// findLeaving returns the open session of the car of a, which stands at an exit:
// the one of its plate or card number or, where a plate has none, of the car that
// stands there already and was read otherwise before, or else of a near plate.
//
// Errors: billing.ErrNoSession, *billing.AmbiguousError.
func (r *Rules) findLeaving(ctx context.Context, tx *store.Tx, a Approach) (store.Session, error) {
	s, err := billing.Find(ctx, tx.Reader, billing.Ref{Plate: a.Plate, CardNo: a.CardNo})
	switch {
	case a.CardNo != "" && err == nil:
		return s, r.notLeaving(ctx, tx, s, a)
	case a.CardNo == "" && errors.Is(err, billing.ErrNoSession):
		if s, err = misread(ctx, tx, a); errors.Is(err, billing.ErrNoSession) {
			return r.near(ctx, tx, a)
		}
		return s, err
	}
	s.ExitRead = ""
	return s, err
}

// misread returns the session of the car that stands at the lane already, if
// the plate may be another reading of its own: a camera that reads a waiting car
// a second time must not make it unknown, or its payment would not let it out.
func misread(ctx context.Context, tx *store.Tx, a Approach) (store.Session, error) {
	s, err := billing.Find(ctx, tx.Reader, billing.Ref{Lane: a.Lane})
	if err == nil && !plate.Alike(s.Plate, a.Plate) {
		return store.Session{}, billing.ErrNoSession
	}
	return s, err
}

// notLeaving is billing.ErrNoSession when the car of s, which has no plate, is being
// let out at another lane than that of a right now: its card number must not let
// out a second car there.
func (r *Rules) notLeaving(ctx context.Context, tx *store.Tx, s store.Session, a Approach) error {
	if s.State != store.Leaving {
		return nil
	}
	cars, err := tx.LaneCars(ctx)
	for _, c := range cars {
		if since := r.now().Sub(c.Since); c.Session == s.ID && c.Lane != a.Lane && since >= 0 && since < a.Dedupe {
			return billing.ErrNoSession
		}
	}
	return err
}

// letIn books the entry of a car that stands at an exit although no gate has
// acknowledged to have let it in: the answer was lost, or somebody opened by
// hand. Its session may have been given up since, when the next car came; that
// is believed of a plate that a camera sees, not of a card number, which anybody
// may send from anywhere, and for a day: a car of longer ago has most likely
// turned round then, and come in by a gate that stood open, unseen. Nobody is
// billed for months by that; an operator decides. Nor is it believed where the car
// came in as another that it is likely read as: see begunInstead.
func (r *Rules) letIn(ctx context.Context, tx *store.Tx, a Approach) error {
	s, err := openSession(ctx, tx, a)
	if errors.Is(err, store.ErrNotFound) && a.CardNo == "" {
		s, err = r.revived(ctx, tx, a)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.enterNow(ctx, tx, s)
}

// revived returns the void session of the car of a as it is to go on, or
// store.ErrNotFound where that is not believed.
func (r *Rules) revived(ctx context.Context, tx *store.Tx, a Approach) (store.Session, error) {
	s, err := tx.VoidSession(ctx, a.Plate)
	if err != nil {
		return s, err
	}
	if strings.HasSuffix(s.Note, goesOnNote) || strings.HasPrefix(s.Note, mergedNote) { // what became of that stay holds
		return s, store.ErrNotFound
	}
	instead, err := r.begunInstead(ctx, tx, a, s)
	switch {
	case err != nil:
		return s, err
	case instead, r.now().Sub(s.LeftAt) > believeVoid:
		return s, store.ErrNotFound
	}
	s.State, s.LeftAt, s.Note = store.Entering, time.Time{}, ""
	return s, regain(ctx, tx, &s)
}

// Recheck decides again on the car that waits at an exit, after a payment for
// it. The verdict's Session is empty when the car no longer waits there: another
// one was recognised at the lane since, or it was at another.
func (r *Rules) Recheck(ctx context.Context, a Approach, session string) (Verdict, error) {
	var v Verdict
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		v = Verdict{}
		s, _, err := laneCar(ctx, tx.Reader, a.Lane)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || s.ID != session || !s.State.Open() || s.ExitLane != a.Lane {
			return err
		}
		a.Plate, a.PlateRead, a.Image = s.Plate, s.Plate, s.ExitImage
		return r.leave(ctx, tx, s, a, false, &v)
	})
	return v, err
}

// Standing reports since when the books know that the car of a session stands at
// a lane, and false when they do not: it never did, or another was recognised there.
func (r *Rules) Standing(ctx context.Context, lane, session string) (time.Time, bool, error) {
	s, since, err := laneCar(ctx, r.cfg.DB.Reader, lane)
	if errors.Is(err, store.ErrNotFound) {
		return since, false, nil
	}
	return since, err == nil && s.ID == session && s.State.Open(), err
}

// leave decides on s, which stands at the exit lane of a. first tells that it has
// just been seen there, and that platforms may be asked before the driver is.
func (r *Rules) leave(ctx context.Context, tx *store.Tx, s store.Session, a Approach, first bool, v *Verdict) error {
	now := r.now()
	v.Stay = now.Sub(s.EnteredAt)
	if err := describe(ctx, tx, s, v); err != nil {
		return err
	}
	b, err := r.cfg.Bills.Due(ctx, tx.Reader, s, now)
	unpriced := errors.Is(err, billing.ErrNoTariff) || errors.Is(err, billing.ErrAboveLimit)
	if err != nil && !unpriced {
		return err
	}
	v.Payable = b.Payable
	v.Open, v.Reason = ExitRule(a.released(), s.State, b.Payable, b.Paid+b.Waived+b.Credit+b.Card > 0)
	switch {
	case a.Release != nil:
		v.Reason = ReasonReleased
	case unpriced && !a.Held:
		v.Open, v.Reason = false, ReasonOperator
	case v.Reason == ReasonFree && b.Unknown:
		v.Reason = ReasonUnknown
	}
	if first {
		if err := r.ask(ctx, tx, s, b.Settled || b.Unknown, a.released(), v); err != nil {
			return err
		}
	}
	if v.Open && s.State != store.Leaving {
		if b, err = r.cfg.Bills.Collect(ctx, tx, s, b); err != nil {
			return err
		}
		s.State, s.LeftAt = store.Leaving, now
		billing.Fix(&s, b)
	}
	if v.Open {
		v.Payable = 0
	}
	if err := tx.UpdateSession(ctx, s); err != nil {
		return err
	}
	if v.Open || first && (a.CardNo == "" || a.Raising == "") {
		if err := standAt(ctx, tx, store.LaneCar{Lane: a.Lane, Session: s.ID, Since: now}); err != nil {
			return err
		}
	}
	switch {
	case v.Open:
		return authorise(ctx, tx, a, s.ID, v.Reason)
	case v.Reason == ReasonOperator:
		return r.record(ctx, tx, a, v.Reason)
	}
	return nil
}

// standAt notes at which lane a car stands, and that it stands at no other.
func standAt(ctx context.Context, tx *store.Tx, car store.LaneCar) error {
	if err := standNowhere(ctx, tx, car.Session); err != nil {
		return err
	}
	return tx.SetLaneCar(ctx, car)
}

func standNowhere(ctx context.Context, tx *store.Tx, session string) error {
	cars, err := tx.LaneCars(ctx)
	if err != nil {
		return err
	}
	for _, c := range cars {
		if c.Session == session {
			if err := tx.ClearLaneCar(ctx, c.Lane); err != nil {
				return err
			}
		}
	}
	return nil
}

// Gone commits that the gate opened for a Leaving session: the car has left.
// For any other session it does nothing.
func (r *Rules) Gone(ctx context.Context, session string) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error { return r.left(ctx, tx, session) })
}

func (r *Rules) left(ctx context.Context, tx *store.Tx, session string) error {
	if session == "" {
		return nil
	}
	s, err := tx.Session(ctx, session)
	if err != nil || s.State != store.Leaving {
		return err
	}
	if err := r.gone(ctx, tx, s, r.now(), ""); err != nil {
		return err
	}
	return CountSpaces(ctx, tx)
}

// gone closes a Leaving session.
func (r *Rules) gone(ctx context.Context, tx *store.Tx, s store.Session, at time.Time, note string) error {
	s.State, s.LeftAt, s.Note = store.Left, at, cmp.Or(note, s.Note)
	fact, err := billing.Settle(ctx, tx, &s)
	if err != nil {
		return err
	}
	if err := tx.UpdateSession(ctx, s); err != nil {
		return err
	}
	if err := standNowhere(ctx, tx, s.ID); err != nil {
		return err
	}
	if _, err = tx.Append(ctx, store.KindExit, s.Plate, fact); err != nil {
		return err
	}
	return billing.Correct(ctx, tx, s)
}

// Resume tells a lane that starts which car stands before it.
//
// A car whose entry had been decided is taken to have entered, so that no stay is
// lost: the verdict is then empty. So is one that was to pass into another area. Should it stand there still, because its gate is
// dead, it is the same car when it is seen or asks again within ten minutes.
//
// A car whose exit was decided recently is to be let out; one that waits for its
// payment goes on waiting, and is let out if that came meanwhile. Later than a
// lane that was not started anew would have given up, that depends on whether the
// car may stand there still: cars that came and went while nobody looked have left
// no trace in the books.
func (r *Rules) Resume(ctx context.Context, a Approach) (Verdict, error) {
	s, since, err := laneCar(ctx, r.cfg.DB.Reader, a.Lane)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Verdict{}, err
	}
	early, late := resumeFor, resumeFor
	if s.State == store.Inside {
		early, late = PayWithin, StillFor
	}
	age := r.now().Sub(since)
	switch {
	case s.State.Open() && a.inner(): // as an entry that had been decided
		return Verdict{}, r.Passed(ctx, a, s.ID)
	case !s.State.Open(): // also one that the books do not know
		return Verdict{}, r.forget(ctx, a.Lane)
	case s.State == store.Entering:
		return Verdict{}, r.enteredUnseen(ctx, store.LaneCar{Lane: a.Lane, Session: s.ID, Since: since})
	case s.State == store.Inside && s.ExitLane != a.Lane: // by a restart before this one
		return Verdict{}, nil
	case age <= early || StandsRule(a.Presence, age, late):
		return r.Recheck(ctx, a, s.ID)
	case s.State == store.Leaving: // recognised again, it is let out all the same
		return Verdict{}, r.forget(ctx, a.Lane)
	}
	return Verdict{}, nil
}

// enteredUnseen commits that a car is inside of which nobody knows whether its
// gate has opened, and that it may stand there still.
func (r *Rules) enteredUnseen(ctx context.Context, car store.LaneCar) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		if err := r.entered(ctx, tx, car.Session); err != nil {
			return err
		}
		return tx.SetLaneCar(ctx, car)
	})
}

// forget commits that no car stands at the lane any more.
func (r *Rules) forget(ctx context.Context, lane string) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error { return tx.ClearLaneCar(ctx, lane) })
}

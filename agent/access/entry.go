package access

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/plate"
	"parkagent/store"
)

// Enter decides whether the car may enter, and commits the decision: a session
// in state Entering and the command with its reason, or a recognition that was
// refused. The gate may be opened only when the verdict says so.
//
// A plate that is inside already gets a new session; the stale one is closed
// as abnormal and kept, and goes on should the car not come in. A card number that is inside, or is being let in at
// another lane, is refused: it is given to one car at a time. A car that was let in before at this lane and whose
// gate did not follow, or that is told again after a restart, keeps its session.
//
// The session says by what right the car is inside: a card, a booking or none.
// What it pays follows from that when it leaves.
func (r *Rules) Enter(ctx context.Context, a Approach) (Verdict, error) {
	var v Verdict
	err := r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		v = Verdict{Plate: a.Plate}
		if err := r.entered(ctx, tx, a.Opened); err != nil {
			return err
		}
		if twice, err := r.seenTwice(ctx, tx, a, true, &v); err != nil || twice {
			return err
		}
		if same, err := r.readAnew(ctx, tx, a, &v); err != nil || same {
			return err
		}
		x, err := r.arriving(ctx, tx, a)
		if err != nil {
			return err
		}
		if a.CardNo == "" { // a plate is seen, so the car before has gone
			if err := r.giveUp(ctx, tx, &x); err != nil {
				return err
			}
		}
		if x.same && a.CardNo != "" && x.old.State == store.Inside && !x.stands {
			v.Reason, v.Repeat = ReasonCardInside, true
			return describe(ctx, tx, x.old, &v)
		}
		return r.enter(ctx, tx, x, &v)
	})
	return v, err
}

// An arrival is a car before an entry, and what the books know of it.
type arrival struct {
	Approach
	old  store.Session // the open session of its car; the zero value without one
	same bool          // and it is the one that began here just now

	// stands says that the books have the car before this gate already: it did
	// not follow, or the car was taken to have entered by a restart; see Resume.
	stands bool
	// before is the session of another car that the books have there: one that was
	// let in and never seen to enter. It is given up when this one stands there
	// in its place. The zero value without one.
	before store.Session
}

// arriving returns what the books know of the car of a.
func (r *Rules) arriving(ctx context.Context, tx *store.Tx, a Approach) (arrival, error) {
	x := arrival{Approach: a}
	at, since, err := laneCar(ctx, tx.Reader, a.Lane)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return x, err
	}
	x.old, err = openSession(ctx, tx, a)
	if a.nameless() && a.Stands.Session != "" { // let through a second time
		x.old, err = tx.Session(ctx, a.Stands.Session)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && !x.old.State.Open() {
		x.old, err = store.Session{}, nil
	}
	switch own := at.ID == x.old.ID; {
	case own:
		x.stands = at.State == store.Inside && r.now().Sub(since) <= resumeFor
	case at.State == store.Entering || at.State == store.Inside:
		x.before = at
	}
	x.stands = x.stands || x.old.State == store.Entering && x.old.EntryLane == a.Lane
	x.same = x.stands || justEntered(x.old, a, r.now())
	return x, err
}

// openSession returns the open session of the car of a, or store.ErrNotFound.
func openSession(ctx context.Context, tx *store.Tx, a Approach) (store.Session, error) {
	if a.CardNo != "" {
		return tx.OpenSessionByCard(ctx, a.CardNo)
	}
	return tx.OpenSessionByPlate(ctx, a.Plate)
}

// enter decides on x.
func (r *Rules) enter(ctx context.Context, tx *store.Tx, x arrival, v *Verdict) error {
	a, old := x.Approach, x.old
	gone := x.before
	if gone.State == store.Inside { // it is only not before the gate any more
		gone = store.Session{}
	}
	has, err := r.rightOf(ctx, tx, a, old.ID, gone.ID)
	if err != nil {
		return err
	}
	f := EntryFacts{
		Released: a.Release != nil, Held: a.Held, Pending: x.same, Inside: a.CardNo != "" && (old.State == store.Inside || entering(old, a, r.now())),
		Repeat: a.CardNo == "" && old.State == store.Inside,
		Card:   has.class(), Booked: has.booking.ID != 0, Barred: has.barred,
		RefuseRepeat: r.cfg.Policy.RefuseRepeat, Passback: r.cfg.Policy.Passback,
	}
	if f.Vacancy, err = r.vacancy(ctx, tx, a.Area, gone); err != nil {
		return err
	}
	if old.ID != "" && old.Area == a.Area { // its own place
		f.Vacancy.Free++
		f.Vacancy.Inside[classOf(old.CarType)]--
	}
	if f.Black, err = r.black(ctx, tx, a, x.same); err != nil {
		return err
	}
	v.Open, v.Reason = EntryRule(f)
	switch {
	case !v.Open && x.stands: // it was put on the blacklist while it stands there
		return r.turnAway(ctx, tx, x)
	case v.Reason == ReasonBlacklist:
		return nil // journalled
	case !v.Open:
		return r.record(ctx, tx, a, v.Reason)
	}
	if err := r.giveUp(ctx, tx, &x); err != nil {
		return err
	}
	if x.same {
		if x.stands {
			if err := tx.SetLaneCar(ctx, store.LaneCar{Lane: a.Lane, Session: old.ID, Since: r.now()}); err != nil {
				return err
			}
		}
		if err := describe(ctx, tx, old, v); err != nil {
			return err
		}
		return authorise(ctx, tx, a, old.ID, v.Reason)
	}
	id := store.NewID(r.now())
	if old.ID != "" {
		if err := r.closeStale(ctx, tx, old, id); err != nil {
			return err
		}
	}
	if err := r.nearBlack(ctx, tx, a, has); err != nil {
		return err
	}
	return r.admit(ctx, tx, a, id, has, v)
}

// black reports whether the plate of a is on the blacklist and journals that, unless
// the car is told again.
func (r *Rules) black(ctx context.Context, tx *store.Tx, a Approach, again bool) (bool, error) {
	if a.Plate == "" {
		return false, nil
	}
	list, err := blacksOf(ctx, tx.Reader, a.Plate)
	if err != nil || len(list) == 0 || again && a.released() {
		return len(list) > 0, err
	}
	act := "refused"
	switch {
	case a.Release != nil:
		act = "released"
	case a.Held:
		act = "held"
	}
	return true, r.journalBlackEntry(ctx, tx, act, a, list[0])
}

// justEntered reports whether the car of an open session came in at the lane of a
// so shortly ago that it is told again.
func justEntered(s store.Session, a Approach, now time.Time) bool {
	since := now.Sub(s.EnteredAt)
	return s.State == store.Inside && s.EntryLane == a.Lane && since >= 0 && since < a.Dedupe
}

// entering reports whether the car of an open session is being let in at another
// lane than that of a right now.
func entering(s store.Session, a Approach, now time.Time) bool {
	since := now.Sub(s.EnteredAt)
	return s.State == store.Entering && s.EntryLane != a.Lane && since >= 0 && since < a.Dedupe
}

// admit opens the session id of a.
func (r *Rules) admit(ctx context.Context, tx *store.Tx, a Approach, id string, has right, v *Verdict) error {
	now := r.now()
	s := store.Session{
		ID: id, Plate: a.Plate, PlateRead: a.PlateRead, CardNo: a.CardNo, Color: a.Color, Size: a.Size, Area: a.Area,
		State: store.Entering, EnteredAt: now, EntryLane: a.Lane, EntryPlace: a.Place, EntryImage: a.Image,
	}
	if a.Plate == "" {
		var err error
		if s.Plate, err = freePlate(ctx, tx); err != nil {
			return err
		}
	}
	has.give(&s, v.Reason)
	if err := tx.InsertSession(ctx, s); err != nil {
		return err
	}
	if err := r.noteTwins(ctx, tx, a, s.ID); err != nil {
		return err
	}
	if err := describe(ctx, tx, s, v); err != nil {
		return err
	}
	if err := tx.SetLaneCar(ctx, store.LaneCar{Lane: a.Lane, Session: s.ID, Since: now}); err != nil {
		return err
	}
	return authorise(ctx, tx, a, s.ID, v.Reason)
}

// freePlate returns a temporary plate that no car inside has.
func freePlate(ctx context.Context, tx *store.Tx) (string, error) {
	for range 1000 {
		no := plate.Temporary(rand.IntN(1_000_000))
		_, err := tx.OpenSessionByPlate(ctx, no)
		if errors.Is(err, store.ErrNotFound) {
			return no, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("find a temporary plate: %w", store.ErrConflict)
}

// laneCar returns the session of the car that the books know at a lane and since
// when it stands there, or store.ErrNotFound.
func laneCar(ctx context.Context, r store.Reader, lane string) (store.Session, time.Time, error) {
	cars, err := r.LaneCars(ctx)
	for _, c := range cars {
		if c.Lane == lane {
			s, err := r.Session(ctx, c.Session)
			return s, c.Since, err
		}
	}
	if err == nil {
		err = store.ErrNotFound
	}
	return store.Session{}, time.Time{}, err
}

// giveUp voids the session before x: its gate did not open, and now another car
// stands there. Should it have entered all the same, its exit finds the session.
// One that counts as inside since a restart stays so: nobody knows.
//
// A plate that a camera sees is proof of that. A card number that is refused is
// none, since anybody may send one from anywhere, and mistype it: the car that
// waits for its gate must not be forgotten for that.
func (r *Rules) giveUp(ctx context.Context, tx *store.Tx, x *arrival) error {
	if x.before.ID == "" {
		return nil
	}
	s := x.before
	x.before = store.Session{}
	if s.State == store.Entering {
		if _, err := r.void(ctx, tx, s, "another car came before the gate opened"); err != nil {
			return err
		}
	}
	return tx.ClearLaneCar(ctx, x.Lane)
}

// turnAway ends the session of a car that stands before the gate and may not
// pass it any more.
func (r *Rules) turnAway(ctx context.Context, tx *store.Tx, x arrival) error {
	if err := tx.ClearLaneCar(ctx, x.Lane); err != nil {
		return err
	}
	const note = "the plate was put on the blacklist before the gate opened"
	if x.old.State == store.Inside { // its entry was reported
		return r.end(ctx, tx, x.old, store.Abnormal, note)
	}
	_, err := r.void(ctx, tx, x.old, note)
	return err
}

// end closes s without an exit. Its fee is not charged.
func (r *Rules) end(ctx context.Context, tx *store.Tx, s store.Session, as store.SessionState, note string) error {
	s.State, s.LeftAt, s.Note = as, r.now(), note
	if err := tx.UpdateSession(ctx, s); err != nil {
		return err
	}
	if _, err := tx.Append(ctx, store.KindAbnormal, s.Plate, store.NewStayFact(s)); err != nil {
		return err
	}
	return billing.Correct(ctx, tx, s)
}

// Entered commits that the gate opened for an Entering session: the car is
// inside, and does not stand at the entry any more. So does one that is void because
// another entry decided on its car meanwhile, and has not seen it pass. For any other
// session it does nothing.
func (r *Rules) Entered(ctx context.Context, session string) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error { return r.entered(ctx, tx, session) })
}

func (r *Rules) entered(ctx context.Context, tx *store.Tx, session string) error {
	if session == "" {
		return nil
	}
	s, err := tx.Session(ctx, session)
	if err != nil {
		return err
	}
	if err := r.passedAfterAll(ctx, tx, &s); err != nil {
		return err
	}
	return r.enterNow(ctx, tx, s)
}

// enterNow makes an Entering session Inside, and notes of one that is Inside that
// it has passed the entry. It leaves any other alone.
func (r *Rules) enterNow(ctx context.Context, tx *store.Tx, s store.Session) error {
	if s.State == store.Inside {
		return passEntry(ctx, tx, s)
	}
	if s.State != store.Entering {
		return nil
	}
	s.State = store.Inside
	if err := r.use(ctx, tx, &s); err != nil {
		return err
	}
	if err := tx.UpdateSession(ctx, s); err != nil {
		return err
	}
	if err := standNowhere(ctx, tx, s.ID); err != nil {
		return err
	}
	if _, err := tx.Append(ctx, store.KindEntry, s.Plate, store.NewStayFact(s)); err != nil {
		return err
	}
	return CountSpaces(ctx, tx)
}

// passEntry notes that the car of s does not stand at its entry any more; an exit
// where it may stand is not concerned.
func passEntry(ctx context.Context, tx *store.Tx, s store.Session) error {
	at, _, err := laneCar(ctx, tx.Reader, s.EntryLane)
	if errors.Is(err, store.ErrNotFound) || err == nil && at.ID != s.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.ClearLaneCar(ctx, s.EntryLane)
}

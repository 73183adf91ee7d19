package billing

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"parkagent/agent/tariff"
	"parkagent/store"
)

// A desk under test: a real store, a clock that is set by hand, and a list of
// the sessions that were told to be paid for.
type rig struct {
	*Desk
	db   *store.DB
	path string
	now  time.Time
	paid []string
}

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// newRig charges 5 yuan for the first hour and 2 for each half hour after it,
// nothing up to 15 minutes, at most 30 a day.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{now: noon, path: filepath.Join(t.TempDir(), "park.db")}
	r.open(t)
	return r
}

// open opens the books, as a start of the agent does.
func (r *rig) open(t *testing.T) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Path: r.path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r.db = db
	r.Desk, err = New(Config{
		DB: db, ParkCode: "1", Zone: time.FixedZone("CST", 8*3600), RoundingLimit: 99,
		Tariffs: []tariff.Tariff{{
			Name: "all", Free: 15 * time.Minute, FreeInclusive: true, FreeCounts: true, Restart: true, Caps: []int64{3000},
			Blocks: []tariff.Block{{Until: time.Hour, Price: 500}, {Unit: 30 * time.Minute, Price: 200}},
		}},
		Now: func() time.Time { return r.now },
	}, func(s string) { r.paid = append(r.paid, s) })
	if err != nil {
		t.Fatal(err)
	}
}

// restart closes the books and opens them again.
func (r *rig) restart(t *testing.T) {
	t.Helper()
	if err := r.db.Close(); err != nil {
		t.Fatal(err)
	}
	r.open(t)
}

// park puts a car inside, as of now.
func (r *rig) park(t *testing.T, no string) store.Session {
	t.Helper()
	s := store.Session{ID: store.NewID(r.now), Plate: no, Color: 0, Size: 2, Area: 1, State: store.Inside, EnteredAt: r.now}
	r.update(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertSession(ctx, s) })
	return s
}

func (r *rig) update(t *testing.T, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := r.db.Update(t.Context(), func(tx *store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) order(t *testing.T, no string) store.Order {
	t.Helper()
	o, _, err := r.Order(t.Context(), Ref{Plate: no}, "mall")
	if err != nil {
		t.Fatalf("Order(%s): %v", no, err)
	}
	return o
}

func (r *rig) pay(t *testing.T, n Notice) Receipt {
	t.Helper()
	n.Client = "mall"
	got, err := r.Pay(t.Context(), n)
	if err != nil {
		t.Fatalf("Pay(%+v): %v", n, err)
	}
	return got
}

// after sets the clock to that long after noon.
func (r *rig) after(d time.Duration) { r.now = noon.Add(d) }

// edit replaces the session as it is now.
func (r *rig) edit(t *testing.T, id string, fn func(*store.Session)) store.Session {
	t.Helper()
	s := r.session(t, id)
	fn(&s)
	r.update(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateSession(ctx, s) })
	return s
}

func (r *rig) session(t *testing.T, id string) store.Session {
	t.Helper()
	s, err := r.db.Session(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (r *rig) due(t *testing.T, id string) Bill {
	t.Helper()
	b, err := r.Due(t.Context(), r.db.Reader, r.session(t, id), r.now)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// card gives s a card.
func (r *rig) card(t *testing.T, s store.Session, c store.Card) int64 {
	t.Helper()
	if c.Spaces = 1; c.To.IsZero() {
		c.To = noon.Add(30 * 24 * time.Hour)
	}
	if c.From.IsZero() {
		c.From = noon.Add(-24 * time.Hour)
	}
	c.Plates = []store.CardPlate{{Plate: s.Plate}}
	r.update(t, func(ctx context.Context, tx *store.Tx) (err error) {
		if s.Card, err = tx.InsertCard(ctx, c); err != nil {
			return err
		}
		s.CarType = c.CarType
		return tx.UpdateSession(ctx, s)
	})
	return s.Card
}

// announce gives s a booking.
func (r *rig) announce(t *testing.T, s store.Session, b store.Booking) int64 {
	t.Helper()
	b.Plate = s.Plate
	r.update(t, func(ctx context.Context, tx *store.Tx) (err error) {
		if s.Booking, err = tx.InsertBooking(ctx, b); err != nil {
			return err
		}
		s.CarType = 100
		return tx.UpdateSession(ctx, s)
	})
	return s.Booking
}

// exit decides the exit of a car, whether or not anything is due, and lets it
// out, as the lanes do. It returns what is told of the stay.
func (r *rig) exit(t *testing.T, id string) store.StayFact {
	t.Helper()
	var f store.StayFact
	r.update(t, func(ctx context.Context, tx *store.Tx) error {
		if err := r.decide(ctx, tx, id); err != nil {
			return err
		}
		s, err := tx.Session(ctx, id)
		if err != nil {
			return err
		}
		f, err = r.leave(ctx, tx, s)
		return err
	})
	return f
}

func (r *rig) decide(ctx context.Context, tx *store.Tx, id string) error {
	s, err := tx.Session(ctx, id)
	if err != nil {
		return err
	}
	s.ExitLane, s.ExitPlace = "OUT1", "出口1"
	b, err := r.Due(ctx, tx.Reader, s, r.now)
	if err != nil {
		return err
	}
	if b, err = r.Collect(ctx, tx, s, b); err != nil {
		return err
	}
	s.State = store.Leaving
	Fix(&s, b)
	return tx.UpdateSession(ctx, s)
}

func (r *rig) leave(ctx context.Context, tx *store.Tx, s store.Session) (store.StayFact, error) {
	s.State, s.LeftAt = store.Left, r.now
	f, err := Settle(ctx, tx, &s)
	if err != nil {
		return f, err
	}
	if err := tx.UpdateSession(ctx, s); err != nil {
		return f, err
	}
	return f, Correct(ctx, tx, s)
}

// books are the books, which must balance.
func (r *rig) books(t *testing.T) store.Books {
	t.Helper()
	b, err := r.db.Books(t.Context())
	if err != nil || len(b.Mismatches) > 0 || b.Fee+b.Over != b.Credit+b.Unpaid+b.Paid+b.Waived {
		t.Errorf("the books do not balance: %+v, %v", b, err)
	}
	return b
}

func (r *rig) ledger(t *testing.T, session string) []store.Payment {
	t.Helper()
	list, err := r.db.Payments(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// facts are the bodies of the journal rows of a kind, oldest first.
func facts[Fact any](t *testing.T, r *rig, kind store.Kind) []Fact {
	t.Helper()
	rows, err := r.db.After(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	var list []Fact
	for _, e := range rows {
		if e.Kind != kind {
			continue
		}
		var f Fact
		if err := json.Unmarshal(e.Body, &f); err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

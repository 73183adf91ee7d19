package agent

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/tariff"
	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

// A city prices every stay at 90 yuan and deducts what it is asked for.
type city struct {
	priced  int
	asked   []int64 // to deduct
	refuses error   // instead of deducting
}

func (c *city) price(context.Context, store.Session) (int64, string, error) {
	c.priced++
	return 9000, "city", nil
}

func (*city) Deductor(s store.Session) (string, bool) { return "city", s.Seamless }

func (c *city) Deduct(_ context.Context, _ string, _ store.Session, amount int64, _ time.Time) (int64, error) {
	c.asked = append(c.asked, amount)
	if c.refuses != nil {
		return 0, c.refuses
	}
	return amount, nil
}

// consulted asks about a stay of two hours that costs 10 yuan by the tariff, of a
// car on a card that has ended meanwhile if s has one.
func consulted(t *testing.T, asks *city, s store.Session) (*store.DB, *billing.Desk, store.Session) {
	t.Helper()
	now := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "park.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	clock := func() time.Time { return now }
	desk, err := billing.New(billing.Config{
		DB: db, ParkCode: "1", Now: clock, Price: asks.price, Tariffs: []tariff.Tariff{{Blocks: []tariff.Block{{Unit: time.Hour, Price: 500}}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.ID, s.Plate, s.EnteredAt, s.State, s.Seamless, s.ExitLane = store.NewID(now), "粤B12345", now.Add(-2*time.Hour), store.Inside, true, "OUT1"
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		id, err := tx.InsertCard(t.Context(), store.Card{ // it ended an hour ago
			CarType: int(protocol.CarMonthly), Spaces: 1, From: now.Add(-24 * time.Hour), To: now.Add(-time.Hour - time.Second),
			Plates: []store.CardPlate{{Plate: s.Plate}},
		})
		if s.Card != 0 {
			s.Card = id
		}
		if err != nil {
			return err
		}
		if err := tx.InsertSession(t.Context(), s); err != nil {
			return err
		}
		return tx.SetLaneCar(t.Context(), store.LaneCar{Lane: "OUT1", Session: s.ID, Since: now})
	})
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	c := &consultation{
		db: db, desk: desk, asker: asks, done: func(string) { told++ }, now: clock, log: slog.New(slog.DiscardHandler), queue: newWaiting(),
	}
	c.about(t.Context(), s.ID)
	if told != 1 {
		t.Errorf("the lane was told %d times to look again, want once", told)
	}
	if s, err = db.Session(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	return db, desk, s
}

func TestAPlatformPricesStaysOfTemporaryCarsOnly(t *testing.T) {
	for _, tt := range []struct {
		name     string
		s        store.Session
		priced   int
		fee      int64 // that the platform has said
		deducted int64
	}{
		{"a temporary car is charged the platform's price", store.Session{}, 1, 9000, 9000},
		{"a price that still holds is not asked for again", store.Session{QuoteFee: 700, QuotedAt: time.Date(2026, 3, 2, 3, 59, 0, 0, time.UTC)}, 0, 700, 700},
		{"one that holds no more is", store.Session{QuoteFee: 700, QuotedAt: time.Date(2026, 3, 2, 3, 50, 0, 0, time.UTC)}, 1, 9000, 9000},
		{"a card holder the hour after the card has ended", store.Session{Card: 1, CarType: int(protocol.CarMonthly)}, 0, 0, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asks := &city{}
			_, _, s := consulted(t, asks, tt.s)
			if asks.priced != tt.priced || s.QuoteFee != tt.fee {
				t.Errorf("the platform was asked %d times for a price, want %d; its price is %d, want %d", asks.priced, tt.priced, s.QuoteFee, tt.fee)
			}
			if len(asks.asked) != 1 || asks.asked[0] != tt.deducted {
				t.Errorf("the platform was asked to deduct %v, want %d", asks.asked, tt.deducted)
			}
		})
	}
}

// A driver signs up wherever the car is.
func TestNobodyIsAskedAboutACarThatStandsAtNoExit(t *testing.T) {
	asks := &city{}
	db, desk, s := consulted(t, asks, store.Session{})
	told := 0
	c := &consultation{db: db, desk: desk, asker: asks, done: func(string) { told++ }, now: time.Now, log: slog.New(slog.DiscardHandler), queue: newWaiting()}
	before := *asks
	for _, tt := range []struct {
		name string
		move func(*store.Tx) error
	}{
		{"it stands at an entry", func(tx *store.Tx) error {
			return errors.Join(tx.ClearLaneCar(t.Context(), "OUT1"), tx.SetLaneCar(t.Context(), store.LaneCar{Lane: "IN1", Session: s.ID, Since: time.Now()}))
		}},
		{"it stands nowhere", func(tx *store.Tx) error { return tx.ClearLaneCar(t.Context(), "IN1") }},
		{"it has left", func(tx *store.Tx) error {
			s.State = store.Left
			return errors.Join(tx.UpdateSession(t.Context(), s), tx.SetLaneCar(t.Context(), store.LaneCar{Lane: "OUT1", Session: s.ID, Since: time.Now()}))
		}},
	} {
		if err := db.Update(t.Context(), tt.move); err != nil {
			t.Fatal(err)
		}
		c.about(t.Context(), s.ID)
		if asks.priced != before.priced || len(asks.asked) != len(before.asked) || told != 0 {
			t.Errorf("%s: asked %+v, lanes told %d times; want nothing", tt.name, asks, told)
		}
	}
}

// What a platform says to a deduction tells whether it is to be reversed (2.6).
func TestWhatBecomesOfADeduction(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		state store.DeductionState
		paid  int64
	}{
		{"it is taken", nil, store.DeductionTaken, 9000},
		{"the platform refuses", &protocol.RefusedError{}, store.DeductionRefused, 0},
		{"nothing was sent", uplink.ErrNotSent, store.DeductionRefused, 0},
		{"the answer is lost", errors.New("connection reset"), store.DeductionAsked, 0},
		{"there was no time for an answer", context.DeadlineExceeded, store.DeductionAsked, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, desk, s := consulted(t, &city{refuses: tt.err}, store.Session{})
			list, err := db.Deductions(t.Context(), s.ID)
			if err != nil || len(list) != 1 || list[0].State != tt.state {
				t.Errorf("deductions = %+v, %v, want one in state %d", list, err, tt.state)
			}
			if b, err := desk.Due(t.Context(), db.Reader, s, s.EnteredAt.Add(2*time.Hour)); err != nil || b.Paid != tt.paid {
				t.Errorf("bill = %+v, %v, want %d paid", b, err, tt.paid)
			}
		})
	}
}

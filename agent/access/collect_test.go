package access

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/tariff"
	"parkagent/store"
)

// onStoredCard puts a car that is inside on a card with money on it, and gives
// such cars a tariff of 5 yuan an hour.
func onStoredCard(t *testing.T, r *rig, session string, balance int64) int64 {
	t.Helper()
	desk, err := billing.New(billing.Config{DB: r.db, ParkCode: "1", Now: func() time.Time { return r.now }, Tariffs: []tariff.Tariff{{
		CarTypes: []int{3}, Blocks: []tariff.Block{{Unit: time.Hour, Price: 500}},
	}}}, nil)
	r.did(err)
	r.desk = desk
	r.Rules, err = New(Config{DB: r.db, Bills: desk, Now: func() time.Time { return r.now }})
	r.did(err)
	var id int64
	r.update(func(ctx context.Context, tx *store.Tx) error {
		s, err := tx.Session(ctx, session)
		if err != nil {
			return err
		}
		id, err = tx.InsertCard(ctx, store.Card{CarType: 3, Spaces: 1, From: morning, To: morning.Add(24 * time.Hour), Balance: balance})
		if err != nil {
			return err
		}
		s.Card, s.CarType = id, 3
		return tx.UpdateSession(ctx, s)
	})
	return id
}

func TestACardPaysWhenTheExitIsDecidedAndOnce(t *testing.T) {
	for _, tt := range []struct {
		name                  string
		balance               int64
		held                  bool
		open                  bool
		left, unpaid, payable int64
	}{
		{name: "its balance is enough", balance: 1500, open: true, left: 500},
		{name: "it is not: the driver pays the rest first", balance: 300, left: 300, payable: 700},
		{name: "it is not, and the gate is held open: as far as it goes", balance: 300, held: true, open: true, unpaid: 700},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 5)
			in := r.park("粤B11111")
			card := onStoredCard(t, r, in.Session, tt.balance)
			r.now = morning.Add(2 * time.Hour)
			for range 2 { // the gate does not follow the first time
				if v := r.leave("OUT1", "粤B11111", tt.held); v.Open != tt.open || v.Payable != tt.payable {
					t.Errorf("verdict = %+v, want open %v, %d payable", v, tt.open, tt.payable)
				}
			}
			if c, err := r.db.Card(t.Context(), card); err != nil || c.Balance != tt.left {
				t.Errorf("balance = %d, %v; want %d", c.Balance, err, tt.left)
			}
			if !tt.open {
				return
			}
			r.did(r.Gone(t.Context(), in.Session))
			s := r.session(in.Session)
			if s.State != store.Left || s.Fee != 1000 || s.Unpaid != tt.unpaid {
				t.Errorf("session = %+v", s)
			}
			if b, err := r.db.Books(t.Context()); err != nil || len(b.Mismatches) > 0 || b.Paid != 1000-tt.unpaid {
				t.Errorf("books = %+v, %v", b, err)
			}
		})
	}
}

func TestAPlatformIsToldToReverseHoweverTheStayEnds(t *testing.T) {
	for _, tt := range []struct {
		name string
		ends func(t *testing.T, r *rig, session string)
	}{
		{"the car leaves", func(t *testing.T, r *rig, session string) {
			r.leave("OUT1", "粤B11111", true)
			r.did(r.Gone(t.Context(), session))
		}},
		{"it enters again without having left", func(t *testing.T, r *rig, session string) { r.park("粤B11111") }},
		{"it enters again after its exit was decided", func(t *testing.T, r *rig, session string) {
			r.leave("OUT1", "粤B11111", true)
			r.park("粤B11111")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 5)
			in := r.park("粤B11111")
			r.now = morning.Add(2 * time.Hour)
			r.leave("OUT1", "粤B11111", false)
			x, _, ok, err := r.desk.BeginDeduction(t.Context(), in.Session, "etc")
			if err != nil || !ok {
				t.Fatalf("BeginDeduction = %v, %v", ok, err)
			}
			r.did(r.desk.EndDeduction(t.Context(), x.ID, billing.DeductionAnswer{}))
			r.now = r.now.Add(time.Minute)
			tt.ends(t, r, in.Session)
			rows, err := r.db.After(t.Context(), 0, 1000)
			r.did(err)
			var told []store.CorrectFact
			for _, e := range rows {
				var f store.CorrectFact
				if e.Kind == store.KindCorrect {
					r.did(json.Unmarshal(e.Body, &f))
					told = append(told, f)
				}
			}
			if len(told) != 1 || told[0].Deduction != x.ID || told[0].LeftMs != r.now.UnixMilli() || told[0].Place != "出口" {
				t.Errorf("corrections = %+v, want one", told)
			}
		})
	}
}

package billing

import (
	"context"
	"errors"
	"testing"
	"time"

	"parkagent/agent/tariff"
	"parkagent/store"
)

// newNested charges one yuan an hour in area 1 and three in area 2 inside it, nothing
// there up to ten minutes.
func newNested(t *testing.T, z Zone) *rig {
	t.Helper()
	r := newRig(t)
	z.Area, z.Outer = 2, 1
	r.cfg.Zones = []Zone{z, {Area: 3, Outer: 2}} // the time in 3 is charged as that in 2
	hourly := func(area int, price int64) tariff.Tariff {
		return tariff.Tariff{Name: "hourly", Areas: []int{area}, Restart: true, Blocks: []tariff.Block{{Unit: time.Hour, Price: price}}}
	}
	r.cfg.Tariffs = []tariff.Tariff{hourly(1, 100), hourly(2, 300)}
	r.cfg.Tariffs[1].Free, r.cfg.Tariffs[1].FreeInclusive, r.cfg.Tariffs[1].FreeCounts = 10*time.Minute, true, true
	return r
}

// drive moves the car of a session, which came in at noon, into each area at so many
// minutes after it.
func (r *rig) drive(t *testing.T, s store.Session, moves ...[2]int) {
	t.Helper()
	r.update(t, func(ctx context.Context, tx *store.Tx) error {
		for _, m := range moves {
			err := tx.InsertMove(ctx, store.Move{Session: s.ID, At: noon.Add(time.Duration(m[0]) * time.Minute), Lane: "MID", From: s.Area, To: m[1]})
			if err != nil {
				return err
			}
			s.Area = m[1]
		}
		return tx.UpdateSession(ctx, s)
	})
}

func TestTheTimeInAnInnerAreaIsCharged(t *testing.T) {
	way := [][2]int{{30, 2}, {150, 1}} // two hours inside, after half an hour around it
	tests := []struct {
		name    string
		zone    Zone
		moves   [][2]int
		minutes int // of the whole stay
		free    int64
		want    int64
	}{
		{"as the time around it", Zone{}, way, 180, 0, 300},
		{"instead of the outer one, whose clock pauses", Zone{Charging: ChargeInstead}, way, 180, 0, 600 + 100},
		{"instead, and each visit by itself", Zone{Charging: ChargeInstead}, [][2]int{{0, 2}, {61, 1}, {62, 2}, {123, 1}}, 130, 0, 600 + 600 + 100},
		{"on top of it", Zone{Charging: ChargeAdditional}, way, 180, 0, 600 + 300},
		{"less what is charged around it", Zone{Charging: ChargeNetted}, way, 180, 0, 300 + 600 - 200},
		{"at least as the time around it", Zone{Charging: ChargeNetted}, [][2]int{{0, 2}, {9, 1}}, 60, 0, 100},
		{"in an area inside it too", Zone{Charging: ChargeInstead}, [][2]int{{30, 2}, {60, 3}, {90, 2}, {150, 1}}, 180, 0, 600 + 100},
		{"while the car is there", Zone{Charging: ChargeInstead}, [][2]int{{30, 2}}, 150, 0, 600 + 100},
		{"once more after it came back", Zone{Charging: ChargeInstead}, append(way, [2]int{160, 2}), 165, 0, 600 + 100},
		{"free minutes come off it first", Zone{Charging: ChargeInstead}, way, 180, 60, 300 + 100},
		{"and what is left of them off the time around it", Zone{Charging: ChargeInstead}, way, 180, 150, 100},
		{"a minute that is charged twice is free twice", Zone{Charging: ChargeAdditional}, way, 180, 60, 300 + 200},

		{"a short way to it is free", Zone{Charging: ChargeInstead, PassThrough: 30 * time.Minute}, way, 180, 0, 600},
		{"a longer one is not", Zone{Charging: ChargeInstead, PassThrough: 29 * time.Minute}, way, 180, 0, 600 + 100},
		{"each way by itself", Zone{Charging: ChargeInstead, PassThrough: 30 * time.Minute}, way, 181, 0, 600 + 100},
		{"on top of it, without the ways", Zone{Charging: ChargeAdditional, PassThrough: 30 * time.Minute}, way, 180, 0, 600 + 200},
		{"no way is free that leads to none", Zone{Charging: ChargeInstead, PassThrough: 30 * time.Minute}, nil, 20, 0, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newNested(t, tt.zone)
			s := r.park(t, "粤B12345")
			r.drive(t, s, tt.moves...)
			if tt.free > 0 {
				r.after(0)
				if _, err := r.Discount(t.Context(), Discount{Ref: Ref{Plate: "粤B12345"}, FreeMinutes: tt.free, Client: "mall"}); err != nil {
					t.Fatal(err)
				}
			}
			r.after(time.Duration(tt.minutes) * time.Minute)
			b, err := r.Due(t.Context(), r.db.Reader, r.session(t, s.ID), r.now)
			if err != nil || b.Total-b.Credit != tt.want || b.Payable != tt.want {
				t.Errorf("bill = %+v, %v; want %d", b, err, tt.want)
			}
			x, err := r.Explain(t.Context(), r.db.Reader, s.ID, r.now)
			sum := int64(0)
			for _, l := range x.Lines {
				sum += l.Amount
				if l.Note == NoteFee || l.Note == NoteOver {
					t.Errorf("%d fen of the bill are not explained: %+v", l.Amount, x.Lines)
				}
			}
			if err != nil || sum != tt.want {
				t.Errorf("its lines come to %d, %v; want %d", sum, err, tt.want)
			}
		})
	}
}

func TestACardCoversTheAreasInWhichItIsGood(t *testing.T) {
	in := func(areas ...int) func(int, int) bool {
		return func(_, area int) bool {
			for _, a := range areas {
				if a == area {
					return true
				}
			}
			return false
		}
	}
	tests := []struct {
		name     string
		charging Charging
		good     func(carType, area int) bool
		want     int64
	}{
		{"in all", ChargeInstead, in(1, 2), 0},
		{"around an inner one that is charged instead", ChargeInstead, in(1), 600},
		{"or on top", ChargeAdditional, in(1), 600},
		{"or as the time around it", ChargeAround, in(1), 200},
		{"in an inner one only", ChargeInstead, in(2), 100},
		{"in none", ChargeInstead, in(), 700},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newNested(t, Zone{Charging: tt.charging})
			r.cfg.CardGood = tt.good
			s := r.park(t, "粤B12345")
			r.drive(t, s, [2]int{30, 2}, [2]int{150, 1})
			s = r.session(t, s.ID)
			r.card(t, s, store.Card{CarType: 2, From: noon.Add(-time.Hour), To: noon.Add(24 * time.Hour)})
			r.after(3 * hour)
			s = r.session(t, s.ID)
			if b, err := r.Due(t.Context(), r.db.Reader, s, r.now); err != nil || b.Payable != tt.want {
				t.Errorf("bill = %+v, %v; want %d", b, err, tt.want)
			}
			if tt.charging == ChargeAdditional {
				return // see Cover
			}
			r.update(t, func(ctx context.Context, tx *store.Tx) error { return r.Cover(ctx, tx, s, r.now) })
			s = r.edit(t, s.ID, func(s *store.Session) { s.Card, s.CarType = 0, 0 })
			if b, err := r.Due(t.Context(), r.db.Reader, s, r.now); err != nil || b.Payable != tt.want {
				t.Errorf("without the card from now on = %+v, %v; want %d still", b, err, tt.want)
			}
		})
	}
}

func TestTheLimitsHoldForTheSumOverAllAreas(t *testing.T) {
	for name, limit := range map[string]func(*Config){
		"of the car park":      func(c *Config) { c.MaxFee = 650 },
		"of the outer tariff":  func(c *Config) { c.Tariffs[0].MaxAutomatic = 650 },
		"of the inner tariff":  func(c *Config) { c.Tariffs[1].MaxAutomatic = 650 },
		"no tariff fits there": func(c *Config) { c.Tariffs = c.Tariffs[:1] },
	} {
		t.Run(name, func(t *testing.T) {
			r := newNested(t, Zone{Charging: ChargeInstead})
			limit(&r.cfg)
			s := r.park(t, "粤B12345")
			r.drive(t, s, [2]int{30, 2}, [2]int{150, 1})
			r.after(3 * hour)
			_, _, err := r.Order(t.Context(), Ref{Plate: "粤B12345"}, "mall")
			if !errors.Is(err, ErrAboveLimit) && !errors.Is(err, ErrNoTariff) {
				t.Errorf("Order of 700 fen = %v", err)
			}
		})
	}
}

func TestAnOrderFromBeforeAMoveIsOfTheWayUpToThen(t *testing.T) {
	r := newNested(t, Zone{Charging: ChargeInstead})
	s := r.park(t, "粤B12345")
	r.drive(t, s, [2]int{30, 2})
	r.after(89 * time.Minute)
	o := r.order(t, "粤B12345")
	r.drive(t, r.session(t, s.ID), [2]int{92, 1}) // an hour there is over by then
	r.after(93 * time.Minute)
	if got := r.pay(t, Notice{Order: o.No, Amount: 400}); got.Rest != 0 || got.Over != 0 {
		t.Errorf("paid what was shown = %+v", got)
	}
}

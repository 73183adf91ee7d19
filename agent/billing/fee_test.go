package billing

import (
	"context"
	"testing"
	"time"

	"parkagent/agent/tariff"
	"parkagent/store"
)

// several is a tariff with a cap for all visits of a day and a free time for the
// first of them.
func several() tariff.Tariff {
	return tariff.Tariff{
		Name: "several", Free: 30 * time.Minute, FreeInclusive: true, FreeCounts: true, FreeOnce: tariff.SpanDay, Restart: true,
		VisitsCap: 1000, VisitsPeriod: tariff.SpanDay,
		Blocks: []tariff.Block{{Until: time.Hour, Price: 500}, {Unit: time.Hour, Price: 100}},
	}
}

// visited puts a finished visit into the books.
func (r *rig) visited(t *testing.T, no string, from, to time.Duration, fee, unpaid int64) {
	t.Helper()
	s := store.Session{ID: store.NewID(noon.Add(from)), Plate: no, Size: 2, Area: 1, State: store.Left,
		EnteredAt: noon.Add(from), LeftAt: noon.Add(to), Fee: fee, Unpaid: unpaid}
	r.update(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertSession(ctx, s) })
}

func TestEarlierVisitsOfTheCarCount(t *testing.T) {
	for _, tt := range []struct {
		name   string
		visits func(*rig)
		plate  string
		stays  time.Duration
		want   int64
	}{
		{"a first visit", func(*rig) {}, "粤B12345", 2 * hour, 600},
		{"a visit of the same day leaves the rest of the cap", func(r *rig) { r.visited(t, "粤B12345", -4*hour, -hour, 800, 0) }, "粤B12345", 2 * hour, 200},
		{"what was not paid does not count", func(r *rig) { r.visited(t, "粤B12345", -4*hour, -hour, 800, 500) }, "粤B12345", 2 * hour, 600},
		{"the free time was used up", func(r *rig) { r.visited(t, "粤B12345", -2*hour, -hour, 0, 0) }, "粤B12345", hour / 2, 500},
		{"a visit of the day before", func(r *rig) { r.visited(t, "粤B12345", -20*hour, -17*hour, 800, 0) }, "粤B12345", hour / 2, 0},
		{"a visit of another car", func(r *rig) { r.visited(t, "粤B54321", -4*hour, -hour, 800, 0) }, "粤B12345", 2 * hour, 600},
		{"a temporary plate that is given again", func(r *rig) { r.visited(t, "空123456", -4*hour, -hour, 800, 0) }, "空123456", 2 * hour, 600},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.cfg.Tariffs = []tariff.Tariff{several()}
			tt.visits(r)
			s := r.park(t, tt.plate)
			r.after(tt.stays)
			if got := r.due(t, s.ID); got.Total != tt.want {
				t.Errorf("Total = %d, want %d", got.Total, tt.want)
			}
			e, err := r.Explain(t.Context(), r.db.Reader, s.ID, r.now)
			var sum int64
			for _, l := range e.Lines {
				sum += l.Amount
			}
			if err != nil || sum != e.Payable {
				t.Errorf("Explain = %+v, %v; its lines sum to %d", e, err, sum)
			}
		})
	}
}

func TestTheVisitsOfAWholeDayAreChargedUpToTheirCap(t *testing.T) {
	r := newRig(t)
	r.cfg.Tariffs = []tariff.Tariff{several()}
	var sum int64
	for i := range 4 {
		r.after(time.Duration(i) * 2 * hour)
		s := r.park(t, "粤B12345")
		r.after(time.Duration(i)*2*hour + hour)
		f := r.exit(t, s.ID)
		r.edit(t, s.ID, func(s *store.Session) { s.State, s.LeftAt, s.Unpaid = store.Left, r.now, 0 }) // paid in cash
		sum += f.Fee
	}
	if sum != 1000 {
		t.Errorf("four visits of an hour cost %d, want the cap 1000", sum)
	}
}

// A car that comes back within half an hour is charged as if it had never left, less
// what it was charged before: here 2 yuan for each half hour.
func TestAVisitThatWasNotChargedByTheTariffIsNotChargedAgain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		first func(*testing.T, *rig, store.Session)
		fee   int64 // of the first visit, two hours and 5 minutes
		want  int64 // of the second, an hour
	}{
		{"it was charged by the tariff", func(t *testing.T, r *rig, s store.Session) {
			r.after(2*hour + 5*minute)
			r.pay(t, Notice{Order: r.order(t, s.Plate).No, Amount: 1100})
		}, 1100, 400},
		{"by a card for most of it", func(t *testing.T, r *rig, s store.Session) {
			r.card(t, s, store.Card{CarType: 2, To: noon.Add(2*hour - time.Second)})
		}, 0, 500},
		{"a card has made it free, and is another car's by now", func(t *testing.T, r *rig, s store.Session) {
			r.update(t, func(ctx context.Context, tx *store.Tx) error {
				return tx.InsertCover(ctx, store.Cover{Session: s.ID, From: noon, To: noon.Add(2 * hour)})
			})
		}, 0, 500},
		{"an operator has set its fee", func(t *testing.T, r *rig, s store.Session) {
			r.after(2 * hour)
			if _, err := r.SetFee(t.Context(), FeeSet{Session: s.ID, Fee: 300, Reason: "协商", By: manager, Priced: true}); err != nil {
				t.Fatal(err)
			}
		}, 300, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.cfg.Tariffs[0].Reentry, r.cfg.Tariffs[0].Rejoin = 30*minute, true
			s := r.park(t, "粤B12345")
			tt.first(t, r, s)
			r.after(2*hour + 5*minute)
			if f := r.exit(t, s.ID); f.Fee != tt.fee {
				t.Fatalf("the first visit costs %d, want %d", f.Fee, tt.fee)
			}
			r.after(2*hour + 15*minute)
			s = r.park(t, "粤B12345")
			r.after(3*hour + 15*minute)
			if b := r.due(t, s.ID); b.Total != tt.want {
				t.Errorf("the second costs %d, want %d", b.Total, tt.want)
			}
		})
	}
}

func TestThePartsOfAStayShareWhatVisitsShare(t *testing.T) {
	r := newRig(t)
	r.cfg.Tariffs = []tariff.Tariff{several()}
	s := r.park(t, "粤B12345")
	// Two hours before the card and half an hour after it are charged.
	r.card(t, s, store.Card{CarType: 2, From: noon.Add(2 * hour), To: noon.Add(4*hour - time.Second)})
	r.after(4*hour + hour/2)
	if got := r.due(t, s.ID); got.Total != 600+400 {
		t.Errorf("Total = %d, want 600 and, of another 500, the 400 that the cap leaves", got.Total)
	}
}

func TestTheCalendarChoosesTheTariff(t *testing.T) {
	flat := func(name string, price int64, days ...tariff.Day) tariff.Tariff {
		return tariff.Tariff{Name: name, Days: days, PerVisit: price}
	}
	old, fresh := flat("old", 100), flat("new", 200)
	old.ValidTo, fresh.ValidFrom = "2026-03-02", "2026-03-03"
	days := []tariff.Tariff{flat("work", 1, tariff.Workday), flat("rest", 2, tariff.Restday), flat("holiday", 3, tariff.Holiday)}
	for _, tt := range []struct {
		name     string
		tariffs  []tariff.Tariff
		calendar tariff.Calendar
		stays    time.Duration
		want     int64
	}{
		{"the version of the entry", []tariff.Tariff{old, fresh}, tariff.Calendar{}, 24 * hour, 100},
		{"the version of the exit", []tariff.Tariff{old, fresh}, tariff.Calendar{ByExit: true}, 24 * hour, 200},
		{"the day changes at the midnight of the park", []tariff.Tariff{old, fresh}, tariff.Calendar{ByExit: true}, 12 * hour, 200},
		{"a working day", days, tariff.Calendar{}, hour, 1},
		{"a holiday on a Monday", days, tariff.Calendar{Holidays: []tariff.Date{"2026-03-02"}}, hour, 3},
		{"the Saturday of the exit", days, tariff.Calendar{ByExit: true}, 5 * 24 * hour, 2},
		{"a Saturday that is a working day", days, tariff.Calendar{ByExit: true, Workdays: []tariff.Date{"2026-03-07"}}, 5 * 24 * hour, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.cfg.Tariffs, r.cfg.Calendar = tt.tariffs, tt.calendar
			s := r.park(t, "粤B12345")
			r.after(tt.stays)
			if got := r.due(t, s.ID); got.Total != tt.want {
				t.Errorf("Total = %d, want %d", got.Total, tt.want)
			}
		})
	}
}

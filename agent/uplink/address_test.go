package uplink_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/uplink"
	"parkagent/store"
)

// named is later for a platform of that name.
func named(db *store.DB, name string, p *platform) uplink.Config {
	cfg := later(db, p)
	cfg.Name = name
	return cfg
}

func TestRowsForOnePlatformPassTheOthersBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		var back atomic.Bool
		mall := &platform{}
		city := &platform{answer: func(string) error {
			if !back.Load() {
				return errors.New("dial tcp: connection refused")
			}
			return nil
		}}
		u, _ := start(t, named(db, "mall", mall))
		v, _ := start(t, named(db, "city", city))
		appendRows(t, db,
			entry("京A1"), card(1, ""), card(2, "city"), correct("京A1", "mall"), spaces(9), card(2, ""), entry("京A2"),
			correct("京A2", "city"), card(3, "mall"), state("G1", "1"), row{store.KindBlackEntry, "京A2", store.BlackFact{Black: 1, Plate: "京A2"}},
			spaces(8), exit("京A1"), exit("京A2"), state("G1", "0"), card(1, ""),
		)
		elapse(24 * time.Hour)
		check(t, "taken by the one that is up", mall.taken(), []string{
			"CarInInfo 京A1", "CarCard 1", "CarCorrect 京A1", "CarCard 2", "CarInInfo 京A2", "CarCard 3", "BlackInInfo 京A2",
			"FreeParkingSpace 8", "PayDetail 京A1", "PayDetail 京A2", "DeviceState G1 0", "CarCard 1",
		})
		check(t, "taken by the one that is down", city.taken(), []string{})
		back.Store(true)
		elapse(2 * time.Minute)
		check(t, "taken after the day", city.taken(), []string{
			"CarInInfo 京A1", "CarCard 1", "CarCard 2", "CarCard 2", "CarInInfo 京A2", "CarCorrect 京A2", "BlackInInfo 京A2",
			"FreeParkingSpace 8", "PayDetail 京A1", "PayDetail 京A2", "DeviceState G1 0", "CarCard 1",
		})
		settled(t, u, 16)
		settled(t, v, 16)
	})
}

// A row for another platform must not wait behind a refused one of its vehicle:
// nobody would see why it is there.
func TestRowForAnotherPlatformIsNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{answer: times(100, "CarInInfo 京A1", refusal("no"))}
		u, _ := start(t, named(db, "mall", p))
		appendRows(t, db, entry("京A1"), correct("京A1", "city"), correct("京A1", "mall"))
		synctest.Wait()
		held, err := db.Held(t.Context(), "mall")
		if err != nil || len(held) != 2 || held[0].Seq != 1 || held[1].Seq != 3 {
			t.Errorf("Held = %+v, %v, want the entry and the correction for mall", held, err)
		}
		if s := u.Status(); s.Waiting != 2 {
			t.Errorf("Status = %+v, want 2 waiting", s)
		}
	})
}

// Cards keep their order, whoever else is held up.
func TestRefusedCardHoldsUpOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{answer: times(1, "CarCard 1", refusal("no"))}
		u, _ := start(t, named(db, "mall", p))
		appendRows(t, db, card(1, "mall"), card(2, "mall"), card(1, ""), entry("京A1"))
		synctest.Wait()
		check(t, "at first", p.lines(), []string{"CarCard 1 refused", "CarCard 2", "CarInInfo 京A1"})
		elapse(10 * time.Second)
		check(t, "after 10 s", p.lines()[3:], []string{"CarCard 1", "CarCard 1"})
		settled(t, u, 4)
	})
}

func TestCorrectionIsToldWhateverThePlatformTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{}
		cfg := named(db, "mall", p)
		cfg.Reports = []string{"PostPayDetail"}
		u, _ := start(t, cfg)
		appendRows(t, db, entry("京A1"), correct("京A1", "mall"), correct("京A1", "city"), correct("京A1", ""), card(1, "mall"), exit("京A1"))
		synctest.Wait()
		check(t, "taken", p.taken(), []string{"CarCorrect 京A1", "PayDetail 京A1"})
		settled(t, u, 6)
	})
}

func TestDamagedRowForNobodyKnownIsSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{}
		u, _ := start(t, named(db, "mall", p))
		appendRows(t, db, row{store.KindCard, "card:1", 7}, row{store.KindCorrect, "京A1", "x"}, card(1, ""))
		synctest.Wait()
		check(t, "taken", p.taken(), []string{"CarCard 1"})
		if s := u.Status(); s.Dead != 2 {
			t.Errorf("Status = %+v, want 2 dead", s)
		}
	})
}

// paced is a platform that notes when messages came.
func paced(at *[]time.Duration) *platform {
	began := time.Now()
	return &platform{answer: func(string) error { *at = append(*at, time.Since(began)); return nil }}
}

func TestMessagesKeepToAPlatformsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		var slow, fast []time.Duration
		cfg := named(db, "slow", paced(&slow))
		cfg.MaxPerSecond = 4
		u, _ := start(t, cfg)
		v, _ := start(t, named(db, "fast", paced(&fast)))
		for _, plate := range []string{"京A1", "京A2", "京A3"} {
			// What is not sent takes no time.
			appendRows(t, db, entry(plate), row{store.KindOrder, plate, store.OrderFact{}}, exit(plate))
		}
		synctest.Wait()
		if s := v.Status(); s.Cursor != 9 || !slices.Equal(fast, make([]time.Duration, 6)) {
			t.Errorf("without a limit: %v, Status = %+v, want 6 at once", fast, s)
		}
		elapse(10 * time.Second)
		quarter := 250 * time.Millisecond
		if !slices.Equal(slow, []time.Duration{0, quarter, 2 * quarter, 3 * quarter, 4 * quarter, 5 * quarter}) {
			t.Errorf("with 4 a second: %v", slow)
		}
		appendRows(t, db, entry("京A4"))
		synctest.Wait()
		if len(slow) != 7 || slow[6] != 10*time.Second {
			t.Errorf("after a rest: %v, want one more at once", slow)
		}
		settled(t, u, 10)
	})
}

func TestRetriesKeepToThePaceToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		began := time.Now()
		var at []time.Duration
		var kind atomic.Bool
		p := &platform{answer: func(string) error {
			at = append(at, time.Since(began))
			if kind.Load() {
				return nil
			}
			return refusal("too fast")
		}}
		cfg := named(db, "mall", p)
		cfg.MaxPerSecond = 1
		u, _ := start(t, cfg)
		appendRows(t, db, entry("京A1"), entry("京A2"), entry("京A3"))
		elapse(5 * time.Second)
		kind.Store(true)
		elapse(time.Minute)
		settled(t, u, 3)
		for i := 1; i < len(at); i++ {
			if at[i]-at[i-1] < time.Second {
				t.Errorf("messages at %v, want a second between them", at)
			}
		}
		if len(at) != 6 {
			t.Errorf("%d messages, want 3 refused and 3 taken", len(at))
		}
	})
}

// An uplink that waits for its turn stops at once, and goes on where it was.
func TestStopDuringThePaceLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{}
		cfg := named(db, "mall", p)
		cfg.MaxPerSecond = 1
		_, stop := start(t, cfg)
		appendRows(t, db, entry("京A1"), entry("京A2"))
		synctest.Wait()
		began := time.Now()
		stop()
		if took := time.Since(began); took != 0 {
			t.Errorf("the stop took %v", took)
		}
		u, _ := start(t, cfg)
		elapse(time.Minute)
		check(t, "taken", p.lines(), []string{"CarInInfo 京A1", "CarInInfo 京A2"})
		settled(t, u, 2)
	})
}

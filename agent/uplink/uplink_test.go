package uplink_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

// later is a config with the real waits, for bubbles whose clock jumps.
func later(db *store.DB, p *platform) uplink.Config {
	cfg := config(db, p)
	cfg.RetryMin, cfg.RetryMax, cfg.BackoffMin, cfg.BackoffMax = 0, 0, 0, 0
	return cfg
}

// times refuses the messages that start with a line, n times.
func times(n int, line string, err error) func(string) error {
	return func(got string) error {
		if strings.HasPrefix(got, line) && n > 0 {
			n--
			return err
		}
		return nil
	}
}

func check(t *testing.T, what string, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestRefusalHoldsUpOnlyItsVehicle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{answer: times(2, "CarInInfo 京A1", refusal("稍后再试"))}
		u, _ := start(t, later(db, p))
		appendRows(t, db, entry("京A1"), entry("京A2"), exit("京A1"), exit("京A2"))
		synctest.Wait()
		check(t, "at first", p.lines(), []string{"CarInInfo 京A1 refused", "CarInInfo 京A2", "PayDetail 京A2"})
		if s := u.Status(); s.Cursor != 4 || s.Waiting != 2 || s.Dead != 0 || !s.Connected {
			t.Errorf("Status = %+v, want all dealt with and 2 waiting", s)
		}
		held, err := db.Held(t.Context(), "mall")
		if err != nil || len(held) != 2 || held[0].Attempts != 1 || !strings.Contains(held[0].Reason, "稍后再试") || held[1].Attempts != 0 {
			t.Errorf("Held = %+v, %v", held, err)
		}

		appendRows(t, db, entry("京A3"))
		elapse(9 * time.Second)
		check(t, "before its time", p.lines()[3:], []string{"CarInInfo 京A3"})
		elapse(time.Second)
		check(t, "after 10 s", p.lines()[4:], []string{"CarInInfo 京A1 refused"})
		elapse(20 * time.Second)
		check(t, "after another 20 s", p.lines()[5:], []string{"CarInInfo 京A1", "PayDetail 京A1"})
		if s := u.Status(); s.Waiting != 0 {
			t.Errorf("Status = %+v, want none waiting", s)
		}
	})
}

func TestReportRefusedTooOftenIsSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{answer: times(4, "CarInInfo 京A1", refusal("no such park"))}
		book := &logbook{}
		cfg := later(db, p)
		cfg.MaxRefusals, cfg.Log = 3, book.logger()
		u, _ := start(t, cfg)
		appendRows(t, db, entry("京A1"), exit("京A1"))
		elapse(time.Minute)
		check(t, "attempts", p.lines(), []string{"CarInInfo 京A1 refused", "CarInInfo 京A1 refused", "CarInInfo 京A1 refused", "PayDetail 京A1"})
		check(t, "log", book.said(), []string{"WARN report refused", "WARN report set aside"})
		if s := u.Status(); s.Dead != 1 || s.Waiting != 0 {
			t.Errorf("Status = %+v, want 1 dead", s)
		}
		elapse(time.Hour)
		if n := len(p.lines()); n != 4 {
			t.Errorf("a dead report was tried again: %v", p.lines()[4:])
		}

		if err := db.Requeue(t.Context(), "mall", 1); err != nil {
			t.Fatal(err)
		}
		elapse(time.Minute)
		check(t, "after requeueing", p.lines()[4:], []string{"CarInInfo 京A1 refused", "CarInInfo 京A1"})
		if s := u.Status(); s.Dead != 0 || s.Waiting != 0 {
			t.Errorf("Status = %+v, want nothing held", s)
		}
	})
}

func TestDroppedReportIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{answer: times(100, "CarInInfo 京A1", refusal("no"))}
		start(t, later(db, p))
		appendRows(t, db, entry("京A1"), exit("京A1"))
		synctest.Wait()
		if err := db.Drop(t.Context(), "mall", 1); err != nil {
			t.Fatal(err)
		}
		elapse(time.Minute)
		check(t, "after dropping", p.lines(), []string{"CarInInfo 京A1 refused", "PayDetail 京A1"})
	})
}

func TestMoreThanADayWithoutANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		var back atomic.Bool
		p := &platform{answer: func(string) error {
			if !back.Load() {
				return errors.New("dial tcp: connection refused")
			}
			return nil
		}}
		u, _ := start(t, later(db, p))
		var want []string
		for i := range 60 {
			plate := fmt.Sprintf("京A%05d", i)
			appendRows(t, db, entry(plate), spaces(i), exit(plate))
			want = append(want, "CarInInfo "+plate, "PayDetail "+plate)
			elapse(30 * time.Hour / 60)
		}
		if s := u.Status(); s.Connected || s.Cursor != 0 {
			t.Errorf("Status while away = %+v", s)
		}
		// Waits of a minute give or take a half, after the first few.
		if n := len(p.lines()); n < 1000 || n > 4000 {
			t.Errorf("%d tries in 30 hours, want about one a minute", n)
		}
		back.Store(true)
		elapse(2 * time.Minute)
		// Of the free places only the latest is told, where it stands.
		check(t, "after the outage", p.taken(), slices.Insert(want, len(want)-1, "FreeParkingSpace 59"))
		if s := u.Status(); !s.Connected || s.Cursor != 180 {
			t.Errorf("Status after the outage = %+v", s)
		}
	})
}

func TestOnlyTheLatestStateIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		appendRows(t, db, spaces(9), state("G1", "1"), spaces(8), state("G2", "1"), state("G1", "0"), entry("京A1"), spaces(7))
		p := &platform{}
		u, _ := start(t, later(db, p))
		synctest.Wait()
		check(t, "taken", p.taken(), []string{"DeviceState G2 1", "DeviceState G1 0", "CarInInfo 京A1", "FreeParkingSpace 7"})
		settled(t, u, 7)
	})
}

func TestNewStateTakesThePlaceOfARefusedOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{answer: times(2, "FreeParkingSpace", refusal("busy"))}
		u, _ := start(t, later(db, p))
		appendRows(t, db, spaces(9))
		synctest.Wait()
		appendRows(t, db, spaces(8))
		synctest.Wait()
		appendRows(t, db, spaces(7))
		synctest.Wait()
		check(t, "at first", p.lines(), []string{"FreeParkingSpace 9 refused"})
		if held, err := db.Held(t.Context(), "mall"); err != nil || len(held) != 1 || held[0].Seq != 3 || held[0].Attempts != 1 {
			t.Errorf("Held = %+v, %v, want row 3 refused once", held, err)
		}
		elapse(time.Minute)
		check(t, "after a minute", p.lines()[1:], []string{"FreeParkingSpace 7 refused", "FreeParkingSpace 7"})
		settled(t, u, 3)
	})
}

func TestPlatformThatFailsAtOneReportGetsTheOthers(t *testing.T) {
	for name, err := range map[string]error{"an HTTP error": unavailable(500), "too large": unavailable(413)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := open(t)
				p := &platform{answer: times(1_000_000, "CarInInfo 京A1", err)}
				u, _ := start(t, later(db, p))
				appendRows(t, db, entry("京A1"), entry("京A2"), exit("京A1"), exit("京A2"))
				elapse(10 * time.Minute)
				check(t, "taken after a while", p.taken(), []string{"CarInInfo 京A2", "PayDetail 京A2"})
				var others []string
				for i := range 30 { // a platform that answers to others shows that it is the report
					no := fmt.Sprintf("京B%d", i)
					others = append(others, "CarInInfo "+no)
					appendRows(t, db, entry(no))
					elapse(20 * time.Minute)
				}
				got := p.taken()
				if i := slices.Index(got, "PayDetail 京A1"); i < 2 {
					t.Errorf("taken: %v, want the exit of 京A1 once its entry was set aside", got)
				} else {
					got = slices.Delete(got, i, i+1)
				}
				check(t, "taken besides", got, append([]string{"CarInInfo 京A2", "PayDetail 京A2"}, others...))
				if s := u.Status(); s.Dead != 1 || s.Waiting != 0 {
					t.Errorf("Status = %+v, want 1 dead", s)
				}
			})
		})
	}
}

func TestNoReportDiesOfABrokenProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		var mended atomic.Bool
		p := &platform{answer: func(string) error {
			if mended.Load() {
				return nil
			}
			return unavailable(502)
		}}
		u, _ := start(t, later(db, p))
		appendRows(t, db, entry("京A1"), entry("京A2"), exit("京A1"))
		elapse(30 * time.Hour)
		if s := u.Status(); s.Dead != 0 || s.Connected {
			t.Errorf("Status after 30 hours of 502 = %+v, want nothing dead", s)
		}
		mended.Store(true)
		elapse(10 * time.Minute)
		got := p.taken()
		slices.Sort(got)
		check(t, "taken afterwards", got, []string{"CarInInfo 京A1", "CarInInfo 京A2", "PayDetail 京A1"})
		settled(t, u, 3)
	})
}

func TestARefusalThatMeansThatItIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		p := &platform{answer: times(100, "CarInInfo 京A1", refusal("该车辆记录已存在!"))}
		cfg := later(db, p)
		cfg.Duplicates = []string{"重复", "已存在"}
		u, _ := start(t, cfg)
		appendRows(t, db, entry("京A1"), exit("京A1"))
		synctest.Wait()
		check(t, "a duplicate", p.lines(), []string{"CarInInfo 京A1 refused", "PayDetail 京A1"})
		settled(t, u, 2)
	})
}

// Some platforms refuse with a status of HTTP that is about the message.
func TestRefusalsByAStatus(t *testing.T) {
	answered := func(status int, code, text string) error {
		return &protocol.NoAnswerError{Status: status, Reply: protocol.Reply{Code: code, Msg: text}}
	}
	for _, tt := range []struct {
		name   string
		answer error
		want   []string // what was told while the first car's entry is answered so
	}{
		{"bad request", answered(400, "1", "车牌错误"), []string{"CarInInfo 京A1 unanswered", "CarInInfo 京A2"}},
		{"conflict, it is there already", answered(409, "40001", "记录已存在"), []string{"CarInInfo 京A1 unanswered", "PayDetail 京A1", "CarInInfo 京A2"}},
		{"unprocessable", answered(422, "1", ""), []string{"CarInInfo 京A1 unanswered", "CarInInfo 京A2"}},
		{"bad request, of something before the platform", answered(400, "", ""), []string{"CarInInfo 京A1 unanswered"}},
		{"bad request with a success", answered(400, "0", ""), []string{"CarInInfo 京A1 unanswered"}},
		{"a wrong password", answered(401, "1", "认证失败"), []string{"CarInInfo 京A1 unanswered"}},
		{"nothing there", answered(404, "1", ""), []string{"CarInInfo 京A1 unanswered"}},
		{"a broken platform", answered(500, "1", "记录已存在"), []string{"CarInInfo 京A1 unanswered"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := open(t)
				p := &platform{answer: times(1000, "CarInInfo 京A1", tt.answer)}
				cfg := later(db, p)
				cfg.Duplicates = []string{"已存在"}
				start(t, cfg)
				appendRows(t, db, entry("京A1"), exit("京A1"), entry("京A2"))
				synctest.Wait()
				check(t, "told", p.lines(), tt.want)
			})
		})
	}
}

func TestPlatformGetsWhatItWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		appendRows(t, db, entry("京A1"), spaces(3), state("G1", "0"), exit("京A1"))
		p := &platform{}
		cfg := later(db, p)
		cfg.Reports = []string{"postpaydetail", "PostDeviceState"}
		u, _ := start(t, cfg)
		synctest.Wait()
		check(t, "taken", p.taken(), []string{"DeviceState G1 0", "PayDetail 京A1"})
		settled(t, u, 4)
	})
}

func TestDamagedRowIsSetAsideAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		appendRows(t, db, row{store.KindEntry, "京A1", "not a stay"}, exit("京A1"))
		p := &platform{}
		u, _ := start(t, later(db, p))
		synctest.Wait()
		check(t, "taken", p.taken(), []string{"PayDetail 京A1"})
		if s := u.Status(); s.Dead != 1 {
			t.Errorf("Status = %+v, want 1 dead", s)
		}
	})
}

func TestClockSetBackDoesNotPostponeRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		var back atomic.Bool
		p := &platform{answer: times(1, "CarInInfo", refusal("no"))}
		cfg := later(db, p)
		cfg.Now = func() time.Time {
			if back.Load() {
				return time.Now()
			}
			return time.Now().AddDate(0, 1, 0)
		}
		start(t, cfg)
		appendRows(t, db, entry("京A1"))
		synctest.Wait()
		back.Store(true)
		elapse(time.Minute)
		check(t, "taken", p.taken(), []string{"CarInInfo 京A1"})
	})
}

// Whatever a platform does, and however often the agent restarts, each report
// arrives, those of a vehicle in their order.
func TestEveryReportArrivesInTheOrderOfItsVehicle(t *testing.T) {
	fate := rapid.SampledFrom([]error{nil, nil, nil, refusal("no"), errors.New("no network"), unavailable(500)})
	event := rapid.SampledFrom([]string{"in", "in", "out", "out", "wait", "restart"})
	rapid.Check(t, func(rt *rapid.T) {
		fates := rapid.SliceOfN(fate, 0, 40).Draw(rt, "fates")
		events := rapid.SliceOfN(event, 1, 30).Draw(rt, "events")
		cars := rapid.SliceOfN(rapid.IntRange(0, 3), len(events), len(events)).Draw(rt, "cars")
		var diff string
		synctest.Test(t, func(t *testing.T) { diff = drive(t, fates, events, cars) })
		if diff != "" {
			rt.Fatal(diff)
		}
	})
}

// drive plays events, lets the platform answer with fates, and says what is
// wrong in the end.
func drive(t *testing.T, fates []error, events []string, cars []int) string {
	db := open(t)
	p := &platform{answer: func(string) error {
		if len(fates) == 0 {
			return nil
		}
		defer func() { fates = fates[1:] }()
		return fates[0]
	}}
	cfg := later(db, p)
	cfg.MaxRefusals, cfg.RetryMax = 1000, time.Minute
	u, stop := start(t, cfg)
	want, n := map[string][]string{}, 0
	for i, event := range events {
		plate := fmt.Sprintf("京A%d", cars[i])
		switch event {
		case "in":
			appendRows(t, db, entry(plate))
			want[plate] = append(want[plate], "CarInInfo "+plate)
			n++
		case "out":
			appendRows(t, db, exit(plate))
			want[plate] = append(want[plate], "PayDetail "+plate)
			n++
		case "wait":
			elapse(time.Duration(cars[i]) * 7 * time.Second)
		case "restart":
			stop()
			u, stop = start(t, cfg)
		}
	}
	elapse(2 * time.Hour) // 40 fates of a minute or one and a half each
	if s := u.Status(); s.Cursor != int64(n) || s.Waiting != 0 || s.Dead != 0 {
		return fmt.Sprintf("Status = %+v, want %d rows dealt with", s, n)
	}
	got := map[string][]string{}
	for _, line := range p.taken() {
		plate := strings.Fields(line)[1]
		got[plate] = append(got[plate], line)
	}
	return cmp.Diff(want, got)
}

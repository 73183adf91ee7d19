package uplink_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/uplink"
	"parkagent/store"
)

var park = store.ParkFact{Name: "测试车场", Places: 100, Areas: []store.ParkArea{{Code: 1, Name: "A", Places: 100}}}

// daily runs a Daily in a bubble until the returned function is called.
func daily(t *testing.T, db *store.DB, cfg uplink.DailyConfig) (stop func()) {
	t.Helper()
	cfg.DB, cfg.Location = db, shanghai
	d, err := uplink.NewDaily(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	}
}

// rows tells the journal in short, and when each row was written.
func rows(t *testing.T, db *store.DB) (lines []string, at []time.Time) {
	t.Helper()
	list, err := db.After(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		lines, at = append(lines, fmt.Sprintf("%s %s", e.Kind, e.Key)), append(at, e.At)
	}
	return lines, at
}

func devices(t *testing.T, db *store.DB, list ...store.Device) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.ReplaceDevices(t.Context(), list); return err }); err != nil {
		t.Fatal(err)
	}
}

func TestDailyRowsComeOnceADayAtTheSitesMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		devices(t, db, store.Device{Code: "C1", Type: 2}, store.Device{Code: "G1", Type: 4})
		stop := daily(t, db, uplink.DailyConfig{Park: park, ParkCode: "7"})
		day := []string{"park ", "areas ", "device C1", "device G1"}
		got, _ := rows(t, db)
		check(t, "at the first start", got, day)
		elapse(72 * time.Hour)
		stop()
		got, at := rows(t, db)
		check(t, "after three days", got, slices.Repeat(day, 4))
		for i := 4; i < 12; i++ {
			if next := at[i].Add(24 * time.Hour).Truncate(time.Minute); !at[i+4].Truncate(time.Minute).Equal(next) {
				t.Errorf("row %d at %v, the one of the next day at %v", i, at[i], at[i+4])
			}
		}
	})
}

func TestDailyRowsAreSpreadBySite(t *testing.T) {
	minutes := map[int]bool{}
	for code := range 12 {
		synctest.Test(t, func(t *testing.T) {
			db := open(t)
			stop := daily(t, db, uplink.DailyConfig{Park: park, ParkCode: fmt.Sprint(code)})
			elapse(24 * time.Hour)
			stop()
			_, at := rows(t, db)
			if len(at) != 4 {
				t.Fatalf("%d rows in a day, want 2 at the start and 2 at the minute", len(at))
			}
			local := at[2].In(shanghai)
			minutes[local.Hour()*60+local.Minute()] = true
		})
	}
	if len(minutes) < 10 {
		t.Errorf("12 sites share %d minutes", len(minutes))
	}
}

func TestDailyRowsSurviveRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		device := store.Device{Code: "G1", Name: "入口", Type: 4}
		devices(t, db, device)
		cfg := uplink.DailyConfig{Park: park, ParkCode: "7"}
		// The agent's start has told of the new device, with its state.
		appendRows(t, db, row{store.KindDevice, "G1", store.DeviceFact{Code: "G1", Name: "入口", Type: 4, Status: "0"}})
		daily(t, db, cfg)()
		want := []string{"device G1", "park ", "areas "}
		got, _ := rows(t, db)
		check(t, "at the first start", got, want)

		daily(t, db, cfg)()
		got, _ = rows(t, db)
		check(t, "at a restart", got, want)

		device.Name = "入口1"
		devices(t, db, device)
		cfg.Park.Places = 120
		daily(t, db, cfg)()
		want = append(want, "park ", "areas ", "device G1")
		got, _ = rows(t, db)
		check(t, "at a restart with another configuration", got, want)

		elapse(50 * time.Hour) // the box was off for two days
		daily(t, db, cfg)()
		want = append(want, "park ", "areas ", "device G1")
		got, _ = rows(t, db)
		check(t, "after two days off", got, want)
	})
}

func TestNewDailyChecksItsConfiguration(t *testing.T) {
	if _, err := uplink.NewDaily(uplink.DailyConfig{Location: shanghai}); err == nil {
		t.Error("NewDaily without a store succeeded")
	}
	if _, err := uplink.NewDaily(uplink.DailyConfig{DB: open(t)}); err == nil {
		t.Error("NewDaily without a zone succeeded")
	}
}

package uplink_test

import (
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/uplink"
	"parkagent/store"
)

// begin does what the start of the agent does in one transaction: it meets the
// platforms and makes the devices those of the configuration.
func begin(t *testing.T, db *store.DB, park store.ParkFact, devices []store.Device, platforms ...string) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		meeting, err := uplink.Meet(t.Context(), tx, platforms...)
		if err != nil {
			return err
		}
		changed, err := tx.ReplaceDevices(t.Context(), devices)
		if err != nil {
			return err
		}
		for _, d := range changed {
			if _, err := tx.Append(t.Context(), store.KindDevice, d.Code, store.DeviceFact{Code: d.Code, Name: d.Name, Type: d.Type}); err != nil {
				return err
			}
		}
		return meeting.Tell(t.Context(), tx, park, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// cards adds a card that has ended, one that is valid until just now, one that is
// valid, one that begins later and one that was deleted.
func cards(t *testing.T, db *store.DB) {
	t.Helper()
	now := time.Now()
	day := func(days int) time.Time { return now.AddDate(0, 0, days) }
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for _, c := range []store.Card{
			{From: day(-9), To: day(-1)}, {From: day(-9), To: now}, {From: day(-1), To: day(1)}, {From: day(1), To: day(2)}, {From: day(-1), To: day(1)},
		} {
			c.CarType, c.Spaces = 2, 1
			if _, err := tx.InsertCard(t.Context(), c); err != nil {
				return err
			}
		}
		return tx.DeleteCard(t.Context(), 5, now)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFreshInstallationTellsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		begin(t, db, park, []store.Device{{Code: "C1", Type: 2}, {Code: "G1", Type: 4}}, "mall", "city")
		stop := daily(t, db, uplink.DailyConfig{Park: park, ParkCode: "7"})
		stop()
		want := []string{"device C1", "device G1", "park ", "areas "}
		got, _ := rows(t, db)
		check(t, "the journal", got, want)
		for _, name := range []string{"mall", "city"} {
			p := &platform{}
			u, _ := start(t, named(db, name, p))
			synctest.Wait()
			check(t, name, p.taken(), []string{"ParkingDevice C1", "ParkingDevice G1", "ParkingInfo", "AreaInfo"})
			settled(t, u, 4)
		}
	})
}

func TestPlatformThatIsAddedLaterIsToldWhatHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		list := []store.Device{{Code: "C1", Type: 2}, {Code: "G1", Type: 4}}
		begin(t, db, park, list, "mall")
		daily(t, db, uplink.DailyConfig{Park: park, ParkCode: "7"})()
		mall := &platform{}
		u, stop := start(t, named(db, "mall", mall))
		appendRows(t, db, entry("京A1"), spaces(9), card(3, ""), spaces(8), exit("京A1"))
		cards(t, db)
		synctest.Wait()
		stop()
		known := len(mall.taken())
		if s := u.Status(); s.Cursor != 9 {
			t.Fatalf("Status = %+v, want all told", s)
		}

		// The next start: a platform more, a device that is new and one with
		// another name.
		elapse(time.Hour)
		list[1].Name = "入口"
		begin(t, db, park, append(list, store.Device{Code: "L1", Type: 3}), "mall", "city")
		daily(t, db, uplink.DailyConfig{Park: park, ParkCode: "7"})()
		appendRows(t, db, state("G1", "0"), card(3, ""), entry("京A2"))
		city := &platform{}
		start(t, named(db, "city", city))
		_, stop = start(t, named(db, "mall", mall))
		synctest.Wait()
		stop()
		check(t, "the new one", city.taken(), []string{
			"ParkingDevice G1", "ParkingDevice L1", "CarCard 3", "CarCard 4", "ParkingInfo", "AreaInfo", "ParkingDevice C1",
			"FreeParkingSpace 8", "DeviceState G1 0", "CarCard 3", "CarInInfo 京A2",
		})
		check(t, "the old one", mall.taken()[known:], []string{
			"ParkingDevice G1", "ParkingDevice L1", "ParkingInfo", "AreaInfo", "ParkingDevice C1", "FreeParkingSpace 8", "DeviceState G1 0",
			"CarCard 3", "CarInInfo 京A2",
		})

		// Nobody is new at the start after that.
		before, _ := rows(t, db)
		begin(t, db, park, append(list, store.Device{Code: "L1", Type: 3}), "mall", "city")
		daily(t, db, uplink.DailyConfig{Park: park, ParkCode: "7"})()
		after, _ := rows(t, db)
		check(t, "the journal after another start", after, before)
	})
}

// The day's minute passed while the agent was off, and it comes back with a
// platform more.
func TestFirstContactIsTheDaysReportAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		list := []store.Device{{Code: "G1", Type: 4}}
		begin(t, db, park, list, "mall")
		daily(t, db, uplink.DailyConfig{Park: park, ParkCode: "7"})()
		elapse(50 * time.Hour)
		begin(t, db, park, list, "mall", "city")
		daily(t, db, uplink.DailyConfig{Park: park, ParkCode: "7"})()
		got, _ := rows(t, db)
		check(t, "the journal", got, []string{"device G1", "park ", "areas ", "park ", "areas ", "device G1"})
	})
}

func TestTwoPlatformsThatAreNewGetTheCardsEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		appendRows(t, db, entry("京A1"))
		cards(t, db)
		begin(t, db, park, nil, "mall", "city")
		for _, name := range []string{"mall", "city"} {
			p := &platform{}
			u, _ := start(t, named(db, name, p))
			synctest.Wait()
			check(t, name, p.taken(), []string{"CarCard 2", "CarCard 3", "CarCard 4"})
			settled(t, u, 7)
		}
		e, err := db.LastOf(t.Context(), store.KindCard, "card:4")
		if err != nil {
			t.Fatal(err)
		}
		if f := fact[store.CardFact](t, e); f.Platform != "city" || f.Act != "first contact" || f.CarType != 2 {
			t.Errorf("the last row is %+v", f)
		}
	})
}

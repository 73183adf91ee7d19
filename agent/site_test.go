package agent

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/store"
)

func TestTheStartMeetsPlatformsThatAreNew(t *testing.T) {
	db, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/park.db"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // nothing is written by then
	site := smallSite(t, t.TempDir())
	site.Devices = append(site.Devices, config.Device{Code: "K1", Kind: config.KindKiosk})
	// begin starts with these platforms and returns the rows that it added.
	begin := func(platforms ...string) (lines []string) {
		t.Helper()
		head, err := db.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		site.Platforms = nil
		for _, name := range platforms {
			site.Platforms = append(site.Platforms, config.Platform{Name: name})
		}
		a, err := New(Config{Site: site, Devices: Devices{
			Gates: map[string]lane.Gate{"G1": stillGate{}}, Cameras: map[string]lane.Camera{"C1": deafCamera{}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.syncSite(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		rows, err := db.After(t.Context(), head, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range rows {
			lines = append(lines, fmt.Sprintf("%s %s", e.Kind, e.Key))
		}
		return lines
	}
	check := func(what string, got []string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("the first start", begin("mall"), "device G1", "device C1", "device K1", "device_state K1")
	check("the second", begin("mall"), "device_state K1")
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		now := time.Now()
		_, err := tx.InsertCard(t.Context(), store.Card{CarType: 2, Spaces: 1, From: now.Add(-time.Hour), To: now.Add(time.Hour)})
		if err != nil {
			return err
		}
		_, err = tx.Append(t.Context(), store.KindPark, "", store.ParkFact{Name: "as it was called"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	check("with a platform more", begin("mall", "city"), "device_state K1", "card card:1", "park ", "device C1", "device G1", "device K1")
	e, err := db.LastOf(t.Context(), store.KindPark, "")
	if want := `{"name":"P","places":5,"areas":[{"code":1,"name":"A","type":0,"places":5}]}`; err != nil || string(e.Body) != want {
		t.Errorf("the car park is told as %s, %v, want %s", e.Body, err, want)
	}
	check("the last start", begin("city", "mall"), "device_state K1")
}

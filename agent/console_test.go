package agent

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"parkagent/agent/booth"
	"parkagent/agent/lane"
	"parkagent/store"
)

// An agent without a pay machine answers booths where the configuration gives the
// address. An operator who is added while it runs may sign in, and a page that
// follows the lanes keeps no stop waiting.
func TestAnAgentAnswersBooths(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	site := smallSite(t, dir)
	site.Console.Booths = true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Config{Site: site, Clock: noon(), ConsoleListener: l, Devices: Devices{
		Gates: map[string]lane.Gate{"G1": stillGate{}}, Cameras: map[string]lane.Camera{"C1": deafCamera{}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }() // until stop
	rowsOf(t, dir, store.KindDeviceState, "G1", 1)
	addOperator(t, site.Store.Dir)

	url := "http://" + l.Addr().String() + "/booth/"
	var in struct{ Data struct{ Token string } }
	call(t, url+"login", "", `{"name":"li","password":"correct horse"}`, &in)
	var seen struct {
		Data struct{ Lanes []struct{ Lane, Arm string } }
	}
	call(t, url+"lanes", in.Data.Token, "", &seen)
	if lanes := seen.Data.Lanes; len(lanes) != 1 || lanes[0].Lane != "IN1" {
		t.Errorf("lanes = %+v", lanes)
	}
	call(t, url+"gate/open", in.Data.Token, `{"lane":"IN1","reason":"ambulance"}`, &struct{}{})
	rows := rowsOf(t, dir, store.KindCommand, "G1", 2)
	if rows != 2 {
		t.Errorf("the opening is %d rows of the journal, want what was decided and what came of it", rows)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+in.Data.Token)
	stream, err := http.DefaultClient.Do(req)
	if err != nil || stream.StatusCode != http.StatusOK {
		t.Fatalf("events: %v, %v", stream, err)
	}
	defer func() { _ = stream.Body.Close() }()
	began := time.Now()
	stop()
	if err := <-ended; err != nil || time.Since(began) > stopTimeout {
		t.Errorf("stop = %v after %v, want nil at once", err, time.Since(began))
	}
}

// addOperator does what the command operator does.
func addOperator(t *testing.T, dir string) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Path: dir + "/park.db"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // what it wrote is committed
	staff, err := booth.New(booth.Config{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	if err := staff.Add(t.Context(), booth.Applicant{Name: "li", Password: "correct horse", Role: booth.RoleOperator, By: "command"}); err != nil {
		t.Fatal(err)
	}
}

// call makes a call of a booth that has to succeed.
func call(t *testing.T, url, token, body string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // it is read whole
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s is answered %d, %v", url, resp.StatusCode, err)
	}
}

package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/booth"
	"parkagent/agent/lane"
	"parkagent/drivers"
	"parkagent/store"
)

func TestTheLanesAsABoothSeesThem(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	var card int64
	r.did(r.db.Update(t.Context(), func(tx *store.Tx) (err error) {
		card, err = tx.InsertCard(t.Context(), store.Card{Name: "monthly", Owner: "Ms Chen", CarType: 3, Spaces: 1})
		return err
	}))
	s := r.park(store.Session{Plate: "粤B12345", EntryImage: "entered.jpg", CarType: 3, Card: card})
	r.did(r.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ReplaceDevices(t.Context(), []store.Device{{Code: "G1"}, {Code: "G2"}})
		if err != nil {
			return err
		}
		if _, err := tx.SetDeviceState(t.Context(), "G1", "0", "", noon); err != nil {
			return err
		}
		if _, err := tx.SetDeviceState(t.Context(), "G2", "1", "no answer", noon); err != nil {
			return err
		}
		return tx.SetLaneCar(t.Context(), store.LaneCar{Lane: "OUT1", Session: s.ID, Since: noon})
	}))
	r.in.set(func(w *worker) {
		w.snapshot = lane.Snapshot{
			Gate: drivers.GateState{Arm: drivers.ArmDown, Presence: drivers.PresenceOccupied},
			Car:  lane.Car{Plate: "京A00001", Reason: access.ReasonBlacklist, Image: "now.jpg"},
		}
	})
	r.out.set(func(w *worker) { w.snapshot = lane.Snapshot{Held: true, Waiting: true, Plate: "粤B12345"} })
	r.after(90 * time.Minute)
	got := does[map[string]any](r, booth.RoleInstaller, "lanes", nil)
	car := func(more map[string]any) map[string]any {
		c := map[string]any{
			"plateNo": "", "cardNo": "", "session": "", "carType": 0.0, "owner": "", "entered": "", "total": 0.0, "payable": 0.0,
			"trouble": "", "reason": "", "image": "", "entryImage": "",
		}
		for k, v := range more {
			c[k] = v
		}
		return c
	}
	want := map[string]any{"lanes": []any{
		map[string]any{
			"lane": "IN1", "name": "入口1", "entry": true, "arm": "down", "presence": "occupied", "held": false, "waiting": false, "passing": false,
			"faults": []any{}, "car": car(map[string]any{"plateNo": "京A00001", "reason": "blacklist", "image": "http://box/now.jpg"}),
		},
		map[string]any{
			"lane": "OUT1", "name": "出口1", "entry": false, "arm": "unknown", "presence": "unknown", "held": true, "waiting": true, "passing": false,
			"faults": []any{map[string]any{"device": "G2", "remark": "no answer", "since": "2026-03-02 12:00:00"}},
			"car": car(map[string]any{
				"plateNo": "粤B12345", "session": s.ID, "carType": 3.0, "owner": "Ms Chen", "entered": "2026-03-02 12:00:00",
				"total": 1000.0, "payable": 1000.0, "entryImage": "http://box/entered.jpg",
			}),
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lanes (-want +got):\n%s", diff)
	}
}

// follow opens a stream and returns what reads its next event, as far as it is one
// of lanes.
func (r *boothRig) follow(ctx context.Context) (next func() map[string]any, ended func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // one that never ends has failed
	r.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/booth/events", nil)
	r.did(err)
	req.AddCookie(&http.Cookie{Name: "parkagent_booth", Value: r.token(booth.RoleOperator)})
	resp, err := http.DefaultClient.Do(req)
	r.did(err)
	r.t.Cleanup(func() { _ = resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		r.t.Fatalf("the stream is answered %d, %s", resp.StatusCode, got)
	}
	lines := bufio.NewScanner(resp.Body)
	return func() map[string]any {
			for lines.Scan() {
				if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
					var v map[string]any
					r.did(json.Unmarshal([]byte(text), &v))
					return v
				}
			}
			r.t.Fatalf("the stream ended: %v", lines.Err())
			return nil
		}, func() bool {
			for lines.Scan() {
				_ = lines.Text() // whatever was on its way
			}
			return lines.Err() == nil
		}
}

func TestAPageFollowsTheLanes(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	next, ended := r.follow(t.Context())
	plate := func(v map[string]any) any {
		car, _ := v["lanes"].([]any)[0].(map[string]any)["car"].(map[string]any)
		return car["plateNo"]
	}
	if got := plate(next()); got != nil {
		t.Errorf("at first there is %v", got)
	}
	r.in.set(func(w *worker) { w.snapshot.Car.Plate = "粤B12345" })
	if got := plate(next()); got != "粤B12345" {
		t.Errorf("after a car came there is %v", got)
	}
	does[any](r, booth.RoleOperator, "logout", nil)
	if !ended() {
		t.Error("the stream broke off, want its end with the sign-in")
	}
}

func TestTheStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	next, ended := r.follow(t.Context())
	next()
	r.booths.Close()
	if !ended() {
		t.Error("the stream broke off")
	}
}

// A connection is what a handler sees of one, as far as deadlines go.
type connection struct {
	*httptest.ResponseRecorder
	read []time.Time
}

func (c *connection) SetReadDeadline(t time.Time) error {
	c.read = append(c.read, t)
	return nil
}

func (*connection) SetWriteDeadline(time.Time) error { return errors.New("nobody listens") }

// The server's deadline for reading a request would end a stream with it.
func TestAStreamOutlivesTheServersDeadline(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/booth/events", nil)
	req.Header.Set("Authorization", "Bearer "+r.token(booth.RoleOperator))
	c := &connection{ResponseRecorder: httptest.NewRecorder()}
	r.booths.ServeHTTP(c, req)
	if n := len(c.read); n == 0 || !c.read[n-1].IsZero() {
		t.Errorf("deadlines for reading: %v, want none at last", c.read)
	}
}

func TestTooManyStreams(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 16 {
		next, _ := r.follow(ctx)
		next()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/booth/events", nil)
	r.did(err)
	req.Header.Set("Authorization", "Bearer "+r.token(booth.RoleOperator))
	if a := r.send(req); a.status != http.StatusServiceUnavailable || a.msg != "Too many pages are open, please close some." {
		t.Errorf("one more stream is answered %+v", a)
	}
}

// Whoever opens a gate says why, and a picture is taken of it.
func TestAGateIsMoved(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	const missing = "The parameter reason is required."
	for _, call := range []string{"gate/open", "gate/hold", "pass", "lane/plate"} {
		r.refuses(booth.RoleOperator, call, map[string]any{"lane": "IN1", "plateNo": "粤B12345", "reason": " "}, missing)
	}
	r.refuses(booth.RoleOperator, "gate/open", map[string]any{"lane": "X", "reason": "x"}, "There is no such lane.")
	if len(r.in.commands)+len(r.in.releases)+len(r.in.fixes) > 0 {
		t.Fatalf("refused calls moved the gate: %+v", r.in.commands)
	}
	does[any](r, booth.RoleOperator, "gate/open", map[string]any{"lane": "IN1", "reason": " ambulance "})
	r.in.set(func(w *worker) { w.photo = "" })
	does[any](r, booth.RoleInstaller, "gate/hold", map[string]any{"lane": "IN1", "reason": "test"})
	does[any](r, booth.RoleInstaller, "gate/release", map[string]any{"lane": "IN1"})
	does[any](r, booth.RoleManager, "gate/close", map[string]any{"lane": "IN1"})
	does[any](r, booth.RoleInstaller, "gate/stop", map[string]any{"lane": "IN1"})
	does[any](r, booth.RoleOperator, "gate/stop", map[string]any{"lane": "IN1", "reason": " a child "})
	want := []lane.Command{
		{Op: lane.OpOpen, Client: "li", Reason: "ambulance", Picture: "in.jpg"}, {Op: lane.OpHold, Client: "zhang", Reason: "test"},
		{Op: lane.OpRelease, Client: "zhang"}, {Op: lane.OpClose, Client: "wang"},
		{Op: lane.OpStop, Client: "zhang"}, {Op: lane.OpStop, Client: "li", Reason: "a child"},
	}
	for i := range r.in.commands {
		if !strings.HasPrefix(r.in.commands[i].Address, "127.0.0.1:") {
			t.Errorf("address = %q", r.in.commands[i].Address)
		}
		r.in.commands[i].Address = ""
	}
	if diff := cmp.Diff(want, r.in.commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	r.in.set(func(w *worker) { w.err = gateFails })
	r.refuses(booth.RoleOperator, "gate/open", map[string]any{"lane": "IN1", "reason": "x"}, "The gate did not open, please try again or call the operator.")
	r.in.set(func(w *worker) { w.err = lane.ErrBusy })
	if a := r.try(booth.RoleOperator, "gate/open", map[string]any{"lane": "IN1", "reason": "x"}); a.code != 1 || a.msg == "" || a.status != 200 {
		t.Errorf("a busy lane is answered %+v", a)
	}
	r.in.set(func(w *worker) { w.err = errors.New("disk full") })
	if a := r.try(booth.RoleOperator, "gate/open", map[string]any{"lane": "IN1", "reason": "x"}); a.status != 500 {
		t.Errorf("a fault is answered %+v", a)
	}
}

func TestACarIsLetThroughAndCorrected(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.out.set(func(w *worker) {
		w.verdict = access.Verdict{Open: true, Reason: "released", Session: "S1", Plate: "粤B12345"}
	})
	got := does[map[string]any](r, booth.RoleOperator, "pass", map[string]any{"lane": "OUT1", "reason": "paid in cash yesterday"})
	want := map[string]any{"open": true, "reason": "released", "plateNo": "粤B12345", "session": "S1", "payable": 0.0, "image": "http://box/out.jpg"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pass (-want +got):\n%s", diff)
	}
	if len(r.out.releases) != 1 || r.out.releases[0].Client != "li" || r.out.releases[0].Reason != "paid in cash yesterday" || r.out.releases[0].Picture != "out.jpg" {
		t.Errorf("the lane was told %+v", r.out.releases)
	}
	r.out.set(func(w *worker) {
		w.verdict, w.err = access.Verdict{Reason: access.ReasonDue, Plate: "粤B12345", Payable: 500}, &lane.RefusedError{Reason: access.ReasonDue}
	})
	got = does[map[string]any](r, booth.RoleOperator, "lane/plate", map[string]any{"lane": "OUT1", "plateNo": "粤b-12345", "reason": "mud"})
	want = map[string]any{"open": false, "reason": "due", "plateNo": "粤B12345", "session": "", "payable": 500.0, "image": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lane/plate (-want +got):\n%s", diff)
	}
	if len(r.out.fixes) != 1 || r.out.fixes[0].Plate != "粤B12345" || r.out.fixes[0].Reason != "mud" || r.out.fixes[0].Client != "li" {
		t.Errorf("the lane was told %+v", r.out.fixes)
	}
}

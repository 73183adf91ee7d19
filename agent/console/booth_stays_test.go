package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/agent/access"
	"parkagent/agent/booth"
	"parkagent/agent/lane"
	"parkagent/store"
)

// plates returns the plates of a list of stays.
func plates(list any) []string {
	var all []string
	for _, s := range list.([]any) {
		all = append(all, s.(map[string]any)["plateNo"].(string))
	}
	return all
}

// amended returns what the journal says of stays that were put right.
func (r *boothRig) amended() []store.AmendFact {
	return facts[store.AmendFact](r, store.KindAmend)
}

func TestStaysArePutRight(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	misread := r.park(store.Session{Plate: "粤B12345"})
	ghost := r.park(store.Session{Plate: "粤B1234S"})
	gone := r.park(store.Session{Plate: "京A11111"})
	for _, call := range []string{"plate", "merge", "close"} {
		r.refuses(booth.RoleManager, call, map[string]any{"session": gone.ID, "plateNo": "京A1", "ghost": ghost.ID, "real": gone.ID}, "The parameter reason is required.")
	}
	r.refuses(booth.RoleOperator, "plate", map[string]any{"session": misread.ID, "plateNo": "京a11111", "reason": "x"},
		"A car with this plate is inside; please check, or merge the two stays.")
	r.refuses(booth.RoleOperator, "plate", map[string]any{"session": "S9", "plateNo": "京A11112", "reason": "x"}, "No such car is inside.")
	r.refuses(booth.RoleManager, "merge", map[string]any{"ghost": ghost.ID, "real": ghost.ID, "reason": "x"}, "Both are the same stay.")
	got := does[map[string]any](r, booth.RoleOperator, "plate", map[string]any{"session": misread.ID, "plateNo": "粤b-12346", "reason": "mud"})
	want := map[string]any{
		"session": misread.ID, "plateNo": "粤B12346", "cardNo": "", "carType": 0.0, "area": 0.0, "entered": "2026-03-02 12:00:00", "place": "", "image": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plate (-want +got):\n%s", diff)
	}
	if got := does[map[string]any](r, booth.RoleManager, "merge", map[string]any{"ghost": ghost.ID, "real": misread.ID, "reason": "read twice"}); got["session"] != misread.ID {
		t.Errorf("merge = %v", got)
	}
	does[any](r, booth.RoleManager, "close", map[string]any{"session": gone.ID, "reason": "left by the back gate"})
	open, err := r.db.OpenSessions(t.Context(), store.OpenFilter{})
	if err != nil || len(open) != 1 || open[0].Plate != "粤B12346" {
		t.Errorf("inside are %+v, %v", open, err)
	}
	facts := r.amended()
	if diff := cmp.Diff([]store.AmendFact{
		{Act: store.AmendPlate, Session: misread.ID, Plate: "粤B12346", Was: "粤B12345", Reason: "mud", Client: "li"},
		{Act: store.AmendMerge, Session: ghost.ID, Plate: "粤B12346", Was: "粤B1234S", Into: misread.ID, Reason: "read twice", Client: "wang"},
		{Act: store.AmendClose, Session: gone.ID, Plate: "京A11111", Reason: "left by the back gate", Client: "wang"},
	}, facts, cmpopts.IgnoreFields(store.AmendFact{}, "Address")); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

// A car that was refused at an exit, because its entry was misread, is decided on
// anew when its stay gets the right plate, and at no other lane.
func TestACarThatWaitsAtAnExitIsDecidedOnWhenItsStayIsPutRight(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		where func(*boothRig) *worker
		car   lane.Car
		want  bool
	}{
		{"it waits", func(r *boothRig) *worker { return r.out }, lane.Car{Plate: "粤B12346", Reason: access.ReasonNoSession}, true},
		{"another waits", func(r *boothRig) *worker { return r.out }, lane.Car{Plate: "粤B99999"}, false},
		{"it is known there", func(r *boothRig) *worker { return r.out }, lane.Car{Plate: "粤B12346", Session: "S1"}, false},
		{"it stands at an entry", func(r *boothRig) *worker { return r.in }, lane.Car{Plate: "粤B12346"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newBoothRig(t, "en")
			s := r.park(store.Session{Plate: "粤B12345"})
			tt.where(r).set(func(w *worker) { w.snapshot.Car = tt.car })
			r.out.set(func(w *worker) { w.err = lane.ErrBusy }) // the stay is right all the same
			does[any](r, booth.RoleOperator, "plate", map[string]any{"session": s.ID, "plateNo": "粤B12346", "reason": "mud"})
			var want []lane.Correction
			if tt.want {
				want = []lane.Correction{{Plate: "粤B12346", Reason: "mud", Client: "li"}}
			}
			if diff := cmp.Diff(want, append(r.out.fixes, r.in.fixes...), cmpopts.IgnoreFields(lane.Correction{}, "Address"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the lanes were told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCarsThatHaveBeenInsideForLong(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	for i, plate := range []string{"粤B11111", "粤B22222", "粤B33333"} {
		r.after(time.Duration(i) * time.Hour)
		r.park(store.Session{Plate: plate})
	}
	first := does[map[string]any](r, booth.RoleOperator, "overdue", map[string]any{"before": "2026-03-02 13:30", "limit": 1})
	second := does[map[string]any](r, booth.RoleOperator, "overdue", map[string]any{"before": "2026-03-02 13:30", "limit": 1, "after": first["next"]})
	if diff := cmp.Diff([]string{"粤B11111", "粤B22222"}, append(plates(first["stays"]), plates(second["stays"])...)); diff != "" || second["next"] != "" {
		t.Errorf("overdue, then %v (-want +got):\n%s", second["next"], diff)
	}
	r.refuses(booth.RoleOperator, "overdue", nil, "The parameter before is required.")
}

// Whoever walks the lot brings a list, which is compared first.
func TestAWalkThroughTheLot(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	for _, plate := range []string{"粤B11111", "粤B88888", "粤B33333"} {
		r.park(store.Session{Plate: plate})
	}
	r.after(2 * time.Hour)
	r.park(store.Session{Plate: "粤B44444"}) // after the walk had begun
	r.after(3 * time.Hour)
	const list = "车牌,位置\r\n粤B11111,A\r\n粤B8888B,B\r\n京A00001,C\r\n"
	upload := func(query, list string) answer {
		req := r.request(booth.RoleManager, "walk?"+query, list)
		req.Header.Set("Content-Type", "text/csv")
		return r.send(req)
	}
	const began = "before=2026-03-02+13:00:00"
	seen := upload(began, list)
	if seen.status != http.StatusOK || seen.code != 0 {
		t.Fatalf("a dry run is answered %+v", seen)
	}
	near := seen.data["near"].([]any)
	if diff := cmp.Diff([]string{"粤B33333"}, plates(seen.data["missing"])); diff != "" || len(near) != 1 || near[0].(map[string]any)["seen"] != "粤B8888B" ||
		plates(near)[0] != "粤B88888" || seen.data["unknown"].([]any)[0] != "京A00001" || seen.data["applied"] != false || seen.data["seen"] != 3.0 {
		t.Errorf("a dry run: %v\n%s", seen.data, diff)
	}
	if n := len(r.amended()); n > 0 {
		t.Errorf("a dry run has put %d stays right", n)
	}
	for name, tt := range map[string]struct{ query, list, want string }{
		"without a reason":   {began + "&apply=true", list, "The parameter reason is required."},
		"without its time":   {"apply=true&reason=walk", list, "The parameter before is required."},
		"with odd lines":     {began + "&apply=1&reason=walk", list + "粤B3333?,D\r\n", "Some lines of the list are no plate (see unread); please mend them before stays are closed."},
		"with an odd flag":   {began + "&apply=maybe", list, "The parameter apply is malformed."},
		"of nothing":         {began + "&apply=1&reason=walk", "", "The list is empty, or its time is in the future."},
		"of tomorrow":        {"before=2026-03-03", list, "The list is empty, or its time is in the future."},
		"that is no list":    {began, strings.Repeat("粤B12345\n", 20_001), "The list of plates cannot be read, or has more than 20000 lines."},
		"with an odd moment": {"before=soon", list, "The parameter before is malformed."},
	} {
		if a := upload(tt.query, tt.list); a.code != 1 || a.msg != tt.want {
			t.Errorf("%s: %+v, want %q", name, a, tt.want)
		}
	}
	done := does[map[string]any](r, booth.RoleManager, "walk", map[string]any{
		"plates": []string{"粤B11111", "粤B8888B", "京A00001"}, "before": "2026-03-02 13:00", "apply": true, "reason": "walk of March",
	})
	if diff := cmp.Diff([]string{"粤B33333"}, plates(done["missing"])); diff != "" || done["applied"] != true {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	facts := r.amended()
	if len(facts) != 1 || facts[0].Plate != "粤B33333" || facts[0].Act != store.AmendClose || facts[0].Client != "wang" || facts[0].Reason != "walk of March" {
		t.Errorf("journal: %+v", facts)
	}
}

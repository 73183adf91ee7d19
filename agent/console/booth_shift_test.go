package console_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/booth"
	"parkagent/store"
)

func TestAShiftAtABooth(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.refuses(booth.RoleOperator, "shift/start", map[string]any{"booth": "南门", "lanes": []string{"OUT9"}}, "There is no such lane.")
	r.refuses(booth.RoleOperator, "shift/start", map[string]any{"booth": "南门", "float": -1}, "The value of parameter float is not allowed.")
	r.refuses(booth.RoleOperator, "shift/totals", nil, "No shift has begun, please start one.")
	r.refuses(booth.RoleOperator, "shift/handover", map[string]any{"counted": 5}, "No shift has begun, please start one.")
	begun := does[map[string]any](r, booth.RoleOperator, "shift/start", map[string]any{"booth": "南门", "lanes": []string{"OUT1"}, "float": 20000})
	want := map[string]any{
		"shift": 1.0, "operator": "li", "booth": "南门", "lanes": []any{"OUT1"}, "from": "2026-03-02 12:00:00", "to": "",
		"float": 20000.0, "counted": 0.0, "expected": 0.0, "note": "",
	}
	if diff := cmp.Diff(want, begun); diff != "" {
		t.Errorf("start (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(begun, does[map[string]any](r, booth.RoleOperator, "me", nil)["shift"]); diff != "" {
		t.Errorf("me (-want +got):\n%s", diff)
	}
	r.refuses(booth.RoleManager, "shift/start", map[string]any{"booth": "南门"}, "Somebody is on shift in this booth and has to hand over first.")
	r.after(8 * time.Hour)
	done := does[map[string]any](r, booth.RoleOperator, "shift/handover", map[string]any{"counted": 19900, "note": "one short", "next": "wang", "left": 10000})
	totals := map[string]any{
		"float": 20000.0, "cashIn": 0.0, "changeOut": 0.0, "cashBack": 0.0, "drawer": 20000.0, "other": 0.0, "discounts": 0.0, "orphans": 0.0,
		"rows": 0.0, "carsIn": 0.0, "carsOut": 0.0, "unpaid": 0.0, "openings": map[string]any{},
	}
	if diff := cmp.Diff(totals, done["totals"]); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if next, _ := done["next"].(map[string]any); next["operator"] != "wang" || next["float"] != 10000.0 {
		t.Errorf("next = %v", next)
	}
	own := does[map[string]any](r, booth.RoleOperator, "shift/list", nil)["shifts"].([]any)
	all := does[map[string]any](r, booth.RoleManager, "shift/list", map[string]any{"from": "2026-03-02", "to": "2026-03-02"})["shifts"].([]any)
	if len(own) != 1 || len(all) != 2 || own[0].(map[string]any)["expected"] != 20000.0 || own[0].(map[string]any)["counted"] != 19900.0 {
		t.Errorf("an operator sees %v, a manager %v", own, all)
	}
	if a := r.try(booth.RoleOperator, "shift/totals", map[string]any{"shift": 2}); a.status != 403 {
		t.Errorf("another's shift is answered %+v", a)
	}
	if got := does[map[string]any](r, booth.RoleManager, "shift/totals", map[string]any{"shift": 1}); got["operator"] != "li" {
		t.Errorf("a manager sees %v", got)
	}
	if none := does[map[string]any](r, booth.RoleManager, "shift/list", map[string]any{"to": "2026-03-01"})["shifts"].([]any); len(none) > 0 {
		t.Errorf("the day before has %v", none)
	}
	r.refuses(booth.RoleManager, "shift/list", map[string]any{"from": "2026-03-02", "to": "2026-03-01"}, "The period ends before it begins.")
}

// Somebody went home with his shift open: the booth must not stay his.
func TestAManagerEndsAForgottenShift(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.onShift(booth.RoleOperator, "南门")
	r.onShift(booth.RoleManager, "北门")
	r.token(booth.RoleInstaller) // he is there
	if a := r.try(booth.RoleOperator, "shift/handover", map[string]any{"operator": "wang", "counted": 0}); a.status != 403 {
		t.Errorf("an operator ends another's shift: %+v", a)
	}
	r.refuses(booth.RoleManager, "shift/handover", map[string]any{"operator": "li", "counted": 10000, "next": "zhang"}, "An operator of that role cannot be on shift.")
	done := does[map[string]any](r, booth.RoleManager, "shift/handover", map[string]any{"operator": "li", "counted": 10000})
	if ended := done["ended"].(map[string]any); ended["operator"] != "li" || done["next"] != nil {
		t.Errorf("handover = %v", done)
	}
	all := facts[store.ShiftFact](r, store.KindShift)
	if last := all[len(all)-1]; last.Operator != "li" || last.By != "wang" || last.ToMs == 0 {
		t.Errorf("journal = %+v", last)
	}
	r.onShift(booth.RoleOperator, "南门")
}

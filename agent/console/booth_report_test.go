package console_test

import (
	"database/sql"
	"encoding/csv"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parkagent/agent/booth"
	"parkagent/store"
)

// takings makes three stays of which li and wang each take the fee.
func (r *boothRig) takings() {
	r.t.Helper()
	r.onShift(booth.RoleOperator, "南门")
	r.onShift(booth.RoleManager, "北门")
	for i, plate := range []string{"粤B11111", "粤B22222", "粤B33333"} {
		r.park(store.Session{Plate: plate})
		r.after(time.Duration(i+1) * time.Hour)
		role := booth.RoleOperator
		if i == 2 {
			role = booth.RoleManager
		}
		does[any](r, role, "cash", map[string]any{"orderNo": r.order(plate), "given": 500})
	}
}

func TestReportsByPagesAndWhoSeesThem(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.takings()
	first := does[map[string]any](r, booth.RoleManager, "report/takings", map[string]any{"limit": 2, "from": "2026-03-02", "to": "2026-03-02"})
	second := does[map[string]any](r, booth.RoleManager, "report/takings", map[string]any{"limit": 2, "after": first["next"]})
	if len(first["rows"].([]any)) != 2 || first["next"] == "" || len(second["rows"].([]any)) != 1 || second["next"] != "" {
		t.Errorf("pages: %v and %v", first, second)
	}
	if totals := first["totals"].(map[string]any); totals["rows"] != 3.0 || totals["amount"] != 1500.0 {
		t.Errorf("totals = %v", totals)
	}
	own := does[map[string]any](r, booth.RoleOperator, "report/takings", map[string]any{"operator": "wang"})
	if totals := own["totals"].(map[string]any); totals["rows"] != 2.0 || totals["amount"] != 1000.0 {
		t.Errorf("an operator sees %v, want his own", totals)
	}
	for name, fields := range map[string]map[string]any{
		"a booth": {"booth": "北门"}, "a shift": {"shift": 2}, "an operator": {"operator": "wang"}, "a plate": {"plateNo": "b333"}, "an hour": {"from": "2026-03-02 14:30"},
	} {
		if got := does[map[string]any](r, booth.RoleManager, "report/takings", fields)["totals"].(map[string]any); got["rows"] != 1.0 || got["amount"] != 500.0 {
			t.Errorf("of %s: %v, want one row", name, got)
		}
	}
	if got := does[map[string]any](r, booth.RoleOperator, "report/inside", nil)["totals"].(map[string]any); got["rows"] != 3.0 {
		t.Errorf("inside: %v", got)
	}
	r.refuses(booth.RoleManager, "report/takings", map[string]any{"after": "x"}, "The parameter after is none that was answered.")
	r.refuses(booth.RoleManager, "report/takings", map[string]any{"from": "yesterday"}, "The parameter from is malformed.")
}

func TestAReportForASpreadsheet(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.takings()
	resp, err := http.DefaultClient.Do(r.request(booth.RoleManager, "report/takings", `{"format":"csv","language":"zh-CN"}`))
	r.did(err)
	defer func() { _ = resp.Body.Close() }() // it is read whole
	text, err := io.ReadAll(resp.Body)
	r.did(err)
	if got := resp.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" || resp.Header.Get("Content-Disposition") != `attachment; filename="takings-20260302-150000.csv"` {
		t.Errorf("headers = %v", resp.Header)
	}
	body, ok := strings.CutPrefix(string(text), "\ufeff")
	lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if !ok || err != nil || len(lines) != 5 || lines[0][0] != "时间" || lines[4][0] != "合计" || lines[4][6] != "15.00" {
		t.Errorf("the report is %q, %v", text, err)
	}
}

// Half a report must not be taken for a whole one.
func TestAReportThatBreaksOffIsNoReport(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.park(store.Session{Plate: "粤B12345"})
	r.breakLedger()
	resp, err := http.DefaultClient.Do(r.request(booth.RoleManager, "report/takings", `{"format":"csv"}`))
	if err != nil {
		return // cut before it began
	}
	defer func() { _ = resp.Body.Close() }()
	if text, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("it ends well, with %q", text)
	}
}

// breakLedger makes every look at the ledger fail, but not those at who calls.
func (r *boothRig) breakLedger() {
	r.t.Helper()
	db, err := sql.Open("sqlite", "file://"+filepath.ToSlash(r.path)) // the driver comes with the store
	r.did(err)
	defer func() { _ = db.Close() }() // what it did is checked
	_, err = db.ExecContext(r.t.Context(), `ALTER TABLE payments RENAME TO gone`)
	r.did(err)
}

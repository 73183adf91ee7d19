package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parkagent/drivers"
	"parkagent/store"
)

var (
	errGone   = fmt.Errorf("%w: no answer", drivers.ErrOffline)
	errLimits = Of(drivers.FaultLimits)
)

// books are a store with one device, and the states that platforms are told.
func books(t *testing.T) (*store.DB, func() []string) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "park.db")})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ReplaceDevices(t.Context(), []store.Device{{Code: "G1"}})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return db, func() []string {
		rows, err := db.After(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, e := range rows {
			if e.Kind != store.KindDeviceState {
				continue
			}
			var f store.DeviceFact
			if err := json.Unmarshal(e.Body, &f); err != nil {
				t.Fatal(err)
			}
			told = append(told, strings.TrimSpace(f.Status+" "+f.Remark))
		}
		return told
	}
}

func TestWhatIsToldOfADevice(t *testing.T) {
	type look struct {
		after time.Duration
		err   error
	}
	tests := []struct {
		name  string
		looks []look
		want  []string
	}{
		{"one that is well", []look{{0, nil}, {time.Second, nil}}, []string{"0"}},
		{"a failure is told at once", []look{{0, nil}, {time.Second, errGone}}, []string{"0", "1 无应答"}},
		{"one that answers again must go on doing so", []look{{0, errGone}, {time.Second, nil}}, []string{"1 无应答"}},
		{"and then is told as well", []look{{0, errGone}, {time.Second, nil}, {2 * time.Second, nil}}, []string{"1 无应答", "0"}},
		{"one that is asked seldom is believed the first time", []look{{0, errGone}, {30 * time.Second, nil}}, []string{"1 无应答", "0"}},
		{"one that comes and goes every second is one fault", []look{
			{0, nil}, {time.Second, errGone}, {time.Second, nil}, {time.Second, errGone}, {time.Second, nil}, {time.Second, errGone}, {time.Second, nil}, {time.Second, errGone},
		}, []string{"0", "1 无应答"}},
		{"one that changes between two faults is the first", []look{
			{0, errGone}, {time.Second, errLimits}, {time.Second, errGone}, {time.Second, errLimits}, {time.Second, errGone},
		}, []string{"1 无应答"}},
		{"another fault that stays is told", []look{{0, errGone}, {2 * time.Second, errLimits}, {2 * time.Second, errLimits}}, []string{"1 无应答", "11 开到位与关到位同时有效"}},
		{"one that fails again soon must be well for longer", []look{
			{0, nil}, {time.Second, errGone}, {4 * time.Second, nil}, {time.Second, errGone}, {4 * time.Second, nil}, {7 * time.Second, nil},
		}, []string{"0", "1 无应答", "0", "1 无应答", "0"}},
		{"and not only for the usual time", []look{
			{0, nil}, {time.Second, errGone}, {4 * time.Second, nil}, {time.Second, errGone}, {4 * time.Second, nil},
		}, []string{"0", "1 无应答", "0", "1 无应答"}},
		{"one that has been well for long by then need not", []look{
			{0, nil}, {time.Second, errGone}, {4 * time.Second, nil}, {time.Second, errGone}, {7 * time.Second, nil}, {2 * time.Minute, errGone}, {4 * time.Second, nil},
		}, []string{"0", "1 无应答", "0", "1 无应答", "0", "1 无应答", "0"}},
		{"however often it failed, a minute is enough", slices.Concat([]look{{0, nil}}, slices.Repeat([]look{{time.Second, errGone}, {61 * time.Second, nil}}, 8)),
			slices.Concat([]string{"0"}, slices.Repeat([]string{"1 无应答", "0"}, 8))},
		{"a fault that nobody has words for", []look{{0, &drivers.FaultError{Fault: 99, Err: errors.New("x")}}}, []string{"99 故障"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, told := books(t)
				defer func() { _ = db.Close() }()
				r := New(Config{DB: db})
				for _, l := range tt.looks {
					<-time.After(l.after)
					r.Report(t.Context(), "G1", l.err)
				}
				if diff := cmp.Diff(tt.want, told()); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestWhatTheBooksKnowIsNotToldAgain(t *testing.T) {
	db, told := books(t)
	defer func() { _ = db.Close() }()
	for range 2 { // as when a lane is started anew
		New(Config{DB: db}).Report(t.Context(), "G1", errGone)
	}
	if diff := cmp.Diff([]string{"1 无应答"}, told()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestARecoveryIsToldThoughNobodyLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, told := books(t)
		defer func() { _ = db.Close() }()
		r := New(Config{DB: db, Language: "en"})
		r.Report(t.Context(), "G1", errGone)
		<-time.After(time.Second)
		r.Report(t.Context(), "G1", nil)
		if got := r.Fault("G1"); got != drivers.FaultNone {
			t.Errorf("fault %d at the last look, want none", got)
		}
		for range 3 {
			<-time.After(time.Second)
			r.Settle(t.Context())
		}
		if diff := cmp.Diff([]string{"1 no answer", "0"}, told()); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

func TestWhatCouldNotBeBookedIsToldLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, told := books(t)
		defer func() { _ = db.Close() }()
		r := New(Config{DB: db})
		gone, cancel := context.WithCancel(t.Context())
		cancel() // as when the disk is full
		r.Report(gone, "G1", errGone)
		if got := told(); len(got) != 0 {
			t.Fatalf("told %v", got)
		}
		r.Settle(t.Context())
		if diff := cmp.Diff([]string{"1 无应答"}, told()); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// However a device behaves, a fault of a well one is told at once, nothing is told
// twice in a row, and what follows a fault has lasted for SteadyFor.
func TestNoDeviceFloodsThePlatforms(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type look struct {
			at time.Time
			f  drivers.Fault
		}
		d := &device{steady: SteadyFor}
		now, last := time.Unix(0, 0), drivers.Fault(-1)
		var looks []look
		for i := range rapid.IntRange(1, 60).Draw(rt, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(50, 8000).Draw(rt, "ms")) * time.Millisecond)
			f := rapid.SampledFrom([]drivers.Fault{drivers.FaultNone, drivers.FaultNone, drivers.FaultOffline, drivers.FaultLimits}).Draw(rt, "fault")
			looks = append(looks, look{now, f})
			d.look(f, nil, now)
			if !d.due(now) {
				if last == drivers.FaultNone && f != last {
					rt.Fatalf("look %d: fault %d of a well device is not told", i, f)
				}
				continue
			}
			d.tell(now)
			if f == last {
				rt.Fatalf("look %d: %d is told twice", i, f)
			}
			for _, l := range looks {
				if last > drivers.FaultNone && l.f != f && now.Sub(l.at) < SteadyFor {
					rt.Fatalf("look %d: %d is told, and %v ago it was %d", i, f, now.Sub(l.at), l.f)
				}
			}
			last = f
		}
	})
}

// TestFaultsAreDocumented holds the codes in package drivers, the words here and the
// tables of the guide together.
func TestFaultsAreDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../drivers/errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[drivers.Fault]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 || !strings.HasPrefix(v.Names[0].Name, "Fault") {
			return true
		}
		lit, ok := v.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		n2, err := strconv.Atoi(lit.Value)
		if err != nil {
			t.Errorf("%s = %s", v.Names[0].Name, lit.Value)
		}
		codes[drivers.Fault(n2)] = true
		return true
	})
	if len(codes) < 3 {
		t.Fatalf("found the codes %v only", codes)
	}
	for name, format := range map[string]string{"../../protocol/README.md": "| %d | %s | %s |", "../../README.md": "| %d | %s, %s |"} {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for f := range codes {
			row := strings.ReplaceAll(fmt.Sprintf(format, f, Remark(f, "zh-CN"), Remark(f, "en")), "| ,  |", "|  |")
			if !strings.Contains(string(page), row) {
				t.Errorf("%s has no row %q", name, row)
			}
		}
	}
	for _, f := range Faults() {
		if !codes[f] {
			t.Errorf("there are words for %d, and no such fault", f)
		}
		if f != drivers.FaultNone && (Remark(f, "zh-CN") == "" || Remark(f, "en") == "") {
			t.Errorf("fault %d lacks words", f)
		}
		delete(codes, f)
	}
	for f := range codes {
		t.Errorf("there are no words for fault %d", f)
	}
}

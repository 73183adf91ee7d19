package access

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// again reads the car before the entry once more, which no input has seen to go.
func (r *rig) again(first Verdict, sure int, no string, then int) Verdict {
	r.t.Helper()
	v, err := r.Enter(r.t.Context(), Approach{Lane: "IN1", Gate: "GIN1", Area: 1, Plate: no, PlateRead: no, Confidence: then, Dedupe: 30 * time.Second,
		Stands: Reading{Session: first.Session, Confidence: sure}})
	r.did(err)
	return v
}

func TestACarThatIsReadOtherwiseWhileItStandsAtTheEntryHasOneStay(t *testing.T) {
	tests := []struct {
		name       string
		sure, then int
		want       string
	}{
		{"the second reading is surer", 80, 97, "粤B12345"},
		{"the first is", 97, 80, "粤BL2345"},
		{"the camera does not tell", 0, 0, "粤BL2345"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			in := r.park("粤BL2345")
			r.now = r.now.Add(4 * time.Second)
			v := r.again(in, tt.sure, "粤B12345", tt.then)
			if v.Open || !v.Repeat || v.Session != in.Session || v.Plate != tt.want || r.session(in.Session).Plate != tt.want || r.free() != 8 {
				t.Errorf("read again = %+v, %d places free; want nothing opened and one stay of %s", v, r.free(), tt.want)
			}
			r.balanced()
		})
	}
}

func TestAReadingIsOfAnotherCarWhereItMayBe(t *testing.T) {
	tests := []struct {
		name   string
		after  time.Duration
		before func(r *rig)
		no     string
		open   bool
		why    Reason
	}{
		{"its plate is another", 4 * time.Second, nil, "粤B67890", true, ReasonTemporary},
		{"much later", 31 * time.Second, nil, "粤B12345", true, ReasonTemporary},
		{"a car of that plate is inside", 4 * time.Second, func(r *rig) { r.park("粤B12345") }, "粤B12345", true, ReasonTemporary},
		{"it is on the blacklist", 4 * time.Second, func(r *rig) { _, err := r.AddBlack(r.t.Context(), "粤B12345", "", mall); r.did(err) }, "粤B12345", false, ReasonBlacklist},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			if tt.before != nil {
				tt.before(r)
				r.now = r.now.Add(time.Hour)
			}
			in := r.park("粤BL2345")
			r.now = r.now.Add(tt.after)
			if v := r.again(in, 80, tt.no, 97); v.Open != tt.open || v.Reason != tt.why || v.Session == in.Session {
				t.Errorf("read again = %+v; want opened: %v, %q", v, tt.open, tt.why)
			}
		})
	}
}

func TestTwoStaysThatAreLikelyOneCarAreMarked(t *testing.T) {
	r := newRig(t, 9)
	ghost := r.park("粤BL2345")
	r.now = r.now.Add(4 * time.Second)
	in := r.park("粤B12345") // nothing tells whether the first has gone
	other := r.park("粤B67890")
	if a, b, c := r.session(ghost.Session).Note, r.session(in.Session).Note, r.session(other.Session).Note; c != "" ||
		a != "likely the same car as 粤B12345, read here within seconds" || b != "likely the same car as 粤BL2345, read here within seconds" {
		t.Errorf("notes = %q, %q and, of another car, %q", a, b, c)
	}
	want := []store.AmendFact{{Act: store.AmendTwin, Session: ghost.Session, Plate: "粤BL2345", Was: "粤B12345", Into: in.Session, Lane: "IN1"}}
	if diff := cmp.Diff(want, r.amendments()); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	if v := r.leave("OUT1", "粤B12345", false); !v.Open || v.Session != in.Session {
		t.Errorf("exit = %+v, want the stay with the exact plate", v)
	}
	r.did(r.Gone(t.Context(), in.Session))
	r.now = r.now.Add(time.Hour)
	r.park("粤B72345") // like it, and much later
	if len(r.amendments()) != 1 {
		t.Errorf("journal = %+v, want no further twin", r.amendments())
	}
}

package access

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func TestAMisreadCarLeavesByItsOwnStay(t *testing.T) {
	r := newRig(t, 9)
	in := r.park("粤B12345")
	r.park("粤B67890")
	r.now = morning.Add(10 * time.Minute)
	v := r.leave("OUT1", "粤BL2345", false)
	if !v.Open || v.Session != in.Session || v.Plate != "粤B12345" {
		t.Fatalf("exit = %+v, want let out as 粤B12345", v)
	}
	r.leave("OUT1", "粤BL2345", false) // journalled once
	r.did(r.Gone(t.Context(), v.Session))
	if s := r.session(in.Session); s.State != store.Left || s.Plate != "粤B12345" || s.PlateRead != "粤B12345" || s.ExitRead != "粤BL2345" {
		t.Errorf("the stay = %+v, want it to have left as it came, with what was read", s)
	}
	want := []store.AmendFact{{Act: store.AmendNear, Session: in.Session, Plate: "粤B12345", Was: "粤BL2345", Lane: "OUT1"}}
	if diff := cmp.Diff(want, r.amendments()); diff != "" {
		t.Errorf("amendments (-want +got):\n%s", diff)
	}
	r.balanced()
}

// amendments are the amendments of the journal, oldest first.
func (r *rig) amendments() (list []store.AmendFact) {
	r.t.Helper()
	rows, err := r.db.After(r.t.Context(), 0, 1000)
	r.did(err)
	for _, e := range rows {
		if e.Kind == store.KindAmend {
			var f store.AmendFact
			r.did(json.Unmarshal(e.Body, &f))
			list = append(list, f)
		}
	}
	return list
}

func TestANearPlateIsTakenOnlyWhereNothingSpeaksAgainstIt(t *testing.T) {
	visit := func(r *rig, no string) {
		v := r.park(no)
		r.leave("OUT1", no, false)
		r.did(r.Gone(t.Context(), v.Session))
		r.now = r.now.Add(time.Hour)
	}
	tests := []struct {
		name   string
		policy Policy
		before func(r *rig) // the car 粤B12345 comes in afterwards
		inside func(r *rig) // and this happens while it is inside
		read   Approach
		want   Reason
	}{
		{"nothing does", Policy{}, nil, nil, Approach{Plate: "粤BL2345"}, ReasonFree},
		{"the plate of the entry is known", Policy{}, func(r *rig) { visit(r, "粤B12345") }, nil, Approach{Plate: "粤BL2345"}, ReasonFree},
		{"the plate that was read is known, and that of the entry is not", Policy{}, func(r *rig) { visit(r, "粤BL2345") }, nil, Approach{Plate: "粤BL2345"}, ReasonFree},
		{"both are known from stays before", Policy{}, func(r *rig) { visit(r, "粤BL2345"); visit(r, "粤B12345") }, nil, Approach{Plate: "粤BL2345"}, ReasonNoSession},
		{"both are known, from a card and a booking", Policy{}, func(r *rig) {
			r.give(2, 1, 0, "粤BL2345")
			r.reserve("粤B12345", store.BookMany, 0, time.Hour, false)
		}, nil, Approach{Plate: "粤BL2345"}, ReasonNoSession},
		{"another car is like it", Policy{}, nil, func(r *rig) { r.park("粤B72345") }, Approach{Plate: "粤BL2345"}, ReasonNoSession},
		{"its like has just left", Policy{}, func(r *rig) {
			v := r.park("粤B72345")
			r.leave("OUT1", "粤B72345", false)
			r.did(r.Gone(t.Context(), v.Session))
		}, nil, Approach{Plate: "粤BL2345"}, ReasonNoSession},
		{"the camera is very sure of two misread characters", Policy{}, nil, nil, Approach{Plate: "粤B1Z3A5", Confidence: 99}, ReasonNoSession},
		{"the colour of the plate is another", Policy{}, nil, nil, Approach{Plate: "粤BL2345", Color: 4}, ReasonNoSession},
		{"the camera does not tell colours", Policy{}, nil, nil, Approach{Plate: "粤BL2345", Color: -1}, ReasonFree},
		{"it stands in another area", Policy{}, nil, nil, Approach{Plate: "粤BL2345", Area: 2}, ReasonNoSession},
		{"it stands in an area within the exit's", Policy{Areas: []Area{{Code: 1, Outer: 2}}}, nil, nil, Approach{Plate: "粤BL2345", Area: 2}, ReasonFree},
		{"it stands at another exit", Policy{}, nil, func(r *rig) { r.leave("OUT2", "粤B12345", false) }, Approach{Plate: "粤BL2345"}, ReasonNoSession},
		{"plates must be exact", Policy{ExactPlates: true}, nil, nil, Approach{Plate: "粤BL2345"}, ReasonNoSession},
		{"a person says what the plate is", Policy{}, nil, nil, Approach{Plate: "粤BL2345", Told: true}, ReasonNoSession},
		{"a ticket of a car without a plate is no plate", Policy{}, nil, nil, Approach{CardNo: "粤BL2345"}, ReasonNoSession},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			r.cfg.Policy = tt.policy
			if tt.before != nil {
				tt.before(r)
			}
			r.park("粤B12345")
			if tt.inside != nil {
				tt.inside(r)
			}
			a := tt.read
			a.Lane, a.Gate, a.PlateRead = "OUT1", "GOUT1", a.Plate
			v, err := r.Leave(t.Context(), a)
			if err != nil || v.Reason != tt.want {
				t.Errorf("exit = %+v, %v; want %q", v, err, tt.want)
			}
		})
	}
}

func TestACarThatHasLeftAndIsReadOnceMoreIsNoOther(t *testing.T) {
	r := newRig(t, 9)
	r.cfg.Policy = Policy{Unknown: OpenUnknown}
	in := r.park("粤B12345")
	r.park("粤B92399") // nothing like it
	r.leave("OUT1", "粤B12345", false)
	r.did(r.Gone(t.Context(), in.Session))
	if v := r.leave("OUT1", "粤BL2345", false); v.Open || v.Reason != ReasonNoSession {
		t.Errorf("read once more, and otherwise = %+v, want nothing opened for it", v)
	}
	r.now = r.now.Add(time.Hour)
	if v := r.leave("OUT1", "粤BL2345", false); !v.Open || v.Reason != ReasonUnknown {
		t.Errorf("an hour later = %+v, want a car that nobody saw come in", v)
	}
}

func TestACarOfWhichTheExactPlateIsReadAtLastIsNotMarked(t *testing.T) {
	r := newRig(t, 9)
	in := r.park("粤B12345")
	r.now = morning.Add(2 * time.Hour)
	r.leave("OUT1", "粤BL2345", false)
	if s := r.session(in.Session); s.ExitRead != "粤BL2345" {
		t.Errorf("read otherwise = %q", s.ExitRead)
	}
	r.leave("OUT1", "粤B12345", false)
	if s := r.session(in.Session); s.ExitRead != "" {
		t.Errorf("read right at last, and marked as %q still", s.ExitRead)
	}
}

func TestACarWithoutAPlateIsNearNone(t *testing.T) {
	r := newRig(t, 9)
	r.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertSession(ctx, store.Session{ID: store.NewID(r.now), Plate: "空012345", CardNo: "T1", State: store.Inside, EnteredAt: r.now, EntryLane: "IN1"})
	})
	if v := r.leave("OUT1", "京012345", false); v.Reason != ReasonNoSession {
		t.Errorf("exit = %+v, want unknown", v)
	}
}

func TestACarThatIsLikeABlacklistedOneIsLetInAndReported(t *testing.T) {
	tests := []struct {
		name   string
		before func(r *rig)
		plate  string
		told   bool
	}{
		{"every camera takes it for the listed one", nil, "粤BL2345", true},
		{"it is like it in one of its characters only by chance", nil, "粤B92345", false},
		{"it has a card", func(r *rig) { r.give(2, 1, 0, "粤BL2345") }, "粤BL2345", false},
		{"it was here before", func(r *rig) {
			v := r.park("粤BL2345")
			r.leave("OUT1", "粤BL2345", false)
			r.did(r.Gone(t.Context(), v.Session))
			r.now = r.now.Add(time.Hour)
		}, "粤BL2345", false},
		{"plates must be exact", func(r *rig) { r.cfg.Policy.ExactPlates = true }, "粤BL2345", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			if tt.before != nil {
				tt.before(r)
			}
			id, err := r.AddBlack(t.Context(), "粤B12345", "逃费", mall)
			r.did(err)
			r.park(tt.plate)
			e, err := r.db.LastOf(t.Context(), store.KindBlackEntry, tt.plate)
			if (err == nil) != tt.told {
				t.Fatalf("reported = %+v, %v; want %v", e, err, tt.told)
			}
			if !tt.told {
				return
			}
			f := last[store.BlackFact](r, store.KindBlackEntry, tt.plate)
			if want := (store.BlackFact{Act: "near", Black: id, Plate: tt.plate, Remark: "≈粤B12345 逃费", Lane: "IN1", Place: "入口", SeenMs: store.Millis(r.now)}); f != want {
				t.Errorf("reported = %+v, want %+v", f, want)
			}
		})
	}
}

func TestAMisreadCarDoesNotLeaveAsOneThatNobodySawComeIn(t *testing.T) {
	tests := []struct {
		name   string
		exact  bool
		before func(r *rig)
		read   Approach
		want   Reason
	}{
		{"it may be one of two", false, func(r *rig) { r.park("粤B72345") }, Approach{Plate: "粤BL2345"}, ReasonNoSession},
		{"its colour was read otherwise too", false, nil, Approach{Plate: "粤BL2345", Color: 4}, ReasonNoSession},
		{"plates must be exact", true, nil, Approach{Plate: "粤BL2345"}, ReasonNoSession},
		{"it is like none inside", false, nil, Approach{Plate: "粤B67890"}, ReasonUnknown},
		{"the books know its plate", false, func(r *rig) { r.give(2, 1, 0, "粤BL2345"); r.park("粤B72345") }, Approach{Plate: "粤BL2345"}, ReasonUnknown},
		{"a person says what the plate is", false, nil, Approach{Plate: "粤BL2345", Told: true}, ReasonUnknown},
	}
	for _, policy := range []Policy{{Unknown: OpenUnknown}, {Unknown: ChargeUnknown, UnknownFee: 1}} {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				r := newRig(t, 9)
				r.cfg.Policy = policy
				r.cfg.Policy.ExactPlates = tt.exact
				r.park("粤B12345")
				if tt.before != nil {
					tt.before(r)
				}
				r.now = morning.Add(100 * time.Hour)
				a := tt.read
				a.Lane, a.Gate, a.PlateRead = "OUT1", "GOUT1", a.Plate
				v, err := r.Leave(t.Context(), a)
				if unknown := v.Open || v.Payable == 1; err != nil || unknown != (tt.want == ReasonUnknown) {
					t.Errorf("exit = %+v, %v; want %q", v, err, tt.want)
				}
			})
		}
	}
}

func TestACarThatHasLeftAndIsReadOnceMoreIsNotUnknownWherePlatesAreExact(t *testing.T) {
	r := newRig(t, 9)
	r.cfg.Policy = Policy{ExactPlates: true, Unknown: OpenUnknown}
	in := r.park("粤B12345")
	r.leave("OUT1", "粤B12345", false)
	r.did(r.Gone(t.Context(), in.Session))
	if v := r.leave("OUT1", "粤B12345", false); v.Open {
		t.Errorf("read once more = %+v, want nothing opened for it", v)
	}
}

func TestWhatACameraReadFirstAtTheEntryIsNoOtherCarAtTheExit(t *testing.T) {
	tests := []struct {
		name  string
		right string
		want  string // the plate of the stay by which it leaves
	}{
		{"it was read right before the gate opened", "粤B12345", "粤B12345"},
		{"another car came instead", "粤B67890", "粤BL2345"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			if v := r.enter("IN1", "粤BL2345"); !v.Open {
				t.Fatalf("entry = %+v", v)
			}
			r.now = r.now.Add(2 * time.Second)
			r.park(tt.right) // the gate did not open before
			r.now = r.now.Add(10 * time.Minute)
			v := r.leave("OUT1", "粤BL2345", false)
			if !v.Open || v.Plate != tt.want {
				t.Fatalf("exit = %+v, want it let out as %s", v, tt.want)
			}
			r.did(r.Gone(t.Context(), v.Session))
			if v := r.leave("OUT1", "粤BL2345", false); v.Open || v.Session != "" {
				t.Errorf("read once more = %+v, want nothing opened and no stay", v)
			}
			r.balanced()
		})
	}
}

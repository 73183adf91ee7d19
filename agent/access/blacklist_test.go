package access

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func (r *rig) blacken(no string) int64 {
	r.t.Helper()
	id, err := r.AddBlack(r.t.Context(), no, "违章停车", mall)
	r.did(err)
	return id
}

func TestABlacklistedCarIsRefusedAndReported(t *testing.T) {
	r := newRig(t, 9)
	id := r.blacken("粤B11111")
	r.give(2, 1, 0, "粤B11111")
	a := Approach{Lane: "IN1", Place: "入口1", Gate: "GIN1", Area: 1, Plate: "粤B11111", PlateRead: "粤B11111", Image: "a.jpg"}
	v, err := r.Enter(t.Context(), a)
	if want := (Verdict{Reason: ReasonBlacklist, Plate: "粤B11111"}); err != nil || v != want {
		t.Errorf("entry = %+v, %v; want %+v", v, err, want)
	}
	want := store.BlackFact{Act: "refused", Black: id, Plate: "粤B11111", Remark: "违章停车", Lane: "IN1", Place: "入口1", Image: "a.jpg", SeenMs: store.Millis(morning)}
	if diff := cmp.Diff(want, last[store.BlackFact](r, store.KindBlackEntry, "粤B11111")); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	a.Held = true
	if v, err = r.Enter(t.Context(), a); err != nil || !v.Open || v.Reason != ReasonHold {
		t.Errorf("with the gate held open = %+v, %v; want let in", v, err)
	}
	if f := last[store.BlackFact](r, store.KindBlackEntry, "粤B11111"); f.Act != "held" || f.SeenMs == 0 {
		t.Errorf("journal = %+v, want that it came in", f)
	}
	rows := len(r.kinds())
	if v, err = r.Enter(t.Context(), a); err != nil || !v.Open || len(r.kinds()) != rows+1 { // the command
		t.Errorf("told again = %+v, %v; want no second report", v, err)
	}
}

func TestABlacklistedCarThatAnOperatorLetsPassWasNotRefused(t *testing.T) {
	r := newRig(t, 9)
	r.blacken("粤B11111")
	v, err := r.Enter(t.Context(), Approach{
		Lane: "IN1", Gate: "GIN1", Area: 1, Plate: "粤B11111", PlateRead: "粤B11111", Release: &Release{Reason: "警察", By: By{Client: "李"}},
	})
	if err != nil || !v.Open || v.Reason != ReasonReleased {
		t.Fatalf("entry = %+v, %v; want let in", v, err)
	}
	if f := last[store.BlackFact](r, store.KindBlackEntry, "粤B11111"); f.Act != "released" {
		t.Errorf("journal = %+v, want that it came in", f)
	}
}

func TestPlatesOfTheBlacklistWithAndWithoutProvince(t *testing.T) {
	tests := []struct {
		name   string
		listed []string
		read   string
		want   bool
	}{
		{"the list lacks the province", []string{"B11111"}, "粤B11111", true},
		{"the camera lacks the province", []string{"粤B11111"}, "B11111", true},
		{"two fit what the camera read", []string{"粤B11111", "京B11111"}, "B11111", true},
		{"exactly, and another fits", []string{"粤B11111", "B11111"}, "粤B11111", true},
		{"another province", []string{"粤B11111"}, "京B11111", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			for _, p := range tt.listed {
				r.blacken(p)
			}
			if v := r.enter("IN1", tt.read); (v.Reason == ReasonBlacklist) != tt.want {
				t.Errorf("entry = %+v, want it refused: %v", v, tt.want)
			}
		})
	}
}

func TestEveryEntryThatFitsIsListed(t *testing.T) {
	r := newRig(t, 9)
	for _, no := range []string{"京B11111", "粤B11111", "B11111", "粤B22222"} {
		r.blacken(no)
	}
	for no, want := range map[string][]string{
		"粤B11111": {"粤B11111", "B11111"},
		"B11111":  {"B11111", "京B11111", "粤B11111"},
		"沪B11111": {"B11111"},
		"B22222":  {"粤B22222"},
		"沪B22222": nil,
	} {
		list, err := r.Blacks(t.Context(), no)
		r.did(err)
		var got []string
		for _, b := range list {
			got = append(got, b.Plate)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("entries for %s (-want +got):\n%s", no, diff)
		}
	}
}

func TestACarThatIsListedWhileItStandsAtTheEntry(t *testing.T) {
	r := newRig(t, 9)
	v := r.enter("IN1", "粤B11111") // whose gate does not open
	r.blacken("粤B11111")
	if got := r.enter("IN1", "粤B11111"); got.Open || got.Reason != ReasonBlacklist {
		t.Errorf("seen again = %+v, want refused", got)
	}
	if s := r.session(v.Session); s.State != store.Void || s.Note == "" {
		t.Errorf("its stay = %+v, want void with a note", s)
	}
	if cars, err := r.db.LaneCars(t.Context()); err != nil || len(cars) != 0 {
		t.Errorf("cars at lanes = %+v, %v; want none", cars, err)
	}
}

func TestBlacklist(t *testing.T) {
	r := newRig(t, 9)
	ctx := t.Context()
	id := r.blacken("粤b·11111")
	if again := r.blacken("粤B11111"); again != id || len(r.kinds()) != 1 {
		t.Errorf("listed again = %d, journal %v; want entry %d and no row", again, r.kinds(), id)
	}
	if again, err := r.AddBlack(ctx, "粤B11111", "欠费", mall); again != id || err != nil {
		t.Errorf("listed with another remark = %d, %v; want entry %d", again, err, id)
	}
	if f := last[store.BlackFact](r, store.KindBlack, "粤B11111"); f.Act != "edit" || f.Remark != "欠费" || f.Client != "mall" {
		t.Errorf("journal = %+v", f)
	}
	if _, err := r.AddBlack(ctx, " - ", "", mall); !errors.Is(err, ErrNoPlate) {
		t.Errorf("no plate: %v, want ErrNoPlate", err)
	}
	other := r.blacken("京B11111")
	plate, remark := "沪C33333", ""
	r.did(r.EditBlack(ctx, other, &plate, nil, mall))
	r.did(r.EditBlack(ctx, id, nil, &remark, mall))
	plate = "粤B11111"
	if err := r.EditBlack(ctx, other, &plate, nil, mall); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a plate that has an entry: %v, want ErrConflict", err)
	}
	if err := r.EditBlack(ctx, 99, &plate, nil, mall); !errors.Is(err, ErrNoBlack) {
		t.Errorf("an unknown entry: %v, want ErrNoBlack", err)
	}
	all, err := r.Blacks(ctx, "")
	r.did(err)
	if len(all) != 2 || all[0].Plate != "粤B11111" || all[0].Remark != "" || all[1].Plate != "沪C33333" || all[1].Remark != "违章停车" {
		t.Errorf("blacklist = %+v", all)
	}
	if one, err := r.Blacks(ctx, "C33333"); err != nil || len(one) != 1 || one[0].ID != other {
		t.Errorf("without the province = %+v, %v; want entry %d", one, err, other)
	}
	for range 2 {
		r.did(r.DeleteBlack(ctx, id, mall))
	}
	r.did(r.DeleteBlack(ctx, 99, mall))
	if v := r.enter("IN1", "粤B11111"); !v.Open {
		t.Errorf("after the deletion = %+v, want let in", v)
	}
	if err := r.EditBlack(ctx, id, &plate, nil, mall); !errors.Is(err, ErrNoBlack) {
		t.Errorf("edit of a deleted entry: %v, want ErrNoBlack", err)
	}
	if none, err := r.Blacks(ctx, "粤B11111"); err != nil || len(none) != 0 {
		t.Errorf("a deleted entry = %+v, %v; want none", none, err)
	}
}

package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parkagent/store"
)

// full returns a session with no field left empty.
func full() store.Session {
	return store.Session{
		ID: store.NewID(noon), Plate: "粤B12345", PlateRead: "粤812345", Color: 0, Size: 2, CarType: 2, CardNo: "2026030112000001",
		Area: 1, State: store.Left, EnteredAt: noon, EntryLane: "IN1", EntryPlace: "入口1", EntryImage: "a/in.jpg",
		LeftAt: noon.Add(time.Hour), ExitLane: "OUT1", ExitPlace: "出口1", ExitImage: "a/out.jpg",
		PaidUntil: noon.Add(50 * time.Minute), SettledFee: 700, SettledCredit: 100, Fee: 800, Credit: 200, Unpaid: 300, Over: 400, Seamless: true, Note: "读错一位",
	}
}

// gone returns the session of a car that has left after a stay of an hour.
func gone(plate string, left time.Time) store.Session {
	s := car(plate)
	s.State, s.EnteredAt, s.LeftAt, s.ExitPlace = store.Left, left.Add(-time.Hour), left, "出口1"
	return s
}

func TestSessionComesBackAsItWas(t *testing.T) {
	db := open(t)
	want := full()
	insert(t, db, want)
	got, err := db.Session(t.Context(), want.ID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("after insert, %v (-want +got):\n%s", err, diff)
	}
	want.Plate, want.State, want.LeftAt, want.Note = "粤B54321", store.Abnormal, time.Time{}, ""
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateSession(ctx, want) })
	got, err = db.Session(t.Context(), want.ID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("after update, %v (-want +got):\n%s", err, diff)
	}
}

func TestSessionsThatContradictAreRefused(t *testing.T) {
	withCard := func(plate, card string, state store.SessionState) store.Session {
		s := car(plate)
		s.CardNo, s.State = card, state
		return s
	}
	tests := []struct {
		name string
		have store.Session
		add  store.Session
		want error
	}{
		{"a second open session of a plate", car("京A1"), car("京A1"), store.ErrConflict},
		{"a second open session of a card", withCard("空000001", "1234567890123", store.Entering), withCard("空000002", "1234567890123", store.Leaving), store.ErrConflict},
		{"an open session of a plate that has left", withCard("京A1", "", store.Left), car("京A1"), nil},
		{"an ended session beside the open one", car("京A1"), withCard("京A1", "", store.Abnormal), nil},
		{"two cars without cards", car("京A1"), car("京A2"), nil},
		{"a card that is free again", withCard("空000001", "1234567890123", store.Void), withCard("空000002", "1234567890123", store.Inside), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := open(t)
			insert(t, db, tt.have)
			err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSession(t.Context(), tt.add) })
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("InsertSession = %v, want %v", err, tt.want)
			}
		})
	}

	db := open(t)
	first, second := car("京A1"), car("京A2")
	insert(t, db, first, second)
	second.Plate = "京A1"
	for name, tt := range map[string]struct {
		s    store.Session
		want error
	}{
		"an update to the plate of another": {second, store.ErrConflict},
		"an update of nothing":              {car("京A3"), store.ErrNotFound},
	} {
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateSession(t.Context(), tt.s) }); !errors.Is(err, tt.want) {
			t.Errorf("%s = %v, want %v", name, err, tt.want)
		}
	}
	// The conflict costs only its own statement.
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertSession(ctx, car("京A1")); !errors.Is(err, store.ErrConflict) {
			t.Errorf("InsertSession = %v, want ErrConflict", err)
		}
		return tx.InsertSession(ctx, car("京A4"))
	})
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSession(t.Context(), car("")) }); err == nil {
		t.Error("a session without a plate was taken")
	}
}

func TestOpenSessionsAreFoundByPlateTailAndCard(t *testing.T) {
	db := open(t)
	cars := []store.Session{car("京A11113"), car("沪A11113"), car("京A1111"), car("空123456"), car("粤B%_*")}
	for i := range cars {
		cars[i].EnteredAt = noon.Add(time.Duration(-i) * time.Minute) // the last is the oldest
	}
	cars[3].CardNo = "1234567890123"
	left := gone("津A11113", noon)
	insert(t, db, append(cars, left)...)
	ctx := t.Context()

	if s, err := db.OpenSessionByPlate(ctx, "沪A11113"); err != nil || s.ID != cars[1].ID {
		t.Errorf("OpenSessionByPlate = %v, %v, want %v", s.ID, err, cars[1].ID)
	}
	if _, err := db.OpenSessionByPlate(ctx, "津A11113"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("OpenSessionByPlate of one that left = %v, want ErrNotFound", err)
	}
	list, err := db.OpenSessionsByTail(ctx, "A11113")
	if diff := cmp.Diff([]string{"沪A11113", "京A11113"}, plates(list)); err != nil || diff != "" {
		t.Errorf("OpenSessionsByTail, %v (-want +got):\n%s", err, diff)
	}
	if s, err := db.OpenSessionByCard(ctx, "1234567890123"); err != nil || s.Plate != "空123456" {
		t.Errorf("OpenSessionByCard = %v, %v", s.Plate, err)
	}
	for _, card := range []string{"", "12345"} {
		if _, err := db.OpenSessionByCard(ctx, card); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("OpenSessionByCard(%q) = %v, want ErrNotFound", card, err)
		}
	}
	for _, tt := range []struct {
		filter store.OpenFilter
		want   []string
	}{
		{store.OpenFilter{}, []string{"粤B%_*", "空123456", "京A1111", "沪A11113", "京A11113"}},
		{store.OpenFilter{Plate: "1111"}, []string{"京A1111", "沪A11113", "京A11113"}},
		{store.OpenFilter{Plate: "京"}, []string{"京A1111", "京A11113"}},
		{store.OpenFilter{Plate: "%"}, []string{"粤B%_*"}},
		{store.OpenFilter{Plate: "A_"}, []string{}},
		{store.OpenFilter{CardNo: "4567"}, []string{"空123456"}},
		{store.OpenFilter{Plate: "京", CardNo: "4567"}, []string{}},
	} {
		list, err := db.OpenSessions(ctx, tt.filter)
		if diff := cmp.Diff(tt.want, plates(list)); err != nil || diff != "" {
			t.Errorf("OpenSessions(%+v), %v (-want +got):\n%s", tt.filter, err, diff)
		}
	}
	for state, want := range map[store.SessionState]int{store.Inside: 5, store.Left: 1, store.Entering: 0, store.Abnormal: 0} {
		if list, err := db.SessionsInState(ctx, state); err != nil || len(list) != want {
			t.Errorf("SessionsInState(%d) = %d, %v, want %d", state, len(list), err, want)
		}
	}
}

func TestAVoidSessionIsFoundUntilItsCarHasLeft(t *testing.T) {
	db := open(t)
	void := func(after time.Duration) store.Session {
		s := car("粤B12345")
		s.State, s.LeftAt = store.Void, noon.Add(after)
		return s
	}
	find := func() string {
		s, err := db.VoidSession(t.Context(), "粤B12345")
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		return s.ID
	}
	first, second := void(time.Hour), void(time.Minute) // the clock was set back
	insert(t, db, gone("粤B12345", noon.Add(2*time.Hour)))
	insert(t, db, first)
	insert(t, db, second)
	if got := find(); got != second.ID {
		t.Errorf("VoidSession = %q, want the latest, %q", got, second.ID)
	}
	insert(t, db, gone("粤B12345", noon.Add(-time.Hour)))
	if got := find(); got != "" {
		t.Errorf("VoidSession = %q, want none: the car has left", got)
	}
}

func TestFinishedSessionsArePagedLatestFirst(t *testing.T) {
	db := open(t)
	var all []store.Session
	for i := range 10 {
		s := gone(number(i), noon.Add(time.Duration(i)*time.Minute))
		s.EntryPlace, s.ExitPlace = fmt.Sprintf("入口%d", i%2), fmt.Sprintf("50%%出口_%d", i%3)
		all = append(all, s)
	}
	abnormal := gone("京A99999", noon)
	abnormal.State = store.Abnormal
	insert(t, db, append(all, abnormal, car("京A88888"))...)

	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	for _, tt := range []struct {
		name   string
		filter store.FinishedFilter
		want   []int // which, in order
		count  int
	}{
		{"all", store.FinishedFilter{}, []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 10},
		{"a page", store.FinishedFilter{Offset: 2, Limit: 3}, []int{7, 6, 5}, 10},
		{"a page past the end", store.FinishedFilter{Offset: 20, Limit: 3}, nil, 10},
		{"both bounds are included", store.FinishedFilter{From: minute(3), To: minute(5)}, []int{5, 4, 3}, 3},
		{"just inside the bounds", store.FinishedFilter{From: minute(3).Add(time.Millisecond), To: minute(5).Add(-time.Millisecond)}, []int{4}, 1},
		{"part of a plate", store.FinishedFilter{Plate: "0007"}, []int{7}, 1},
		{"a short part of a plate", store.FinishedFilter{Plate: "京A", Limit: 1}, []int{9}, 10},
		{"part of a plate and a bound", store.FinishedFilter{Plate: "A0000", From: minute(8)}, []int{9, 8}, 2},
		{"entry place", store.FinishedFilter{EntryPlace: "口1"}, []int{9, 7, 5, 3, 1}, 5},
		{"leave place with signs of LIKE", store.FinishedFilter{LeavePlace: "%出口_0"}, []int{9, 6, 3, 0}, 4},
		{"signs of LIKE are plain", store.FinishedFilter{LeavePlace: "出_"}, nil, 0},
		{"both places and a plate", store.FinishedFilter{Plate: "京", EntryPlace: "0", LeavePlace: "0"}, []int{8, 6, 4, 2, 0}, 5},
	} {
		list, count, err := db.FinishedSessions(t.Context(), tt.filter)
		want := []string{}
		for _, i := range tt.want {
			want = append(want, all[i].Plate)
		}
		if diff := cmp.Diff(want, plates(list)); err != nil || diff != "" || count != tt.count {
			t.Errorf("%s: count %d, want %d, %v (-want +got):\n%s", tt.name, count, tt.count, err, diff)
		}
	}
}

// Every fragment finds what a plain look at each plate finds, whatever signs
// the index, LIKE or SQL give a meaning to.
func TestFuzzySearchFindsWhatBruteForceFinds(t *testing.T) {
	db := open(t)
	text := rapid.StringOfN(rapid.SampledFrom([]rune(`京粤B粤1DdD02空%_"'*()^-:\学`+"\x00")), 1, 9, -1)
	var have []string
	rapid.Check(t, func(rt *rapid.T) {
		for _, plate := range rapid.SliceOfN(text, 0, 3).Draw(rt, "plates") {
			if slices.Contains(have, plate) {
				continue
			}
			undo := rapid.Bool().Draw(rt, "undo")
			err := db.Update(t.Context(), func(tx *store.Tx) error {
				if err := tx.InsertSession(t.Context(), gone(plate, noon)); err != nil {
					return err
				}
				if undo {
					return errWanted
				}
				return nil
			})
			if undo != errors.Is(err, errWanted) || !undo && err != nil {
				rt.Fatalf("insert %q: %v", plate, err)
			}
			if !undo {
				have = append(have, plate)
			}
		}
		fragment := text.Draw(rt, "fragment")
		if len(have) > 0 && rapid.Bool().Draw(rt, "take one that is there") {
			plate := []rune(rapid.SampledFrom(have).Draw(rt, "plate"))
			from := rapid.IntRange(0, len(plate)-1).Draw(rt, "from")
			fragment = string(plate[from:rapid.IntRange(from+1, len(plate)).Draw(rt, "to")])
		}
		want := []string{}
		for _, plate := range have {
			if strings.Contains(plate, fragment) {
				want = append(want, plate)
			}
		}
		slices.Sort(want)
		list, count, err := db.FinishedSessions(t.Context(), store.FinishedFilter{Plate: fragment})
		got := sortedPlates(list)
		if err != nil || count != len(want) || !slices.Equal(got, want) {
			rt.Fatalf("search for %q = %q (count %d), %v, want %q", fragment, got, count, err, want)
		}
	})
}

func BenchmarkFuzzySearch(b *testing.B) {
	db := open(b)
	const stays, cars = 100_000, 20_000
	for from := 0; from < stays; from += 5000 {
		update(b, db, func(ctx context.Context, tx *store.Tx) error {
			for i := from; i < from+5000; i++ {
				n := i * 7919 % cars
				s := gone(fmt.Sprintf("%c%c%05X", []rune("京津沪粤闽")[n%5], 'A'+n%7, n*2654435761%1048576), noon.Add(time.Duration(i)*time.Minute))
				s.ID = fmt.Sprint(i)
				if err := tx.InsertSession(ctx, s); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, fragment := range []string{"", "粤", "D0", "D02", "粤B4", "4D02"} {
		b.Run("fragment="+fragment, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := db.FinishedSessions(b.Context(), store.FinishedFilter{Plate: fragment, Limit: 20}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

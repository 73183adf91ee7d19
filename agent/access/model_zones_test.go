package access

import (
	"context"
	"slices"

	"pgregory.net/rapid"

	"parkagent/store"
)

// passes are the lanes between the areas of the model.
var passes = []string{"MIDIN", "MIDOUT"}

// nest puts an inner area into the car park, for which a card may be of no use, and
// decides what operators decide differently.
func (m *model) nest(t *rapid.T) {
	yes := func(what string) bool { return rapid.Bool().Draw(t, what) }
	p := Policy{
		Areas:        []Area{{Code: 1, Reserved: map[Class]int{ClassCard: rapid.IntRange(0, 1).Draw(t, "reserved")}}, {Code: 2, Outer: 1}},
		RefuseRepeat: yes("refuse a repeated entry"), Passback: yes("no passing back"), RefuseOverQuota: yes("refuse cars over the quota"),
		Unknown: UnknownExit(rapid.IntRange(0, 2).Draw(t, "unknown exit")), UnknownFee: 700,
	}
	if rapid.Bool().Draw(t, "cards are good outside only") {
		p.CardAreas = []CardArea{{CarType: 2, Areas: []int{1}}, {CarType: 6, Areas: []int{2}}}
	}
	m.with(p)
	areas, err := m.db.Areas(t.Context())
	m.ok(t, err)
	areas = append(areas, store.Area{Code: 2, Name: "B", Places: rapid.IntRange(0, 2).Draw(t, "places inside")})
	m.ok(t, m.db.Update(t.Context(), func(tx *store.Tx) error { return tx.ReplaceAreas(t.Context(), areas) }))
}

// driveInside lets a car that is inside come to a lane between two areas, by
// whichever way it may have got there.
func (m *model) driveInside(t *rapid.T) {
	car, lane := m.car(t), m.lane(t, passes)
	if !m.inside[car] {
		return
	}
	v := m.ask(t, lane, car, m.Pass)
	if lane == "MIDOUT" && !v.Open {
		t.Fatalf("%s is kept in the inner area: %+v", car, v)
	}
	if !v.Open {
		return
	}
	m.authorised(t, lane, v)
	switch gate := rapid.SampledFrom([]string{"opens", "opens", "fails", "opens, and the books fail"}).Draw(t, "gate"); gate {
	case "opens":
		m.ok(t, m.Passed(t.Context(), m.approach(lane, ""), v.Session))
		if v.Session == "" {
			return
		}
		if s := m.session(v.Session); s.State.Open() && s.Area != between(lane, "").To {
			t.Fatalf("%s has passed %s and is in area %d", car, lane, s.Area)
		}
	case "opens, and the books fail":
		m.opened[lane] = v.Session
	}
}

// checkAreas checks that the areas hold the cars inside, each once, and that every
// stay went from area to area without a gap.
func (m *model) checkAreas(t *rapid.T) {
	ctx := t.Context()
	open, err := m.db.OpenSessions(ctx, store.OpenFilter{})
	m.ok(t, err)
	inside := map[int]int{}
	for _, s := range open {
		inside[s.Area]++
		m.checkWay(ctx, t, s)
	}
	areas, err := m.db.Areas(ctx)
	m.ok(t, err)
	for _, a := range areas {
		if a.Inside != inside[a.Code] {
			t.Fatalf("area %d counts %d cars, of %d whose stay is there", a.Code, a.Inside, inside[a.Code])
		}
		delete(inside, a.Code)
	}
	if len(inside) > 0 {
		t.Fatalf("cars are in areas that are none: %v", inside)
	}
}

func (m *model) checkWay(ctx context.Context, t *rapid.T, s store.Session) {
	moves, err := m.db.Moves(ctx, s.ID)
	m.ok(t, err)
	at := 1 // where the entries lead
	for _, x := range moves {
		if x.From != at || !slices.Contains([]int{1, 2}, x.To) {
			t.Fatalf("%s went %+v, the last time from area %d", s.Plate, moves, at)
		}
		at = x.To
	}
	if s.Area != at {
		t.Fatalf("%s went %+v and is in area %d", s.Plate, moves, s.Area)
	}
}

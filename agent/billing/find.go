package billing

import (
	"context"
	"errors"
	"slices"

	"parkagent/agent/plate"
	"parkagent/store"
)

// A Ref names a session in one of the ways that clients do: by its identity, by
// plate, with or without the province character, by card or ticket number, or by the
// exit lane at which the car stands.
type Ref struct {
	Session string
	Plate   string
	CardNo  string
	Lane    string
}

// Find returns the one open session that ref names. A car that is still
// before the entry gate is not inside yet.
//
// Errors: ErrNoSession, *AmbiguousError.
func Find(ctx context.Context, r store.Reader, ref Ref) (store.Session, error) {
	s, err := find(ctx, r, ref)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!s.State.Open() || s.State == store.Entering) {
		return store.Session{}, ErrNoSession
	}
	return s, err
}

// standing returns the session of the car that stands at a lane.
func standing(ctx context.Context, r store.Reader, lane string) (store.Session, error) {
	cars, err := r.LaneCars(ctx)
	if err != nil {
		return store.Session{}, err
	}
	for _, c := range cars {
		if c.Lane == lane {
			return r.Session(ctx, c.Session)
		}
	}
	return store.Session{}, store.ErrNotFound
}

func find(ctx context.Context, r store.Reader, ref Ref) (store.Session, error) {
	switch {
	case ref.Session != "":
		return r.Session(ctx, ref.Session)
	case ref.Lane != "":
		return standing(ctx, r, ref.Lane)
	case ref.CardNo != "":
		return r.OpenSessionByCard(ctx, ref.CardNo)
	}
	return byPlate(ctx, r, plate.Normal(ref.Plate))
}

// byPlate looks a plate up as it is and without its province, which people
// leave out and cameras fail to read, on either side.
func byPlate(ctx context.Context, r store.Reader, no string) (store.Session, error) {
	tail := plate.Tail(no)
	s, err := r.OpenSessionByPlate(ctx, no)
	exact := err == nil
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound) || no == "":
		return s, err
	case exact && no != tail:
		return s, nil
	case no != tail:
		return r.OpenSessionByPlate(ctx, tail)
	}
	found, err := r.OpenSessionsByTail(ctx, no)
	if err != nil {
		return store.Session{}, err
	}
	if exact {
		found = append(found, s)
	}
	found = slices.DeleteFunc(found, func(s store.Session) bool { return s.State == store.Entering })
	if len(found) == 0 {
		return store.Session{}, store.ErrNotFound
	}
	if len(found) > 1 {
		plates := make([]string, len(found))
		for i, s := range found {
			plates[i] = s.Plate
		}
		return store.Session{}, &AmbiguousError{Plates: plates}
	}
	return found[0], nil
}

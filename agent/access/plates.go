package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parkagent/agent/billing"
	"parkagent/agent/plate"
	"parkagent/store"
)

// Plates are looked up exactly and, where that finds nothing, without the
// province that either side may lack: cameras fail to read it, and many clients
// leave it out. Several matches are none: nobody is let in or charged by a guess.
// A prohibition is not a right: every entry of the blacklist that fits refuses.

// cardOf returns the card of a car: by its plate or, where it has none, by the
// card number that it came with. The error is store.ErrNotFound when there is not exactly one.
func cardOf(ctx context.Context, r store.Reader, no, cardNo string) (store.Card, error) {
	if cardNo != "" || no == "" {
		return r.CardByEtc(ctx, cardNo)
	}
	c, err := r.CardByPlate(ctx, no)
	if !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	if tail := plate.Tail(no); tail != no {
		return r.CardByPlate(ctx, tail)
	}
	list, err := cardsByTail(ctx, r, no)
	if err == nil && len(list) != 1 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Card{}, err
	}
	return list[0], nil
}

// cardsByTail returns the cards with a plate that is a province and tail.
func cardsByTail(ctx context.Context, r store.Reader, tail string) ([]store.Card, error) {
	list, err := r.CardsByTail(ctx, tail)
	return slices.DeleteFunc(list, func(c store.Card) bool {
		return !slices.ContainsFunc(c.Plates, func(p store.CardPlate) bool { return p.Plate != tail && plate.Tail(p.Plate) == tail })
	}), err
}

// cardsFitting returns the cards that have a plate, and those that differ by a
// province that one side lacks.
func cardsFitting(ctx context.Context, r store.Reader, no string) ([]store.Card, error) {
	var list []store.Card
	tail := plate.Tail(no)
	for _, exact := range slices.Compact([]string{no, tail}) {
		switch c, err := r.CardByPlate(ctx, exact); {
		case err == nil:
			list = append(list, c)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	if tail == no {
		more, err := cardsByTail(ctx, r, tail)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	slices.SortFunc(list, func(a, b store.Card) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(list, func(a, b store.Card) bool { return a.ID == b.ID }), nil
}

// blacksOf returns the entries of the blacklist that a plate may be meant by: the
// exact one first, then those that differ by a province that one side lacks. A
// car whose province was not read may be another than either of them; an operator
// lets it in, while one that is kept out for good reason would ask nobody.
func blacksOf(ctx context.Context, r store.Reader, no string) ([]store.Black, error) {
	var list []store.Black
	tail := plate.Tail(no)
	for _, p := range slices.Compact([]string{no, tail}) {
		b, err := r.BlackByPlate(ctx, p)
		switch {
		case err == nil:
			list = append(list, b)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	if tail != no {
		return list, nil
	}
	more, err := blacksByTail(ctx, r, no)
	return append(list, more...), err
}

func blacksByTail(ctx context.Context, r store.Reader, tail string) ([]store.Black, error) {
	list, err := r.BlacksByTail(ctx, tail)
	return slices.DeleteFunc(list, func(b store.Black) bool { return plate.Tail(b.Plate) != tail }), err
}

// bookingsOf returns the bookings of a plate that are not deleted: the exact ones
// first, then those that differ by a province that one side lacks, unless they
// are of several cars.
func bookingsOf(ctx context.Context, r store.Reader, no string) ([]store.Booking, error) {
	if no == "" {
		return nil, nil
	}
	list, err := r.BookingsByPlate(ctx, no)
	if err != nil {
		return nil, err
	}
	if tail := plate.Tail(no); tail != no {
		more, err := r.BookingsByPlate(ctx, tail)
		return append(list, more...), err
	}
	more, err := bookingsByTail(ctx, r, no)
	for _, b := range more {
		if b.Plate != more[0].Plate {
			return list, err
		}
	}
	return append(list, more...), err
}

func bookingsByTail(ctx context.Context, r store.Reader, tail string) ([]store.Booking, error) {
	list, err := r.BookingsByTail(ctx, tail)
	return slices.DeleteFunc(list, func(b store.Booking) bool { return plate.Tail(b.Plate) != tail }), err
}

// normalPlates returns plates as the books keep them: in normal form, each once,
// and without empty ones. A plate and an IC card that were given as one are two.
func normalPlates(list []store.CardPlate) []store.CardPlate {
	var out []store.CardPlate
	for _, p := range list {
		for _, one := range []store.CardPlate{{Plate: plate.Normal(p.Plate)}, {Etc: strings.TrimSpace(p.Etc)}} {
			if one != (store.CardPlate{}) && !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
	}
	return out
}

// samePlates reports whether two lists in normal form hold the same plates, in
// whatever order.
func samePlates(a, b []store.CardPlate) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(p store.CardPlate) bool { return !slices.Contains(b, p) })
}

// indexPlate returns where p, in normal form, stands in the plates of a card.
// Either may lack its province if only one plate fits then.
//
// Errors: ErrNoPlate, *billing.AmbiguousError.
func indexPlate(list []store.CardPlate, p store.CardPlate) (int, error) {
	at := fitting(list, p)
	switch len(at) {
	case 0:
		return -1, fmt.Errorf("%w: %s%s", ErrNoPlate, p.Plate, p.Etc) // one of the two is empty
	case 1:
		return at[0], nil
	}
	plates := make([]string, len(at))
	for i, j := range at {
		plates[i] = list[j].Plate
	}
	return -1, &billing.AmbiguousError{Plates: plates}
}

// fitting returns where p, in normal form, may stand in the plates of a card: where
// it does exactly, else wherever either lacks its province.
func fitting(list []store.CardPlate, p store.CardPlate) []int {
	if i := slices.Index(list, p); i >= 0 {
		return []int{i}
	}
	if p.Plate == "" {
		return nil
	}
	var at []int
	tail := plate.Tail(p.Plate)
	for i, q := range list {
		if q.Plate != "" && plate.Tail(q.Plate) == tail && (q.Plate == tail || p.Plate == tail) {
			at = append(at, i)
		}
	}
	return at
}

// mustBeFree returns a *PlateTakenError when one of the plates, in normal form,
// belongs to another card than own.
func mustBeFree(ctx context.Context, r store.Reader, plates []store.CardPlate, own int64) error {
	for _, p := range plates {
		c, err := holder(ctx, r, p)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return err
		case c.ID != own:
			return &PlateTakenError{Plate: p.Plate + p.Etc, Card: c.ID} // one of the two is empty
		}
	}
	return nil
}

// holder returns the card of exactly that plate or IC card, or store.ErrNotFound.
func holder(ctx context.Context, r store.Reader, p store.CardPlate) (store.Card, error) {
	if p.Plate != "" {
		return r.CardByPlate(ctx, p.Plate)
	}
	return r.CardByEtc(ctx, p.Etc)
}

package access

import (
	"context"
	"fmt"

	"parkagent/store"
)

// CountSpaces journals the free places as they are in tx, for the displays and
// the platforms. Whoever changes them calls it in the same transaction.
func CountSpaces(ctx context.Context, tx *store.Tx) error {
	areas, err := tx.Areas(ctx)
	if err != nil || len(areas) == 0 {
		return err
	}
	var f store.SpacesFact
	for _, a := range areas {
		f.Free += a.Free()
		f.Total += a.Places
		f.Areas = append(f.Areas, store.AreaSpace{Code: a.Code, Name: a.Name, Free: a.Free(), Total: a.Places})
	}
	_, err = tx.Append(ctx, store.KindSpaces, "", f)
	return err
}

// SetFree makes the free places of an area what somebody has counted; area 0 is
// the one with the lowest code. They go on following the cars that come and go.
//
// Errors: ErrNoArea, ErrFreeRange.
func (r *Rules) SetFree(ctx context.Context, area int, free int, by By) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		areas, err := tx.Areas(ctx)
		if err != nil {
			return err
		}
		for _, a := range areas {
			if area != 0 && a.Code != area {
				continue
			}
			return r.setFree(ctx, tx, a, free, by)
		}
		return ErrNoArea
	})
}

func (r *Rules) setFree(ctx context.Context, tx *store.Tx, a store.Area, free int, by By) error {
	if free < 0 || free > a.Places {
		return fmt.Errorf("%w: %d of %d places", ErrFreeRange, free, a.Places)
	}
	offset := free - (a.Places - a.Inside)
	if err := tx.SetAreaOffset(ctx, a.Code, offset); err != nil {
		return err
	}
	_, err := tx.Append(ctx, store.KindSpacesSet, "", store.SpacesSetFact{
		Area: a.Code, Free: free, Offset: offset, Client: by.Client, Address: by.Address,
	})
	if err != nil {
		return err
	}
	return CountSpaces(ctx, tx)
}

package uplink

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parkagent/store"
)

// A Meeting is the first contact with platforms. It belongs to the transaction
// that it was made in.
type Meeting struct {
	platforms []string // met for the first time
	head      int64    // the last journal row that they are not told of
}

// Meet begins the cursors of those platforms that were never met, at the end of
// the journal. Then the transaction may append what the start of the agent has to
// tell, and ends with Tell.
func Meet(ctx context.Context, tx *store.Tx, platforms ...string) (Meeting, error) {
	var m Meeting
	var err error
	if m.head, err = tx.Head(ctx); err != nil {
		return m, err
	}
	for _, name := range platforms {
		first, err := tx.MeetPlatform(ctx, name)
		if err != nil {
			return m, err
		}
		if first {
			m.platforms = append(m.platforms, name)
		}
	}
	return m, nil
}

// Tell appends what a platform that was met for the first time is to know of what
// went before: each card that is or will be valid, for that platform only (uplink
// 3.1); and for all, since it is no news but does no harm, the car park, its areas
// and devices, and the free places (1.1, 1.2, 1.4, 2.5), unless the journal has
// them since the meeting or never had them, as on a fresh installation, where
// [Daily] tells them. It appends nothing when nobody is new.
//
// States of devices (1.3) are not among it: the start of the agent tells all of
// them anew.
func (m Meeting) Tell(ctx context.Context, tx *store.Tx, park store.ParkFact, now time.Time) error {
	if len(m.platforms) == 0 {
		return nil
	}
	if err := m.cards(ctx, tx, now); err != nil {
		return fmt.Errorf("first contact: %w", err)
	}
	for _, kind := range []store.Kind{store.KindPark, store.KindAreas} {
		if err := m.again(ctx, tx, kind, "", park); err != nil {
			return fmt.Errorf("first contact: %w", err)
		}
	}
	devices, err := tx.Devices(ctx)
	if err != nil {
		return fmt.Errorf("first contact: %w", err)
	}
	for _, d := range devices {
		if err := m.again(ctx, tx, store.KindDevice, d.Code, deviceFact(d)); err != nil {
			return fmt.Errorf("first contact: %w", err)
		}
	}
	if err := m.spaces(ctx, tx); err != nil {
		return fmt.Errorf("first contact: %w", err)
	}
	return nil
}

func (m Meeting) cards(ctx context.Context, tx *store.Tx, now time.Time) error {
	cards, err := tx.Cards(ctx)
	if err != nil {
		return err
	}
	for _, platform := range m.platforms {
		for _, c := range cards {
			if c.Ends().Before(now) {
				continue
			}
			f := store.NewCardFact(c)
			f.Platform, f.Act = platform, "first contact"
			if _, err := tx.Append(ctx, store.KindCard, fmt.Sprintf("card:%d", c.ID), f); err != nil {
				return err
			}
		}
	}
	return nil
}

// spaces tells the free places again as they were counted last.
func (m Meeting) spaces(ctx context.Context, tx *store.Tx) error {
	latest, err := tx.LatestSeq(ctx, store.KindSpaces, "")
	if err != nil || latest == 0 {
		return err
	}
	e, err := tx.EntryAt(ctx, latest)
	if err != nil {
		return err
	}
	return m.again(ctx, tx, store.KindSpaces, "", json.RawMessage(e.Body))
}

// again appends a row that was told before the meeting and not since.
func (m Meeting) again(ctx context.Context, tx *store.Tx, kind store.Kind, key string, fact any) error {
	latest, err := tx.LatestSeq(ctx, kind, key)
	if err != nil || latest == 0 || latest > m.head {
		return err
	}
	_, err = tx.Append(ctx, kind, key, fact)
	return err
}

// deviceFact describes a device without its state, which has rows of its own.
func deviceFact(d store.Device) store.DeviceFact {
	return store.DeviceFact{Code: d.Code, IP: d.IP, Name: d.Name, Type: d.Type}
}

package uplink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"time"

	"parkagent/store"
)

// A DailyConfig says what is told once a day.
type DailyConfig struct {
	DB       *store.DB
	Park     store.ParkFact // the car park as configured
	ParkCode string         // spreads the sites over the day
	Location *time.Location
	Now      func() time.Time // nil means time.Now
	Log      *slog.Logger     // nil means no log
}

// A Daily appends the rows that platforms want once a day: the car park, its
// areas, its devices. The minute of the day follows from the park code, so that
// a platform with many sites is not called by all of them at once. A row is
// appended at once when there never was one, when the day's minute passed while
// the agent was off, and when what it tells has changed.
type Daily struct {
	cfg  DailyConfig
	done time.Time // the day's minute that was dealt with; owned by Run
}

// NewDaily makes a Daily.
func NewDaily(cfg DailyConfig) (*Daily, error) {
	if cfg.DB == nil || cfg.Location == nil {
		return nil, errors.New("daily reports: store and zone are needed")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Daily{cfg: cfg}, nil
}

// Run appends what is due until ctx is done, and returns nil then. It looks
// every minute, because the clock may be set.
func (d *Daily) Run(ctx context.Context) error {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		if err := d.append(ctx); err != nil && ctx.Err() == nil {
			d.cfg.Log.Warn("daily rows not appended", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// append appends what is due.
func (d *Daily) append(ctx context.Context) error {
	slot := d.slot(d.cfg.Now())
	if slot.Equal(d.done) {
		return nil
	}
	err := d.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		for _, kind := range []store.Kind{store.KindPark, store.KindAreas} {
			if err := d.row(ctx, tx, kind, "", d.cfg.Park, slot); err != nil {
				return err
			}
		}
		devices, err := tx.Devices(ctx)
		if err != nil {
			return err
		}
		for _, v := range devices {
			if err := d.row(ctx, tx, store.KindDevice, v.Code, deviceFact(v), slot); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("daily rows: %w", err)
	}
	d.done = slot
	return nil
}

// row appends one row, unless the last one is of this day and tells the same.
func (d *Daily) row(ctx context.Context, tx *store.Tx, kind store.Kind, key string, fact any, slot time.Time) error {
	last, err := tx.LastOf(ctx, kind, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && !last.At.Before(slot) && last.At.Before(slot.AddDate(0, 0, 1)) {
		same, err := tellsSame(last, fact)
		if err != nil || same {
			return err
		}
	}
	_, err = tx.Append(ctx, kind, key, fact)
	return err
}

// tellsSame compares a row with what would be told now. The state that a device
// row may hold is no part of it.
func tellsSame(last store.Entry, fact any) (bool, error) {
	body := last.Body
	if last.Kind == store.KindDevice {
		f, err := decode[store.DeviceFact](last)
		if err != nil {
			return false, err
		}
		f.Status, f.Remark = "", ""
		if body, err = json.Marshal(f); err != nil {
			return false, err
		}
	}
	now, err := json.Marshal(fact)
	return bytes.Equal(body, now), err
}

// slot returns the last time that the site's minute of the day came round.
func (d *Daily) slot(now time.Time) time.Time {
	h := fnv.New32a()
	_, _ = h.Write([]byte(d.cfg.ParkCode)) // never fails
	local := now.In(d.cfg.Location)
	slot := time.Date(local.Year(), local.Month(), local.Day(), 0, int(h.Sum32()%(24*60)), 0, 0, d.cfg.Location)
	if slot.After(now) {
		slot = time.Date(local.Year(), local.Month(), local.Day()-1, 0, int(h.Sum32()%(24*60)), 0, 0, d.cfg.Location)
	}
	return slot
}

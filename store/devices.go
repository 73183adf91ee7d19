package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const deviceColumns = `code, ip, name, type, status, remark, since_ms`

func scanDevice(rows *sql.Rows, d *Device) error {
	return rows.Scan(&d.Code, &d.IP, &d.Name, &d.Type, &d.Status, &d.Remark, at(&d.Since))
}

// Devices returns the devices by code.
func (r Reader) Devices(ctx context.Context) ([]Device, error) {
	d, err := all(ctx, r, scanDevice, `SELECT `+deviceColumns+` FROM devices ORDER BY code`)
	return named(d, "devices", err)
}

// Device returns the device with that code, or ErrNotFound.
func (r Reader) Device(ctx context.Context, code string) (Device, error) {
	d, err := one(ctx, r, scanDevice, `SELECT `+deviceColumns+` FROM devices WHERE code = ?`, code)
	return named(d, "device", err)
}

// ReplaceDevices makes the devices those of the configuration and returns those
// that are new or have another address, name or type than before. The state of
// a device that stays is kept, that of a new one is taken from list.
func (tx *Tx) ReplaceDevices(ctx context.Context, list []Device) ([]Device, error) {
	var news []Device
	codes := make([]string, 0, len(list))
	for _, d := range list {
		codes = append(codes, d.Code)
		old, err := tx.Device(ctx, d.Code)
		switch {
		case err == nil:
			d.Status, d.Remark, d.Since = old.Status, old.Remark, old.Since
			if d == old {
				continue
			}
		case !errors.Is(err, ErrNotFound):
			return nil, err
		}
		_, err = tx.exec(ctx, `INSERT INTO devices (code, ip, name, type, status, remark, since_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (code) DO UPDATE SET ip = excluded.ip, name = excluded.name, type = excluded.type`,
			d.Code, d.IP, d.Name, d.Type, d.Status, d.Remark, millis(d.Since))
		if err != nil {
			return nil, fmt.Errorf("replace device %s: %w", d.Code, err)
		}
		news = append(news, d)
	}
	return news, tx.deleteOthers(ctx, `DELETE FROM devices WHERE code NOT IN (SELECT value FROM json_each(?))`, codes)
}

// SetDeviceState notes how a device is, and whether that is news. Since when is
// kept while status and remark stay what they were. The error is ErrNotFound
// for an unknown device.
func (tx *Tx) SetDeviceState(ctx context.Context, code, status, remark string, since time.Time) (bool, error) {
	d, err := tx.Device(ctx, code)
	if err != nil {
		return false, err
	}
	if d.Status == status && d.Remark == remark {
		return false, nil
	}
	rows, err := tx.exec(ctx, `UPDATE devices SET status = ?, remark = ?, since_ms = ? WHERE code = ?`, status, remark, millis(since), code)
	return err == nil, changed("set device state", rows, err)
}

package agent

import (
	"context"

	"parkagent/agent/config"
	"parkagent/protocol"
	"parkagent/store"
)

// deviceType counts a kind of device as the protocol does.
func deviceType(kind string) int {
	switch kind {
	case config.KindCamera:
		return int(protocol.DeviceCamera)
	case config.KindDisplay:
		return int(protocol.DeviceDisplay)
	case config.KindKiosk:
		return int(protocol.DeviceComputer)
	}
	return int(protocol.DeviceGate)
}

// syncSite writes the configured areas and devices into the books, and
// journals what is new. Every device's state counts as unknown until its lane
// has heard of it, so that after a start all states are reported in full.
func (a *Agent) syncSite(ctx context.Context, db *store.DB) error {
	var areas []store.Area
	for _, c := range a.cfg.Site.Areas {
		areas = append(areas, store.Area{Code: c.Code, Name: c.Name, Type: c.Type, Places: c.Places})
	}
	var devices []store.Device
	for _, c := range a.cfg.Site.Devices {
		devices = append(devices, store.Device{Code: c.Code, IP: c.IP, Name: c.Name, Type: deviceType(c.Kind)})
	}
	return db.Update(ctx, func(tx *store.Tx) error {
		if err := tx.ReplaceAreas(ctx, areas); err != nil {
			return err
		}
		changed, err := tx.ReplaceDevices(ctx, devices)
		if err != nil {
			return err
		}
		for _, d := range changed {
			f := store.DeviceFact{Code: d.Code, IP: d.IP, Name: d.Name, Type: d.Type}
			if _, err := tx.Append(ctx, store.KindDevice, d.Code, f); err != nil {
				return err
			}
		}
		now := a.clock.Now()
		for _, d := range devices {
			if _, err := tx.SetDeviceState(ctx, d.Code, "", "", now); err != nil {
				return err
			}
		}
		return nil
	})
}

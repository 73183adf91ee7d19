package agent

import (
	"context"
	"slices"

	"parkagent/agent/config"
	"parkagent/agent/uplink"
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
	case config.KindKiosk, config.KindScanner, config.KindPrinter: // the document knows none of the last two
		return int(protocol.DeviceComputer)
	}
	return int(protocol.DeviceGate)
}

// parkFact describes the car park as configured.
func (a *Agent) parkFact() store.ParkFact {
	park := store.ParkFact{Name: a.cfg.Site.Park.Name}
	for _, c := range a.cfg.Site.Areas {
		park.Places += c.Places
		park.Areas = append(park.Areas, store.ParkArea{Code: c.Code, Name: c.Name, Type: c.Type, Places: c.Places})
	}
	return park
}

// syncSite writes the configured areas and devices into the books, and
// journals what is new. Every device's state counts as unknown until somebody has
// heard of it, its lane or whoever watches the others, so that after a start all states
// are reported in full; a device that nobody asks, as a pay machine is, is reported
// here. Platforms that are new are told what they cannot know.
func (a *Agent) syncSite(ctx context.Context, db *store.DB) error {
	var areas []store.Area
	for _, c := range a.cfg.Site.Areas {
		areas = append(areas, store.Area{Code: c.Code, Name: c.Name, Type: c.Type, Places: c.Places})
	}
	var devices []store.Device
	for _, c := range a.cfg.Site.Devices {
		devices = append(devices, store.Device{Code: c.Code, IP: c.IP, Name: c.Name, Type: deviceType(c.Kind)})
	}
	var platforms []string
	for _, c := range a.cfg.Site.Platforms {
		platforms = append(platforms, c.Name)
	}
	checks := a.checks()
	return db.Update(ctx, func(tx *store.Tx) error {
		meeting, err := uplink.Meet(ctx, tx, platforms...)
		if err != nil {
			return err
		}
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
			if checks[d.Code] != nil || a.ofLane(d.Code) || a.device(d.Code).Area != nil {
				continue
			}
			f := store.DeviceFact{Code: d.Code, IP: d.IP, Name: d.Name, Type: d.Type}
			if _, err := tx.Append(ctx, store.KindDeviceState, d.Code, f); err != nil {
				return err
			}
		}
		return meeting.Tell(ctx, tx, a.parkFact(), now)
	})
}

// ofLane reports whether a lane calls a device, and so knows how it is.
func (a *Agent) ofLane(device string) bool {
	return slices.ContainsFunc(a.cfg.Site.Lanes, func(l config.Lane) bool {
		return device == l.Gate || device == l.Display || device == l.Camera
	})
}

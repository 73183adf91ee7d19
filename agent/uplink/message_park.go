package uplink

import (
	"parkagent/protocol"
	"parkagent/store"
)

// The messages about the car park itself: uplink 1.1 to 1.4 and 2.5.

// park makes uplink 1.1 or 1.2.
func (u *Uplink) park(kind store.Kind) func(store.ParkFact) any {
	return func(f store.ParkFact) any {
		if kind == store.KindPark {
			return protocol.ParkingInfo{ParkCode: u.cfg.ParkCode, ParkName: f.Name, ParkArea: len(f.Areas), PlaceCount: f.Places}
		}
		m := protocol.AreaInfo{
			ParkCode: u.cfg.ParkCode, ParkName: f.Name, ParkArea: len(f.Areas), TotalPlaceCount: f.Places, AreaInfo: []protocol.Area{},
		}
		for _, a := range f.Areas {
			m.AreaInfo = append(m.AreaInfo, protocol.Area{AreaCode: a.Code, AreaName: a.Name, AreaType: a.Type, PlaceCount: a.Places})
		}
		return m
	}
}

// device makes uplink 1.4.
func (u *Uplink) device(f store.DeviceFact) any {
	return protocol.ParkingDevice{
		ParkCode: u.cfg.ParkCode, DeviceCode: f.Code, DeviceIP: f.IP, DeviceName: f.Name, DeviceType: protocol.DeviceType(f.Type),
	}
}

// deviceState makes uplink 1.3. A device whose state nobody knows yet is told
// as working: there is no code for not knowing, and a fault would raise alarms.
func (u *Uplink) deviceState(f store.DeviceFact) any {
	status := f.Status
	if status == "" {
		status = "0"
	}
	return protocol.DeviceState{
		ParkCode: u.cfg.ParkCode, DeviceCode: f.Code, DeviceName: f.Name, DeviceType: protocol.DeviceType(f.Type),
		Status: protocol.StatusCode(status), Remark: f.Remark,
	}
}

// freeSpaces makes uplink 2.5.
func (u *Uplink) freeSpaces(f store.SpacesFact) any {
	m := protocol.FreeSpaces{ParkCode: u.cfg.ParkCode, FreeSpaceNum: f.Free, TotalSpaceNum: f.Total, AreaInfo: []protocol.AreaSpace{}}
	for _, a := range f.Areas {
		m.AreaInfo = append(m.AreaInfo, protocol.AreaSpace{AreaCode: a.Code, AreaName: a.Name, AreaFreeSpaceNum: a.Free})
	}
	return m
}

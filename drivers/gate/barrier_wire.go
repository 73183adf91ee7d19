package gate

import (
	"context"
	"encoding/binary"
	"fmt"

	"parkagent/drivers"
	"parkagent/drivers/gate/guard"
	"parkagent/drivers/rs485"
)

func (b *Barrier) write(ctx context.Context, p Place, value uint16) error {
	c := b.bus.Client(ctx, b.opt.Unit, rs485.Command)
	var err error
	if p.Table == TableCoil {
		if value != 0 {
			value = coilOn
		}
		_, err = c.WriteSingleCoil(p.Address, value)
	} else {
		_, err = c.WriteSingleRegister(p.Address, value)
	}
	return err
}

// values are what places said.
type values map[Place]uint16

// values reads places, in one request for each table.
func (b *Barrier) values(ctx context.Context, p rs485.Priority, places []Place) (values, error) {
	c := b.bus.Client(ctx, b.opt.Unit, p)
	v := make(values, len(places))
	for _, t := range []struct {
		table Table
		read  func(address, quantity uint16) ([]byte, error)
	}{{TableCoil, c.ReadCoils}, {TableDiscrete, c.ReadDiscreteInputs}, {TableHolding, c.ReadHoldingRegisters}, {TableInput, c.ReadInputRegisters}} {
		run := spanOf(places, t.table)
		if run.count == 0 {
			continue
		}
		data, err := t.read(uint16(run.first), uint16(run.count))
		if err != nil {
			return nil, err
		}
		for _, p := range places {
			if p.Table != t.table {
				continue
			}
			if v[p], err = valueAt(t.table, data, int(p.Address)-run.first); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// valueAt returns one value of a reply's data.
func valueAt(table Table, data []byte, i int) (uint16, error) {
	switch {
	case table.bits() && i/8 < len(data):
		return uint16(data[i/8] >> (i % 8) & 1), nil
	case !table.bits() && 2*i+2 <= len(data):
		return binary.BigEndian.Uint16(data[2*i:]), nil
	}
	return 0, fmt.Errorf("%w: %d bytes are too few", drivers.ErrOffline, len(data))
}

// holds reports whether what the sign stands for is so.
func (s Sign) holds(v values) bool { return (s.bits(v) == s.Value) != s.Not }

// bits are those that the sign is about.
func (s Sign) bits(v values) uint16 {
	if s.Mask == 0 {
		return v[s.Place]
	}
	return v[s.Place] & s.Mask
}

// mean says what values mean.
func (o BarrierOptions) mean(v values) reading {
	r := reading{Reading: guard.Reading{Presence: o.place(o.Presence, v), Passage: o.place(o.Passage, v)}}
	if o.Arm != nil {
		r.arm = o.Arm.position(v)
	} else {
		r.arm = armBetween(o.LimitOpen != nil, o.LimitClose != nil, o.LimitOpen != nil && o.LimitOpen.holds(v), o.LimitClose != nil && o.LimitClose.holds(v))
	}
	return r
}

func (o BarrierOptions) place(s *Sign, v values) drivers.Presence {
	switch {
	case s == nil:
		return drivers.PresenceNotFitted
	case s.holds(v):
		return drivers.PresenceOccupied
	case s.Clear != nil && s.bits(v) != *s.Clear:
		return drivers.PresenceUnknown
	}
	return drivers.PresenceClear
}

func (a ArmCode) position(v values) drivers.Arm {
	code := v[a.Place]
	if a.Mask != 0 {
		code &= a.Mask
	}
	for _, is := range []struct {
		code *uint16
		arm  drivers.Arm
	}{{a.Fault, drivers.ArmFault}, {a.Down, drivers.ArmDown}, {a.Up, drivers.ArmUp}, {a.Moving, drivers.ArmMoving}} {
		if is.code != nil && *is.code == code {
			return is.arm
		}
	}
	return drivers.ArmUnknown
}

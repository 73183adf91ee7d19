package sim

import (
	"encoding/binary"
	"time"
)

// The functions of registers.
const (
	readHolding   = 0x03
	readInputRegs = 0x04
	writeRegister = 0x06
)

// modeBase is the holding register of the first relay's control mode on
// Waveshare's boards.
const modeBase = 0x1000

// A Native is a barrier that is itself a Modbus device, with a map of registers
// made up for tests: no vendor's. Writing one of the values to the Command
// register, which reads 0 again at once unless Keeps is set, works the contacts of
// the barrier that is wired to the board. At State the input registers say where
// the arm is: 1 down, 2 up, 3 moving, 4 both ends at once. Right after it are bits:
// 0 something stands under the arm, 1 something is behind it, 2 the arm is kept up.
type Native struct {
	Command, State                 uint16
	Open, Close, Stop, Hold, Leave uint16
	Keeps                          bool
}

// nativePulse is how long a command closes the barrier's contact.
const nativePulse = 100 * time.Millisecond

// SetNative makes the board's barrier one with registers. The barrier has relays
// for all that it can be told.
func (b *Board) SetNative(n Native) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.native = &n
	b.registers[n.Command] = 0
}

// SetRegister gives a holding register a value; from then on the board has it.
func (b *Board) SetRegister(address, value uint16) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.registers[address] = value
}

// Register returns the value of a holding register, 0 where there is none.
func (b *Board) Register(address uint16) uint16 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.registers[address]
}

func (b *Board) readRegistersLocked(pdu []byte, address, count int) []byte {
	if count < 1 || count > 125 {
		return refuse(pdu, illegalValue)
	}
	reply := []byte{pdu[0], byte(2 * count)}
	for i := range count {
		v, ok := b.registerLocked(pdu[0], uint16(address+i))
		if !ok || address+i > 0xffff {
			return refuse(pdu, illegalAddress)
		}
		reply = binary.BigEndian.AppendUint16(reply, v)
	}
	return reply
}

func (b *Board) registerLocked(function byte, address uint16) (value uint16, ok bool) {
	if function == readHolding {
		value, ok = b.registers[address]
		return value, ok
	}
	if b.native == nil || b.barrier == nil {
		return 0, false
	}
	r := b.barrier
	switch address {
	case b.native.State:
		switch {
		case r.limitsStuck:
			return 4, true
		case r.position == 0:
			return 1, true
		case r.position == 1:
			return 2, true
		}
		return 3, true
	case b.native.State + 1:
		for i, on := range []bool{r.occupied, r.behind, r.contactLocked(r.cfg.Hold)} {
			if on {
				value |= 1 << i
			}
		}
		return value, true
	}
	return 0, false
}

func (b *Board) writeRegisterLocked(pdu []byte, address, value uint16, now time.Time) []byte {
	if _, ok := b.registers[address]; !ok {
		return refuse(pdu, illegalAddress)
	}
	n := b.native
	if n == nil || b.barrier == nil || address != n.Command {
		b.registers[address] = value
		return pdu
	}
	if n.Keeps {
		b.registers[address] = value
	}
	cfg := b.barrier.cfg
	switch value {
	case n.Open:
		b.contactLocked(cfg.Open, now)
	case n.Close:
		b.contactLocked(cfg.Close, now)
	case n.Stop:
		if cfg.Stop != nil {
			b.contactLocked(*cfg.Stop, now)
		}
	case n.Hold:
		b.setCoilLocked(cfg.Hold, true, now)
	case n.Leave:
		b.setCoilLocked(cfg.Hold, false, now)
	}
	return pdu
}

// contactLocked closes a contact for a moment, again if it is closed.
func (b *Board) contactLocked(n int, now time.Time) {
	b.setCoilLocked(n, false, now)
	b.setCoilLocked(n, true, now)
	b.coils[n].backAt = now.Add(nativePulse)
}

package sim

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// The functions a Board knows.
const (
	readCoils      = 0x01
	readInputs     = 0x02
	writeCoil      = 0x05
	writeCoils     = 0x0F
	writeRegisters = 0x10
)

// The exceptions a Board answers.
const (
	illegalFunction = 0x01
	illegalAddress  = 0x02
	illegalValue    = 0x03
)

// Where single coil writes become timed pulses on Waveshare's boards: address
// base + channel, value in tenths of a second.
const (
	pulseBase   = 0x0200 // on, then off after the time
	unpulseBase = 0x0400 // off, then on
)

// JY-DAM boards have five registers per channel from register 3 on; the first
// two are a mode and a time in tenths of a second.
const (
	jydamBase   = 3
	jydamStride = 5
	jydamOff    = 2 // off, then on after the time
	jydamOn     = 4 // on, then off
)

// A BoardConfig describes a Board.
type BoardConfig struct {
	Unit   byte // Modbus address; 0 means 1
	Coils  int  // relays; 0 means 8
	Inputs int  // discrete inputs; 0 means 8

	Now func() time.Time // nil means time.Now

	// OnEvent, if set, is called with each event in order. It runs under the
	// board's lock and must not call the board.
	OnEvent func(Event)
}

// A Board is a Modbus relay board. It understands plain coils and inputs, the
// timed pulses of Waveshare and JY-DAM boards, the control modes of the former,
// the registers of a Native barrier, and the toggle that no driver should ever send. Its methods may be called from any goroutine.
type Board struct {
	unit    byte
	now     func() time.Time
	onEvent func(Event)

	mu      sync.Mutex // guards the following fields
	coils   []relay
	inputs  []bool
	barrier *Barrier // nil where none is wired
	native  *Native  // nil where it is worked by relays and inputs alone

	registers map[uint16]uint16 // holding registers
	fault     Fault
	events    []Event
}

// A relay is one output. A timed pulse ends at backAt, when it changes.
type relay struct {
	on     bool
	backAt time.Time // zero: not timed
}

// An Event is one thing that really happened.
type Event struct {
	At     time.Time
	Kind   EventKind
	Number int // of the coil or input; 0 for the arm
}

// An EventKind tells what happened.
type EventKind string

// The kinds of events. A Strike is the arm reaching something that stands
// under it.
const (
	CoilOn   EventKind = "coil on"
	CoilOff  EventKind = "coil off"
	Pulse    EventKind = "pulse" // a timed pulse began, or began anew
	InputOn  EventKind = "input on"
	InputOff EventKind = "input off"
	ArmRises EventKind = "arm rises"
	ArmFalls EventKind = "arm falls"
	ArmUp    EventKind = "arm up"
	ArmDown  EventKind = "arm down"
	Strike   EventKind = "strike"
)

// NewBoard returns a board with all relays and inputs off.
func NewBoard(cfg BoardConfig) *Board {
	if cfg.Unit == 0 {
		cfg.Unit = 1
	}
	if cfg.Coils == 0 {
		cfg.Coils = 8
	}
	if cfg.Inputs == 0 {
		cfg.Inputs = 8
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	b := &Board{
		unit: cfg.Unit, now: cfg.Now, onEvent: cfg.OnEvent,
		coils: make([]relay, cfg.Coils), inputs: make([]bool, cfg.Inputs),
		registers: make(map[uint16]uint16),
	}
	for n := range b.coils {
		b.registers[modeBase+uint16(n)] = 0
	}
	return b
}

// Coil reports whether the relay is on now.
func (b *Board) Coil(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stepLocked()
	return n >= 0 && n < len(b.coils) && b.coils[n].on
}

// SetCoil switches a relay as a hand at the board would.
func (b *Board) SetCoil(n int, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.stepLocked()
	if n >= 0 && n < len(b.coils) {
		b.setCoilLocked(n, on, now)
	}
}

// Input reports whether the input is on now.
func (b *Board) Input(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stepLocked()
	return n >= 0 && n < len(b.inputs) && b.inputs[n]
}

// SetInput switches an input that no Barrier drives.
func (b *Board) SetInput(n int, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.setInputLocked(n, on, b.stepLocked())
}

// Events returns everything that happened so far, in order.
func (b *Board) Events() []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stepLocked()
	return slices.Clone(b.events)
}

// Step brings the board up to the present. Timed things are worked out whenever
// the board is asked, with the times at which they happened; who wants events
// as they happen calls Step now and then.
func (b *Board) Step() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stepLocked()
}

// stepLocked lets everything happen that was due, in order, and returns now.
func (b *Board) stepLocked() time.Time {
	now := b.now()
	for {
		due := -1
		for i, c := range b.coils {
			if !c.backAt.IsZero() && !c.backAt.After(now) && (due < 0 || c.backAt.Before(b.coils[due].backAt)) {
				due = i
			}
		}
		if due < 0 {
			break
		}
		at := b.coils[due].backAt
		b.advanceLocked(at)
		b.setCoilLocked(due, !b.coils[due].on, at)
	}
	b.advanceLocked(now)
	return now
}

func (b *Board) advanceLocked(to time.Time) {
	if b.barrier != nil {
		b.barrier.advanceLocked(to)
	}
}

func (b *Board) setCoilLocked(n int, on bool, at time.Time) {
	c := &b.coils[n]
	c.backAt = time.Time{}
	if c.on == on {
		return
	}
	c.on = on
	b.recordLocked(Event{At: at, Kind: either(on, CoilOn, CoilOff), Number: n})
	if b.barrier != nil {
		b.barrier.coilChangedLocked(n, on, at)
	}
}

func (b *Board) setInputLocked(n int, on bool, at time.Time) {
	if n < 0 || n >= len(b.inputs) || b.inputs[n] == on {
		return
	}
	b.inputs[n] = on
	b.recordLocked(Event{At: at, Kind: either(on, InputOn, InputOff), Number: n})
}

func either(on bool, a, b EventKind) EventKind {
	if on {
		return a
	}
	return b
}

func (b *Board) recordLocked(e Event) {
	b.events = append(b.events, e)
	if b.onEvent != nil {
		b.onEvent(e)
	}
}

// answer does what a request asks and returns the reply, both without framing.
func (b *Board) answer(pdu []byte) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.stepLocked()
	if len(pdu) < 5 {
		return refuse(pdu, illegalValue)
	}
	address, value := int(binary.BigEndian.Uint16(pdu[1:])), int(binary.BigEndian.Uint16(pdu[3:]))
	switch pdu[0] {
	case readCoils:
		return b.bitsLocked(pdu, address, value, len(b.coils), func(i int) bool { return b.coils[i].on })
	case readInputs:
		return b.bitsLocked(pdu, address, value, len(b.inputs), func(i int) bool { return b.inputs[i] })
	case readHolding, readInputRegs:
		return b.readRegistersLocked(pdu, address, value)
	case writeRegister:
		return b.writeRegisterLocked(pdu, uint16(address), uint16(value), now)
	case writeCoil:
		return b.writeCoilLocked(pdu, address, value, now)
	case writeCoils:
		return b.writeCoilsLocked(pdu, address, value, now)
	case writeRegisters:
		return b.jydamLocked(pdu, address, value, now)
	}
	return refuse(pdu, illegalFunction)
}

func refuse(pdu []byte, code byte) []byte {
	return []byte{pdu[0] | 0x80, code}
}

func (b *Board) bitsLocked(pdu []byte, address, count, have int, bit func(int) bool) []byte {
	if count < 1 || count > 2000 {
		return refuse(pdu, illegalValue)
	}
	if address+count > have {
		return refuse(pdu, illegalAddress)
	}
	reply := make([]byte, 2+(count+7)/8)
	reply[0], reply[1] = pdu[0], byte((count+7)/8)
	for i := range count {
		if bit(address + i) {
			reply[2+i/8] |= 1 << (i % 8)
		}
	}
	return reply
}

func (b *Board) writeCoilLocked(pdu []byte, address, value int, now time.Time) []byte {
	for base, on := range map[int]bool{pulseBase: true, unpulseBase: false} {
		if n := address - base; n >= 0 && n < len(b.coils) {
			if value < 1 || value > 0x7fff {
				return refuse(pdu, illegalValue)
			}
			b.pulseLocked(n, on, value, now)
			return pdu
		}
	}
	if address >= len(b.coils) {
		return refuse(pdu, illegalAddress)
	}
	switch value {
	case 0xff00:
		b.setCoilLocked(address, true, now)
	case 0:
		b.setCoilLocked(address, false, now)
	case 0x5500:
		b.setCoilLocked(address, !b.coils[address].on, now)
	default:
		return refuse(pdu, illegalValue)
	}
	return pdu
}

// pulseLocked switches a relay for so many tenths of a second. Another pulse
// starts the time again.
func (b *Board) pulseLocked(n int, on bool, tenths int, now time.Time) {
	b.setCoilLocked(n, on, now)
	b.coils[n].backAt = now.Add(time.Duration(tenths) * 100 * time.Millisecond)
	b.recordLocked(Event{At: now, Kind: Pulse, Number: n})
}

func (b *Board) writeCoilsLocked(pdu []byte, address, count int, now time.Time) []byte {
	if count < 1 || len(pdu) != 6+(count+7)/8 || int(pdu[5]) != (count+7)/8 {
		return refuse(pdu, illegalValue)
	}
	if address+count > len(b.coils) {
		return refuse(pdu, illegalAddress)
	}
	for i := range count {
		b.setCoilLocked(address+i, pdu[6+i/8]&(1<<(i%8)) != 0, now)
	}
	return pdu[:5]
}

func (b *Board) jydamLocked(pdu []byte, address, count int, now time.Time) []byte {
	n := (address - jydamBase) / jydamStride
	if address < jydamBase || (address-jydamBase)%jydamStride != 0 || n >= len(b.coils) {
		return refuse(pdu, illegalAddress)
	}
	if count != 2 || len(pdu) != 10 || pdu[5] != 4 {
		return refuse(pdu, illegalValue)
	}
	mode := binary.BigEndian.Uint16(pdu[6:])
	if mode != jydamOn && mode != jydamOff {
		return refuse(pdu, illegalValue)
	}
	b.pulseLocked(n, mode == jydamOn, int(binary.BigEndian.Uint16(pdu[8:])), now)
	return pdu[:5]
}

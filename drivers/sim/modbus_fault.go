package sim

import "time"

// A Fault is how a Board answers wrong. The zero value is no fault.
type Fault struct {
	Kind FaultKind

	// Function limits the fault to one Modbus function; 0 means all.
	Function byte
	// Count ends the fault after so many requests; 0 means that it lasts.
	Count int
	// Delay is how late FaultLate answers, and how long FaultSplit waits in
	// the middle; 0 means half a second and 20 ms.
	Delay time.Duration
	// Code is the exception of FaultException; 0 means 4, device failure.
	Code byte
}

// A FaultKind names one way to fail.
type FaultKind uint8

// The ways to fail.
const (
	NoFault         FaultKind = iota
	FaultDeaf                 // the request is lost: nothing happens, no reply
	FaultMute                 // the reply is lost: it happens, no reply
	FaultLate                 // it happens, the reply is late
	FaultNoise                // noise, or on TCP a reply to some other transaction, before the reply
	FaultSplit                // the reply comes in two pieces
	FaultCrumbs               // only the first bytes of the reply come
	FaultBadCRC               // the reply is damaged; on TCP its transaction number is wrong
	FaultWrongID              // the reply carries another unit's address
	FaultStranger             // a reply with another unit's address comes before the board's own
	FaultException            // nothing happens, the reply is an exception
	FaultEcho                 // the request comes back before the reply, as from an adapter that echoes
	FaultDisconnect           // the connection is closed; on TCP new ones are closed too
)

const (
	defaultLate  = 500 * time.Millisecond
	defaultSplit = 20 * time.Millisecond
	deviceFails  = 4
)

// SetFault makes the board fail from now on; the zero Fault heals it.
func (b *Board) SetFault(f Fault) {
	if f.Delay == 0 {
		f.Delay = defaultLate
		if f.Kind == FaultSplit {
			f.Delay = defaultSplit
		}
	}
	if f.Code == 0 {
		f.Code = deviceFails
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
}

// takeFault returns the fault that this request meets.
func (b *Board) takeFault(pdu []byte) Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.fault
	if f.Kind == NoFault || f.Function != 0 && (len(pdu) == 0 || pdu[0] != f.Function) {
		return Fault{}
	}
	if f.Count > 0 {
		if b.fault.Count--; b.fault.Count == 0 {
			b.fault = Fault{}
		}
	}
	return f
}

// unplugged reports whether new connections are refused.
func (b *Board) unplugged() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fault.Kind == FaultDisconnect && b.fault.Count == 0
}

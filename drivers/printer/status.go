package printer

import (
	"errors"
	"fmt"

	"parkagent/drivers"
)

// The real-time status requests (DLE EOT n) and the request that is answered when all
// before it was printed (GS r 1), of the ESC/POS command reference.
const (
	askPrinter = 1
	askOffline = 2
	askError   = 3
	askPaper   = 4
)

func statusRequest(n byte) []byte { return []byte{0x10, 0x04, n} }

func printedRequest() []byte { return []byte{0x1d, 'r', 1} }

// isStatus reports whether a byte can be the answer to a real-time request: bits 1
// and 4 are set in each, 0 and 7 are not. Flow control bytes and the answers to other
// requests are none.
func isStatus(b byte) bool { return b&0x93 == 0x12 }

// isPrinted reports whether a byte can be the answer to printedRequest: bits 4 and 7
// are not set.
func isPrinted(b byte) bool { return b&0x90 == 0 }

// A Status is what a printer says of itself.
type Status struct {
	Offline bool // it prints nothing now
	Cover   bool // its cover is open
	Cutter  bool // its cutter is stuck
	Error   bool // another error, which may need it to be switched off and on
	Empty   bool // no paper
	Low     bool // little paper
}

// add notes the answer to the request n.
func (s *Status) add(n, answer byte) {
	bit := func(mask byte) bool { return answer&mask != 0 }
	switch n {
	case askPrinter:
		s.Offline = bit(0x08)
	case askOffline:
		s.Cover = bit(0x04)
		s.Empty = s.Empty || bit(0x20)
		s.Error = s.Error || bit(0x40)
	case askError:
		s.Cutter = bit(0x08)
		s.Error = s.Error || bit(0x60)
	case askPaper:
		s.Low = bit(0x0c)
		s.Empty = s.Empty || bit(0x60)
	}
}

// Err returns why the printer prints nothing, nil when it does: a
// *drivers.FaultError that wraps drivers.ErrRefused. Little paper is no reason.
func (s Status) Err() error {
	refused := func(fault drivers.Fault, why string) error {
		return &drivers.FaultError{Fault: fault, Err: fmt.Errorf("%w: %w", drivers.ErrRefused, errors.New(why))}
	}
	switch {
	case s.Empty:
		return refused(drivers.FaultPaper, "no paper")
	case s.Cover:
		return refused(drivers.FaultCover, "the cover is open")
	case s.Cutter:
		return refused(drivers.FaultCover, "the cutter is stuck")
	case s.Error:
		return refused(drivers.FaultOther, "the printer reports an error")
	case s.Offline:
		return refused(drivers.FaultOther, "the printer is switched to offline")
	}
	return nil
}

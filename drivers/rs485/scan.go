package rs485

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/goburrow/modbus"

	"parkagent/drivers"
)

// probeWait is how long a unit that may not be there is waited for on a line of
// RTU frames. Boards answer within some tens of milliseconds.
const probeWait = 150 * time.Millisecond

// Scan returns which of the units answer, in the order given. It only reads: the
// first coil and, of those that do not answer that, the first holding register. An
// exception is an answer. Everything else on the line goes before it; a unit that
// is not there takes about a third of a second.
//
// Its error says that the port cannot be used or that ctx ended; what was found
// until then is returned with it.
func (l *Line) Scan(ctx context.Context, units []byte) ([]byte, error) {
	there := make(map[byte]bool)
	var failure error
	// One after the other for all units: right after a question without an
	// answer the same unit is left in peace for a while.
	for _, function := range []byte{modbus.FuncCodeReadCoils, modbus.FuncCodeReadHoldingRegisters} {
		for _, unit := range units {
			if there[unit] || failure != nil {
				continue
			}
			there[unit], failure = l.probe(ctx, unit, function)
		}
	}
	var found []byte
	for _, unit := range units {
		if there[unit] {
			found = append(found, unit)
		}
	}
	return found, failure
}

// probe reports whether a unit answers. Its error is one of the port or of ctx.
func (l *Line) probe(ctx context.Context, unit, function byte) (bool, error) {
	adu, err := l.packager(unit).Encode(&modbus.ProtocolDataUnit{FunctionCode: function, Data: []byte{0, 0, 0, 1}})
	if err != nil {
		return false, err
	}
	reply, err := l.send(Slow, &request{ctx: ctx, adu: adu, mayBeNobody: true})
	switch {
	case ctx.Err() != nil:
		return false, fmt.Errorf("unit %d: %w", unit, ctx.Err())
	case err != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return false, nil
	case err != nil:
		return false, err
	}
	pdu, err := l.packager(unit).Decode(reply)
	if err != nil {
		return false, nil // bytes, but no answer
	}
	// A gateway answers for a unit that it does not reach, and says so.
	if pdu.FunctionCode&exceptionBit != 0 && errors.Is(exception(pdu), drivers.ErrOffline) {
		return false, nil
	}
	return true, nil
}

package rs485

import (
	"context"
	"errors"
	"fmt"

	"github.com/goburrow/modbus"

	"parkagent/drivers"
)

// Client returns a Modbus client for one call: its requests go to unit over
// this Line until ctx is done. Make a new one for each call; they cost nothing.
//
// Its errors wrap drivers.ErrOffline when no valid reply came, whether or not
// the device did what was asked, and drivers.ErrRefused when the device
// answered with an exception.
func (l *Line) Client(ctx context.Context, unit byte, p Priority) modbus.Client {
	return modbus.NewClient2(l.packager(unit), l.call(ctx, p))
}

// Raw sends one request as it is, function code and data, and returns the data
// of the reply. It is for requests that Client will not make, such as the timed
// pulse of some relay boards, which writes a single coil with a value that is
// neither on nor off. Its errors are those of Client.
func (l *Line) Raw(ctx context.Context, unit byte, p Priority, function byte, data []byte) ([]byte, error) {
	packager := l.packager(unit)
	request, err := packager.Encode(&modbus.ProtocolDataUnit{FunctionCode: function, Data: data})
	if err != nil {
		return nil, err
	}
	if replyLength(function, data) == 0 {
		return nil, fmt.Errorf("modbus: function %d with this data has no reply of known length", function)
	}
	adu, err := l.call(ctx, p).Send(request)
	if err != nil {
		return nil, err
	}
	if err := packager.Verify(request, adu); err != nil {
		return nil, offline(err)
	}
	pdu, err := packager.Decode(adu)
	if err != nil {
		return nil, offline(err)
	}
	return pdu.Data, nil
}

// A call carries one caller's context and priority through the library, whose
// Transporter has neither.
type call struct {
	ctx      context.Context // of this one call
	line     *Line
	priority Priority
}

func (l *Line) call(ctx context.Context, p Priority) modbus.Transporter {
	return call{ctx, l, p}
}

// Send returns the reply's frame. An exception is an error here already: the
// library's own would not say whether the device is gone or refused.
func (c call) Send(request []byte) ([]byte, error) {
	adu, err := c.line.ask(c.ctx, c.priority, request)
	if err != nil {
		return nil, err
	}
	pdu, err := c.line.packager(0).Decode(adu) // the unit plays no part in it
	if err != nil {
		return nil, offline(err)
	}
	if pdu.FunctionCode&exceptionBit == 0 {
		return adu, nil
	}
	return nil, exception(pdu)
}

const exceptionBit = 0x80

// exception sorts what a device says instead of doing it. Two codes come from a
// gateway that could not reach the device, and one says that the device began
// and is not done: there, nobody knows whether it happened.
func exception(pdu *modbus.ProtocolDataUnit) error {
	if len(pdu.Data) != 1 {
		return offline(errors.New("malformed exception"))
	}
	err := &modbus.ModbusError{FunctionCode: pdu.FunctionCode &^ exceptionBit, ExceptionCode: pdu.Data[0]}
	switch err.ExceptionCode {
	case modbus.ExceptionCodeGatewayPathUnavailable,
		modbus.ExceptionCodeGatewayTargetDeviceFailedToRespond,
		modbus.ExceptionCodeAcknowledge:
		return offline(err)
	}
	return fmt.Errorf("%w: %w", drivers.ErrRefused, err)
}

// rtuPackager uses the library's handler for its framing alone: its transport
// would open the port a second time, share it without a lock and cut exception
// replies that arrive in two parts.
func rtuPackager(unit byte) modbus.Packager {
	h := modbus.NewRTUClientHandler("")
	h.SlaveId = unit
	return h
}

func tcpPackager(unit byte) modbus.Packager {
	h := modbus.NewTCPClientHandler("")
	h.SlaveId = unit
	return h
}

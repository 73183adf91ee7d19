package rs485

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"parkagent/drivers/serialport"
)

// An MBAP header is transaction, protocol 0 and length, two bytes each, and the
// unit, which the length counts (Modbus messaging on TCP/IP V1.0b, 3.1.3).
const (
	headerLength  = 7
	longestLength = 254 // unit and 253 bytes of function and data
)

// An mbap is a wire to a Modbus TCP server. Run's goroutine owns it.
//
// Each request has a transaction number of its own, across all units on the
// connection, so a late reply is known and thrown away. After any failure the
// connection is closed: nobody knows what is still to come on it.
type mbap struct {
	port    Port
	timeout time.Duration
	number  uint16 // of the last transaction
	count   *counters
}

func newMBAP(cfg Config, count *counters) *mbap {
	w := &mbap{port: cfg.Port, timeout: cfg.ReplyTimeout, count: count}
	if w.timeout == 0 {
		w.timeout = defaultTCPTimeout
	}
	return w
}

func (w *mbap) settle(context.Context) {}

func (w *mbap) holds([]byte) time.Time { return time.Time{} }

// pause does nothing: a Modbus TCP server keeps its own line quiet.
func (w *mbap) pause(byte, time.Duration) {}

func (w *mbap) exchange(ctx context.Context, request []byte, _ bool) ([]byte, error) {
	if err := purge(ctx, w.port); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("not sent: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	w.number++
	sent := append([]byte(nil), request...)
	binary.BigEndian.PutUint16(sent, w.number)
	reply, err := w.roundTrip(ctx, sent)
	if err != nil {
		_ = w.port.Close() // the next request opens it again
		return nil, err
	}
	copy(reply, request[:2]) // the caller's own number, which it will check
	return reply, nil
}

func (w *mbap) roundTrip(ctx context.Context, sent []byte) ([]byte, error) {
	if err := w.port.Write(ctx, sent); err != nil {
		return nil, err
	}
	var received []byte
	buf := make([]byte, headerLength+longestLength)
	for {
		for {
			frame, rest, err := nextFrame(received)
			if err != nil {
				return nil, err
			}
			if frame == nil {
				break
			}
			received = rest
			if replyTo(sent, frame) {
				return frame, nil
			}
			w.count.stray.Add(1)
		}
		n, err := w.port.Read(ctx, buf)
		if err != nil {
			w.count.failed(len(received), err)
			return nil, noReply(received, err)
		}
		received = append(received, buf[:n]...)
	}
}

// nextFrame splits the first whole frame off, or returns nil while there is
// none.
func nextFrame(received []byte) (frame, rest []byte, err error) {
	if len(received) < headerLength {
		return nil, received, nil
	}
	length := int(binary.BigEndian.Uint16(received[4:]))
	if binary.BigEndian.Uint16(received[2:]) != 0 || length < 2 || length > longestLength {
		return nil, nil, fmt.Errorf("what answers is not Modbus TCP: % x", received[:headerLength])
	}
	n := headerLength - 1 + length
	if len(received) < n {
		return nil, received, nil
	}
	return append([]byte(nil), received[:n]...), received[n:], nil
}

// replyTo reports whether frame answers the request: its transaction, its unit,
// its function, and data that fit.
func replyTo(request, frame []byte) bool {
	if [2]byte(frame) != [2]byte(request) || frame[6] != request[6] {
		return false
	}
	function, data := request[headerLength], request[headerLength+1:]
	switch frame[headerLength] {
	case function:
		return answers(function, data, frame[headerLength+1:])
	case function | exceptionBit:
		return len(frame) == headerLength+2
	}
	return false
}

func (w *mbap) close() { _ = w.port.Close() }

// A Line's port is a serialport.Port everywhere but in tests.
var _ Port = (*serialport.Port)(nil)

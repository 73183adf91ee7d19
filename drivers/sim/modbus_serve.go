package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// gatewayNoReply is what a gateway answers for a unit that is not there.
const gatewayNoReply = 0x0B

// errUnplugged ends a connection on FaultDisconnect.
var errUnplugged = errors.New("unplugged")

// ServeRTU lets boards share one serial line until ctx is done or the line
// breaks; then it closes the line. A request for a unit that is not there is
// not answered.
func ServeRTU(ctx context.Context, line io.ReadWriteCloser, boards ...*Board) error {
	stop := context.AfterFunc(ctx, func() { _ = line.Close() })
	defer stop()
	defer line.Close()
	var received []byte
	buf := make([]byte, 256)
	for {
		n, err := line.Read(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		received = append(received, buf[:n]...)
		for {
			frame, rest := nextRequest(received)
			received = rest
			if frame == nil {
				break
			}
			if err := answerRTU(ctx, line, frame, boards); err != nil {
				return err
			}
		}
	}
}

// nextRequest splits the first good request off, skipping what is none.
func nextRequest(received []byte) (frame, rest []byte) {
	for len(received) >= 2 {
		n := requestLength(received)
		if n > len(received) {
			return nil, received
		}
		if n > 0 && crc16(received[:n]) == 0 {
			return received[:n:n], received[n:]
		}
		received = received[1:]
	}
	return nil, received
}

// requestLength returns the length of the request that begins here, 0 if none
// can, and more than is there while that cannot be told.
func requestLength(b []byte) int {
	switch b[1] {
	case 1, 2, 3, 4, 5, 6:
		return 8
	case writeCoils, writeRegisters:
		if len(b) < 7 {
			return 9
		}
		return 9 + int(b[6])
	}
	return 0
}

func answerRTU(ctx context.Context, line io.Writer, frame []byte, boards []*Board) error {
	for _, b := range boards {
		if b.unit != frame[0] {
			continue
		}
		return b.reply(ctx, line, frame[1:len(frame)-2], rtuFrames{request: frame, unit: b.unit})
	}
	return nil
}

// frames packs replies for one wire.
type frames interface {
	pack(pdu []byte) []byte
	noise() []byte   // what may come before a reply
	echo() []byte    // the request as it came
	damage(f []byte) // makes a packed reply invalid
	wrongID(pdu []byte) []byte
}

// reply answers one request, with the fault that the board has.
func (b *Board) reply(ctx context.Context, w io.Writer, pdu []byte, f frames) error {
	fault := b.takeFault(pdu)
	switch fault.Kind {
	case FaultDisconnect:
		return errUnplugged
	case FaultDeaf:
		return nil
	case FaultException:
		_, err := w.Write(f.pack(refuse(pdu, fault.Code)))
		return err
	}
	answer := b.answer(pdu)
	frame := f.pack(answer)
	var pieces [][]byte
	switch fault.Kind {
	case FaultMute:
		return nil
	case FaultLate:
		if !pause(ctx, fault.Delay) {
			return nil
		}
	case FaultNoise:
		pieces = append(pieces, f.noise())
	case FaultEcho:
		pieces = append(pieces, f.echo())
	case FaultStranger:
		pieces = append(pieces, f.wrongID(answer))
	case FaultCrumbs:
		frame = frame[:3]
	case FaultBadCRC:
		f.damage(frame)
	case FaultWrongID:
		frame = f.wrongID(answer)
	case FaultSplit:
		pieces = append(pieces, frame[:len(frame)-1])
		frame = frame[len(frame)-1:]
	}
	for _, p := range append(pieces, frame) {
		if _, err := w.Write(p); err != nil {
			return err
		}
		if fault.Kind == FaultSplit && !pause(ctx, fault.Delay) {
			return nil
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

type rtuFrames struct {
	request []byte
	unit    byte
}

func (f rtuFrames) pack(pdu []byte) []byte    { return sealRTU(f.unit, pdu) }
func (f rtuFrames) noise() []byte             { return []byte{0x00, 0xff} }
func (f rtuFrames) echo() []byte              { return f.request }
func (f rtuFrames) damage(b []byte)           { b[len(b)-1] ^= 0x55 }
func (f rtuFrames) wrongID(pdu []byte) []byte { return sealRTU(f.unit+1, pdu) }

func sealRTU(unit byte, pdu []byte) []byte {
	b := append([]byte{unit}, pdu...)
	return binary.LittleEndian.AppendUint16(b, crc16(b))
}

// crc16 is the check of Modbus RTU; over a frame with its own it is 0.
func crc16(b []byte) uint16 {
	crc := uint16(0xffff)
	for _, c := range b {
		crc ^= uint16(c)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0xa001
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}

// ServeTCP is a Modbus TCP server, as of a gateway with the boards behind it,
// until ctx is done; then it closes the listener and every connection, and
// returns after its goroutines. A request for a unit that is not there gets a
// gateway's exception.
func ServeTCP(ctx context.Context, ln net.Listener, boards ...*Board) error {
	ctx, cancel := context.WithCancel(ctx)
	var connections sync.WaitGroup
	defer connections.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	for {
		c, err := ln.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = c.Close()
			}
			return nil
		}
		if err != nil {
			return err
		}
		connections.Go(func() { serveConnection(ctx, c, boards) })
	}
}

func serveConnection(ctx context.Context, c net.Conn, boards []*Board) {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	defer c.Close()
	for _, b := range boards {
		if b.unplugged() {
			return
		}
	}
	for {
		header := make([]byte, 7)
		if _, err := io.ReadFull(c, header); err != nil {
			return
		}
		length := int(binary.BigEndian.Uint16(header[4:]))
		if binary.BigEndian.Uint16(header[2:]) != 0 || length < 2 || length > 254 {
			return
		}
		pdu := make([]byte, length-1)
		if _, err := io.ReadFull(c, pdu); err != nil {
			return
		}
		if err := answerTCP(ctx, c, header, pdu, boards); err != nil {
			return
		}
	}
}

func answerTCP(ctx context.Context, w io.Writer, header, pdu []byte, boards []*Board) error {
	f := tcpFrames{header: header, pdu: pdu}
	for _, b := range boards {
		if b.unit == header[6] {
			return b.reply(ctx, w, pdu, f)
		}
	}
	_, err := w.Write(f.pack(refuse(pdu, gatewayNoReply)))
	return err
}

type tcpFrames struct{ header, pdu []byte }

func (f tcpFrames) pack(pdu []byte) []byte {
	b := append([]byte(nil), f.header...)
	binary.BigEndian.PutUint16(b[4:], uint16(1+len(pdu)))
	return append(b, pdu...)
}

func (f tcpFrames) noise() []byte {
	b := f.pack(f.pdu)
	f.damage(b)
	return b
}

func (f tcpFrames) echo() []byte    { return f.pack(f.pdu) }
func (f tcpFrames) damage(b []byte) { b[0] ^= 0x55 }

func (f tcpFrames) wrongID(pdu []byte) []byte {
	b := f.pack(pdu)
	b[6]++
	return b
}

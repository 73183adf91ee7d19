package rs485

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// reopenAfter is how many requests in a row get no byte at all before the port
// is closed and opened again. A dead connection to a serial server and a hung
// USB adapter look like this; so does one dead device alone on its line, where
// opening again does no harm.
const reopenAfter = 3

// An rtu is a wire with RTU frames. Run's goroutine owns it.
type rtu struct {
	port    Port
	quiet   time.Duration
	timeout time.Duration
	baud    int

	echoSet bool // the installer says that the adapter echoes
	echo    bool // it does

	touched  time.Time          // when the last byte was seen or sent
	late     map[byte]time.Time // until when a late reply of a unit may come
	silences int                // requests in a row without any byte
	count    *counters

	mu     sync.Mutex             // guards the following field
	pauses map[byte]time.Duration // what pause was told
}

func newRTU(cfg Config, count *counters) *rtu {
	w := &rtu{
		port: cfg.Port, quiet: cfg.Quiet, timeout: cfg.ReplyTimeout, baud: cfg.Baud,
		echoSet: cfg.Echo, echo: cfg.Echo, late: make(map[byte]time.Time),
		count: count, pauses: make(map[byte]time.Duration),
	}
	if w.quiet == 0 {
		w.quiet = defaultQuiet
	}
	w.quiet = max(w.quiet, silentInterval(cfg.Baud))
	if w.timeout == 0 {
		w.timeout = defaultRTUTimeout
	}
	return w
}

// settle keeps the silence between two frames.
func (w *rtu) settle(ctx context.Context) { w.listen(ctx, w.touched.Add(w.quiet)) }

// listen throws away what it hears until then, and on until the wire was quiet
// long enough. A line that never falls silent is given up after as long as a
// reply may take: the request on it will then fail by itself.
func (w *rtu) listen(ctx context.Context, until time.Time) {
	var waste [longestFrame]byte
	for limit := until.Add(w.timeout); ; {
		now := time.Now()
		if !now.Before(until) || now.After(limit) || ctx.Err() != nil {
			return
		}
		n, err := w.read(ctx, until, waste[:])
		if n > 0 {
			w.count.stray.Add(1)
			until = later(time.Now().Add(w.quiet), until)
			continue
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return // no port, so nothing to wait for
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (w *rtu) read(ctx context.Context, until time.Time, b []byte) (int, error) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	return w.port.Read(ctx, b)
}

// holds returns until when a late reply of the unit may come. A reply carries its
// unit, so only this one's can be taken for the reply to another request to it.
func (w *rtu) holds(adu []byte) time.Time { return w.late[adu[0]] }

func (w *rtu) pause(unit byte, least time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pauses[unit] = least
}

// quietFor is the silence before a request to a unit.
func (w *rtu) quietFor(unit byte) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(w.quiet, w.pauses[unit])
}

func (w *rtu) exchange(ctx context.Context, request []byte, mayBeNobody bool) ([]byte, error) {
	w.noteLate(ctx, request[0])
	if err := purge(ctx, w.port); err != nil {
		return nil, err
	}
	w.listen(ctx, later(w.touched.Add(w.quietFor(request[0])), w.late[request[0]]))
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("not sent: %w", err)
	}
	err := w.port.Write(ctx, request)
	w.touched = time.Now()
	if err != nil {
		w.expectLate(request[0])
		return nil, err
	}
	function, data := request[1], request[2:len(request)-2]
	wait := w.timeout
	if mayBeNobody {
		wait = min(wait, probeWait)
	}
	wait += onWire(len(request)+replyLength(function, data)+4, w.baud)
	reply, err := w.receive(ctx, request, time.Now().Add(wait))
	if err != nil && mayBeNobody {
		w.silences = 0
	}
	return reply, err
}

// noteLate counts what came of a unit's late reply while nobody listened.
func (w *rtu) noteLate(ctx context.Context, unit byte) {
	if until, ok := w.late[unit]; !ok || time.Now().Before(until) {
		return
	}
	delete(w.late, unit)
	var waste [longestFrame]byte
	if n, _ := w.read(ctx, time.Now(), waste[:]); n > 0 { // an error shows again below
		w.count.stray.Add(1)
	}
}

// purge throws away what was received before a request. A connection that the
// other side closed in the meantime shows here, where nothing was sent yet, so
// it is opened again at once.
func purge(ctx context.Context, port Port) error {
	if err := port.ResetInput(ctx); err == nil {
		return nil
	}
	return port.ResetInput(ctx)
}

// receive collects bytes until they hold the reply.
func (w *rtu) receive(ctx context.Context, request []byte, until time.Time) ([]byte, error) {
	var received []byte
	buf := make([]byte, longestFrame)
	for {
		n, err := w.read(ctx, until, buf)
		if err != nil {
			if !repeats(request[1]) && bytes.Contains(received, request) {
				w.echo = true // our own bytes came back, the device's did not
				w.count.echo.Store(true)
			}
			w.count.failed(len(received), err)
			w.expectLate(request[0])
			w.countSilence(len(received), err)
			if !reads(request[1]) {
				_ = w.port.Close() // what is still on its way must not move anything later
			}
			return nil, noReply(received, err)
		}
		w.touched = time.Now()
		received = append(received, buf[:n]...)
		if len(received) > 4*longestFrame { // a babbling line
			received = append([]byte(nil), received[len(received)-2*longestFrame:]...)
		}
		rest := received
		if i := bytes.Index(rest, request); w.echo && repeats(request[1]) && i >= 0 {
			rest = rest[i+len(request):] // the first copy is our own
		}
		if at, frame := findReply(request, rest); frame != nil {
			if w.learnEcho(request, rest[:at]); at > 0 && !w.echo {
				w.count.noisy.Add(1)
			}
			w.silences = 0
			return frame, nil
		}
	}
}

// learnEcho finds out whether the adapter sends back what it transmits, from
// what came before a reply. Only requests whose reply differs from them tell,
// so a device is read before it is first written to.
func (w *rtu) learnEcho(request, before []byte) {
	if w.echoSet || repeats(request[1]) {
		return
	}
	w.echo = bytes.Contains(before, request)
	w.count.echo.Store(w.echo)
}

// expectLate lets the unit be asked nothing until a reply that is merely late
// has come.
func (w *rtu) expectLate(unit byte) {
	w.late[unit] = time.Now().Add(w.timeout + lateMargin)
}

func (w *rtu) countSilence(received int, err error) {
	if received > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		w.silences = 0
		return
	}
	if w.silences++; w.silences >= reopenAfter {
		w.silences = 0
		_ = w.port.Close() // opened again by the next request
	}
}

func noReply(received []byte, err error) error {
	if len(received) == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("no reply: %w", err)
	}
	return fmt.Errorf("no valid reply in % x: %w", received[:min(len(received), 32)], err)
}

func (w *rtu) close() { _ = w.port.Close() }

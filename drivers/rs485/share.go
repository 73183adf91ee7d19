package rs485

import (
	"bytes"
	"context"
)

// A share is a read that waits to be sent, and those who wait for its answer.
type share struct {
	done  chan struct{} // closed when the reply is there
	reply reply
}

// ask sends one request, or joins one that asks the same and still waits. Only
// reads are joined, since each write is to happen, and no command is: it would
// wait as a poll does.
func (l *Line) ask(ctx context.Context, p Priority, adu []byte) ([]byte, error) {
	what := l.asks(p, adu)
	if p == Command || what == "" {
		return l.send(p, &request{ctx: ctx, adu: adu})
	}
	for {
		s, joined := l.join(what)
		if !joined {
			return l.lead(ctx, p, adu, what, s)
		}
		select {
		case <-s.done:
		case <-ctx.Done():
			return nil, offline(ctx.Err())
		}
		switch {
		case s.reply.err == nil:
			l.count.shared.Add(1)
			reply := bytes.Clone(s.reply.adu)
			if l.tcp {
				copy(reply, adu[:2]) // its transaction is the other's
			}
			return reply, nil
		case ctx.Err() != nil || !s.abandoned():
			return nil, s.reply.err
		}
		// Whoever was to send it gave up; it is ours to send now.
	}
}

// asks returns what a read asks and how urgently, by which the same ones are known;
// it is empty for what is not a read.
func (l *Line) asks(p Priority, adu []byte) string {
	rest := adu
	if l.tcp {
		if len(adu) <= headerLength {
			return ""
		}
		rest = adu[headerLength-1:] // without transaction and length
	}
	if len(rest) < 2 || !reads(rest[1]) {
		return ""
	}
	return string(append([]byte{byte(p)}, rest...))
}

// join returns the share of those who ask the same, and whether there was one
// already.
func (l *Line) join(what string) (*share, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.waiting[what]; s != nil {
		return s, true
	}
	s := &share{done: make(chan struct{})}
	l.waiting[what] = s
	return s, false
}

// lead sends the request of a share. Nobody joins once it is on its way.
func (l *Line) lead(ctx context.Context, p Priority, adu []byte, what string, s *share) ([]byte, error) {
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.waiting[what] == s {
			delete(l.waiting, what)
		}
	}
	s.reply.adu, s.reply.err = l.send(p, &request{ctx: ctx, adu: adu, taken: leave})
	s.reply.ended = ctx.Err() != nil
	leave() // if it never was on its way
	close(s.done)
	return s.reply.adu, s.reply.err
}

// abandoned reports whether the one who was to send the request ran out of time.
func (s *share) abandoned() bool { return s.reply.ended }

package main

import (
	"context"
	"errors"
	"time"

	"github.com/kardianos/service"
)

// stopGrace is how long work may take once it is asked to stop. Five seconds
// are promised; the rest is for the process's own way out.
const stopGrace = 4500 * time.Millisecond

var (
	errEnded = errors.New("the agent ended without being asked to")
	errStuck = errors.New("the agent did not stop in time")
)

// supervise runs work until ctx is done and returns nil when it then ended in
// time. Work that ends by itself is an error, even when it returns nil: the
// service manager must start it again.
//
// Work that outlives its grace is left behind, because some calls, such as a
// write to a dead serial line, cannot be interrupted. The caller must end the
// process. Nothing is lost by that: what counts is committed before it is
// acted upon.
func supervise(ctx context.Context, work func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	select {
	case err := <-done:
		return ended(ctx, err)
	case <-ctx.Done():
	}
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case err := <-done:
		return ended(ctx, err)
	case <-grace.C:
		return errStuck
	}
}

func ended(ctx context.Context, err error) error {
	asked := ctx.Err() != nil
	switch {
	case asked && errors.Is(err, context.Canceled):
		return nil
	case !asked && err == nil:
		return errEnded
	}
	return err
}

// A program is work in the shape in which the Windows service manager runs it.
type program struct {
	// base is the process's context. It is kept because Start has none.
	base context.Context
	work func(context.Context) error
	exit func(status int) // os.Exit

	cancel context.CancelFunc // set by Start, before Stop is ever called
	done   chan error         // has room for one
}

// Start begins the work and returns at once.
//
// When the work ends unasked the process must go, with a status that is not
// zero: the service manager looks at nothing else, and would show the service
// as running, and restart nothing, for ever.
func (p *program) Start(s service.Service) error {
	ctx, cancel := context.WithCancel(p.base)
	p.cancel, p.done = cancel, make(chan error, 1)
	go func() {
		err := supervise(ctx, p.work)
		p.done <- err
		if ctx.Err() == nil {
			record(s, err)
			p.exit(statusOf(err))
		}
	}()
	return nil
}

// Stop asks the work to end and waits until it has, or its grace is over.
func (p *program) Stop(s service.Service) error {
	p.cancel()
	err := <-p.done
	if err != nil {
		record(s, err)
	}
	return err
}

// record writes the reason where people look for it: nobody sees the stderr of
// a Windows service.
func record(s service.Service, err error) {
	log, openErr := s.Logger(nil)
	if openErr != nil {
		return // there is no other place
	}
	_ = log.Error(messageOf(err, chinese)) // as above
}

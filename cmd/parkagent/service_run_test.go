package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kardianos/service"
)

// untilDone is work that is well behaved.
func untilDone(ctx context.Context) error { <-ctx.Done(); return nil }

func TestSupervise(t *testing.T) {
	broken := errors.New("database is gone")
	tests := []struct {
		name string
		work func(context.Context) error
		want error
		took time.Duration // after the stop at one minute; negative: before it
	}{
		{"work that stops when asked", untilDone, nil, 0},
		{"work that returns the context's error when asked", func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("watch: %w", ctx.Err()) }, nil, 0},
		{"work that stops within its grace", func(ctx context.Context) error { <-ctx.Done(); <-time.After(4 * time.Second); return nil }, nil, 4 * time.Second},
		{"work that fails while it stops", func(ctx context.Context) error { <-ctx.Done(); return broken }, broken, 0},
		{"work that fails by itself", func(context.Context) error { return broken }, broken, -time.Minute},
		{"work that ends by itself without an error", func(context.Context) error { return nil }, errEnded, -time.Minute},
		{"work that does not stop", func(context.Context) error { <-time.After(time.Hour); return nil }, errStuck, stopGrace},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const lived = time.Minute
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(lived, cancel)
				began := time.Now()
				if err := supervise(ctx, tt.work); !errors.Is(err, tt.want) {
					t.Errorf("error = %v, want %v", err, tt.want)
				}
				if took := time.Since(began) - lived; took != tt.took {
					t.Errorf("returned %v after the stop, want %v", took, tt.took)
				}
				<-time.After(2 * time.Hour) // by then work that was left behind has ended
			})
		})
	}
}

// A fakeLog is a service manager of which only the log is used.
type fakeLog struct {
	service.Service
	said []any
}

func (l *fakeLog) Logger(chan<- error) (service.Logger, error) { return errorLog{log: l}, nil }

// An errorLog takes errors only.
type errorLog struct {
	service.Logger
	log *fakeLog
}

func (l errorLog) Error(v ...any) error { l.log.said = append(l.log.said, v...); return nil }

func TestProgramEndsTheProcessWhenItsWorkEndsUnasked(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		said   string
	}{
		{"a failure", errors.New("database is gone"), 1, "database is gone"},
		{"a wrong configuration", fmt.Errorf("%w: line 3", errConfig), 2, "wrong configuration: line 3"},
		{"an end without an error", nil, 1, errEnded.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exited := make(chan int, 1)
			log := new(fakeLog)
			p := &program{
				base: t.Context(),
				work: func(context.Context) error { return tt.err },
				exit: func(status int) { exited <- status },
			}
			if err := p.Start(log); err != nil {
				t.Fatal(err)
			}
			if got := <-exited; got != tt.status {
				t.Errorf("exit status = %d, want %d", got, tt.status)
			}
			if len(log.said) != 1 || log.said[0] != tt.said {
				t.Errorf("log = %q, want %q", log.said, tt.said)
			}
		})
	}
}

func TestProgramStopsWhenAsked(t *testing.T) {
	broken := errors.New("books not closed")
	tests := []struct {
		name string
		work func(context.Context) error
		want error
	}{
		{"in good order", untilDone, nil},
		{"with a failure", func(ctx context.Context) error { <-ctx.Done(); return broken }, broken},
		{"by force", func(context.Context) error { <-time.After(time.Hour); return nil }, errStuck},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := new(fakeLog)
				p := &program{
					base: t.Context(),
					work: tt.work,
					exit: func(status int) { t.Errorf("the process was ended with status %d", status) },
				}
				if err := p.Start(log); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				began := time.Now()
				if err := p.Stop(log); !errors.Is(err, tt.want) {
					t.Errorf("Stop = %v, want %v", err, tt.want)
				}
				if took := time.Since(began); took >= 5*time.Second {
					t.Errorf("Stop took %v, want less than 5 s", took)
				}
				if (tt.want != nil) != (len(log.said) == 1) {
					t.Errorf("log = %q", log.said)
				}
				<-time.After(2 * time.Hour) // by then work that was left behind has ended
			})
		})
	}
}

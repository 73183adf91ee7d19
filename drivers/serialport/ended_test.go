package serialport

import (
	"context"
	"errors"
	"os"
	"testing"
)

// A lateContext ends when it is asked for the second time, as one does whose
// deadline passes just then.
type lateContext struct {
	context.Context
	asked *int
}

func (c lateContext) Err() error {
	if *c.asked++; *c.asked > 1 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestEndOfTimeIsKnownWhileItComes(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	over, cancelOver := context.WithTimeout(t.Context(), 0)
	defer cancelOver()
	for name, tt := range map[string]struct {
		ctx  context.Context
		want error
	}{
		"a deadline that passes this moment": {lateContext{t.Context(), new(int)}, os.ErrDeadlineExceeded},
		"a deadline that has passed":         {over, os.ErrDeadlineExceeded},
		"a caller who gave up":               {ended, context.Canceled},
	} {
		if got := contextError(tt.ctx); !errors.Is(got, tt.want) {
			t.Errorf("%s: contextError = %v, want %v", name, got, tt.want)
		}
	}
}

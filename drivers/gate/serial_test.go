package gate_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"parkagent/drivers/rs485"
	"parkagent/drivers/sim"
)

// serialLine is a pseudo terminal under a name that stays. When a board breaks
// the line, as unplugging does, a new one takes the name.
func serialLine(t *testing.T, boards ...*sim.Board) rs485.Config {
	t.Helper()
	name := filepath.Join(t.TempDir(), "port")
	line, tty, err := sim.OpenPTY()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system has no pseudo terminals")
	}
	if err == nil {
		err = os.Symlink(tty, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) error {
		for {
			_ = sim.ServeRTU(ctx, line, boards...) // the next line may be better
			if ctx.Err() != nil {
				return nil
			}
			if line, tty, err = sim.OpenPTY(); err != nil {
				return err
			}
			if err := errors.Join(os.Remove(name), os.Symlink(tty, name)); err != nil {
				return err
			}
		}
	})
	return rs485.Config{Port: port(t, "serial://"+name), Framing: rs485.RTU, ReplyTimeout: realReply}
}

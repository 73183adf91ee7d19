package lane

import (
	"context"
	"fmt"

	"parkagent/agent/signs"
	"parkagent/drivers"
	"parkagent/store"
)

// An Op is what a command from outside asks for. Ops are words in the journal.
type Op string

// The ops. A hold survives a restart and other opens and closes until Release.
const (
	OpOpen    Op = "open"
	OpClose   Op = "close"
	OpHold    Op = "hold"
	OpRelease Op = "release"
	OpStop    Op = "stop" // the arm stays where it is; not every gate can
	OpShow    Op = "show"
)

// A Command is an order from outside, with who gave it.
type Command struct {
	Op      Op
	Lines   []string // for OpShow
	Client  string
	Address string

	Reason  string // in the words of whoever gives it; may be empty
	Picture string // path of one that was taken for it; empty without
}

// operate carries out a command from outside. That it will be done is
// committed first, what came of it afterwards. A text is answered once it is
// committed: a display may take its time, and is reported when it is dark.
func (l *Lane) operate(ctx context.Context, c Command) (event, error) {
	if c.Op == OpShow {
		if err := l.journal(ctx, c, l.cfg.DisplayCode, "sent", nil); err != nil {
			return nil, err
		}
		l.finish(nil)
		l.idle = nil
		l.show(ctx, signs.Page{Screen: plainScreen(c.Lines)})
		l.state.idleAt = l.cfg.Now().UTC().Add(standsFor)
		return nil, nil
	}
	holds := c.Op == OpHold || c.Op == OpRelease
	hold := func(on bool) func(*store.Tx) error {
		if !holds {
			return nil
		}
		return func(tx *store.Tx) error { return tx.SetHold(ctx, l.cfg.Code, on) }
	}
	if err := l.journal(ctx, c, l.cfg.GateCode, "decided", hold(c.Op == OpHold)); err != nil {
		if c.Op != OpOpen && c.Op != OpStop || ctx.Err() != nil {
			return nil, err
		}
		// A full disk stops every decision of the lane; the operator's hand is
		// then the only way out, and nobody is to be trapped, or hit, for want of a row.
		l.cfg.Log.Error("move a gate without a row in the journal", "command", c.Op, "client", c.Client, "address", c.Address, "error", err)
	}
	err := l.gate(ctx, l.callOf(c.Op))
	result, undo := "ok", (func(*store.Tx) error)(nil)
	if err != nil {
		result, undo = err.Error(), hold(l.state.held)
	}
	if err != nil && c.Op == OpHold && !l.state.held {
		l.unlatch(ctx)
	}
	if jerr := l.journal(ctx, c, l.cfg.GateCode, result, undo); jerr != nil {
		l.cfg.Log.Error("journal a command", "error", jerr)
	}
	if err == nil && holds {
		return held{on: c.Op == OpHold}, nil
	}
	if err == nil && c.Op == OpOpen {
		return opened{}, nil
	}
	return nil, err
}

// callOf is what the gate is called for. A gate that cannot do it refuses.
func (l *Lane) callOf(op Op) func(context.Context) error {
	switch op {
	case OpOpen:
		return l.cfg.Gate.Raise
	case OpClose:
		return l.cfg.Gate.Lower
	case OpHold:
		return l.cfg.Gate.Hold
	case OpRelease:
		return l.cfg.Gate.Release
	case OpStop:
		if g, ok := l.cfg.Gate.(Stopper); ok {
			return g.Stop
		}
	}
	return func(context.Context) error {
		return fmt.Errorf("%w: the gate has no command %q", drivers.ErrRefused, op)
	}
}

// unlatch takes back a hold that the gate did not acknowledge. Its driver may
// go on trying, and the gate may have followed: whoever asked was told that it
// failed, and must not find it open. The caller waits, so it gets little time;
// poll releases what is still held then.
func (l *Lane) unlatch(ctx context.Context) {
	c, cancel := context.WithTimeout(ctx, darkTimeout)
	defer cancel()
	if err := l.cfg.Gate.Release(c); err != nil {
		l.cfg.Log.Debug("take back a hold", "error", err)
	}
}

// journal commits a command row together with what with does.
func (l *Lane) journal(ctx context.Context, c Command, device, result string, with func(*store.Tx) error) error {
	return l.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		if with != nil {
			if err := with(tx); err != nil {
				return err
			}
		}
		_, err := tx.Append(ctx, store.KindCommand, device, store.CommandFact{
			Device: device, Lane: l.cfg.Code, Command: string(c.Op), Reason: "remote",
			Client: c.Client, Address: c.Address, Remark: c.Reason, Image: c.Picture, Result: result,
		})
		return err
	})
}

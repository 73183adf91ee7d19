package display

import (
	"context"
	"errors"

	"parkagent/drivers"
)

// errSilent is what a board says that says nothing.
var errSilent = errors.New("the line is open, the board does not answer")

// Check asks whether the panel can be reached and changes nothing on it: the
// port must open, and a board that must answer is asked. Silence counts only of a
// family or a board that is known to answer questions. Of a panel that rides, the
// camera is asked where it can tell. An error wraps drivers.ErrOffline.
func (p *Panel) Check(ctx context.Context) error {
	return p.do(ctx, "check", func(ctx context.Context) error {
		if p.Rides() {
			return p.camera(ctx)
		}
		_, heard, err := p.ask(ctx, p.wire.must)
		if err == nil && !heard && p.dead() {
			err = offline(errSilent)
		}
		return err
	})
}

// Diagnose tries the panel and shows nothing on it. Of a family that answers no
// questions it tells that the line opens, and no more. A board that need not answer
// and does not is odd; so is an adapter that throws back what is sent.
func (p *Panel) Diagnose(ctx context.Context) []drivers.Finding {
	var found []drivers.Finding
	err := p.do(ctx, "diagnose", func(ctx context.Context) error {
		if p.Rides() {
			err := p.camera(ctx)
			found = append(found, drivers.Finding{Topic: drivers.TopicHeard, Level: level(err), Err: err})
			return nil
		}
		r, heard, err := p.ask(ctx, true)
		if err != nil {
			return err
		}
		reach := drivers.Finding{Topic: drivers.TopicReach, Value: r.state}
		switch {
		case heard:
		case p.board.probe() == nil:
			reach.Topic = drivers.TopicPort
		case p.dead():
			reach.Level, reach.Err = drivers.LevelWrong, errSilent
		default:
			reach.Topic, reach.Level = drivers.TopicPort, drivers.LevelOdd
		}
		found = append(found, reach)
		if p.wire.echoes {
			found = append(found, drivers.Finding{Topic: drivers.TopicLine, Level: drivers.LevelOdd, Value: "echo"})
		}
		return nil
	})
	if err != nil {
		found = append(found, drivers.Finding{Topic: drivers.TopicReach, Level: drivers.LevelWrong, Err: err})
	}
	return found
}

func level(err error) drivers.Level {
	if err != nil {
		return drivers.LevelWrong
	}
	return drivers.LevelFine
}

// ask opens the line and, where the family has a question for it, waits for an
// answer of the board.
func (p *Panel) ask(ctx context.Context, patient bool) (reply, bool, error) {
	if err := p.open(ctx); err != nil {
		return reply{}, false, err
	}
	probe := p.board.probe()
	if probe == nil || !patient {
		return reply{}, false, nil
	}
	r, heard, err := p.wire.exchange(ctx, p.board, probe, true)
	p.wire.told = p.wire.told || heard
	return r, heard, err
}

// open opens the line, unless it is.
func (p *Panel) open(ctx context.Context) error {
	if err := p.wire.port.Connect(ctx); err != nil {
		return offline(err)
	}
	return nil
}

// dead reports whether a board that did not answer a question has failed.
func (p *Panel) dead() bool {
	return p.wire.must && p.board.probe() != nil && (p.wire.sure || p.wire.told)
}

// camera asks the camera that carries the frames whether it was heard.
func (p *Panel) camera(ctx context.Context) error {
	if c, ok := p.carrier.(interface{ Check(context.Context) error }); ok {
		return c.Check(ctx)
	}
	return nil
}

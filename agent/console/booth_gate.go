package console

import (
	"context"
	"errors"
	"strings"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/lane"
	"parkagent/agent/plate"
	"parkagent/protocol"
)

// photoWithin bounds the picture of an opening: the driver waits for it.
const photoWithin = 1500 * time.Millisecond

// command moves a gate. Opening and holding need a reason, and a picture is taken
// of what stands there; a camera that fails keeps nobody waiting. To stop an arm may
// have one, and waits for nothing.
func (b *Booths) command(op lane.Op) func(context.Context, act) (any, error) {
	return func(ctx context.Context, a act) (any, error) {
		q, err := decode[struct {
			Lane   string `json:"lane" wire:"required"`
			Reason string `json:"reason"`
		}](a)
		if err != nil {
			return nil, err
		}
		l, err := b.lane(q.Lane)
		if err != nil {
			return nil, err
		}
		c := lane.Command{Op: op, Client: a.Operator, Address: a.address}
		if op == lane.OpOpen || op == lane.OpHold {
			if c.Reason, err = reasonOf(q.Reason); err != nil {
				return nil, err
			}
			c.Picture = b.photo(ctx, l)
		}
		if op == lane.OpStop && strings.TrimSpace(q.Reason) != "" {
			if c.Reason, err = reasonOf(q.Reason); err != nil {
				return nil, err
			}
		}
		if err := l.Worker.Do(ctx, c); err != nil {
			return nil, passed(err)
		}
		return struct {
			Image string `json:"image"`
		}{b.image(c.Picture)}, nil
	}
}

// letThrough lets the car that stands at a lane pass, whatever is due or full. What
// the books make of it is a stay that begins, or one that ends unpaid.
func (b *Booths) letThrough(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Lane   string `json:"lane" wire:"required"`
		Reason string `json:"reason"`
	}](a)
	if err != nil {
		return nil, err
	}
	l, err := b.lane(q.Lane)
	if err != nil {
		return nil, err
	}
	r := lane.Release{Client: a.Operator, Address: a.address}
	if r.Reason, err = reasonOf(q.Reason); err != nil {
		return nil, err
	}
	r.Picture = b.photo(ctx, l)
	v, err := l.Worker.LetThrough(ctx, r)
	if err != nil {
		return nil, passed(err)
	}
	return verdictOf(v, b.image(r.Picture)), nil
}

// correctAtLane says what plate the car has that stands at a lane, which is decided
// on anew. One that is refused again is no error: the verdict says why.
func (b *Booths) correctAtLane(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Lane   string `json:"lane" wire:"required"`
		Plate  string `json:"plateNo" wire:"required"`
		Reason string `json:"reason"`
	}](a)
	if err != nil {
		return nil, err
	}
	l, err := b.lane(q.Lane)
	if err != nil {
		return nil, err
	}
	c := lane.Correction{Plate: plate.Normal(q.Plate), Client: a.Operator, Address: a.address}
	if c.Plate == "" {
		return nil, &protocol.FieldError{Field: "plateNo", Problem: protocol.Malformed}
	}
	if c.Reason, err = reasonOf(q.Reason); err != nil {
		return nil, err
	}
	v, err := l.Worker.Correct(ctx, c)
	if err != nil && !errors.As(err, new(*lane.RefusedError)) {
		return nil, passed(err)
	}
	return verdictOf(v, ""), nil
}

// A verdict is what a lane decided on a car.
type verdict struct {
	Open    bool   `json:"open"`
	Reason  string `json:"reason"` // a word of the journal
	Plate   string `json:"plateNo"`
	Session string `json:"session"`
	Payable int64  `json:"payable"`
	Image   string `json:"image"` // of what stood there
}

func verdictOf(v access.Verdict, image string) verdict {
	return verdict{Open: v.Open, Reason: string(v.Reason), Plate: v.Plate, Session: v.Session, Payable: v.Payable, Image: image}
}

// photo takes a picture and returns its path, "" when that fails.
func (b *Booths) photo(ctx context.Context, l BoothLane) string {
	ctx, cancel := context.WithTimeout(ctx, photoWithin)
	defer cancel()
	path, err := l.Worker.Photo(ctx)
	if err != nil {
		b.cfg.Log.Info("no picture of an operator's act", "lane", l.Code, "error", err)
	}
	return path
}

// mostReason bounds a reason, in bytes.
const mostReason = 300

// reasonOf returns an operator's reason without the space around it, or that it is
// missing.
func reasonOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", &protocol.FieldError{Field: "reason", Problem: protocol.Missing}
	case len(text) > mostReason:
		return "", &protocol.FieldError{Field: "reason", Problem: protocol.OutOfRange}
	}
	return text, nil
}

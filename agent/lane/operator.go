package lane

import (
	"context"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/plate"
	"parkagent/store"
)

// A Release is an operator's order to let the car pass that stands at the lane,
// whatever the rules say of it.
type Release struct {
	Reason  string // in the operator's words; whoever calls sees that there is one
	Picture string // path of the one that was taken for it; empty without
	Client  string // who gives the order, for the journal
	Address string
}

// A Correction is what an operator says the plate of the car is that stands at
// the lane.
type Correction struct {
	Plate   string
	Reason  string // in the operator's words; whoever calls sees that there is one
	Client  string
	Address string
}

// LetThrough lets the car pass that stands at the lane, and returns when the gate
// has acknowledged that, with the gate's error otherwise; it is then asked again
// while the car stands there, as for any car. At an entry a stay begins, under a
// temporary plate where the lane knows of no car. At an exit the stay of the car
// ends, with what is unpaid in the books; where the books know none, the opening
// with its reason is all that is kept.
//
// An error of the books opens nothing. Do with OpOpen does, and changes no stay.
func (l *Lane) LetThrough(ctx context.Context, r Release) (access.Verdict, error) {
	by := access.By{Client: r.Client, Address: r.Address}
	return l.order(ctx, letPass{release: &access.Release{Reason: r.Reason, Picture: r.Picture, By: by}})
}

// Correct decides anew on the car that stands at the lane, as one with another
// plate, and returns the verdict. Where that opens the gate it returns when the gate
// has acknowledged it, as LetThrough does. The plate must be one, or the error is a
// *RefusedError with access.ReasonNoPlate.
func (l *Lane) Correct(ctx context.Context, c Correction) (access.Verdict, error) {
	no := plate.Normal(c.Plate)
	if no == "" {
		return access.Verdict{}, &RefusedError{Reason: access.ReasonNoPlate}
	}
	return l.order(ctx, letPass{plate: no, remark: c.Reason, by: access.By{Client: c.Client, Address: c.Address}})
}

// orderAgain is how soon after a car was let in an operator's order is about that one
// still, if the lane knows of no other: he presses twice.
const orderAgain = 3 * time.Second

// order hands an operator's order to the loop and returns what came of it.
func (l *Lane) order(ctx context.Context, p letPass) (access.Verdict, error) {
	out := make(chan access.Verdict, 1)
	p.out = out
	err := l.send(ctx, ordered{pass: p})
	select {
	case v := <-out:
		return v, err
	default:
		return access.Verdict{}, err
	}
}

// decideOrdered carries out an operator's order. A car that drives through already
// is not the one that is meant: it is booked, and the order is about the next.
func decideOrdered(s state, e ordered, now time.Time) (state, []command) {
	if s.phase != passing || s.pass.through.IsZero() {
		return s, []command{e.pass}
	}
	next := s.next
	s.next = nil
	s, cmds := passed(s, now)
	if len(next) > 0 {
		no := plate.Normal(next[0].rec.Plate)
		e.pass.next = access.Approach{Plate: no, PlateRead: next[0].rec.Plate, Color: wireColor(next[0].rec.Color), Size: wireSize(next[0].rec)}
	}
	return s, append(cmds, e.pass)
}

// stands is the car that the lane knows to stand there: the one that it deals
// with, or the last that was refused. The zero value when there is none.
func (s state) stands(now time.Time) access.Approach {
	switch {
	case s.asked != (access.Approach{}) && (s.phase != idle || since(now, s.askedAt, giveUpAt)):
		return s.asked
	case s.phase != idle:
		return access.Approach{Plate: s.car.Plate, PlateRead: s.car.Plate, Color: -1}
	}
	return access.Approach{Color: -1}
}

// letPass carries out an operator's order as far as the books are concerned.
func (l *Lane) letPass(ctx context.Context, p letPass) (event, error) {
	a, car := l.approach(), l.state.stands(l.cfg.Now().UTC())
	if l.state.phase == confirming && l.state.back == "" { // that one has passed
		car = p.next
	}
	a.Plate, a.PlateRead, a.CardNo = car.Plate, car.PlateRead, car.CardNo
	a.Color, a.Size, a.Image = car.Color, car.Size, car.Image
	a.Release = p.release
	if now := l.cfg.Now().UTC(); p.release != nil && l.state.phase == idle && since(now, l.state.began.at, orderAgain) {
		a.Stands = l.state.began.Reading
	}
	if p.plate != "" {
		if err := l.journalCorrection(ctx, p, a.PlateRead); err != nil {
			return nil, err
		}
		a.Plate, a.CardNo, a.Told = p.plate, "", true
	}
	v, err := l.judge(ctx, a)
	if err != nil {
		l.cfg.Log.Error("let a car pass on an operator's order", "error", err)
		return nil, err
	}
	p.out <- v
	return ruled{of: p, v: v, asked: asked(a)}, nil
}

// opCorrect is what the journal calls a correction.
const opCorrect Op = "correct"

func (l *Lane) journalCorrection(ctx context.Context, p letPass, read string) error {
	return l.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(ctx, store.KindCommand, l.cfg.GateCode, store.CommandFact{
			Device: l.cfg.GateCode, Lane: l.cfg.Code, Command: string(opCorrect), Reason: "remote", Plate: p.plate,
			Client: p.by.Client, Address: p.by.Address, Remark: p.remark, Result: "read as " + read,
		})
		return err
	})
}

// asked is a, of which a recognition was made, without what belongs to the moment.
func asked(a access.Approach) access.Approach {
	return access.Approach{Plate: a.Plate, PlateRead: a.PlateRead, CardNo: a.CardNo, Color: a.Color, Size: a.Size, Image: a.Image}
}

// snapshotCar is what an operator is shown of the car that stands at the lane.
func (s state) snapshotCar(now time.Time) Car {
	k := s.stands(now)
	c := Car{Plate: k.Plate, CardNo: k.CardNo, Image: k.Image, Reason: s.refused}
	if s.phase != idle {
		c.Plate, c.Session, c.Payable, c.Reason = s.car.Plate, s.car.Session, s.car.Payable, s.car.Reason
	}
	return c
}

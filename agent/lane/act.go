package lane

import (
	"context"
	"errors"
	"slices"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/plate"
	"parkagent/drivers"
	"parkagent/store"
)

// handle deals with one event and with all that follows from it. It returns
// the result of the event itself, for whoever waits for it.
func (l *Lane) handle(ctx context.Context, e event) error {
	var result error
	p := patience{dedupe: l.cfg.Dedupe, ask: l.cfg.AskWithin, still: l.stillFor()}
	if r, ok := e.(recognised); ok {
		r.late = l.skew.isLate(r.rec, l.mono())
		e = r
	}
	for queue := []event{e}; len(queue) > 0; queue = queue[1:] {
		var cmds []command
		l.state, cmds = decide(l.state, queue[0], l.cfg.Now().UTC(), p)
		for _, c := range cmds {
			next, err := l.do(ctx, c)
			if next != nil {
				queue = append(queue, next)
			}
			switch c.(type) {
			case operate, letPass:
				result = err
			case raise:
				if _, ok := e.(ordered); ok {
					result = err
				}
			}
		}
	}
	l.look()
	return result
}

// look publishes what the lane looks like.
func (l *Lane) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.view.Held = l.state.held
	l.view.Plate = l.state.car.Plate
	l.view.Car = l.state.snapshotCar(l.cfg.Now().UTC())
	l.view.Passing = l.state.phase == passing
	l.view.Waiting = l.state.phase == waiting || l.state.phase == asking
}

// do carries out one command and returns the event that it leads to, if any,
// and the error for whoever asked for it. Errors are logged here.
func (l *Lane) do(ctx context.Context, c command) (event, error) {
	switch c := c.(type) {
	case rule:
		v, a, err := l.ask(ctx, c)
		if err != nil {
			l.cfg.Log.Error("decide on a car", "error", err)
		}
		return ruled{of: c, v: v, err: err, asked: a}, nil
	case lookArm:
		return armed{rec: c.rec, up: l.opened(ctx, l.see(ctx))}, nil
	case look:
		st := l.see(ctx)
		return looked{scan: c.scan, presence: st.Presence, up: l.opened(ctx, st)}, nil
	case ruleScan:
		v, a, err := l.askScan(ctx, c.scan)
		if err != nil {
			l.cfg.Log.Error("decide on a car without a plate", "error", err)
		}
		return ruled{of: c, v: v, err: err, asked: a}, nil
	case letPass:
		return l.letPass(ctx, c)
	case answer:
		l.tell(ctx, c)
	case stand:
		return l.stand(ctx, c.session), nil
	case inquire:
		return l.inquire(c), nil
	case recheck:
		v, err := l.cfg.Rules.Recheck(ctx, l.approach(), c.session)
		if err != nil {
			l.cfg.Log.Error("decide on a paid car", "error", err)
		}
		return ruled{of: c, v: v, err: err}, nil
	case raise:
		if c.again && l.elsewhere(ctx) {
			return stood{session: l.state.car.Session}, nil
		}
		l.showBefore(ctx, c)
		err := l.raise(ctx, c)
		if errors.Is(err, drivers.ErrRefused) && l.state.tries == 0 {
			// report takes it for the answer of a well gate and says nothing.
			l.cfg.Log.Warn("the gate refuses to open, it is tried again", "gate", l.cfg.GateCode, "error", err)
		}
		return raised{err: err}, err
	case confirm:
		return confirmed{err: l.confirm(ctx, c.session)}, nil
	case turnBack:
		return confirmed{err: l.turnBack(ctx, c)}, nil
	case noteOdd:
		l.noteOdd(ctx, c.fact)
	case latch:
		return latched{err: l.gate(ctx, l.cfg.Gate.Hold)}, nil
	case show:
		l.say(ctx, c.text)
	case record:
		l.record(ctx, c)
	case report:
		l.report(ctx, c.device, c.err)
	case operate:
		return l.operate(ctx, c.cmd)
	}
	return nil, nil
}

// approach is a car before this lane, without what the camera saw of it.
func (l *Lane) approach() access.Approach {
	a := access.Approach{
		Lane: l.cfg.Code, Place: l.cfg.Name, Gate: l.cfg.GateCode, Area: l.cfg.Area, From: l.cfg.From, To: l.cfg.To, Device: l.cfg.CameraCode,
		Color: -1, Held: l.state.held, Dedupe: l.cfg.Dedupe, Twice: l.cfg.Twice,
	}
	switch l.state.phase {
	case confirming:
		if l.state.back == "" {
			a.Opened = l.state.car.Session
		}
	case raising:
		a.Raising = l.state.car.Session
	}
	return a
}

// ask puts a recognised car to the rules.
func (l *Lane) ask(ctx context.Context, c rule) (access.Verdict, access.Approach, error) {
	a, r := l.approach(), c.rec
	a.Seen = c.seen
	a.Plate, a.PlateRead, a.Confidence = plate.Normal(r.Plate), r.Plate, r.Confidence
	a.Color, a.Size = wireColor(r.Color), wireSize(r)
	a.Image = l.picture(r)
	if b := l.state.began; l.cfg.Direction == Entry && !l.inner() && b.stays(l.cfg.Now().UTC(), l.cfg.Dedupe) && l.see(ctx).Presence == drivers.PresenceOccupied {
		a.Stands = b.Reading
	}
	v, err := l.judge(ctx, a)
	if err != nil {
		v.Plate = a.Plate
	}
	return v, asked(a), err
}

// inner reports whether the lane leads from one area of the car park into another.
func (l *Lane) inner() bool { return l.cfg.From != 0 && l.cfg.To != 0 }

// judge puts a car to the rules for the way that this lane leads.
func (l *Lane) judge(ctx context.Context, a access.Approach) (access.Verdict, error) {
	switch {
	case l.inner():
		return l.cfg.Rules.Pass(ctx, a)
	case l.cfg.Direction == Exit:
		return l.cfg.Rules.Leave(ctx, a)
	}
	return l.cfg.Rules.Enter(ctx, a)
}

// picture keeps the scene and returns its path. A lost picture holds no car.
func (l *Lane) picture(r drivers.Recognition) string {
	jpeg := r.Scene()
	if jpeg == nil || l.cfg.SavePicture == nil {
		return ""
	}
	path, err := l.cfg.SavePicture(jpeg, l.cfg.Now().UTC())
	if err != nil {
		l.cfg.Log.Warn("picture lost", "error", err)
		return ""
	}
	return path
}

func (l *Lane) record(ctx context.Context, c record) {
	f := store.RecognitionFact{
		Lane: l.cfg.Code, Device: l.cfg.CameraCode, Plate: c.rec.Plate, SeenMs: store.Millis(c.rec.At),
		ReceivedMs: store.Millis(c.rec.Received), Reason: string(c.reason), Image: l.picture(c.rec),
	}
	err := error(nil)
	if c.rec.Offline && l.cfg.BookOffline && !l.inner() {
		a := l.approach()
		a.Plate, a.PlateRead, a.Image = plate.Normal(c.rec.Plate), c.rec.Plate, f.Image
		a.Color, a.Size = wireColor(c.rec.Color), wireSize(c.rec)
		err = l.cfg.Rules.Late(ctx, a, l.skew.right(c.rec.At), l.cfg.Direction == Entry, f)
	} else {
		err = l.cfg.Rules.Record(ctx, f)
	}
	if err != nil {
		l.cfg.Log.Error("record a recognition", "error", err)
	}
}

// gate calls the gate with the deadline of a command and reports how it is.
func (l *Lane) gate(ctx context.Context, call func(context.Context) error) error {
	c, cancel := context.WithTimeout(ctx, l.cfg.CommandTimeout)
	defer cancel()
	err := call(c)
	if ctx.Err() == nil && !errors.Is(err, drivers.ErrRefused) { // a refusal is an answer: the gate is well
		l.report(ctx, l.cfg.GateCode, err)
	}
	return err
}

// raise opens the gate. After a failure the arm's position is unknown, so it
// is asked for before the command is sent again.
func (l *Lane) raise(ctx context.Context, c raise) error {
	if c.again {
		st, err := l.read(ctx, pollTimeout)
		if ctx.Err() == nil {
			l.report(ctx, l.cfg.GateCode, err)
		}
		if err == nil && st.Arm == drivers.ArmUp {
			return nil
		}
	}
	if g, ok := l.cfg.Gate.(EventGate); ok && c.event != "" {
		return l.gate(ctx, func(ctx context.Context) error { return g.RaiseFor(ctx, c.event) })
	}
	return l.gate(ctx, l.cfg.Gate.Raise)
}

// bookWithin bounds booking a passage, which also a lane that stops still does.
const bookWithin = 3 * time.Second

func (l *Lane) confirm(ctx context.Context, session string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookWithin)
	defer cancel()
	var err error
	switch {
	case l.inner():
		err = l.cfg.Rules.Passed(ctx, l.approach(), session)
	case l.cfg.Direction == Exit:
		err = l.cfg.Rules.Gone(ctx, session)
	default:
		err = l.cfg.Rules.Entered(ctx, session)
	}
	if err != nil {
		l.cfg.Log.Error("book a passage", "session", session, "error", err)
	}
	return err
}

// resume takes up what the lane was doing before a restart.
func (l *Lane) resume(ctx context.Context) error {
	holds, err := l.cfg.DB.Holds(ctx)
	if err != nil {
		return err
	}
	for _, code := range holds {
		l.state.held = l.state.held || code == l.cfg.Code
	}
	if l.state.held {
		// Before anything else: a driver's first contact switches off what
		// is on by mistake, and must know that this is not.
		_ = l.handle(ctx, latched{err: l.gate(ctx, l.cfg.Gate.Hold)}) // the next tick tries again
	}
	a := l.approach()
	cars, err := l.cfg.DB.LaneCars(ctx)
	if err != nil {
		return err
	}
	var st drivers.GateState
	stands := slices.ContainsFunc(cars, func(c store.LaneCar) bool { return c.Lane == l.cfg.Code })
	if stands && l.state.held == l.state.latched { // a gate whose hold is still to be latched is left alone
		st = l.see(ctx)
		a.Presence = st.Presence
		_ = l.handle(ctx, sensedOf(st)) // nobody waits for it
	}
	v, err := l.cfg.Rules.Resume(ctx, a)
	if err != nil {
		return err
	}
	l.state.idleAt = l.cfg.Now().UTC() // the next tick shows the idle text
	l.countSpaces(ctx)
	if v.Session != "" {
		stands := st.Presence == drivers.PresenceOccupied && st.Passage != drivers.PresenceOccupied
		_ = l.handle(ctx, ruled{v: v, resumed: true, stands: stands}) // nor for this
	} else if stands {
		_ = l.handle(ctx, opened{}) // a car that counts as inside may still drive through
	}
	return nil
}

// countSpaces tells the lane the free places of its area.
func (l *Lane) countSpaces(ctx context.Context) {
	areas, err := l.cfg.DB.Areas(ctx)
	if err != nil {
		if ctx.Err() == nil {
			l.cfg.Log.Error("count free places", "error", err)
		}
		return
	}
	for _, a := range areas {
		if a.Code == l.cfg.Area {
			_ = l.handle(ctx, spaces{free: a.Free()}) // nobody waits for it
		}
	}
}

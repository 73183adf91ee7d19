package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"parkagent/drivers/gate"
	"parkagent/drivers/sim"
)

// step is how often a board's timers and arm are worked out.
const step = 20 * time.Millisecond

// A barrierSim is a gate as cars see it: an arm on a relay board, or one that
// a camera opens and of which nothing else is known.
type barrierSim struct {
	e     *env
	code  string
	board *sim.Board   // nil when a camera opens it
	arm   *sim.Barrier // likewise
	wired gate.RelayOptions

	latched func() bool // whether the camera keeps it up; nil: it cannot tell

	told chan struct{} // takes a value when it was told to open and the last was seen

	mu     sync.Mutex // guards the following field
	events []sim.Event
}

func newBarrier(e *env, code string) *barrierSim {
	return &barrierSim{e: e, code: code, told: make(chan struct{}, 1)}
}

// wire puts the arm on a board of its own.
func (g *barrierSim) wire(o gate.RelayOptions, p pace) {
	g.wired = o
	g.board = sim.NewBoard(boardOf(o, func(ev sim.Event) {
		g.mu.Lock() // the board has its own lock and is not called here
		defer g.mu.Unlock()
		g.events = append(g.events, ev)
		if g.opens(ev) {
			g.tell()
		}
	}))
	cfg := barrierOf(o, p)
	for _, n := range cfg.RestOn {
		g.board.SetCoil(n, true) // as the agent left it
	}
	g.arm = sim.NewBarrier(g.board, cfg)
	g.limits()
}

// opens reports whether an event is the agent's word to open.
func (g *barrierSim) opens(ev sim.Event) bool {
	given := sim.CoilOn
	if g.restsOn(ev.Number) {
		given = sim.CoilOff
	}
	return ev.Kind == given && slices.Contains(g.openers(), ev.Number)
}

// restsOn reports whether an opener is on while its contact is not given.
func (g *barrierSim) restsOn(relay int) bool {
	if relay == int(g.wired.Open) {
		return g.wired.OpenActiveLow
	}
	return g.wired.HoldActiveLow
}

// openers are the relays that raise the arm.
func (g *barrierSim) openers() []int {
	list := []int{int(g.wired.Open)}
	if g.wired.HoldCoil != nil {
		list = append(list, int(*g.wired.HoldCoil))
	}
	return list
}

// tell lets the car that waits know. One word is enough for it.
func (g *barrierSim) tell() {
	select {
	case g.told <- struct{}{}:
	default:
	}
}

// held reports whether the arm is kept up.
func (g *barrierSim) held() bool {
	return g.board != nil && slices.ContainsFunc(g.openers(), func(n int) bool { return g.board.Coil(n) != g.restsOn(n) })
}

// kept reports whether the camera that moves the arm keeps it up.
func (g *barrierSim) kept() bool { return g.latched != nil && g.latched() }

// limits sets the limit switches that are on while the arm is elsewhere; the
// simulated barrier has only the other kind.
func (g *barrierSim) limits() {
	at := g.arm.Position()
	if in := g.wired.LimitOpen; in != nil && in.ActiveLow {
		g.board.SetInput(int(in.Number), at != 1)
	}
	if in := g.wired.LimitClose; in != nil && in.ActiveLow {
		g.board.SetInput(int(in.Number), at != 0)
	}
}

// run lets the board's time pass, and tells what happens.
func (g *barrierSim) run(ctx context.Context) {
	for pause(ctx, step) {
		g.board.Step()
		g.limits()
		g.mu.Lock()
		events := g.events
		g.events = nil
		g.mu.Unlock()
		for _, ev := range events {
			switch {
			case g.opens(ev):
				g.e.event(text{"%s  收到开闸（继电器 %d）", "%s  told to open (relay %d)"}, g.code, ev.Number)
			case ev.Kind == sim.ArmUp:
				g.e.event(text{"%s  杆已升起", "%s  the arm is up"}, g.code)
			case ev.Kind == sim.ArmDown:
				g.e.event(text{"%s  杆已落下", "%s  the arm is down"}, g.code)
			case ev.Kind == sim.Strike:
				g.e.event(text{"%s  砸到了杆下的车！", "%s  the arm struck the car below it!"}, g.code)
			}
		}
	}
}

// pass lets a car drive under the arm, once that is up.
func (g *barrierSim) pass(ctx context.Context, p pace) {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	if g.arm == nil {
		pause(ctx, p.pass)
		return
	}
	for g.arm.Position() < 1 {
		if !pause(ctx, step) {
			return
		}
	}
	g.arm.SetPresence(true)
	pause(ctx, p.pass/2)
	g.arm.SetPassage(true) // its front is behind the arm, its rear still below
	pause(ctx, p.pass-p.pass/2)
	g.arm.SetPresence(false)
	pause(ctx, p.pass/2)
	g.arm.SetPassage(false)
}

package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"parkagent/drivers/camera/vzenith"
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

// A panelSim is a panel and what was told of it.
type panelSim struct {
	e     *env
	code  string
	board *sim.LEDBoard
}

// run tells what the panel shows and speaks.
func (p *panelSim) run(ctx context.Context) {
	var shown []string
	spoken := 0
	for {
		changed := p.board.Changed()
		if lines := p.board.Lines(); !slices.Equal(lines, shown) {
			shown = lines
			p.e.event(text{"%s  显示 %q", "%s  shows %q"}, p.code, lines)
		}
		all := p.board.Spoken()
		for _, s := range all[spoken:] {
			p.e.event(text{"%s  播报 %q", "%s  says %q"}, p.code, s)
		}
		spoken = len(all)
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// A cameraSim is a camera that pushes to the agent.
type cameraSim struct {
	e    *env
	code string
	sim.Camera
	vz  vzenith.Options // of a VzEnith camera
	url string

	down bool // whether the agent was out of reach at the last heartbeat; owned by run
}

// run sends what the camera sends by itself: heartbeats, or polls for commands.
func (c *cameraSim) run(ctx context.Context, p pace) {
	for {
		wait, ok := p.heartbeat, false
		switch cam := c.Camera.(type) {
		case *sim.HikCamera:
			c.heard(ctx, cam.Heartbeat)
		case *sim.VzCamera:
			ok = c.heard(ctx, func(ctx context.Context) (int, error) { return c.beat(ctx, cam) })
		}
		switch {
		case ok && c.vz.Opens == vzenith.OpensComet:
			wait = 0 // the agent keeps a poll until it has a command
		case ok && c.vz.Opens == vzenith.OpensHeartbeat:
			wait = min(wait, time.Second) // the barrier waits for it
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// beat makes one contact of a VzEnith camera, of the kind it is set up for.
func (c *cameraSim) beat(ctx context.Context, cam *sim.VzCamera) (status int, err error) {
	if c.vz.Opens == vzenith.OpensComet {
		answer, err := cam.Poll(ctx)
		return answer.Status, err
	}
	info, err := cam.Heartbeat(ctx)
	if c.vz.Opens == vzenith.OpensHeartbeat && info == "ok" && cam.OnOpen != nil {
		cam.OnOpen() // as some firmware does; cam is of the other kind
	}
	return http.StatusOK, err
}

// heard makes one contact, and tells when the agent goes out of reach and comes
// back.
func (c *cameraSim) heard(ctx context.Context, contact func(context.Context) (int, error)) bool {
	limited, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	status, err := contact(limited)
	down := err != nil || status != http.StatusOK
	if ctx.Err() != nil || down == c.down {
		return !down
	}
	c.down = down
	switch {
	case err != nil:
		c.e.event(text{"%s  推送不到 parkagent：%v", "%s  cannot reach parkagent: %v"}, c.code, err)
	case down:
		c.e.event(text{"%s  parkagent 以状态 %d 拒绝心跳，请核对该相机的 ip、token 和 driver", "%s  parkagent refused the heartbeat with status %d: check ip, token and driver of this camera"}, c.code, status)
	default:
		c.e.event(text{"%s  parkagent 恢复应答", "%s  parkagent answers again"}, c.code)
	}
	return !down
}

// see pushes a car and tells how the agent took it.
func (c *cameraSim) see(ctx context.Context, plate string) error {
	limited, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	start := time.Now()
	if err := c.See(limited, sim.SmallCar(plate, start)); err != nil {
		return failure(err, text{"%s 的推送没有被接收", "the push of %s was not taken"}, c.code)
	}
	c.e.event(text{"%s  看到 %s，parkagent %d 毫秒后应答", "%s  saw %s; parkagent answered after %d ms"}, c.code, plate, time.Since(start).Milliseconds())
	return nil
}

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	"parkagent/protocol/platform"
)

// A traffic is cars that come, stay and leave.
type traffic struct {
	site    *site
	phone   *platform.CarPark // pays; nil: nobody does
	entries []*laneSim
	exits   []*laneSim
	first   int // of the plates' numbers

	in, out, stuck atomic.Int64
}

// A laneSim is a lane as cars see it.
type laneSim struct {
	code   string
	camera *cameraSim
	gate   *barrierSim   // nil when it is not played here
	free   chan struct{} // holds a value while no car is in the lane
}

func newTraffic(s *site) (*traffic, error) {
	// Another run begins with other plates: its cars may still be inside.
	t := &traffic{site: s, first: rand.IntN(90000)}
	for _, l := range s.config.Lanes {
		lane := &laneSim{code: l.Code, camera: s.cameras[l.Camera], gate: s.gates[l.Gate], free: make(chan struct{}, 1)}
		lane.free <- struct{}{}
		switch {
		case lane.camera == nil:
		case l.Entry:
			t.entries = append(t.entries, lane)
		default:
			t.exits = append(t.exits, lane)
		}
	}
	if len(t.entries) == 0 {
		return nil, wrongUse(text{"没有一条入口车道的相机在本机，车进不来；只模拟设备请加 --idle。", "no entry lane has a camera here, so no car can come; --idle plays the devices alone."})
	}
	if !s.opt.pay {
		return t, nil
	}
	one, err := entry(s.config.Clients, func(c config.Client) string { return c.Name }, "client", s.opt.client)
	if err != nil {
		return nil, err
	}
	t.phone, err = asClient(identity{name: one.Name}, s.opt.park, s.config)
	return t, err
}

// run lets all cars through. It returns nil when ctx ends before.
func (t *traffic) run(ctx context.Context) error {
	var cars errgroup.Group
	o := t.site.opt
	for i := range o.cars {
		if i > 0 && !pause(ctx, o.every) {
			break
		}
		cars.Go(func() error { t.drive(ctx, i); return nil })
	}
	_ = cars.Wait() // cars tell of their troubles themselves
	in, out, stuck := t.in.Load(), t.out.Load(), t.stuck.Load()
	t.site.e.say(text{"进场 %d 辆，出场 %d 辆，未放行 %d 辆", "%d cars entered, %d left, %d were not let through"}, in, out, stuck)
	if stuck > 0 && ctx.Err() == nil {
		return failure(nil, text{"有 %d 辆车未放行。", "cars that were not let through: %d."}, stuck)
	}
	return nil
}

// drive is one car's visit.
func (t *traffic) drive(ctx context.Context, number int) {
	plate := fmt.Sprintf("粤B%05d", 10000+(t.first+number)%90000)
	if !t.pass(ctx, t.entries[number%len(t.entries)], plate, nil) {
		return
	}
	t.in.Add(1)
	if len(t.exits) == 0 || !pause(ctx, t.site.opt.stay) {
		return
	}
	if t.pass(ctx, t.exits[number%len(t.exits)], plate, t.phone) {
		t.out.Add(1)
	}
}

// pass drives through a lane and reports whether the car was let through.
// phone, if any, pays for a car that is not let out at once.
func (t *traffic) pass(ctx context.Context, l *laneSim, plate string, phone *platform.CarPark) bool {
	select {
	case <-l.free:
		defer func() { l.free <- struct{}{} }()
	case <-ctx.Done():
		return false
	}
	if l.gate != nil {
		select {
		case <-l.gate.told: // meant another car, or was done by hand
		default:
		}
	}
	e := t.site.e
	err := l.camera.see(ctx, plate)
	if err == nil && l.gate != nil && !t.opened(ctx, l.gate, phone, plate) {
		err = failure(nil, text{"道闸未开", "the gate stayed shut"})
	}
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		t.stuck.Add(1)
		e.event(text{"%s  %s 未放行：%s", "%s  %s was not let through: %s"}, l.code, plate, words(err, e.lang))
		return false
	case l.gate != nil:
		l.gate.pass(ctx, t.site.opt.pace)
	}
	e.event(text{"%s  %s 已通过", "%s  %s has passed"}, l.code, plate)
	return true
}

// opened waits until the gate is told to open, paying if that takes long.
func (t *traffic) opened(ctx context.Context, g *barrierSim, phone *platform.CarPark, plate string) bool {
	pace := t.site.opt.pace
	if phone != nil {
		if wait(ctx, g, pace.grace) {
			return true
		}
		if _, err := settle(ctx, t.site.e, phone, plate); err != nil {
			t.site.e.event(text{"%s", "%s"}, words(err, t.site.e.lang))
		}
	}
	return wait(ctx, g, pace.patience)
}

// wait reports whether the gate is told to open within a time, or is kept open.
func wait(ctx context.Context, g *barrierSim, most time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if g.held() || g.kept() {
		return true
	}
	select {
	case <-g.told:
		return true
	case <-ctx.Done():
		return false
	}
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parkagent/drivers/sim"
	"parkagent/protocol"
	"parkagent/protocol/platform"
)

// A visit is what one car of the demo does. Times are from the beginning of
// the day, 7 in the morning.
type visit struct {
	plate string
	in    time.Duration
	stay  time.Duration
	exit  string // lane
	habit habit
}

// A habit is how a driver pays.
type habit uint8

const (
	staysFree      habit = iota // leaves within the free time
	paysInLot                   // by phone, shortly before leaving
	paysAtExit                  // by phone, before the barrier
	dawdles                     // pays in the lot, stays too long, pays the rest at the exit
	dropsFen                    // the platform rounds down to whole yuan
	hasCoupon                   // part of it is waived
	paysTwice                   // the platform's first answer got lost: it sends the payment again
	paysPart                    // pays half at the exit, sees the rest, pays it
	isSeenTwice                 // the camera sends every event four times
	isRememberedBy              // the camera sends an old event of it hours later
)

// visits are the cars of the day. Both exits see every habit that matters to
// a gate.
func visits() []visit {
	habits := []habit{
		paysInLot, staysFree, paysAtExit, dawdles, paysAtExit, dropsFen, hasCoupon, isSeenTwice,
		paysTwice, paysInLot, staysFree, paysPart, paysAtExit, dawdles, isRememberedBy, paysInLot,
		paysAtExit, hasCoupon, dropsFen, staysFree, paysPart, paysTwice, paysAtExit, paysInLot,
	}
	provinces := []rune("粤京沪苏浙鲁豫湘")
	var list []visit
	for i, h := range habits {
		v := visit{
			plate: fmt.Sprintf("%cB%d%c%03d", provinces[i%len(provinces)], i%10, 'A'+rune(i%8), 100+37*i%900),
			in:    time.Duration(i) * 13 * time.Minute,
			stay:  time.Duration(75+(i*53)%300) * time.Minute,
			exit:  []string{"OUT1", "OUT2"}[i%2],
			habit: h,
		}
		if h == staysFree {
			v.stay = 25 * time.Minute
		}
		list = append(list, v)
	}
	return list
}

// An act is one moment of the day.
type act struct {
	at time.Duration
	do func(context.Context) error
}

// The platform is away for these hours of the day.
const (
	awayFrom  = 3*time.Hour + 10*time.Minute
	awayUntil = 6 * time.Hour
)

// playDay lets the hours pass from act to act.
func (d *demo) playDay(ctx context.Context) error {
	local := d.clock.Now().In(d.zone)
	start := time.Date(local.Year(), local.Month(), local.Day(), 7, 0, 0, 0, d.zone)
	acts := []act{
		{awayFrom, func(context.Context) error {
			d.platform.Down(platform.Dropping)
			d.line(text{"—— 平台断线 ——", "-- the platform goes away --"})
			return nil
		}},
		{awayUntil, func(context.Context) error {
			d.platform.Up()
			d.line(text{"—— 平台恢复 ——", "-- the platform is back --"})
			return nil
		}},
	}
	for _, v := range visits() {
		acts = append(acts, d.acts(v)...)
	}
	slices.SortStableFunc(acts, func(a, b act) int { return int(a.at - b.at) })
	for _, a := range acts {
		if wait := start.Add(a.at).Sub(d.clock.Now()); wait > 0 || d.steps == 0 {
			d.clock.Shift(wait) // the first act may lie in the past: the day begins at 7
		}
		d.steps++
		if err := a.do(ctx); err != nil {
			return err
		}
	}
	d.line(text{"—— 收车，等待平台收齐上报 ——", "-- the day ends; waiting until the platform has every report --"})
	n := len(visits())
	return d.platform.Wait(ctx, func(t platform.Totals) bool { return t.Entries >= n && t.Exits >= n && t.Charged == t.Paid })
}

// acts are the moments of one visit.
func (d *demo) acts(v visit) []act {
	out := v.in + v.stay
	list := []act{
		{v.in, func(ctx context.Context) error { return d.enter(ctx, v) }},
		{out, func(ctx context.Context) error { return d.leave(ctx, v) }},
	}
	switch v.habit {
	case paysInLot, dropsFen, hasCoupon, paysTwice, isSeenTwice, isRememberedBy:
		list = append(list, act{out - 10*time.Minute, func(ctx context.Context) error { return d.payInLot(ctx, v) }})
	case dawdles:
		list = append(list, act{out - 35*time.Minute, func(ctx context.Context) error { return d.payInLot(ctx, v) }})
	}
	if v.habit == isRememberedBy {
		list = append(list, act{out + 20*time.Minute, func(ctx context.Context) error { return d.lateEvent(ctx, v) }})
	}
	return list
}

// line prints one line with the time of day.
func (d *demo) line(t text, args ...any) {
	fmt.Fprintf(d.out, "%s  %s\n", d.clock.Now().In(d.zone).Format("15:04"), t.with(args...).in(d.lang)) // see say
}

func (d *demo) enter(ctx context.Context, v visit) error {
	before := d.opened("IN1")
	times := 1
	if v.habit == isSeenTwice {
		times = 4
	}
	for range times {
		if err := d.see(ctx, "C1", sim.SmallCar(v.plate, d.clock.Now())); err != nil {
			return fmt.Errorf("%s enters: %w", v.plate, err)
		}
	}
	if got := d.opened("IN1") - before; got != 1 {
		return fmt.Errorf("%s enters: the gate opened %d times, want once", v.plate, got)
	}
	d.line(text{"%s 进场 IN1", "%s enters at IN1"}, v.plate)
	return nil
}

// see lets a camera push a car, again until it is taken, as cameras do: the
// agent may not be up yet.
func (d *demo) see(ctx context.Context, camera string, s sim.Sighting) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		err := d.site.Camera(camera).See(ctx, s)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// opened counts how often a lane's barrier was told to open.
func (d *demo) opened(lane string) int {
	if lane == "OUT2" {
		return d.site.Camera("C3").(*sim.VzCamera).Opened()
	}
	board := d.site.Board(map[string]string{"IN1": "G1", "OUT1": "G2"}[lane])
	n := 0
	for _, e := range board.Events() {
		if e.Kind == sim.CoilOn && e.Number == 0 {
			n++
		}
	}
	return n
}

func (d *demo) payInLot(ctx context.Context, v visit) error {
	_, err := d.payByPhone(ctx, v, "")
	return err
}

// payByPhone asks for the bill, pays it as the driver does, and returns what
// stays due. device is the exit's camera when the car stands there, empty in
// the lot.
func (d *demo) payByPhone(ctx context.Context, v visit, device string) (rest int64, err error) {
	bill, err := d.phone.Bill(ctx, string([]rune(v.plate)[1:])) // people leave the province out
	if device != "" {
		bill, err = d.phone.BillAt(ctx, device)
	}
	if err != nil {
		return 0, fmt.Errorf("%s asks for its bill: %w", v.plate, err)
	}
	p := protocol.Payment{OrderNo: bill.OrderNo, Amount: bill.Payable, PayType: protocol.IntOf(protocol.CollectedByWeChat), PayMethod: protocol.IntOf(protocol.BoothWeChat)}
	switch v.habit {
	case dropsFen:
		p.Amount = p.Amount / 100 * 100
	case hasCoupon:
		p.FreeMoney = min(200, p.Amount)
		p.Amount -= p.FreeMoney
	case paysPart:
		if bill.PayedFee == 0 {
			p.Amount /= 2
		}
	}
	if _, err := d.phone.Pay(ctx, p); err != nil {
		return 0, fmt.Errorf("%s pays: %w", v.plate, err)
	}
	if v.habit == paysTwice {
		if _, err := d.phone.Pay(ctx, p); err != nil {
			return 0, fmt.Errorf("%s pays again: %w", v.plate, err)
		}
	}
	where := text{"场内", "in the lot"}
	if device != "" {
		where = text{"出口", "at the exit"}
	}
	d.line(text{"%s %s缴费 %s 元（应付 %s）", "%s pays %[3]s %[2]s (due %[4]s)"}, v.plate, where.in(d.lang), yuan(p.Amount), yuan(bill.Payable))
	if rest = bill.Payable - p.Amount - p.FreeMoney; rest < 100 {
		rest = 0 // rounded
	}
	paid, err := d.phone.Paid(ctx, bill.OrderNo)
	if err == nil && paid != (rest == 0) {
		err = fmt.Errorf("%s: order %s is reported as paid: %v", v.plate, bill.OrderNo, paid)
	}
	return rest, err
}

// leave drives to the exit, pays what is due there, and must be let out once.
func (d *demo) leave(ctx context.Context, v visit) error {
	before := d.opened(v.exit)
	camera := map[string]string{"OUT1": "C2", "OUT2": "C3"}[v.exit]
	if err := d.see(ctx, camera, sim.SmallCar(v.plate, d.clock.Now())); err != nil {
		return fmt.Errorf("%s leaves: %w", v.plate, err)
	}
	for d.opened(v.exit) == before {
		panel := d.site.Display(map[string]string{"OUT1": "L2", "OUT2": "L3"}[v.exit])
		d.line(text{"%s 在 %s 等待：屏幕显示 %q", "%s waits at %s; the panel says %q"}, v.plate, v.exit, panel.Lines())
		if v.habit != paysAtExit && v.habit != dawdles && v.habit != paysPart {
			return fmt.Errorf("%s: the gate stays shut though nothing should be due", v.plate)
		}
		rest, err := d.payByPhone(ctx, v, camera)
		if err != nil {
			return err
		}
		// The exit lets the car out, or shows the rest.
		err = d.until(ctx, v, func(context.Context) (bool, error) {
			lines := panel.Lines()
			return d.opened(v.exit) > before || rest > 0 && strings.Contains(lines[len(lines)-1], yuan(rest)), nil
		})
		if err != nil {
			return err
		}
	}
	if err := d.gone(ctx, v); err != nil {
		return err
	}
	if got := d.opened(v.exit) - before; got != 1 {
		return fmt.Errorf("%s leaves: the gate opened %d times, want once", v.plate, got)
	}
	d.line(text{"%s 出场 %s", "%s leaves at %s"}, v.plate, v.exit)
	return nil
}

// gone waits until the car is not inside any more.
func (d *demo) gone(ctx context.Context, v visit) error {
	return d.until(ctx, v, func(ctx context.Context) (bool, error) {
		cars, err := d.phone.Inside(ctx, v.plate)
		return len(cars) == 0, err
	})
}

// until asks the car park again and again, as a phone's page does.
func (d *demo) until(ctx context.Context, v visit, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		ok, err := done(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", v.plate, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not let out: %w", v.plate, ctx.Err())
		case <-t.C:
		}
	}
}

// lateEvent lets the entry camera send an event that it kept for hours. The
// gate must stay shut.
func (d *demo) lateEvent(ctx context.Context, v visit) error {
	before := d.opened("IN1")
	s := sim.SmallCar(v.plate, d.clock.Now().Add(-2*time.Hour))
	s.Kept = true
	if err := d.see(ctx, "C1", s); err != nil {
		return err
	}
	if d.opened("IN1") != before {
		return fmt.Errorf("%s: an event that the camera had kept opened the gate", v.plate)
	}
	d.line(text{"%s 的旧识别被补传：只记录，不开闸", "an old event of %s arrives: recorded, nothing opens"}, v.plate)
	return nil
}

// yuan writes fen as yuan.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

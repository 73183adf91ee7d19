package main

import (
	"context"
	"errors"
	"fmt"

	"parkagent/agent"
	"parkagent/drivers/sim"
	"parkagent/store"
)

// checkBooks opens the agent's books after it has stopped, prints them beside
// what the platform was told, and fails unless both agree.
func (d *demo) checkBooks(ctx context.Context) (err error) {
	db, err := store.Open(ctx, store.Options{Path: agent.DatabasePath(d.config), Now: d.clock.Now, Log: d.log})
	if err != nil {
		return fmt.Errorf("open the books: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	b, err := db.Books(ctx)
	if err != nil {
		return err
	}
	found, err := db.Reconcile(ctx)
	if err != nil {
		return err
	}
	rows, err := db.VerifyChain(ctx)
	if err != nil {
		return err
	}
	t := d.platform.Totals()
	left, n := b.Sessions[store.Left], len(visits())
	d.say(text{"\n账目", "\nThe books"})
	d.say(text{"  停车记录  %d 次，已离场 %d", "  sessions   %d, of which left %d"}, left+b.Sessions[store.Inside], left)
	d.say(text{"  应收      %s 元", "  charged    %s"}, yuan(b.Fee))
	d.say(text{"  实收      %s 元，优惠与抹零 %s 元，多收 %s 元，未收 %s 元", "  paid       %s, waived %s, over %s, unpaid %s"}, yuan(b.Paid), yuan(b.Waived), yuan(b.Over), yuan(b.Unpaid))
	d.say(text{"  日志链    %d 条，完整", "  journal    %d rows, chain intact"}, rows)
	d.say(text{"平台收到", "The platform was told"})
	d.say(text{"  入场 %d，出场 %d，支付明细 %d 笔", "  %d entries, %d exits, %d payments"}, t.Entries, t.Exits, t.Bills)
	d.say(text{"  出场实收 %s 元，支付合计 %s 元；重复上报 %d 条（已识别）", "  exits paid %s, payments %s; %d repeated reports, recognised"}, yuan(t.Charged), yuan(t.Paid), t.Duplicates)

	type pair struct {
		what      string
		got, want int64
	}
	for _, p := range []pair{
		{"sessions left", int64(left), int64(n)},
		{"entries reported", int64(t.Entries), int64(n)},
		{"exits reported", int64(t.Exits), int64(n)},
		{"paid at exits as reported", t.Charged, b.Paid},
		{"payments as reported", t.Paid, b.Paid},
		{"fee and over against credit, unpaid, paid and waived", b.Fee + b.Over, b.Credit + b.Unpaid + b.Paid + b.Waived},
		{"unpaid", b.Unpaid, 0},
		{"paid for cars that had left", b.Orphans, 0},
		{"sessions that do not balance", int64(len(b.Mismatches)), 0},
		{"records that disagree with the ledger", int64(len(found)), 0},
		{"strikes of a barrier", int64(d.strikes()), 0},
		{"damaged frames at the panels", int64(d.damagedFrames()), 0},
	} {
		if p.got != p.want {
			err = errors.Join(err, fmt.Errorf("the books do not agree: %s is %d, want %d", p.what, p.got, p.want))
		}
	}
	if b.Paid == 0 {
		err = errors.Join(err, errors.New("nobody paid anything"))
	}
	if err == nil {
		d.say(text{"账目相符。", "The books agree."})
	}
	return err
}

// strikes counts how often an arm came down on a car.
func (d *demo) strikes() int {
	n := 0
	for _, code := range []string{"G1", "G2"} {
		for _, e := range d.site.Board(code).Events() {
			if e.Kind == sim.Strike {
				n++
			}
		}
	}
	return n
}

// damagedFrames counts the frames that a panel could not read.
func (d *demo) damagedFrames() int {
	n := 0
	for _, code := range []string{"L1", "L2", "L3"} {
		_, damaged := d.site.Display(code).Frames()
		n += damaged
	}
	return n
}

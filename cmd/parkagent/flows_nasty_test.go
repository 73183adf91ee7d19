package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/protocol/platform"
	"parkagent/store"
)

// A platform that answers late, wrong, or not at all, loses and doubles nothing.
// With these seeds deductions, codes and scans get lost, both before and after the
// platform has booked them, in the few that a day has.
func TestFlowNastyPlatform(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{2, 5, 8} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			nastyDay(t, seed)
		})
	}
}

// How the drivers of a nasty day pay, in turn.
const (
	byAccount = iota // the platform deducts at the exit; if it does not, as onPage
	onPage           // on the platform's page, in the lot
	byCode           // at the exit, with a phone that reads the pay machine's code
	byScan           // at the exit, with a code that the pay machine's scanner reads
	waysToPay
)

// nastySlow is how late the late answers of a nasty day are: later than the agent
// waits.
const nastySlow = 1200 * time.Millisecond

func nastyDay(t *testing.T, seed uint64) {
	const cars = 12
	nasty := platform.NewNasty(seed)
	nasty.Slow = nastySlow
	p := openPark(t, parkPlan{nasty: nasty, settings: map[string]string{"mall": "duplicates = [\"已存在\"]\nmax_refusals = 1000\n"}})
	mall := p.platforms["mall"]
	p.tellsOfPayments(mall)
	plate := func(i int) string { return fmt.Sprintf("粤H%05d", 10000+i) }
	for i := range cars {
		if i%waysToPay == byAccount {
			mall.SetSeamless(plate(i), true)
			mall.SetAccount(plate(i), 5000)
		}
		p.enter(plate(i))
		if i%5 == 4 {
			p.restart()
		}
	}
	p.later(flowStay)
	for i := range cars {
		no, way := plate(i), i%waysToPay
		if way == onPage {
			if _, err := mall.PayPlate(t.Context(), no); err != nil {
				t.Fatal(err)
			}
		}
		before := p.opened("OUT1")
		p.drive("OUT1", no)
		if i%3 == 2 {
			p.restart()
		}
		p.within(time.Minute, no+" is let out, by whatever way", func() bool {
			if p.opened("OUT1") == before {
				p.pay(mall, way, no)
			}
			return p.opened("OUT1") > before
		})
		p.leaves(no, before)
	}
	// Each answer that is none makes the agent wait longer before the next try.
	p.within(3*time.Minute, "the platform was told everything", func() bool {
		t := mall.Totals()
		return t.Entries == cars && t.Exits == cars && t.Charged == t.Paid && t.Charged == cars*flowFee && t.Waiting == 0
	})
	p.eventually("all that was taken twice was given back", func() bool { return len(mall.Books().Over()) == 0 })
	if books := mall.Books(); len(books.Under()) > 0 || books.Taken() != cars*flowFee {
		t.Errorf("the platform has taken %d fen, want %d; too little of %+v", books.Taken(), cars*flowFee, books.Under())
	}
	p.look(func(v *store.View) {
		if books := must(v.Books(t.Context()))(t); books.Paid != cars*flowFee || books.Unpaid != 0 || books.Orphans != 0 {
			t.Errorf("the books hold %+v, want %d fen paid", books, cars*flowFee)
		}
	})
}

// tellsOfPayments lets a platform tell of what it has taken, again and again, until
// the test ends.
func (p *wholePark) tellsOfPayments(side *otherSide) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := side.Run(ctx); err != nil {
			p.t.Errorf("platform: %v", err)
		}
	})
	p.t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

// pay is one try of a driver at the exit to pay, who reads what is shown to him.
func (p *wholePark) pay(mall *otherSide, way int, no string) {
	p.t.Helper()
	if err := mall.PayPending(p.t.Context()); err != nil {
		return // what he has paid is on its way
	}
	var bill struct {
		OrderNo string
		Payable int64
	}
	var code struct{ Code string }
	shown := strings.Join(p.site.Display("L2").Lines(), "|")
	switch {
	case way == byAccount && strings.Contains(shown, no) && strings.Contains(shown, "7.00"): // the deduction has failed
		_, _ = mall.PayPlate(p.t.Context(), no) // told again at the next try
	case way == byAccount, way == onPage: // nothing to do
	case p.kiosk("K2", "bill", nil, &bill) != nil || bill.Payable == 0: // he is being let out
	case way == byCode && p.kiosk("K2", "code", map[string]any{"orderNo": bill.OrderNo}, &code) == nil:
		_, _ = mall.ScanCode(p.t.Context(), code.Code) // told again at the next try
	case way == byScan:
		p.scan(mall, bill.OrderNo)
	}
}

// scan hands the driver's own code to the pay machine at the exit. When it says that
// nothing is known, he waits: a question that is late may be booked yet, and only
// after a minute without it may he be charged again.
func (p *wholePark) scan(mall *otherSide, order string) {
	p.t.Helper()
	before := mall.Totals().Scans
	err := p.kiosk("K2", "scan", map[string]any{"orderNo": order, "authCode": fmt.Sprintf("13%016d", p.clock.Now().UnixMilli())}, nil)
	var no *errRefusedCall
	if !errors.As(err, &no) || !strings.Contains(no.msg, "确认中") {
		return
	}
	wait, cancel := context.WithTimeout(p.t.Context(), 2*nastySlow)
	defer cancel()
	if mall.Wait(wait, func(t platform.Totals) bool { return t.Scans > before }) != nil {
		p.later(time.Minute)
	}
}

package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parkagent/protocol"
)

const driverCard = "oFlow-driver-0001" // as a WeChat openId

// Flow 5: a car without a plate, by the codes at the lanes.
func TestFlowPlateless(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		pass := func(device string) error {
			t.Helper()
			return p.insist(func() error { return p.mall.Pass(t.Context(), device, driverCard) })
		}
		if err := p.mall.Pass(t.Context(), "C1", "short"); err == nil {
			t.Error("a card number of 5 characters was taken")
		}
		if err := pass("C1"); err != nil {
			t.Fatal(err)
		}
		if got := p.opened("IN1"); got != 1 {
			t.Errorf("the entry was opened %d times, want once", got)
		}
		p.impatient()
		step()
		p.later(time.Minute)
		p.refused(pass("C1"), "在场")
		cars := must(p.mall.InsideWithCard(t.Context(), driverCard))(t)
		if len(cars) != 1 || !strings.HasPrefix(cars[0].PlateNo, "空") || len([]rune(cars[0].PlateNo)) != 7 || cars[0].CardNo != driverCard {
			t.Fatalf("1.3 lists %+v, want one car under a temporary plate", cars)
		}
		step()
		p.later(flowStay)
		p.refused(pass("C2"), "缴费")
		if got := p.opened("OUT1"); got != 0 {
			t.Errorf("the exit was opened %d times for a car that owes", got)
		}
		bill := must(p.mall.BillOfCard(t.Context(), driverCard))(t)
		if bill.PlateNo != cars[0].PlateNo || bill.Payable == 0 {
			t.Errorf("the bill by card is %+v", bill)
		}
		step()
		if _, err := p.mall.PayBill(t.Context(), bill); err != nil {
			t.Fatal(err)
		}
		p.eventually("the car that stands at the exit is let out", func() bool { return p.opened("OUT1") == 1 || pass("C2") == nil })
		p.inside(cars[0].PlateNo, false)
		in := reported[protocol.CarIn](p, "mall", 1)[0]
		out := reported[protocol.PayDetail](p, "mall", 1)[0]
		if in.CardNo != driverCard || out.CardNo != driverCard || out.PlateNo != cars[0].PlateNo {
			t.Errorf("it is reported as %+v and %+v", in, out)
		}
		if got := p.opened("OUT1"); got != 1 {
			t.Errorf("the exit was opened %d times, want once", got)
		}
	})
}

// impatient is a driver without a plate who was just let in and scans again: at
// once nothing happens, and half a minute long it is shown as a success.
func (p *wholePark) impatient() {
	p.t.Helper()
	const welcome = "欢迎光临"
	in := p.clock.Now()
	scanAfter := func(d time.Duration) {
		p.t.Helper()
		err := p.insist(func() error {
			p.setClock(in.Add(d))
			return p.mall.Pass(p.t.Context(), "C1", driverCard)
		})
		if err != nil {
			p.t.Errorf("the same scan after %v is answered %v", d, err)
		}
	}
	p.eventually("the driver is welcomed", func() bool { return p.spoken("L1", welcome) == 1 })
	if err := p.insist(func() error { return p.mall.Show(p.t.Context(), "L1", "别的文字") }); err != nil {
		p.t.Fatal(err)
	}
	p.eventually("the other text is up", func() bool {
		lines := strings.Join(p.site.Display("L1").Lines(), "|")
		return strings.Contains(lines, "别的文字") && !strings.Contains(lines, welcome)
	})
	for range 2 { // when the second is answered, the lane has done with the first
		scanAfter(0)
	}
	if got := p.spoken("L1", welcome); got != 1 || strings.Contains(strings.Join(p.site.Display("L1").Lines(), "|"), welcome) {
		p.t.Errorf("after a second scan at once L1 has welcomed %d times and shows %q, want once and no welcome", got, p.site.Display("L1").Lines())
	}
	scanAfter(11 * time.Second)
	p.shows("L1", welcome)
	if got := p.opened("IN1"); got != 1 {
		p.t.Errorf("the entry was opened %d times for one car, want once", got)
	}
}

// A ticket machine at the entry gives such a car a number of its own.
func TestFlowTicket(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		var ticket struct{ CardNo, PlateNo, Link string }
		if err := p.kiosk("K3", "ticket", nil, &ticket); err != nil {
			t.Fatal(err)
		}
		if want := protocol.TicketLink(p.platforms["mall"].url+"/park", demoParkCode); ticket.Link != want || len(ticket.CardNo) != 18 {
			t.Errorf("the ticket says %+v, want the link %s", ticket, want)
		}
		step()
		p.later(flowStay)
		var bill struct {
			OrderNo string
			Payable int64
		}
		if err := p.kiosk("K1", "bill", map[string]any{"cardNo": ticket.CardNo}, &bill); err != nil || bill.Payable != flowFee {
			t.Fatalf("the bill of the ticket is %+v, %v", bill, err)
		}
		step()
		leave := func() error { return p.kiosk("K2", "leave", map[string]any{"cardNo": ticket.CardNo}, nil) }
		var no *errRefusedCall
		if err := leave(); !errors.As(err, &no) || !strings.Contains(no.msg, "缴费") || p.opened("OUT1") != 0 {
			t.Errorf("a ticket that was not paid is answered %v at the exit", err)
		}
		if err := p.kiosk("K1", "cash", map[string]any{"orderNo": bill.OrderNo, "inserted": flowFee}, nil); err != nil {
			t.Fatal(err)
		}
		step()
		p.eventually("the paid car is let out", func() bool { return p.opened("OUT1") == 1 || leave() == nil })
		p.inside(ticket.PlateNo, false)
		if got := p.opened("OUT1"); got != 1 {
			t.Errorf("the exit was opened %d times, want once", got)
		}
	})
}

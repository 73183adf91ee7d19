package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"parkagent/drivers/sim/printer"
	"parkagent/drivers/sim/scanner"
	"parkagent/protocol"
	"parkagent/protocol/platform"
)

// hold holds a code before the scanner at the exit until something came of it. What is
// read while the agent starts is lost, and the same code counts again after a while.
func (p *wholePark) hold(code, what string, came func() bool) {
	p.t.Helper()
	p.eventually(what, func() bool {
		if came() {
			return true
		}
		_ = p.site.Scanner("S2").Scan(code) // nobody listens yet, or any more
		return came()
	})
}

// slips waits until a printer has printed so many and returns them.
func (p *wholePark) slips(code string, n int) []printer.Slip {
	p.t.Helper()
	far := p.site.Printer(code)
	p.eventually("the slips are printed", func() bool { return len(far.Slips()) >= n })
	if got := far.Slips(); len(got) != n || len(far.Misunderstood()) > 0 {
		p.t.Fatalf("%s printed %+v, want %d slips, and did not understand %q", code, got, n, far.Misunderstood())
	}
	return far.Slips()
}

// scanned counts the payment codes that the platform was handed and took.
func (p *wholePark) scanned() int {
	return len(platform.Messages[protocol.ScanPay](p.platforms["mall"].Records()))
}

// A car without a plate takes a ticket at the entry, its driver holds the ticket and
// then a phone before the scanner at the exit, and the gate opens.
func TestFlowPrintedTicketAndScannedCode(t *testing.T) {
	flow(t, parkPlan{counters: true}, func(t *testing.T, p *wholePark, step func()) {
		mall := p.platforms["mall"]
		var ticket struct {
			CardNo, PlateNo, Link string
			Printed               bool
		}
		if err := p.kiosk("K3", "ticket", map[string]any{"requestNo": "1"}, &ticket); err != nil {
			t.Fatal(err)
		}
		slip := p.slips("P1", 1)[0]
		if !ticket.Printed || len(slip.Barcodes) != 1 || slip.Barcodes[0] != ticket.CardNo || len(slip.QRs) != 1 || slip.QRs[0] != ticket.Link {
			t.Errorf("the ticket %+v is printed as %+v", ticket, slip)
		}
		if text := strings.Join(slip.Lines, "|"); !strings.Contains(text, "演示车场") || !strings.Contains(text, ticket.PlateNo) {
			t.Errorf("the ticket reads %q, want the park and %s on it", text, ticket.PlateNo)
		}
		if err := p.kiosk("K3", "ticket", map[string]any{"requestNo": "1"}, &ticket); err != nil || !ticket.Printed {
			t.Errorf("the same request is answered %+v, %v", ticket, err)
		}
		p.slips("P1", 1)
		step()
		p.later(flowStay)
		p.hold(slip.Barcodes[0], "the ticket's driver is told what is due", func() bool {
			return strings.Contains(strings.Join(p.site.Display("L2").Lines(), "|"), "7.00")
		})
		if got := p.opened("OUT1"); got != 0 {
			t.Fatalf("the exit was opened %d times for a car that owes", got)
		}
		step()
		code := scanner.WeChat(1)
		p.hold(code, "the platform has the driver's code", func() bool { return p.scanned() == 1 })
		step()
		if err := mall.PayPending(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.inside(ticket.PlateNo, false)
		if got := p.opened("OUT1"); got != 1 {
			t.Errorf("the exit was opened %d times, want once", got)
		}
		if strings.Contains(p.log.all(), code) {
			t.Error("the log shows the payment code")
		}
		reported[protocol.BillDetail](p, "mall", 1)
	})
}

// A driver whose code is refused is told so, and pays with another; one whose answer
// is lost waits, and is charged once.
func TestFlowScannedCodeThatFails(t *testing.T) {
	t.Parallel()
	p := openPark(t, parkPlan{counters: true})
	mall := p.platforms["mall"]
	arrive := func(no string) int {
		t.Helper()
		p.enter(no)
		p.later(flowStay)
		before := p.opened("OUT1")
		p.drive("OUT1", no)
		p.owes(no)
		return before
	}
	shows := func(text string) func() bool {
		return func() bool { return strings.Contains(strings.Join(p.site.Display("L2").Lines(), "|"), text) }
	}
	asked := 0
	answers := func(answer func(w http.ResponseWriter, r *http.Request)) {
		mall.intercept(func(name string, w http.ResponseWriter, r *http.Request) bool {
			if name != "PayScanCode" {
				return false
			}
			asked++
			answer(w, r)
			return true
		})
	}
	before := arrive("粤B61001")
	answers(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"resCode":1,"resMsg":"余额不足","data":[]}`)) // the test reads what comes of it
	})
	p.hold(scanner.Alipay(1), "the driver is told that it was refused", shows("请换码重试"))
	// The pay machine beside the scanner does not hand it over again.
	var bill struct{ OrderNo string }
	if err := p.kiosk("K2", "bill", nil, &bill); err != nil {
		t.Fatal(err)
	}
	scan := map[string]any{"orderNo": bill.OrderNo, "authCode": scanner.Alipay(1)}
	if err := p.kiosk("K2", "scan", scan, nil); !errors.As(err, new(*errRefusedCall)) || asked != 1 {
		t.Errorf("the code at the pay machine is answered %v, and the platform was asked %d times, want a refusal and once", err, asked)
	}
	mall.intercept(nil)
	p.hold(scanner.Alipay(2), "the platform has another code", func() bool { return p.scanned() == 1 })
	if err := mall.PayPending(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.leaves("粤B61001", before)

	before = arrive("粤B61002")
	asked = 0
	answers(func(_ http.ResponseWriter, r *http.Request) {
		mall.Platform.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
	p.hold(scanner.UnionPay(1), "the driver is told to wait", shows("支付确认中"))
	mall.intercept(nil)
	p.hold(scanner.UnionPay(2), "the driver is told so again", func() bool { return p.spoken("L2", "支付确认中") > 1 })
	if got := p.scanned(); got != 2 {
		t.Errorf("the platform has %d codes of both cars, want 2: another code is not handed over", got)
	}
	if err := mall.PayPending(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.leaves("粤B61002", before)
	if asked != 1 {
		t.Errorf("the platform was asked %d times, want once", asked)
	}
	reported[protocol.BillDetail](p, "mall", 2)
}

// Coins at the exit leave change to be fetched by a link, which the lane's printer
// prints; without paper the machine is told, and so is the platform.
func TestFlowPrintedChange(t *testing.T) {
	t.Parallel()
	p := openPark(t, parkPlan{counters: true})
	p.enter("粤B62001")
	p.later(flowStay)
	before := p.opened("OUT1")
	p.drive("OUT1", "粤B62001")
	p.shows("L2", "7.00")
	type change struct {
		OrderNo, Link string
		Printed       bool
	}
	var bill struct{ OrderNo string }
	if err := p.kiosk("K2", "bill", nil, &bill); err != nil {
		t.Fatal(err)
	}
	var paid struct{ Change *change }
	if err := p.kiosk("K2", "cash", map[string]any{"orderNo": bill.OrderNo, "inserted": 1000}, &paid); err != nil || paid.Change == nil || !paid.Change.Printed {
		t.Fatalf("10 yuan for 7 are answered %+v, %v, want change that is printed", paid.Change, err)
	}
	slip := p.slips("P2", 1)[0]
	if len(slip.QRs) != 1 || slip.QRs[0] != paid.Change.Link || !strings.Contains(strings.Join(slip.Lines, "|"), "3.00元") {
		t.Errorf("the slip of %+v is %+v", paid.Change, slip)
	}
	p.leaves("粤B62001", before)

	p.site.Printer("P1").SetFault(printer.Empty)
	var ticket struct{ Printed bool }
	if err := p.kiosk("K3", "ticket", nil, &ticket); err != nil || ticket.Printed {
		t.Errorf("a ticket without paper is answered %+v, %v, want a car that is in and no ticket", ticket, err)
	}
	p.eventually("the platform is told of the paper", func() bool {
		return slices.ContainsFunc(platform.Messages[protocol.DeviceState](p.platforms["mall"].Records()), func(d protocol.DeviceState) bool {
			return d.DeviceCode == "P1" && d.Status == "31"
		})
	})
}

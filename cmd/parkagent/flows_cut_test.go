package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parkagent/drivers/sim"
	"parkagent/protocol"
	"parkagent/protocol/platform"
	"parkagent/store"
)

// cut restarts the agent while a platform holds back its answer to the next request
// of an interface, which do leads to. booked says that the platform has taken it.
func (p *wholePark) cut(side *otherSide, name string, booked bool, do func()) {
	p.t.Helper()
	asked, done := make(chan struct{}, 1), make(chan struct{})
	side.intercept(func(got string, _ http.ResponseWriter, r *http.Request) bool {
		if got != name {
			return false
		}
		if booked {
			side.Platform.ServeHTTP(httptest.NewRecorder(), r)
		}
		select {
		case asked <- struct{}{}:
		default: // asked again
		}
		<-r.Context().Done()
		return true
	})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-asked:
	case <-time.After(flowPatience):
		p.t.Fatalf("%s was not asked", name)
	}
	p.stop()
	side.intercept(nil)
	p.start()
	<-done // a camera whose push was cut short sends it again
}

// atExit brings a car to the exit that owes its fee there.
func (p *wholePark) atExit(no string) {
	p.t.Helper()
	p.enter(no)
	p.later(flowStay)
	p.drive("OUT1", no)
	p.shows("L2", "7.00")
}

// billAtExit is the bill of the pay machine at the exit.
func (p *wholePark) billAtExit() (order string) {
	p.t.Helper()
	var bill struct{ OrderNo string }
	if err := p.kiosk("K2", "bill", nil, &bill); err != nil {
		p.t.Fatal(err)
	}
	return bill.OrderNo
}

// leftOnce fails unless the only car leaves, once, and has paid its fee once.
func (p *wholePark) leftOnce(no string) {
	p.t.Helper()
	p.leaves(no, 0)
	exit := reported[protocol.PayDetail](p, "mall", 1)[0]
	bill := reported[protocol.BillDetail](p, "mall", 1)[0]
	if got := exit.PreMoney + exit.PayMoney; got != flowFee || bill.PayMoney != flowFee {
		p.t.Errorf("it left with %d fen paid, by one payment of %d, want both %d", got, bill.PayMoney, flowFee)
	}
	p.look(func(v *store.View) {
		if books := must(v.Books(p.t.Context()))(p.t); books.Paid != flowFee || books.Unpaid+books.Orphans+books.Prepaid != 0 {
			p.t.Errorf("the books hold %+v, want %d fen paid", books, flowFee)
		}
	})
	mall := p.platforms["mall"]
	p.eventually("the driver has paid what the car park was paid", func() bool {
		return len(mall.Books().Over()) == 0 && len(mall.Books().Under()) == 0
	})
}

// A restart in the middle of a flow, where nothing has been booked yet or all of it
// but the end, continues it: the car leaves once, and its fee is paid once.
func TestFlowCutInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*testing.T, *wholePark){
		"while the platform is told of an entry":        cutEntryReport,
		"while a deduction is asked for":                cutDeduction,
		"while a code is asked for":                     cutCode,
		"while a scan is handed on that is charged":     func(t *testing.T, p *wholePark) { cutScan(t, p, true) },
		"while a scan is handed on that is lost":        func(t *testing.T, p *wholePark) { cutScan(t, p, false) },
		"between a phone's payment and the gate":        cutPhone,
		"while the gate is told to open":                cutRaise,
		"between coins and the gate":                    cutCoins,
		"between a deduction and the gate":              cutDeducted,
		"between coins and the notice of their change":  cutChange,
		"between a decision and the gate at the entry":  cutEntry,
		"between a scan at the entry and its dead gate": cutPlateless,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, openPark(t, parkPlan{}))
		})
	}
}

const cutPlate = "粤G10001"

// The platform's word that it deducts was in the answer that nobody has heard.
func cutEntryReport(t *testing.T, p *wholePark) {
	mall := p.platforms["mall"]
	mall.SetSeamless(cutPlate, true)
	mall.SetAccount(cutPlate, 5000)
	p.cut(mall, "PostCarInInfo", true, func() { p.drive("IN1", cutPlate) })
	p.promised(cutPlate)
	p.later(flowStay)
	p.drive("OUT1", cutPlate)
	p.leftOnce(cutPlate)
}

// Nobody knows what came of a deduction: the driver pays here, and is given back
// what was deducted.
func cutDeduction(t *testing.T, p *wholePark) {
	mall := p.platforms["mall"]
	mall.SetSeamless(cutPlate, true)
	mall.SetAccount(cutPlate, 5000)
	p.enter(cutPlate)
	p.promised(cutPlate)
	p.later(flowStay)
	p.cut(mall, "PostCarOutInfo", true, func() { p.drive("OUT1", cutPlate) })
	p.shows("L2", "7.00")
	must(mall.PayPlate(t.Context(), cutPlate))(t)
	p.leftOnce(cutPlate)
	reported[protocol.CarCorrect](p, "mall", 1)
	if got, _ := mall.Account(cutPlate); got != 5000 {
		t.Errorf("the account holds %d after the correction, want all of 5000", got)
	}
}

// A code that was asked for and never shown is the same when it is asked for again.
func cutCode(t *testing.T, p *wholePark) {
	mall := p.platforms["mall"]
	p.atExit(cutPlate)
	order := map[string]any{"orderNo": p.billAtExit()}
	var code struct{ Code string }
	p.cut(mall, "GetPayQRCode", true, func() { _ = p.kiosk("K2", "code", order, nil) }) // the answer depends on how the agent ends
	if err := p.kiosk("K2", "code", order, &code); err != nil {
		t.Fatal(err)
	}
	must(mall.ScanCode(t.Context(), code.Code))(t)
	p.leftOnce(cutPlate)
	if got := mall.Totals().Codes; got != 1 {
		t.Errorf("one order has %d codes", got)
	}
}

// Whether the platform charges the driver is not known: for a minute nobody else
// does. If it does, its payment lets the car out.
func cutScan(t *testing.T, p *wholePark, charged bool) {
	mall := p.platforms["mall"]
	p.atExit(cutPlate)
	order := p.billAtExit()
	scan := map[string]any{"orderNo": order, "authCode": "134567890123456789"}
	p.cut(mall, "PayScanCode", charged, func() { _ = p.kiosk("K2", "scan", scan, nil) }) // the answer depends on how the agent ends
	again := p.billAtExit()
	for call, body := range map[string]map[string]any{
		"scan": {"orderNo": again, "authCode": "134567890123456780"}, "cash": {"orderNo": again, "inserted": flowFee},
	} {
		if err := p.kiosk("K2", call, body, nil); !errors.As(err, new(*errRefusedCall)) {
			t.Errorf("%s while a scan may be under way is answered %v, want a refusal", call, err)
		}
	}
	if charged {
		if err := mall.PayPending(t.Context()); err != nil {
			t.Fatal(err)
		}
	} else {
		p.later(time.Minute)
		if err := p.kiosk("K2", "cash", map[string]any{"orderNo": again, "inserted": flowFee}, nil); err != nil {
			t.Fatal(err)
		}
	}
	p.leftOnce(cutPlate)
}

// paidAtDeadGate restarts the agent between what pays for a car at the exit and the
// opening of its gate, which is dead until then.
func (p *wholePark) paidAtDeadGate(pay func()) {
	p.t.Helper()
	gate := p.site.Board("G2")
	gate.SetFault(sim.Fault{Kind: sim.FaultDeaf})
	p.drive("OUT1", cutPlate)
	pay()
	p.eventually("the car is to be let out", func() bool {
		var s store.Session
		p.look(func(v *store.View) { s, _ = v.OpenSessionByPlate(p.t.Context(), cutPlate) })
		return s.State == store.Leaving
	})
	p.restart()
	if bill := must(p.mall.BillAt(p.t.Context(), "C2"))(p.t); bill.Payable != 0 || bill.PlateNo != cutPlate {
		p.t.Errorf("the driver who has paid and waits is asked for %d fen for %s", bill.Payable, bill.PlateNo)
	}
	gate.SetFault(sim.Fault{})
	p.leftOnce(cutPlate)
}

func cutPhone(t *testing.T, p *wholePark) {
	p.enter(cutPlate)
	p.later(flowStay)
	p.paidAtDeadGate(func() {
		p.shows("L2", "7.00")
		must(p.platforms["mall"].PayPlate(t.Context(), cutPlate))(t)
	})
}

func cutCoins(t *testing.T, p *wholePark) {
	p.enter(cutPlate)
	p.later(flowStay)
	coins := map[string]any{"inserted": 1000}
	p.paidAtDeadGate(func() {
		p.shows("L2", "7.00")
		coins["orderNo"] = p.billAtExit()
		if err := p.kiosk("K2", "cash", coins, nil); err != nil {
			t.Fatal(err)
		}
	})
	var paid struct {
		Rest   int64
		Change struct{ Amount int64 }
	}
	if err := p.kiosk("K2", "cash", coins, &paid); err != nil || paid.Rest != 0 || paid.Change.Amount != 300 {
		t.Errorf("the same coins after all of it are answered %+v, %v, want 3 yuan of change", paid, err)
	}
}

func cutDeducted(t *testing.T, p *wholePark) {
	mall := p.platforms["mall"]
	mall.SetSeamless(cutPlate, true)
	mall.SetAccount(cutPlate, 5000)
	p.enter(cutPlate)
	p.promised(cutPlate)
	p.later(flowStay)
	p.paidAtDeadGate(func() {
		p.eventually("the fee is deducted", func() bool { return mall.Totals().Deductions == 1 })
	})
	if got := platform.Messages[protocol.CarOut](mall.Records()); len(got) != 1 {
		t.Errorf("the platform was asked to deduct %d times, want once", len(got))
	}
}

// The notice that the change was given comes while no agent is there.
func cutChange(t *testing.T, p *wholePark) {
	mall := p.platforms["mall"]
	p.enter(cutPlate)
	p.later(flowStay)
	var bill struct{ OrderNo string }
	if err := p.kiosk("K1", "bill", map[string]any{"plateNo": cutPlate}, &bill); err != nil {
		t.Fatal(err)
	}
	var paid struct{ Change struct{ OrderNo string } }
	if err := p.kiosk("K1", "cash", map[string]any{"orderNo": bill.OrderNo, "inserted": 1000}, &paid); err != nil {
		t.Fatal(err)
	}
	p.stop()
	given := make(chan error, 1)
	go func() {
		_, err := mall.GiveChange(t.Context(), paid.Change.OrderNo, protocol.ChangeByWeChat, "a driver's")
		given <- err
	}()
	p.start()
	if err := <-given; err != nil { // told again, as platforms do
		must(mall.GiveChange(t.Context(), paid.Change.OrderNo, protocol.ChangeByWeChat, "a driver's"))(t)
	}
	p.restart()
	if settled, err := p.mall.Paid(t.Context(), paid.Change.OrderNo); err != nil || !settled {
		t.Errorf("3.4 says that the change was given: %v, %v, want true", settled, err)
	}
	if got := mall.Totals(); got.Changes != 1 || got.Given != 300 {
		t.Errorf("the platform gave change %d times, %d fen, want 300 once", got.Changes, got.Given)
	}
	p.drive("OUT1", cutPlate)
	p.leftOnce(cutPlate)
}

// A car that stands before a dead gate, and still does when the agent is back, comes
// in once.
func cutEntry(t *testing.T, p *wholePark) {
	gate := p.site.Board("G1")
	gate.SetFault(sim.Fault{Kind: sim.FaultDeaf})
	p.drive("IN1", cutPlate)
	p.restart()
	gate.SetFault(sim.Fault{})
	p.drive("IN1", cutPlate)
	p.eventually("the gate opens", func() bool { return p.opened("IN1") > 0 })
	p.inside(cutPlate, true)
	if in := reported[protocol.CarIn](p, "mall", 1); p.opened("IN1") != 1 || in[0].PlateNo != cutPlate {
		t.Errorf("the gate was opened %d times for %+v, want once", p.opened("IN1"), in)
	}
	p.later(flowStay)
	p.drive("OUT1", cutPlate)
	p.shows("L2", "7.00")
	must(p.platforms["mall"].PayPlate(t.Context(), cutPlate))(t)
	p.leftOnce(cutPlate)
}

// So does one without a plate, whose driver scans again.
func cutPlateless(t *testing.T, p *wholePark) {
	gate := p.site.Board("G1")
	gate.SetFault(sim.Fault{Kind: sim.FaultDeaf})
	pass := func() error {
		return p.insist(func() error { return p.mall.Pass(t.Context(), "C1", driverCard) })
	}
	if err := pass(); err == nil {
		t.Error("a dead gate has let a car in")
	}
	p.restart()
	gate.SetFault(sim.Fault{})
	p.eventually("the driver is let in", func() bool { return pass() == nil })
	in := reported[protocol.CarIn](p, "mall", 1)
	cars := must(p.mall.InsideWithCard(t.Context(), driverCard))(t)
	if p.opened("IN1") != 1 || in[0].CardNo != driverCard || len(cars) != 1 {
		t.Errorf("the gate was opened %d times for %+v, and %+v are inside, want once for one", p.opened("IN1"), in, cars)
	}
}

// The agent ends while it gives the gate its contact: the arm is up when the next
// one starts, which must see that before it tells the gate to open again.
func cutRaise(t *testing.T, p *wholePark) {
	p.atExit(cutPlate)
	must(p.platforms["mall"].PayPlate(t.Context(), cutPlate))(t)
	p.eventually("the gate is told to open", func() bool { return p.opened("OUT1") > 0 })
	p.restart()
	p.leftOnce(cutPlate)
}

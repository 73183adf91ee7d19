package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"parkagent/protocol"
	"parkagent/protocol/platform"
	"parkagent/store"
)

// The stays of these tests last 70 minutes and cost 7 yuan.
const (
	flowStay = 70 * time.Minute
	flowFee  = 700
)

// promised waits until the agent has noted that a platform deducts for a car.
func (p *wholePark) promised(no string) {
	p.t.Helper()
	p.eventually(no+" is marked for deduction", func() bool {
		var s store.Session
		var err error
		p.look(func(v *store.View) { s, err = v.OpenSessionByPlate(p.t.Context(), no) })
		return err == nil && s.Seamless
	})
}

// payAtExit pays what the car at the exit owes by phone, and sees it leave.
func (p *wholePark) payAtExit(no string, want int64, before int) {
	p.t.Helper()
	bill := must(p.mall.BillAt(p.t.Context(), "C2"))(p.t)
	if bill.PlateNo != no || bill.Payable != want {
		p.t.Errorf("the bill at the exit is %d fen for %s, want %d for %s", bill.Payable, bill.PlateNo, want, no)
	}
	if _, err := p.mall.PayBill(p.t.Context(), bill); err != nil {
		p.t.Fatal(err)
	}
	p.leaves(no, before)
}

// Flow 1: entry answered with IsDensityPay 1, exit, PostCarOutInfo, the gate.
func TestFlowSeamlessPayment(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		mall := p.platforms["mall"]
		mall.SetSeamless("粤B10001", true)
		mall.SetAccount("粤B10001", 5000)
		p.enter("粤B10001")
		p.promised("粤B10001")
		step()
		p.later(flowStay)
		p.leave("粤B10001")
		if got, _ := mall.Account("粤B10001"); got != 5000-flowFee {
			t.Errorf("the account holds %d, want %d", got, 5000-flowFee)
		}

		// The driver signs up after having entered (2.5); the account covers a
		// part only, the rest is paid at the exit.
		p.enter("粤B10002")
		step()
		if err := p.mall.MarkSeamless(t.Context(), "B10002"); err != nil {
			t.Fatal(err)
		}
		p.promised("粤B10002")
		step()
		mall.SetAccount("粤B10002", 300)
		p.later(flowStay)
		before := p.opened("OUT1")
		p.drive("OUT1", "粤B10002")
		p.shows("L2", "4.00")
		step()
		p.payAtExit("粤B10002", flowFee-300, before)

		step()
		exits := reported[protocol.PayDetail](p, "mall", 2)
		for _, e := range exits {
			if e.PreMoney != 0 || e.PayMoney != flowFee {
				t.Errorf("%s left with %d paid before and %d at the exit, want %d at the exit", e.PlateNo, e.PreMoney, e.PayMoney, flowFee)
			}
		}
		reported[protocol.BillDetail](p, "mall", 3)
		if fixes := platform.Messages[protocol.CarCorrect](mall.Records()); len(fixes) != 0 {
			t.Errorf("the platform was told to reverse %+v, want nothing", fixes)
		}
	})
}

// Flow 1, the other way: the platform takes the money and its answer is lost, or
// is none. The driver pays here, and the platform is told to reverse.
func TestFlowSeamlessPaymentWithoutAnswer(t *testing.T) {
	// Each ruins the answer to a deduction that has happened.
	ruins := []struct {
		name, plate string
		ruin        func(w http.ResponseWriter, r *http.Request)
	}{
		{"silence", "粤B20001", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"a cut connection", "粤B20002", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"a success without an amount", "粤B20003", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"resCode":0,"data":"ok"}`) }},
		{"a page of a proxy", "粤B20004", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `<html>502</html>`) }},
	}
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		mall := p.platforms["mall"]
		for i, tt := range ruins {
			mall.SetSeamless(tt.plate, true)
			mall.SetAccount(tt.plate, 5000)
			mall.intercept(func(name string, w http.ResponseWriter, r *http.Request) bool {
				if name != "PostCarOutInfo" {
					return false
				}
				mall.Platform.ServeHTTP(httptest.NewRecorder(), r)
				tt.ruin(w, r)
				return true
			})
			p.enter(tt.plate)
			p.promised(tt.plate)
			p.later(flowStay)
			before := p.opened("OUT1")
			p.drive("OUT1", tt.plate)
			p.owes(tt.plate)
			step()
			mall.intercept(nil)
			if got := len(p.journal(store.KindCorrect)); got != i {
				t.Errorf("%s: the journal has %d corrections of %d cars that have left", tt.name, got, i)
			}
			p.payAtExit(tt.plate, flowFee, before)
			step()
			fixes := reported[protocol.CarCorrect](p, "mall", i+1)
			if fix := fixes[i]; fix.PlateNo != tt.plate || fix.TotalMoney != flowFee || fix.LeavePlace != "出口1" {
				t.Errorf("%s: the correction is %+v", tt.name, fix)
			}
			if got, _ := mall.Account(tt.plate); got != 5000 {
				t.Errorf("%s: the account holds %d after the correction, want all of 5000", tt.name, got)
			}
			p.later(time.Minute)
		}
		for _, tt := range ruins {
			if exit, fix := placeOf[protocol.PayDetail](mall, tt.plate), placeOf[protocol.CarCorrect](mall, tt.plate); exit < 0 || fix < exit {
				t.Errorf("%s: the exit of %s is record %d, its correction %d, want that after the exit", tt.name, tt.plate, exit, fix)
			}
		}
	})
}

// placeOf is where a platform's records first tell one kind of thing of a plate;
// -1 is nowhere.
func placeOf[T any](side *otherSide, no string) int {
	return slices.IndexFunc(side.Records(), func(r platform.Record) bool {
		_, ok := r.Message.(T)
		return ok && plateOf(r.Message) == no
	})
}

// A definite no is no unknown outcome: the driver pays here, nothing is reversed.
func TestFlowSeamlessPaymentRefused(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		mall := p.platforms["mall"]
		mall.SetSeamless("粤B30001", true) // without money in the account
		p.enter("粤B30001")
		p.promised("粤B30001")
		p.later(flowStay)
		before := p.opened("OUT1")
		p.drive("OUT1", "粤B30001")
		p.shows("L2", "7.00")
		step()
		p.payAtExit("粤B30001", flowFee, before)
		step()
		reported[protocol.PayDetail](p, "mall", 1)
		if fixes := platform.Messages[protocol.CarCorrect](mall.Records()); len(fixes) != 0 {
			t.Errorf("the platform was told to reverse %+v, want nothing", fixes)
		}
	})
}

// Uplink 5.3: a platform prices. Without an answer in time the local tariff
// decides.
func TestFlowPlatformPrices(t *testing.T) {
	plan := parkPlan{settings: map[string]string{"mall": `questions = ["AutonomousCalfee"]`}}
	flow(t, plan, func(t *testing.T, p *wholePark, step func()) {
		mall := p.platforms["mall"]
		mall.SetPricing(func(q protocol.PriceQuery) (int64, bool) { return 1234, true })
		p.enter("粤B90001")
		p.later(flowStay)
		step()
		if bill := p.bill("粤B90001"); bill.Payable != 1234 {
			t.Errorf("the bill in the lot is %d, want the platform's 1234", bill.Payable)
		}
		before := p.opened("OUT1")
		p.drive("OUT1", "粤B90001")
		p.shows("L2", "12.34")
		step()
		p.payAtExit("粤B90001", 1234, before)

		mall.intercept(func(name string, _ http.ResponseWriter, r *http.Request) bool {
			if name == "AutonomousCalfee" {
				<-r.Context().Done()
			}
			return name == "AutonomousCalfee"
		})
		p.enter("粤B90002")
		p.later(flowStay)
		before = p.opened("OUT1")
		p.drive("OUT1", "粤B90002")
		p.shows("L2", "7.00")
		step()
		p.payAtExit("粤B90002", flowFee, before)
	})
}

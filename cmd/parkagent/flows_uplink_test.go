package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parkagent/drivers/sim"
	"parkagent/protocol"
	"parkagent/protocol/platform"
)

// Flow 9: the car park and its areas once a day; all device states at the start,
// then changes.
func TestFlowDailyReports(t *testing.T) {
	t.Parallel()
	p := openPark(t, parkPlan{})
	day := reported[protocol.ParkingInfo](p, "mall", 1)[0]
	if day.PlaceCount != 100 || day.ParkArea != 1 || day.ParkName != "演示车场" {
		t.Errorf("1.1 tells %+v", day)
	}
	areas := reported[protocol.AreaInfo](p, "mall", 1)[0]
	if len(areas.AreaInfo) != 1 || areas.AreaInfo[0].PlaceCount != 100 {
		t.Errorf("1.2 tells %+v", areas)
	}
	devices := reported[protocol.ParkingDevice](p, "mall", 9)
	state := func(code string) string {
		last := ""
		for _, m := range platform.Messages[protocol.DeviceState](p.platforms["mall"].Records()) {
			if m.DeviceCode == code {
				last = string(m.Status)
			}
		}
		return last
	}
	for _, d := range devices {
		p.eventually("the state of "+d.DeviceCode+" is told", func() bool { return state(d.DeviceCode) == "0" })
	}
	before := len(platform.Messages[protocol.DeviceState](p.platforms["mall"].Records()))
	p.restart()
	p.eventually("after a restart all states are told again", func() bool {
		return len(platform.Messages[protocol.DeviceState](p.platforms["mall"].Records())) >= before+9
	})
	p.site.Board("G1").SetFault(sim.Fault{Kind: sim.FaultDeaf})
	p.eventually("the broken gate is told", func() bool { return state("G1") == "1" })
	p.site.Board("G1").SetFault(sim.Fault{})
	p.eventually("the mended gate is told", func() bool { return state("G1") == "0" })

	// The same day again tells nothing new, the next one does.
	reported[protocol.ParkingInfo](p, "mall", 1)
	p.later(24 * time.Hour)
	p.restart()
	reported[protocol.ParkingInfo](p, "mall", 2)
	reported[protocol.AreaInfo](p, "mall", 2)
}

// Flow 10: one of two platforms is away for a day. The other is told in time; the
// first gets everything in order when it is back.
func TestFlowTwoPlatforms(t *testing.T) {
	flow(t, parkPlan{platforms: []string{"mall", "city"}}, func(t *testing.T, p *wholePark, step func()) {
		p.enter("粤F10001")
		reported[protocol.CarIn](p, "mall", 1)
		reported[protocol.CarIn](p, "city", 1)
		p.platforms["city"].Down(platform.Dropping)
		p.later(flowStay)
		before := p.opened("OUT1")
		p.drive("OUT1", "粤F10001")
		p.payAtExit("粤F10001", flowFee, before)
		step()
		for i := range 5 {
			no := fmt.Sprintf("粤F2000%d", i)
			p.enter(no)
			p.later(4 * time.Hour)
			if _, err := p.mall.PayBill(t.Context(), p.bill(no)); err != nil {
				t.Fatal(err)
			}
			p.leave(no)
		}
		step()
		reported[protocol.PayDetail](p, "mall", 6)
		if got := p.platforms["city"].Totals(); got.Exits != 0 {
			t.Fatalf("the platform that is away was told of %d exits", got.Exits)
		}
		p.later(4 * time.Hour)
		p.platforms["city"].Up()
		reported[protocol.PayDetail](p, "city", 6)
		mall, city := p.platforms["mall"].Totals(), p.platforms["city"].Totals()
		if mall.Entries != city.Entries || mall.Charged != city.Charged || mall.Paid != city.Paid || city.Charged != city.Paid {
			t.Errorf("the platforms were told different things:\nmall %+v\ncity %+v", mall, city)
		}
		for no, kinds := range kindsByPlate(p.platforms["city"].Records()) {
			want := []string{"PostCarInInfo", "PostCarBillDetail", "PostPayDetail"}
			if !slices.Equal(kinds, want) {
				t.Errorf("of %s was told %v, want %v", no, kinds, want)
			}
		}
	})
}

// kindsByPlate lists in which order a platform was told of each car.
func kindsByPlate(records []platform.Record) map[string][]string {
	kinds := map[string][]string{}
	for _, r := range records {
		if r.Duplicate {
			continue
		}
		switch m := r.Message.(type) {
		case protocol.CarIn:
			kinds[m.PlateNo] = append(kinds[m.PlateNo], r.Interface)
		case protocol.BillDetail:
			kinds[m.PlateNo] = append(kinds[m.PlateNo], r.Interface)
		case protocol.PayDetail:
			kinds[m.PlateNo] = append(kinds[m.PlateNo], r.Interface)
		}
	}
	return kinds
}

// A platform that answers late, wrong, or not at all, loses and doubles nothing.
func TestFlowNastyPlatform(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			nastyDay(t, seed)
		})
	}
}

func nastyDay(t *testing.T, seed uint64) {
	const cars = 12
	nasty := platform.NewNasty(seed)
	nasty.Slow = 1200 * time.Millisecond // later than the agent waits
	p := openPark(t, parkPlan{nasty: nasty, settings: map[string]string{"mall": "duplicates = [\"已存在\"]\nmax_refusals = 1000\n"}})
	mall := p.platforms["mall"]
	for i := range cars {
		no := fmt.Sprintf("粤H%05d", 10000+i)
		if i%3 == 0 {
			mall.SetSeamless(no, true)
			mall.SetAccount(no, 5000)
		}
		p.enter(no)
	}
	p.later(flowStay)
	for i := range cars {
		no := fmt.Sprintf("粤H%05d", 10000+i)
		if i%3 == 1 {
			if _, err := p.mall.PayBill(t.Context(), p.bill(no)); err != nil {
				t.Fatal(err)
			}
		}
		before := p.opened("OUT1")
		p.drive("OUT1", no)
		p.eventually(no+" is let out, by whatever way", func() bool {
			if p.opened("OUT1") > before {
				return true
			}
			if bill, err := p.mall.BillAt(t.Context(), "C2"); err == nil && bill.PlateNo == no && bill.Payable > 0 && i%3 != 0 {
				_, _ = p.mall.PayBill(t.Context(), bill)
			}
			if strings.Contains(strings.Join(p.site.Display("L2").Lines(), "|"), "7.00") { // the deduction has failed
				if bill, err := p.mall.BillAt(t.Context(), "C2"); err == nil && bill.PlateNo == no && bill.Payable > 0 {
					_, _ = p.mall.PayBill(t.Context(), bill)
				}
			}
			return false
		})
		p.leaves(no, before)
	}
	// Each answer that is none makes the agent wait longer before the next try.
	p.within(90*time.Second, "the platform was told everything", func() bool {
		t := mall.Totals()
		return t.Entries == cars && t.Exits == cars && t.Charged == t.Paid && t.Charged == cars*flowFee
	})
	p.eventually("all that was taken twice was given back", func() bool { return len(mall.Books().Over()) == 0 })
	books := must(p.view().Books(t.Context()))(t)
	if books.Paid != cars*flowFee || books.Unpaid != 0 || books.Orphans != 0 {
		t.Errorf("the books hold %+v, want %d fen paid", books, cars*flowFee)
	}
}

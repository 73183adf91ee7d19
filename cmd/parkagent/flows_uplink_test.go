package main

import (
	"fmt"
	"slices"
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

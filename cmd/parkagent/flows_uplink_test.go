package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"parkagent/drivers/sim"
	"parkagent/protocol"
	"parkagent/protocol/platform"
	"parkagent/store"
)

// Flow 9: the car park and its areas once a day; all device states at the start,
// then changes.
func TestFlowDailyReports(t *testing.T) {
	t.Parallel()
	p := openPark(t, parkPlan{})
	mall := p.platforms["mall"]
	day := atLeast[protocol.ParkingInfo](p, "mall", 1, flowPatience)[0]
	if day.PlaceCount != 100 || day.ParkArea != 1 || day.ParkName != "演示车场" {
		t.Errorf("1.1 tells %+v", day)
	}
	areas := atLeast[protocol.AreaInfo](p, "mall", 1, flowPatience)[0]
	if len(areas.AreaInfo) != 1 || areas.AreaInfo[0].PlaceCount != 100 {
		t.Errorf("1.2 tells %+v", areas)
	}
	well := map[string]string{"C1": "0", "C2": "0", "G1": "0", "G2": "0", "K1": "0", "K2": "0", "K3": "0", "L1": "0", "L2": "0"}
	p.eventually("all devices are told", func() bool {
		told := map[string]string{}
		for _, m := range platform.Messages[protocol.ParkingDevice](mall.Records()) {
			told[m.DeviceCode] = "0"
		}
		return maps.Equal(told, well)
	})
	p.eventually("all states are told", func() bool { return maps.Equal(mall.states(0), well) })

	p.stop()
	told, rows := len(mall.Records()), len(p.journal(store.KindDeviceState))
	p.start()
	p.eventually("after a restart all states are told again", func() bool { return maps.Equal(mall.states(told), well) })
	p.enter("粤E90001") // which every device at the entry has to do with
	p.leave("粤E90001")
	last := map[string]store.DeviceFact{}
	for _, e := range p.journal(store.KindDeviceState)[rows:] {
		var f store.DeviceFact
		if err := json.Unmarshal(e.Body, &f); err != nil {
			t.Fatal(err)
		}
		if before, ok := last[f.Code]; ok && before.Status == f.Status {
			t.Errorf("%s was %q, and that was told again when nothing had changed", f.Code, f.Status)
		}
		last[f.Code] = f
	}
	p.site.Board("G1").SetFault(sim.Fault{Kind: sim.FaultDeaf})
	p.eventually("the broken gate is told", func() bool { return mall.states(told)["G1"] == "1" })
	p.site.Board("G1").SetFault(sim.Fault{})
	p.eventually("the mended gate is told", func() bool { return mall.states(told)["G1"] == "0" })

	// The same day again tells nothing new, the next one does.
	for i, day := range []string{"the first day", "the second"} {
		if i > 0 {
			p.later(24 * time.Hour)
			p.restart()
		}
		want := map[store.Kind]int{store.KindPark: i + 1, store.KindAreas: i + 1, store.KindDevice: (i + 1) * len(well)}
		p.eventually("the reports of "+day+" are made", func() bool { return len(p.journal(store.KindDevice)) >= want[store.KindDevice] })
		for kind, n := range want {
			if got := len(p.journal(kind)); got != n {
				t.Errorf("on %s there are %d rows %q, want %d", day, got, kind, n)
			}
		}
		atLeast[protocol.ParkingInfo](p, "mall", i+1, flowPatience)
		atLeast[protocol.AreaInfo](p, "mall", i+1, flowPatience)
	}
}

// states returns how each device was, by what was told after the first records.
func (o *otherSide) states(after int) map[string]string {
	last := map[string]string{}
	for _, m := range platform.Messages[protocol.DeviceState](o.Records()[after:]) {
		last[m.DeviceCode] = string(m.Status)
	}
	return last
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
		atLeast[protocol.PayDetail](p, "city", 6, 2*time.Minute) // it is tried again once a minute, at the worst
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
		if no := plateOf(r.Message); no != "" && !r.Duplicate {
			kinds[no] = append(kinds[no], r.Interface)
		}
	}
	return kinds
}

// plateOf is of which car a report tells, if of any.
func plateOf(message any) string {
	switch m := message.(type) {
	case protocol.CarIn:
		return m.PlateNo
	case protocol.BillDetail:
		return m.PlateNo
	case protocol.PayDetail:
		return m.PlateNo
	case protocol.CarCorrect:
		return m.PlateNo
	}
	return ""
}

package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parkagent/protocol"
	"parkagent/store"
)

// free returns the free places of the areas, in their order.
func (p *wholePark) free() (list []int) {
	p.t.Helper()
	p.look(func(v *store.View) {
		for _, a := range must(v.Areas(p.t.Context()))(p.t) {
			list = append(list, a.Free())
		}
	})
	return list
}

// passes lets a car through a lane between two areas, after which so many places are
// free in them.
func (p *wholePark) passes(lane, no string, free ...int) {
	p.t.Helper()
	before := p.opened(lane)
	p.drive(lane, no)
	p.eventually(fmt.Sprintf("%s has passed %s and %v places are free", no, lane, free), func() bool { return slices.Equal(p.free(), free) })
	if got := p.opened(lane) - before; got != 1 {
		p.t.Errorf("%s passed %s: the gate was opened %d times, want once", no, lane, got)
	}
}

// A lot inside a lot: one stay, the free places of both, the inner price instead of
// the outer one, and short ways that are free.
func TestFlowInnerArea(t *testing.T) {
	flow(t, parkPlan{nested: true}, func(t *testing.T, p *wholePark, step func()) {
		p.enter("粤B10001")
		p.enter("粤B10002")
		step()
		p.later(15 * time.Minute)
		p.passes("MIDIN", "粤B10001", 99, 0)
		step()
		reported[protocol.CarIn](p, "mall", 2) // and of the inner lane none
		p.later(15 * time.Minute)
		p.drive("MIDIN", "粤B10002")
		p.shows("L3", "车位已满")
		p.drive("MIDIN", "粤B10003")
		p.shows("L3", "未找到入场记录")
		step()
		p.later(75 * time.Minute)
		if b := p.bill("粤B10001"); b.TotalFee != 600 {
			t.Errorf("an hour and a half in the inner area = %+v, want 600 fen", b)
		}
		p.passes("MIDOUT", "粤B10001", 98, 1)
		step()
		p.later(10 * time.Minute)
		before := p.opened("OUT1")
		p.drive("OUT1", "粤B10001")
		p.shows("L2", "6.00")
		p.payAtExit("粤B10001", 600, before)
		if free := p.free(); !slices.Equal(free, []int{99, 1}) {
			t.Errorf("%v places are free, want 99 and 1", free)
		}
	})
}

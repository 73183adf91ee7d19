package main

import (
	"testing"
	"time"

	"parkagent/protocol"
)

// A driver who waits at the exit with money due signs up, is booked, or is given a
// card, and the gate opens by itself: no camera sees the car anew.
func TestFlowRightsComeWhileTheCarWaitsAtTheExit(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		mall := p.platforms["mall"]
		mall.SetAccount("粤G10001", 5000)
		for _, tt := range []struct {
			plate string
			right func()
		}{
			{"粤G10001", func() {
				if err := p.mall.MarkSeamless(t.Context(), "粤G10001"); err != nil {
					t.Fatal(err)
				}
			}},
			{"粤G10002", func() {
				must(p.mall.Book(t.Context(), protocol.BookingAdd{
					PlateNo: "粤G10002", ValidFrom: p.at(-5 * time.Hour), ValidTo: p.at(time.Hour), BookType: protocol.IntOf(1), Promptly: protocol.IntOf(0),
				}))(t)
			}},
			{"粤G10003", func() { p.addCard(protocol.CarMonthly, 1, -5*time.Hour, time.Hour, "粤G10003") }},
		} {
			p.enter(tt.plate)
			p.later(flowStay)
			before := p.opened("OUT1")
			p.drive("OUT1", tt.plate)
			p.owes(tt.plate)
			step()
			tt.right()
			p.leaves(tt.plate, before)
			p.later(time.Minute)
		}
		if got, _ := mall.Account("粤G10001"); got != 5000-flowFee {
			t.Errorf("the account holds %d, want %d", got, 5000-flowFee)
		}
	})
}

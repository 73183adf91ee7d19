package main

import (
	"testing"
	"time"

	"parkagent/protocol"
)

// A car whose plate the exit camera misreads pays for its own stay, and platforms hear
// that it left as it had come in.
func TestFlowMisreadPlate(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		p.enter("粤B12345")
		p.enter("粤B67890")
		step()
		p.later(90 * time.Minute)
		before := p.opened("OUT1")
		p.drive("OUT1", "粤BL2345")
		p.shows("L2", "粤B12345")
		step()
		p.payAtExit("粤B12345", p.bill("粤B12345").Payable, before)
		step()
		for _, f := range reported[protocol.PayDetail](p, "mall", 1) {
			if f.PlateNo != "粤B12345" {
				t.Errorf("the platform heard that %s left, want 粤B12345", f.PlateNo)
			}
		}
	})
}

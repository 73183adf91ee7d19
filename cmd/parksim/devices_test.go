package main

import (
	"testing"
	"time"

	"parkagent/drivers/gate"
)

func TestContactsThatRestOnAreGivenByGoingOff(t *testing.T) {
	opt, err := gate.ParseRelayOptions(map[string]any{
		"open": int64(0), "close": int64(1), "stop": int64(2), "open_active_low": true, "stop_active_low": true,
	})
	if err != nil {
		t.Fatal(err)
	}
	g := newBarrier(nil, "G1")
	g.wire(opt, pace{travel: time.Hour})
	if g.held() || g.arm.Position() != 0 || len(g.told) != 0 {
		t.Fatalf("at rest the arm is held %v, at %v, and told to open %d times", g.held(), g.arm.Position(), len(g.told))
	}
	g.board.SetCoil(0, false)
	if !g.held() || len(g.told) != 1 {
		t.Errorf("with the open contact given the arm is held %v, and told to open %d times", g.held(), len(g.told))
	}
	g.board.SetCoil(2, false)
	at := g.arm.Position()
	if now := g.arm.Position(); now != at || at == 0 {
		t.Errorf("stopped, the arm is at %v and then at %v", at, now)
	}
}

package gate_test

import (
	"errors"
	"strings"
	"testing"

	"parkagent/drivers"
	"parkagent/drivers/gate"
	"parkagent/drivers/sim"
)

const passageInput = 3

func TestThePassageInputIsRead(t *testing.T) {
	tests := []struct {
		name      string
		in        *gate.Input
		on        bool
		want      drivers.Presence
		mayLower  bool
		noPresent bool
	}{
		{name: "nothing drives through", in: &gate.Input{Number: passageInput}, want: drivers.PresenceClear, mayLower: true},
		{name: "a car drives through, and its rear may be below the arm", in: &gate.Input{Number: passageInput}, on: true, want: drivers.PresenceOccupied},
		{name: "active low and off is a car", in: &gate.Input{Number: passageInput, ActiveLow: true}, want: drivers.PresenceOccupied},
		{name: "active low and on is none", in: &gate.Input{Number: passageInput, ActiveLow: true}, on: true, want: drivers.PresenceClear, mayLower: true},
		{name: "not wired", on: true, want: drivers.PresenceNotFitted, mayLower: true},
		{name: "a barrier that guards itself heeds it as well", in: &gate.Input{Number: passageInput}, on: true, want: drivers.PresenceOccupied, noPresent: true},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			opt := wired()
			opt.Passage = tt.in
			if tt.noPresent {
				opt.Presence, opt.SelfGuarded = nil, true
			}
			s := &site{board: sim.NewBoard(sim.BoardConfig{Unit: testUnit})}
			s.board.SetInput(passageInput, tt.on)
			s.line = newLine(t, tcpInMemory(t, s.board))
			relay := s.driver(t, opt)
			got, err := relay.State(timed(t))
			if err != nil || got.Passage != tt.want {
				t.Errorf("State = passage %v, %v; want %v", got.Passage, err, tt.want)
			}
			err = relay.Lower(timed(t))
			if tt.mayLower && err != nil || !tt.mayLower && (!errors.Is(err, drivers.ErrRefused) || !strings.Contains(err.Error(), "drives through")) {
				t.Errorf("Lower = %v, want it to be done: %v", err, tt.mayLower)
			}
		})
	}
}

package reply

import (
	"context"
	"errors"
	"testing"
	"time"

	"parkagent/drivers"
)

func TestLowerIsRefusedUnlessAllIsWell(t *testing.T) {
	under, behind := &Input{Number: 0}, &Input{Number: 1}
	well := GateConfig{Polls: true, Lowers: true, SelfGuarded: true, Presence: under, Passage: behind}
	clear := func(g *Gate) { g.Sensed(0, false); g.Sensed(1, false) }
	tests := []struct {
		name  string
		edit  func(*GateConfig)
		sense func(*Gate)
		want  error
	}{
		{"all is well", func(*GateConfig) {}, clear, nil},
		{"no input is wired", func(c *GateConfig) { c.Presence, c.Passage = nil, nil }, clear, nil},
		{"no relay closes", func(c *GateConfig) { c.Lowers = false }, clear, drivers.ErrRefused},
		{"nobody says that it guards itself", func(c *GateConfig) { c.SelfGuarded = false }, clear, drivers.ErrRefused},
		{"a car is under it", func(*GateConfig) {}, func(g *Gate) { clear(g); g.Sensed(0, true) }, drivers.ErrRefused},
		{"a car is behind it", func(*GateConfig) {}, func(g *Gate) { clear(g); g.Sensed(1, true) }, drivers.ErrRefused},
		{"nothing is known of what is under it", func(*GateConfig) {}, func(g *Gate) { g.Sensed(1, false) }, drivers.ErrRefused},
		{"nor of what is behind it", func(*GateConfig) {}, func(g *Gate) { g.Sensed(0, false) }, drivers.ErrRefused},
		{"it is held open", func(*GateConfig) {}, func(g *Gate) { clear(g); g.held.Store(true) }, drivers.ErrRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := well
			tt.edit(&cfg)
			inBubble(t, cfg, func(t *testing.T, s *site) {
				tt.sense(s.Gate())
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				poll := s.pollLater(ctx, nil)
				if err := s.Gate().Lower(ctx); !errors.Is(err, tt.want) {
					t.Errorf("Lower = %v, want %v", err, tt.want)
				}
				if got := <-poll; (got.Order == Lower) != (tt.want == nil) {
					t.Errorf("the poll carried %v", got.Order)
				}
			})
		})
	}
}

func TestInputsAreWhatTheCameraLastReported(t *testing.T) {
	cfg := GateConfig{Presence: &Input{Number: 0}, Passage: &Input{Number: 1, ActiveLow: true}}
	inBubble(t, cfg, func(t *testing.T, s *site) {
		state := func(under, behind drivers.Presence) {
			t.Helper()
			st, err := s.Gate().State(t.Context())
			if err != nil || st.Presence != under || st.Passage != behind {
				t.Errorf("state = %v, %v, %v; want %v, %v", st.Presence, st.Passage, err, under, behind)
			}
		}
		state(drivers.PresenceUnknown, drivers.PresenceUnknown)
		s.Gate().Sensed(0, true)
		s.Gate().Sensed(2, true) // nothing is wired there
		state(drivers.PresenceOccupied, drivers.PresenceUnknown)
		s.Gate().Sensed(0, false)
		s.Gate().Sensed(1, false)
		state(drivers.PresenceClear, drivers.PresenceOccupied)
		s.Gate().Sensed(1, true)
		state(drivers.PresenceClear, drivers.PresenceClear)

		s.Gate().Sensed(1, false) // a car drives through between two looks
		s.Gate().Sensed(1, true)
		state(drivers.PresenceClear, drivers.PresenceOccupied)
		state(drivers.PresenceClear, drivers.PresenceClear)

		<-time.After(2 * time.Minute) // of the bubble
		if _, err := s.Gate().State(t.Context()); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("State of a silent camera = %v, want ErrOffline", err)
		}
		s.Hear()
		state(drivers.PresenceUnknown, drivers.PresenceUnknown)
	})
}

func TestAnInputThatMissesCarAfterCarIsNotBelieved(t *testing.T) {
	cfg := GateConfig{Polls: true, Lowers: true, SelfGuarded: true, Presence: &Input{Number: 0}, Passage: &Input{Number: 1}}
	inBubble(t, cfg, func(t *testing.T, s *site) {
		drive := func(seen bool) {
			if seen {
				s.Gate().Sensed(0, true)
			}
			s.Gate().Sensed(1, true)
			s.Gate().Sensed(0, false)
			s.Gate().Sensed(1, false)
		}
		state := func(want drivers.Fault) {
			t.Helper()
			if st, err := s.Gate().State(t.Context()); err != nil || st.Fault != want {
				t.Errorf("state = fault %d, %v; want %d", st.Fault, err, want)
			}
		}
		for range 3 {
			drive(false)
		}
		state(drivers.FaultNone)
		drive(false)
		state(drivers.FaultPresence)
		if err := s.Gate().Lower(t.Context()); !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower = %v, want drivers.ErrRefused", err)
		}
		drive(true)
		state(drivers.FaultNone)
		for range 9 { // a car drives through, and its camera falls silent
			s.Gate().Sensed(1, true)
			s.Gate().forgetInputs()
			s.Gate().Sensed(1, false)
		}
		state(drivers.FaultNone)
	})
}

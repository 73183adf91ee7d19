package lane

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/access"
	"parkagent/drivers"
	"parkagent/store"
)

func TestADeadGateOpensForNoCarThatWentToAnotherLane(t *testing.T) {
	for _, tt := range []struct {
		name string
		goes bool
		want string
	}{
		{"it stands there still", false, "raise"},
		{"it went in at another entry", true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				defer s.close()
				s.gateIn.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
				s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
				if tt.goes {
					v, err := s.rules.Enter(t.Context(), access.Approach{Lane: "IN2", Place: "入口2", Plate: "粤B12345", Area: 1, Color: -1, Dedupe: 30 * time.Second})
					s.must(err)
					s.must(s.rules.Entered(t.Context(), v.Session))
				}
				s.gateIn.did()
				s.gateIn.breakWith(nil)
				pass(10 * time.Second)
				if got := s.gateIn.did(); got != tt.want {
					t.Errorf("calls when the gate came back = %q, want %q", got, tt.want)
				}
				if got := s.session("粤B12345"); got.State != store.Inside || (got.EntryPlace == "入口2") != tt.goes {
					t.Errorf("stay = %+v", got)
				}
			})
		})
	}
}

func TestARestartOpensNoGateThatIsOpen(t *testing.T) {
	for _, tt := range []struct {
		name string
		arm  drivers.Arm
		want string
	}{
		{"the gate had opened before", drivers.ArmUp, ""},
		{"it had not", drivers.ArmDown, "raise"},
		{"nobody knows", drivers.ArmUnknown, "raise"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
				s.gateOut.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
				s.arrive("粤B12345")
				s.stop()
				s.gateOut.did()
				s.gateOut.breakWith(nil)
				s.gateOut.mu.Lock()
				s.gateOut.arm = tt.arm
				s.gateOut.mu.Unlock()
				s.start()
				defer s.close()
				pass(500 * time.Millisecond)
				if got := s.gateOut.did(); got != tt.want {
					t.Errorf("calls after the restart = %q, want %q", got, tt.want)
				}
				if _, err := s.db.OpenSessionByPlate(t.Context(), "粤B12345"); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("open stay after it: %v, want none", err)
				}
			})
		})
	}
}

package vzenith

import (
	"errors"
	"testing"
	"testing/synctest"

	"parkagent/drivers"
)

// The moment is too short to be met from outside: a push is answered while its
// order is on the way to it.
func TestAPushThatIsAnsweredSendsItsOrderAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera, err := New(Config{Device: "C1"})
		if err != nil {
			t.Fatal(err)
		}
		gate := camera.Gate()
		gate.expect("A")
		raised := make(chan error, 1)
		go func() { raised <- gate.RaiseFor(t.Context(), "A") }() // ends with forget
		synctest.Wait()                                           // it stands before the push now
		gate.forget("A")
		if err := <-raised; !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("RaiseFor = %v, want ErrRefused", err)
		}
		if len(gate.pushes) != 0 {
			t.Errorf("%d pushes are kept, want none", len(gate.pushes))
		}
	})
}

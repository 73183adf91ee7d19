package lane

import (
	"context"

	"parkagent/drivers"
)

// A Gate is the barrier of one lane.
//
// Only the lane's goroutine calls it, one call at a time; every call returns
// soon after ctx is done. After a failed call the arm's position is unknown:
// the lane asks State before it decides again. Errors are *drivers.DeviceError
// and wrap drivers.ErrOffline or drivers.ErrRefused where either holds.
type Gate interface {
	// Raise returns once the controller accepted the command, not once the
	// arm has moved: poll State for that. It is idempotent.
	Raise(ctx context.Context) error

	// Lower asks the arm down, once. It fails with drivers.ErrRefused, and
	// nothing moves, unless the presence input was read clear just before or
	// the installer said that the barrier guards itself.
	Lower(ctx context.Context) error

	// Hold latches the arm open until Release; Raise and Lower in between
	// do not end it.
	Hold(ctx context.Context) error

	// Release ends Hold. The barrier then closes by its own rules.
	Release(ctx context.Context) error

	// State reads the inputs now. It never answers from memory.
	State(ctx context.Context) (drivers.GateState, error)
}

// An EventGate is a Gate that opens in the answer to a camera's event. It is
// told which one, so that no other car profits from the decision.
type EventGate interface {
	// RaiseFor is Raise for the car of the recognition with this ID.
	RaiseFor(ctx context.Context, event string) error
}

// A Stopper is a Gate whose arm can be stopped where it is. Like the other calls
// it returns once the controller accepted the command.
type Stopper interface {
	Stop(ctx context.Context) error
}

// A Display shows one Screen at a time. Show replaces what was there, and returns
// soon after ctx is done, which it is when a newer Screen is to be shown: what was
// not put up by then need not be. One goroutine of the lane calls it (package panel),
// which nothing else waits for but of a display that rides in a camera's answers: the
// lane shows the text of a car before it opens the gate, so that both go in one answer.
// An error means a dark display, and never holds a car.
type Display interface {
	Show(ctx context.Context, s drivers.Screen) error
}

// A Camera reports plates.
type Camera interface {
	// Watch blocks until ctx is done, calling emit for each recognition.
	// emit returns once the lane has dealt with the recognition or the
	// context given to it is done, so that a camera whose answer is the
	// opener knows when to answer. Calls of emit may overlap; the lane puts
	// them in order. Watch reconnects by itself; it returns nil after ctx is
	// done, or an error that reconnecting cannot mend.
	Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error

	// Snapshot takes a picture now. errors.ErrUnsupported where the camera
	// cannot. It may be called from another goroutine than Watch and Check, one
	// call at a time.
	Snapshot(ctx context.Context) (drivers.Picture, error)

	// Check reports whether the camera is alive, by asking it or by how long
	// ago it last was heard. It may be called from another goroutine than
	// Watch.
	Check(ctx context.Context) error
}

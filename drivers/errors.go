package drivers

import (
	"context"
	"errors"
	"fmt"
)

// ErrOffline means that the device could not be reached or did not answer in
// time. What it did with a command that was sent is unknown. The lane goes on,
// asks again and raises the alarm.
var ErrOffline = errors.New("device offline")

// ErrRefused means that the device, or the driver for safety's sake, said no:
// the command did not happen. Sending it again unchanged is pointless.
var ErrRefused = errors.New("device refused")

// A DeviceError says which device failed doing what. Err wraps ErrOffline or
// ErrRefused where either holds.
type DeviceError struct {
	Device string // device code or, below the lane, its address
	Op     string // what was asked of it, "raise" or "read inputs"
	Err    error
}

// Error returns "device G1: raise: <cause>".
func (e *DeviceError) Error() string {
	return fmt.Sprintf("device %s: %s: %v", e.Device, e.Op, e.Err)
}

// Unwrap returns the cause.
func (e *DeviceError) Unwrap() error { return e.Err }

// A Fault is what is wrong with a device, as platforms are told it (uplink
// 1.3): 0 is well. The numbers stand in the table of fault codes of the
// integrator's guide and never change their meaning.
type Fault int

// The faults.
const (
	FaultNone     Fault = 0
	FaultOffline  Fault = 1  // no answer
	FaultOther    Fault = 2  // an answer that tells of none of the following
	FaultLimits   Fault = 11 // both limit inputs of a gate are active
	FaultTravel   Fault = 12 // the arm did not arrive in its travel time
	FaultPresence Fault = 13 // an input under or behind the arm cannot be right
	FaultContact  Fault = 14 // a relay is on that should be off, or off that should be on
	FaultLogin    Fault = 21 // user or password are refused
	FaultGateList Fault = 22 // the camera opens the gate by its own list, too
	FaultPaper    Fault = 31 // no paper
	FaultCover    Fault = 32 // the cover is open, or the cutter is stuck
)

// A FaultError is an error of a device that answers, and says more than that it
// failed.
type FaultError struct {
	Fault Fault
	Err   error
}

// Error returns the cause.
func (e *FaultError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *FaultError) Unwrap() error { return e.Err }

// FaultOf returns the fault that err tells of: the Fault of a FaultError,
// FaultOffline for what wraps ErrOffline or ends by its deadline, FaultNone for nil.
func FaultOf(err error) Fault {
	var fault *FaultError
	switch {
	case err == nil:
		return FaultNone
	case errors.As(err, &fault):
		return fault.Fault
	case errors.Is(err, ErrOffline), errors.Is(err, context.DeadlineExceeded):
		return FaultOffline
	}
	return FaultOther
}

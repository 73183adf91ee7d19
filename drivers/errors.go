package drivers

import (
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

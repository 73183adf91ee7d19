// Package drivertest is what every driver of a kind must do, as tests that run against any of them.
//
// A driver's own test makes a rig: the driver, connected to a simulated device,
// and switches that break the device in the ways in which real ones break. The
// suite then holds the driver to its contract: it returns in time, it says
// honestly what is known, it never does harm, and it works again when the fault
// is gone.
package drivertest

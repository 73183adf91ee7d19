// Package sim is lane devices without hardware: they speak the real wire, over a socket or a pseudo terminal, and fail on demand.
//
// A Board is a Modbus relay board, and a Barrier is the arm wired to one. Tests
// of drivers talk to them and then ask what really happened: which contact
// closed when, and where the arm is. The demonstration and the site simulator
// run the same devices. Nothing here believes what a driver says about itself.
package sim

package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A PulseMode is how a model gives a contact for a moment.
type PulseMode string

// The pulse modes.
const (
	// PulseCoil writes the coil on, waits and writes it off. Every board can.
	PulseCoil PulseMode = "coil"
	// PulseWaveshare uses the board's own timer: a single coil write at
	// 0x0200 + channel, or 0x0400 + channel for a relay that rests on, whose
	// value is the time in tenths of a second.
	PulseWaveshare PulseMode = "waveshare"
	// PulseJYDAM uses the board's own timer: two registers per channel, five
	// apart from register 3 on; mode 4, or 2 for a relay that rests on, and the
	// time in tenths of a second.
	PulseJYDAM PulseMode = "jydam"
)

// pulseModes is every mode, for checking and for messages.
var pulseModes = []PulseMode{PulseCoil, PulseWaveshare, PulseJYDAM}

// A Model is all that the driver knows of one make of relay board. Supporting
// another make that gives contacts in one of the pulse modes is one more Model.
type Model struct {
	Name  string    // as the option model names it
	Unit  byte      // the address that it leaves the factory with
	Pulse PulseMode // how it gives a contact for a moment

	Relays int // most relays that one has; 0 is any number
	Inputs int // inputs that each one has, for reading all in one request; 0 is not known

	// Quiet is the least silence on the line before a request to it; 0 is
	// what suits every board.
	Quiet time.Duration

	// Modes is the holding register of the first relay's control mode, which
	// the others follow; 0 where there is none. A mode that is not 0 lets an
	// input of the board move the relay by itself.
	Modes uint16
}

// models is every make of board. The first is what a board is taken for whose
// make is not given.
var models = []Model{
	{Name: "coils", Unit: 1, Pulse: PulseCoil},
	// Factory settings and addresses: Waveshare's pages on the Modbus RTU
	// Relay, of which models with 1 to 32 relays exist. The inputs differ.
	{Name: "waveshare", Unit: 1, Pulse: PulseWaveshare, Relays: 32, Modes: 0x1000},
	// 聚英 JY-DAM, and the boards that are sold as "LC Modbus" with the same
	// registers and another factory address.
	{Name: "jydam", Unit: 0xfe, Pulse: PulseJYDAM, Relays: 256},
	{Name: "lc", Unit: 0xff, Pulse: PulseJYDAM, Relays: 256},
}

// Models returns every make of relay board that the option model can name.
func Models() []Model { return slices.Clone(models) }

// modelOf returns the model of that name; empty is the first.
func modelOf(name string) (Model, error) {
	if name == "" {
		return models[0], nil
	}
	for _, m := range models {
		if m.Name == name {
			return m, nil
		}
	}
	return models[0], fmt.Errorf("option \"model\": %q is not one of %s", name, strings.Join(modelNames(), ", "))
}

func modelNames() []string {
	var names []string
	for _, m := range models {
		names = append(names, m.Name)
	}
	return names
}

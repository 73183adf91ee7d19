package dahua

import (
	"errors"
	"fmt"
	"time"

	"parkagent/drivers/options"
)

// A Means is how a camera moves the barrier.
type Means string

// The means. The strobe is the better one where the camera has it: to switch an
// output from here is to change the camera's settings, which it writes into its
// memory twice for every car.
const (
	MeansStrobe Means = "strobe" // one call opens, one closes; the camera knows its outputs
	MeansOutput Means = "output" // alarm outputs are switched from here
)

const (
	mostOutput    = 16
	defaultPulse  = 500 * time.Millisecond
	shortestPulse = 100 * time.Millisecond
	longestPulse  = 5 * time.Second // longer is holding, which has its own command
)

// An Input is one of the camera's alarm inputs.
type Input struct {
	Number    int  // from 1, as printed on the camera
	ActiveLow bool // what it reports holds while the input is off
}

// GateOptions say how a barrier is wired to a camera. Outputs count from 1, as
// printed on the camera; 0 is one that is not wired.
type GateOptions struct {
	Means    Means  // empty means MeansStrobe
	OpenType string // of MeansStrobe: the reason that is told with an opening; empty means "Normal"

	Open  int // of MeansOutput: raises the arm; 0 means 1
	Close int // of MeansOutput: lowers it
	// Hold keeps the arm up. Without it, Hold latches the open output of
	// MeansOutput, and is refused with MeansStrobe.
	Hold  int
	Pulse time.Duration // how long open and close are given; 0 means 500 ms

	Presence *Input // something stands where the arm comes down
	Passage  *Input // a car drives through, behind the arm

	// SelfGuarded is the installer's word that the barrier's own controller
	// keeps the arm from coming down on a car. It allows Lower without a
	// presence input; one that is wired must still read clear.
	SelfGuarded bool
}

// ParseGateOptions reads the option table of a gate that a camera moves:
//
//	means = "strobe"              # or "output": alarm outputs are switched from here
//	open_type = "Normal"          # of the strobe; some models want "Test"
//	open = 1                      # of means output: the output that raises the arm, 1 to 16
//	close = 2                     # of means output: the one that lowers it; left out: none does
//	hold = 3                      # the one that keeps it up; left out: the open output, and none with the strobe
//	pulse = "500ms"               # of means output, 100ms to 5s
//	presence = 1                  # input, 1 to 16: something stands where the arm comes down
//	presence_active_low = false   # it reports while the input is off
//	passage = 2                   # input behind the arm; passage_active_low likewise
//	self_guarded = false          # the barrier itself keeps its arm from coming down on a car
//
// and camera, which names the camera and is handled where devices are put
// together. Anything else is an error.
func ParseGateOptions(table map[string]any) (GateOptions, error) {
	o := options.Read(table, "camera")
	opt := GateOptions{
		Means:       Means(o.Choice("means", string(MeansStrobe), string(MeansOutput))),
		OpenType:    o.Choice("open_type", "Normal", "Test"),
		Open:        int(o.Int("open", 0, 1, mostOutput)),
		Close:       int(o.Int("close", 0, 1, mostOutput)),
		Hold:        int(o.Int("hold", 0, 1, mostOutput)),
		Pulse:       o.Duration("pulse", 0, shortestPulse, longestPulse),
		Presence:    input(o, "presence"),
		Passage:     input(o, "passage"),
		SelfGuarded: o.Bool("self_guarded", false),
	}
	if opt.Means == MeansStrobe {
		for _, key := range []string{"open", "close", "pulse"} {
			if o.Given(key) {
				o.Fail(key, "is of no use with means %q", MeansStrobe)
			}
		}
	} else if o.Given("open_type") {
		o.Fail("open_type", "is of no use with means %q", MeansOutput)
	}
	if err := o.Err(); err != nil {
		return GateOptions{}, err
	}
	opt = opt.withDefaults()
	return opt, opt.validate()
}

func input(o *options.Reader, key string) *Input {
	number := int(o.Int(key, 0, 1, mostOutput))
	low := o.Bool(key+"_active_low", false)
	if number == 0 {
		if o.Given(key + "_active_low") {
			o.Fail(key+"_active_low", "there is no %s input", key)
		}
		return nil
	}
	return &Input{Number: number, ActiveLow: low}
}

// withDefaults fills in what 0 and empty mean.
func (o GateOptions) withDefaults() GateOptions {
	if o.Means == "" {
		o.Means = MeansStrobe
	}
	if o.Means == MeansStrobe {
		o.Open, o.Close, o.Pulse = 0, 0, 0
		if o.OpenType == "" {
			o.OpenType = "Normal"
		}
		return o
	}
	o.OpenType = ""
	if o.Open == 0 {
		o.Open = 1
	}
	if o.Pulse == 0 {
		o.Pulse = defaultPulse
	}
	return o
}

// validate checks what the options say together.
func (o GateOptions) validate() error {
	o = o.withDefaults()
	var wrong []error
	if o.Means != MeansStrobe && o.Means != MeansOutput {
		wrong = append(wrong, fmt.Errorf("option %q: %q is not one of %s, %s", "means", o.Means, MeansStrobe, MeansOutput))
	}
	owner := map[int]string{}
	for _, out := range []struct {
		key string
		n   int
	}{{"open", o.Open}, {"close", o.Close}, {"hold", o.Hold}} {
		if other := owner[out.n]; other != "" && out.n != 0 {
			wrong = append(wrong, fmt.Errorf("option %q: relay %d is %s already", out.key, out.n, other))
		}
		owner[out.n] = out.key
	}
	if o.Presence != nil && o.Passage != nil && o.Presence.Number == o.Passage.Number {
		wrong = append(wrong, fmt.Errorf("option %q: input %d is presence already", "passage", o.Passage.Number))
	}
	for _, in := range []*Input{o.Presence, o.Passage} {
		if in != nil && (in.Number < 1 || in.Number > mostOutput) {
			wrong = append(wrong, fmt.Errorf("input %d is not from 1 to %d", in.Number, mostOutput))
		}
	}
	return errors.Join(wrong...)
}

// used returns the outputs that are switched from here.
func (o GateOptions) used() []int {
	var list []int
	for _, n := range []int{o.Open, o.Close, o.Hold} {
		if n != 0 {
			list = append(list, n)
		}
	}
	return list
}

// holdOutput returns the output that keeps the arm up; 0: there is none.
func (o GateOptions) holdOutput() int {
	if o.Hold != 0 {
		return o.Hold
	}
	return o.Open
}

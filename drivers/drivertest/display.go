package drivertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
)

// A DisplayFault is what the panel behind a display driver does wrong.
type DisplayFault uint8

// The faults that every display driver meets.
const (
	DisplayFine DisplayFault = iota
	DisplaySilent
	DisplayNoise   // garbage before answers
	DisplayCrumbs  // answers in single bytes
	DisplayEcho    // what is sent comes back
	DisplayRefuses // answers no
	DisplayGone    // unplugged; of one that rides, the camera is
)

// A DisplayRig is a display driver with a panel that can be looked at.
type DisplayRig struct {
	Display interface {
		Show(ctx context.Context, s drivers.Screen) error
		Rides() bool
	}
	Device  string // the device code that errors must name
	Lines   int    // at least 2, or 0 for what shows no text
	MustAck bool   // the driver counts silence as failure
	Deaf    bool   // the driver hears no answer, so that it can tell no refusal

	Shown    func() []string      // its lines
	Spoken   func() []string      // all that it said; nil: it has no voice
	Recorded bool                 // it has no other words than HuaxiaPhrases of package frame
	Count    func() (int, bool)   // the number that it shows; nil: it shows none
	Frames   func() []time.Time   // when frames came, where time is exact; nil: not measured
	Answer   func()               // of one that rides: the camera's next answer; nil: it does not
	Fault    func(f DisplayFault) // breaks the panel, or mends it
}

// displayGap is what every board needs between two frames.
const displayGap = 50 * time.Millisecond

// Display runs what every display driver must pass: it shows what it was given
// in whole characters, empties what is left over, tells a refusal from silence,
// comes back after unplugging, never outstays its context, and shows the latest
// text and no older one. newRig is called for every subtest and cleans up by
// itself.
//
// A driver that counts silence as success returns before the panel has shown
// anything, as far as it knows: its rig is for DisplayInBubble.
func Display(t *testing.T, newRig func(t *testing.T) DisplayRig) {
	t.Helper()
	display(t, newRig, func(t *testing.T, test func(*testing.T)) { test(t) })
}

// DisplayInBubble is Display with each test in a testing/synctest bubble, for
// rigs on a wire in memory: there an answer comes in time however busy the
// machine is.
func DisplayInBubble(t *testing.T, newRig func(t *testing.T) DisplayRig) {
	t.Helper()
	display(t, newRig, synctest.Test)
}

func display(t *testing.T, newRig func(t *testing.T) DisplayRig, in func(*testing.T, func(*testing.T))) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, rig DisplayRig)
	}{
		{"a screen is shown and spoken", showsAndSpeaks},
		{"a new screen replaces all of the old one", replaces},
		{"odd text harms neither panel nor line", oddText},
		{"more lines than the panel has are left out", extraLines},
		{"a number stands until another comes", counts},
		{"noise, crumbs and echo are no failures", dirtyLine},
		{"silence fails only where answers are due", silentPanel},
		{"a refusal is a refusal", refusingPanel},
		{"an unplugged panel is offline and comes back", unpluggedPanel},
		{"a context that is over sends nothing", endedContext},
		{"a context that ends is obeyed at once", endingContext},
		{"a screen that is cut short gives way to the next", showCutShort},
		{"two screens at once do not mix", atOnce},
		{"one that rides leaves the latest screen for the camera's answer", rides},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			in(t, func(t *testing.T) {
				rig := newRig(t)
				tt.run(t, rig)
				rig.mustKeepDistance(t)
			})
		})
	}
}

// samples are texts that every board can show and, with recorded words, speak.
var samples = []string{"欢迎光临", "一路平安", "再次光临"}

// sample returns a screen that every display shows in its way, in all its lines.
func (rig DisplayRig) sample(n int) drivers.Screen {
	free := 10 + n
	s := drivers.Screen{Voice: samples[n], Free: &free}
	for range rig.Lines {
		s.Lines = append(s.Lines, drivers.Line{Text: samples[n]})
	}
	return s
}

// told returns which of the samples stands on the panel in all lines, or was
// spoken last by one without lines; -1: none.
func (rig DisplayRig) told() int {
	switch {
	case rig.Lines > 0:
		lines := slices.Compact(rig.shown())
		if len(lines) != 1 {
			return -1
		}
		return slices.Index(samples, lines[0])
	case rig.Count != nil:
		if n, ok := rig.Count(); ok {
			return n - 10
		}
		return -1
	}
	if said := rig.Spoken(); len(said) > 0 {
		return slices.Index(samples, said[len(said)-1])
	}
	return -1
}

func screen(voice string, texts ...string) drivers.Screen {
	s := drivers.Screen{Voice: voice}
	for _, text := range texts {
		s.Lines = append(s.Lines, drivers.Line{Text: text})
	}
	return s
}

// shown returns the panel's lines without the blanks that pad them.
func (rig DisplayRig) shown() []string {
	lines := rig.Shown()
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// show shows s and lets the camera answer where the panel waits for that.
func (rig DisplayRig) show(ctx context.Context, s drivers.Screen) error {
	err := rig.Display.Show(ctx, s)
	if rig.Answer != nil {
		rig.Answer()
	}
	return err
}

func (rig DisplayRig) mustShow(t *testing.T, s drivers.Screen) {
	t.Helper()
	if err := rig.show(t.Context(), s); err != nil {
		t.Fatalf("Show: %v", err)
	}
	rig.settle()
}

// settle lets a panel that nobody hears from read what was sent to it.
func (rig DisplayRig) settle() {
	if rig.Frames != nil {
		synctest.Wait()
	}
}

// mustTell checks that sample n is what the panel tells.
func (rig DisplayRig) mustTell(t *testing.T, n int) {
	t.Helper()
	if got := rig.told(); got != n {
		t.Errorf("panel tells sample %d, want %d", got, n)
	}
}

// mustKeepDistance checks that no frame came sooner than a board takes it.
func (rig DisplayRig) mustKeepDistance(t *testing.T) {
	t.Helper()
	if rig.Frames == nil || rig.Answer != nil { // a camera keeps its own time
		return
	}
	frames := rig.Frames()
	for i := 1; i < len(frames); i++ {
		if gap := frames[i].Sub(frames[i-1]); gap < displayGap {
			t.Errorf("frame %d came %v after the one before it, want at least %v", i+1, gap, displayGap)
		}
	}
}

// mustFail checks that err is a DeviceError of the rig's device that wraps
// want.
func (rig DisplayRig) mustFail(t *testing.T, err, want error) {
	t.Helper()
	var device *drivers.DeviceError
	if !errors.As(err, &device) || device.Device != rig.Device {
		t.Fatalf("error = %v, want a DeviceError of %s", err, rig.Device)
	}
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want one that wraps %q", err, want)
	}
}

// mustMatch compares what a panel shows or said.
func mustMatch(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

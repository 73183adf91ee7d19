package drivertest

import (
	"context"
	"errors"
	"fmt"
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
	DisplayGone    // unplugged
)

// A DisplayRig is a display driver with a panel that can be looked at.
type DisplayRig struct {
	Display interface {
		Show(ctx context.Context, s drivers.Screen) error
	}
	Device  string // the device code that errors must name
	Lines   int    // at least 2
	MustAck bool   // the driver counts silence as failure
	Shown   func() []string
	Spoken  func() []string
	Fault   func(DisplayFault)
}

// Display runs what every display driver must pass: it shows what it was given
// in whole characters, empties what is left over, tells a refusal from silence,
// comes back after unplugging, and never outstays its context. newRig is called
// for every subtest and cleans up by itself.
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
		{"noise, crumbs and echo are no failures", dirtyLine},
		{"silence fails only where answers are due", silentPanel},
		{"a refusal is a refusal", refusingPanel},
		{"an unplugged panel is offline and comes back", unpluggedPanel},
		{"a context that is over sends nothing", endedContext},
		{"a context that ends is obeyed at once", endingContext},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			in(t, func(t *testing.T) { tt.run(t, newRig(t)) })
		})
	}
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

func (rig DisplayRig) want(texts ...string) []string {
	return append(texts, make([]string, rig.Lines-len(texts))...)
}

func (rig DisplayRig) mustShow(t *testing.T, s drivers.Screen) {
	t.Helper()
	if err := rig.Display.Show(t.Context(), s); err != nil {
		t.Fatalf("Show: %v", err)
	}
}

func showsAndSpeaks(t *testing.T, rig DisplayRig) {
	rig.mustShow(t, screen("粤B12345,欢迎光临", "粤B12345", "欢迎光临"))
	if diff := cmp.Diff(rig.want("粤B12345", "欢迎光临"), rig.shown()); diff != "" {
		t.Errorf("panel differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"粤B12345,欢迎光临"}, rig.Spoken()); diff != "" {
		t.Errorf("voice differs (-want +got):\n%s", diff)
	}
}

func replaces(t *testing.T, rig DisplayRig) {
	rig.mustShow(t, screen("", "粤B12345", "请缴费5元"))
	rig.mustShow(t, screen("", "一路平安"))
	if diff := cmp.Diff(rig.want("一路平安"), rig.shown()); diff != "" {
		t.Errorf("panel differs (-want +got):\n%s", diff)
	}
}

func oddText(t *testing.T, rig DisplayRig) {
	long := strings.Repeat("粤", 300)
	rig.mustShow(t, screen(long, long, "a\x00\x1B`H\nb😀"))
	lines := rig.shown()
	if lines[0] == "" || !strings.HasPrefix(long, lines[0]) {
		t.Errorf("line 1 = %q, want a beginning of the text in whole characters", lines[0])
	}
	if want := "aH b?"; lines[1] != want {
		t.Errorf("line 2 = %q, want %q", lines[1], want)
	}
	if spoken := rig.Spoken(); len(spoken) != 1 || !strings.HasPrefix(long, spoken[0]) {
		t.Errorf("spoken = %q, want a beginning of the text in whole characters", spoken)
	}
}

func extraLines(t *testing.T, rig DisplayRig) {
	var texts []string
	for i := range rig.Lines + 3 {
		texts = append(texts, fmt.Sprintf("line %d", i))
	}
	rig.mustShow(t, screen("", texts...))
	if diff := cmp.Diff(texts[:rig.Lines], rig.shown()); diff != "" {
		t.Errorf("panel differs (-want +got):\n%s", diff)
	}
}

func dirtyLine(t *testing.T, rig DisplayRig) {
	for i, fault := range []DisplayFault{DisplayNoise, DisplayCrumbs, DisplayEcho} {
		rig.Fault(fault)
		text := fmt.Sprintf("text %d", i)
		rig.mustShow(t, screen("", text))
		if got := rig.shown()[0]; got != text {
			t.Errorf("line 1 = %q, want %q", got, text)
		}
	}
}

func silentPanel(t *testing.T, rig DisplayRig) {
	rig.Fault(DisplaySilent)
	err := rig.Display.Show(t.Context(), screen("", "欢迎光临"))
	if !rig.MustAck {
		if err != nil {
			t.Errorf("Show without an answer = %v, want nil", err)
		}
		return
	}
	rig.mustFail(t, err, drivers.ErrOffline)
}

func refusingPanel(t *testing.T, rig DisplayRig) {
	rig.Fault(DisplayRefuses)
	rig.mustFail(t, rig.Display.Show(t.Context(), screen("", "欢迎光临")), drivers.ErrRefused)
}

func unpluggedPanel(t *testing.T, rig DisplayRig) {
	rig.mustShow(t, screen("", "欢迎光临"))
	rig.Fault(DisplayGone)
	rig.mustFail(t, rig.Display.Show(t.Context(), screen("", "一路平安")), drivers.ErrOffline)
	rig.Fault(DisplayFine)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		err := rig.Display.Show(ctx, screen("", "再次光临"))
		if err == nil && rig.shown()[0] == "再次光临" {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("panel is back, Show = %v, panel shows %q", err, rig.shown())
		}
	}
}

func endedContext(t *testing.T, rig DisplayRig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := rig.Display.Show(ctx, screen("", "欢迎光临")); err == nil {
		t.Error("Show with an ended context = nil, want an error")
	}
	if got := rig.shown()[1]; got != "" {
		t.Errorf("line 2 = %q, want it dark", got)
	}
}

func endingContext(t *testing.T, rig DisplayRig) {
	rig.Fault(DisplaySilent)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := rig.Display.Show(ctx, screen("", "欢迎光临"))
	if took := time.Since(start); took > time.Second {
		t.Errorf("Show outstayed its context by %v", took)
	}
	if err == nil {
		t.Error("Show that was cut short = nil, want an error")
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

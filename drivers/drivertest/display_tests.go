package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/drivers"
)

// The subtests of Display.

func showsAndSpeaks(t *testing.T, rig DisplayRig) {
	rig.mustShow(t, screen("粤B12345,欢迎光临", "粤B12345", "欢迎光临"))
	if rig.Lines > 0 {
		mustMatch(t, "panel", rig.want("粤B12345", "欢迎光临"), rig.shown())
	}
	if rig.Spoken != nil {
		said := "粤B12345,欢迎光临"
		if rig.Recorded {
			said = "粤B12345欢迎光临"
		}
		mustMatch(t, "voice", []string{said}, rig.Spoken())
	}
}

// want returns texts with the empty lines that the panel has besides.
func (rig DisplayRig) want(texts ...string) []string {
	return append(texts, make([]string, rig.Lines-len(texts))...)
}

func replaces(t *testing.T, rig DisplayRig) {
	rig.needsText(t)
	rig.mustShow(t, screen("", "粤B12345", "请缴费5元"))
	rig.mustShow(t, screen("", "一路平安"))
	mustMatch(t, "panel", rig.want("一路平安"), rig.shown())
	rig.mustShow(t, screen(""))
	mustMatch(t, "panel after an empty screen", rig.want(), rig.shown())
}

func (rig DisplayRig) needsText(t *testing.T) {
	t.Helper()
	if rig.Lines == 0 {
		t.Skip("it shows no text")
	}
}

func oddText(t *testing.T, rig DisplayRig) {
	long := strings.Repeat("粤", 300)
	rig.mustShow(t, screen(long, long, "a\x00\x1B`H\nb😀"))
	if rig.Lines > 0 {
		lines := rig.shown()
		if lines[0] == "" || !strings.HasPrefix(long, lines[0]) {
			t.Errorf("line 1 = %q, want a beginning of the text in whole characters", lines[0])
		}
		if want := "aH b?"; lines[1] != want {
			t.Errorf("line 2 = %q, want %q", lines[1], want)
		}
	}
	if rig.Spoken == nil {
		return
	}
	switch said := rig.Spoken(); {
	case rig.Recorded && len(said) != 0:
		t.Errorf("spoken = %q, want nothing, since it has no such word", said)
	case !rig.Recorded && (len(said) != 1 || said[0] == "" || !strings.HasPrefix(long, said[0])):
		t.Errorf("spoken = %q, want a beginning of the text in whole characters", said)
	}
}

func extraLines(t *testing.T, rig DisplayRig) {
	rig.needsText(t)
	var texts []string
	for i := range rig.Lines + 3 {
		texts = append(texts, fmt.Sprintf("line %d", i))
	}
	rig.mustShow(t, screen("", texts...))
	mustMatch(t, "panel", texts[:rig.Lines], rig.shown())
}

func counts(t *testing.T, rig DisplayRig) {
	if rig.Count == nil {
		t.Skip("it shows no number")
	}
	for _, want := range []int{7, 0} {
		rig.mustShow(t, drivers.Screen{Free: &want})
		rig.mustShow(t, screen("欢迎光临", "欢迎光临"))
		if got, ok := rig.Count(); !ok || got != want {
			t.Errorf("number = %d, %v, want %d", got, ok, want)
		}
	}
}

func dirtyLine(t *testing.T, rig DisplayRig) {
	for i, fault := range []DisplayFault{DisplayNoise, DisplayCrumbs, DisplayEcho} {
		rig.Fault(fault)
		rig.mustShow(t, rig.sample(i))
		rig.mustTell(t, i)
	}
}

func silentPanel(t *testing.T, rig DisplayRig) {
	rig.Fault(DisplaySilent)
	err := rig.show(t.Context(), rig.sample(0))
	if !rig.MustAck {
		if err != nil {
			t.Errorf("Show without an answer = %v, want nil", err)
		}
		return
	}
	rig.mustFail(t, err, drivers.ErrOffline)
}

func refusingPanel(t *testing.T, rig DisplayRig) {
	if rig.Deaf {
		t.Skip("it hears no answer")
	}
	rig.Fault(DisplayRefuses)
	rig.mustFail(t, rig.show(t.Context(), rig.sample(0)), drivers.ErrRefused)
}

func unpluggedPanel(t *testing.T, rig DisplayRig) {
	rig.mustShow(t, rig.sample(0))
	rig.Fault(DisplayGone)
	rig.settle()
	// Who hears no answer may not notice that a serial server's board is gone.
	if err := rig.show(t.Context(), rig.sample(1)); err != nil || !rig.Deaf || rig.Answer != nil {
		rig.mustFail(t, err, drivers.ErrOffline)
	}
	rig.settle()
	rig.Fault(DisplayFine)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		err := rig.show(ctx, rig.sample(2))
		rig.settle()
		if err == nil && rig.told() == 2 {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("panel is back, Show = %v, panel tells sample %d", err, rig.told())
		}
	}
	if rig.Spoken != nil && slices.Contains(rig.Spoken(), samples[1]) {
		t.Errorf("spoken = %q, want nothing of the screen that failed", rig.Spoken())
	}
}

func endedContext(t *testing.T, rig DisplayRig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := rig.show(ctx, rig.sample(0)); err == nil {
		t.Error("Show with an ended context = nil, want an error")
	}
	rig.settle()
	if got := rig.told(); got >= 0 {
		t.Errorf("panel tells sample %d, want nothing", got)
	}
}

func endingContext(t *testing.T, rig DisplayRig) {
	rig.Fault(DisplaySilent)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := rig.show(ctx, rig.sample(0))
	if took := time.Since(start); took > time.Second {
		t.Errorf("Show outstayed its context by %v", took)
	}
	if err == nil && !rig.Deaf {
		t.Error("Show that was cut short = nil, want an error")
	}
}

func showCutShort(t *testing.T, rig DisplayRig) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := time.AfterFunc(20*time.Millisecond, cancel)
	defer stop.Stop()
	err := rig.show(ctx, rig.sample(0))
	switch {
	case err == nil && rig.Lines > 0 && rig.Answer == nil && rig.Frames != nil && len(rig.Frames()) > 1:
		t.Error("Show that was cut short = nil, want an error")
	case err != nil && (!errors.Is(err, context.Canceled) || errors.Is(err, drivers.ErrOffline)):
		t.Errorf("Show that was cut short = %v, want context.Canceled and no fault of the panel's", err)
	}
	rig.mustShow(t, rig.sample(1))
	rig.mustTell(t, 1)
	if rig.Spoken != nil && rig.Lines > 1 && err != nil && slices.Contains(rig.Spoken(), samples[0]) {
		t.Errorf("spoken = %q, want nothing of the screen that was cut short", rig.Spoken())
	}
}

func atOnce(t *testing.T, rig DisplayRig) {
	var shows sync.WaitGroup
	for n := range 2 {
		shows.Go(func() {
			if err := rig.Display.Show(t.Context(), rig.sample(n)); err != nil {
				t.Errorf("Show: %v", err)
			}
		})
	}
	shows.Wait()
	if rig.Answer != nil {
		rig.Answer()
	}
	rig.settle()
	if got := rig.told(); got < 0 {
		t.Errorf("panel shows %q, want one screen in all lines", rig.Shown())
	}
}

func rides(t *testing.T, rig DisplayRig) {
	if got, want := rig.Display.Rides(), rig.Answer != nil; got != want {
		t.Fatalf("Rides = %v, want %v", got, want)
	}
	if rig.Answer == nil {
		return
	}
	start := time.Now()
	for n := range samples {
		if err := rig.Display.Show(t.Context(), rig.sample(n)); err != nil {
			t.Fatalf("Show: %v", err)
		}
	}
	if took := time.Since(start); rig.Frames != nil && took != 0 {
		t.Errorf("Show took %v, want it back at once", took)
	}
	if got := rig.told(); got >= 0 {
		t.Errorf("panel tells sample %d before the camera's answer, want nothing", got)
	}
	rig.Answer()
	rig.mustTell(t, len(samples)-1)
	if rig.Spoken != nil {
		mustMatch(t, "voice", samples[len(samples)-1:], rig.Spoken())
	}
}

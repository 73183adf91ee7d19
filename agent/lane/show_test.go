package lane

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/panel"
	"parkagent/agent/signs"
	"parkagent/drivers"
)

// panelDisplay is a display that hangs for a while in each call, fails when told to,
// can be asked whether it lives, and may ride in a camera's answers.
type panelDisplay struct {
	mu    sync.Mutex
	shown []string // "lines/voice", in the order in which they were up; broken off ones end in "!"
	hangs time.Duration
	fail  error
	dead  error // of Check
	rides bool
	note  func(what string) // nil notes nothing
}

func (d *panelDisplay) Show(ctx context.Context, s drivers.Screen) error {
	var lines []string
	for _, l := range s.Lines {
		lines = append(lines, l.Text)
	}
	what := strings.Join(lines, "|") + "/" + s.Voice
	d.mu.Lock()
	hangs, fail, note := d.hangs, d.fail, d.note
	d.mu.Unlock()
	t := time.NewTimer(hangs)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		d.add(what + "!")
		return ctx.Err()
	}
	if note != nil {
		note("show " + what)
	}
	d.add(what)
	return fail
}

func (d *panelDisplay) add(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shown = append(d.shown, what)
}

func (d *panelDisplay) Check(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

func (d *panelDisplay) Rides() bool { return d.rides }

// took returns what was shown so far and forgets it.
func (d *panelDisplay) took() []string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	shown := d.shown
	d.shown = nil
	return shown
}

func (d *panelDisplay) set(change func(*panelDisplay)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

// withEntryDisplay restarts the site with another display at the entry.
func (s *site) withEntryDisplay(d Display) {
	s.t.Helper()
	s.stop()
	s.entryDisplay = d
	s.start()
}

func TestADisplayThatHangsDelaysNoGateAndNoCar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		d := &panelDisplay{hangs: 2 * time.Second}
		s.withEntryDisplay(d)
		at := time.Now()
		for _, no := range []string{"粤B11111", "粤B22222"} {
			s.see(t.Context(), drivers.Recognition{Plate: no})
			if took := time.Since(at); s.gateIn.did() != "raise" || took > 0 {
				t.Errorf("%s: the gate is open after %v, want at once", no, took)
			}
		}
		pass(3 * time.Second)
		shown := d.took()
		if want := "粤B22222|欢迎光临/粤B22222,欢迎光临"; shown[len(shown)-1] != want {
			t.Errorf("shown %q, want the latest text %q in the end", shown, want)
		}
		if slices.Contains(shown, "粤B11111|欢迎光临/粤B11111,欢迎光临") {
			t.Errorf("shown %q, want the first text broken off", shown)
		}
	})
}

func TestADarkDisplayIsReportedAndShowsItsTextWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		d := &panelDisplay{fail: fmt.Errorf("%w: no answer", drivers.ErrOffline)}
		s.withEntryDisplay(d)
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		synctest.Wait()
		if got := s.device("L1").Status; got != "1" {
			t.Errorf("status %q, want it offline", got)
		}
		d.took()
		d.set(func(d *panelDisplay) { d.fail = nil })
		pass(panel.ShowAgain + time.Second)
		if diff := cmp.Diff([]string{"粤B12345|欢迎光临/"}, d.took()); diff != "" {
			t.Errorf("shown again, and too late to be said (-want +got):\n%s", diff)
		}
		if got := s.device("L1").Status; got != "0" {
			t.Errorf("status %q, want it well again", got)
		}
		// Between texts it is asked.
		pass(20 * time.Second)
		d.took()
		d.set(func(d *panelDisplay) { d.dead = errors.New("cover open") })
		pass(panel.CheckEvery)
		if got := s.device("L1").Status; got != "2" {
			t.Errorf("status %q of a display that says what is wrong, want a fault", got)
		}
		d.set(func(d *panelDisplay) { d.dead = nil })
		pass(2 * panel.ShowAgain)
		if diff := cmp.Diff([]string{"测试车场|空余车位 1/"}, d.took()); diff != "" || s.device("L1").Status != "0" {
			t.Errorf("status %q, shown (-want +got):\n%s", s.device("L1").Status, diff)
		}
	})
}

func TestWhatRidesInAnAnswerIsShownBeforeTheGateOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		var mu sync.Mutex
		var noted []string
		note := func(what string) {
			mu.Lock()
			defer mu.Unlock()
			noted = append(noted, what)
		}
		done := func() []string { // since it was called last
			mu.Lock()
			defer mu.Unlock()
			was := noted
			noted = nil
			return was
		}
		d := &panelDisplay{rides: true, note: note}
		s.withEntryDisplay(d)
		pass(2 * time.Second)
		done()
		s.gateIn.opened = func() { note("raise") }
		s.see(t.Context(), drivers.Recognition{Plate: "粤B11111"})
		if diff := cmp.Diff([]string{"show 粤B11111|欢迎光临/粤B11111,欢迎光临", "raise"}, done()); diff != "" {
			t.Errorf("a car that may pass, once the camera is answered (-want +got):\n%s", diff)
		}
		s.gateIn.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
		s.see(t.Context(), drivers.Recognition{Plate: "粤B22222"})
		want := []string{"show 粤B22222|欢迎光临/粤B22222,欢迎光临", "raise", "show 粤B22222|道闸故障 请稍候/粤B22222,道闸故障 请稍候"}
		if diff := cmp.Diff(want, done()); diff != "" {
			t.Errorf("a gate that fails, once the camera is answered (-want +got):\n%s", diff)
		}
		s.gateIn.breakWith(nil)
		pass(2 * time.Second)
		if diff := cmp.Diff([]string{"raise", "show 粤B22222|欢迎光临/粤B22222,欢迎光临"}, done()); diff != "" {
			t.Errorf("when it is back (-want +got):\n%s", diff)
		}
		s.see(t.Context(), drivers.Recognition{Plate: "粤B33333"}) // the two places are taken
		if diff := cmp.Diff([]string{"show 粤B33333|车位已满/粤B33333,车位已满"}, done()); diff != "" {
			t.Errorf("a car that is refused, once the camera is answered (-want +got):\n%s", diff)
		}
		// One that hangs all the same keeps the gate waiting for a moment only.
		pass(time.Minute)
		d.set(func(d *panelDisplay) { d.hangs = time.Minute })
		at := time.Now()
		s.see(t.Context(), drivers.Recognition{Plate: "粤B22222"})
		if took := time.Since(at); took > 2*rideWithin {
			t.Errorf("answered after %v", took)
		}
	})
}

func TestACarParksOwnTextsAreShownAndIdleOnesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		d := &panelDisplay{}
		spoken := "hello {lane}"
		s.texts = []signs.Template{
			{Event: signs.Entry, Lines: []string{"{plate} {time}"}, Voice: &spoken},
			{Event: signs.Idle, Lines: []string{"{free}"}, Stands: 5 * time.Second},
			{Event: signs.Idle, Lines: []string{"slow"}},
			{Event: signs.Idle, Lines: []string{"elsewhere"}, Lanes: []string{"OUT1"}},
		}
		s.withEntryDisplay(d)
		pass(time.Second + 24*time.Second)
		if diff := cmp.Diff([]string{"2/", "slow/", "2/", "slow/"}, d.took()); diff != "" {
			t.Errorf("idle (-want +got):\n%s", diff)
		}
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		if diff := cmp.Diff([]string{"粤B12345 00:00/hello 入口1"}, d.took()); diff != "" {
			t.Errorf("a car that comes (-want +got):\n%s", diff)
		}
		pass(standsFor + 7*time.Second)
		if diff := cmp.Diff([]string{"1/", "slow/"}, d.took()); diff != "" {
			t.Errorf("idle again (-want +got):\n%s", diff)
		}
	})
}

func TestAnIdleTextThatNamesTheTimeKeepsUpWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		d := &panelDisplay{}
		spoken := "it is {time}"
		s.texts = []signs.Template{{Event: signs.Idle, Lines: []string{"{time}"}, Voice: &spoken}}
		s.withEntryDisplay(d)
		pass(2 * time.Second)
		first := d.took()
		if len(first) != 1 || !strings.HasSuffix(first[0], "/it is "+strings.Split(first[0], "/")[0]) {
			t.Fatalf("shown and said %q, want the time", first)
		}
		pass(2 * time.Minute)
		// A text that stands is put up once a minute, which may fall just before the next
		// one and be broken off by it.
		got := slices.Compact(slices.DeleteFunc(d.took(), func(s string) bool { return strings.HasSuffix(s, "!") }))
		if len(got) != 2 || got[0] <= first[0] || got[1] <= got[0] || !strings.HasSuffix(got[1], "/") {
			t.Errorf("shown %q after %q, want it once a minute and nothing said", got, first)
		}
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		d.took()
		if err := s.in.Do(t.Context(), Command{Op: OpShow, Lines: []string{"stop"}}); err != nil {
			t.Fatal(err)
		}
		pass(standsFor - 2*time.Second)
		if diff := cmp.Diff([]string{"stop/"}, d.took()); diff != "" {
			t.Errorf("while another text stands (-want +got):\n%s", diff)
		}
	})
}

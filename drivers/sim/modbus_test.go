package sim

import (
	"slices"
	"testing"
	"time"
)

// A clock is moved by hand.
type clock struct{ t time.Time }

func newClock() *clock { return &clock{time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

func newArm(t *testing.T, change func(*BarrierConfig)) (*clock, *Board, *Barrier) {
	t.Helper()
	c := newClock()
	b := NewBoard(BoardConfig{Now: c.now})
	cfg := BarrierConfig{Open: 0, Close: 1, Hold: None, Presence: 0, LimitOpen: 1, LimitClose: 2, Travel: time.Second}
	if change != nil {
		change(&cfg)
	}
	return c, b, NewBarrier(b, cfg)
}

func kinds(b *Board) []EventKind {
	var all []EventKind
	for _, e := range b.Events() {
		switch e.Kind {
		case ArmRises, ArmFalls, ArmUp, ArmDown, Strike:
			all = append(all, e.Kind)
		}
	}
	return all
}

func TestArmTravelsAndItsLimitsFollow(t *testing.T) {
	c, b, r := newArm(t, nil)
	b.answer([]byte{5, 0, 0, 0xff, 0}) // open
	c.advance(500 * time.Millisecond)
	if p := r.Position(); p < 0.49 || p > 0.51 || b.Input(1) || b.Input(2) {
		t.Errorf("half way the arm is at %v with limits up %v, down %v", p, b.Input(1), b.Input(2))
	}
	b.answer([]byte{5, 0, 0, 0, 0})
	c.advance(time.Second)
	if r.Position() != 1 || !b.Input(1) || b.Input(2) {
		t.Errorf("the arm is at %v with limits up %v, down %v, want up", r.Position(), b.Input(1), b.Input(2))
	}
	b.answer([]byte{5, 0, 1, 0xff, 0}) // close
	c.advance(2 * time.Second)
	if want := []EventKind{ArmRises, ArmUp, ArmFalls, ArmDown}; !slices.Equal(kinds(b), want) {
		t.Errorf("events = %v, want %v", kinds(b), want)
	}
}

func TestTimedPulsesEndByThemselves(t *testing.T) {
	for name, request := range map[string][]byte{
		"Waveshare": {5, 2, 0, 0, 5},
		"JY-DAM":    {16, 0, 3, 0, 2, 4, 0, 4, 0, 5},
	} {
		c, b, _ := newArm(t, nil)
		if reply := b.answer(request); reply[0]&0x80 != 0 {
			t.Fatalf("%s: refused with % x", name, reply)
		}
		c.advance(499 * time.Millisecond)
		if !b.Coil(0) {
			t.Errorf("%s: the relay is off before its time", name)
		}
		c.advance(time.Minute)
		off := slices.IndexFunc(b.Events(), func(e Event) bool { return e.Kind == CoilOff })
		if want := newClock().t.Add(500 * time.Millisecond); off < 0 || !b.Events()[off].At.Equal(want) {
			t.Errorf("%s: events %v, want the relay off at %v", name, b.Events(), want)
		}
	}
}

func TestArmClosesByItselfOnceNothingKeepsItUp(t *testing.T) {
	c, b, r := newArm(t, func(cfg *BarrierConfig) { cfg.AutoClose = 3 * time.Second })
	b.answer([]byte{5, 2, 0, 0, 5})
	c.advance(2 * time.Second)
	r.SetPresence(true)
	c.advance(time.Minute)
	if r.Position() != 1 {
		t.Fatalf("the arm is at %v over a car, want up", r.Position())
	}
	r.SetPresence(false)
	c.advance(2900 * time.Millisecond)
	if r.Position() != 1 {
		t.Errorf("the arm closes before its time: %v", kinds(b))
	}
	c.advance(2 * time.Second)
	if r.Position() != 0 {
		t.Errorf("the arm is at %v, want down", r.Position())
	}
}

func TestLatchedOpenContactOverridesEverything(t *testing.T) {
	c, b, r := newArm(t, func(cfg *BarrierConfig) { cfg.AutoClose = time.Second })
	b.SetCoil(0, true)
	c.advance(10 * time.Second)
	b.answer([]byte{5, 0, 1, 0xff, 0}) // close
	c.advance(10 * time.Second)
	if r.Position() != 1 {
		t.Errorf("the arm is at %v, want up while the open contact is latched", r.Position())
	}
}

func TestGuardedArmTurnsBackAndUnguardedArmStrikes(t *testing.T) {
	for _, unguarded := range []bool{false, true} {
		c, b, r := newArm(t, func(cfg *BarrierConfig) { cfg.Unguarded = unguarded })
		b.answer([]byte{5, 2, 0, 0, 1})
		c.advance(2 * time.Second)
		b.answer([]byte{5, 2, 1, 0, 1})
		c.advance(300 * time.Millisecond)
		r.SetPresence(true)
		c.advance(5 * time.Second)
		want := []EventKind{ArmRises, ArmUp, ArmFalls, ArmRises, ArmUp}
		if unguarded {
			want = []EventKind{ArmRises, ArmUp, ArmFalls, ArmDown, Strike}
		}
		if !slices.Equal(kinds(b), want) {
			t.Errorf("unguarded %v: events = %v, want %v", unguarded, kinds(b), want)
		}
	}
}

func TestCarThatWaitsAtAClosedArmIsNotStruck(t *testing.T) {
	c, b, r := newArm(t, nil)
	r.SetPresence(true)
	c.advance(time.Minute)
	if len(kinds(b)) != 0 {
		t.Errorf("events = %v, want none", kinds(b))
	}
}

func TestBoardRefusesWhatItDoesNotHave(t *testing.T) {
	_, b, _ := newArm(t, nil)
	for name, tt := range map[string]struct {
		request []byte
		code    byte
	}{
		"a coil beyond the last":        {[]byte{5, 0, 8, 0xff, 0}, illegalAddress},
		"a coil value that is neither":  {[]byte{5, 0, 0, 0, 5}, illegalValue},
		"inputs beyond the last":        {[]byte{2, 0, 0, 0, 9}, illegalAddress},
		"no inputs at all":              {[]byte{2, 0, 0, 0, 0}, illegalValue},
		"a function it does not know":   {[]byte{7, 0, 0, 0, 1}, illegalFunction},
		"a register it does not have":   {[]byte{4, 0, 0, 0, 1}, illegalAddress},
		"a pulse without time":          {[]byte{5, 2, 0, 0, 0}, illegalValue},
		"a pulse of an absent register": {[]byte{16, 0, 4, 0, 2, 4, 0, 4, 0, 5}, illegalAddress},
		"a request cut short":           {[]byte{5, 0}, illegalValue},
	} {
		if got := b.answer(tt.request); !slices.Equal(got, []byte{tt.request[0] | 0x80, tt.code}) {
			t.Errorf("%s: % x, want exception %d", name, got, tt.code)
		}
	}
}

func FuzzBoardAnswers(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 8})
	f.Add([]byte{15, 0, 0, 0, 8, 1, 0})
	f.Add([]byte{16, 0, 3, 0, 2, 4, 0, 4, 0, 5})
	f.Fuzz(func(t *testing.T, pdu []byte) {
		if len(pdu) == 0 {
			return // the wire never gives an empty request
		}
		b := NewBoard(BoardConfig{})
		NewBarrier(b, BarrierConfig{Close: 1, Hold: 2, LimitOpen: 1, LimitClose: 2})
		if reply := b.answer(pdu); len(reply) < 2 || reply[0]&0x7f != pdu[0]&0x7f {
			t.Errorf("% x is answered with % x", pdu, reply)
		}
	})
}

func FuzzNextRequest(f *testing.F) {
	f.Add([]byte{1, 5, 0, 0, 0xff, 0, 0x8c, 0x3a})
	f.Add([]byte{0, 0xff, 1, 5, 0, 0, 0xff, 0, 0x8c, 0x3a})
	f.Fuzz(func(t *testing.T, received []byte) {
		for {
			frame, rest := nextRequest(received)
			if frame == nil {
				return
			}
			if len(rest) >= len(received) || crc16(frame) != 0 {
				t.Fatalf("% x was split into % x and % x", received, frame, rest)
			}
			received = rest
		}
	})
}

func TestThePassageInputFollowsTheCarBehindTheArm(t *testing.T) {
	for _, low := range []bool{false, true} {
		_, b, r := newArm(t, func(cfg *BarrierConfig) { cfg.Passage = &PassageInput{Number: 3, ActiveLow: low} })
		input := func() bool { return b.answer([]byte{2, 0, 3, 0, 1})[2]&1 == 1 }
		if input() != low {
			t.Errorf("active low %v: the input is %v with nobody there", low, input())
		}
		r.SetPassage(true)
		if input() == low {
			t.Errorf("active low %v: the input is %v while a car drives through", low, input())
		}
		r.SetPassage(false)
		if input() != low {
			t.Errorf("active low %v: the input is %v once it has passed", low, input())
		}
	}
}

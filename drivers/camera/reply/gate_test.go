package reply

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
)

// all is everything that the answer to a contact may carry.
var all = Acts{Orders: true, Frames: true, Shots: true}

// pollLater waits as a poll does, and says how writing its answer went.
func (s *site) pollLater(ctx context.Context, write error) <-chan Answer {
	done := make(chan Answer, 1)
	go func() { // ends with the answer
		answer := s.Poll(ctx, time.Hour, all)
		answer.Written(write)
		done <- answer
	}()
	synctest.Wait()
	return done
}

func (s *site) carry(t *testing.T, tray *Tray, frames ...string) {
	t.Helper()
	if err := tray.Carry(t.Context(), bytesOf(frames)); err != nil {
		t.Fatalf("Carry = %v", err)
	}
}

func bytesOf(texts []string) [][]byte {
	var all [][]byte
	for _, s := range texts {
		all = append(all, []byte(s))
	}
	return all
}

// laid is what an answer carries: "0 a b" for two frames of port 0.
func laid(a Answer) []string {
	var ports []string
	for _, f := range a.Frames {
		s := string(rune('0' + f.Port))
		for _, frame := range f.Frames {
			s += " " + string(frame)
		}
		ports = append(ports, s)
	}
	return ports
}

func TestTheAnswerCarriesWhatLiesOnTheTrays(t *testing.T) {
	tests := []struct {
		name string
		lay  func(t *testing.T, s *site, one, two *Tray)
		want []string
	}{
		{"nothing", func(*testing.T, *site, *Tray, *Tray) {}, nil},
		{"frames in order", func(t *testing.T, s *site, one, _ *Tray) { s.carry(t, one, "a", "b") }, []string{"0 a b"}},
		{"both ports", func(t *testing.T, s *site, one, two *Tray) { s.carry(t, two, "b"); s.carry(t, one, "a") }, []string{"0 a", "1 b"}},
		{"the latest text alone", func(t *testing.T, s *site, one, _ *Tray) { s.carry(t, one, "a", "b"); s.carry(t, one, "c") }, []string{"0 c"}},
		{"nothing where it was taken away", func(t *testing.T, s *site, one, _ *Tray) { s.carry(t, one, "a"); s.carry(t, one) }, nil},
		{"nothing that lay too long", func(t *testing.T, s *site, one, _ *Tray) {
			s.carry(t, one, "a")
			<-time.After(15 * time.Second) // of the bubble
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
				one, two := s.Tray(0, 15*time.Second), s.Tray(1, 15*time.Second)
				tt.lay(t, s, one, two)
				if diff := cmp.Diff(tt.want, laid(s.push(t.Context(), carA(), keyA).answer)); diff != "" {
					t.Errorf("answer carries (-want +got):\n%s", diff)
				}
				if again := laid(s.push(t.Context(), carA(), keyB).answer); again != nil {
					t.Errorf("the next answer carries %q, want nothing", again)
				}
			})
		})
	}
}

func TestTheTextOfADecisionGoesOutWithIt(t *testing.T) {
	for _, opens := range []bool{true, false} {
		inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
			tray := s.Tray(0, time.Minute)
			s.dealt = func(ctx context.Context, rec drivers.Recognition) {
				if err := tray.Carry(ctx, bytesOf([]string{"text"})); err != nil {
					t.Error(err)
				}
				if opens {
					_ = s.Gate().RaiseFor(ctx, rec.ID)
				}
			}
			got := s.push(t.Context(), carA(), keyA)
			if diff := cmp.Diff([]string{"0 text"}, laid(got.answer)); diff != "" || (got.answer.Order == Raise) != opens {
				t.Errorf("opens %v: order %v, text (-want +got):\n%s", opens, got.answer.Order, diff)
			}
		})
	}
}

func TestATextWhoseAnswerWasNotWrittenLiesThereAgain(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		tray := s.Tray(0, time.Minute)
		s.carry(t, tray, "a")
		<-s.pollLater(t.Context(), drivers.ErrOffline)
		if got := laid(<-s.pollLater(t.Context(), nil)); !cmp.Equal(got, []string{"0 a"}) {
			t.Errorf("the next poll carries %q, want a", got)
		}
		s.carry(t, tray, "b")
		answer := s.Poll(t.Context(), 0, all)
		s.carry(t, tray, "c")
		answer.Written(drivers.ErrOffline)
		if got := laid(<-s.pollLater(t.Context(), nil)); !cmp.Equal(got, []string{"0 c"}) {
			t.Errorf("the next poll carries %q, want c, which is newer", got)
		}
		s.carry(t, tray, "d")
		answer = s.Poll(t.Context(), 0, all)
		<-time.After(time.Second)
		s.carry(t, tray, "e")
		<-s.pollLater(t.Context(), nil)
		answer.Written(drivers.ErrOffline)
		if got := s.Poll(t.Context(), 0, all); got.Frames != nil {
			t.Errorf("the next poll carries %q, want nothing: a newer text was shown", laid(got))
		}
	})
}

func TestAStandingTextLiesThereUntilSomethingElseDoes(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		tray := s.Tray(0, 15*time.Second)
		stand := func(text string) {
			t.Helper()
			if err := tray.Stand(t.Context(), bytesOf([]string{text})); err != nil {
				t.Fatal(err)
			}
		}
		stand("idle")
		for range 3 {
			<-time.After(30 * time.Second)
			s.Hear()
		}
		answer := s.Poll(t.Context(), 0, all)
		if got := laid(answer); !cmp.Equal(got, []string{"0 idle"}) {
			t.Errorf("the poll carries %q, want the standing text", got)
		}
		s.carry(t, tray, "car")
		if got := s.Poll(t.Context(), 0, all); !cmp.Equal(laid(got), []string{"0 car"}) {
			t.Errorf("the next poll carries %q, want the car's text", laid(got))
		}
		answer.Written(drivers.ErrOffline) // later than the other, which was newer
		if got := s.Poll(t.Context(), 0, all); got.Frames != nil {
			t.Errorf("the last poll carries %q, want nothing older than the car's text", laid(got))
		}
		stand("idle")
		s.carry(t, tray, "car")
		<-time.After(16 * time.Second)
		s.Hear()
		if got := s.Poll(t.Context(), 0, all); got.Frames != nil {
			t.Errorf("a poll after the car has gone carries %q, want nothing", laid(got))
		}
	})
}

func TestATextWakesAPoll(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		poll := s.pollLater(t.Context(), nil)
		s.carry(t, s.Tray(1, time.Minute), "a")
		if got := laid(<-poll); !cmp.Equal(got, []string{"1 a"}) {
			t.Errorf("the poll carries %q, want a", got)
		}
	})
}

func TestOneOfTwoPostsCarriesTheText(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		tray := s.Tray(0, time.Minute)
		s.dealt = waitForEnd
		first := s.pushLater(t.Context(), carA(), keyA)
		second := s.pushLater(t.Context(), carA(), keyA)
		s.carry(t, tray, "a")
		if err := s.Gate().RaiseFor(t.Context(), s.seen[0].ID); err != nil {
			t.Fatal(err)
		}
		if a, b := <-first, <-second; a.answer.Frames != nil || !cmp.Equal(laid(b.answer), []string{"0 a"}) {
			t.Errorf("answers carry %q and %q, want the text in the second", laid(a.answer), laid(b.answer))
		}
	})
}

func TestCarryRefusesWhatNoDisplaySends(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		tray := s.Tray(0, time.Minute)
		for name, frames := range map[string][][]byte{
			"an empty frame": {{}}, "a long one": {make([]byte, 1025)}, "too many": make([][]byte, 17),
		} {
			var device *drivers.DeviceError
			if err := tray.Carry(t.Context(), frames); !errors.Is(err, drivers.ErrRefused) || !errors.As(err, &device) {
				t.Errorf("%s: error = %v, want ErrRefused", name, err)
			}
		}
		<-time.After(2 * time.Minute)
		if err := tray.Carry(t.Context(), bytesOf([]string{"a"})); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Carry to a silent camera = %v, want ErrOffline", err)
		}
		s.Hear()
		if got := s.Poll(t.Context(), 0, all); got.Frames != nil {
			t.Errorf("the poll carries %q, want nothing: its display was told that it failed", laid(got))
		}
	})
}

func TestAPollCarriesOnlyWhatItsCameraActsOn(t *testing.T) {
	inBubble(t, GateConfig{Polls: true}, func(t *testing.T, s *site) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		raised, shot := make(chan error, 1), make(chan error, 1)
		go func() { raised <- s.Gate().Raise(ctx) }()
		go func() { shot <- s.Shoot(ctx) }() // both end with ctx
		s.carry(t, s.Tray(0, time.Minute), "a")
		if got := s.Poll(t.Context(), 2*time.Second, Acts{}); !got.empty() {
			t.Errorf("answer = %+v, want nothing", got)
		}
		if a, b := <-raised, <-shot; !errors.Is(a, drivers.ErrOffline) || !errors.Is(b, drivers.ErrOffline) {
			t.Errorf("Raise = %v, Shoot = %v, want ErrOffline", a, b)
		}
	})
}

func TestAnOrderOrAShotWhosePollHungUpWaitsForTheNext(t *testing.T) {
	inBubble(t, GateConfig{Polls: true}, func(t *testing.T, s *site) {
		for name, call := range map[string]func(context.Context) error{"Raise": s.Gate().Raise, "Shoot": s.Shoot} {
			done := make(chan error, 1)
			go func() { done <- call(t.Context()) }() // ends with the second poll
			synctest.Wait()
			<-s.pollLater(t.Context(), errGone)
			got := <-s.pollLater(t.Context(), nil)
			if err := <-done; err != nil || got.empty() {
				t.Errorf("%s = %v, second poll %+v", name, err, got)
			}
		}
	})
}

func TestLowerLooksAgainAtTheMomentOfTheAnswer(t *testing.T) {
	under := &Input{Number: 0}
	inBubble(t, GateConfig{Polls: true, Lowers: true, SelfGuarded: true, Presence: under}, func(t *testing.T, s *site) {
		s.Gate().Sensed(0, false)
		lowered := make(chan error, 1)
		go func() { lowered <- s.Gate().Lower(t.Context()) }() // ends with the poll
		synctest.Wait()
		s.Gate().Sensed(0, true) // a car comes while Lower waits
		poll := s.pollLater(t.Context(), nil)
		if err := <-lowered; !errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Lower on a car = %v, want ErrRefused", err)
		}
		s.carry(t, s.Tray(0, time.Minute), "a") // ends the poll
		if got := <-poll; got.Order != Nothing {
			t.Errorf("the poll carried %v, want nothing", got.Order)
		}
	})
}

func TestDiagnoseTellsWhatTheCameraShowed(t *testing.T) {
	inBubble(t, GateConfig{}, func(t *testing.T, s *site) {
		fresh := s.Diagnose(t.Context())
		if diff := cmp.Diff([]drivers.Finding{{Topic: drivers.TopicHeard, Value: "0s"}}, fresh); diff != "" {
			t.Errorf("findings before any event (-want +got):\n%s", diff)
		}
		s.Note(Facts{Model: "IVS"})
		if !s.Note(Facts{OwnList: true}) || s.Note(Facts{OwnList: true}) {
			t.Error("the list in the camera is news once")
		}
		s.NoteEvent(drivers.Recognition{At: time.Now().Add(-20 * time.Second), Pictures: []drivers.Picture{{JPEG: make([]byte, 7)}}})
		<-time.After(30 * time.Second)
		want := []drivers.Finding{
			{Topic: drivers.TopicHeard, Value: "30s"},
			{Topic: drivers.TopicModel, Value: "IVS"},
			{Topic: drivers.TopicGateList, Level: drivers.LevelWrong},
			{Topic: drivers.TopicClock, Level: drivers.LevelOdd, Value: "-20.0s"},
			{Topic: drivers.TopicPicture, Value: "7"},
		}
		if diff := cmp.Diff(want, s.Diagnose(t.Context())); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
		if st, err := s.Gate().State(t.Context()); err != nil || st.Fault != drivers.FaultGateList {
			t.Errorf("state = %+v, %v; want the fault of a list", st, err)
		}
		<-time.After(time.Minute)
		if got := s.Diagnose(t.Context())[0]; got.Level != drivers.LevelWrong || !errors.Is(got.Err, drivers.ErrOffline) {
			t.Errorf("finding of a silent camera = %+v, want it wrong and offline", got)
		}
		<-time.After(24 * time.Hour)
		s.Hear()
		if st, err := s.Gate().State(t.Context()); err != nil || st.Fault != drivers.FaultNone {
			t.Errorf("state a day later = %+v, %v; want no fault", st, err)
		}
	})
}

func TestWhatTheGateHoldsIsWhatItsRelayMayDo(t *testing.T) {
	broken := errors.New("connection reset")
	holds := func(g *Gate, ctx context.Context) error { return g.Hold(ctx) }
	releases := func(g *Gate, ctx context.Context) error { return g.Release(ctx) }
	tests := []struct {
		name  string
		held  bool // before
		call  func(*Gate, context.Context) error
		write error // of the poll's answer; errGone: no poll comes
		want  bool
	}{
		{"a hold that was carried", false, holds, nil, true},
		{"one that nothing carried", false, holds, errGone, false},
		{"one that may have been", false, holds, broken, true},
		{"a release that was carried", true, releases, nil, false},
		{"one that nothing carried", true, releases, errGone, true},
		{"a second hold that nothing carried", true, holds, errGone, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, GateConfig{Polls: true, Latches: true}, func(t *testing.T, s *site) {
				if tt.held {
					poll := s.pollLater(t.Context(), nil)
					if err := s.Gate().Hold(t.Context()); err != nil {
						t.Fatal(err)
					}
					<-poll
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if tt.write != errGone {
					s.pollLater(ctx, tt.write)
				}
				if err := tt.call(s.Gate(), ctx); (err != nil) != (tt.write != nil) {
					t.Errorf("error = %v", err)
				}
				if st, err := s.Gate().State(t.Context()); err != nil || st.HoldOpen != tt.want {
					t.Errorf("held open: %v, %v; want %v", st.HoldOpen, err, tt.want)
				}
			})
		})
	}
}

func TestARelayThatMayBeOnIsSwitchedOff(t *testing.T) {
	latching := GateConfig{Polls: true, Latches: true}
	poll := func(t *testing.T, s *site, write error) Order {
		t.Helper()
		answer := s.Poll(t.Context(), 0, all)
		answer.Written(write)
		synctest.Wait()
		return answer.Order
	}
	look := func(t *testing.T, s *site) {
		t.Helper()
		if _, err := s.Gate().State(t.Context()); err != nil {
			t.Error(err)
		}
	}
	inBubble(t, latching, func(t *testing.T, s *site) {
		if got := poll(t, s, nil); got != Nothing {
			t.Errorf("before anybody asked for the state a poll carried %v, want nothing: the lane may want it held", got)
		}
		for i, want := range []struct {
			write error
			order Order
		}{{errGone, Release}, {nil, Release}, {nil, Nothing}, {nil, Nothing}} {
			look(t, s)
			if got := poll(t, s, want.write); got != want.order {
				t.Errorf("poll %d carried %v, want %v", i, got, want.order)
			}
		}
	})
	inBubble(t, latching, func(t *testing.T, s *site) { // after a start with the gate held
		held := s.pollLater(t.Context(), nil)
		if err := s.Gate().Hold(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-held
		look(t, s)
		if got := poll(t, s, nil); got != Nothing {
			t.Errorf("a poll carried %v, want nothing: the gate is held", got)
		}
		released := s.pollLater(t.Context(), errors.New("connection reset"))
		if err := s.Gate().Release(t.Context()); err == nil {
			t.Error("Release whose answer was not written succeeded")
		}
		<-released
		look(t, s)
		if got := poll(t, s, nil); got != Release {
			t.Errorf("after a release that may be lost a poll carried %v, want release", got)
		}
	})
	inBubble(t, GateConfig{Polls: true}, func(t *testing.T, s *site) {
		look(t, s)
		if got := poll(t, s, nil); got != Nothing {
			t.Errorf("a poll carried %v to a relay that only pulses, want nothing", got)
		}
	})
}

package vzenith_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/reply"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/sim"
)

// The cars of these tests: A may pass, B stands before the camera at the wrong
// moment.
var (
	carA = sim.Sighting{Plate: "粤B0000A", Color: drivers.ColorBlue}
	carB = sim.Sighting{Plate: "粤B0000B", Color: drivers.ColorBlue}
)

// A pushed is what a push led to.
type pushed struct {
	answer sim.VzAnswer
	err    error
}

// pushLater pushes while the test goes on. It ends with the answer.
func (l *lane) pushLater(ctx context.Context, s sim.Sighting) <-chan pushed {
	answered := make(chan pushed, 1)
	go func() {
		answer, err := l.sim.Push(ctx, s)
		answered <- pushed{answer, err}
	}()
	return answered
}

// atLane is a decider that passes on which events have come, and keeps their
// pushes waiting until release is closed, or for as long as it may.
func atLane(seen chan<- string, release <-chan struct{}) decider {
	return func(ctx context.Context, _ *reply.Gate, rec drivers.Recognition) {
		seen <- rec.ID
		select {
		case <-release:
		case <-ctx.Done():
		}
	}
}

// keepB is a decider that has A answered at once, and keeps B's push waiting.
func keepB(seen chan<- string, release <-chan struct{}) decider {
	keep := atLane(seen, release)
	return func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
		if rec.Plate == carA.Plate {
			seen <- rec.ID
			return
		}
		keep(ctx, g, rec)
	}
}

// polling has the camera poll until the test ends.
func (l *lane) polling(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var polls sync.WaitGroup
	polls.Go(func() { _ = l.sim.PollUntil(ctx, 10*time.Millisecond) }) // ends with cancel
	t.Cleanup(func() { cancel(); polls.Wait() })
}

// within is a time in which an order must find its way or must not.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestRaiseForFindsItsPushAmongOthers(t *testing.T) {
	for _, opens := range []vzenith.Opens{vzenith.OpensPlate, vzenith.OpensComet, vzenith.OpensHeartbeat} {
		t.Run(string(opens), func(t *testing.T) {
			events, release := make(chan string, 2), make(chan struct{})
			l := newLane(t, vzenith.Config{Options: vzenith.Options{Reply: 10 * time.Second, Opens: opens}}, atLane(events, release))
			answerA := l.pushLater(t.Context(), carA)
			eventA := <-events
			answerB := l.pushLater(t.Context(), carB)
			<-events
			if err := l.camera.Gate().RaiseFor(within(t, 5*time.Second), eventA); err != nil {
				t.Errorf("RaiseFor of A = %v, want nil", err)
			}
			close(release)
			if a := <-answerA; a.err != nil || !a.answer.Opened {
				t.Errorf("A answered %+v, %v; want opened", a.answer, a.err)
			}
			if b := <-answerB; b.err != nil || b.answer.Opened {
				t.Errorf("B answered %+v, %v; want not opened", b.answer, b.err)
			}
		})
	}
}

func TestNoOrderIsCarriedByTheAnswerToAnotherCar(t *testing.T) {
	tests := []struct {
		name  string
		opens vzenith.Opens
		call  func(*reply.Gate, context.Context, string) error
		want  error
	}{
		{"raise for a car that was answered", vzenith.OpensPlate, (*reply.Gate).RaiseFor, drivers.ErrRefused},
		{"raise for it, no poll coming", vzenith.OpensComet, (*reply.Gate).RaiseFor, drivers.ErrOffline},
		{"raise for it, no heartbeat coming", vzenith.OpensHeartbeat, (*reply.Gate).RaiseFor, drivers.ErrOffline},
		{"raise", vzenith.OpensPlate, withoutEvent((*reply.Gate).Raise), drivers.ErrRefused},
		{"raise, no poll coming", vzenith.OpensComet, withoutEvent((*reply.Gate).Raise), drivers.ErrOffline},
		{"raise, no heartbeat coming", vzenith.OpensHeartbeat, withoutEvent((*reply.Gate).Raise), drivers.ErrOffline},
		{"hold, no poll coming", vzenith.OpensComet, withoutEvent((*reply.Gate).Hold), drivers.ErrOffline},
		{"release, no poll coming", vzenith.OpensComet, withoutEvent((*reply.Gate).Release), drivers.ErrOffline},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events, release := make(chan string, 2), make(chan struct{})
			l := newLane(t, vzenith.Config{Options: vzenith.Options{Reply: 10 * time.Second, Opens: tt.opens}}, keepB(events, release))
			if a := l.push(t, carA); a.Opened {
				t.Fatalf("A answered %+v, want not opened yet", a)
			}
			answerB := l.pushLater(t.Context(), carB)
			eventA := <-events
			<-events // B waits for its answer now
			if err := tt.call(l.camera.Gate(), within(t, 100*time.Millisecond), eventA); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
			close(release)
			if b := <-answerB; b.err != nil || b.answer.Opened {
				t.Errorf("B answered %+v, %v; want not opened", b.answer, b.err)
			}
			if l.sim.Latched() {
				t.Error("the answer to B latched the relay")
			}
		})
	}
}

func withoutEvent(call func(*reply.Gate, context.Context) error) func(*reply.Gate, context.Context, string) error {
	return func(g *reply.Gate, ctx context.Context, _ string) error { return call(g, ctx) }
}

func TestAnEventNumberThatComesAgainIsAnotherEvent(t *testing.T) {
	tests := []struct {
		name string
		body func(l *lane, s sim.Sighting) []byte
	}{
		{"the same number", func(l *lane, s sim.Sighting) []byte { return l.sim.Event(7, s) }},
		{"no number", func(l *lane, s sim.Sighting) []byte { return l.sim.Event(0, s) }},
		{"no serial", func(l *lane, s sim.Sighting) []byte { return (&sim.VzCamera{}).Event(7, s) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events, release := make(chan string, 2), make(chan struct{})
			l := newLane(t, vzenith.Config{Options: vzenith.Options{Reply: 10 * time.Second}}, keepB(events, release))
			post(t, l.sim.URL, tt.body(l, carA))
			eventA := <-events
			answerB := postLater(l.sim.URL, tt.body(l, carB))
			eventB := <-events
			if eventA == "" || eventA == eventB {
				t.Errorf("ids = %q and %q, want two", eventA, eventB)
			}
			if err := l.camera.Gate().RaiseFor(t.Context(), eventA); !errors.Is(err, drivers.ErrRefused) {
				t.Errorf("RaiseFor of A = %v, want ErrRefused", err)
			}
			close(release)
			if b := <-answerB; !strings.Contains(b, `"info":"no"`) {
				t.Errorf("B answered %s, want no", b)
			}
		})
	}
}

func TestRaiseForACarThatWasAnsweredGoesOutInAPoll(t *testing.T) {
	l := newLane(t, vzenith.Config{Options: vzenith.Options{Opens: vzenith.OpensComet}}, nil)
	if a := l.push(t, carA); a.Opened {
		t.Fatalf("A answered %+v, want not opened yet", a)
	}
	l.polling(t)
	if err := l.camera.Gate().RaiseFor(within(t, 10*time.Second), (<-l.seen).ID); err != nil {
		t.Fatalf("RaiseFor = %v, want nil through a poll", err)
	}
	waitFor(t, func() bool { return l.sim.Opened() == 1 })
}

// An order that comes just when its push is answered must neither be lost nor
// stay behind for the next car.
func TestRaiseForThatMeetsTheAnswerIsCarriedOrRefused(t *testing.T) {
	raised := make(chan error, 1)
	var raising sync.WaitGroup
	l := newLane(t, vzenith.Config{}, func(_ context.Context, g *reply.Gate, rec drivers.Recognition) {
		raising.Go(func() { raised <- g.RaiseFor(t.Context(), rec.ID) }) // ends with the push
	})
	l.sim.Faults.NoPictures = true
	for range 200 {
		answer := l.push(t, carA)
		<-l.seen
		if err := <-raised; answer.Opened != (err == nil) || err != nil && !errors.Is(err, drivers.ErrRefused) {
			t.Fatalf("opened = %v, RaiseFor = %v; want both or neither", answer.Opened, err)
		}
	}
	raising.Wait()
}

func TestRaiseForThatWasGivenUpNeverOpens(t *testing.T) {
	events, release := make(chan string, 1), make(chan struct{})
	l := newLane(t, vzenith.Config{Options: vzenith.Options{Reply: 10 * time.Second, Opens: vzenith.OpensComet}, PollTime: 10 * time.Millisecond}, atLane(events, release))
	answer := l.pushLater(t.Context(), carA)
	event := <-events
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.camera.Gate().RaiseFor(ctx, event); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("RaiseFor whose time is over = %v, want ErrOffline", err)
	}
	close(release)
	if a := <-answer; a.err != nil || a.answer.Opened {
		t.Errorf("answer = %+v, %v; want not opened", a.answer, a.err)
	}
	if err := l.camera.Gate().RaiseFor(within(t, 30*time.Millisecond), event); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("RaiseFor without a contact = %v, want ErrOffline", err)
	}
	if answer, err := l.sim.Poll(t.Context()); err != nil || answer.Opened {
		t.Errorf("poll = %+v, %v; want nothing opened", answer, err)
	}
}

func TestRaiseForACameraThatHungUpGoesOnAsRaiseDoes(t *testing.T) {
	for opens, want := range map[vzenith.Opens]error{vzenith.OpensPlate: drivers.ErrRefused, vzenith.OpensComet: nil} {
		t.Run(string(opens), func(t *testing.T) {
			atLane, hungUp, raised := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			l := newLane(t, vzenith.Config{Options: vzenith.Options{Reply: 10 * time.Second, Opens: opens}},
				func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
					if rec.Plate != carA.Plate {
						return
					}
					close(atLane)
					<-hungUp // the lane decides when the camera is gone
					raised <- g.RaiseFor(ctx, rec.ID)
				})
			conn, err := net.Dial("tcp", strings.TrimPrefix(l.sim.URL[:strings.Index(l.sim.URL, "/dev")], "http://"))
			if err != nil {
				t.Fatal(err)
			}
			body := l.sim.Event(1, carA)
			if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: box\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
				t.Fatal(err)
			}
			<-atLane
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			<-l.closed
			close(hungUp)
			if b := l.push(t, carB); b.Opened {
				t.Errorf("B answered %+v, want not opened", b)
			}
			if opens == vzenith.OpensComet {
				l.polling(t)
			}
			if err := <-raised; !errors.Is(err, want) {
				t.Errorf("RaiseFor = %v, want %v", err, want)
			}
		})
	}
}

func TestAnOfflineEventNeverOpens(t *testing.T) {
	for _, opens := range []vzenith.Opens{vzenith.OpensPlate, vzenith.OpensComet} {
		t.Run(string(opens), func(t *testing.T) {
			l := newLane(t, vzenith.Config{Options: vzenith.Options{Opens: opens}}, raiseFor(t, drivers.ErrRefused))
			if opens == vzenith.OpensComet {
				l.polling(t)
			}
			kept := carA
			kept.Kept = true
			answer := l.push(t, kept)
			if !answer.Taken {
				t.Error("the camera was not told to go on with its kept events")
			}
			rec := <-l.seen
			if !rec.Offline {
				t.Error("the event does not say that it was kept")
			}
			raiseFor(t, drivers.ErrRefused)(t.Context(), l.camera.Gate(), rec) // nor later
			if l.sim.Opened() != 0 {
				t.Error("an event that was kept opened the barrier")
			}
		})
	}
}

// postLater posts while the test goes on. It ends with the answer.
func postLater(url string, body []byte) <-chan string {
	answered := make(chan string, 1)
	go func() {
		resp, err := http.Post(url, "application/json", bytes.NewReader(body))
		if err != nil {
			answered <- err.Error()
			return
		}
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(resp.Body)
		answered <- fmt.Sprintf("%s %v", text, err)
	}()
	return answered
}

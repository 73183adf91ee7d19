package drivertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"parkagent/drivers"
)

// A CameraPush is the bytes of one push.
type CameraPush struct {
	ContentType string
	Query       string // of the address, without the question mark
	Body        []byte
}

// A CameraRig is a driver of a camera that pushes, with the pushes that its
// make sends.
type CameraRig struct {
	Camera interface {
		http.Handler
		Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error
		Snapshot(ctx context.Context) (drivers.Picture, error)
		Check(ctx context.Context) error
	}
	Device string                                   // the device code that events and errors must name
	Car    func(plate string, kept bool) CameraPush // one car, whose event the camera kept or not
	Broken map[string]CameraPush                    // by what is wrong; refused with a status from 400 to 499
	Huge   func() map[string]CameraPush             // by what is too large; refused with 413
	Idle   map[string]CameraPush                    // heartbeats and the like; answered with 200

	// SentAgain makes one car's push as it is sent and as it is sent again when
	// the answer was lost; nil where this make tells no such push from a new one.
	SentAgain func() (first, again CameraPush)

	// NeverKept says that this make does not tell a kept event from a new one;
	// the lane then judges by the event's time alone.
	NeverKept bool
}

// Camera runs what every driver of a pushing camera must pass: each car reaches
// the lane once and says whose it is, nothing else reaches it, a push that
// cannot be dealt with is not acknowledged, and no sender, however slow, rude
// or large, hurts the next. newRig is called for every subtest; its camera has
// not been heard.
func Camera(t *testing.T, newRig func(t *testing.T) CameraRig) {
	tests := []struct {
		name string
		run  func(t *testing.T, rig CameraRig)
	}{
		{"a car reaches the lane once", carOnce},
		{"a car that is sent again reaches the lane once", carAgain},
		{"a kept event says so", carKept},
		{"a car without a plate has an empty plate", carWithoutPlate},
		{"a push that nobody watches is not acknowledged", unwatched},
		{"a push whose lane stops is not acknowledged", laneStops},
		{"broken pushes are refused and reach nobody", brokenPushes},
		{"huge pushes are refused and reach nobody", hugePushes},
		{"heartbeats reach nobody", idlePushes},
		{"only POST is taken", onlyPost},
		{"a push in crumbs is read", crumbs},
		{"a push cut short reaches nobody", cutShort},
		{"cars at the same time all arrive", manyCars},
		{"a second watcher is turned away", secondWatcher},
		{"a camera never heard is offline, then not", heardOrNot},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, newRig(t))
		})
	}
}

// A site is a rig behind a server, and watched if watch was called.
type site struct {
	CameraRig
	t      *testing.T
	server *httptest.Server

	mu   sync.Mutex // guards the following field
	seen []drivers.Recognition
}

func open(t *testing.T, rig CameraRig) *site {
	t.Helper()
	s := &site{CameraRig: rig, t: t, server: httptest.NewServer(rig.Camera)}
	t.Cleanup(s.server.Close)
	return s
}

// watch watches until the test ends, or until the returned function is called.
func (s *site) watch(emit func(context.Context, drivers.Recognition)) (stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Camera.Watch(ctx, emit) }() // ends with stop
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Errorf("Watch = %v after its context was done, want nil", err)
		}
	})
	s.t.Cleanup(stop)
	s.awaitWatched()
	return stop
}

// awaitWatched waits until Watch has begun, which shows in a second one being
// turned away.
func (s *site) awaitWatched() {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Camera.Watch(ctx, func(context.Context, drivers.Recognition) {}); err != nil {
			return
		}
	}
	s.t.Fatal("Watch did not begin")
}

// note is an emit that keeps what it gets.
func (s *site) note(_ context.Context, rec drivers.Recognition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, rec)
}

func (s *site) cars() []drivers.Recognition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]drivers.Recognition(nil), s.seen...)
}

// push sends p and returns the status of the answer.
func (s *site) push(p CameraPush) int {
	s.t.Helper()
	resp, err := http.Post(s.server.URL+"/push?"+p.Query, p.ContentType, bytes.NewReader(p.Body))
	if err != nil {
		s.t.Fatalf("push: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		s.t.Fatalf("read answer: %v", err)
	}
	return resp.StatusCode
}

func carOnce(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	before := time.Now()
	if status := s.push(rig.Car("粤B12345", false)); status != http.StatusOK {
		t.Fatalf("status = %d, want 200", status)
	}
	cars := s.cars()
	if len(cars) != 1 {
		t.Fatalf("%d events, want 1", len(cars))
	}
	rec := cars[0]
	if rec.Plate != "粤B12345" || rec.Device != rig.Device || rec.Offline {
		t.Errorf("event = %s of %s, offline %v; want 粤B12345 of %s, not offline", rec.Plate, rec.Device, rec.Offline, rig.Device)
	}
	if rec.ID == "" {
		t.Error("event has no id")
	}
	if rec.Received.Location() != time.UTC || rec.Received.Before(before.Add(-time.Second)) {
		t.Errorf("received at %v, want now in UTC", rec.Received)
	}
	if rec.At.IsZero() || rec.At.Location() != time.UTC {
		t.Errorf("seen at %v, want a time in UTC", rec.At)
	}
	if !bytes.HasPrefix(rec.Scene(), []byte{0xFF, 0xD8}) {
		t.Error("event has no picture")
	}
}

func carAgain(t *testing.T, rig CameraRig) {
	if rig.SentAgain == nil {
		t.Skip("this make does not tell a push that is sent again from a new one")
	}
	s := open(t, rig)
	first, again := rig.SentAgain()
	if status := s.push(first); status != http.StatusServiceUnavailable {
		t.Errorf("status before Watch = %d, want 503", status)
	}
	s.watch(s.note)
	for range 3 { // the first of them counts, for the lane has not had it yet
		if status := s.push(again); status != http.StatusOK {
			t.Errorf("status = %d, want 200", status)
		}
	}
	if cars := s.cars(); len(cars) != 1 {
		t.Errorf("%d events of one car, want 1", len(cars))
	}
}

func carKept(t *testing.T, rig CameraRig) {
	if rig.NeverKept {
		t.Skip("this make does not tell which events it kept")
	}
	s := open(t, rig)
	s.watch(s.note)
	if status := s.push(rig.Car("粤B12345", true)); status != http.StatusOK {
		t.Fatalf("status = %d, want 200", status)
	}
	if cars := s.cars(); len(cars) != 1 || !cars[0].Offline {
		t.Errorf("events = %v, want one that is offline", cars)
	}
}

func carWithoutPlate(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	s.push(rig.Car("", false))
	if cars := s.cars(); len(cars) != 1 || cars[0].Plate != "" {
		t.Errorf("events = %v, want one without a plate", cars)
	}
}

func unwatched(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	if status := s.push(rig.Car("粤B12345", false)); status != http.StatusServiceUnavailable {
		t.Errorf("status before Watch = %d, want 503", status)
	}
	s.watch(s.note)()
	if status := s.push(rig.Car("粤B12345", false)); status != http.StatusServiceUnavailable {
		t.Errorf("status after Watch = %d, want 503", status)
	}
	if cars := s.cars(); len(cars) != 0 {
		t.Errorf("%d events reached a lane that does not watch", len(cars))
	}
}

func laneStops(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	busy := make(chan struct{})
	returned := make(chan struct{})
	stop := s.watch(func(ctx context.Context, _ drivers.Recognition) {
		close(busy)
		<-ctx.Done()
		close(returned)
	})
	status := make(chan int, 1)
	go func() { status <- s.push(rig.Car("粤B12345", false)) }() // ends with the answer
	<-busy
	stop()
	select {
	case <-returned:
	default:
		t.Error("Watch returned while its emit was running")
	}
	if got := <-status; got != http.StatusServiceUnavailable {
		t.Errorf("status = %d, want 503", got)
	}
}

func manyCars(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	const cars = 4
	var pushes sync.WaitGroup
	for i := range cars {
		pushes.Go(func() {
			if status := s.push(rig.Car(fmt.Sprintf("粤B0000%d", i), false)); status != http.StatusOK {
				t.Errorf("car %d: status = %d, want 200", i, status)
			}
		})
	}
	pushes.Wait()
	seen := make(map[string]bool)
	for _, rec := range s.cars() {
		seen[rec.Plate] = true
	}
	if len(seen) != cars || len(s.cars()) != cars {
		t.Errorf("%d events of %d cars, want %d of each", len(s.cars()), len(seen), cars)
	}
}

func secondWatcher(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	err := rig.Camera.Watch(t.Context(), func(context.Context, drivers.Recognition) {
		t.Error("the second watcher got an event")
	})
	if err == nil {
		t.Error("a second Watch = nil, want an error")
	}
	s.push(rig.Car("粤B12345", false))
	if cars := s.cars(); len(cars) != 1 {
		t.Errorf("the first watcher got %d events, want 1", len(cars))
	}
}

func heardOrNot(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	var device *drivers.DeviceError
	err := rig.Camera.Check(t.Context())
	if !errors.As(err, &device) || device.Device != rig.Device || !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("Check of a camera never heard = %v, want a DeviceError of %s that is offline", err, rig.Device)
	}
	s.push(CameraPush{ContentType: "text/plain", Body: []byte("hello")})
	if err := rig.Camera.Check(t.Context()); err == nil {
		t.Error("Check after nonsense = nil: a stranger's bytes are no sign of life")
	}
	s.watch(s.note)
	s.push(rig.Car("粤B12345", false))
	if err := rig.Camera.Check(t.Context()); err != nil {
		t.Errorf("Check after a car = %v, want nil", err)
	}
}

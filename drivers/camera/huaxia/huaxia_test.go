package huaxia_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/camera/huaxia"
	"parkagent/drivers/camera/reply"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	simhuaxia "parkagent/drivers/sim/huaxia"
)

var (
	_ drivertest.GateDriver      = (*reply.Gate)(nil)
	_ drivertest.EventGateDriver = (*reply.Gate)(nil)
)

func newCamera(t *testing.T, cfg huaxia.Config) *huaxia.Camera {
	t.Helper()
	cfg.Device = "C1"
	c, err := huaxia.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestHuaxiaKeepsTheContract(t *testing.T) {
	drivertest.Camera(t, func(t *testing.T) drivertest.CameraRig {
		blue := sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue}
		text := func(body []byte) drivertest.CameraPush {
			return drivertest.CameraPush{ContentType: "application/x-www-form-urlencoded", Body: body}
		}
		event := func(f simhuaxia.Faults, s sim.Sighting) drivertest.CameraPush {
			return text((&simhuaxia.Camera{ID: "100200041313", Faults: f}).Event(s))
		}
		return drivertest.CameraRig{
			Camera: newCamera(t, huaxia.Config{}),
			Device: "C1",
			Car: func(plate string, kept bool) drivertest.CameraPush {
				return event(simhuaxia.Faults{GBK: kept, Capitals: kept}, sim.Sighting{Plate: plate, Color: drivers.ColorBlue, Kept: kept})
			},
			SentAgain: func() (first, again drivertest.CameraPush) {
				seen := blue
				seen.At = time.Now()
				first = event(simhuaxia.Faults{}, seen)
				seen.Kept = true
				return first, event(simhuaxia.Faults{}, seen)
			},
			Broken: map[string]drivertest.CameraPush{
				"a form that ends within an escape": event(simhuaxia.Faults{Cut: true}, blue),
				"a car without plate_num":           text([]byte("type=online&mode=5&cam_id=1")),
				"a form of nobody":                  text([]byte("type=rs485")),
				"no type":                           text([]byte("mode=5&plate_num=A")),
				"a plate that can be none":          event(simhuaxia.Faults{}, sim.Sighting{Plate: strings.Repeat("A", 1000)}),
			},
			Huge: func() map[string]drivertest.CameraPush {
				return map[string]drivertest.CameraPush{
					"a picture of 9 MB":    event(simhuaxia.Faults{Oversize: true}, blue),
					"1 MB beside pictures": text([]byte("type=online&plate_num=A&" + strings.Repeat("x="+strings.Repeat("x", 1<<10)+"&", 1<<10+1))),
					"5000 fields":          text([]byte("type=online&plate_num=A&" + strings.Repeat("x=1&", 5000))),
				}
			},
			Idle: map[string]drivertest.CameraPush{
				"a heartbeat":              text([]byte("type=HeartBeat&mode=5&cam_id=100200041313&cam_ip=192.168.10.100&plate_num=")),
				"something from the RS485": text([]byte("type=rs485&mode=5&cam_id=100200041313&data=AA")),
			},
		}
	})
}

// A lane is a watched camera with a simulated one that pushes to it, in a
// testing/synctest bubble.
type lane struct {
	camera *huaxia.Camera
	sim    *simhuaxia.Camera
	seen   chan drivers.Recognition
}

// A decider is what a lane does with a car.
type decider func(context.Context, *reply.Gate, drivers.Recognition)

// newLane starts one. decide, which may be nil, is called within emit, as the
// lane does it.
func newLane(t *testing.T, cfg huaxia.Config, decide decider) *lane {
	t.Helper()
	l := &lane{camera: newCamera(t, cfg), seen: make(chan drivers.Recognition, 16)}
	l.sim = &simhuaxia.Camera{
		URL: "http://box.example/camera/C1/upload", ID: "100200041313", Client: drivertest.NewWeb(t, l.camera),
		Close: cfg.Options.Close, Hold: cfg.Options.Hold,
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { // ends with the test
		ended <- l.camera.Watch(ctx, func(ctx context.Context, rec drivers.Recognition) {
			if decide != nil {
				decide(ctx, l.camera.Gate(), rec)
			}
			l.seen <- rec
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	synctest.Wait()
	return l
}

func (l *lane) push(t *testing.T, s sim.Sighting) simhuaxia.Answer {
	t.Helper()
	answer, err := l.sim.Push(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (l *lane) beat(t *testing.T) simhuaxia.Answer {
	t.Helper()
	answer, err := l.sim.Heartbeat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

var car = sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue}

// raiseFor lets every car pass, and wants that to end with an error.
func raiseFor(t *testing.T, want error) decider {
	return func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
		if err := g.RaiseFor(ctx, rec.ID); !errors.Is(err, want) {
			t.Errorf("RaiseFor = %v, want %v", err, want)
		}
	}
}

func TestTheGateKeepsTheContract(t *testing.T) {
	drivertest.GateInBubble(t, func(t *testing.T) drivertest.GateRig {
		l := newLane(t, huaxia.Config{Options: huaxia.Options{Heartbeat: time.Second, Close: 2, Hold: 3, SelfGuarded: true}}, nil)
		b := &beater{t: t, lane: l}
		t.Cleanup(b.stop)
		b.start()
		return drivertest.GateRig{
			Gate:     l.camera.Gate(),
			Raised:   func() int { b.settle(); return l.sim.Opened() },
			Lowered:  func() int { b.settle(); return l.sim.Closed() },
			HeldOpen: func() bool { b.settle(); return l.sim.Held() },
			Faults: []drivertest.GateFault{{Name: "silence", Want: drivers.ErrOffline, Set: func(on bool) {
				if on {
					b.stop()
					<-time.After(2 * time.Second) // of the bubble
				} else {
					b.start()
				}
			}}},
		}
	})
}

// A beater has a lane's camera send heartbeats.
type beater struct {
	t     *testing.T
	lane  *lane
	beats atomic.Int64 // that were answered and obeyed
	end   context.CancelFunc
	ended sync.WaitGroup
}

func (b *beater) start() {
	ctx, cancel := context.WithCancel(context.Background())
	b.end = cancel
	b.ended.Go(func() { // ends with stop
		for ctx.Err() == nil {
			if _, err := b.lane.sim.Heartbeat(ctx); err == nil {
				b.beats.Add(1)
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	b.settle()
}

func (b *beater) stop() {
	if b.end != nil {
		b.end()
		b.ended.Wait()
		b.end = nil
	}
}

// settle waits until the camera has done what an answer said that is on its way.
func (b *beater) settle() {
	for n := b.beats.Load(); b.end != nil && b.beats.Load() == n; {
		<-time.After(10 * time.Millisecond)
	}
}

func TestTheAnswerToThePlateOpensAndShows(t *testing.T) {
	frame := []byte{0xAA, 0x55, 0x01, 0x64, 0x00, 0x22, 0x00, 0x01, 0x0B, 0x07, 0x76, 0xAF}
	for _, encoding := range []huaxia.Encoding{huaxia.EncodingHex, huaxia.EncodingBase64} {
		for _, opens := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				var l *lane
				l = newLane(t, huaxia.Config{Options: huaxia.Options{Encoding: encoding}}, func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
					if err := l.camera.Serial().Carry(ctx, [][]byte{frame, {1}}); err != nil {
						t.Error(err)
					}
					if opens {
						raiseFor(t, nil)(ctx, g, rec)
					}
				})
				if answer := l.push(t, car); answer.Opened != opens || !answer.Taken {
					t.Errorf("answer = %+v, want taken, opened %v", answer, opens)
				}
				if diff := cmp.Diff([][]byte{frame, {1}}, l.sim.Sent()); diff != "" {
					t.Errorf("the RS485 (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestAHeartbeatCarriesOrdersAndTextsWhereTheFirmwareActsOnIt(t *testing.T) {
	for _, opens := range []huaxia.Opens{huaxia.OpensHeartbeat, huaxia.OpensPlate} {
		synctest.Test(t, func(t *testing.T) {
			acts := opens == huaxia.OpensHeartbeat
			l := newLane(t, huaxia.Config{Options: huaxia.Options{Opens: opens}}, nil)
			l.beat(t)
			if err := l.camera.Serial().Carry(t.Context(), [][]byte{{1}}); err != nil {
				t.Fatal(err)
			}
			raised := make(chan error, 1)
			go func() { raised <- l.camera.Gate().Raise(t.Context()) }() // ends with the heartbeat, or at once
			synctest.Wait()
			if answer := l.beat(t); answer.Opened != acts || len(l.sim.Sent()) == 1 != acts {
				t.Errorf("%s: answer = %+v, RS485 % X", opens, answer, l.sim.Sent())
			}
			if err := <-raised; acts && err != nil || !acts && !errors.Is(err, drivers.ErrRefused) {
				t.Errorf("%s: Raise = %v", opens, err)
			}
			if answer := l.beat(t); answer.Opened {
				t.Errorf("%s: the next heartbeat opened again", opens)
			}
		})
	}
}

func TestWhatTheCameraKeptOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(t, huaxia.Config{}, raiseFor(t, drivers.ErrRefused))
		kept := car
		kept.Kept = true
		if answer := l.push(t, kept); answer.Opened || !answer.Taken {
			t.Errorf("answer = %+v, want taken and not opened", answer)
		}
		if rec := <-l.seen; !rec.Offline {
			t.Error("the event does not say that it was kept")
		}
	})
}

func TestACameraWhoseAnswerWasLostOpensOnceAtMost(t *testing.T) {
	tests := []struct {
		name    string
		decides time.Duration // how long the lane takes
		timeout time.Duration // of the camera
		lose    int
		opened  int
	}{
		{"the camera gives up before the lane decides", time.Second, 600 * time.Millisecond, 0, 1},
		{"the answer that opens is lost", 0, 5 * time.Second, 1, 1},
		{"all answers are lost", 0, 5 * time.Second, 3, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLane(t, huaxia.Config{}, func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
					<-time.After(tt.decides) // of the bubble
					_ = g.RaiseFor(ctx, rec.ID)
				})
				l.sim.Timeout, l.sim.Resends, l.sim.Faults.LoseAnswers = tt.timeout, 2, tt.lose
				if _, err := l.sim.Push(t.Context(), car); (err != nil) != (tt.lose == 3) {
					t.Errorf("Push = %v", err)
				}
				<-time.After(10 * time.Second)
				if err := l.sim.Resend(t.Context()); err != nil || l.sim.Kept() != 0 {
					t.Errorf("Resend = %v, %d kept", err, l.sim.Kept())
				}
				if n := l.sim.Opened(); n != tt.opened || len(l.seen) != 1 {
					t.Errorf("opened %d times for %d events, want %d for 1", n, len(l.seen), tt.opened)
				}
			})
		})
	}
}

func TestASlowLaneIsAnsweredForBeforeTheCameraGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(t, huaxia.Config{Options: huaxia.Options{Reply: 800 * time.Millisecond}}, func(ctx context.Context, _ *reply.Gate, _ drivers.Recognition) {
			<-ctx.Done()
		})
		l.sim.Timeout = time.Second
		start := time.Now()
		if answer := l.push(t, car); answer.Opened || !answer.Taken || time.Since(start) != 800*time.Millisecond {
			t.Errorf("answer = %+v after %v, want taken and not opened after 800ms", answer, time.Since(start))
		}
	})
}

func TestTheCamerasOwnListIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		l := newLane(t, huaxia.Config{Log: slog.New(slog.NewTextHandler(&log, nil))}, nil)
		l.sim.Faults.OwnList = true
		l.push(t, car)
		<-time.After(time.Minute / 2)
		l.push(t, car)
		if n := strings.Count(log.String(), "own list"); n != 1 {
			t.Errorf("the log says it %d times, want once:\n%s", n, log.String())
		}
		var found []string
		for _, f := range l.camera.Diagnose(t.Context()) {
			found = append(found, string(f.Topic))
			if wrong := f.Topic == drivers.TopicGateList; wrong != (f.Level == drivers.LevelWrong) {
				t.Errorf("finding %+v", f)
			}
		}
		if want := []string{"heard", "gate list", "clock", "picture"}; !cmp.Equal(found, want) {
			t.Errorf("findings = %v, want %v", found, want)
		}
	})
}

func TestTheGateRefusesWhatItCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(t, huaxia.Config{Options: huaxia.Options{Opens: huaxia.OpensPlate}}, nil)
		l.beat(t)
		gate := l.camera.Gate()
		state, err := gate.State(t.Context())
		if err != nil || state.Presence != drivers.PresenceNotFitted || state.Passage != drivers.PresenceNotFitted || state.Arm != drivers.ArmUnknown {
			t.Errorf("state = %+v, %v; want no inputs", state, err)
		}
		for name, call := range map[string]func(context.Context) error{
			"Raise": gate.Raise, "Lower": gate.Lower, "Hold": gate.Hold, "Release": gate.Release,
		} {
			var device *drivers.DeviceError
			if err := call(t.Context()); !errors.Is(err, drivers.ErrRefused) || !errors.As(err, &device) || device.Device != "C1" {
				t.Errorf("%s = %v, want a DeviceError of C1 that is refused", name, err)
			}
		}
		if _, err := l.camera.Snapshot(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Snapshot = %v, want errors.ErrUnsupported", err)
		}
	})
}

func TestAnEventIsAnsweredInTheCamerasWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(t, huaxia.Config{}, raiseFor(t, nil))
		for _, f := range []simhuaxia.Faults{{}, {GBK: true}, {GBK: true, Raw: true}, {Capitals: true}, {NoPictures: true}} {
			<-time.After(10 * time.Second) // another second, another car
			l.sim.Faults = f
			if answer := l.push(t, car); !answer.Opened || !answer.Taken {
				t.Errorf("%+v: answer = %+v, want taken and opened", f, answer)
			}
			if rec := <-l.seen; rec.Plate != car.Plate || rec.Color != car.Color || (len(rec.Pictures) == 2) == f.NoPictures {
				t.Errorf("%+v: plate %q, color %v, %d pictures", f, rec.Plate, rec.Color, len(rec.Pictures))
			}
		}
	})
}

func TestOptionsAreReadStrictly(t *testing.T) {
	tests := []struct {
		name  string
		table map[string]any
		want  huaxia.Options
	}{
		{"none", nil, huaxia.Options{
			Heartbeat: time.Minute, Reply: 2500 * time.Millisecond, TextAge: 15 * time.Second,
			Opens: huaxia.OpensHeartbeat, IO: 1, Encoding: huaxia.EncodingHex,
		}},
		{"all", map[string]any{
			"heartbeat": int64(20), "opens": "heartbeat", "io": int64(2), "close": int64(3), "hold": int64(4), "self_guarded": true,
			"encoding": "base64", "forward": "out", "any_plate": true, "reply": "4s", "text_age": "5s", "token": "t",
		}, huaxia.Options{
			Heartbeat: 20 * time.Second, Reply: 4 * time.Second, TextAge: 5 * time.Second, Opens: huaxia.OpensHeartbeat,
			IO: 2, Close: 3, Hold: 4, SelfGuarded: true, Encoding: huaxia.EncodingBase64, Forward: "out", AnyPlate: true,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := huaxia.ParseOptions(tt.table)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("error = %v, options (-want +got):\n%s", err, diff)
			}
		})
	}
	for _, bad := range []map[string]any{
		{"opens": "comet"}, {"io": int64(0)}, {"close": int64(1)}, {"close": int64(2), "hold": int64(2)}, {"opens": "plate", "hold": int64(2)},
		{"encoding": "hex2string"}, {"forward": "up"}, {"reply": "1ms"}, {"presence": int64(0)},
	} {
		if _, err := huaxia.ParseOptions(bad); err == nil {
			t.Errorf("options %v were taken", bad)
		}
	}
	for _, bad := range []huaxia.Options{{Opens: "always"}, {Encoding: "octal"}} {
		if _, err := huaxia.New(huaxia.Config{Options: bad}); err == nil {
			t.Errorf("options %+v were taken", bad)
		}
	}
}

func TestPicturesCrossInTheCamerasOwnBase64(t *testing.T) {
	scene := sim.ScenePicture("粤B12345", drivers.ColorBlue)
	for _, raw := range []bool{false, true} {
		body := (&simhuaxia.Camera{ID: "1", Faults: simhuaxia.Faults{Raw: raw}}).Event(car)
		if form, err := url.ParseQuery(string(body)); err != nil || !strings.ContainsAny(form.Get("picture"), "-_.") {
			t.Fatalf("the simulated camera writes another base64: %v", err)
		}
		synctest.Test(t, func(t *testing.T) {
			l := newLane(t, huaxia.Config{}, nil)
			l.sim.Faults.Raw = raw
			l.push(t, car)
			if rec := <-l.seen; string(rec.Scene()) != string(scene) {
				t.Errorf("raw %v: the scene has %d bytes, want the camera's %d", raw, len(rec.Scene()), len(scene))
			}
		})
	}
}

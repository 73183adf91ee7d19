package vzenith_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/camera/reply"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/sim"
)

// The frame of a DA VR board that says 欢迎光临, and the serialData item that
// carries it: the worked example of the device reference, section 1.3.
var (
	welcomeFrame = []byte{0x00, 0x64, 0xFF, 0xFF, 0x30, 0x09, 0x01, 0xBB, 0xB6, 0xD3, 0xAD, 0xB9, 0xE2, 0xC1, 0xD9, 0x32, 0x58}
	welcomeItem  = `{"serialChannel":0,"data":"AGT//zAJAbu206254sHZMlg=","dataLen":17}`
)

// showing is a decider that has text shown, and lets the car pass where it may.
func showing(t *testing.T, l func() *vzenith.Camera, opens bool, frames ...[]byte) decider {
	return func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
		if err := l().Serial(0).Carry(ctx, frames); err != nil {
			t.Errorf("Carry = %v", err)
		}
		if opens {
			if err := g.RaiseFor(ctx, rec.ID); err != nil {
				t.Errorf("RaiseFor = %v", err)
			}
		}
	}
}

func TestTheAnswerToAPlateCarriesTheTextForTheDisplay(t *testing.T) {
	for info, opens := range map[string]bool{"ok": true, "no": false} {
		t.Run(info, func(t *testing.T) {
			var l *lane
			l = newLane(t, vzenith.Config{}, func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
				showing(t, func() *vzenith.Camera { return l.camera }, opens, welcomeFrame, []byte{1})(ctx, g, rec)
			})
			want := `{"Response_AlarmInfoPlate":{"info":"` + info + `","channelNum":0,"content":"retransfer_stop","plateid":123,"serialData":[` +
				welcomeItem + `,{"serialChannel":0,"data":"AQ==","dataLen":1}]}}`
			if got := post(t, l.sim.URL, l.sim.Event(123, car)); got != want {
				t.Errorf("answer = %s\nwant     %s", got, want)
			}
			want = `{"Response_AlarmInfoPlate":{"info":"no","channelNum":0,"content":"retransfer_stop","plateid":9}}`
			standing := []byte(strings.Replace(string(l.sim.Event(9, car)), `"triggerType":1`, `"triggerType":64`, 1))
			if got := post(t, l.sim.URL, standing); got != want {
				t.Errorf("the next answer = %s\nwant              %s", got, want)
			}
		})
	}
}

func TestATextGoesOutInWhatTheCameraActsOn(t *testing.T) {
	tests := []struct {
		opens vzenith.Opens
		want  string
	}{
		{vzenith.OpensPlate, `{"Response_Heartbeat":{"info":"no","serialData":[]}}`},
		{vzenith.OpensHeartbeat, `{"Response_Heartbeat":{"info":"no","serialData":[` + welcomeItem + `]}}`},
		{vzenith.OpensComet, `{"Response_AlarmInfoPlate":{"info":"no","channelNum":0,"content":"retransfer_stop","serialData":[` + welcomeItem + `]}}`},
	}
	for _, tt := range tests {
		t.Run(string(tt.opens), func(t *testing.T) {
			l := newLane(t, vzenith.Config{Options: vzenith.Options{Opens: tt.opens}, PollTime: 5 * time.Second}, nil)
			l.push(t, car) // it must have been heard
			if err := l.camera.Serial(0).Carry(t.Context(), [][]byte{welcomeFrame}); err != nil {
				t.Fatal(err)
			}
			for _, beat := range []string{"serialno=s1&pass_wd=p", `{"heartbeat":{"serialno":"s1","pass_wd":"p"}}`} {
				if got := post(t, l.sim.URL, []byte(beat)); got != tt.want {
					t.Errorf("answer to %s = %s\nwant %s", beat, got, tt.want)
				}
				if err := l.camera.Serial(0).Carry(t.Context(), [][]byte{welcomeFrame}); err != nil {
					t.Fatal(err)
				}
			}
			if got := l.push(t, car); got.Status != http.StatusOK {
				t.Errorf("answer = %+v", got)
			}
			if sent := l.sim.Sent(0); !cmp.Equal(sent, [][]byte{welcomeFrame}) {
				t.Errorf("the plate's answer put % X on the serial port, want the welcome", sent)
			}
		})
	}
}

func TestOnlyTheSerialPortsThatACameraHasAreThere(t *testing.T) {
	c := newCamera(t, vzenith.Config{})
	if c.Serial(0) == nil || c.Serial(1) == nil || c.Serial(2) != nil || c.Serial(-1) != nil {
		t.Error("want serial ports 0 and 1 alone")
	}
	var device *drivers.DeviceError
	if err := c.Serial(1).Carry(t.Context(), [][]byte{{1}}); !errors.Is(err, drivers.ErrOffline) || !errors.As(err, &device) || device.Device != "C1" {
		t.Errorf("Carry before the camera was heard = %v, want a DeviceError of C1 that is offline", err)
	}
}

func TestASnapshotIsAskedForInAPoll(t *testing.T) {
	l := unwatchedLane(t, vzenith.Config{Options: vzenith.Options{Opens: vzenith.OpensComet}})
	// As the agent does: the driver does not see the whole path.
	server := httptest.NewServer(http.StripPrefix("/camera/C1/token", l.camera))
	t.Cleanup(server.Close)
	l.sim.URL = server.URL + "/camera/C1/token/plate%20result"
	l.watch(t, nil)
	l.polling(t)
	for range 2 {
		pic, err := l.camera.Snapshot(within(t, 10*time.Second))
		if err != nil || !bytes.Equal(pic.JPEG, sim.ScenePicture("", drivers.ColorUnknown)) {
			t.Errorf("Snapshot = %d bytes, %v; want the camera's picture", len(pic.JPEG), err)
		}
	}
}

func TestASnapshotThatDoesNotComeIsOffline(t *testing.T) {
	l := newLane(t, vzenith.Config{Options: vzenith.Options{Opens: vzenith.OpensComet}, PollTime: 10 * time.Millisecond}, nil)
	if _, err := l.camera.Snapshot(within(t, 50*time.Millisecond)); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("Snapshot without a poll = %v, want ErrOffline", err)
	}
	shot := make(chan error, 1)
	go func() { // ends with the context
		_, err := l.camera.Snapshot(within(t, 200*time.Millisecond))
		shot <- err
	}()
	// A camera that is asked and sends no picture; then one that nobody waits for.
	for asked := false; !asked; {
		asked = strings.Contains(post(t, l.sim.URL, []byte("serialno=1")), "snapImageRelativeUrl")
	}
	if err := <-shot; !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("Snapshot without a picture = %v, want ErrOffline", err)
	}
	picture := fmt.Sprintf(`{"TriggerImage":{"imageFile":%q}}`, base64.StdEncoding.EncodeToString([]byte{0xFF, 0xD8}))
	if got := post(t, l.sim.URL, []byte(picture)); got != "{}" {
		t.Errorf("answer = %s, want {}", got)
	}
}

func TestACameraWhoseAnswerWasLostOpensOnceAtMost(t *testing.T) {
	tests := []struct {
		name    string
		decides time.Duration // how long the lane takes
		timeout time.Duration // of the camera
		lose    int
		opened  int
	}{
		{"the camera waits long enough", time.Second, 5 * time.Second, 0, 1},
		{"the camera gives up before the lane decides", time.Second, 600 * time.Millisecond, 0, 1},
		{"it gives up twice", 1300 * time.Millisecond, 600 * time.Millisecond, 0, 1},
		{"the answer that opens is lost", 0, 5 * time.Second, 1, 1},
		{"all answers are lost", 0, 5 * time.Second, 5, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLaneInBubble(t, vzenith.Config{}, func(ctx context.Context, g *reply.Gate, rec drivers.Recognition) {
					<-time.After(tt.decides) // of the bubble
					if err := g.RaiseFor(ctx, rec.ID); err != nil && tt.opened == 1 {
						t.Errorf("RaiseFor = %v", err)
					}
				})
				l.sim.Timeout, l.sim.Resends, l.sim.Faults.LoseAnswers = tt.timeout, 4, tt.lose
				answer, err := l.sim.Push(t.Context(), car)
				if gone := tt.lose == 5; gone != (err != nil) || gone == answer.Taken {
					t.Errorf("answer = %+v, %v", answer, err)
				}
				if n := l.sim.Opened(); n != tt.opened {
					t.Errorf("opened %d times, want %d", n, tt.opened)
				}
				// What the camera kept comes again, for minutes, and opens nothing.
				<-time.After(10 * time.Second)
				for range 3 {
					if _, err := l.sim.Resend(t.Context()); err != nil {
						t.Error(err)
					}
				}
				if n := l.sim.Opened(); n != tt.opened || l.sim.Kept() != 0 {
					t.Errorf("opened %d times, %d events kept; want %d, none", n, l.sim.Kept(), tt.opened)
				}
				if n := len(l.seen); n != 1 {
					t.Errorf("the lane saw %d events, want 1", n)
				}
			})
		})
	}
}

func TestDiagnoseSaysThatTheCameraOpensByItsOwnList(t *testing.T) {
	l := newLane(t, vzenith.Config{}, nil)
	l.sim.Faults.OwnList = true
	if _, err := l.sim.Heartbeat(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.push(t, car)
	got := map[drivers.Topic]drivers.Finding{}
	for _, f := range l.camera.Diagnose(t.Context()) {
		got[f.Topic] = f
	}
	if got[drivers.TopicGateList].Level != drivers.LevelWrong || got[drivers.TopicModel].Value != "IVS" ||
		got[drivers.TopicHeard].Level != drivers.LevelFine || got[drivers.TopicClock].Level != drivers.LevelFine ||
		got[drivers.TopicPicture].Value == "0" {
		t.Errorf("findings = %+v", got)
	}
}

package display_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/display"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	"parkagent/drivers/sim/led"
)

// answering are boards that say something when they are asked, as they must.
func answering() map[string]struct {
	opt   display.Options
	board func() (server, func(drivertest.DisplayFault))
} {
	type row = struct {
		opt   display.Options
		board func() (server, func(drivertest.DisplayFault))
	}
	on := func(make func() *led.Board) func() (server, func(drivertest.DisplayFault)) {
		return func() (server, func(drivertest.DisplayFault)) {
			b := make()
			return b, func(f drivertest.DisplayFault) { b.SetFault(boardFaults[f]) }
		}
	}
	return map[string]row{
		"fangkong": {display.FangkongOptions{Ack: true}, func() (server, func(drivertest.DisplayFault)) {
			b := sim.NewLEDBoard(0, 2)
			return b, func(f drivertest.DisplayFault) { b.SetFault(ledFaults[f]) }
		}},
		"onbon":   {display.OnbonOptions{Ack: true}, on(func() *led.Board { return led.NewOnbon(1, 64, 32, 1, 2) })},
		"syn6288": {display.SpeechOptions{Ack: true}, on(func() *led.Board { return led.NewSpeech(true) })},
	}
}

func TestABoardThatMustAnswerIsAskedWithoutShowingAnything(t *testing.T) {
	for name, row := range answering() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				board, fault := row.board()
				panel := panelOn(t, memoryPort(t, board), row.opt)
				for _, f := range []drivertest.DisplayFault{drivertest.DisplayFine, drivertest.DisplayNoise, drivertest.DisplayEcho, drivertest.DisplayCrumbs} {
					fault(f)
					if err := panel.Check(t.Context()); err != nil {
						t.Errorf("Check with fault %d = %v, want nil", f, err)
					}
					found := panel.Diagnose(t.Context())
					if last := found[len(found)-1]; f == drivertest.DisplayEcho && last.Topic == drivers.TopicLine && last.Level == drivers.LevelOdd {
						found = found[:1]
					} else if f == drivertest.DisplayEcho {
						t.Errorf("findings = %+v, want one of the echo", found)
					}
					if len(found) != 1 || found[0].Topic != drivers.TopicReach || found[0].Level != drivers.LevelFine {
						t.Errorf("findings with fault %d = %+v, want that it is reached", f, found)
					}
				}
				fault(drivertest.DisplaySilent)
				if err := panel.Check(t.Context()); !errors.Is(err, drivers.ErrOffline) {
					t.Errorf("Check of a silent board = %v, want it offline", err)
				}
				if found := panel.Diagnose(t.Context()); len(found) != 1 || found[0].Level != drivers.LevelWrong || found[0].Err == nil {
					t.Errorf("findings of a silent board = %+v, want one that is wrong", found)
				}
				if b, ok := board.(interface{ Spoken() []string }); ok && len(b.Spoken()) > 0 {
					t.Errorf("board said %q while it was asked", b.Spoken())
				}
				if b, ok := board.(interface{ Lines() []string }); ok && strings.Join(b.Lines(), "") != "" {
					t.Errorf("board shows %q while it was asked", b.Lines())
				}
			})
		})
	}
}

func TestABoardThatNeedNotAnswerIsOddWhenItDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board, port := boardInMemory(t, 0, 2)
		panel := panelOn(t, port, display.FangkongOptions{})
		board.SetFault(sim.LEDSilent)
		if err := panel.Check(t.Context()); err != nil {
			t.Errorf("Check = %v, want nil", err)
		}
		if found := panel.Diagnose(t.Context()); len(found) != 1 || found[0].Topic != drivers.TopicPort || found[0].Level != drivers.LevelOdd {
			t.Errorf("findings = %+v, want one that is odd", found)
		}
	})
}

func TestACardIsNotDeadThatLeavesOnlyTheQuestionUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board, port := boardInMemory(t, 0, 2)
		panel := panelOn(t, port, display.FangkongOptions{Ack: true})
		board.SetFault(sim.LEDSilent)
		if err := panel.Check(t.Context()); err != nil {
			t.Errorf("Check of a card that never answered a question = %v, want nil", err)
		}
		if found := panel.Diagnose(t.Context()); len(found) != 1 || found[0].Level != drivers.LevelOdd {
			t.Errorf("findings = %+v, want one that is odd", found)
		}
		board.SetFault(sim.LEDFine)
		if err := panel.Check(t.Context()); err != nil {
			t.Errorf("Check = %v, want nil", err)
		}
		board.SetFault(sim.LEDSilent)
		if err := panel.Check(t.Context()); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("Check of a card that answered before = %v, want it offline", err)
		}
	})
}

func TestABoardThatNeverAnswersIsFineWhenItsLineOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := led.NewHuaxia(0x64, 4)
		panel := panelOn(t, memoryPort(t, board), display.HuaxiaOptions{})
		if err := panel.Check(t.Context()); err != nil {
			t.Errorf("Check = %v, want nil", err)
		}
		if diff := cmp.Diff([]drivers.Finding{{Topic: drivers.TopicPort}}, panel.Diagnose(t.Context())); diff != "" {
			t.Errorf("findings differ (-want +got):\n%s", diff)
		}
		if sound, _ := board.Frames(); sound != 0 {
			t.Errorf("%d frames came, want none", sound)
		}
	})
}

func TestALineThatDoesNotOpenIsOffline(t *testing.T) {
	panel := panelOn(t, lostPort{}, display.CountOptions{})
	if err := panel.Check(t.Context()); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("Check = %v, want it offline", err)
	}
	found := panel.Diagnose(t.Context())
	if len(found) != 1 || found[0].Level != drivers.LevelWrong || !errors.Is(found[0].Err, drivers.ErrOffline) {
		t.Errorf("findings = %+v, want one that is wrong", found)
	}
}

// A lostPort is a port that is not there.
type lostPort struct{ display.Port }

func (lostPort) Connect(context.Context) error { return fs.ErrNotExist }

// A quiet is a camera that can tell whether it was heard.
type quiet struct {
	feed
	err error
}

func (q quiet) Check(context.Context) error { return q.err }

func TestOfOneThatRidesTheCameraIsAsked(t *testing.T) {
	lost := drivers.ErrOffline
	for name, want := range map[string]error{"heard": nil, "lost": lost} {
		t.Run(name, func(t *testing.T) {
			panel := panelBehind(t, quiet{err: want}, display.CountOptions{})
			if err := panel.Check(t.Context()); !errors.Is(err, want) {
				t.Errorf("Check = %v, want %v", err, want)
			}
			found := panel.Diagnose(t.Context())
			if len(found) != 1 || found[0].Topic != drivers.TopicHeard || (found[0].Level == drivers.LevelFine) != (want == nil) {
				t.Errorf("findings = %+v", found)
			}
		})
	}
	panel := panelBehind(t, feed{}, display.CountOptions{})
	if err := panel.Check(t.Context()); err != nil {
		t.Errorf("Check behind a camera that cannot tell = %v, want nil", err)
	}
}

func TestAVoiceChipSaysWhetherItSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := led.NewSpeech(true)
		panel := panelOn(t, memoryPort(t, board), display.SpeechOptions{})
		state := func() string { return panel.Diagnose(t.Context())[0].Value }
		if got := state(); got != "idle" {
			t.Errorf("state = %q, want idle", got)
		}
		if err := panel.Show(t.Context(), drivers.Screen{Voice: "粤B12345,欢迎光临"}); err != nil {
			t.Fatal(err)
		}
		if got := state(); got != "busy" {
			t.Errorf("state while it speaks = %q, want busy", got)
		}
		<-time.After(10 * time.Second)
		if got := state(); got != "idle" {
			t.Errorf("state afterwards = %q, want idle", got)
		}
	})
}

func TestAVoiceChipMayFinishWhenAScreenSaysNothing(t *testing.T) {
	camera := &keeper{}
	panel := panelBehind(t, camera, display.SpeechOptions{})
	if err := panel.Show(t.Context(), drivers.Screen{Lines: []drivers.Line{{Text: "一路平安"}}}); err != nil {
		t.Fatal(err)
	}
	if len(camera.frames) > 0 {
		t.Errorf("frames = % X, want none", camera.frames)
	}
}

func TestACountBoardTellsManyFromFewAndNone(t *testing.T) {
	board := led.NewCount()
	panel := panelBehind(t, feed{board}, display.CountOptions{Few: 5})
	for _, tt := range []struct {
		free int
		want string
	}{{6, "green"}, {5, "yellow"}, {1, "yellow"}, {0, "red"}, {-1, "red"}} {
		if err := panel.Show(t.Context(), drivers.Screen{Free: &tt.free}); err != nil {
			t.Fatal(err)
		}
		if n, color, _ := board.Count(); n != max(0, tt.free) || color != tt.want {
			t.Errorf("board shows %d in %s, want %d in %s", n, color, tt.free, tt.want)
		}
	}
}

func TestAnAA55CardGoesBackToItsOwnTextAndNumbersItsFrames(t *testing.T) {
	camera := &keeper{}
	panel := panelBehind(t, camera, display.HuaxiaOptions{Lines: 2, Voice: true, Phrases: map[string]byte{"点": 0x2E, "谢谢": 0}})
	show := func(s drivers.Screen) {
		if err := panel.Show(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	show(drivers.Screen{Lines: []drivers.Line{{Text: "粤B12345"}}, Voice: "请缴费1.5元,谢谢"})
	show(drivers.Screen{})
	if len(camera.frames) != 4 {
		t.Fatalf("%d frames, want two lines, a voice and one that takes them off", len(camera.frames))
	}
	for i, f := range camera.frames {
		if int(f[2]) != i+1 {
			t.Errorf("frame %d has number %d, want each its own", i+1, f[2])
		}
	}
	if voice := camera.frames[2]; string(voice[8:len(voice)-3]) != "\x0B1.5\x2D" {
		t.Errorf("voice = % X, want the words of the options", voice)
	}
	if off := camera.frames[3]; off[5] != 0x21 || off[8] != 0x03 {
		t.Errorf("last frame = % X, want both lines cancelled", off)
	}
}

// A keeper is a camera that keeps all frames.
type keeper struct {
	frames [][]byte
	called []string // "carry" or "stand", and how many frames
}

func (k *keeper) Carry(_ context.Context, frames [][]byte) error { return k.keep("carry", frames) }

func (k *keeper) Stand(_ context.Context, frames [][]byte) error { return k.keep("stand", frames) }

func (k *keeper) keep(how string, frames [][]byte) error {
	k.frames = append(k.frames, frames...)
	k.called = append(k.called, fmt.Sprint(how, " ", len(frames)))
	return nil
}

func TestAPanelThatHasNothingToShowIsReachedAllTheSame(t *testing.T) {
	for name, opt := range map[string]display.Options{"a voice chip": display.SpeechOptions{}, "a count board": display.CountOptions{}} {
		screen := drivers.Screen{Lines: []drivers.Line{{Text: "一路平安"}}}
		if err := panelOn(t, lostPort{}, opt).Show(t.Context(), screen); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("%s without its line: Show = %v, want ErrOffline: it would be taken for well again", name, err)
		}
	}
	lost := quiet{feed: feed{led.NewCount()}, err: drivers.ErrOffline}
	if err := panelBehind(t, lost, display.CountOptions{}).Show(t.Context(), drivers.Screen{}); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("behind a camera that is not heard: Show = %v, want ErrOffline", err)
	}
}

func TestWhatACameraMayAskForLate(t *testing.T) {
	free := 7
	line := []drivers.Line{{Text: "空位 7"}}
	tests := []struct {
		name   string
		opt    display.Options
		screen drivers.Screen
		want   []string
	}{
		{"a text that stands", display.FangkongOptions{}, drivers.Screen{Lines: line}, []string{"stand 2"}},
		{"not one that speaks", display.FangkongOptions{}, drivers.Screen{Lines: line, Voice: "欢迎"}, []string{"carry 2"}},
		{"nor one whose time is counted", display.FangkongOptions{}, drivers.Screen{Lines: line, For: time.Second}, []string{"carry 2"}},
		{"a number, whatever is said with it", display.CountOptions{}, drivers.Screen{Free: &free, Voice: "欢迎"}, []string{"stand 1"}},
		{"the last number, where no other is known", display.CountOptions{}, drivers.Screen{Lines: line}, nil},
		{"no voice", display.SpeechOptions{}, drivers.Screen{Voice: "欢迎"}, []string{"carry 1"}},
		{"nor the last one, once a text says nothing", display.SpeechOptions{}, drivers.Screen{Lines: line}, []string{"carry 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			camera := &keeper{}
			if err := panelBehind(t, camera, tt.opt).Show(t.Context(), tt.screen); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, camera.called); diff != "" {
				t.Errorf("the camera is given (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnOnbonCardKeepsATextForItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := led.NewOnbon(1, 64, 32, 1, 2)
		panel := panelOn(t, memoryPort(t, board), display.OnbonOptions{Ack: true, Colors: true})
		err := panel.Show(t.Context(), drivers.Screen{Lines: []drivers.Line{{Text: "请通行", Color: drivers.Green}}, For: 1500 * time.Millisecond, Voice: "请通行"})
		if err != nil {
			t.Fatal(err)
		}
		if got := board.Lines()[0]; got != "请通行" || board.Color(0) != "green" {
			t.Errorf("line 1 = %q in %s, want it in green", got, board.Color(0))
		}
		if got := board.Spoken(); len(got) != 0 {
			t.Errorf("a card without a voice module spoke %q", got)
		}
		<-time.After(2 * time.Second)
		if got := board.Lines()[0]; got != "" {
			t.Errorf("line 1 = %q after two seconds, want it gone", got)
		}
	})
}

package panel

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parkagent/agent/signs"
	"parkagent/drivers"
)

// board is a display that takes its time, fails when told to, and knows what is up.
type board struct {
	mu     sync.Mutex
	takes  time.Duration
	fail   error
	busy   bool
	up     string
	voices []string
	odd    string // what must not happen and did
}

func (b *board) Show(ctx context.Context, s drivers.Screen) error {
	b.mu.Lock()
	if b.busy {
		b.odd = "two calls at once"
	}
	b.busy = true
	takes, fail := b.takes, b.fail
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.busy = false
	}()
	t := time.NewTimer(takes)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if fail != nil {
		return fail
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.up = s.Lines[0].Text
	if s.Voice != "" {
		b.voices = append(b.voices, s.Voice)
	}
	return nil
}

// Whatever is put when, at whatever speed the display works and however it fails: in
// the end the last text is up, no text is spoken twice, none is spoken after a later
// one, and putting takes no time.
func TestTheLatestTextIsWhatIsUpInTheEnd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type put struct{ wait, takes, fails int }
		puts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) put {
			return put{rapid.IntRange(0, 4000).Draw(t, "wait"), rapid.IntRange(0, 4000).Draw(t, "takes"), rapid.IntRange(0, 3).Draw(t, "fails")}
		}), 1, 20).Draw(rt, "puts")
		var wrong string
		synctest.Test(t, func(*testing.T) {
			b := &board{}
			p := New(b)
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Go(func() { _ = p.Run(ctx) }) // it returns nil
			for i, q := range puts {
				<-time.After(time.Duration(q.wait) * time.Millisecond)
				b.mu.Lock()
				b.takes, b.fail = time.Duration(q.takes)*time.Millisecond, nil
				if q.fails == 0 {
					b.fail = errors.New("dark")
				}
				b.mu.Unlock()
				before := time.Now()
				p.Put(signs.Page{Screen: drivers.Screen{Lines: []drivers.Line{{Text: fmt.Sprint(i)}}, Voice: fmt.Sprintf("%02d", i)}})
				if time.Since(before) > 0 {
					wrong = "putting took time"
				}
			}
			b.mu.Lock()
			b.fail = nil
			b.mu.Unlock()
			<-time.After(ShowAgain + 10*time.Second)
			cancel()
			wg.Wait()
			if want := fmt.Sprint(len(puts) - 1); b.up != want {
				wrong = fmt.Sprintf("up is %q, want %q", b.up, want)
			}
			for i := 1; i < len(b.voices); i++ {
				if b.voices[i] <= b.voices[i-1] {
					wrong = fmt.Sprintf("spoken: %v", b.voices)
				}
			}
			if b.odd != "" {
				wrong = b.odd
			}
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// running runs a panel of d until the end of the test.
func running(t *testing.T, d Display) *Panel {
	p := New(d)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = p.Run(ctx) }) // it returns nil
	t.Cleanup(func() { cancel(); wg.Wait() })
	return p
}

// logBoard is a display that notes what it is shown, and when.
type logBoard struct {
	mu    sync.Mutex
	start time.Time
	fail  error
	log   []string
}

func (b *logBoard) Show(_ context.Context, s drivers.Screen) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = append(b.log, fmt.Sprintf("%v %s/%s %v", time.Since(b.start), s.Lines[0].Text, s.Voice, s.For))
	return b.fail
}

func (b *logBoard) set(fail error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = fail
}

func TestAStandingTextIsPutUpAgainForABoardThatLostItsPower(t *testing.T) {
	page := signs.Page{Screen: drivers.Screen{Lines: []drivers.Line{{Text: "x"}}, Voice: "v"}}
	timed := page
	timed.Screen.For = 75 * time.Second
	turns := page
	turns.Stands = 100 * time.Second
	tests := []struct {
		name  string
		pages []signs.Page
		fails time.Duration // for how long from the start on
		want  []string
	}{
		{"one that stands, every minute and without its voice", []signs.Page{page}, 0, []string{"0s x/v 0s", "1m0s x/ 0s", "2m0s x/ 0s", "3m0s x/ 0s"}},
		{"one whose time is counted, for the rest of it", []signs.Page{timed}, 0, []string{"0s x/v 1m15s", "1m0s x/ 15s"}},
		{"and not when that is over, though it failed", []signs.Page{timed}, 74 * time.Second, []string{
			"0s x/v 1m15s", "10s x/ 1m5s", "20s x/ 55s", "30s x/ 45s", "40s x/ 35s", "50s x/ 25s", "1m0s x/ 15s", "1m10s x/ 5s",
		}},
		{"pages when it is their turn", []signs.Page{turns, turns}, 0, []string{"0s x/v 0s", "1m40s x/ 0s"}},
		{"no page", nil, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &logBoard{start: time.Now()}
				if tt.fails > 0 {
					b.set(errors.New("dark"))
				}
				p := running(t, b)
				<-p.Put(tt.pages...)
				<-time.After(tt.fails)
				b.set(nil)
				<-time.After(3*time.Minute + 10*time.Second - tt.fails)
				synctest.Wait()
				b.mu.Lock()
				defer b.mu.Unlock()
				if diff := cmp.Diff(tt.want, b.log); diff != "" {
					t.Errorf("shown (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// checkedBoard is a board that can be asked.
type checkedBoard struct {
	board
	asked int
	dead  error
}

func (b *checkedBoard) Check(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	return b.dead
}

func TestADisplayIsAskedBetweenTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &checkedBoard{dead: errors.New("dark")}
		p := running(t, b)
		<-time.After(CheckFirst + time.Second)
		synctest.Wait()
		select {
		case err := <-p.Reports():
			if !errors.Is(err, b.dead) {
				t.Errorf("reported %v", err)
			}
		default:
			t.Error("nothing is reported of a display that was asked before its first text")
		}
		b.mu.Lock()
		b.dead = nil
		b.asked = 0
		b.mu.Unlock()
		<-p.Put(signs.Page{Screen: drivers.Screen{Lines: []drivers.Line{{Text: "x"}}}})
		<-time.After(4*CheckEvery + time.Second)
		synctest.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.asked != 4 {
			t.Errorf("asked %d times, want every %v", b.asked, CheckEvery)
		}
	})
}

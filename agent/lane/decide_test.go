package lane

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/drivers"
)

var t0 = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

const dedupe = 30 * time.Second

// step is one event at a time after t0, and what the lane is to do about it.
type step struct {
	after time.Duration
	event event
	want  string // the commands, as words writes them
}

func see(plate string) recognised { return recognised{rec: drivers.Recognition{Plate: plate}} }

func open(plate, session string, why access.Reason) ruled {
	return ruled{v: access.Verdict{Open: true, Reason: why, Plate: plate, Session: session}}
}

func due(plate, session string, fen int64) ruled {
	return ruled{v: access.Verdict{Reason: access.ReasonDue, Plate: plate, Session: session, Payable: fen, Stay: time.Hour}}
}

func shut(plate string, why access.Reason) ruled {
	return ruled{v: access.Verdict{Reason: why, Plate: plate}}
}

// words writes commands so that a table can be read.
func words(cmds []command) string {
	var out []string
	for _, c := range cmds {
		switch c := c.(type) {
		case rule:
			out = append(out, "rule "+c.rec.Plate)
		case recheck:
			out = append(out, "recheck "+c.session)
		case stand:
			out = append(out, "stand "+c.session)
		case inquire:
			out = append(out, "inquire "+c.session)
		case lookArm:
			out = append(out, "look at the arm for "+c.rec.Plate)
		case look:
			out = append(out, "look "+c.scan.CardNo)
		case ruleScan:
			out = append(out, "rule scan "+c.scan.CardNo)
		case answer:
			out = append(out, fmt.Sprintf("%s %v", map[bool]string{true: "answer again", false: "answer"}[c.again], c.err))
		case raise:
			out = append(out, map[bool]string{true: "raise again", false: "raise"}[c.again])
		case confirm:
			out = append(out, "confirm "+c.session)
		case turnBack:
			out = append(out, "turn back "+c.session+": "+c.why)
		case noteOdd:
			out = append(out, strings.TrimSpace(fmt.Sprintf("odd %s %s %s", c.fact.Event, c.fact.Session, c.fact.Plate)))
		case letPass:
			out = append(out, "let pass "+c.plate)
		case latch:
			out = append(out, "latch")
		case show:
			out = append(out, fmt.Sprintf("show %d", c.text.say))
		case record:
			out = append(out, "record "+string(c.reason))
		case report:
			out = append(out, "report "+c.device)
		case operate:
			out = append(out, "operate "+string(c.cmd.Op))
		default:
			out = append(out, fmt.Sprintf("unknown %T", c))
		}
	}
	return strings.Join(out, ", ")
}

// A script is what happens at a lane, one thing after another.
type script struct {
	name  string
	start state
	still time.Duration // 0: that of an exit
	steps []step
}

// play puts each event of a script to decide, with what it may wait for.
func (x script) play(t *testing.T) {
	t.Run(x.name, func(t *testing.T) {
		s := x.start
		p := patience{dedupe: dedupe, ask: 5 * time.Second, still: access.StillFor}
		if x.still != 0 {
			p.still = x.still
		}
		for i, st := range x.steps {
			var cmds []command
			s, cmds = decide(s, st.event, t0.Add(st.after), p)
			if diff := cmp.Diff(st.want, words(cmds)); diff != "" {
				t.Fatalf("step %d (%T at %v): commands (-want +got):\n%s", i, st.event, st.after, diff)
			}
		}
	})
}

// TestDecide is the lane's specification.
func TestDecide(t *testing.T) {
	failed := errors.New("no answer")
	tests := []script{
		{
			name: "a car that may enter: the gate first, then the books, then the welcome",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, open("粤B12345", "s1", access.ReasonTemporary), "raise"},
				{0, raised{}, "confirm s1, show 1"},
				{0, confirmed{}, ""},
				{15 * time.Second, tick{}, "show 0"},
				{16 * time.Second, tick{}, ""},
			},
		},
		{
			name: "the same plate again, however it is written, is the same event",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, open("粤B12345", "s1", access.ReasonTemporary), "raise"},
				{0, raised{}, "confirm s1, show 1"},
				{0, confirmed{}, ""},
				{5 * time.Second, see("粤B·12345"), ""},
				{25 * time.Second, see("粤b12345"), ""},
				{50 * time.Second, see("粤B12345"), ""},
			},
		},
		{
			name: "a plate after the time of de-duplication is a new event",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, open("粤B12345", "s1", access.ReasonTemporary), "raise"},
				{0, raised{}, "confirm s1, show 1"},
				{0, confirmed{}, ""},
				{31 * time.Second, see("粤B12345"), "rule 粤B12345"},
			},
		},
		{
			name: "a refused car that waits in view is asked about again",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, shut("粤B12345", access.ReasonFull), "show 3"},
				{20 * time.Second, see("粤B12345"), ""},
				{31 * time.Second, see("粤B12345"), "rule 粤B12345"},
			},
		},
		{
			name: "a car with money due waits, and is let out at once when it is paid",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, due("粤B12345", "s1", 1200), "show 4"},
				{40 * time.Second, paid{session: "other"}, ""},
				{60 * time.Second, paid{session: "s1"}, "recheck s1"},
				{60 * time.Second, ruled{v: access.Verdict{Open: true, Reason: access.ReasonPaid, Plate: "粤B12345", Session: "s1", Stay: time.Hour}}, "raise"},
				{60 * time.Second, raised{}, "confirm s1, show 2"},
				{60 * time.Second, confirmed{}, ""},
			},
		},
		{
			name: "a car that has paid and whose gate fails is told that it has paid",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, open("粤B12345", "s1", access.ReasonPaid), "raise"},
				{0, raised{err: failed}, "show 10"},
			},
		},
		{
			name: "a payment that leaves a rest shows the rest and opens nothing",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, due("粤B12345", "s1", 1200), "show 4"},
				{9 * time.Second, paid{session: "s1"}, "recheck s1"},
				{9 * time.Second, due("粤B12345", "s1", 200), "show 4"},
			},
		},
		{
			name: "a payment for a car that has driven off opens nothing",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, due("粤B12345", "s1", 1200), "show 4"},
				{31 * time.Minute, tick{}, "show 0"},
				{32 * time.Minute, paid{session: "s1"}, "stand s1"},
				{32 * time.Minute, stood{session: "s1"}, ""},
			},
		},
		{
			name: "a driver who needs long to pay is let out all the same",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, due("粤B12345", "s1", 1200), "show 4"},
				{20 * time.Minute, tick{}, ""},
				{20 * time.Minute, paid{session: "s1"}, "recheck s1"},
			},
		},
		{
			name: "a car that needed an operator is let out when its fee was paid",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, ruled{v: access.Verdict{Reason: access.ReasonOperator, Plate: "粤B12345", Session: "s1"}}, "show 7"},
				{time.Minute, paid{session: "s1"}, "recheck s1"},
			},
		},
		{
			name: "a gate that does not follow is asked again, and said once",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, open("粤B12345", "s1", access.ReasonTemporary), "raise"},
				{0, raised{err: failed}, "show 8"},
				{500 * time.Millisecond, tick{}, ""},
				{time.Second, tick{}, "raise again"},
				{time.Second, raised{err: failed}, ""},
				{2 * time.Second, tick{}, ""},
				{3 * time.Second, tick{}, "raise again"},
				{3 * time.Second, raised{}, "confirm s1, show 1"},
			},
		},
		{
			name: "a car that stands before a dead gate and is seen again is tried at once",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, open("粤B12345", "s1", access.ReasonTemporary), "raise"},
				{0, raised{err: failed}, "show 8"},
				{300 * time.Millisecond, see("粤B12345"), "raise again"},
			},
		},
		{
			name: "books that fail after the gate opened are written later, without opening again",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, open("粤B12345", "s1", access.ReasonTemporary), "raise"},
				{0, raised{}, "confirm s1, show 1"},
				{0, confirmed{err: failed}, ""},
				{time.Second, tick{}, "confirm s1"},
				{time.Second, confirmed{}, ""},
				{2 * time.Second, tick{}, ""},
			},
		},
		{
			name: "books that fail before the gate open nothing, and the next recognition counts",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, ruled{v: access.Verdict{Plate: "粤B12345"}, err: failed}, "show 9"},
				{time.Second, see("粤B12345"), "rule 粤B12345"},
			},
		},
		{
			name: "books that fail are asked again for the car that stands there, said once, and not for ever",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, ruled{of: rule{rec: see("粤B12345").rec}, v: access.Verdict{Plate: "粤B12345"}, err: failed}, "show 9"},
				{time.Second, tick{}, ""},
				{5 * time.Second, tick{}, "rule 粤B12345"},
				{6 * time.Second, tick{}, ""},
				{9 * time.Second, ruled{of: rule{rec: see("粤B12345").rec}, err: failed}, ""},
				{14 * time.Second, tick{}, "rule 粤B12345"},
				{14 * time.Second, ruled{of: rule{rec: see("粤B12345").rec}, err: failed}, ""},
				{61 * time.Second, tick{}, "show 0"},
				{70 * time.Second, tick{}, ""},
			},
		},
		{
			name: "a paid car whose books fail is asked about again",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, due("粤B12345", "s1", 1200), "show 4"},
				{time.Minute, paid{session: "s1"}, "recheck s1"},
				{time.Minute, ruled{of: recheck{session: "s1"}, err: failed}, "show 9"},
				{65 * time.Second, tick{}, "recheck s1"},
				{65 * time.Second, open("粤B12345", "s1", access.ReasonPaid), "raise"},
				{65 * time.Second, raised{}, "confirm s1, show 1"},
				{65 * time.Second, confirmed{}, ""},
				{75 * time.Second, tick{}, ""},
			},
		},
		{
			name: "a car that the books could not decide on is forgotten for the next",
			steps: []step{
				{0, see("粤B11111"), "rule 粤B11111"},
				{0, ruled{of: rule{rec: see("粤B11111").rec}, v: access.Verdict{Plate: "粤B11111"}, err: failed}, "show 9"},
				{time.Second, see("粤B22222"), "rule 粤B22222"},
				{time.Second, shut("粤B22222", access.ReasonFull), "show 3"},
				{10 * time.Second, tick{}, ""},
			},
		},
		{
			name: "an event that the camera kept, or an old one, opens nothing",
			steps: []step{
				{0, recognised{rec: drivers.Recognition{Plate: "粤B12345", Offline: true}}, "record late"},
				{0, recognised{rec: drivers.Recognition{Plate: "粤B12345"}, late: true}, "record late"},
				{0, see("粤B12345"), "rule 粤B12345"},
			},
		},
		{
			name:  "a car without a plate is recorded and told so, once",
			steps: []step{{0, see(""), "record no plate, show 6"}, {time.Second, see(""), ""}},
		},
		{
			name:  "a car that is not inside is told so",
			steps: []step{{0, see("粤B12345"), "rule 粤B12345"}, {0, shut("粤B12345", access.ReasonNoSession), "show 5"}},
		},
		{
			name:  "a fee that needs an operator is told so",
			steps: []step{{0, see("粤B12345"), "rule 粤B12345"}, {0, shut("粤B12345", access.ReasonOperator), "show 7"}},
		},
		{
			name: "a blacklisted car is told to call, and asked about again while it waits in view",
			steps: []step{
				{0, see("粤B12345"), "rule 粤B12345"},
				{0, shut("粤B12345", access.ReasonBlacklist), "show 12"},
				{31 * time.Second, see("粤B12345"), "rule 粤B12345"},
			},
		},
		{
			name: "a second car takes the place of one that waits",
			steps: []step{
				{0, see("粤B11111"), "rule 粤B11111"},
				{0, due("粤B11111", "s1", 500), "show 4"},
				{5 * time.Second, see("粤B22222"), "rule 粤B22222"},
				{5 * time.Second, due("粤B22222", "s2", 700), "show 4"},
				{6 * time.Second, paid{session: "s1"}, ""},
				{7 * time.Second, paid{session: "s2"}, "recheck s2"},
			},
		},
		{
			name:  "a command from outside goes to the device whatever stands there",
			steps: []step{{0, commanded{cmd: Command{Op: OpOpen}}, "operate open"}},
		},
		{
			name:  "a hold from before a restart is latched again until the gate follows",
			start: state{held: true},
			steps: []step{
				{0, tick{}, "latch"}, {0, latched{err: failed}, ""},
				{time.Second, tick{}, "latch"}, {time.Second, latched{}, ""},
				{2 * time.Second, tick{}, ""}, {3 * time.Second, held{on: false}, ""}, {4 * time.Second, tick{}, ""},
			},
		},
		{
			name: "free places are shown when they change, but not over a text about a car",
			steps: []step{
				{0, spaces{free: 5}, "show 0"}, {0, spaces{free: 5}, ""},
				{0, see(""), "record no plate, show 6"}, {time.Second, spaces{free: 4}, ""}, {15 * time.Second, tick{}, "show 0"},
			},
		},
		{
			name:  "a camera's state is reported",
			steps: []step{{0, checked{device: "C1", err: failed}, "report C1"}},
		},
	}
	for _, tt := range tests {
		tt.play(t)
	}
}

func TestAClockThatWasSetDoesNotMakeEveryCarLate(t *testing.T) {
	k := skew{late: 5 * time.Minute}
	live := func(after, age time.Duration) drivers.Recognition {
		r := t0.Add(after)
		return drivers.Recognition{At: r.Add(-age), Received: r}
	}
	steps := []struct {
		name  string
		event drivers.Recognition
		want  bool
	}{
		{"a camera that is 12 minutes slow looks like one that kept its event", live(0, 12*time.Minute), true},
		{"the same event again proves nothing", drivers.Recognition{At: t0.Add(-12 * time.Minute), Received: t0.Add(20 * time.Second)}, true},
		{"kept events come closer together than they happened", drivers.Recognition{At: t0.Add(-10 * time.Minute), Received: t0.Add(21 * time.Second)}, true},
		{"and again", live(30*time.Second, 12*time.Minute), true},
		{"but one after the other at the same age is a slow clock", live(60*time.Second, 12*time.Minute+time.Second), false},
		{"which is known from now on", live(61*time.Second, 12*time.Minute), false},
		{"our clock is set two days forward", live(48*time.Hour, 48*time.Hour), true},
		{"which is seen at the next car", live(48*time.Hour+time.Minute, 48*time.Hour), false},
	}
	for _, st := range steps {
		if got := k.isLate(st.event, st.event.Received); got != st.want {
			t.Errorf("%s: late = %v, want %v", st.name, got, st.want)
		}
	}
}

func TestOurOwnClockThatWasSetMakesNoCarLate(t *testing.T) {
	k, now := skew{late: 5 * time.Minute}, time.Now()
	const slow = 47 * time.Minute // is our clock, until the network sets it
	if k.isLate(drivers.Recognition{At: t0, Received: t0.Add(time.Second - slow)}, now) {
		t.Error("a car before our clock was set is late")
	}
	if k.isLate(drivers.Recognition{At: t0.Add(time.Minute), Received: t0.Add(time.Minute + time.Second)}, now.Add(time.Minute)) {
		t.Error("the first car after our clock was set is late")
	}
}

func TestSkew(t *testing.T) {
	at := func(age time.Duration) drivers.Recognition {
		return drivers.Recognition{At: t0.Add(-age), Received: t0}
	}
	tests := []struct {
		name string
		ages []time.Duration
		want []bool
	}{
		{"a camera with the right time", []time.Duration{time.Second, 2 * time.Second, 6 * time.Minute, time.Second}, []bool{false, false, true, false}},
		{"a camera eight hours off is believed, its stored events are not", []time.Duration{8 * time.Hour, 8*time.Hour + time.Second, 8*time.Hour + 10*time.Minute}, []bool{false, false, true}},
		{"a camera that woke up in 1970 is believed", []time.Duration{time.Second, 56 * 365 * 24 * time.Hour, 56 * 365 * 24 * time.Hour}, []bool{false, false, false}},
		{"a stored event right after a start", []time.Duration{47 * time.Minute, time.Second, 47 * time.Minute}, []bool{true, false, true}},
		{"a camera ahead of us", []time.Duration{-3 * time.Minute, -3 * time.Minute, 3 * time.Minute}, []bool{false, false, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := skew{late: 5 * time.Minute}
			for i, age := range tt.ages {
				if got := k.isLate(at(age), t0); got != tt.want[i] {
					t.Errorf("event %d of age %v: late = %v, want %v", i, age, got, tt.want[i])
				}
			}
		})
	}
}

package lane

import (
	"errors"
	"testing"
	"time"

	"parkagent/agent/access"
	"parkagent/drivers"
)

// The inputs of a lane with a loop below the arm, and one behind it.
var (
	nobody  = sensed{presence: drivers.PresenceClear, passage: drivers.PresenceClear, arm: drivers.ArmUp}
	before  = sensed{presence: drivers.PresenceOccupied, passage: drivers.PresenceClear, arm: drivers.ArmUp}
	between = sensed{presence: drivers.PresenceOccupied, passage: drivers.PresenceOccupied, arm: drivers.ArmUp}
	behind  = sensed{presence: drivers.PresenceClear, passage: drivers.PresenceOccupied, arm: drivers.ArmUp}
	down    = sensed{presence: drivers.PresenceClear, passage: drivers.PresenceClear, arm: drivers.ArmDown}
	waits   = sensed{presence: drivers.PresenceOccupied, passage: drivers.PresenceClear, arm: drivers.ArmDown}
	intrude = sensed{presence: drivers.PresenceClear, passage: drivers.PresenceOccupied, arm: drivers.ArmDown}
	blind   = sensed{failed: true}
)

// only is the inputs of a lane that has none but that behind the arm.
func only(passage drivers.Presence) sensed {
	return sensed{presence: drivers.PresenceNotFitted, passage: passage}
}

const second = time.Second

// opened1 is the gate open for a car at the time 0, and not passed yet.
func opened1(why access.Reason, rest ...step) []step {
	return append([]step{
		{0, down, ""},
		{0, waits, ""},
		{0, see("粤B11111"), "rule 粤B11111"},
		{0, open("粤B11111", "s1", why), "raise"},
		{0, raised{}, "show 1"},
	}, rest...)
}

// TestDecidePassage is the specification of a lane with a passage input.
func TestDecidePassage(t *testing.T) {
	failed := errors.New("no answer")
	tests := []script{
		{
			name: "the stay begins when the car has passed, not when the gate answers",
			steps: opened1(access.ReasonTemporary,
				step{1 * second, before, ""}, step{2 * second, between, ""}, step{3 * second, behind, ""},
				step{4 * second, nobody, "confirm s1"}, step{4 * second, confirmed{}, ""}, step{15 * second, tick{}, "show 0"}),
		},
		{
			name: "books that fail take the passage later",
			steps: opened1(access.ReasonTemporary,
				step{2 * second, between, ""}, step{4 * second, nobody, "confirm s1"}, step{4 * second, confirmed{err: failed}, ""},
				step{5 * second, tick{}, "confirm s1"}, step{5 * second, confirmed{}, ""}, step{6 * second, tick{}, ""}),
		},
		{
			name: "a car that backs out has turned back, and is asked about again when it comes again",
			steps: opened1(access.ReasonTemporary,
				step{1 * second, before, ""}, step{2 * second, nobody, ""}, step{11 * second, nobody, ""},
				step{12 * second, nobody, "turn back s1: it backed out"}, step{12 * second, confirmed{}, ""},
				step{12 * second, tick{}, "show 0"}, step{20 * second, see("粤B11111"), "rule 粤B11111"}),
		},
		{
			name: "one that rolls forward again in time has not",
			steps: opened1(access.ReasonTemporary,
				step{1 * second, before, ""}, step{2 * second, nobody, ""}, step{9 * second, before, ""}, step{15 * second, behind, ""},
				step{16 * second, nobody, "confirm s1"}),
		},
		{
			name: "books that fail take the turning back later",
			steps: opened1(access.ReasonTemporary,
				step{1 * second, before, ""}, step{2 * second, nobody, ""}, step{12 * second, nobody, "turn back s1: it backed out"},
				step{12 * second, confirmed{err: failed}, ""}, step{13 * second, tick{}, "turn back s1: it backed out, show 0"}, step{13 * second, confirmed{}, ""}),
		},
		{
			name: "a passage that never comes is waited for a minute",
			steps: []step{
				{0, only(drivers.PresenceClear), ""}, {0, see("粤B11111"), "rule 粤B11111"},
				{0, open("粤B11111", "s1", access.ReasonTemporary), "raise"}, {0, raised{}, "show 1"},
				{15 * second, tick{}, "show 0"}, {59 * second, tick{}, ""},
				{60 * second, tick{}, "turn back s1: nothing was seen to drive through, show 0"},
			},
		},
		{
			name: "and longer while the car is seen to stand there, but not for ever",
			steps: opened1(access.ReasonTemporary,
				step{5 * time.Minute, before, ""}, step{5*time.Minute + 59*second, tick{}, "show 0"},
				step{10 * time.Minute, before, "turn back s1: nothing was seen to drive through"}),
		},
		{
			name: "inputs that could not be read may have missed it, and no stay is lost",
			steps: opened1(access.ReasonTemporary,
				step{1 * second, before, ""}, step{2 * second, blind, ""}, step{4 * second, nobody, ""}, step{14 * second, nobody, "confirm s1"}),
		},
		{
			name: "the second car is decided on when the first has passed",
			steps: opened1(access.ReasonTemporary,
				step{1 * second, before, ""}, step{2 * second, see("京A22222"), ""}, step{3 * second, see("京A22222"), ""},
				step{3 * second, behind, ""}, step{4 * second, nobody, "confirm s1"}, step{4 * second, confirmed{}, "rule 京A22222"},
				step{4 * second, open("京A22222", "s2", access.ReasonTemporary), "raise"}, step{4 * second, raised{}, "show 1"},
				step{5 * second, behind, ""}, step{6 * second, nobody, "confirm s2"}, step{6 * second, confirmed{}, ""}),
		},
		{
			name: "and a third after it",
			steps: opened1(access.ReasonTemporary,
				step{2 * second, see("京A22222"), ""}, step{2 * second, see("沪C33333"), ""}, step{3 * second, behind, ""},
				step{4 * second, nobody, "confirm s1"}, step{4 * second, confirmed{}, "rule 京A22222"},
				step{4 * second, due("京A22222", "s2", 500), "show 4"}, step{50 * second, paid{session: "s2"}, "recheck s2"},
				step{50 * second, open("京A22222", "s2", access.ReasonPaid), "raise"}, step{50 * second, raised{}, "show 1"},
				step{51 * second, behind, ""}, step{52 * second, nobody, "confirm s2"}, step{52 * second, confirmed{}, "rule 沪C33333"}),
		},
		{
			name: "but one that is seen now comes before one that was seen then",
			steps: opened1(access.ReasonTemporary,
				step{2 * second, see("京A22222"), ""}, step{2 * second, see("沪C33333"), ""}, step{3 * second, behind, ""},
				step{4 * second, nobody, "confirm s1"}, step{4 * second, confirmed{}, "rule 京A22222"},
				step{4 * second, due("京A22222", "s2", 500), "show 4"}, step{9 * second, see("沪C33333"), "rule 沪C33333"}),
		},
		{
			name: "the second car is decided on although the first was never seen to pass",
			steps: opened1(access.ReasonTemporary,
				step{1 * second, nobody, ""}, step{2 * second, before, ""}, step{2 * second, see("京A22222"), ""}, step{31 * second, tick{}, "show 0"},
				step{32 * second, tick{}, "turn back s1: nothing was seen to drive through, show 0"}, step{32 * second, confirmed{}, "rule 京A22222"}),
		},
		{
			name: "but not while the first stands below the arm and waits for the street",
			steps: opened1(access.ReasonPaid,
				step{1 * second, before, ""}, step{2 * second, see("京A22222"), ""}, step{15 * second, tick{}, "show 0"}, step{32 * second, before, ""},
				step{3 * time.Minute, before, ""}, step{181 * second, behind, ""},
				step{182 * second, nobody, "confirm s1"}, step{182 * second, confirmed{}, "rule 京A22222"}),
		},
		{
			name: "a car that follows bumper to bumper one that stands behind the arm has passed with it",
			steps: []step{
				{0, between, ""}, {0, see("粤B11111"), "rule 粤B11111"}, {0, open("粤B11111", "s1", access.ReasonPaid), "raise"}, {0, raised{}, "show 1"},
				{second, behind, ""}, {5 * second, nobody, "confirm s1"}, {5 * second, confirmed{}, ""},
			},
		},
		{
			name: "also where the street takes long",
			steps: []step{
				{0, between, ""}, {0, see("粤B11111"), "rule 粤B11111"}, {0, open("粤B11111", "s1", access.ReasonPaid), "raise"}, {0, raised{}, "show 1"},
				{second, behind, ""}, {11 * second, behind, "confirm s1"}, {11 * second, confirmed{}, ""},
			},
		},
		{
			name: "one that backs out after that car has gone has turned back",
			steps: []step{
				{0, between, ""}, {0, see("粤B11111"), "rule 粤B11111"}, {0, open("粤B11111", "s1", access.ReasonPaid), "raise"}, {0, raised{}, "show 1"},
				{second, before, ""}, {2 * second, nobody, ""}, {12 * second, nobody, "turn back s1: it backed out"},
			},
		},
		{
			name: "behind an arm that it has passed, a car of the same fleet is another one",
			steps: opened1(access.ReasonTemporary,
				step{2 * second, between, ""}, step{2 * second, see("粤B11136"), ""}, step{3 * second, nobody, "confirm s1"},
				step{3 * second, confirmed{}, "rule 粤B11136"}),
		},
		{
			name: "a misread car that backs out is asked about again when it comes again",
			steps: opened1(access.ReasonPaid,
				step{0, ruled{of: rule{}, v: access.Verdict{Open: true, Reason: access.ReasonPending, Plate: "粤BL1111", Session: "s1"}, asked: access.Approach{Plate: "粤B11111"}}, "raise"},
				step{0, raised{}, "show 1"}, step{1 * second, nobody, ""}, step{11 * second, nobody, "turn back s1: it backed out"}, step{11 * second, confirmed{}, ""},
				step{15 * second, see("粤B11111"), "rule 粤B11111"}),
		},
		{
			name:  "at a gate that is held open no car waits for its turn",
			start: state{held: true, latched: true},
			steps: []step{
				{0, nobody, ""}, {0, see("粤B11111"), "rule 粤B11111"}, {0, open("粤B11111", "s1", access.ReasonHold), "raise"}, {0, raised{}, "confirm s1, show 1"}, {0, confirmed{}, ""},
				{second, see("京A22222"), "rule 京A22222"}, {second, open("京A22222", "s2", access.ReasonHold), "raise"}, {second, raised{}, "confirm s2, show 1"}, {second, confirmed{}, ""},
				{2 * second, behind, ""}, {3 * second, nobody, ""}, {5 * second, behind, ""}, {6 * second, nobody, ""}, {8 * second, behind, "odd held"},
			},
		},
		{
			name:  "a car that was let through on the gate's answer is no odd one",
			start: state{sense: senses{missed: missedMost}},
			steps: []step{
				{0, down, ""}, {0, see("粤B11111"), "rule 粤B11111"}, {0, open("粤B11111", "s1", access.ReasonPaid), "raise"}, {0, raised{}, "confirm s1, show 1"}, {0, confirmed{}, ""},
				{3 * second, behind, ""},
			},
		},
		{
			name: "a car whose front is behind the arm keeps the next one waiting, but not for ever",
			steps: opened1(access.ReasonTemporary,
				step{2 * second, see("京A22222"), ""}, step{3 * second, between, ""}, step{62 * second, between, ""},
				step{63 * second, between, "confirm s1"}, step{63 * second, confirmed{}, "rule 京A22222"}),
		},
		{
			name: "the same car read again, or read otherwise, is no second one",
			steps: opened1(access.ReasonTemporary,
				step{1 * second, before, ""}, step{2 * second, see("粤B11111"), ""}, step{3 * second, see("粤B1111I"), ""}, step{40 * second, see("粤B11111"), ""},
				step{41 * second, behind, ""}, step{42 * second, nobody, "confirm s1"}, step{42 * second, confirmed{}, ""}),
		},
		{
			name: "a car that follows another through the gate is reported",
			steps: opened1(access.ReasonTemporary,
				step{3 * second, behind, ""}, step{4 * second, nobody, "confirm s1"}, step{4 * second, confirmed{}, ""},
				step{6 * second, behind, "odd tailgate"}, step{7 * second, nobody, ""}),
		},
		{
			name: "with the plate of the one that was refused there",
			steps: opened1(access.ReasonPaid,
				step{3 * second, behind, ""}, step{3 * second, see("京A22222"), ""}, step{4 * second, nobody, "confirm s1"},
				step{4 * second, confirmed{}, "rule 京A22222"}, step{4 * second, due("京A22222", "s2", 500), "show 4"},
				step{6 * second, behind, "odd tailgate s2 京A22222"}),
		},
		{
			name: "a trailer is no second car",
			steps: opened1(access.ReasonTemporary,
				step{3 * second, behind, ""}, step{4 * second, nobody, "confirm s1"}, step{4 * second, confirmed{}, ""},
				step{4*second + 500*time.Millisecond, behind, ""}, step{6 * second, nobody, ""}),
		},
		{
			name:  "a car that drives through a shut gate is reported",
			steps: []step{{0, down, ""}, {time.Minute, intrude, "odd unopened"}, {61 * second, down, ""}},
		},
		{
			name:  "an input that is active at the start tells of no car",
			steps: []step{{0, intrude, ""}, {second, down, ""}, {time.Minute, intrude, "odd unopened"}},
		},
		{
			name:  "a gate held open counts the cars that nobody recognised",
			start: state{held: true, latched: true},
			steps: []step{{0, nobody, ""}, {second, behind, "odd held"}, {2 * second, nobody, ""}},
		},
		{
			name: "an opening from outside is for one car",
			steps: []step{
				{0, down, ""}, {0, commanded{cmd: Command{Op: OpOpen}}, "operate open"}, {0, opened{}, ""},
				{5 * second, behind, ""}, {6 * second, nobody, ""}, {8 * second, behind, "odd tailgate"},
			},
		},
		{
			name: "an opening from outside is not for a car an hour later",
			steps: []step{
				{0, down, ""}, {0, opened{}, ""}, {time.Hour, behind, "odd unopened"},
			},
		},
		{
			name: "a car that drives through a gate whose answer was lost has passed",
			steps: []step{
				{0, down, ""}, {0, see("粤B11111"), "rule 粤B11111"}, {0, open("粤B11111", "s1", access.ReasonPaid), "raise"},
				{0, raised{err: failed}, "show 10"}, {500 * time.Millisecond, between, "show 1"}, {2 * second, nobody, "confirm s1"},
			},
		},
		{
			name: "one that drives through below an arm that is down has not been let through",
			steps: []step{
				{0, down, ""}, {0, see("粤B11111"), "rule 粤B11111"}, {0, open("粤B11111", "s1", access.ReasonPaid), "raise"},
				{0, raised{err: failed}, "show 10"}, {500 * time.Millisecond, intrude, "odd unopened s1 粤B11111"},
			},
		},
		{
			name: "a second car does not end the passage of one whose gate's answer was lost",
			steps: []step{
				{0, down, ""}, {0, see("粤B11111"), "rule 粤B11111"}, {0, open("粤B11111", "s1", access.ReasonPaid), "raise"},
				{0, raised{err: failed}, "show 10"}, {500 * time.Millisecond, see("京A22222"), "look at the arm for 京A22222"},
				{500 * time.Millisecond, armed{rec: see("京A22222").rec, up: true}, "show 1"},
				{second, behind, ""}, {2 * second, nobody, "confirm s1"}, {2 * second, confirmed{}, "rule 京A22222"},
			},
		},
		{
			name: "an arm that does not rise is told so again, and said once",
			steps: opened1(access.ReasonPaid,
				step{2 * second, waits, ""}, step{5 * second, waits, "raise again, show 8"}, step{5 * second, raised{}, "show 1"},
				step{10 * second, waits, "raise again"}, step{10 * second, raised{}, "show 1"}, step{11 * second, before, ""},
				step{12 * second, behind, ""}, step{13 * second, nobody, "confirm s1"}),
		},
		{
			name: "an arm that came down before the car drove is raised again while the car stands there",
			steps: opened1(access.ReasonPaid,
				step{2 * second, before, ""}, step{20 * second, waits, "raise again"}, step{20 * second, raised{}, "show 1"}),
		},
		{
			name: "but not for a car that has gone",
			steps: opened1(access.ReasonPaid,
				step{2 * second, before, ""}, step{3 * second, nobody, ""}, step{8 * second, down, ""}, step{13 * second, down, "turn back s1: it backed out"}),
		},
		{
			name: "without a presence input a car that is seen again before an arm that came down is let through",
			steps: []step{
				{0, sensed{presence: drivers.PresenceNotFitted, passage: drivers.PresenceClear, arm: drivers.ArmUp}, ""},
				{0, see("粤B11111"), "rule 粤B11111"}, {0, open("粤B11111", "s1", access.ReasonPaid), "raise"}, {0, raised{}, "show 1"},
				{second, sensed{presence: drivers.PresenceNotFitted, passage: drivers.PresenceClear, arm: drivers.ArmUp}, ""},
				{20 * second, sensed{presence: drivers.PresenceNotFitted, passage: drivers.PresenceClear, arm: drivers.ArmDown}, ""},
				{21 * second, see("粤B11111"), "raise again"},
			},
		},
		{
			name: "after a restart the gate's answer counts, for the car may have passed before",
			steps: []step{
				{0, down, ""},
				{0, ruled{v: access.Verdict{Open: true, Reason: access.ReasonPending, Plate: "粤B11111", Session: "s1", Stay: time.Hour}, resumed: true}, "raise again"},
				{0, raised{}, "confirm s1, show 2"},
			},
		},
		{
			name: "unless it is seen to stand there",
			steps: []step{
				{0, waits, ""},
				{0, ruled{v: access.Verdict{Open: true, Reason: access.ReasonPending, Plate: "粤B11111", Session: "s1", Stay: time.Hour}, resumed: true, stands: true}, "raise again"},
				{0, raised{}, "show 2"}, {2 * second, behind, ""}, {3 * second, nobody, "confirm s1"},
			},
		},
		{
			name: "a clock that is set back loses nothing",
			steps: opened1(access.ReasonTemporary,
				step{-time.Hour, before, ""}, step{-time.Hour + second, behind, ""}, step{-time.Hour + 2*second, nobody, "confirm s1"}),
		},
		{
			name: "the driver of another car without a plate is told to wait",
			steps: opened1(access.ReasonTemporary,
				step{second, scanned{scan: Scan{CardNo: card}}, "answer lane is busy"}),
		},
		{
			name: "an operator's order while a car drives through is about the next one",
			steps: opened1(access.ReasonTemporary,
				step{second, between, ""}, step{second, see("京A22222"), ""}, step{2 * second, ordered{pass: letPass{plate: "京A22222"}}, "confirm s1, let pass 京A22222"},
				step{2 * second, confirmed{}, ""}, step{2 * second, open("京A22222", "s2", access.ReasonReleased), "raise"}, step{2 * second, raised{}, "show 1"},
				step{3 * second, before, ""}, step{4 * second, behind, ""}, step{5 * second, nobody, "confirm s2"}),
		},
		{
			name: "a car that an operator names in place of the one before does not come again after itself",
			steps: opened1(access.ReasonTemporary,
				step{second, before, ""}, step{second, see("京A22222"), ""}, step{second, see("沪C33333"), ""},
				step{2 * second, ordered{pass: letPass{plate: "京A22222"}}, "let pass 京A22222"},
				step{2 * second, open("京A22222", "s2", access.ReasonTemporary), "raise"}, step{2 * second, raised{}, "show 1"},
				step{3 * second, behind, ""}, step{4 * second, nobody, "confirm s2"}, step{4 * second, confirmed{}, "rule 沪C33333"},
				step{4 * second, open("沪C33333", "s3", access.ReasonTemporary), "raise"}, step{4 * second, raised{}, "show 1"},
				step{5 * second, behind, ""}, step{6 * second, nobody, "confirm s3"}, step{6 * second, confirmed{}, ""}),
		},
		{
			name:  "an operator's order is carried out whatever stands there",
			steps: []step{{0, ordered{pass: letPass{plate: "粤B11111"}}, "let pass 粤B11111"}},
		},
		{
			name: "a car that another lane has just decided on changes nothing, and counts when it comes",
			steps: []step{
				{0, see("粤B11111"), "rule 粤B11111"}, {0, due("粤B11111", "s1", 500), "show 4"},
				{second, see("京A22222"), "rule 京A22222"},
				{second, ruled{of: rule{}, v: access.Verdict{Reason: access.ReasonElsewhere}, asked: access.Approach{Plate: "京A22222"}}, ""},
				{2 * second, paid{session: "s1"}, "recheck s1"}, {3 * second, see("京A22222"), "rule 京A22222"},
			},
		},
	}
	for _, tt := range tests {
		tt.play(t)
	}
}

func TestAPassageInputThatFollowsNoCarIsNotBelieved(t *testing.T) {
	s, now := state{}, t0
	step := func(after time.Duration, e event) string {
		var cmds []command
		now = now.Add(after)
		s, cmds = decide(s, e, now, patience{dedupe: dedupe})
		return words(cmds)
	}
	step(0, down)
	for i, no := range []string{"粤B11111", "京A22222", "沪C33333"} {
		step(time.Minute, see(no))
		step(0, open(no, no, access.ReasonTemporary))
		if got := step(0, raised{}); got != "show 1" {
			t.Fatalf("car %d: %q when the gate answers, want its passage waited for", i, got)
		}
		step(passWithin, down)
		step(0, confirmed{})
	}
	if !errors.Is(s.sense.fault(now), errNoPassage) {
		t.Errorf("after three cars that it did not see: %v, want the input at fault", s.sense.fault(now))
	}
	step(time.Minute, see("苏D44444"))
	step(0, open("苏D44444", "s4", access.ReasonTemporary))
	if got := step(0, raised{}); got != "confirm s4, show 1" {
		t.Errorf("the fourth car: %q, want the gate's answer to count", got)
	}
	step(0, confirmed{})
	step(second, behind)
	step(second, nobody)
	if s.sense.fault(now) != nil || !s.sense.works(now) {
		t.Errorf("an input that sees a car is believed again: %v", s.sense.fault(now))
	}
}

func TestAnInputThatIsStuckIsNotBelieved(t *testing.T) {
	x := senses{passage: drivers.PresenceOccupied, since: t0}
	for after, want := range map[time.Duration]bool{stuckAfter: true, stuckAfter + time.Second: false} {
		if got := x.works(t0.Add(after)); got != want {
			t.Errorf("active for %v: believed %v, want %v", after, got, want)
		}
	}
	if (senses{}).works(t0) || (senses{passage: drivers.PresenceNotFitted}).works(t0) {
		t.Error("an input that is not known to be fitted is believed")
	}
}

package lane

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/signs"
)

// owing is a lane at which a car waits for its payment.
func owing(now time.Time) state {
	return state{phase: waiting, since: now, car: access.Verdict{Session: "s", Plate: "粤B12345", Reason: access.ReasonDue, Payable: 700}}
}

func TestNoticesAreShownToWhoWaits(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		before state
		about  string
		notice Notice
		want   []command
		stands time.Duration
	}{
		{"to one who pays", owing(now), "s", NoticePaying, []command{show{text{say: sayPaying, plate: "粤B12345"}}}, time.Minute},
		{"to one whose code was refused", owing(now), "s", NoticePayRefused, []command{show{text{say: sayPayRefused, plate: "粤B12345"}}}, standsFor},
		{"to one who is to wait", owing(now), "s", NoticePayUnknown, []command{show{text{say: sayPayUnknown, plate: "粤B12345"}}}, time.Minute},
		{"without a car it is about none", state{}, "", NoticeCodeUnknown, []command{show{text{say: sayCodeUnknown}}}, standsFor},
		{"what is about no stay is for whoever stands there", owing(now), "", NoticeCodeUnknown, []command{show{text{say: sayCodeUnknown, plate: "粤B12345"}}}, standsFor},
		{"what is about a car that is gone is not for the next one", owing(now), "t", NoticePayRefused, nil, 0},
		{"nor for nobody", state{car: access.Verdict{Session: "s"}}, "s", NoticePayUnknown, nil, 0},
		{"while the gate opens there is more to say", state{phase: raising}, "", NoticeNothingDue, nil, 0},
		{"and while a car passes", state{phase: passing}, "", NoticeNothingDue, nil, 0},
	} {
		after, cmds := decide(tt.before, noticed{session: tt.about, notice: tt.notice}, now, patience{})
		if diff := cmp.Diff(tt.want, cmds, cmp.AllowUnexported(show{}, text{})); diff != "" {
			t.Errorf("%s: commands differ (-want +got):\n%s", tt.name, diff)
		}
		if tt.want != nil && !after.idleAt.Equal(now.Add(tt.stands)) {
			t.Errorf("%s: it stands until %v, want %v", tt.name, after.idleAt, now.Add(tt.stands))
		}
		if after.phase != tt.before.phase || after.car.Session != tt.before.car.Session {
			t.Errorf("%s: a notice has changed what the lane does: %+v", tt.name, after)
		}
	}
}

// What is due is shown again when a notice has stood long enough.
func TestAfterANoticeTheFeeIsShownAgain(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	s, _ := decide(owing(now), noticed{session: "s", notice: NoticePayRefused}, now, patience{})
	if _, cmds := decide(s, tick{}, now.Add(standsFor-time.Second), patience{}); len(cmds) > 0 {
		t.Errorf("too early: %+v", cmds)
	}
	_, cmds := decide(s, tick{}, now.Add(standsFor), patience{})
	want := []command{show{text{say: sayDue, plate: "粤B12345", payable: 700}}}
	if diff := cmp.Diff(want, cmds, cmp.AllowUnexported(show{}, text{})); diff != "" {
		t.Errorf("commands differ (-want +got):\n%s", diff)
	}
}

func TestEveryNoticeHasItsWords(t *testing.T) {
	seen := map[signs.Event]bool{signs.Idle: true}
	for n := NoticePaying; n <= NoticeOperator; n++ {
		e := text{say: n.saying()}.event()
		if seen[e] {
			t.Errorf("notice %d is shown as %q, as another or as nothing", n, e)
		}
		seen[e] = true
	}
}

package lane

import (
	"context"
	"time"
)

// A Notice is what a driver is told who held a code before the scanner of a lane.
type Notice uint8

// The notices.
const (
	NoticePaying      Notice = 1 + iota // a platform charges his payment code
	NoticePayRefused                    // no platform does: he may try another code
	NoticePayUnknown                    // nobody knows whether one does, or another payment is under way: he is to wait
	NoticeNothingDue                    // no car stands there that has to pay
	NoticeCodeUnknown                   // the code is of no car inside, and no payment code
	NoticeOperator                      // what he has to pay needs an operator
)

// payFor is how long a driver who is charged is asked to wait, which includes that he
// enters a password. Whatever comes of it sooner is shown at once.
const payFor = time.Minute

// saying is what is shown for it.
func (n Notice) saying() saying {
	switch n {
	case NoticePaying:
		return sayPaying
	case NoticePayRefused:
		return sayPayRefused
	case NoticePayUnknown:
		return sayPayUnknown
	case NoticeNothingDue:
		return sayNothingDue
	case NoticeOperator:
		return sayOperator
	}
	return sayCodeUnknown
}

// Notice shows a driver what came of his code, and returns when the display was told.
// Then the display goes back to what the car that stands there is to do. While the gate
// opens, that matters more, and nothing else is shown; nor is what is about a stay when
// another car, or none, stands there by now. An empty session is about none.
func (l *Lane) Notice(ctx context.Context, session string, n Notice) error {
	return l.send(ctx, noticed{session: session, notice: n})
}

// noticed is the event of Notice.
type noticed struct {
	session string
	notice  Notice
}

func decideNoticed(s state, e noticed, now time.Time) (state, []command) {
	stands := s.phase == waiting || s.phase == asking
	if e.session != "" && (!stands || s.car.Session != e.session) {
		return s, nil
	}
	t := text{say: e.notice.saying()}
	switch s.phase {
	case raising, confirming, passing:
		return s, nil
	case waiting, asking:
		t.plate = s.car.Plate
	}
	s.idleAt = now.Add(standsFor)
	if e.notice == NoticePaying || e.notice == NoticePayUnknown {
		s.idleAt = now.Add(payFor)
	}
	return s, []command{show{t}}
}

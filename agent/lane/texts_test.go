package lane

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/signs"
	"parkagent/drivers"
)

// saidIn are the texts that the events lead to, one after another.
func saidIn(now time.Time, events ...event) []text {
	var said []text
	var s state
	for _, e := range events {
		var cmds []command
		s, cmds = decide(s, e, now, patience{dedupe: time.Second, ask: time.Second, still: time.Minute})
		for _, c := range cmds {
			if c, ok := c.(show); ok {
				said = append(said, c.text)
			}
		}
	}
	return said
}

// namesOf are the placeholders that have a value in a text.
func namesOf(t *testing.T, l *Lane, x text) []string {
	t.Helper()
	template := signs.Template{Event: x.event()}
	for _, name := range signs.Placeholders() {
		template.Lines = append(template.Lines, "{"+name+"}")
	}
	var known []string
	for i, line := range template.Lines {
		template.Lines = []string{line}
		words, err := signs.New(signs.Config{Park: "P", Name: "N", Texts: []signs.Template{template}})
		if err != nil {
			t.Fatal(err)
		}
		l.signs = words
		if len(l.pages(x)[0].Screen.Lines) > 0 {
			known = append(known, signs.Placeholders()[i])
		}
	}
	return known
}

// What the check of the configuration lets stand in the text of an event is what the
// lane has values for then: all that it has, and nothing that it never has.
func TestTheCheckOfTextsKnowsWhatTheLaneSays(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	until := now.AddDate(0, 1, 0)
	const no, id = "粤B12345", "S1"
	verdicts := []access.Verdict{
		{Open: true, Plate: no, Session: id},
		{Open: true, Plate: no, Session: id, CarType: 2, ValidTo: until},
		{Open: true, Plate: "空123456", Session: id},
		{Open: true, Plate: no, Session: id, Stay: time.Hour},
		{Open: true, Plate: no, Session: id, Stay: time.Hour, Reason: access.ReasonPaid},
		{Open: true, Plate: no, Session: id, Stay: time.Hour, CarType: 2, ValidTo: until},
		{Plate: no, Session: id, Payable: 500, Stay: time.Hour, Reason: access.ReasonDue},
		{Plate: no, Session: id, Payable: 500, Stay: time.Hour, Reason: access.ReasonOperator},
		{Plate: no, Session: id, Stay: time.Hour, Reason: access.ReasonAsking, Ask: true},
		{Plate: no, Reason: access.ReasonNoSession},
		{Plate: no, Reason: access.ReasonCardInside},
	}
	for _, r := range []access.Reason{access.ReasonFull, access.ReasonBlacklist, access.ReasonInside, access.ReasonPassback, access.ReasonQuota, access.ReasonArea} {
		verdicts = append(verdicts, access.Verdict{Plate: no, Session: id, Stay: time.Hour, Reason: r})
	}
	var said []text
	for _, v := range verdicts {
		said = append(said, saidIn(now, ruled{of: rule{}, v: v}, raised{})...)
		said = append(said, saidIn(now, ruled{of: rule{}, v: v}, raised{err: errors.New("stuck")})...)
	}
	due := ruled{of: rule{}, v: verdicts[6]}
	for n := NoticePaying; n <= NoticeOperator; n++ {
		said = append(said, saidIn(now, due, noticed{session: id, notice: n})...)
	}
	said = append(said, saidIn(now, recognised{rec: drivers.Recognition{}})...)
	said = append(said, saidIn(now, ruled{of: rule{}, v: access.Verdict{Plate: no}, err: errors.New("disk full")})...)
	said = append(said, saidIn(now, spaces{free: 3})...)

	l := &Lane{cfg: Config{Now: func() time.Time { return now }}}
	l.state.free = 3
	have := map[signs.Event]map[string]bool{}
	for _, x := range said {
		e := x.event()
		if have[e] == nil {
			have[e] = map[string]bool{}
		}
		for _, name := range namesOf(t, l, x) {
			have[e][name] = true
			if !slices.Contains(e.Placeholders(), name) {
				t.Errorf("{%s} has a value at %s, and the check refuses it", name, e)
			}
		}
	}
	for _, e := range signs.Events() {
		switch {
		case e == signs.Refused: // the texts of others
			continue
		case have[e] == nil:
			t.Errorf("nothing is said at %s", e)
		}
		for _, name := range e.Placeholders() {
			card := slices.Contains([]string{"holder", "days", "left", "until"}, name) && (e == signs.Entry || e == signs.Exit) // of entry_card and exit_card
			if !have[e][name] && !card {
				t.Errorf("{%s} never has a value at %s, and the check lets it stand", name, e)
			}
		}
	}
}

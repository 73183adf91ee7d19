package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"parkagent/drivers/sim"
	"parkagent/protocol"
	"parkagent/protocol/platform"
	"parkagent/store"
)

// view opens the books for looking until the test ends.
func (p *wholePark) view() *store.View {
	p.t.Helper()
	v := must(store.OpenView(context.Background(), filepath.Join(p.dir, "park.db")))(p.t)
	p.t.Cleanup(func() { _ = v.Close() }) // it only looked
	return v
}

// look lets fn look at the books, for those who look often.
func (p *wholePark) look(fn func(v *store.View)) {
	p.t.Helper()
	v := must(store.OpenView(context.Background(), filepath.Join(p.dir, "park.db")))(p.t)
	defer func() { _ = v.Close() }() // it only looked
	fn(v)
}

// journal returns the rows of one kind, oldest first.
func (p *wholePark) journal(kind store.Kind) []store.Entry {
	p.t.Helper()
	var rows []store.Entry
	p.look(func(v *store.View) {
		rows = must(v.After(context.Background(), 0, 1<<20))(p.t)
	})
	return slices.DeleteFunc(rows, func(e store.Entry) bool { return e.Kind != kind })
}

// flowPatience is how long a busy machine may take for what takes a moment.
const flowPatience = 30 * time.Second

// eventually asks again and again until it is so.
func (p *wholePark) eventually(what string, so func() bool) {
	p.t.Helper()
	p.within(flowPatience, what, so)
}

// within is eventually with a patience of its own.
func (p *wholePark) within(limit time.Duration, what string, so func() bool) {
	p.t.Helper()
	for end := time.Now().Add(limit); !so(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			lines := p.log.loud()
			p.t.Fatalf("it did not come true in time that %s; the log ends with\n%s", what, strings.Join(lines[max(0, len(lines)-20):], ""))
		}
	}
}

// gateOf returns the gate of a lane.
func gateOf(lane string) string {
	return map[string]string{"IN1": "G1", "OUT1": "G2", "MIDIN": "G3", "MIDOUT": "G4"}[lane]
}

// drive puts a car before the camera of a lane. The arm that
// rose for the car before has come down; while a car stands there it does not, so
// that a gate whose answer a busy machine has lost is not told to open again.
func (p *wholePark) drive(lane, no string) {
	p.t.Helper()
	gate := gateOf(lane)
	camera := "C" + gate[1:]
	p.site.Board(gate).SetCoil(1, true)
	p.site.Board(gate).SetCoil(1, false)
	p.eventually("the arm of "+lane+" is down", func() bool { return p.site.Barrier(gate).Position() == 0 })
	p.eventually(no+" is seen at "+lane, func() bool {
		return p.site.Camera(camera).See(p.t.Context(), sim.SmallCar(no, p.clock.Now())) == nil
	})
}

// opened counts how often a lane's gate was told to open.
func (p *wholePark) opened(lane string) int {
	n := 0
	for _, e := range p.site.Board(gateOf(lane)).Events() {
		if e.Kind == sim.CoilOn && e.Number == 0 {
			n++
		}
	}
	return n
}

// enter lets a car in, which opens the gate once.
func (p *wholePark) enter(no string) {
	p.t.Helper()
	before := p.opened("IN1")
	p.drive("IN1", no)
	p.inside(no, true)
	if got := p.opened("IN1") - before; got != 1 {
		p.t.Errorf("%s entered: the gate was opened %d times, want once", no, got)
	}
}

// inside waits until a car is inside, or is not.
func (p *wholePark) inside(no string, want bool) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("%s inside: %v", no, want), func() bool {
		cars, err := p.mall.Inside(p.t.Context(), no)
		return err == nil && (len(cars) == 1) == want
	})
}

// leaves waits until a car that stands at the exit is let out, once.
func (p *wholePark) leaves(no string, before int) {
	p.t.Helper()
	p.inside(no, false)
	if got := p.opened("OUT1") - before; got != 1 {
		p.t.Errorf("%s left: the gate was opened %d times, want once", no, got)
	}
}

// leave drives a car to the exit, which lets it out at once.
func (p *wholePark) leave(no string) {
	p.t.Helper()
	before := p.opened("OUT1")
	p.drive("OUT1", no)
	p.leaves(no, before)
}

// shows waits until the lines of a panel hold all of some texts. What was shown of the
// car before stands there until then.
func (p *wholePark) shows(panel string, texts ...string) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("%s shows %q", panel, texts), func() bool {
		lines := strings.Join(p.site.Display(panel).Lines(), "|")
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(lines, text) })
	})
}

// owes waits until the exit tells a car what it owes. The panel is changed line by line:
// only the plate with the stay behind it is not what another text leaves there.
func (p *wholePark) owes(no string) {
	p.t.Helper()
	p.shows("L2", no+" ", "7.00")
}

// later moves the clock on.
func (p *wholePark) later(d time.Duration) { p.clock.Shift(d) }

// setClock sets the clock, which a busy machine may have let run on.
func (p *wholePark) setClock(at time.Time) { p.later(at.Sub(p.clock.Now())) }

// bill asks for the bill of a plate.
func (p *wholePark) bill(no string) protocol.Bill {
	p.t.Helper()
	return must(p.mall.Bill(p.t.Context(), no))(p.t)
}

// errRefusedCall is what a pay machine was answered with.
type errRefusedCall struct {
	status int
	msg    string
}

func (e *errRefusedCall) Error() string { return fmt.Sprintf("%d: %s", e.status, e.msg) }

// kiosk calls the agent as a pay machine does and reads its answer into answer.
func (p *wholePark) kiosk(code, call string, body map[string]any, answer any) error {
	p.t.Helper()
	if body == nil {
		body = map[string]any{}
	}
	text := must(json.Marshal(body))(p.t)
	req := must(http.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://"+p.console.address()+"/kiosk/"+code+"/"+call, bytes.NewReader(text)))(p.t)
	req.Header.Set("Authorization", "Bearer "+flowToken)
	resp, err := (&http.Client{Timeout: 15 * time.Second}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	var envelope struct {
		ResCode int             `json:"resCode"`
		ResMsg  string          `json:"resMsg"`
		Data    json.RawMessage `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&envelope); err != nil {
		return fmt.Errorf("%s of %s: %w", call, code, err)
	}
	if resp.StatusCode != http.StatusOK || envelope.ResCode != 0 {
		return &errRefusedCall{resp.StatusCode, envelope.ResMsg}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(envelope.Data, answer)
}

// reported waits until a platform was told n things of one kind, and returns
// them.
func reported[T any](p *wholePark, name string, n int) []T {
	p.t.Helper()
	list := atLeast[T](p, name, n, flowPatience)
	if len(list) > n {
		p.t.Errorf("%s was told %d of %T, want %d: %+v", name, len(list), *new(T), n, list)
	}
	return list
}

// insist calls again while the lane has no time, as shortly after a start, and
// returns what it is answered then.
func (p *wholePark) insist(call func() error) error {
	p.t.Helper()
	var err error
	p.eventually("the lane has time", func() bool {
		err = call()
		var no *protocol.RefusedError
		return !errors.As(err, &no) || !strings.Contains(no.Reply.Msg, "车道繁忙")
	})
	return err
}

// spoken counts how often a panel has spoken a text.
func (p *wholePark) spoken(panel, text string) int {
	n := 0
	for _, s := range p.site.Display(panel).Spoken() {
		n += strings.Count(s, text)
	}
	return n
}

// atLeast waits until a platform was told n things of one kind. What tells of a
// state has no key, so that it counts again when its answer was lost in time.
func atLeast[T any](p *wholePark, name string, n int, within time.Duration) []T {
	p.t.Helper()
	var list []T
	p.within(within, fmt.Sprintf("%s was told %d of %T", name, n, *new(T)), func() bool {
		list = platform.Messages[T](p.platforms[name].Records())
		return len(list) >= n
	})
	return list
}

// refused fails unless err is a refusal of the car park with that sentence.
func (p *wholePark) refused(err error, sentence string) {
	p.t.Helper()
	var no *protocol.RefusedError
	if !errors.As(err, &no) || !strings.Contains(no.Reply.Msg, sentence) {
		p.t.Errorf("answered %v, want a refusal with %q", err, sentence)
	}
}

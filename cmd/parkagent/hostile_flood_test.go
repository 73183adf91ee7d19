package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parkagent/drivers/sim"
	"parkagent/protocol"
)

// floods are requests that cost the agent most, or lock the address they come
// from.
func (r *runningAgent) floods() []httpCall {
	bill := r.pathOf("GetParkingPaymentInfo")
	guess := http.Header{"User": {demoClientUser}, "Pwd": {"guess"}}
	large := `{"data":"` + strings.Repeat("A", 32*32_000) + `"}` // whole blocks, to be deciphered
	kind, picture := hikPush(sim.HikMultipart, sim.HikFaults{Oversize: true})
	return []httpCall{
		{path: bill, header: guess, body: strings.NewReader(r.sealed(0, `{"plateNo":"A"}`))},
		{path: bill, header: guess, body: strings.NewReader(large)},
		{path: bill, header: clientHeader(), body: strings.NewReader(large)},
		{path: "/api/nothing", body: strings.NewReader(large + large)},
		{path: "/camera/C1/park", header: http.Header{"Content-Type": {kind}}, body: strings.NewReader(picture)},
		{path: "/camera/C3/x", body: strings.NewReader(strings.Repeat(`{"a":`, 100_000))},
	}
}

// TestAFloodOfBrokenRequestsDelaysNoGate is the only thing this process does
// while it runs: it measures.
func TestAFloodOfBrokenRequestsDelaysNoGate(t *testing.T) {
	if raceDetector {
		t.Skip("measures time, which the race detector spoils")
	}
	r := startAgent(t, nil)
	before := r.openings()
	open := func() time.Duration {
		began := time.Now()
		if err := r.phone.Gate(t.Context(), "G1", protocol.GateOpen); err != nil {
			t.Errorf("gate command: %v", err)
		}
		return time.Since(began)
	}
	quiet := open() // what the machine can do at all
	ctx, cancel := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	defer func() { cancel(); flood.Wait() }()
	calls := r.floods()
	for i := range 50 {
		c := calls[i%len(calls)]
		flood.Go(func() {
			for ctx.Err() == nil {
				if err := r.attack(ctx, c); err != nil && ctx.Err() == nil {
					t.Errorf("POST %s: %v", c.path, err)
					return
				}
			}
		})
	}
	r.eventually("the address is locked", func() bool { return strings.Contains(r.log.all(), "too many attempts") })
	for range 2 {
		if took, most := open(), 3*time.Second+20*quiet; took > most {
			t.Errorf("a gate command was answered after %v, want %v at most", took, most)
		}
	}
	cancel()
	flood.Wait()
	if got := r.openings() - before; got != 3 {
		t.Errorf("the gate was opened %d times, want once for each command", got)
	}
	r.stillWorks("粤B00002")
}

// attack sends a call and wants it refused.
func (r *runningAgent) attack(ctx context.Context, c httpCall) error {
	body := *c.body.(*strings.Reader) // a copy: the transport may still read the last one
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+c.path, &body)
	if err != nil {
		return err
	}
	req.Header = c.header.Clone()
	resp, err := (&http.Client{Timeout: time.Minute}).Do(req)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it was read
	if resp.StatusCode == http.StatusOK && !strings.Contains(string(answer), `"resCode":1`) {
		return errors.Join(fmt.Errorf("answered with %.100q", answer), err)
	}
	return err
}

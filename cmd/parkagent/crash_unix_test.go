//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/drivers/sim"
	"parkagent/protocol"
	"parkagent/protocol/platform"
	"parkagent/store"
)

// killed is an agent process that is killed again and again while it works.
type killed struct {
	t      *testing.T
	config string
	log    *os.File // what all of them have logged
}

// A life is one process of the agent.
type life struct {
	cmd     *exec.Cmd
	started chan struct{} // closed when the agent has said so
	ended   chan struct{} // closed when the process is gone
	err     error         // why; to be read after ended
}

func (k *killed) start() (*life, error) {
	l := &life{cmd: exec.Command("parkagent", "run", "--config", k.config), started: make(chan struct{}), ended: make(chan struct{})}
	l.cmd.Stderr = &startWatch{k.log, sync.OnceFunc(func() { close(l.started) })}
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // ends with the process
		l.err = l.cmd.Wait()
		close(l.ended)
	}()
	return l, nil
}

// run keeps the process alive, and kills it at random moments, until ctx is
// done; then it lets it stop by itself. Most lives begin when the agent has
// started, which takes longer than a life on a busy machine; in every fourth it
// may be killed while it starts.
func (k *killed) run(ctx context.Context, random *rand.Rand) (kills int) {
	for ; ; kills++ {
		l, err := k.start()
		if err != nil {
			k.t.Errorf("start the agent: %v", err)
			return kills
		}
		length := time.Duration(400+random.IntN(1600)) * time.Millisecond
		if random.IntN(4) > 0 {
			select {
			case <-l.started:
			case <-l.ended:
			case <-ctx.Done():
			}
		}
		select {
		case <-l.ended:
			k.t.Errorf("the agent ended by itself: %v", l.err)
			return kills
		case <-ctx.Done():
			l.stop(k.t)
			return kills
		case <-time.After(length):
			_ = l.cmd.Process.Kill() // if it is gone, that is as good
			<-l.ended
		}
	}
}

// stop lets the agent end by itself. Until it has started, a signal may come
// before the process listens to any, and kill it.
func (l *life) stop(t *testing.T) {
	select {
	case <-l.started:
	case <-l.ended:
	case <-time.After(time.Minute):
	}
	_ = l.cmd.Process.Signal(os.Interrupt) // if it is gone, l.err tells
	<-l.ended
	if l.err != nil {
		t.Errorf("the agent did not stop well: %v", l.err)
	}
}

// lastOf returns the end of a file, to explain a failure.
func lastOf(f *os.File, most int64) string {
	info, err := f.Stat()
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-most), most))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TestKilledInTheMiddle kills the agent while cars enter, pay and leave. No
// stay and no money may be lost or doubled, and every car gets out.
func TestKilledInTheMiddle(t *testing.T) {
	if testing.Short() {
		t.Skip("kills and starts the agent for about 15 s")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	api := freeAddress(t)
	site, err := sim.OpenSite(ctx, demoSite("http://"+api))
	if err != nil {
		t.Fatal(err)
	}
	told, err := platform.New(platform.Config{User: demoPlatformUser, Password: demoPlatformPassword, Key: demoPlatformKey, ParkCode: demoParkCode})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(told)
	defer server.Close()
	dir := t.TempDir()
	text := demoConfig(api, server.Listener.Addr().String(), site.Address, english)
	// Stays of a second must cost something: a price for each visit.
	text = string(bytes.ReplaceAll([]byte(text), []byte("free = \"30m\"\ncaps = [3000]\n[[tariff.band]]\nblocks = [{ until = \"1h\", price = 450 }, { unit = \"30m\", price = 200 }]\n"), []byte("per_visit = 500\nseconds = \"exact\"\n")))
	path := filepath.Join(dir, "parkagent.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			t.Logf("the end of the agents' log:\n%s", lastOf(log, 20_000))
		}
		_ = log.Close()
	}()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	working, done := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := site.Run(ctx); err != nil {
			t.Errorf("site: %v", err)
		}
	})
	var kills int
	var killer sync.WaitGroup
	defer func() { done(); killer.Wait(); cancel(); wg.Wait() }() // also when a car is stuck
	killer.Go(func() { kills = (&killed{t: t, config: path, log: log}).run(working, random) })

	const cars = 8
	phone := phoneOf(t, api)
	for i := range cars {
		visitWhileKilled(ctx, t, site, phone, fmt.Sprintf("粤B%05d", 10000+i), []string{"C2", "C3"}[i%2])
	}
	if err := told.Wait(ctx, func(s platform.Totals) bool { return s.Entries >= cars && s.Exits >= cars && s.Paid >= cars*500 }); err != nil {
		t.Errorf("the platform was not told everything: %+v", told.Totals())
	}
	done()
	killer.Wait()
	cancel()
	wg.Wait()
	t.Logf("%d cars, %d kills", cars, kills)
	if kills < 3 {
		t.Errorf("the agent was killed %d times, want at least 3", kills)
	}
	if s := told.Totals(); s.Entries != cars || s.Exits != cars || s.Paid != cars*500 || s.Charged != cars*500 {
		t.Errorf("the platform was told %+v, want %d cars that paid 500 each", s, cars)
	}
	checkAfterKills(t, path, cars)
}

// checkAfterKills looks into the books that the killed agents left.
func checkAfterKills(t *testing.T, path string, cars int) {
	t.Helper()
	c, err := config.Load(path, known())
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Options{Path: agent.DatabasePath(c)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	b, err := db.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if b.Sessions[store.Left] != cars || b.Fee != int64(cars)*500 || b.Paid != b.Fee || b.Over != 0 || b.Unpaid != 0 || b.Orphans != 0 || b.Prepaid != 0 || len(b.Mismatches) != 0 {
		t.Errorf("books = %+v, want %d stays of 500, each paid once", b, cars)
	}
	for state, n := range b.Sessions {
		if state != store.Left && n > 0 {
			t.Errorf("%d sessions are in state %d, want all cars gone and no stay doubled", n, state)
		}
	}
	if _, err := db.VerifyChain(t.Context()); err != nil {
		t.Errorf("chain: %v", err)
	}
}

// visitWhileKilled brings one car in, lets it pay at the exit and out, each step
// again and again until it worked, as cameras, phones and drivers do.
func visitWhileKilled(ctx context.Context, t *testing.T, site *sim.Site, phone *platform.CarPark, no, exit string) {
	t.Helper()
	inside := func() (bool, error) {
		list, err := phone.Inside(ctx, no)
		return len(list) > 0, err
	}
	again(ctx, t, no+" enters", func() bool {
		if err := site.Camera("C1").See(ctx, sim.SmallCar(no, time.Now())); err != nil {
			return false
		}
		in, err := inside()
		return err == nil && in
	})
	<-time.After(1100 * time.Millisecond) // it parks: a stay of no second costs nothing
	var order protocol.Bill
	again(ctx, t, no+" is billed at "+exit, func() bool {
		if err := site.Camera(exit).See(ctx, sim.SmallCar(no, time.Now())); err != nil {
			return false
		}
		var err error
		order, err = phone.BillAt(ctx, exit)
		return err == nil && order.PlateNo == no
	})
	again(ctx, t, no+" pays", func() bool { _, err := phone.PayBill(ctx, order); return err == nil })
	again(ctx, t, no+" leaves", func() bool {
		in, err := inside()
		if err == nil && in { // it stands there still, and is seen again
			_ = site.Camera(exit).See(ctx, sim.SmallCar(no, time.Now())) // tried again
		}
		return err == nil && !in
	})
}

// again tries until it works or ctx is done.
func again(ctx context.Context, t *testing.T, what string, try func() bool) {
	t.Helper()
	for !try() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, ctx.Err())
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// phoneOf is a platform's client of the car park.
func phoneOf(t *testing.T, api string) *platform.CarPark {
	t.Helper()
	cipher, err := protocol.NewCipher(demoClientKey)
	if err != nil {
		t.Fatal(err)
	}
	return platform.NewCarPark(&protocol.Client{
		URL: "http://" + api, User: demoClientUser, Password: demoClientPassword, Cipher: cipher,
		HTTP: &http.Client{Timeout: 4 * time.Second},
	}, "")
}

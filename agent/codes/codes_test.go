package codes_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/codes"
	"parkagent/agent/lane"
	"parkagent/agent/tariff"
	"parkagent/agent/uplink"
	"parkagent/drivers"
	"parkagent/protocol"
	"parkagent/store"
)

const (
	ticket = "902603021234567890"
	weChat = "134567890123456789"
	alipay = "284567890123456789"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// A counter is a scanner at an exit where the car of session waits for its payment. It
// is the scanner, the lane and the platform at once.
type counter struct {
	t       *testing.T
	db      *store.DB
	desk    *billing.Desk
	session store.Session
	held    chan drivers.Code
	taken   chan struct{} // emit has returned
	till    *codes.Till
	log     *safeBuffer
	stop    func()

	mu      sync.Mutex // guards the following fields
	waiting bool
	reason  access.Reason
	answer  error // of the platform
	until   chan struct{}
	did     []string
	more    chan struct{} // has room for one
}

func newCounter(t *testing.T, pays bool) *counter { return newDearCounter(t, pays, 0) }

// newDearCounter is newCounter where a fee above a limit needs an operator.
func newDearCounter(t *testing.T, pays bool, limit int64) *counter {
	t.Helper()
	c := &counter{t: t, held: make(chan drivers.Code), taken: make(chan struct{}), log: &safeBuffer{}, waiting: true, more: make(chan struct{}, 1)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	c.db, err = store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "park.db")})
	must(err)
	now := func() time.Time { return noon.Add(30 * time.Minute) }
	c.desk, err = billing.New(billing.Config{DB: c.db, ParkCode: "1", Now: now, MaxFee: limit, Tariffs: []tariff.Tariff{{Blocks: []tariff.Block{{Unit: time.Hour, Price: 500}}}}}, nil)
	must(err)
	c.session = store.Session{ID: store.NewID(noon), Plate: "粤B12345", CardNo: ticket, EnteredAt: noon, State: store.Inside}
	must(c.db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSession(t.Context(), c.session) }))
	c.till = codes.NewTill(c.desk, c)
	r, err := codes.New(codes.Config{
		Lane: "OUT1", Pays: pays, Device: "S1", Scanner: c, Worker: c, DB: c.db, Desk: c.desk, Till: c.till, Now: now,
		Log: slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
	t.Cleanup(func() {
		c.stop()
		for _, secret := range []string{weChat, alipay} {
			if strings.Contains(c.log.String(), secret) {
				t.Errorf("the log shows the payment code %s", secret)
			}
		}
		must(c.db.Close())
	})
	return c
}

func (c *counter) Watch(ctx context.Context, emit func(context.Context, drivers.Code)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case code := <-c.held:
			emit(ctx, code)
			c.taken <- struct{}{}
		}
	}
}

func (c *counter) Check(context.Context) error { return nil }

func (c *counter) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did = append(c.did, what)
	select {
	case c.more <- struct{}{}:
	default:
	}
}

func (c *counter) Scan(_ context.Context, s lane.Scan) error {
	c.note("scan " + s.CardNo + " for " + s.Client)
	return nil
}

func (c *counter) Notice(ctx context.Context, session string, n lane.Notice) error {
	if about := n <= lane.NoticePayUnknown || n == lane.NoticeOperator; about && session != c.session.ID {
		c.t.Errorf("notice %d is about %q", n, session)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.note([]string{"", "paying", "refused", "unknown", "nothing due", "no such code", "operator"}[n])
	return nil
}

func (c *counter) Snapshot() lane.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return lane.Snapshot{Waiting: c.waiting, Car: lane.Car{Session: c.session.ID, Reason: c.reason}}
}

func (c *counter) PayScanned(ctx context.Context, o store.Order, _ store.Session, device, authCode string, _ time.Time) (uplink.Scanned, error) {
	c.mu.Lock()
	err, until := c.answer, c.until
	c.mu.Unlock()
	c.note("ask for " + device + " " + authCode)
	if until != nil {
		select {
		case <-until:
		case <-ctx.Done():
			return uplink.Scanned{}, ctx.Err()
		}
	}
	if o.Payable != 500 {
		c.t.Errorf("the platform is asked for %d fen, want 500", o.Payable)
	}
	return uplink.Scanned{}, err
}

// hold holds a code before the scanner until it is taken.
func (c *counter) hold(text string, kind drivers.CodeKind) {
	c.t.Helper()
	for end := time.Now().Add(20 * time.Second); !c.show(text, kind); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("the code %s is not taken", text)
		}
	}
}

// show holds a code before the scanner for a moment, and reports whether it was taken.
func (c *counter) show(text string, kind drivers.CodeKind) bool {
	dropped := func() int { return strings.Count(c.log.String(), "code dropped") }
	before := dropped()
	c.held <- drivers.Code{Device: "S1", Text: text, Kind: kind}
	<-c.taken
	return dropped() == before
}

// A safeBuffer is a log that several goroutines write.
type safeBuffer struct {
	mu sync.Mutex // guards the following field
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// expect waits until so much was done, and compares it.
func (c *counter) expect(want ...string) {
	c.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		did := append([]string(nil), c.did...)
		c.mu.Unlock()
		if len(did) >= len(want) {
			if diff := cmp.Diff(want, did); diff != "" {
				c.t.Fatalf("what was done differs (-want +got):\n%s", diff)
			}
			c.mu.Lock()
			c.did = nil
			c.mu.Unlock()
			return
		}
		select {
		case <-c.more:
		case <-limit:
			c.t.Fatalf("done is %q, want %q", did, want)
		}
	}
}

func (c *counter) platform(answer error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

func TestATicketLetsItsCarPass(t *testing.T) {
	c := newCounter(t, true)
	c.hold(ticket, drivers.CodeOther)
	c.expect("scan " + ticket + " for S1")
	c.hold("https://platform.example/t?parkCode=1&cardNo="+ticket, drivers.CodeOther)
	c.expect("scan " + ticket + " for S1")
	for _, text := range []string{
		"https://platform.example/t?parkCode=1", // the link on a ticket
		"902603021234567891",                    // a ticket of another car park
		"6901234567892",                         // a bottle of water
	} {
		c.hold(text, drivers.CodeOther)
		c.expect("no such code")
	}
}

// Ticket numbers were once such that they can be Alipay's codes.
func TestATicketThatLooksLikeAPaymentCodeIsATicket(t *testing.T) {
	c := newCounter(t, true)
	s := store.Session{ID: store.NewID(noon), Plate: "空000001", CardNo: "2603021234567890", EnteredAt: noon, State: store.Inside}
	if err := c.db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSession(t.Context(), s) }); err != nil {
		t.Fatal(err)
	}
	c.hold(s.CardNo, drivers.CodeAlipay)
	c.expect("scan 2603021234567890 for S1")
}

func TestAPaymentCodeChargesTheCarThatWaits(t *testing.T) {
	c := newCounter(t, true)
	c.hold(weChat, drivers.CodeWeChat)
	c.expect("paying", "ask for S1 "+weChat)
	// The platform has said yes, and its money is on the way: nobody is charged again.
	c.hold(alipay, drivers.CodeAlipay)
	c.expect("paying", "unknown")
	c.hold(weChat, drivers.CodeWeChat)
	c.expect("paying")
	orders, err := c.db.UnpaidOrders(t.Context(), c.session.ID)
	if err != nil || len(orders) == 0 {
		t.Fatalf("orders %v, %v", orders, err)
	}
	scanned := 0
	for _, o := range orders {
		if o.Client != "S1" {
			t.Errorf("order %+v is not the scanner's", o)
		}
		if o.ScannedBy == "S1" {
			scanned++
		}
	}
	if scanned != 1 {
		t.Errorf("%d orders were handed to the platform, want 1", scanned)
	}
}

func TestNoPaymentCodeIsHandedOverTwice(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer error
		first  string // what the driver is told in the end; empty if nothing more
		again  []string
		other  []string // of another code
	}{
		{"a refusal asks for another code", &protocol.RefusedError{}, "refused", []string{"refused"}, []string{"paying", "ask for S1 " + alipay, "refused"}},
		{"nobody knows", errors.New("no answer"), "unknown", []string{"unknown"}, []string{"paying", "unknown"}},
		{"nothing was sent, so that no platform has it", uplink.ErrNotSent, "refused", []string{"paying", "ask for S1 " + weChat, "refused"}, []string{"paying", "ask for S1 " + alipay, "refused"}},
		{"nobody is asked", uplink.ErrNobody, "refused", []string{"paying", "ask for S1 " + weChat, "refused"}, []string{"paying", "ask for S1 " + alipay, "refused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCounter(t, true)
			c.platform(tt.answer)
			c.hold(weChat, drivers.CodeWeChat)
			c.expect("paying", "ask for S1 "+weChat, tt.first)
			c.hold(weChat, drivers.CodeWeChat)
			c.expect(tt.again...)
			c.hold(alipay, drivers.CodeAlipay)
			c.expect(tt.other...)
		})
	}
}

func TestAPaymentCodeWhereNobodyHasToPayIsNotHandedOver(t *testing.T) {
	c := newCounter(t, true)
	c.mu.Lock()
	c.waiting = false
	c.mu.Unlock()
	c.hold(weChat, drivers.CodeWeChat)
	c.expect("nothing due")
	c.mu.Lock()
	c.reason = access.ReasonOperator // the lane says so itself
	c.mu.Unlock()
	c.hold(weChat, drivers.CodeWeChat)
	c.hold("6901234567892", drivers.CodeOther)
	c.expect("no such code")
	inner := newCounter(t, false) // nobody pays between two areas
	inner.hold(weChat, drivers.CodeWeChat)
	inner.expect("no such code")
}

func TestAFeeThatNeedsAnOperatorIsNotCharged(t *testing.T) {
	c := newDearCounter(t, true, 400)
	c.hold(weChat, drivers.CodeWeChat)
	c.expect("operator")
}

// A code that is read while another is being dealt with is dropped: dealt with later,
// it would be that of a driver who has left.
func TestOneCodeAtATime(t *testing.T) {
	c := newCounter(t, true)
	c.until = make(chan struct{})
	c.platform(&protocol.RefusedError{})
	c.hold(weChat, drivers.CodeWeChat)
	c.expect("paying", "ask for S1 "+weChat)
	if c.show(ticket, drivers.CodeOther) || c.show(alipay, drivers.CodeAlipay) {
		t.Error("a code was taken while another was being dealt with")
	}
	close(c.until)
	c.expect("refused")
	c.hold(ticket, drivers.CodeOther)
	c.expect("scan " + ticket + " for S1")
}

// An agent that stops while a platform is asked does not know what came of it.
func TestAStopLeavesOpenWhetherADriverWasCharged(t *testing.T) {
	c := newCounter(t, true)
	c.until = make(chan struct{})
	c.hold(weChat, drivers.CodeWeChat)
	c.expect("paying", "ask for S1 "+weChat)
	c.stop()
	c.expect("unknown")
	if got := c.acts(); !cmp.Equal(got, []string{"scanned", "unknown"}) {
		t.Errorf("journal %q, want that it is unknown what came of the code", got)
	}
	orders, err := c.db.UnpaidOrders(t.Context(), c.session.ID)
	if err != nil || len(orders) != 1 || orders[0].ScannedAt.IsZero() {
		t.Errorf("orders %+v, %v; want one that still holds others off", orders, err)
	}
}

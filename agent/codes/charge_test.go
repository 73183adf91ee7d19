package codes_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/codes"
	"parkagent/agent/uplink"
	"parkagent/drivers"
	"parkagent/protocol"
	"parkagent/store"
)

// second puts another car inside.
func (c *counter) second() store.Session {
	c.t.Helper()
	s := store.Session{ID: store.NewID(noon.Add(time.Second)), Plate: "粤B54321", EnteredAt: noon, State: store.Inside}
	if err := c.db.Update(c.t.Context(), func(tx *store.Tx) error { return tx.InsertSession(c.t.Context(), s) }); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// charge reads a code at a pay machine for the car of session.
func (c *counter) charge(session, code string) (uplink.Scanned, error) {
	c.t.Helper()
	o, _, err := c.desk.Order(c.t.Context(), billing.Ref{Session: session}, "K1")
	if err != nil {
		c.t.Fatal(err)
	}
	return c.till.Pay(c.t.Context(), codes.Charge{Order: o.No, Session: session, Device: "K1", Code: code, At: noon})
}

// A code that a scanner has read is worth nothing more at a pay machine, whatever its
// platform said or has yet to say.
func TestACodeIsHandedOverOnceByWhateverReadsIt(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer error
		same   func(error) bool // of the pay machine's, for the same stay
	}{
		{"it was accepted", nil, func(err error) bool { return err == nil }},
		{"it was refused", &protocol.RefusedError{}, func(err error) bool { return errors.As(err, new(*protocol.RefusedError)) }},
		{"nobody knows", context.DeadlineExceeded, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCounter(t, true)
			other := c.second()
			c.until = make(chan struct{})
			c.platform(tt.answer)
			c.hold(weChat, drivers.CodeWeChat)
			c.expect("paying", "ask for S1 "+weChat)
			if _, err := c.charge(c.session.ID, weChat); !errors.Is(err, billing.ErrSettling) {
				t.Errorf("while the platform is asked, the code is answered %v, want ErrSettling", err)
			}
			if _, err := c.charge(other.ID, weChat); !errors.Is(err, codes.ErrUsed) {
				t.Errorf("while the platform is asked, the code for another car is answered %v, want ErrUsed", err)
			}
			close(c.until)
			if tt.answer != nil {
				c.expect(map[bool]string{true: "refused", false: "unknown"}[errors.As(tt.answer, new(*protocol.RefusedError))])
			}
			c.hold("6901234567892", drivers.CodeOther) // when it is taken, the code before is done with
			c.expect("no such code")
			if _, err := c.charge(c.session.ID, weChat); !tt.same(err) {
				t.Errorf("the same code is answered %v", err)
			}
			if _, err := c.charge(other.ID, weChat); !errors.Is(err, codes.ErrUsed) {
				t.Errorf("the code for another car is answered %v, want ErrUsed", err)
			}
			c.platform(nil)
			if _, err := c.charge(other.ID, alipay); err != nil {
				t.Errorf("a code of its own is answered %v", err)
			}
			c.expect("ask for K1 " + alipay)
		})
	}
}

// Two that read one code at the same moment ask once.
func TestTwoThatReadACodeTogetherAskOnce(t *testing.T) {
	c := newCounter(t, true)
	other := c.second()
	var all sync.WaitGroup
	for range 4 {
		for _, session := range []string{c.session.ID, other.ID} {
			all.Go(func() { _, _ = c.charge(session, weChat) })
		}
	}
	all.Wait()
	c.expect("ask for K1 " + weChat)
}

// A code that no platform has got may be tried again, for any car.
func TestACodeThatNobodyHasIsForgotten(t *testing.T) {
	c := newCounter(t, true)
	other := c.second()
	c.platform(uplink.ErrNotSent)
	if _, err := c.charge(c.session.ID, weChat); !errors.Is(err, uplink.ErrNotSent) {
		t.Errorf("Pay = %v, want ErrNotSent", err)
	}
	c.platform(nil)
	if _, err := c.charge(other.ID, weChat); err != nil {
		t.Errorf("Pay = %v, want nil", err)
	}
	c.expect("ask for K1 "+weChat, "ask for K1 "+weChat)
}

// Who holds his code before the scanner for a minute makes no bill each time.
func TestACodeThatIsHeldMakesNoMoreBills(t *testing.T) {
	c := newCounter(t, true)
	c.platform(&protocol.RefusedError{})
	c.hold(weChat, drivers.CodeWeChat)
	c.expect("paying", "ask for S1 "+weChat, "refused")
	for range 3 {
		c.hold(weChat, drivers.CodeWeChat)
		c.expect("refused")
	}
	if orders, err := c.db.UnpaidOrders(t.Context(), c.session.ID); err != nil || len(orders) != 1 {
		t.Errorf("%d bills, %v; want one", len(orders), err)
	}
}

// A disk that fails after a platform has said that it charges is no reason to ask the
// driver for another code.
func TestWhatCannotBeBookedIsNotKnown(t *testing.T) {
	for _, answer := range []error{nil, &protocol.RefusedError{}} {
		c := newCounter(t, true)
		till := codes.NewTill(c.desk, failing{c, answer})
		o, _, err := c.desk.Order(t.Context(), billing.Ref{Session: c.session.ID}, "K1")
		if err != nil {
			t.Fatal(err)
		}
		charge := codes.Charge{Order: o.No, Session: o.Session, Device: "K1", Code: weChat, At: noon}
		for range 2 {
			no := new(codes.UnpaidError)
			if _, err := till.Pay(t.Context(), charge); !errors.As(err, &no) || no.Known || no.Books == nil {
				t.Errorf("Pay where the platform answers %v = %v, want that nobody knows, and why it is not booked", answer, err)
			}
		}
	}
}

// failing is a platform that answers, and meanwhile the books are lost.
type failing struct {
	*counter
	answer error
}

func (f failing) PayScanned(context.Context, store.Order, store.Session, string, string, time.Time) (uplink.Scanned, error) {
	return uplink.Scanned{Platform: "mall"}, errors.Join(f.answer, f.db.Close())
}

// acts are what the journal says of codes.
func (c *counter) acts() []string {
	c.t.Helper()
	rows, err := c.db.After(c.t.Context(), 0, 1000)
	if err != nil {
		c.t.Fatal(err)
	}
	var acts []string
	for _, e := range rows {
		if e.Kind != store.KindCode {
			continue
		}
		var f store.CodeFact
		if err := json.Unmarshal(e.Body, &f); err != nil {
			c.t.Fatal(err)
		}
		acts = append(acts, f.Act)
	}
	return acts
}

// The lane learns a moment later than the books that a car has paid, or is gone.
func TestWhoHasPaidJustNowIsNotChargedAgain(t *testing.T) {
	for name, settle := range map[string]func(c *counter) error{
		"paid by another channel": func(c *counter) error {
			o, _, err := c.desk.Order(t.Context(), billing.Ref{Session: c.session.ID}, "mall")
			if err == nil {
				_, err = c.desk.Pay(t.Context(), billing.Notice{Order: o.No, Amount: 500, Client: "mall"})
			}
			return err
		},
		"let out by an operator": func(c *counter) error {
			c.session.State, c.session.LeftAt = store.Left, noon.Add(time.Minute)
			return c.db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateSession(t.Context(), c.session) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounter(t, true)
			if err := settle(c); err != nil {
				t.Fatal(err)
			}
			c.hold(weChat, drivers.CodeWeChat)
			c.expect("nothing due")
		})
	}
}

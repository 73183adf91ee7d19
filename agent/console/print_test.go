package console_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/billing"
	"parkagent/agent/booth"
	"parkagent/agent/slips"
	"parkagent/store"
)

// A press has a printer at some lanes, and keeps what it was to print.
type press struct {
	mu      sync.Mutex // guards the following fields
	at      map[string]error
	tickets []slips.Entry
	changes []slips.Owed
	paid    []slips.Paid
}

// stand puts a printer at a lane that answers so.
func (p *press) stand(lane string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = map[string]error{lane: err}
}

func (p *press) err(lane string) error {
	err, ok := p.at[lane]
	if !ok {
		return slips.ErrNoPrinter
	}
	return err
}

func (p *press) PrintTicket(_ context.Context, lane string, e slips.Entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tickets = append(p.tickets, e)
	return p.err(lane)
}

func (p *press) PrintChange(_ context.Context, lane string, o slips.Owed) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changes = append(p.changes, o)
	return p.err(lane)
}

func (p *press) PrintReceipt(_ context.Context, lane string, o slips.Paid) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paid = append(p.paid, o)
	return p.err(lane)
}

// prints checks that tickets come out at IN1: whatever becomes of the paper, the car is in, and the caller is told.
func (r *rig) prints(call func() map[string]any) {
	r.t.Helper()
	for want, err := range map[bool]error{true: nil, false: errors.New("no paper")} {
		r.press.stand("IN1", err)
		r.press.tickets = nil
		got := call()
		ticket := []slips.Entry{{CardNo: got["cardNo"].(string), Plate: got["plateNo"].(string), At: noon, Link: "https://p.example/t"}}
		if diff := cmp.Diff(ticket, r.press.tickets); diff != "" || got["printed"] != want {
			r.t.Errorf("printed %v, want %v, and this ticket (-want +got):\n%s", got["printed"], want, diff)
		}
	}
}

func TestTicketsArePrintedAtTheLane(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.prints(func() map[string]any { return r.call("K3", "ticket", nil) })
	b := newBoothRig(t, "en")
	b.in.set(func(w *worker) { w.enter = b.rig })
	b.prints(func() map[string]any {
		return does[map[string]any](b, booth.RoleOperator, "ticket", map[string]any{"lane": "IN1"})
	})
}

// A ticket that was lost is printed once more, and lets no second car in.
func TestABoothPrintsATicketAgain(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.press.stand("OUT1", nil)
	r.park(store.Session{Plate: "空000001", CardNo: "902603020000000001"})
	r.after(time.Hour)
	got := does[map[string]any](r, booth.RoleOperator, "ticket", map[string]any{"lane": "OUT1", "cardNo": "902603020000000001"})
	want := []slips.Entry{{CardNo: "902603020000000001", Plate: "空000001", At: noon, Link: "https://p.example/t", Again: true}}
	if diff := cmp.Diff(want, r.press.tickets); diff != "" || got["printed"] != true || got["plateNo"] != "空000001" || got["entryTime"] != "2026-03-02 12:00:00" {
		t.Errorf("answered %v, and this ticket (-want +got):\n%s", got, diff)
	}
	if len(r.in.scans)+len(r.out.scans) != 0 {
		t.Error("a lane was told to let a car pass")
	}
	r.refuses(booth.RoleOperator, "ticket", map[string]any{"lane": "OUT1", "cardNo": "902603020000000002"}, "No such car is inside.")
}

// owes puts seven yuan in for five at a pay machine and returns the change.
func (r *rig) owes(kiosk, no string) map[string]any {
	r.t.Helper()
	order := r.call(kiosk, "bill", map[string]any{"plateNo": no})["orderNo"]
	return r.call(kiosk, "cash", map[string]any{"orderNo": order, "inserted": 700})["change"].(map[string]any)
}

func TestChangeSlipsArePrintedAtTheLane(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.press.stand("OUT1", nil)
	r.park(store.Session{Plate: "粤B12345"})
	r.park(store.Session{Plate: "粤B12346"})
	r.after(30 * time.Minute)
	got := r.owes("K2", "粤B12345")
	want := []slips.Owed{{Order: got["orderNo"].(string), Plate: "粤B12345", Amount: 200, At: noon.Add(30 * time.Minute), Link: got["link"].(string)}}
	if diff := cmp.Diff(want, r.press.changes); diff != "" || got["printed"] != true {
		t.Errorf("printed %v, and this slip (-want +got):\n%s", got["printed"], diff)
	}
	if got := r.owes("K1", "粤B12346"); got["printed"] != false || len(r.press.changes) != 1 {
		t.Errorf("a machine in the lot has %d slips printed at a lane, and is answered %v", len(r.press.changes), got)
	}
}

// The slip of change that its driver has is not printed again for a call that is.
func TestChangeThatWasGivenHasNoSlip(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.press.stand("OUT1", nil)
	_, order := r.due()
	cash := map[string]any{"orderNo": order, "inserted": 700}
	change := r.call("K2", "cash", cash)["change"].(map[string]any)
	_, err := r.desk.SettleChange(t.Context(), billing.ChangeNotice{No: change["orderNo"].(string), Client: "mall"})
	r.did(err)
	again := r.call("K2", "cash", cash)["change"].(map[string]any)
	if change["printed"] != true || again["printed"] != false || len(r.press.changes) != 1 {
		t.Errorf("printed %v and then %v, %d slips; want the first alone", change["printed"], again["printed"], len(r.press.changes))
	}
}

func TestABoothPrintsAChangeSlip(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.press.stand("OUT1", nil)
	r.park(store.Session{Plate: "粤B12345"})
	r.after(30 * time.Minute)
	o, _, err := r.desk.Order(t.Context(), billing.Ref{Plate: "粤B12345"}, "K1")
	r.did(err)
	paid, err := r.desk.Cash(t.Context(), billing.Coins{Order: o.No, Inserted: 700, Kiosk: "K1"})
	r.did(err)
	no := paid.Change.No
	for lane, want := range map[string]bool{"OUT1": true, "IN1": false, "": false} {
		if got := does[map[string]any](r, booth.RoleOperator, "ticket", map[string]any{"lane": lane, "orderNo": no}); got["printed"] != want || got["link"] != "https://p.example/c?"+no {
			t.Errorf("at lane %q: %v, want printed %v", lane, got, want)
		}
	}
	r.refuses(booth.RoleOperator, "ticket", map[string]any{"lane": "X", "orderNo": no}, "There is no such lane.")
	_, err = r.desk.SettleChange(t.Context(), billing.ChangeNotice{No: no, Client: "mall"})
	r.did(err)
	r.press.changes = nil
	if got := does[map[string]any](r, booth.RoleOperator, "ticket", map[string]any{"lane": "OUT1", "orderNo": no}); got["printed"] != false || len(r.press.changes) > 0 {
		t.Errorf("the slip of change that was given is answered %v", got)
	}
}

func TestAReceiptIsOfWhatWasPaid(t *testing.T) {
	t.Parallel()
	const unpaid = "Nothing was paid for this bill that a receipt could be of."
	r := newRig(t, "en")
	r.press.stand("OUT1", nil)
	s, order := r.due()
	r.refused("K2", "receipt", map[string]any{"orderNo": order}, unpaid)
	r.refused("K2", "receipt", map[string]any{"orderNo": "9"}, "There is no such order.")
	r.pay(order, 500)
	want := map[string]any{"plateNo": "粤B12345", "entryTime": "2026-03-02 12:00:00", "payTime": "2026-03-02 12:30:00", "amount": 500.0, "printed": true}
	if diff := cmp.Diff(want, r.call("K2", "receipt", map[string]any{"orderNo": " " + order})); diff != "" {
		t.Errorf("a machine at a lane with a printer (-want +got):\n%s", diff)
	}
	paid := slips.Paid{Order: order, Plate: "粤B12345", Amount: 500, Entered: s.EnteredAt, At: noon.Add(30 * time.Minute)}
	if diff := cmp.Diff([]slips.Paid{paid}, r.press.paid); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
	want["printed"] = false
	if diff := cmp.Diff(want, r.call("K1", "receipt", map[string]any{"orderNo": order})); diff != "" {
		t.Errorf("a machine in the lot (-want +got):\n%s", diff)
	}
}

// Money that was given back has no receipt, even in part.
func TestABoothPrintsAReceipt(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.press.stand("OUT1", nil)
	r.park(store.Session{Plate: "粤B12345"})
	r.after(30 * time.Minute)
	o, _, err := r.desk.Order(t.Context(), billing.Ref{Plate: "粤B12345"}, "K1")
	r.did(err)
	r.pay(o.No, 500)
	fields := map[string]any{"orderNo": o.No, "lane": "OUT1"}
	if got := does[map[string]any](r, booth.RoleOperator, "receipt", fields); got["printed"] != true || got["amount"] != 500.0 || len(r.press.paid) != 1 {
		t.Errorf("answered %v, and %d receipts are printed, want one", got, len(r.press.paid))
	}
	p, err := r.db.PaymentOfOrder(t.Context(), o.No)
	r.did(err)
	does[any](r, booth.RoleManager, "refund", map[string]any{"payment": p.ID, "amount": 100, "reason": "x", "requestNo": "1"})
	r.refuses(booth.RoleOperator, "receipt", fields, "Nothing was paid for this bill that a receipt could be of.")
}

// Money that came for a car that had left is given back by the platform.
func TestThereIsNoReceiptOfAnOrphan(t *testing.T) {
	t.Parallel()
	r := newRig(t, "en")
	s, order := r.due()
	s.State, s.LeftAt = store.Left, r.clock()
	r.did(r.db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateSession(t.Context(), s) }))
	if _, err := r.desk.Pay(t.Context(), billing.Notice{Order: order, Amount: 500, Client: "mall"}); err == nil {
		t.Fatal("a payment for a car that has left was taken")
	}
	if _, err := r.db.PaymentOfOrder(t.Context(), order); err != nil {
		t.Fatalf("the orphan is not kept: %v", err)
	}
	r.refused("K2", "receipt", map[string]any{"orderNo": order}, "Nothing was paid for this bill that a receipt could be of.")
}

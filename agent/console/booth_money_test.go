package console_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/agent/booth"
	"parkagent/store"
)

// onShift begins a shift of an operator with that role.
func (r *boothRig) onShift(role booth.Role, name string) {
	r.t.Helper()
	does[any](r, role, "shift/start", map[string]any{"booth": name, "float": 10000})
}

// order makes a bill and returns its number.
func (r *boothRig) order(plate string) string {
	r.t.Helper()
	return does[map[string]any](r, booth.RoleOperator, "bill", map[string]any{"plateNo": plate})["orderNo"].(string)
}

// ledger returns the rows of a stay without what differs from run to run.
func (r *boothRig) ledger(s store.Session) []store.Payment {
	r.t.Helper()
	rows, err := r.db.Payments(r.t.Context(), s.ID)
	r.did(err)
	return rows
}

func TestABillIsExplained(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	s := r.park(store.Session{Plate: "粤B12345", EntryImage: "e.jpg"})
	r.did(r.db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.SetLaneCar(t.Context(), store.LaneCar{Lane: "OUT1", Session: s.ID, Since: noon})
	}))
	r.after(90 * time.Minute)
	does[any](r, booth.RoleOperator, "discount", map[string]any{"session": s.ID, "discount": "shop", "remark": "coffee"})
	granted := r.ledger(s)[0]
	want := map[string]any{
		"session": s.ID, "plateNo": "粤B12345", "cardNo": "", "entryTime": "2026-03-02 12:00:00", "minutes": 90.0, "total": 1000.0,
		"paid": 0.0, "payable": 500.0, "delay": 15.0, "image": "http://box/e.jpg",
		"lines": []any{
			map[string]any{"from": "2026-03-02 12:00:00", "to": "2026-03-02 13:30:00", "band": "00:00-24:00", "units": 2.0, "price": 500.0, "amount": 1000.0, "note": "units"},
			map[string]any{"from": "2026-03-02 12:00:00", "to": "2026-03-02 13:30:00", "band": "", "units": 1.0, "price": -500.0, "amount": -500.0, "note": "time discount"},
		},
		"ledger": []any{map[string]any{
			"payment": granted.ID, "at": "2026-03-02 13:30:00", "kind": 0.0, "amount": 0.0, "waived": 0.0, "minutes": 60.0, "discount": "shop",
			"payMethod": 0.0, "client": "", "operator": "li",
		}},
	}
	for name, by := range map[string]map[string]any{
		"stay": {"session": s.ID}, "plate": {"plateNo": "粤B12345"}, "plate without province": {"plateNo": "b12345"}, "exit": {"lane": "OUT1"},
	} {
		got := does[map[string]any](r, booth.RoleManager, "bill", by)
		if no, _ := got["orderNo"].(string); no == "" {
			t.Errorf("by %s: no order number", name)
		}
		delete(got, "orderNo")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %s (-want +got):\n%s", name, diff)
		}
	}
	r.refuses(booth.RoleOperator, "bill", nil, "Please give a plate or a ticket number.")
	r.refuses(booth.RoleOperator, "bill", map[string]any{"session": "S9"}, "No such car is inside.")
	r.refuses(booth.RoleOperator, "bill", map[string]any{"lane": "OUT9"}, "There is no such lane.")
}

// A stay that is named is meant, whatever other plate is like its own.
func TestABillOfAStayThatIsNamed(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	for _, no := range []string{"粤B12345", "京B12345", "B12345"} {
		s := r.park(store.Session{Plate: no})
		r.after(90 * time.Minute)
		if got := does[map[string]any](r, booth.RoleOperator, "bill", map[string]any{"session": s.ID}); got["session"] != s.ID {
			t.Errorf("of %s = %v", no, got)
		}
		does[any](r, booth.RoleOperator, "discount", map[string]any{"session": s.ID, "discount": "shop"})
		if len(r.ledger(s)) != 1 {
			t.Errorf("the discount for %s is another's", no)
		}
	}
}

func TestCashIsTakenInAShift(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	s := r.park(store.Session{Plate: "粤B12345"})
	r.after(90 * time.Minute)
	order := r.order("粤B12345")
	r.refuses(booth.RoleOperator, "cash", map[string]any{"orderNo": order, "given": 10000}, "No shift has begun, please start one.")
	r.onShift(booth.RoleOperator, "南门")
	r.refuses(booth.RoleOperator, "cash", map[string]any{"orderNo": order}, "The parameter given is required.")
	r.refuses(booth.RoleOperator, "cash", map[string]any{"orderNo": order, "given": 0}, "The value of parameter given is not allowed.")
	want := map[string]any{"rest": 700.0, "back": 0.0, "over": 0.0, "again": false}
	if diff := cmp.Diff(want, does[map[string]any](r, booth.RoleOperator, "cash", map[string]any{"orderNo": order, "given": 300})); diff != "" {
		t.Errorf("a part (-want +got):\n%s", diff)
	}
	rest := r.order("粤B12345")
	want = map[string]any{"rest": 0.0, "back": 9300.0, "over": 0.0, "again": false}
	if diff := cmp.Diff(want, does[map[string]any](r, booth.RoleOperator, "cash", map[string]any{"orderNo": rest, "given": 10000})); diff != "" {
		t.Errorf("the rest (-want +got):\n%s", diff)
	}
	want["again"] = true
	if diff := cmp.Diff(want, does[map[string]any](r, booth.RoleOperator, "cash", map[string]any{"orderNo": rest, "given": 10000})); diff != "" {
		t.Errorf("the same again (-want +got):\n%s", diff)
	}
	ignore := cmpopts.IgnoreFields(store.Payment{}, "ID", "Order", "Session", "PaidAt")
	row := store.Payment{Amount: 300, Given: 300, Terminal: 2, Client: "南门", Operator: "li", Shift: 1}
	second := row
	second.Amount, second.Given = 700, 10000
	if diff := cmp.Diff([]store.Payment{row, second}, r.ledger(s), ignore); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	got := does[map[string]any](r, booth.RoleOperator, "shift/totals", nil)["totals"].(map[string]any)
	if got["cashIn"] != 10300.0 || got["changeOut"] != 9300.0 || got["drawer"] != 11000.0 || got["rows"] != 2.0 {
		t.Errorf("totals = %v", got)
	}
	var said []string
	for _, f := range facts[store.PaymentFact](r, store.KindPayment) {
		said = append(said, f.Operator)
	}
	if diff := cmp.Diff([]string{"li", "li"}, said); diff != "" {
		t.Errorf("in the journal it was taken by (-want +got):\n%s", diff)
	}
}

func TestDiscountsRefundsAndFees(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	s := r.park(store.Session{Plate: "粤B12345"})
	r.after(90 * time.Minute)
	r.onShift(booth.RoleOperator, "南门")
	grant := func(role booth.Role, name string) map[string]any {
		return does[map[string]any](r, role, "discount", map[string]any{"plateNo": "粤B12345", "discount": name})
	}
	if got := grant(booth.RoleOperator, "shop"); got["rest"] != 500.0 || got["plateNo"] != "粤B12345" || got["orderNo"] == "" {
		t.Errorf("discount = %v", got)
	}
	for name, want := range map[string]string{"shop": "The car has had this discount already.", "boss": "You may not grant this discount.", "none": "There is no such discount."} {
		r.refuses(booth.RoleOperator, "discount", map[string]any{"plateNo": "粤B12345", "discount": name}, want)
	}
	shop := map[string]any{"discount": "shop", "kind": "minutes", "value": 60.0, "variable": false, "max": 0.0}
	boss := map[string]any{"discount": "boss", "kind": "full", "value": 0.0, "variable": false, "max": 0.0}
	for role, want := range map[booth.Role][]any{booth.RoleOperator: {shop}, booth.RoleManager: {shop, boss}} {
		if diff := cmp.Diff(want, does[map[string]any](r, role, "discounts", nil)["discounts"]); diff != "" {
			t.Errorf("discounts of a %s (-want +got):\n%s", role, diff)
		}
	}
	granted := r.ledger(s)[0].ID
	r.refuses(booth.RoleOperator, "recall", map[string]any{"payment": granted}, "The parameter reason is required.")
	r.refuses(booth.RoleOperator, "recall", map[string]any{"payment": "P9", "reason": "x"}, "There is no such row of the ledger, or it is of another kind.")
	does[any](r, booth.RoleOperator, "recall", map[string]any{"payment": granted, "reason": "wrong car"})
	does[any](r, booth.RoleOperator, "cash", map[string]any{"orderNo": r.order("粤B12345"), "given": 1000})
	rows := r.ledger(s)
	money := rows[len(rows)-1].ID
	for amount, want := range map[int]string{1001: "That is more than is left of the payment.", 0: "The value of parameter amount is not allowed."} {
		r.refuses(booth.RoleManager, "refund", map[string]any{"payment": money, "amount": amount, "reason": "x"}, want)
	}
	r.refuses(booth.RoleManager, "refund", map[string]any{"payment": money, "reason": "x"}, "The parameter amount is required.")
	if got := does[map[string]any](r, booth.RoleManager, "refund", map[string]any{"payment": money, "amount": 400, "reason": "complaint"}); got["amount"] != -400.0 || got["operator"] != "wang" {
		t.Errorf("refund = %v", got)
	}
	r.refuses(booth.RoleOperator, "fee", map[string]any{"session": s.ID, "fee": 700}, "The parameter reason is required.")
	r.refuses(booth.RoleOperator, "fee", map[string]any{"session": s.ID, "fee": 0, "reason": "a friend"}, "The tariff prices this stay; only a manager may set another fee.")
	if got := does[map[string]any](r, booth.RoleManager, "fee", map[string]any{"session": s.ID, "fee": 700, "reason": "queue at the exit"}); got["total"] != 700.0 || got["payable"] != 100.0 {
		t.Errorf("fee = %v", got)
	}
	got := facts[store.FeeFact](r, store.KindFee)
	if diff := cmp.Diff([]store.FeeFact{{Session: s.ID, Fee: 700, Tariff: 1000, Reason: "queue at the exit", Operator: "wang"}}, got, cmpopts.IgnoreFields(store.FeeFact{}, "Address")); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	var by []string
	for _, f := range facts[store.PaymentFact](r, store.KindPayment) {
		by = append(by, f.Operator+" "+f.Remark)
	}
	if diff := cmp.Diff([]string{"li ", "li wrong car", "li ", "wang complaint"}, by); diff != "" {
		t.Errorf("in the journal it was (-want +got):\n%s", diff)
	}
}

func TestADiscountOfACarThatHasLeftStands(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	s := r.park(store.Session{Plate: "粤B12345"})
	does[any](r, booth.RoleOperator, "discount", map[string]any{"session": s.ID, "discount": "shop"})
	granted := r.ledger(s)[0].ID
	s.State, s.LeftAt = store.Left, r.clock()
	r.did(r.db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateSession(t.Context(), s) }))
	r.refuses(booth.RoleOperator, "recall", map[string]any{"payment": granted, "reason": "x"}, "The car has left, so that its discount stands.")
}

// What a manager gives back out of an operator's drawer is missing in that drawer.
func TestCashIsGivenBackFromADrawer(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	s := r.park(store.Session{Plate: "粤B12345"})
	r.after(90 * time.Minute)
	r.onShift(booth.RoleOperator, "南门")
	does[any](r, booth.RoleOperator, "cash", map[string]any{"orderNo": r.order("粤B12345"), "given": 1000})
	back := map[string]any{"payment": r.ledger(s)[0].ID, "amount": 400, "reason": "complaint", "shift": 1}
	if got := does[map[string]any](r, booth.RoleManager, "refund", back); got["operator"] != "wang" || got["client"] != "南门" {
		t.Errorf("refund = %v", got)
	}
	done := does[map[string]any](r, booth.RoleOperator, "shift/handover", map[string]any{"counted": 10600})
	if got := done["totals"].(map[string]any); got["cashBack"] != 400.0 || got["drawer"] != 10600.0 {
		t.Errorf("totals = %v", got)
	}
	r.refuses(booth.RoleManager, "refund", back, "The shift was handed over, please start one.")
	back["shift"] = 9
	r.refuses(booth.RoleManager, "refund", back, "No shift has begun, please start one.")
}

// The money of a driver who paid after he had left belongs to the stay that he is in now.
func TestAnOrphanIsAssigned(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	gone := r.park(store.Session{Plate: "粤B12345"})
	r.after(30 * time.Minute)
	order := r.order("粤B12345")
	gone.State, gone.LeftAt = store.Left, r.clock()
	r.did(r.db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateSession(t.Context(), gone) }))
	if _, err := r.desk.Pay(t.Context(), noticeOf(order, 500)); err == nil {
		t.Fatal("money for a car that has left is no orphan")
	}
	now := r.park(store.Session{Plate: "粤B12345"})
	r.after(time.Hour)
	orphan := r.ledger(gone)[0].ID
	if got := does[map[string]any](r, booth.RoleManager, "assign", map[string]any{"payment": orphan, "session": now.ID, "reason": "came again"}); got["rest"] != 0.0 {
		t.Errorf("assign = %v", got)
	}
	r.refuses(booth.RoleManager, "assign", map[string]any{"payment": orphan, "session": now.ID, "reason": "twice"}, "That is more than is left of the payment.")
	r.refuses(booth.RoleManager, "assign", map[string]any{"payment": orphan, "session": gone.ID, "reason": "x"}, "No such car is inside.")
}

func TestATicketAtABooth(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.in.set(func(w *worker) { w.enter = r.rig })
	fields := map[string]any{"lane": "IN1", "requestNo": "7"}
	got := does[map[string]any](r, booth.RoleOperator, "ticket", fields)
	card, _ := got["cardNo"].(string)
	if len(card) != 18 || got["plateNo"] != "空"+card[12:] || got["entryTime"] != "2026-03-02 12:00:00" || got["link"] != "https://p.example/t" {
		t.Errorf("ticket = %v", got)
	}
	if diff := cmp.Diff(got, does[map[string]any](r, booth.RoleOperator, "ticket", fields)); diff != "" {
		t.Errorf("the same request is answered otherwise:\n%s", diff)
	}
	if len(r.in.scans) != 1 || r.in.scans[0].Client != "li" {
		t.Errorf("the lane was told %+v", r.in.scans)
	}
	r.refuses(booth.RoleOperator, "ticket", map[string]any{"lane": "OUT1"}, "This lane is no entry.")
	if got := does[map[string]any](r, booth.RoleOperator, "ticket", map[string]any{"orderNo": "9"}); got["link"] != "https://p.example/c?9" || got["cardNo"] != "" {
		t.Errorf("the link of a change slip = %v", got)
	}
	if got := does[map[string]any](r, booth.RoleOperator, "ticket", nil); got["link"] != "https://p.example/t" {
		t.Errorf("the link alone = %v", got)
	}
}

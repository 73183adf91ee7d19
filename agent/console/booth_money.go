package console

import (
	"context"
	"errors"
	"strings"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/booth"
	"parkagent/agent/lane"
	"parkagent/protocol"
	"parkagent/store"
)

// A car is named in a call by its stay, plate, ticket, or the exit where it stands.
type car struct {
	session, plate, card, lane string
}

// ref finds what billing knows a car by.
func (b *Booths) ref(c car) (billing.Ref, error) {
	switch {
	case strings.TrimSpace(c.session) != "":
		return billing.Ref{Session: strings.TrimSpace(c.session)}, nil
	case c.plate != "":
		return billing.Ref{Plate: c.plate}, nil
	case strings.TrimSpace(c.card) != "":
		return billing.Ref{CardNo: strings.TrimSpace(c.card)}, nil
	case c.lane != "":
		l, err := b.lane(c.lane)
		return billing.Ref{Lane: l.Code}, err
	}
	return billing.Ref{}, errNoSearch
}

// on returns the shift that the operator is on; without an ID he is on none.
func (b *Booths) on(ctx context.Context, a act) (store.Shift, error) {
	s, err := b.cfg.DB.OpenShift(ctx, a.Operator)
	if errors.Is(err, store.ErrNotFound) {
		return store.Shift{}, nil
	}
	return s, err
}

// biller is who acts, for billing.
func (b *Booths) biller(ctx context.Context, a act) (billing.By, error) {
	s, err := b.on(ctx, a)
	return billing.By{Operator: a.Operator, Role: string(a.Role), Shift: s.ID, Client: s.Booth, Address: a.address}, err
}

// A boothBill is a bill with how it comes about.
type boothBill struct {
	bill
	Session string `json:"session"`
	Lines   []line `json:"lines"`  // their amounts add up to payable
	Ledger  []paid `json:"ledger"` // what was paid, waived and taken back so far
}

// A line is one step of a bill.
type line struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Band   string `json:"band"`
	Units  int64  `json:"units"`
	Price  int64  `json:"price"`
	Amount int64  `json:"amount"`
	Note   string `json:"note"` // a word of the tariff's or of billing's
}

// A paid is a row of the ledger.
type paid struct {
	Payment  string `json:"payment"`
	At       string `json:"at"`
	Kind     int    `json:"kind"`
	Amount   int64  `json:"amount"`
	Waived   int64  `json:"waived"`
	Minutes  int64  `json:"minutes"`
	Grant    string `json:"discount"`
	Method   int    `json:"payMethod"`
	Client   string `json:"client"`
	Operator string `json:"operator"`
}

// bill makes an order for a car, and explains it.
func (b *Booths) bill(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Session string `json:"session"`
		Plate   string `json:"plateNo"`
		Card    string `json:"cardNo"`
		Lane    string `json:"lane"`
	}](a)
	if err != nil {
		return nil, err
	}
	ref, err := b.ref(car{q.Session, q.Plate, q.Card, q.Lane})
	if err != nil {
		return nil, err
	}
	shift, err := b.on(ctx, a)
	if err != nil {
		return nil, err
	}
	client := shift.Booth
	if client == "" {
		client = a.Operator
	}
	o, s, err := b.cfg.Desk.Order(ctx, ref, client)
	if err != nil {
		return nil, err
	}
	why, err := b.cfg.Desk.Explain(ctx, b.cfg.DB.Reader, s.ID, o.CreatedAt)
	if err != nil {
		return nil, err
	}
	ledger, err := b.cfg.DB.Payments(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	answer := boothBill{Session: s.ID, Lines: []line{}, Ledger: []paid{}, bill: bill{
		OrderNo: o.No, PlateNo: s.Plate, CardNo: s.CardNo, EntryTime: b.dash(s.EnteredAt),
		Minutes: int64(o.CreatedAt.Sub(s.EnteredAt).Round(time.Minute) / time.Minute),
		Total:   o.Total, Paid: o.Paid, Payable: o.Payable, Delay: int64(b.cfg.Desk.BoothDelay() / time.Minute), Image: b.image(s.EntryImage),
	}}
	for _, l := range why.Lines {
		answer.Lines = append(answer.Lines, line{
			From: b.dash(l.From), To: b.dash(l.To), Band: l.Band, Units: l.Units, Price: l.Price, Amount: l.Amount, Note: string(l.Note),
		})
	}
	for _, p := range ledger {
		answer.Ledger = append(answer.Ledger, b.paid(p))
	}
	return answer, nil
}

func (b *Booths) paid(p store.Payment) paid {
	return paid{
		Payment: p.ID, At: b.dash(p.PaidAt), Kind: int(p.Kind), Amount: p.Amount, Waived: p.Discount + p.FreeMoney + p.Rounding, Minutes: p.FreeMinutes,
		Grant: p.Grant, Method: p.PayMethod, Client: p.Client, Operator: p.Operator,
	}
}

// cash books what the operator was given, in his shift, and answers the change that
// he has to give back.
func (b *Booths) cash(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		OrderNo string       `json:"orderNo" wire:"required"`
		Given   protocol.Int `json:"given" wire:"required,min=1"`
		Method  protocol.Int `json:"payMethod" wire:"min=0"` // as downlink 3.2; absent: cash
	}](a)
	if err != nil {
		return nil, err
	}
	shift, err := b.on(ctx, a)
	if err != nil {
		return nil, err
	}
	if shift.ID == 0 { // nobody would have the money in his drawer
		return nil, booth.ErrNoShift
	}
	r, err := b.cfg.Desk.TakeCash(ctx, billing.BoothCash{
		Order: strings.TrimSpace(q.OrderNo), Given: q.Given.N, PayMethod: int(q.Method.N),
		Operator: a.Operator, Booth: shift.Booth, Shift: shift.ID, Address: a.address,
	})
	if err != nil {
		return nil, err
	}
	return struct {
		Rest  int64 `json:"rest"`  // still due
		Back  int64 `json:"back"`  // change to give
		Over  int64 `json:"over"`  // taken by other means beyond the due
		Again bool  `json:"again"` // it was booked before
	}{r.Rest, r.Back, r.Over, r.Again}, nil
}

// grantWords are the kinds of discounts, as the configuration has them.
var grantWords = map[store.GrantKind]string{
	store.GrantMinutes: "minutes", store.GrantMoney: "money", store.GrantPercent: "percent", store.GrantFull: "full", store.GrantUntil: "until",
}

// showDiscounts lists the discounts that the operator may grant.
func (b *Booths) showDiscounts(_ context.Context, a act) (any, error) {
	type choice struct {
		Name     string `json:"discount"`
		Kind     string `json:"kind"`
		Value    int64  `json:"value"`
		Variable bool   `json:"variable"` // whoever grants it says the value
		Most     int64  `json:"max"`      // of that; 0: any
	}
	choices := []choice{}
	for _, r := range b.cfg.Discounts {
		if r.MayGrant(string(a.Role)) {
			choices = append(choices, choice{r.Name, grantWords[r.Kind], r.Value, r.Variable, r.Max})
		}
	}
	return struct {
		Discounts []choice `json:"discounts"`
	}{choices}, nil
}

// grant gives a car a configured discount.
func (b *Booths) grant(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Session  string       `json:"session"`
		Plate    string       `json:"plateNo"`
		Card     string       `json:"cardNo"`
		Lane     string       `json:"lane"`
		Discount string       `json:"discount" wire:"required"`
		Value    protocol.Int `json:"value" wire:"min=0"`
		Remark   string       `json:"remark"`
		Request  string       `json:"requestNo"`
	}](a)
	if err != nil {
		return nil, err
	}
	ref, err := b.ref(car{q.Session, q.Plate, q.Card, q.Lane})
	if err != nil {
		return nil, err
	}
	by, err := b.biller(ctx, a)
	if err != nil {
		return nil, err
	}
	r, err := b.cfg.Desk.Grant(ctx, billing.Grant{
		Ref: ref, Discount: strings.TrimSpace(q.Discount), Value: q.Value.N, Remark: strings.TrimSpace(q.Remark), By: by, Request: q.Request,
	})
	if err != nil {
		return nil, err
	}
	return struct {
		OrderNo string `json:"orderNo"`
		Plate   string `json:"plateNo"`
		Rest    int64  `json:"rest"`
	}{r.Order.No, r.Session.Plate, r.Rest}, nil
}

// A correction of the ledger names a row and a reason.
type ledgerAct struct {
	Payment string       `json:"payment" wire:"required"`
	Amount  protocol.Int `json:"amount" wire:"min=1"` // of a refund, fen
	Shift   protocol.Int `json:"shift" wire:"min=1"`  // from whose drawer cash is given back; absent: the caller's own
	Session string       `json:"session"`             // to which an orphan belongs
	Reason  string       `json:"reason"`
	Request string       `json:"requestNo"`
}

// onLedger reads what is to be done with a row of the ledger, and who does it.
func (b *Booths) onLedger(ctx context.Context, a act) (q ledgerAct, by billing.By, err error) {
	if q, err = decode[ledgerAct](a); err != nil {
		return q, by, err
	}
	if q.Reason, err = reasonOf(q.Reason); err != nil {
		return q, by, err
	}
	by, err = b.biller(ctx, a)
	return q, by, err
}

// recall takes back a discount that nobody has used.
func (b *Booths) recall(ctx context.Context, a act) (any, error) {
	q, by, err := b.onLedger(ctx, a)
	if err != nil {
		return nil, err
	}
	err = b.cfg.Desk.Recall(ctx, billing.Recall{Payment: q.Payment, Reason: q.Reason, By: by})
	if errors.Is(err, billing.ErrGone) { // of which a payer hears that he is to refund
		return nil, errRecallLate
	}
	return nil, unknownRow(err)
}

// refund notes that money was given back.
func (b *Booths) refund(ctx context.Context, a act) (any, error) {
	q, by, err := b.onLedger(ctx, a)
	if err != nil {
		return nil, err
	}
	if !q.Amount.Set {
		return nil, &protocol.FieldError{Field: "amount", Problem: protocol.Missing}
	}
	if q.Shift.Set { // a manager gives back what lies in an operator's drawer
		s, err := b.cfg.DB.Shift(ctx, q.Shift.N)
		if errors.Is(err, store.ErrNotFound) {
			return nil, booth.ErrNoShift
		} else if err != nil {
			return nil, err
		}
		by.Shift, by.Client = s.ID, s.Booth
	}
	p, err := b.cfg.Desk.Refund(ctx, billing.Refund{Payment: q.Payment, Amount: q.Amount.N, Reason: q.Reason, By: by, Request: q.Request})
	if err != nil {
		return nil, unknownRow(err)
	}
	return b.paid(p), nil
}

// assign gives the money of an orphan to the stay that it belongs to.
func (b *Booths) assign(ctx context.Context, a act) (any, error) {
	q, by, err := b.onLedger(ctx, a)
	if err != nil {
		return nil, err
	}
	r, err := b.cfg.Desk.Assign(ctx, billing.Assignment{Payment: q.Payment, Session: strings.TrimSpace(q.Session), Reason: q.Reason, By: by})
	if err != nil {
		return nil, unknownRow(err)
	}
	return struct {
		Rest int64 `json:"rest"`
		Over int64 `json:"over"`
	}{r.Rest, r.Over}, nil
}

// unknownRow puts into words that the ledger has no such row.
func unknownRow(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errNoPayment
	}
	return err
}

// fee confirms or sets the fee of a stay that the tariff may not price; a manager
// also that of any other.
func (b *Booths) fee(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Session string       `json:"session" wire:"required"`
		Fee     protocol.Int `json:"fee" wire:"required,min=0"`
		Reason  string       `json:"reason"`
	}](a)
	if err != nil {
		return nil, err
	}
	why, err := reasonOf(q.Reason)
	if err != nil {
		return nil, err
	}
	by, err := b.biller(ctx, a)
	if err != nil {
		return nil, err
	}
	due, err := b.cfg.Desk.SetFee(ctx, billing.FeeSet{Session: strings.TrimSpace(q.Session), Fee: q.Fee.N, Reason: why, By: by, Priced: a.Role == booth.RoleManager})
	if err != nil {
		return nil, err
	}
	return struct {
		Total   int64 `json:"total"`
		Payable int64 `json:"payable"`
	}{due.Total, due.Payable}, nil
}

// ticket lets a car without a plate in at an entry, and answers what its ticket has
// on it, the link of 5.1 to encode. With an order number it answers the link to the
// change slip of that order (5.2) instead, and with neither only that of 5.1. With the
// number of a ticket whose car is inside, that is printed once more, at any lane.
func (b *Booths) ticket(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Lane    string `json:"lane"`
		OrderNo string `json:"orderNo"`
		Card    string `json:"cardNo"`
		Request string `json:"requestNo"`
	}](a)
	if err != nil {
		return nil, err
	}
	answer := struct {
		CardNo    string `json:"cardNo"`
		PlateNo   string `json:"plateNo"`
		EntryTime string `json:"entryTime"`
		Link      string `json:"link"`
		Printed   bool   `json:"printed"` // by the lane's printer
	}{Link: b.cfg.Questions.TicketLink()}
	switch {
	case q.OrderNo != "":
		answer.Link = b.cfg.Questions.ChangeLink(strings.TrimSpace(q.OrderNo))
		answer.Printed, err = b.slip(ctx, strings.TrimSpace(q.OrderNo), q.Lane, answer.Link)
		return answer, err
	case q.Lane == "":
		return answer, nil
	}
	l, err := b.lane(q.Lane)
	switch {
	case err != nil:
		return nil, err
	case strings.TrimSpace(q.Card) != "":
		s, err := billing.Find(ctx, b.cfg.DB.Reader, billing.Ref{CardNo: strings.TrimSpace(q.Card)})
		if err != nil {
			return nil, err
		}
		answer.CardNo, answer.PlateNo, answer.EntryTime = s.CardNo, s.Plate, b.dash(s.EnteredAt)
		answer.Printed = b.printTicket(ctx, l.Code, s, true)
		return answer, nil
	case !l.Entry:
		return nil, errNotAtEntry
	}
	t := ticketing{db: b.cfg.DB, lane: l.Worker, now: b.cfg.Now(), zone: b.cfg.Location}
	card, s, err := t.letIn(ctx, "booth "+a.Operator, strings.TrimSpace(q.Request), lane.Scan{Client: a.Operator, Address: a.address})
	answer.CardNo, answer.PlateNo, answer.EntryTime = card, s.Plate, b.dash(s.EnteredAt)
	if err != nil {
		return answer, err
	}
	answer.Printed = b.printTicket(ctx, l.Code, s, false)
	return answer, nil
}

package console

import (
	"context"
	"errors"
	"strings"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/codes"
	"parkagent/agent/lane"
	"parkagent/agent/slips"
	"parkagent/agent/uplink"
	"parkagent/drivers"
	"parkagent/protocol"
	"parkagent/store"
)

// A bill is what a driver is shown.
type bill struct {
	OrderNo   string `json:"orderNo"`
	PlateNo   string `json:"plateNo"`
	CardNo    string `json:"cardNo"`
	EntryTime string `json:"entryTime"`
	Minutes   int64  `json:"minutes"`
	Total     int64  `json:"total"`
	Paid      int64  `json:"paid"`
	Payable   int64  `json:"payable"`
	Delay     int64  `json:"delay"` // minutes to leave after paying
	Image     string `json:"image"`
}

// bill makes an order for the car with a plate or ticket, or at an exit for the
// one that stands there.
func (s *Server) bill(ctx context.Context, k Kiosk, q request) (any, error) {
	ref := billing.Ref{Plate: q.PlateNo, CardNo: strings.TrimSpace(q.CardNo)}
	switch {
	case q.PlateNo != "":
		ref.CardNo = ""
	case ref.CardNo != "":
	case k.Exit:
		ref.Lane = k.Lane
	default:
		return nil, errNoSearch
	}
	o, session, err := s.cfg.Desk.Order(ctx, ref, k.Code)
	if err != nil {
		return nil, err
	}
	return bill{
		OrderNo: o.No, PlateNo: session.Plate, CardNo: session.CardNo,
		EntryTime: protocol.FormatDash(session.EnteredAt, s.cfg.Location),
		Minutes:   int64(o.CreatedAt.Sub(session.EnteredAt).Round(time.Minute) / time.Minute),
		Total:     o.Total, Paid: o.Paid, Payable: o.Payable, Delay: int64(s.cfg.Desk.KioskDelay(k.Code) / time.Minute),
		Image: s.image(session.EntryImage),
	}, nil
}

func (s *Server) image(path string) string {
	if path == "" || s.cfg.ImageURL == nil {
		return ""
	}
	return s.cfg.ImageURL(path)
}

// unpaid returns an order that the driver may be asked to pay now, and its stay.
func (s *Server) unpaid(ctx context.Context, no string) (store.Order, store.Session, error) {
	o, err := s.cfg.DB.Order(ctx, strings.TrimSpace(no))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return o, store.Session{}, billing.ErrNoOrder
	case err != nil:
		return o, store.Session{}, err
	case o.State == store.OrderPaid:
		return o, store.Session{}, errSettled
	case s.cfg.Now().After(o.ExpiresAt):
		return o, store.Session{}, errExpired
	}
	return s.cfg.Desk.MayCharge(ctx, o.No)
}

// code returns what the driver scans to pay (uplink 4.1). The payment itself
// comes from the platform.
func (s *Server) code(ctx context.Context, k Kiosk, q request) (any, error) {
	o, session, err := s.unpaid(ctx, q.OrderNo)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Questions.Code(ctx, o, session, k.Code, s.cfg.Now())
	if err != nil {
		return nil, asked(err, errNoCode)
	}
	err = s.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(ctx, store.KindCode, session.Plate, store.CodeFact{
			Order: o.No, Session: o.Session, Platform: c.Platform, Kiosk: k.Code, Act: "shown",
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return struct {
		Code     string `json:"code"`
		Platform string `json:"platform"`
		PayType  int    `json:"payType"` // 6 WeChat, 7 Alipay
	}{c.Content, c.Platform, c.PayType}, nil
}

// asked puts what came of a question into words; unknown is for when nobody knows.
func asked(err error, unknown *sentence) error {
	switch {
	case errors.Is(err, uplink.ErrNobody):
		return errNobody
	case errors.Is(err, uplink.ErrNotSent):
		return errNoCode
	case errors.As(err, new(*protocol.RefusedError)):
		return errRefused
	}
	return unknown
}

// scan hands the driver's payment code to a platform (uplink 4.2), which then
// pays by 3.2. While that is under way no other channel may charge the driver.
func (s *Server) scan(ctx context.Context, k Kiosk, q request) (any, error) {
	auth := strings.TrimSpace(q.AuthCode)
	if !isAuthCode(auth) {
		return nil, errAuthCode
	}
	// The bar code of a ticket can look like one, and is no platform's business.
	switch _, err := s.cfg.DB.OpenSessionByCard(ctx, auth); {
	case err == nil:
		return nil, errAuthCode
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	o, session, err := s.unpaid(ctx, q.OrderNo)
	if err != nil {
		return nil, err
	}
	got, err := s.cfg.Till.Pay(ctx, codes.Charge{Order: o.No, Session: session.ID, Device: k.Code, Code: auth, At: s.cfg.Now()})
	no := new(codes.UnpaidError)
	switch {
	case errors.Is(err, codes.ErrUsed):
		return nil, errUsed
	case errors.As(err, &no) && no.Known:
		return nil, asked(no.Err, errUncertain)
	case errors.As(err, &no):
		if no.Books != nil {
			s.cfg.Log.Error("note what a platform said", "kiosk", k.Code, "error", no.Books)
		}
		return nil, errUncertain
	case err != nil:
		return nil, err
	}
	return struct {
		Platform string `json:"platform"`
		PayType  int    `json:"payType"`
	}{got.Platform, got.PayType}, nil
}

// isAuthCode reports whether a text can be a payment code: WeChat's and Alipay's
// have 16 to 24 digits, UnionPay's 19; longer ones leave room for others.
func isAuthCode(code string) bool {
	return len(code) >= 16 && len(code) <= 32 && strings.Trim(code, "0123456789") == ""
}

// cash books coins and notes. inserted is all that was put in for the order; the
// same sum again, after an answer that was lost, counts once.
func (s *Server) cash(ctx context.Context, k Kiosk, q request) (any, error) {
	switch {
	case !q.Inserted.Set:
		return nil, &protocol.FieldError{Field: "inserted", Problem: protocol.Missing}
	case q.Inserted.N == 0: // booked, it would take the place of what is put in later
		return nil, &protocol.FieldError{Field: "inserted", Problem: protocol.OutOfRange}
	}
	got, err := s.cfg.Desk.Cash(ctx, billing.Coins{Order: strings.TrimSpace(q.OrderNo), Inserted: q.Inserted.N, Kiosk: k.Code})
	if err != nil {
		return nil, err
	}
	type change struct {
		OrderNo string `json:"orderNo"`
		Amount  int64  `json:"amount"`
		Link    string `json:"link"`    // to print as a code; empty: the machine gives the change itself
		Printed bool   `json:"printed"` // the lane's printer has printed the slip
	}
	answer := struct {
		Rest   int64   `json:"rest"` // still due
		Change *change `json:"change"`
	}{Rest: got.Rest}
	if c := got.Change; c.No != "" {
		answer.Change = &change{OrderNo: c.No, Amount: c.Owed(), Link: s.cfg.Questions.ChangeLink(c.No)}
		answer.Change.Printed = s.slip(ctx, k, c, answer.Change.Link)
	}
	return answer, nil
}

// order tells whether an order, or a change order, is settled.
func (s *Server) order(ctx context.Context, _ Kiosk, q request) (any, error) {
	settled, err := s.cfg.Desk.Status(ctx, strings.TrimSpace(q.OrderNo))
	if err != nil {
		return nil, err
	}
	return struct {
		Settled bool `json:"settled"`
	}{settled}, nil
}

// ticket lets a car without a plate in, under a ticket number that nobody
// guesses, and returns what is printed on the ticket.
func (s *Server) ticket(ctx context.Context, k Kiosk, q request) (any, error) {
	if k.Passage == nil || k.Exit {
		return nil, errNotEntry
	}
	t := ticketing{db: s.cfg.DB, lane: k.Passage, now: s.cfg.Now(), zone: s.cfg.Location}
	card, session, err := t.letIn(ctx, "kiosk "+k.Code, strings.TrimSpace(q.RequestNo), lane.Scan{Client: k.Code, Address: q.address})
	if err != nil {
		return nil, err
	}
	link := s.cfg.Questions.TicketLink()
	out := printed(ctx, s.cfg.Press, func(ctx context.Context, p Press) error {
		return p.PrintTicket(ctx, k.Lane, slips.Entry{CardNo: card, Plate: session.Plate, At: session.EnteredAt, Link: link})
	})
	return struct {
		CardNo    string `json:"cardNo"`
		PlateNo   string `json:"plateNo"`
		EntryTime string `json:"entryTime"`
		Link      string `json:"link"`
		Printed   bool   `json:"printed"` // by the lane's printer
	}{card, session.Plate, protocol.FormatDash(session.EnteredAt, s.cfg.Location), link, out}, nil
}

// leave lets the car of a ticket, or of another card number, out. It is refused
// while money is due; what a phone does by downlink 2.1, for drivers without one.
func (s *Server) leave(ctx context.Context, k Kiosk, q request) (any, error) {
	card := strings.TrimSpace(q.CardNo)
	switch {
	case k.Passage == nil || !k.Exit:
		return nil, errNotExit
	case card == "":
		return nil, &protocol.FieldError{Field: "cardNo", Problem: protocol.Missing}
	}
	return nil, passed(k.Passage.Scan(ctx, lane.Scan{CardNo: card, Client: k.Code, Address: q.address}))
}

// passed puts a gate that failed into words. What it said is in the lane's log.
func passed(err error) error {
	if errors.As(err, new(*drivers.DeviceError)) || errors.Is(err, drivers.ErrOffline) || errors.Is(err, drivers.ErrRefused) {
		return errGate
	}
	return err
}

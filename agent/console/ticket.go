package console

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"strings"
	"time"

	"parkagent/agent/lane"
	"parkagent/agent/slips"
	"parkagent/store"
)

// sameRequest is within what time a number that a caller gave names the same request.
const sameRequest = 30 * time.Second

// A ticketing lets a car without a plate in at a lane, under a ticket number.
type ticketing struct {
	db   *store.DB
	lane Passage
	now  time.Time
	zone *time.Location
}

// letIn lets a car in for a request of a client: the same request again, after an
// answer that was lost, is the same car. An empty one is always another. The card
// number of scan is filled in.
func (t ticketing) letIn(ctx context.Context, client, request string, scan lane.Scan) (card string, s store.Session, err error) {
	if card, err = t.number(ctx, client, request); err != nil {
		return card, s, err
	}
	s, err = t.db.OpenSessionByCard(ctx, card)
	if errors.Is(err, store.ErrNotFound) || err == nil && s.State == store.Entering {
		scan.CardNo = card
		if err := t.lane.Scan(ctx, scan); err != nil {
			return card, s, passed(err)
		}
		s, err = t.db.OpenSessionByCard(ctx, card)
	}
	return card, s, err
}

// number returns the ticket number for a request: a new one, or the one that it got
// before.
func (t ticketing) number(ctx context.Context, client, request string) (string, error) {
	card := newTicket(t.now.In(t.zone))
	if request == "" {
		return card, nil
	}
	now, digest := t.now.UTC(), "ticket "+request
	err := t.db.Update(ctx, func(tx *store.Tx) error {
		before, err := tx.FirstAnswer(ctx, client, digest, now, sameRequest)
		if errors.Is(err, store.ErrNotFound) {
			return tx.KeepAnswer(ctx, client, digest, card, now, sameRequest)
		}
		card = before
		return err
	})
	return card, err
}

// A Press prints at lanes. [slips.Press] is one.
type Press interface {
	// PrintTicket prints the ticket of a car that was let in, and PrintChange the
	// slip of a change order. Each comes out once, and is answered as before when
	// it is asked for again. slips.ErrNoPrinter means that the lane has none.
	PrintTicket(ctx context.Context, lane string, e slips.Entry) error
	PrintChange(ctx context.Context, lane string, o slips.Owed) error
	// PrintReceipt prints the receipt of a payment, likewise.
	PrintReceipt(ctx context.Context, lane string, o slips.Paid) error
}

// printedWithin is how long a call waits for paper. What takes longer may come out
// still.
const printedWithin = 4 * time.Second

// printed reports whether a slip came out. Why it did not is in the log, and in the
// printer's state.
func printed(ctx context.Context, p Press, print func(context.Context, Press) error) bool {
	if p == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, printedWithin)
	defer cancel()
	return print(ctx, p) == nil
}

// newTicket is a ticket number that nobody guesses: 90, the park's date and ten random
// digits. No payment code begins with 90, and a bar code has an even number of digits
// in the least room.
func newTicket(local time.Time) string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1e10)) // never fails
	digits := n.String()
	return "90" + local.Format("060102") + strings.Repeat("0", 10-len(digits)) + digits
}

// printTicket prints the ticket of a car at a lane; again is for one that was lost.
func (b *Booths) printTicket(ctx context.Context, lane string, s store.Session, again bool) bool {
	return printed(ctx, b.cfg.Press, func(ctx context.Context, p Press) error {
		return p.PrintTicket(ctx, lane, slips.Entry{CardNo: s.CardNo, Plate: s.Plate, At: s.EnteredAt, Link: b.cfg.Questions.TicketLink(), Again: again})
	})
}

// slip prints the slip of a change order that is still owed at a lane; without a lane
// it prints nothing.
func (b *Booths) slip(ctx context.Context, order, code, link string) (bool, error) {
	if code == "" {
		return false, nil
	}
	l, err := b.lane(code)
	if err != nil {
		return false, err
	}
	c, err := b.cfg.Desk.Change(ctx, order)
	if err != nil || link == "" || !c.SettledAt.IsZero() {
		return false, err
	}
	s, err := b.cfg.DB.Session(ctx, c.Session)
	if err != nil {
		return false, err
	}
	return printed(ctx, b.cfg.Press, func(ctx context.Context, p Press) error {
		return p.PrintChange(ctx, l.Code, slips.Owed{Order: c.No, Plate: s.Plate, Amount: c.Owed(), At: c.PaidAt, Link: link})
	}), nil
}

// slip prints the slip of a change order where the machine's lane has a printer, and
// the driver needs one.
func (s *Server) slip(ctx context.Context, k Kiosk, c store.Change, link string) bool {
	if link == "" || k.Lane == "" || !c.SettledAt.IsZero() {
		return false
	}
	return printed(ctx, s.cfg.Press, func(ctx context.Context, p Press) error {
		owed := slips.Owed{Order: c.No, Amount: c.Owed(), At: c.PaidAt, Link: link}
		if session, err := s.cfg.DB.Session(ctx, c.Session); err == nil { // without the plate it is as good
			owed.Plate = session.Plate
		}
		return p.PrintChange(ctx, k.Lane, owed)
	})
}

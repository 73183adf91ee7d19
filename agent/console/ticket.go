package console

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"strings"
	"time"

	"parkagent/agent/lane"
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

// newTicket is a ticket number that nobody guesses: the park's date and ten random
// digits.
func newTicket(local time.Time) string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1e10)) // never fails
	digits := n.String()
	return local.Format("060102") + strings.Repeat("0", 10-len(digits)) + digits
}

package uplink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"parkagent/protocol"
)

// A question is what one platform is asked once.
type question struct {
	name    string // of the interface
	message any
	rowless bool   // a success needs no row
	secret  string // what no error and no log may show; may be empty
}

// ask asks a platform and returns the row that it answers with success. usable,
// if given, says whether the row tells what it must. The error is one of the
// three that Questions tells apart.
func ask[Row any](ctx context.Context, q *Questions, p Asked, x question, usable func(Row) bool) (Row, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	var row Row
	began := time.Now()
	err := ctx.Err()
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrNotSent, err)
	} else {
		var reply protocol.Reply
		if reply, err = p.post(ctx, x); err == nil {
			row, err = read(reply, x, usable)
		}
	}
	err = x.hideIn(err)
	q.note(p, x, err, time.Since(began))
	if err != nil {
		var none Row
		return none, fmt.Errorf("ask platform %s: %w", p.Name, err)
	}
	return row, nil
}

// post returns the answer if it is a success.
func (p Asked) post(ctx context.Context, x question) (protocol.Reply, error) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	reply, err := p.Client.Post(ctx, x.name, x.message)
	var failed *url.Error // from the HTTP client, which would have told of a connection
	if errors.As(err, &failed) && !connected.Load() {
		return reply, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return reply, err
}

// read returns the first row of a success.
func read[Row any](reply protocol.Reply, x question, usable func(Row) bool) (Row, error) {
	row, ok, err := protocol.FirstOf[Row](reply)
	switch {
	case x.rowless && (err != nil || !ok):
		var none Row
		return none, nil
	case err != nil:
		return row, fmt.Errorf("%s: %w", x.name, err)
	case !ok || usable != nil && !usable(row):
		return row, fmt.Errorf("%s: a success without what was asked for", x.name)
	}
	return row, nil
}

// isRefusal reports whether a platform definitely did not do what it was asked.
func isRefusal(err error) bool {
	var refusal *protocol.RefusedError
	return errors.As(err, &refusal)
}

// hide blots out the secret in a text of the platform's: some quote what they
// refuse.
func (x question) hide(text string) string {
	if x.secret == "" {
		return text
	}
	return strings.ReplaceAll(text, x.secret, "***")
}

// hideIn returns err without the secret, as a text and as a value.
func (x question) hideIn(err error) error {
	if err == nil || x.secret == "" {
		return err
	}
	var refusal *protocol.RefusedError
	if errors.As(err, &refusal) {
		r := protocol.Reply{Code: x.hide(refusal.Reply.Code), Msg: x.hide(refusal.Reply.Msg)}
		return fmt.Errorf("%s: %w", x.name, &protocol.RefusedError{Reply: r})
	}
	switch text := x.hide(err.Error()); {
	case text == err.Error():
		return err
	case errors.Is(err, ErrNotSent):
		return fmt.Errorf("%w: %s", ErrNotSent, text)
	default:
		return errors.New(text)
	}
}

// note logs what was asked and how it ended. The platform's own words may name a
// plate, so they are for debugging only.
func (q *Questions) note(p Asked, x question, err error, took time.Duration) {
	log := q.cfg.Log.With("platform", p.Name, "interface", x.name, "took", took.Round(time.Millisecond))
	var refusal *protocol.RefusedError
	switch {
	case err == nil:
		log.Info("platform asked", "result", "answered")
		return
	case errors.As(err, &refusal):
		log.Info("platform asked", "result", "refused", "code", refusal.Reply.Code)
	case errors.Is(err, ErrNotSent):
		log.Info("platform asked", "result", "not sent", "error", cause(err))
	default:
		log.Info("platform asked", "result", "unknown", "error", cause(err))
	}
	log.Debug("platform's answer", "error", err)
}

// cause says why there is no usable answer in words that are not the
// platform's.
func cause(err error) string {
	var none *protocol.NoAnswerError
	var failed *url.Error
	switch {
	case errors.As(err, &none) && none.Status != 0 && none.Status != http.StatusOK:
		return fmt.Sprintf("HTTP status %d", none.Status)
	case errors.As(err, &failed):
		return failed.Err.Error()
	}
	return reasonOf(err)
}

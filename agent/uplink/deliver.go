package uplink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"parkagent/protocol"
	"parkagent/store"
)

// fresh deals with the next rows of the journal and settles them together. more
// means that it did not reach the end. An error means that it stopped early.
func (u *Uplink) fresh(ctx context.Context) (more bool, err error) {
	rows, err := u.cfg.DB.After(ctx, u.cursor, batchRows)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	blocked := map[string]bool{}
	for _, o := range u.waiting {
		blocked[o.Key] = true
	}
	began, cursor := time.Now(), u.cursor
	var outcomes []store.Outcome
	for _, e := range rows {
		o := store.Outcome{Seq: e.Seq, Key: orderKey(e)}
		if o, err = u.deliver(ctx, e, o, blocked[o.Key]); err != nil {
			break
		}
		if blocked[o.Key] && o.Verdict == store.Keep {
			var old []store.Outcome
			if o, old, err = u.replace(ctx, e, o); err != nil {
				break
			}
			outcomes = append(outcomes, old...)
		}
		cursor = e.Seq
		if o.Verdict != store.Accept {
			outcomes = append(outcomes, o)
			blocked[o.Key] = blocked[o.Key] || o.Verdict == store.Keep
		}
		if time.Since(began) >= batchTime {
			break
		}
	}
	if cursor > u.cursor {
		if err := u.settle(ctx, cursor, outcomes); err != nil {
			return false, err
		}
	}
	return cursor < rows[len(rows)-1].Seq || len(rows) == batchRows, err
}

// replace lets a row of which only the latest counts take the place, and the
// count of refusals, of the one that it supersedes and that waits. old accepts
// that one.
func (u *Uplink) replace(ctx context.Context, e store.Entry, o store.Outcome) (next store.Outcome, old []store.Outcome, err error) {
	if !latestOnly(e.Kind) {
		return o, nil, nil
	}
	for _, w := range u.waiting {
		if w.Key != o.Key {
			continue
		}
		before, err := u.cfg.DB.EntryAt(ctx, w.Seq)
		if err != nil {
			return o, nil, err
		}
		if before.Kind == e.Kind {
			o.Attempts, o.NotBefore, o.Reason = w.Attempts, w.NotBefore, w.Reason
			w.Verdict = store.Accept
			return o, []store.Outcome{w}, nil
		}
	}
	return o, nil, nil
}

// retry deals with the held rows whose time has come, the first of each key
// first.
func (u *Uplink) retry(ctx context.Context) error {
	if u.untilDue() > 0 {
		return nil
	}
	if err := u.load(ctx, 0); err != nil { // a person may have dropped what is due
		return err
	}
	var outcomes []store.Outcome
	var err error
	blocked, began := map[string]bool{}, time.Now()
	for _, o := range u.waiting {
		if blocked[o.Key] || u.untilTry(o) > 0 {
			blocked[o.Key] = true
			continue
		}
		if o, err = u.again(ctx, o); err != nil {
			break
		}
		outcomes = append(outcomes, o)
		blocked[o.Key] = o.Verdict == store.Keep
		if len(outcomes) == batchRows || time.Since(began) >= batchTime {
			break
		}
	}
	if len(outcomes) > 0 {
		if err := u.settle(ctx, u.cursor, outcomes); err != nil {
			return err
		}
	}
	return err
}

// again tries a held row once more. One that is no longer in the journal is
// over.
func (u *Uplink) again(ctx context.Context, o store.Outcome) (store.Outcome, error) {
	e, err := u.cfg.DB.EntryAt(ctx, o.Seq)
	if errors.Is(err, store.ErrNotFound) {
		o.Verdict = store.Accept
		return o, nil
	}
	if err != nil {
		return o, err
	}
	return u.deliver(ctx, e, o, false)
}

// settle notes a batch. That takes a moment of its own when ctx has ended: what
// the platform has taken would be sent again after the restart.
func (u *Uplink) settle(ctx context.Context, cursor int64, outcomes []store.Outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := u.cfg.DB.Settle(ctx, u.cfg.Name, cursor, outcomes); err != nil {
		u.loaded = time.Time{}
		return err
	}
	u.cursor = cursor
	for _, o := range outcomes {
		u.waiting = slices.DeleteFunc(u.waiting, func(w store.Outcome) bool { return w.Seq == o.Seq })
		switch o.Verdict {
		case store.Keep:
			u.waiting = append(u.waiting, o)
		case store.Reject:
			u.dead++
		}
	}
	slices.SortFunc(u.waiting, func(a, b store.Outcome) int { return cmp.Compare(a.Seq, b.Seq) })
	return nil
}

// untilDue returns after what time to look again although nothing was heard: 0
// when a held row can be tried.
func (u *Uplink) untilDue() time.Duration {
	if len(u.waiting) == 0 && u.dead == 0 {
		return idlePoll
	}
	wait, seen := heldPoll, map[string]bool{}
	for _, o := range u.waiting {
		if !seen[o.Key] {
			seen[o.Key] = true
			wait = min(wait, u.untilTry(o))
		}
	}
	return wait
}

// untilTry returns how long a held row has to wait by itself. A wait that is
// longer than any we give comes from a clock that was set back, and is over.
func (u *Uplink) untilTry(o store.Outcome) time.Duration {
	wait := o.NotBefore.Sub(u.cfg.Now())
	if o.NotBefore.IsZero() || wait > u.cfg.RetryMax {
		return 0
	}
	return max(wait, 0)
}

// orderKey is what rows must keep their order by. Rows about the car park as a
// whole have no key; they keep it by kind.
func orderKey(e store.Entry) string {
	if e.Key == "" {
		return "kind:" + string(e.Kind)
	}
	return e.Key
}

// deliver brings one row to the platform, if it wants it, and returns o with
// what became of it. blocked means that a row with the same key waits. An error
// means that there is no answer and nothing is known.
func (u *Uplink) deliver(ctx context.Context, e store.Entry, o store.Outcome, blocked bool) (store.Outcome, error) {
	o.Verdict = store.Accept
	if wanted, err := u.wants(ctx, e); err != nil || !wanted {
		return o, err
	}
	if blocked {
		o.Verdict = store.Keep
		return o, nil
	}
	name, message, err := u.message(e)
	if err != nil { // only a damaged row can cause this, and it will not heal
		return u.refused(e, o, u.cfg.MaxRefusals, err.Error()), nil
	}
	if message == nil {
		return o, nil
	}
	reply, err := u.post(ctx, name, message)
	switch verdict, reason := u.judge(reply, err); {
	case verdict == store.Accept:
		delete(u.passed, e.Seq)
		u.answered(true)
		return o, u.taken(ctx, e, reply)
	case verdict == store.Reject:
		u.answered(false)
		return u.refused(e, o, o.Attempts+1, reason), nil
	case ctx.Err() == nil && u.isStuck(e, err):
		return u.passBy(e, o, reason), nil
	}
	return o, err
}

func (u *Uplink) post(ctx context.Context, name string, message any) (protocol.Reply, error) {
	if err := u.awaitTurn(ctx); err != nil {
		return protocol.Reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, u.cfg.Timeout)
	defer cancel()
	return u.cfg.Client.Post(ctx, name, message)
}

// awaitTurn waits until the platform takes one more message, or returns the
// error of ctx. Messages go evenly: a burst could be two seconds' worth in one.
func (u *Uplink) awaitTurn(ctx context.Context) error {
	if u.cfg.MaxPerSecond == 0 {
		return nil
	}
	if wait := time.Until(u.turn); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
	u.turn = time.Now().Add(time.Second / time.Duration(u.cfg.MaxPerSecond))
	return nil
}

// judge tells what an answer means: Accept, Reject for a refusal, Keep when
// there is none.
func (u *Uplink) judge(reply protocol.Reply, err error) (verdict store.Verdict, reason string) {
	if err == nil {
		return store.Accept, ""
	}
	reason = err.Error()
	if reply, err = refusedBy(reply, err); err != nil {
		return store.Keep, reason
	}
	if slices.ContainsFunc(u.cfg.Duplicates, func(text string) bool { return strings.Contains(reply.Msg, text) }) {
		return store.Accept, ""
	}
	return store.Reject, reason
}

// refusedBy returns the answer by which this very message was refused, or err.
// Some platforms refuse with a status of HTTP that says what is wrong with a
// message, and the rest of the answer as it should be. All other statuses tell of
// the platform, or of what stands before it.
func refusedBy(reply protocol.Reply, err error) (protocol.Reply, error) {
	var refusal *protocol.RefusedError
	var none *protocol.NoAnswerError
	switch {
	case errors.As(err, &refusal):
		return reply, nil
	case !errors.As(err, &none):
		return reply, err
	case none.Status == http.StatusRequestEntityTooLarge:
		return none.Reply, nil
	case slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity}, none.Status) && none.Reply.Code != "" && !none.Reply.OK():
		return none.Reply, nil
	}
	return reply, err
}

// isStuck reports whether the platform has again and again answered this very
// row with what is no usable answer.
func (u *Uplink) isStuck(e store.Entry, err error) bool {
	var none *protocol.NoAnswerError
	if !errors.As(err, &none) || none.Status == 0 {
		return false
	}
	if u.stuck.seq != e.Seq {
		u.stuck.seq, u.stuck.tries = e.Seq, 0
	}
	u.stuck.tries++
	return u.stuck.tries%stuckTries == 0
}

// passBy lets other rows go on where one gets no usable answer. It counts as a
// refusal only if the platform has answered to others since the row was passed by
// before: a platform behind a broken proxy answers nothing to nobody, and no
// report may die of that.
func (u *Uplink) passBy(e store.Entry, o store.Outcome, reason string) store.Outcome {
	before, passed := u.passed[e.Seq]
	u.passed[e.Seq] = u.answers
	if passed && u.answers > before {
		return u.refused(e, o, o.Attempts+1, reason)
	}
	o.Verdict, o.NotBefore, o.Reason = store.Keep, u.cfg.Now().Add(u.cfg.RetryMin), reason
	return o
}

// refused notes that a row was refused, attempts times by now.
func (u *Uplink) refused(e store.Entry, o store.Outcome, attempts int, reason string) store.Outcome {
	o.Attempts, o.Reason = attempts, reason
	if attempts >= u.cfg.MaxRefusals {
		o.Verdict, o.NotBefore = store.Reject, time.Time{}
		u.log.Warn("report set aside", "seq", e.Seq, "kind", e.Kind, "attempts", attempts, "error", reason)
		return o
	}
	wait := u.cfg.RetryMax
	if doublings := attempts - 1; doublings < 30 {
		wait = min(wait, u.cfg.RetryMin<<doublings)
	}
	o.Verdict, o.NotBefore = store.Keep, u.cfg.Now().Add(wait)
	if attempts == 1 {
		u.log.Warn("report refused", "seq", e.Seq, "kind", e.Kind, "error", reason)
	}
	return o
}

// taken does what an answer asks for: a platform that will deduct the fee of a
// stay marks it. A car that has left meanwhile has nothing to deduct.
func (u *Uplink) taken(ctx context.Context, e store.Entry, reply protocol.Reply) error {
	if e.Kind != store.KindEntry {
		return nil
	}
	answer, ok, err := protocol.FirstOf[protocol.CarInAnswer](reply)
	if err != nil {
		u.log.Debug("answer not understood", "seq", e.Seq, "error", err)
		return nil
	}
	if !ok || answer.IsDensityPay != 1 {
		return nil
	}
	fact, err := decode[store.StayFact](e)
	if err != nil {
		return err
	}
	var inside bool
	err = u.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := tx.Session(ctx, fact.Session)
		if err != nil {
			return err
		}
		if inside = s.State.Open(); s.Seamless || !inside {
			return nil
		}
		s.Seamless, s.SeamlessBy = true, u.cfg.Name
		if err := tx.UpdateSession(ctx, s); err != nil {
			return err
		}
		_, err = tx.Append(ctx, store.KindSeamless, s.Plate, store.SeamlessFact{Session: s.ID, By: u.cfg.Name})
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("mark seamless session: %w", err)
	}
	if inside {
		u.cfg.Promised(fact.Session)
	}
	return nil
}

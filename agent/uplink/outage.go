package uplink

import (
	"errors"
	"fmt"
	"time"

	"parkagent/protocol"
)

// An outage is the time without answers, told in two log lines: one when it
// begins or its reason changes, one when it ends.
type outage struct {
	reason string // empty when there is none
	since  time.Time
	tries  int
}

// failed notes an error that stopped the work and returns how long to wait.
func (u *Uplink) failed(err error) time.Duration {
	reason := reasonOf(err)
	if u.outage.reason == "" {
		u.outage = outage{since: time.Now()}
	}
	u.outage.tries++
	if u.outage.reason != reason {
		u.outage.reason = reason
		u.log.Warn("reports wait", "error", err)
	} else {
		u.log.Debug("reports still wait", "error", err, "tries", u.outage.tries)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.status.Connected, u.status.Error = false, err.Error()
	return u.pause.NextBackOff()
}

// answered notes that the platform gave a usable answer.
func (u *Uplink) answered(taken bool) {
	u.answers++
	if u.outage.reason != "" {
		u.log.Info("reports go again", "tries", u.outage.tries, "lasted", time.Since(u.outage.since).Round(time.Millisecond))
		u.outage = outage{}
	}
	u.pause.Reset()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.status.Connected, u.status.Error = true, ""
	if taken {
		u.status.LastSuccess = u.cfg.Now()
	}
}

// reasonOf returns what stays the same from try to try: the HTTP status or the
// innermost error. The whole text holds port numbers.
func reasonOf(err error) string {
	var none *protocol.NoAnswerError
	if errors.As(err, &none) && none.Status != 0 {
		return fmt.Sprintf("HTTP status %d", none.Status)
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

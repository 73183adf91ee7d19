package downlink

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/lane"
	"parkagent/protocol"
)

// Explain returns the sentence that platforms are answered for an error of the
// rules, of the lanes or of reading a request: in English for "en", in Chinese for
// any other language. It is empty for an error that nobody foresaw, and for nil.
func Explain(err error, language string) string {
	if r := refusalOf(err); r != nil {
		return r.message(language)
	}
	return protocol.Message(err, language)
}

// A refusal is an error that is answered with a sentence.
type refusal struct {
	status  int // HTTP; 0 means 200
	say     sentence
	details []any         // for the verbs of the sentence
	wait    time.Duration // for Retry-After
}

// Error returns the reason, without the details, which may be plates.
func (r *refusal) Error() string { return r.say.reason }

func (r *refusal) message(language string) string {
	text := r.say.in(language)
	if len(r.details) > 0 {
		text = fmt.Sprintf(text, r.details...)
	}
	return text
}

// An answer is what an error becomes for the caller and for the log.
type answer struct {
	status  int
	message string
	reason  string
	wait    time.Duration
}

// explain turns any error into an answer. What nobody foresaw is our fault.
func explain(err error, language string) answer {
	r := refusalOf(err)
	if r == nil {
		if message := protocol.Message(err, language); message != "" {
			a := answer{status: http.StatusOK, message: message, reason: reasonOf(err)}
			switch {
			case errors.Is(err, protocol.ErrTooLarge):
				a.status = http.StatusRequestEntityTooLarge
			case errors.Is(err, protocol.ErrData): // as a wrong user or pwd: an answer never tells which it was
				a.status = http.StatusUnauthorized
			}
			return a
		}
		r = &refusal{status: http.StatusInternalServerError, say: sayOurFault}
	}
	a := answer{status: r.status, message: r.message(language), reason: r.say.reason, wait: r.wait}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a
}

// refusalOf finds the sentence for an error of the rules, nil if there is none.
func refusalOf(err error) *refusal {
	if r := new(refusal); errors.As(err, &r) {
		return r
	}
	if several := new(billing.AmbiguousError); errors.As(err, &several) {
		return &refusal{say: sayAmbiguous, details: []any{strings.Join(several.Plates, " ")}}
	}
	if taken := new(access.PlateTakenError); errors.As(err, &taken) {
		return &refusal{say: sayPlateTaken, details: []any{taken.Plate, taken.Card}}
	}
	if shut := new(lane.RefusedError); errors.As(err, &shut) {
		return &refusal{say: shutSays(shut.Reason)}
	}
	for _, known := range []struct {
		err error
		say sentence
	}{
		{billing.ErrNoSession, sayNoSession},
		{billing.ErrNoTariff, sayNoTariff},
		{billing.ErrAboveLimit, sayLimit},
		{billing.ErrNoOrder, sayNoOrder},
		{billing.ErrOtherAmounts, sayOtherAmounts},
		{billing.ErrGone, sayGone},
		{billing.ErrSettling, saySettling},
		{access.ErrNoArea, sayNoArea},
		{access.ErrFreeRange, sayFreeRange},
		{access.ErrNoCard, sayNoCard},
		{access.ErrCarType, sayCarType},
		{access.ErrPeriod, sayPeriod},
		{access.ErrNoPlate, sayNoPlate},
		{access.ErrLastPlate, sayLastPlate},
		{access.ErrNoProduct, sayNoProduct},
		{access.ErrOtherRecharge, sayOtherRecharge},
		{access.ErrNoBlack, sayNoBlack},
		{access.ErrNoBooking, sayNoBooking},
		{lane.ErrNoCar, sayNoCar},
		{lane.ErrBusy, sayBusy},
	} {
		if errors.Is(err, known.err) {
			return &refusal{say: known.say}
		}
	}
	return nil
}

// shutSays puts into words why the rules keep a gate shut.
func shutSays(why access.Reason) sentence {
	switch why {
	case access.ReasonDue:
		return sayDue
	case access.ReasonAsking:
		return sayAsking
	case access.ReasonFull:
		return sayFull
	case access.ReasonBlacklist:
		return sayBlacklisted
	case access.ReasonCardInside:
		return sayInside
	case access.ReasonNoSession:
		return sayNoSession
	}
	return sayOperator
}

// reasonOf names an error of reading a request for the log. Errors of the
// connection carry addresses only.
func reasonOf(err error) string {
	if field := new(protocol.FieldError); errors.As(err, &field) {
		return field.Error()
	}
	return err.Error()
}

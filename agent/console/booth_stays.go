package console

import (
	"context"
	"errors"
	"strings"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/lane"
	"parkagent/agent/plate"
	"parkagent/protocol"
	"parkagent/store"
)

// A stay is one as operators put it right.
type stay struct {
	Session string `json:"session"`
	Plate   string `json:"plateNo"`
	CardNo  string `json:"cardNo"`
	CarType int    `json:"carType"`
	Area    int    `json:"area"`
	Entered string `json:"entered"`
	Place   string `json:"place"` // of entry
	Image   string `json:"image"`
}

func (b *Booths) stay(s store.Session) stay {
	return stay{
		Session: s.ID, Plate: s.Plate, CardNo: s.CardNo, CarType: s.CarType, Area: s.Area, Entered: b.dash(s.EnteredAt), Place: s.EntryPlace,
		Image: b.image(s.EntryImage),
	}
}

func (b *Booths) stays(list []store.Session) []stay {
	all := []stay{}
	for _, s := range list {
		all = append(all, b.stay(s))
	}
	return all
}

// correct corrects the plate of a car that is inside.
func (b *Booths) correct(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Session string `json:"session" wire:"required"`
		Plate   string `json:"plateNo" wire:"required"`
		Reason  string `json:"reason"`
	}](a)
	if err != nil {
		return nil, err
	}
	why, err := reasonOf(q.Reason)
	if err != nil {
		return nil, err
	}
	s, err := b.cfg.Rules.Correct(ctx, access.Correction{Session: strings.TrimSpace(q.Session), Plate: q.Plate, Reason: why, By: a.by()})
	if err != nil {
		return nil, err
	}
	b.decideAnew(ctx, a, s, why)
	return b.stay(s), nil
}

// decideAnew has an exit decide again where a car stands that was refused because
// nobody knew the plate that the stay s has by now: its camera may not tell of it
// once more. What comes of it is seen at the lane; the stay is right whatever that is.
func (b *Booths) decideAnew(ctx context.Context, a act, s store.Session, why string) {
	for _, l := range b.cfg.Lanes {
		if stands := l.Worker.Snapshot().Car; l.Entry || stands.Session != "" || plate.Normal(stands.Plate) != s.Plate {
			continue
		}
		_, err := l.Worker.Correct(ctx, lane.Correction{Plate: s.Plate, Reason: why, Client: a.Operator, Address: a.address})
		if err != nil && !errors.As(err, new(*lane.RefusedError)) {
			b.cfg.Log.Warn("lane does not decide anew on a corrected car", "lane", l.Code, "error", err)
		}
	}
}

// merge ends a stay that is another one of the same car.
func (b *Booths) merge(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Ghost  string `json:"ghost" wire:"required"`
		Real   string `json:"real" wire:"required"`
		Reason string `json:"reason"`
	}](a)
	if err != nil {
		return nil, err
	}
	why, err := reasonOf(q.Reason)
	if err != nil {
		return nil, err
	}
	s, err := b.cfg.Rules.Merge(ctx, access.Merging{Ghost: strings.TrimSpace(q.Ghost), Real: strings.TrimSpace(q.Real), Reason: why, By: a.by()})
	if err != nil {
		return nil, err
	}
	return b.stay(s), nil
}

// closeStay ends the stay of a car that is not inside any more.
func (b *Booths) closeStay(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Session string `json:"session" wire:"required"`
		Reason  string `json:"reason"`
	}](a)
	if err != nil {
		return nil, err
	}
	why, err := reasonOf(q.Reason)
	if err != nil {
		return nil, err
	}
	return nil, b.cfg.Rules.CloseStay(ctx, access.Closing{Session: strings.TrimSpace(q.Session), Reason: why, By: a.by()})
}

// overdue lists the cars that have been inside for long.
func (b *Booths) overdue(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Before string       `json:"before" wire:"required"` // they came in earlier
		After  string       `json:"after"`                  // the page before ended with it
		Limit  protocol.Int `json:"limit" wire:"min=1"`
	}](a)
	if err != nil {
		return nil, err
	}
	before, err := protocol.TimeField("before", q.Before, b.cfg.Location)
	if err != nil {
		return nil, err
	}
	limit := int(min(q.Limit.Or(rowsUsually), mostRows))
	list, err := b.cfg.Rules.Overdue(ctx, before, strings.TrimSpace(q.After), limit+1) // one more tells whether there are more
	if err != nil {
		return nil, err
	}
	answer := struct {
		Stays []stay `json:"stays"`
		Next  string `json:"next"` // empty on the last page
	}{}
	if len(list) > limit {
		list = list[:limit]
		answer.Next = list[limit-1].ID
	}
	answer.Stays = b.stays(list)
	return answer, nil
}

// A walk is a list of what somebody saw who walked the lot.
type walk struct {
	Plates []string `json:"plates"`
	Before string   `json:"before"` // when he began; absent: now
	Apply  flag     `json:"apply"`  // close the stays of the cars that he did not see
	Reason string   `json:"reason"`
}

// A flag is a truth of JSON; 1 is as good as true.
type flag bool

// UnmarshalJSON reads true, false, 1 and 0, also from a string.
func (f *flag) UnmarshalJSON(raw []byte) error {
	switch strings.Trim(string(raw), `" `) {
	case "true", "1":
		*f = true
	case "false", "0":
		*f = false
	default:
		return protocol.ErrBody
	}
	return nil
}

// mostWalk bounds a list of plates, in bytes.
const mostWalk = 1 << 20

// readWalk reads a list of plates: in JSON, or as a file of a spreadsheet with what
// else there is to say in the address.
func readWalk(a act) (walk, plateList, error) {
	if a.media != "text/csv" {
		w, err := decode[walk](a)
		if err != nil {
			return w, plateList{}, err
		}
		list, err := plateListOf(w.Plates)
		return w, list, err
	}
	in := a.r.URL.Query()
	w := walk{Before: in.Get("before"), Reason: in.Get("reason")}
	if text := in.Get("apply"); text != "" && w.Apply.UnmarshalJSON([]byte(text)) != nil {
		return w, plateList{}, &protocol.FieldError{Field: "apply", Problem: protocol.Malformed}
	}
	list, err := readPlates(a.body)
	return w, list, err
}

// walk compares a list of the plates that were seen with the books and, when it is
// to be applied, closes the stays of those that are missing. A list of which not
// every line is understood is compared, and not applied: the line may be of a car
// whose stay would be closed.
func (b *Booths) walk(ctx context.Context, a act) (any, error) {
	q, list, err := readWalk(a)
	if err != nil {
		return nil, err
	}
	w := access.Walk{Seen: list.plates, Before: b.cfg.Now().UTC().Truncate(time.Millisecond), Apply: bool(q.Apply), By: a.by()}
	if q.Before != "" {
		if w.Before, err = protocol.TimeField("before", q.Before, b.cfg.Location); err != nil {
			return nil, err
		}
	}
	if w.Apply {
		switch w.Reason, err = reasonOf(q.Reason); {
		case err != nil:
			return nil, err
		case q.Before == "": // who was seen how long ago decides whose stay ends
			return nil, &protocol.FieldError{Field: "before", Problem: protocol.Missing}
		case len(list.unread) > 0:
			return nil, errUnread
		}
	}
	res, err := b.cfg.Rules.Walk(ctx, w)
	if err != nil {
		return nil, err
	}
	type near struct {
		Seen string `json:"seen"`
		stay
	}
	answer := struct {
		Applied bool     `json:"applied"`
		Seen    int      `json:"seen"`
		Missing []stay   `json:"missing"` // closed, if it was applied
		Near    []near   `json:"near"`    // seen under a plate that is likely theirs
		Unknown []string `json:"unknown"` // seen, and not inside by the books
		Unread  []string `json:"unread"`  // lines without a plate
	}{w.Apply, len(list.plates), b.stays(res.Missing), []near{}, append([]string{}, res.Unknown...), append([]string{}, list.unread...)}
	for _, n := range res.Near {
		answer.Near = append(answer.Near, near{n.Seen, b.stay(n.Session)})
	}
	return answer, nil
}

package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"parkagent/agent/billing"
	"parkagent/agent/lane"
	"parkagent/store"
)

// A laneView is a lane as a booth shows it.
type laneView struct {
	Code     string `json:"lane"`
	Name     string `json:"name"`
	Entry    bool   `json:"entry"`
	Arm      string `json:"arm"`      // up, down, moving, fault or unknown
	Presence string `json:"presence"` // whether something stands below the arm
	Held     bool   `json:"held"`
	Waiting  bool   `json:"waiting"` // the car waits for its payment, or for a platform
	Passing  bool   `json:"passing"` // the gate is open for it

	Car    *laneCar `json:"car"` // null when none stands there
	Faults []fault  `json:"faults"`
}

// A laneCar is the car that stands at a lane.
type laneCar struct {
	Plate   string `json:"plateNo"`
	CardNo  string `json:"cardNo"`
	Session string `json:"session"` // empty when it has no stay
	CarType int    `json:"carType"`
	Owner   string `json:"owner"`   // of the card that it is on
	Entered string `json:"entered"` // local time
	Total   int64  `json:"total"`   // fee of the stay, fen
	Payable int64  `json:"payable"` // of it still due
	Trouble string `json:"trouble"` // why nobody can say what is due
	Reason  string `json:"reason"`  // of the lane's last decision on it, a word of the journal
	Image   string `json:"image"`   // taken at the lane
	Entry   string `json:"entryImage"`
}

// A fault is a device of a lane that does not work.
type fault struct {
	Device string `json:"device"`
	Remark string `json:"remark"`
	Since  string `json:"since"`
}

// showLanes answers how all lanes are now.
func (b *Booths) showLanes(ctx context.Context, _ act) (any, error) { return b.look(ctx) }

// A site is all lanes of the car park.
type site struct {
	Lanes []laneView `json:"lanes"`
}

func (b *Booths) look(ctx context.Context) (site, error) {
	devices, err := b.cfg.DB.Devices(ctx)
	if err != nil {
		return site{}, err
	}
	cars, err := b.cfg.DB.LaneCars(ctx)
	if err != nil {
		return site{}, err
	}
	stands := map[string]string{}
	for _, c := range cars {
		stands[c.Lane] = c.Session
	}
	views := site{Lanes: []laneView{}}
	for _, l := range b.cfg.Lanes {
		snapshot := l.Worker.Snapshot()
		v := laneView{
			Code: l.Code, Name: l.Name, Entry: l.Entry, Held: snapshot.Held, Waiting: snapshot.Waiting, Passing: snapshot.Passing,
			Arm: snapshot.Gate.Arm.String(), Presence: snapshot.Gate.Presence.String(), Faults: b.faults(devices, l.Devices),
		}
		if v.Car, err = b.laneCar(ctx, snapshot, stands[l.Code]); err != nil {
			return site{}, err
		}
		views.Lanes = append(views.Lanes, v)
	}
	return views, nil
}

func (b *Booths) faults(devices []store.Device, codes []string) []fault {
	found := []fault{}
	for _, code := range codes {
		for _, d := range devices {
			if d.Code == code && d.Status != "" && d.Status != "0" {
				found = append(found, fault{Device: d.Code, Remark: d.Remark, Since: b.dash(d.Since)})
			}
		}
	}
	return found
}

// laneCar is the car that a lane knows, or that the books do; nil for none.
func (b *Booths) laneCar(ctx context.Context, snapshot lane.Snapshot, session string) (*laneCar, error) {
	known := snapshot.Car
	seen := &laneCar{
		Plate: cmp.Or(known.Plate, snapshot.Plate), CardNo: known.CardNo, Reason: string(known.Reason), Image: b.image(known.Image),
	}
	if known.Plate != "" || known.CardNo != "" {
		session = known.Session // the lane knows better than the books, which are of the last that was let in
	}
	if session == "" {
		if seen.Plate == "" && seen.CardNo == "" {
			return nil, nil
		}
		return seen, nil
	}
	s, err := b.cfg.DB.Session(ctx, session)
	if errors.Is(err, store.ErrNotFound) {
		return seen, nil
	} else if err != nil {
		return nil, err
	}
	c := &laneCar{
		Plate: s.Plate, CardNo: s.CardNo, Session: s.ID, CarType: s.CarType, Entered: b.dash(s.EnteredAt),
		Reason: seen.Reason, Image: seen.Image, Entry: b.image(s.EntryImage),
	}
	if s.Card != 0 {
		card, err := b.cfg.DB.Card(ctx, s.Card)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		c.Owner = card.Owner
	}
	due, err := b.cfg.Desk.Due(ctx, b.cfg.DB.Reader, s, b.cfg.Now().UTC())
	switch {
	case errors.Is(err, billing.ErrNoTariff), errors.Is(err, billing.ErrAboveLimit):
		c.Trouble = explainBooth(err, b.cfg.Language)
	case err != nil:
		return nil, err
	}
	c.Total, c.Payable = due.Total, due.Payable
	return c, nil
}

// Of the streams of lanes.
const (
	mostStreams = 16               // at the same time
	lookEvery   = time.Second      // inputs of a gate are in no journal
	lookLeast   = time.Second / 5  // however much is journalled
	aliveEvery  = 20 * time.Second // so that a dead connection is noticed
	writeWithin = 10 * time.Second // for each event
)

// errBusyStreams means that too many pages look on already.
var errBusyStreams = &sentence{"too many streams", "同时查看的页面过多，请关闭一些", "Too many pages are open, please close some."}

// events streams how all lanes are (server-sent events): once at the beginning, and
// again whenever something is different. It ends with the sign-in.
func (b *Booths) events(ctx context.Context, a act) (any, error) {
	select {
	case b.streams <- struct{}{}:
		defer func() { <-b.streams }()
	default:
		return nil, errBusyStreams
	}
	a.w.Header().Set("Content-Type", "text/event-stream")
	changed, unsubscribe := b.cfg.DB.Subscribe()
	defer unsubscribe()
	var last []byte
	var sent time.Time
	for {
		if _, err := b.cfg.Staff.Watch(ctx, a.token); err != nil {
			return streamed{}, nil // the page asks again, and is told why
		}
		views, err := b.look(ctx)
		if err != nil {
			b.cfg.Log.Error("look at the lanes", "error", err)
			return streamed{}, nil
		}
		text, err := json.Marshal(views)
		if err != nil {
			return streamed{}, err
		}
		switch now := time.Now(); {
		case !bytes.Equal(text, last):
			err, last, sent = b.send(a.w, "event: lanes\ndata: "+string(text)+"\n\n"), text, now
		case now.Sub(sent) >= aliveEvery:
			err, sent = b.send(a.w, ": still there\n\n"), now
		}
		if err != nil {
			return streamed{}, nil // nobody listens any more
		}
		if !b.rest(ctx, lookLeast, nil) || !b.rest(ctx, lookEvery, changed) {
			return streamed{}, nil
		}
	}
}

// rest waits for a while, or until something has changed; false when the stream is
// to end.
func (b *Booths) rest(ctx context.Context, d time.Duration, changed <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-b.closing:
		return false
	case <-changed:
	case <-t.C:
	}
	return true
}

// send writes an event at once. The server's own deadline is for answers, not for
// a stream.
func (b *Booths) send(w http.ResponseWriter, event string) error {
	c := http.NewResponseController(w)
	if err := c.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if _, err := w.Write([]byte(event)); err != nil {
		return err
	}
	return c.Flush()
}

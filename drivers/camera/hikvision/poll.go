package hikvision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/hikvision/anpr"
)

const (
	pollBack    = time.Hour        // before now, what the first question is about, so that the clocks may differ
	pollOverlap = 2 * time.Second  // every question goes back over, for cameras take "after" this way or that
	pollKeep    = 10 * time.Minute // a plate so much older than the newest is none that was missed
	pollLate    = 10 * time.Second // older than this by the camera's clock, a plate's car is not there any more; nor is one so far ahead of it
	pollResync  = 10 * time.Second // without a plate, after which the camera's clock is read again: one that was set back hides plates
	pollMost    = 4096             // plates that are remembered
)

// A poller asks for the plates that the camera has kept, again and again. Its
// fields are used by one goroutine.
type poller struct {
	camera *Camera
	form   int // of pollForms, the one that the camera took last

	began bool      // there was an answer, so that what is new is new
	mark  time.Time // of the newest plate, by the camera's clock
	seen  []anpr.Plate
	ahead time.Duration // the camera's clock before ours
	known bool          // ahead is
	read  time.Time     // when the camera's clock was last read
	ok    time.Time     // when the camera last answered
}

// pollForms are the ways to ask, by method and by how the time is written. Which
// one a firmware takes is found by trying.
var pollForms = []struct{ method, layout string }{
	{http.MethodPost, "20060102T150405-0700"},
	{http.MethodPost, "2006-01-02T15:04:05Z"},
	{http.MethodGet, "20060102T150405-0700"},
	{http.MethodGet, "2006-01-02T15:04:05Z"},
}

// run asks until ctx is done, for which it returns nil, or until the camera does
// not answer.
func (p *poller) run(ctx context.Context, well func()) error {
	if !p.began {
		_ = p.readClock(ctx) // until it tells, ours is taken for it
		p.mark = p.cameraNow().Add(-pollBack)
	}
	tick := time.NewTicker(p.camera.cfg.Options.Every)
	defer tick.Stop()
	for {
		err := p.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		p.camera.inbox.Hear()
		well()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// ask asks once and delivers what is new.
func (p *poller) ask(ctx context.Context) error {
	records, err := p.fetch(ctx)
	var tooMuch *camera.PushError
	if errors.As(err, &tooMuch) && tooMuch.Status == http.StatusRequestEntityTooLarge {
		p.mark = p.cameraNow() // rather than to ask for the same for ever
	}
	if err != nil {
		return err
	}
	fresh := p.fresh(records)
	if len(fresh) == 0 && time.Since(p.read) > pollResync {
		_ = p.readClock(ctx) // what it was last known to be will do until the next time
		if now := p.cameraNow(); p.known && now.Before(p.mark) {
			p.mark = now // its clock was set back
		}
	}
	if slices.ContainsFunc(fresh, func(r anpr.Plate) bool { return p.isLate(r) || p.isAhead(r) }) {
		// Before cars are turned away for a clock that was set.
		if err := p.readClock(ctx); errors.Is(err, drivers.ErrOffline) {
			return err // they come again with the next answer
		}
	}
	fresh = p.take(fresh)
	late := make([]bool, len(fresh))
	for i, r := range fresh {
		late[i] = p.isLate(r)
	}
	p.ok = time.Now()
	for i, r := range fresh {
		one := r.Push
		if late[i] {
			one.Keep()
		} else if i == len(fresh)-1 {
			p.photograph(ctx, &one)
		}
		if err := p.camera.deliver(one); err != nil && ctx.Err() == nil {
			p.camera.cfg.Log.Warn("camera's event was not taken", "err", err)
		}
	}
	return nil
}

// fresh returns the records that were not seen before, the oldest first.
func (p *poller) fresh(records []anpr.Plate) []anpr.Plate {
	slices.SortStableFunc(records, func(a, b anpr.Plate) int { return a.At.Compare(b.At) })
	known := make(map[string]bool, len(p.seen))
	for _, r := range p.seen {
		known[r.Key] = true
	}
	var fresh []anpr.Plate
	for _, r := range records {
		if known[r.Key] || p.began && p.isForgotten(r) {
			continue
		}
		known[r.Key] = true
		fresh = append(fresh, r)
	}
	return fresh
}

// take remembers fresh records and returns those that tell of cars. Those of the
// first answer were there before. So were those that are ahead of the camera's
// clock, which was set back; it will go past them once more.
func (p *poller) take(fresh []anpr.Plate) []anpr.Plate {
	p.seen = slices.DeleteFunc(p.seen, p.isForgotten)
	var cars []anpr.Plate
	for _, r := range fresh {
		p.seen = append(p.seen, r)
		if p.isAhead(r) {
			continue
		}
		if p.began {
			cars = append(cars, r)
		}
		if r.At.After(p.mark) {
			p.mark = r.At
		}
	}
	p.seen = p.seen[max(0, len(p.seen)-pollMost):]
	p.began = true
	return cars
}

// isForgotten reports whether a record is too old to be remembered.
func (p *poller) isForgotten(r anpr.Plate) bool {
	return !r.At.IsZero() && r.At.Before(p.mark.Add(-pollKeep))
}

// isAhead reports whether a record is of a time that the camera's clock has not
// reached yet.
func (p *poller) isAhead(r anpr.Plate) bool {
	return p.known && !r.At.IsZero() && r.At.Sub(p.cameraNow()) > pollLate
}

// isLate reports whether the car of a record is not there any more, as far as
// can be told: by the camera's clock, or, if that is not known, because the
// camera was not asked for a while.
func (p *poller) isLate(r anpr.Plate) bool {
	if p.known && !r.At.IsZero() {
		return p.cameraNow().Sub(r.At) > pollLate
	}
	return !p.ok.IsZero() && time.Since(p.ok) > pollLate
}

// fetch asks by the form that worked last, then by the others.
func (p *poller) fetch(ctx context.Context) ([]anpr.Plate, error) {
	path := fmt.Sprintf("/ISAPI/Traffic/channels/%d/vehicleDetect/plates", p.camera.cfg.Options.Channel)
	var first error
	for i := range pollForms {
		form := (p.form + i) % len(pollForms)
		since := p.mark.Add(-pollOverlap)
		if layout := pollForms[form].layout; strings.HasSuffix(layout, "Z") {
			since = since.UTC()
		} else {
			since = since.In(p.camera.cfg.Location)
		}
		question := `<?xml version="1.0" encoding="UTF-8"?><AfterTime version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"><picTime>` +
			since.Format(pollForms[form].layout) + `</picTime></AfterTime>`
		answer, err := p.camera.client.Do(ctx, pollForms[form].method, path, "application/xml", []byte(question), camera.MaxText)
		switch {
		case err == nil:
			p.form = form
			return anpr.ReadPlates(answer.Body, p.camera.cfg.Location)
		case drivers.FaultOf(err) == drivers.FaultLogin, !errors.Is(err, drivers.ErrRefused):
			return nil, err
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

// photograph takes a picture for a plate that was just read. The gate does not
// wait for it longer than for that of an event stream; without one the plate
// counts all the same.
func (p *poller) photograph(ctx context.Context, one *anpr.Push) {
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	if jpeg, err := p.camera.picture(ctx); err == nil {
		one.AddScene(jpeg)
	}
}

// readClock finds out how far the camera's clock is ahead of ours. A camera that
// does not tell is not known to be.
func (p *poller) readClock(ctx context.Context) error {
	p.read = time.Now()
	ahead, err := p.camera.clockAhead(ctx)
	switch {
	case err == nil:
		p.ahead, p.known = ahead, true
	case !errors.Is(err, drivers.ErrOffline):
		p.known = false
	}
	return err
}

// cameraNow is the time by the camera's clock, or by ours where that is not
// known.
func (p *poller) cameraNow() time.Time { return p.camera.cfg.Now().Add(p.ahead) }

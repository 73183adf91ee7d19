package agent

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	"parkagent/agent/panel"
	"parkagent/agent/signs"
	"parkagent/store"
)

// placesAgain is how often a board of free places is told the time, where its text
// names it.
const placesAgain = time.Minute

// A placeBoard is a display of no lane that shows the free places: beside the road, or at
// the way down to an area.
type placeBoard struct {
	device config.Device
	panel  *panel.Panel
	signs  *signs.Signs
}

// placeBoards returns the boards of free places.
func (a *Agent) placeBoards() ([]*placeBoard, error) {
	var boards []*placeBoard
	for _, d := range a.cfg.Site.Devices {
		driver := a.cfg.Devices.Displays[d.Code]
		if d.Area == nil || driver == nil || a.ofLane(d.Code) {
			continue
		}
		words, err := signs.New(signs.Config{
			Language: a.cfg.Site.Park.Language, Park: a.cfg.Site.Park.Name, Name: d.Name, Location: a.cfg.Site.Park.Zone, Texts: a.cfg.Site.Texts,
		})
		if err != nil {
			return nil, fmt.Errorf("display %s: %w", d.Code, err)
		}
		boards = append(boards, &placeBoard{device: d, panel: panel.New(driver), signs: words})
	}
	return boards, nil
}

// run keeps the board's number right until ctx is done. What comes of that goes to
// results.
func (b *placeBoard) run(ctx context.Context, a *Agent, db *store.DB, results chan<- checked) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.panel.Run(ctx) })
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case err := <-b.panel.Reports():
				select {
				case results <- checked{code: b.device.Code, err: err}:
				case <-ctx.Done():
					return nil
				}
			}
		}
	})
	g.Go(func() error { return b.follow(ctx, a, db) })
	return g.Wait()
}

// follow shows the free places whenever they change, or the text does because it names
// the time. That is not said again, though the number is.
func (b *placeBoard) follow(ctx context.Context, a *Agent, db *store.DB) error {
	changed, unsubscribe := db.Subscribe()
	defer unsubscribe()
	again := time.NewTicker(placesAgain)
	defer again.Stop()
	var shown []signs.Page
	last := -1
	for {
		free, err := freePlaces(ctx, db, *b.device.Area)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			a.log.Error("count free places", "device", b.device.Code, "error", err)
		default:
			pages := b.signs.Pages(signs.Idle, signs.Values{Free: free, Now: a.clock.Now()})
			if reflect.DeepEqual(pages, shown) {
				break
			}
			shown = pages
			if free == last {
				pages = signs.Silent(pages)
			}
			b.panel.Put(pages...)
			last = free
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-again.C:
		}
	}
}

// freePlaces counts the free places of an area, or of all for 0.
func freePlaces(ctx context.Context, db *store.DB, area int) (int, error) {
	areas, err := db.Areas(ctx)
	if err != nil {
		return 0, err
	}
	free := 0
	for _, x := range areas {
		if area == 0 || x.Code == area {
			free += x.Free()
		}
	}
	return free, nil
}

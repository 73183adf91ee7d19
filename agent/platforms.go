package agent

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/config"
	"parkagent/agent/downlink"
	"parkagent/agent/lane"
	"parkagent/agent/pictures"
	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

// imageURL makes the link to a picture from its path; "" where there is none.
func (a *Agent) imageURL(path string) string { return pictures.URL(a.cfg.Site.API.PublicURL, path) }

// downlink builds what answers the platforms.
func (a *Agent) downlink(db *store.DB, desk *billing.Desk, rules *access.Rules, lanes []*lane.Lane) (http.Handler, error) {
	site := a.cfg.Site
	cfg := downlink.Config{
		DB: db, Desk: desk, Rules: rules, Products: site.Products, Language: site.Park.Language, Location: site.Park.Zone,
		ImageURL: a.imageURL, Now: a.clock.Now, Log: a.log,
	}
	for _, c := range site.Clients {
		dc := downlink.Client{
			Name: c.Name, User: c.User, Password: c.Password, Key: c.Key,
			ParkCode: c.ParkCode, Allow: c.Allow, Charset: protocol.Charset(c.Charset), ObjectData: c.ObjectData,
		}
		for _, p := range c.Permissions {
			dc.Permissions = append(dc.Permissions, protocol.Permission(p))
		}
		cfg.Clients = append(cfg.Clients, dc)
	}
	for i, l := range lanes {
		c := site.Lanes[i]
		cfg.Lanes = append(cfg.Lanes, downlink.Lane{
			Code: c.Code, Exit: !c.Entry, Gate: c.Gate, Display: c.Display, Devices: []string{c.Camera, c.Kiosk}, Worker: l,
		})
	}
	return downlink.New(cfg)
}

// clients makes what speaks to each platform, in the order of the configuration.
func (a *Agent) clients() ([]*protocol.Client, error) {
	var list []*protocol.Client
	for _, c := range a.cfg.Site.Platforms {
		cipher, err := protocol.NewCipher(c.Key.Reveal())
		if err != nil {
			return nil, fmt.Errorf("platform %s: %w", c.Name, err)
		}
		list = append(list, &protocol.Client{
			HTTP: &http.Client{}, URL: c.URL, User: c.User, Password: c.Password.Reveal(), Cipher: cipher,
			Location: a.cfg.Site.Park.Zone, Now: a.clock.Now, Charset: protocol.Charset(c.Charset), Accepted: c.Accepted,
		})
	}
	return list, nil
}

// uplinks builds what reports to the platforms, one part each, and what makes
// the rows that they are told daily. promised is told of stays for which a platform
// will deduct; it does not block.
func (a *Agent) uplinks(db *store.DB, clients []*protocol.Client, promised func(session string)) ([]Part, error) {
	site := a.cfg.Site
	daily, err := uplink.NewDaily(uplink.DailyConfig{
		DB: db, Park: a.parkFact(), ParkCode: site.Park.Code, Location: site.Park.Zone, Now: a.clock.Now, Log: a.log,
	})
	if err != nil {
		return nil, err
	}
	parts := []Part{{Name: "daily reports", Run: daily.Run}}
	for i, c := range site.Platforms {
		u, err := uplink.New(uplink.Config{
			Name: c.Name, DB: db, Client: clients[i], Reports: c.Reports, ParkCode: c.ParkCode, Location: site.Park.Zone, Timeout: c.Timeout,
			Images: uplink.Images(c.Images), ImageURL: a.imageURL, ImageData: a.pictures.Load,
			Promised: promised, Duplicates: c.Duplicates, MaxPerSecond: c.MaxPerSecond, MaxRefusals: c.MaxRefusals,
			Now: a.clock.Now, Log: a.log,
		})
		if err != nil {
			return nil, err
		}
		parts = append(parts, Part{Name: "platform " + c.Name, Run: u.Run})
	}
	return parts, nil
}

// questions builds what asks the platforms while somebody waits.
func (a *Agent) questions(clients []*protocol.Client) (*uplink.Questions, error) {
	site := a.cfg.Site
	cfg := uplink.QuestionsConfig{Location: site.Park.Zone, ImageURL: a.imageURL, ImageData: a.pictures.Load, Log: a.log}
	for i, c := range site.Platforms {
		cfg.Platforms = append(cfg.Platforms, uplink.Asked{
			Name: c.Name, Client: clients[i], Questions: c.Questions, ParkCode: c.ParkCode, Timeout: c.Timeout,
			Images: uplink.Images(c.Images), TicketURL: c.TicketURL, ChangeURL: c.ChangeURL,
		})
	}
	return uplink.NewQuestions(cfg)
}

// priced reports whether a platform prices stays (uplink 5.3).
func (a *Agent) priced() bool {
	return slices.ContainsFunc(a.cfg.Site.Platforms, func(c config.Platform) bool {
		return slices.Contains(c.Questions, config.QuestionPrice)
	})
}

// askWithin is how long a car at an exit waits for what platforms say to it, which
// are asked for the price and then to deduct; 0 where nobody is.
func (a *Agent) askWithin() time.Duration {
	if wait := a.slowest(config.QuestionPrice) + a.slowest(config.QuestionDeduct); wait > 0 {
		return wait + time.Second // for the books
	}
	return 0
}

// slowest is how long the slowest of the platforms that are asked a question may
// take; 0 where nobody is.
func (a *Agent) slowest(question string) time.Duration {
	var d time.Duration
	for _, c := range a.cfg.Site.Platforms {
		if slices.Contains(c.Questions, question) {
			d = max(d, c.Timeout)
		}
	}
	return d
}

// pricer is how bills of cars in the lot are priced by a platform; nil where none
// does.
func (a *Agent) pricer(q *uplink.Questions) func(context.Context, store.Session) (int64, string, error) {
	if !a.priced() {
		return nil
	}
	return func(ctx context.Context, s store.Session) (int64, string, error) {
		return q.Price(ctx, s, s.ExitPlace, a.clock.Now())
	}
}

// products are the configured ones as the rules recharge cards by them. What they
// are called is only told.
func products(configured []config.Product) []access.Product {
	var list []access.Product
	for _, p := range configured {
		list = append(list, access.Product{
			CarType: p.CarType, Amount: p.Amount, Unit: p.Unit, Price: p.Price, SentAmount: p.SentAmount, SentUnit: p.SentUnit,
		})
	}
	return list
}

// kiosks are the configured pay machines.
func (a *Agent) kiosks() []config.Device {
	return slices.DeleteFunc(slices.Clone(a.cfg.Site.Devices), func(d config.Device) bool { return d.Kind != config.KindKiosk })
}

package agent

import (
	"fmt"
	"net/http"

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

// uplinks builds what reports to the platforms, one part each, and what makes
// the rows that they are told daily.
func (a *Agent) uplinks(db *store.DB) ([]Part, error) {
	site := a.cfg.Site
	daily, err := uplink.NewDaily(uplink.DailyConfig{
		DB: db, Park: a.parkFact(), ParkCode: site.Park.Code, Location: site.Park.Zone, Now: a.clock.Now, Log: a.log,
	})
	if err != nil {
		return nil, err
	}
	parts := []Part{{Name: "daily reports", Run: daily.Run}}
	for _, c := range site.Platforms {
		cipher, err := protocol.NewCipher(c.Key.Reveal())
		if err != nil {
			return nil, fmt.Errorf("platform %s: %w", c.Name, err)
		}
		u, err := uplink.New(uplink.Config{
			Name: c.Name, DB: db, Reports: c.Reports, ParkCode: c.ParkCode, Location: site.Park.Zone, Timeout: c.Timeout,
			Client: &protocol.Client{
				HTTP: &http.Client{}, URL: c.URL, User: c.User, Password: c.Password.Reveal(), Cipher: cipher,
				Location: site.Park.Zone, Now: a.clock.Now, Charset: protocol.Charset(c.Charset),
			},
			Images: uplink.Images(c.Images), ImageURL: a.imageURL, ImageData: a.pictures.Load,
			Accepted: c.Accepted, Duplicates: c.Duplicates, MaxPerSecond: c.MaxPerSecond, MaxRefusals: c.MaxRefusals,
			Now: a.clock.Now, Log: a.log,
		})
		if err != nil {
			return nil, err
		}
		parts = append(parts, Part{Name: "platform " + c.Name, Run: u.Run})
	}
	return parts, nil
}

package agent

import (
	"net/http"

	"parkagent/agent/billing"
	"parkagent/agent/downlink"
	"parkagent/agent/lane"
	"parkagent/agent/pictures"
	"parkagent/protocol"
	"parkagent/store"
)

// imageURL makes the link to a picture from its path; "" where there is none.
func (a *Agent) imageURL(path string) string { return pictures.URL(a.cfg.Site.API.PublicURL, path) }

// downlink builds what answers the platforms.
func (a *Agent) downlink(db *store.DB, desk *billing.Desk, lanes []*lane.Lane) (http.Handler, error) {
	site := a.cfg.Site
	cfg := downlink.Config{
		DB: db, Desk: desk, Language: site.Park.Language, Location: site.Park.Zone,
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
			Code: c.Code, Exit: !c.Entry, Gate: c.Gate, Display: c.Display, Devices: []string{c.Camera}, Worker: l,
		})
	}
	return downlink.New(cfg)
}

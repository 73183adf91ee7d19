package agent

import (
	"net/http"
	"strings"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/booth"
	"parkagent/agent/codes"
	"parkagent/agent/console"
	"parkagent/agent/lane"
	"parkagent/agent/uplink"
	"parkagent/store"
)

// console builds what answers the pay machines and, with them, the booths.
func (a *Agent) console(db *store.DB, desk *billing.Desk, q *uplink.Questions, till *codes.Till, p console.Press, lanes []*lane.Lane, booths http.Handler) (http.Handler, error) {
	cfg := console.Config{
		DB: db, Desk: desk, Questions: q, Till: till, Press: p, Language: a.cfg.Site.Park.Language, Location: a.cfg.Site.Park.Zone,
		ImageURL: a.imageURL, Now: a.clock.Now, Log: a.log,
	}
	for _, d := range a.kiosks() {
		k := console.Kiosk{Code: d.Code, IP: d.IP, Token: d.Token}
		if s := a.silences[d.Code]; s != nil {
			k.Heard = s.heard
		}
		for i, c := range a.cfg.Site.Lanes {
			if c.Kiosk != d.Code {
				continue
			}
			k.Lane, k.Exit, k.Passage = c.Code, !c.Entry, lanes[i]
		}
		cfg.Kiosks = append(cfg.Kiosks, k)
	}
	kiosks, err := console.New(cfg)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, console.BoothPrefix) {
			booths.ServeHTTP(w, r)
			return
		}
		kiosks.ServeHTTP(w, r)
	}), nil
}

// booths builds what answers the computers of booths.
func (a *Agent) booths(db *store.DB, desk *billing.Desk, rules *access.Rules, q *uplink.Questions, p console.Press, lanes []*lane.Lane) (*console.Booths, error) {
	staff, err := booth.New(booth.Config{DB: db, Now: a.clock.Now, Log: a.log})
	if err != nil {
		return nil, err
	}
	cfg := console.BoothConfig{
		Staff: staff, DB: db, Desk: desk, Rules: rules, Questions: q, Press: p, Discounts: a.cfg.Site.Discounts, Language: a.cfg.Site.Park.Language, Location: a.cfg.Site.Park.Zone,
		ImageURL: a.imageURL, Now: a.clock.Now, Log: a.log,
	}
	for i, c := range a.cfg.Site.Lanes {
		l := console.BoothLane{Code: c.Code, Name: c.Name, Entry: c.Entry, Worker: lanes[i]}
		for _, code := range []string{c.Gate, c.Display, c.Camera, c.Scanner, c.Printer, c.Kiosk} {
			if code != "" {
				l.Devices = append(l.Devices, code)
			}
		}
		cfg.Lanes = append(cfg.Lanes, l)
	}
	return console.NewBooths(cfg)
}

package agent

import (
	"fmt"

	"parkagent/agent/billing"
	"parkagent/agent/codes"
	"parkagent/agent/console"
	"parkagent/agent/lane"
	"parkagent/agent/slips"
	"parkagent/store"
)

// counters builds what works with drivers' codes and slips at the lanes, and what
// booths and pay machines print by; that is nil where no lane has a printer.
func (a *Agent) counters(db *store.DB, desk *billing.Desk, till *codes.Till, lanes []*lane.Lane) (console.Press, []Part, error) {
	parts, err := a.readers(db, desk, till, lanes)
	if err != nil {
		return nil, nil, err
	}
	press, err := a.press()
	if press == nil || err != nil {
		return nil, parts, err // and not a press that is nil
	}
	return press, append(parts, Part{Name: "printers", Run: press.Run}), nil
}

// readers builds what acts on the codes of the lanes' scanners. Where cars leave the
// park, payment codes are taken too.
func (a *Agent) readers(db *store.DB, desk *billing.Desk, till *codes.Till, lanes []*lane.Lane) ([]Part, error) {
	var parts []Part
	for i, c := range a.cfg.Site.Lanes {
		if c.Scanner == "" {
			continue
		}
		r, err := codes.New(codes.Config{
			Lane: c.Code, Pays: !c.Entry && c.To == 0, Device: c.Scanner, Scanner: a.cfg.Devices.Scanners[c.Scanner],
			Worker: lanes[i], DB: db, Desk: desk, Till: till, Now: a.clock.Now, Log: a.log,
		})
		if err != nil {
			return nil, fmt.Errorf("lane %s: %w", c.Code, err)
		}
		parts = append(parts, Part{Name: "scanner " + c.Scanner, Run: r.Run})
	}
	return parts, nil
}

// press builds what prints at the lanes that have a printer; nil where none has.
func (a *Agent) press() (*slips.Press, error) {
	site := a.cfg.Site
	cfg := slips.Config{
		Park: site.Park.Name, Language: site.Park.Language, Zone: site.Park.Zone, Ticket: site.Ticket, Change: site.Slip, Receipt: site.Receipt,
		Failed: func(device string, err error) { a.failed(checked{code: device, err: err}) }, Log: a.log,
	}
	for _, c := range site.Lanes {
		if c.Printer != "" {
			cfg.Lanes = append(cfg.Lanes, slips.Lane{Code: c.Code, Name: c.Name, Device: c.Printer, Printer: a.cfg.Devices.Printers[c.Printer]})
		}
	}
	if len(cfg.Lanes) == 0 {
		return nil, nil
	}
	return slips.New(cfg)
}

// failed tells the watch of a device that failed between two checks. When that is busy,
// the next check finds it.
func (a *Agent) failed(c checked) {
	select {
	case a.failures <- c:
	default:
	}
}

package agent

import (
	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/config"
)

// policy is who comes in and goes out as configured.
func policy(site *config.Config) access.Policy {
	c := site.Access
	p := access.Policy{
		RefuseRepeat: c.RefuseRepeat, Passback: c.Passback, RefuseOverQuota: c.RefuseOverQuota, ExactPlates: c.ExactPlates, UnknownFee: c.UnknownFee,
	}
	switch c.UnknownExit {
	case config.UnknownOpen:
		p.Unknown = access.OpenUnknown
	case config.UnknownCharge:
		p.Unknown = access.ChargeUnknown
	}
	for _, a := range site.Areas {
		area := access.Area{Code: a.Code, Outer: a.Inside, Reserved: map[access.Class]int{}}
		if a.WhenFull != nil { // an empty list is nobody
			area.WhenFull = []access.Class{}
		}
		for _, class := range a.WhenFull {
			area.WhenFull = append(area.WhenFull, access.Class(class))
		}
		for class, n := range a.Reserved {
			area.Reserved[access.Class(class)] = n
		}
		p.Areas = append(p.Areas, area)
	}
	for _, a := range c.CardAreas {
		p.CardAreas = append(p.CardAreas, access.CardArea(a))
	}
	return p
}

// zones are the areas that lie in others, as they are charged.
func zones(areas []config.Area) (list []billing.Zone) {
	for _, a := range areas {
		if a.Inside == 0 {
			continue
		}
		z := billing.Zone{Area: a.Code, Outer: a.Inside, PassThrough: a.PassThrough}
		switch a.Charging {
		case config.ChargeInstead:
			z.Charging = billing.ChargeInstead
		case config.ChargeAdditional:
			z.Charging = billing.ChargeAdditional
		case config.ChargeNetted:
			z.Charging = billing.ChargeNetted
		}
		list = append(list, z)
	}
	return list
}

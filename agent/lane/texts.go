package lane

import (
	"parkagent/agent/plate"
	"parkagent/agent/signs"
	"parkagent/drivers"
)

// pages puts a text into words.
func (l *Lane) pages(x text) []signs.Page {
	v := signs.Values{
		Plate: x.plate, Nameless: plate.IsTemporary(x.plate), CarType: x.carType, Payable: x.payable, Stay: x.stay,
		Days: x.days, Until: x.until, Free: l.state.free, Now: l.cfg.Now(),
	}
	return l.signs.Pages(x.event(), v)
}

// event is what a text is about, as a car park's own texts name it.
func (x text) event() signs.Event {
	switch x.say {
	case sayWelcome:
		switch {
		case x.carType != 0:
			return signs.EntryCard
		case plate.IsTemporary(x.plate):
			return signs.EntryNoPlate
		}
		return signs.Entry
	case sayGoodbye:
		if x.carType != 0 {
			return signs.ExitCard
		}
		return signs.Exit
	case sayDue:
		return signs.Fee
	case sayPaid:
		return signs.Paid
	case sayAsking:
		return signs.Asking
	case sayGateFault:
		return signs.GateFault
	case sayFault:
		return signs.Fault
	case sayPaying:
		return signs.Paying
	case sayPayRefused:
		return signs.PayRefused
	case sayPayUnknown:
		return signs.PayUnknown
	case sayNothingDue:
		return signs.NothingDue
	case sayCodeUnknown:
		return signs.CodeUnknown
	}
	return x.refusal()
}

// refusal is why the gate stays shut; signs.Idle when that is not what is to be said.
func (x text) refusal() signs.Event {
	switch x.say {
	case sayFull:
		return signs.Full
	case sayUnknown:
		return signs.Unknown
	case sayNoPlate:
		return signs.NoPlate
	case sayOperator:
		return signs.Operator
	case sayBlacklist:
		return signs.Blacklist
	case sayCardInside:
		return signs.CardInside
	case sayInside:
		return signs.Inside
	case sayQuota:
		return signs.Quota
	case sayNotHere:
		return signs.NotHere
	}
	return signs.Idle
}

// plainScreen shows what an outside command asked for, line by line.
func plainScreen(lines []string) drivers.Screen {
	s := drivers.Screen{For: standsFor}
	for _, l := range lines {
		s.Lines = append(s.Lines, drivers.Line{Text: l})
	}
	return s
}

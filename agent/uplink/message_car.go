package uplink

import (
	"strconv"
	"time"

	"parkagent/protocol"
	"parkagent/store"
)

// The messages about vehicles, their stays and cards: uplink 2.1, 2.3, 2.4,
// 2.6 and 3.1.

// carIn makes uplink 2.1.
func (u *Uplink) carIn(f store.StayFact) any {
	m := protocol.CarIn{
		ParkCode: u.cfg.ParkCode, PlateNo: plate(f.Plate), CardNo: f.CardNo,
		EntryTime: u.time(f.EnteredMs), EntryPlace: f.EntryPlace, ImgName: u.pictures.field(f.EntryImage),
	}
	if f.Size > 0 {
		m.VplType = strconv.Itoa(f.Size)
	}
	if f.Color >= 0 {
		m.VplColor = strconv.Itoa(f.Color)
	}
	return m
}

// payDetail makes uplink 2.3.
func (u *Uplink) payDetail(f store.StayFact) any {
	return protocol.PayDetail{
		ParkCode: u.cfg.ParkCode, PlateNo: plate(f.Plate), CardNo: f.CardNo,
		EntryTime: u.time(f.EnteredMs), LeaveTime: u.time(f.LeftMs),
		PreMoney: f.Before, PayMoney: f.AtExit, PayType: exitPay(f),
		TicketMoney: f.FreeMoney, TicketTime: f.FreeMinute * 60, FreeMoney: f.Discount,
		CarType: stayType(f), LeavePlace: f.ExitPlace, ImgName: u.pictures.field(f.ExitImage),
	}
}

// stayType returns by what right a car was inside (appendix 1.1).
func stayType(f store.StayFact) protocol.CarType {
	if f.CarType == int(protocol.CarTemporary) && f.Booking != 0 {
		return protocol.CarBooked
	}
	return protocol.CarType(f.CarType)
}

// exitPay returns how a stay was paid (appendix 1.2). A booked car of which
// nothing was taken was paid by its booking; what it paid besides, for time
// outside of the booking, was paid as any car pays.
func exitPay(f store.StayFact) protocol.BoothPay {
	if f.PayMethod < 0 && stayType(f) == protocol.CarBooked {
		return protocol.BoothBooked
	}
	return boothPay(f.PayMethod)
}

// blackIn makes uplink 2.4. A row without the time of the recognition was
// written at written, moments later.
func (u *Uplink) blackIn(written time.Time) func(store.BlackFact) any {
	return func(f store.BlackFact) any {
		m := protocol.BlackIn{
			ParkCode: u.cfg.ParkCode, BlackID: f.Black, PlateNo: plate(f.Plate), Remark: f.Remark,
			EntryPlace: f.Place, EntryTime: u.time(f.SeenMs),
		}
		if f.SeenMs == 0 {
			m.EntryTime = u.slash(written)
		}
		return m
	}
}

// carCorrect makes uplink 2.6.
func (u *Uplink) carCorrect(f store.CorrectFact) any {
	return protocol.CarCorrect{
		ParkCode: u.cfg.ParkCode, PlateNo: plate(f.Plate), EntryTime: u.time(f.EnteredMs), LeaveTime: u.time(f.LeftMs),
		TotalMoney: f.Total, LeavePlace: f.Place, ImgName: u.pictures.field(f.Image),
	}
}

// carCard makes uplink 3.1. The protocol has no word for a card that was
// deleted: its fact says that it is valid until then.
func (u *Uplink) carCard(f store.CardFact) any {
	m := protocol.CarCard{
		ParkCode: u.cfg.ParkCode, CardID: strconv.FormatInt(f.Card, 10), UserName: f.Owner, TelPhone: f.Tel,
		CarType: protocol.CarType(f.CarType), ValidFrom: u.time(f.FromMs), ValidTo: u.time(f.ToMs),
	}
	for _, p := range f.Plates {
		m.PlateDetails = append(m.PlateDetails, protocol.PlateDetail{PlateNo: p.Plate, EtcNo: p.Etc})
	}
	return m
}

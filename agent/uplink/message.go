package uplink

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"parkagent/protocol"
	"parkagent/store"
)

// reports are the interfaces by which the kinds of journal rows are told.
// Other kinds are of no concern to platforms.
var reports = map[store.Kind]string{
	store.KindPark:        "PostParkingInfo",
	store.KindAreas:       "PostAreaInfo",
	store.KindDeviceState: "PostDeviceState",
	store.KindDevice:      "PostParkingDevice",
	store.KindEntry:       "PostCarInInfo",
	store.KindExit:        "PostPayDetail",
	store.KindSpaces:      "PostFreeParkingSpace",
	store.KindPayment:     "PostCarBillDetail",
}

// noPlate stands where a plate must and there is none.
const noPlate = "无牌车"

// wants reports whether the platform is to be told of a row: it takes its
// interface, and no later row has superseded it.
func (u *Uplink) wants(ctx context.Context, e store.Entry) (bool, error) {
	name, ok := reports[e.Kind]
	if !ok || u.wanted != nil && !u.wanted[name] {
		return false, nil
	}
	if !latestOnly(e.Kind) {
		return true, nil
	}
	latest, err := u.cfg.DB.LatestSeq(ctx, e.Kind, e.Key)
	return latest <= e.Seq, err
}

// latestOnly reports whether a kind tells a present state: of free places and
// device states only the last row counts.
func latestOnly(k store.Kind) bool { return k == store.KindSpaces || k == store.KindDeviceState }

// message makes the message of a row, as of now: texts, zone and pictures are
// never stored. A nil message means that there is nothing to tell.
func (u *Uplink) message(e store.Entry) (name string, message any, err error) {
	switch e.Kind {
	case store.KindPark, store.KindAreas:
		message, err = made(e, u.park(e.Kind))
	case store.KindDevice:
		message, err = made(e, u.device)
	case store.KindDeviceState:
		message, err = made(e, u.deviceState)
	case store.KindEntry:
		message, err = made(e, u.carIn)
	case store.KindExit:
		message, err = made(e, u.payDetail)
	case store.KindSpaces:
		message, err = made(e, u.freeSpaces)
	case store.KindPayment:
		message, err = made(e, u.billDetail)
	}
	return reports[e.Kind], message, err
}

// made decodes the body of a row and makes the message of it.
func made[Fact any](e store.Entry, of func(Fact) any) (any, error) {
	f, err := decode[Fact](e)
	if err != nil {
		return nil, err
	}
	return of(f), nil
}

func decode[Fact any](e store.Entry) (Fact, error) {
	var f Fact
	if err := json.Unmarshal(e.Body, &f); err != nil {
		return f, fmt.Errorf("journal row %d: %w", e.Seq, err)
	}
	return f, nil
}

// park makes uplink 1.1 or 1.2.
func (u *Uplink) park(kind store.Kind) func(store.ParkFact) any {
	return func(f store.ParkFact) any {
		if kind == store.KindPark {
			return protocol.ParkingInfo{ParkCode: u.cfg.ParkCode, ParkName: f.Name, ParkArea: len(f.Areas), PlaceCount: f.Places}
		}
		m := protocol.AreaInfo{
			ParkCode: u.cfg.ParkCode, ParkName: f.Name, ParkArea: len(f.Areas), TotalPlaceCount: f.Places, AreaInfo: []protocol.Area{},
		}
		for _, a := range f.Areas {
			m.AreaInfo = append(m.AreaInfo, protocol.Area{AreaCode: a.Code, AreaName: a.Name, AreaType: a.Type, PlaceCount: a.Places})
		}
		return m
	}
}

// device makes uplink 1.4.
func (u *Uplink) device(f store.DeviceFact) any {
	return protocol.ParkingDevice{
		ParkCode: u.cfg.ParkCode, DeviceCode: f.Code, DeviceIP: f.IP, DeviceName: f.Name, DeviceType: protocol.DeviceType(f.Type),
	}
}

// deviceState makes uplink 1.3. A device whose state nobody knows yet is told
// as working: there is no code for not knowing, and a fault would raise alarms.
func (u *Uplink) deviceState(f store.DeviceFact) any {
	status := f.Status
	if status == "" {
		status = "0"
	}
	return protocol.DeviceState{
		ParkCode: u.cfg.ParkCode, DeviceCode: f.Code, DeviceName: f.Name, DeviceType: protocol.DeviceType(f.Type),
		Status: protocol.StatusCode(status), Remark: f.Remark,
	}
}

// carIn makes uplink 2.1.
func (u *Uplink) carIn(f store.StayFact) any {
	m := protocol.CarIn{
		ParkCode: u.cfg.ParkCode, PlateNo: plate(f.Plate), CardNo: f.CardNo,
		EntryTime: u.time(f.EnteredMs), EntryPlace: f.EntryPlace, ImgName: u.image(f.EntryImage),
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
		PreMoney: f.Before, PayMoney: f.AtExit, PayType: boothPay(f.PayMethod),
		TicketMoney: f.FreeMoney, TicketTime: f.FreeMinute * 60, FreeMoney: f.Discount,
		CarType: protocol.CarType(f.CarType), LeavePlace: f.ExitPlace, ImgName: u.image(f.ExitImage),
	}
}

// freeSpaces makes uplink 2.5.
func (u *Uplink) freeSpaces(f store.SpacesFact) any {
	m := protocol.FreeSpaces{ParkCode: u.cfg.ParkCode, FreeSpaceNum: f.Free, TotalSpaceNum: f.Total, AreaInfo: []protocol.AreaSpace{}}
	for _, a := range f.Areas {
		m.AreaInfo = append(m.AreaInfo, protocol.AreaSpace{AreaCode: a.Code, AreaName: a.Name, AreaFreeSpaceNum: a.Free})
	}
	return m
}

// billDetail makes uplink 2.7, of money that counts only. A waived rest is no
// payment; it is part of freeMoney when the car leaves (2.3). An orphan is
// money whose platform was told to give it back; reported, it would be counted.
func (u *Uplink) billDetail(f store.PaymentFact) any {
	if store.PaymentKind(f.Kind) != store.PaymentMoney {
		return nil
	}
	paid := protocol.PaidCharged
	if f.Amount == 0 {
		paid = protocol.PaidFree
	}
	return protocol.BillDetail{
		ParkCode: u.cfg.ParkCode, PlateNo: plate(f.Plate), CardNo: f.CardNo, CarType: protocol.CarType(f.CarType),
		// The car is still inside, or leaves by this very payment.
		EntryTime: u.time(f.EnteredMs), LeaveTime: u.time(f.PaidMs),
		TotalMoney: f.Total, PayMoney: f.Amount, FreeMoney: f.Discount,
		TicketMoney: f.FreeMoney, TicketTime: f.FreeMinutes * 60, TicketNum: f.Tickets,
		TerminalType: protocol.TerminalThirdSingle, PayType: payMethod(f.PayMethod), PayTime: u.time(f.PaidMs),
		PaidType: paid, Remark: f.Order,
	}
}

func (u *Uplink) time(ms int64) string { return protocol.FormatSlash(store.Time(ms), u.cfg.Location) }

// image returns what a picture field holds. A picture that cannot be read, such
// as one that was cleared away, is left out; it must not hold up the report.
func (u *Uplink) image(path string) string {
	switch {
	case path == "":
		return ""
	case u.cfg.Images == ImagesURL && u.cfg.ImageURL != nil:
		return u.cfg.ImageURL(path)
	case u.cfg.Images == ImagesBase64:
		data, err := u.cfg.ImageData(path)
		if err != nil {
			u.log.Debug("picture left out", "error", err)
			return ""
		}
		return base64.StdEncoding.EncodeToString(data)
	}
	return ""
}

func plate(p string) string {
	if p == "" {
		return noPlate
	}
	return p
}

// boothPay turns downlink 3.2's payMethod into appendix 1.2. WeChat and Alipay
// were collected by a platform, not by the car park; a stay without a payment
// counts as cash of nothing.
func boothPay(method int) protocol.BoothPay {
	switch protocol.BoothPay(method) {
	case protocol.BoothWeChat:
		return protocol.BoothThirdWeChat
	case protocol.BoothAlipay:
		return protocol.BoothThirdAlipay
	}
	if method < 0 {
		return protocol.BoothCash
	}
	return protocol.BoothPay(method)
}

// payMethod turns downlink 3.2's payMethod into appendix 1.4.
func payMethod(method int) protocol.PayMethod {
	switch boothPay(method) {
	case protocol.BoothThirdWeChat:
		return protocol.PayThirdWeChat
	case protocol.BoothThirdAlipay:
		return protocol.PayThirdAlipay
	case protocol.BoothPOS:
		return protocol.PayBankCard
	case protocol.BoothCard:
		return protocol.PayStoredCard
	case protocol.BoothCityCard:
		return protocol.PayTransitCard
	case protocol.BoothCash:
		return protocol.PayCash
	}
	return protocol.PayMethod(method) // a code of the platform's own
}

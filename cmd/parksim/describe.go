package main

import (
	"fmt"
	"net/url"
	"strings"

	"parkagent/protocol"
	"parkagent/protocol/platform"
)

// describe tells a report in one line.
func describe(e *env, message any) string {
	switch m := message.(type) {
	case protocol.CarIn:
		return e.in(text{"进场 %s，%s，%s%s", "entry of %s, %s, %s%s"}, car(m.PlateNo, m.CardNo), m.EntryTime, m.EntryPlace, picture(e, m.ImgName))
	case protocol.PayDetail:
		return e.in(text{"出场 %s，%s 至 %s，%s，先付 %s 元，出口付 %s 元，减免 %s 元%s", "exit of %s, %s to %s, %s, paid before %s, at the exit %s, waived %s%s"},
			car(m.PlateNo, m.CardNo), m.EntryTime, m.LeaveTime, m.LeavePlace, yuan(m.PreMoney), yuan(m.PayMoney), yuan(m.TicketMoney+m.FreeMoney), picture(e, m.ImgName))
	case protocol.BillDetail:
		return e.in(text{"缴费 %s，%s，应付 %s 元，实付 %s 元，减免 %s 元，订单 %s", "payment of %s, %s, due %s, paid %s, waived %s, order %s"},
			car(m.PlateNo, m.CardNo), m.PayTime, yuan(m.TotalMoney), yuan(m.PayMoney), yuan(m.TicketMoney+m.FreeMoney), m.Remark)
	case protocol.FreeSpaces:
		return e.in(text{"空位 %d / %d", "%d of %d places are free"}, m.FreeSpaceNum, m.TotalSpaceNum)
	case protocol.ParkingInfo:
		return e.in(text{"车场 %s，%d 个区域，%d 个车位", "car park %s, %d areas, %d places"}, m.ParkName, m.ParkArea, m.PlaceCount)
	case protocol.AreaInfo:
		var names []string
		for _, a := range m.AreaInfo {
			names = append(names, fmt.Sprintf("%d %s (%d)", a.AreaCode, a.AreaName, a.PlaceCount))
		}
		return e.in(text{"区域 %s", "areas %s"}, strings.Join(names, ", "))
	case protocol.ParkingDevice:
		return e.in(text{"设备 %s %s，IP %s", "device %s %s, address %s"}, m.DeviceCode, m.DeviceName, m.DeviceIP)
	case protocol.DeviceState:
		if m.Status == "0" {
			return e.in(text{"设备 %s %s 正常", "device %s %s works"}, m.DeviceCode, m.DeviceName)
		}
		return e.in(text{"设备 %s %s 故障 %s %s", "device %s %s is faulty, status %s %s"}, m.DeviceCode, m.DeviceName, m.Status, m.Remark)
	}
	return describeMore(e, message)
}

// describeMore tells the messages about money, cards and the blacklist. A scan is
// told without the driver's code, which is worth money.
func describeMore(e *env, message any) string {
	switch m := message.(type) {
	case protocol.CarOut:
		return e.in(text{"免密扣款 %s，%s 至 %s，%s，应收 %s 元%s", "deduction asked for %s, %s to %s, %s, due %s%s"},
			car(m.PlateNo, m.CardNo), m.EntryTime, m.LeaveTime, m.LeavePlace, yuan(m.TotalMoney), picture(e, m.ImgName))
	case protocol.CarCorrect:
		return e.in(text{"冲正 %s，%s 至 %s，应收 %s 元", "correction of %s, %s to %s, due %s"}, m.PlateNo, m.EntryTime, m.LeaveTime, yuan(m.TotalMoney))
	case protocol.CodeQuery:
		return e.in(text{"索取二维码 %s，订单 %s，%s 元，设备 %s", "code asked for %s, order %s, %s, device %s"}, car(plateOf(m.PlateNum), m.CardNo), m.OrderNo, yuan(m.Amount), m.DeviceCode)
	case protocol.ScanPay:
		return e.in(text{"扫付款码 %s，订单 %s，%s 元，设备 %s", "driver's code scanned for %s, order %s, %s, device %s"}, plateOf(m.CarNo), m.OrderNo, yuan(m.Amount), m.DeviceID)
	case protocol.PriceQuery:
		return e.in(text{"计费 %s，%s %s 至 %s %s", "price asked for %s, %s %s to %s %s"}, car(m.PlateNo, m.CardNo), m.EntryTime, m.EntryPlace, m.LeaveTime, m.LeavePlace)
	case protocol.BlackIn:
		return e.in(text{"黑名单 %d %s，%s，%s，%s", "blacklist %d: %s, %s, %s, %s"}, m.BlackID, m.PlateNo, m.EntryTime, m.EntryPlace, m.Remark)
	case protocol.CarCard:
		var plates []string
		for _, d := range m.PlateDetails {
			plates = append(plates, car(d.PlateNo, d.EtcNo))
		}
		return e.in(text{"内部车 %s %s，%s，%s，%s 至 %s", "card %s of %s, %s, %s, %s to %s"},
			m.CardID, m.UserName, m.CarType.Name([]string{"zh-CN", "en"}[e.lang]), strings.Join(plates, " "), m.ValidFrom, m.ValidTo)
	}
	return fmt.Sprintf("%+v", message)
}

// describeAnswer tells what was answered besides success, after a message.
func describeAnswer(e *env, row any) string {
	switch r := row.(type) {
	case protocol.CarInAnswer:
		if r.IsDensityPay == 1 {
			return e.in(text{"；已开通免密支付", "; seamless"})
		}
	case protocol.CarOutAnswer:
		return e.in(text{"；已扣 %s 元", "; deducted %s"}, yuan(r.Taken().N))
	case protocol.Code:
		return e.in(text{"；二维码 %s", "; code %s"}, r.QRCode)
	case protocol.ScanAnswer:
		return e.in(text{"；平台订单 %s", "; the platform's order %s"}, r.OrderNo)
	case protocol.Price:
		return e.in(text{"；%s 元", "; %s"}, yuan(r.PayMoney.N))
	}
	return ""
}

// plateOf reads a plate of 4.1 and 4.2, which is percent-encoded.
func plateOf(encoded string) string {
	if plate, err := url.PathUnescape(encoded); err == nil {
		return plate
	}
	return encoded
}

func car(plate, card string) string {
	if card == "" {
		return plate
	}
	return strings.TrimSpace(plate + " #" + card)
}

// picture tells whether a report has a picture, without the picture.
func picture(e *env, name string) string {
	switch {
	case name == "":
		return ""
	case strings.HasPrefix(name, "http"):
		return e.in(text{"，图片 %s", ", picture %s"}, name)
	}
	return e.in(text{"，图片 %d 字节", ", a picture of %d bytes"}, len(name)*3/4)
}

// totals tells the sums of a platform, and the drivers who paid too much.
func totals(e *env, p *platform.Platform) string {
	t := p.Totals()
	lines := []string{e.in(text{
		"合计：上报 %d 条（另有重复 %d，拒绝 %d）；进场 %d，出场 %d，缴费 %d 笔；出场车辆已付 %s 元，逐笔缴费 %s 元",
		"Totals: %d reports (and %d again, %d refused); %d entries, %d exits, %d payments; cars that left had paid %s, single payments %s",
	}, t.Reports, t.Duplicates, t.Refused, t.Entries, t.Exits, t.Bills, yuan(t.Charged), yuan(t.Paid))}
	if t.Questions > 0 || t.Collected > 0 || t.Changes > 0 {
		lines = append(lines, e.in(text{
			"平台：询问 %d 次；免密扣款 %s 元，冲正 %s 元；代收 %s 元，退款 %s 元，未同步 %d 笔；找零 %d 笔 %s 元",
			"The platform: asked %d times; deducted %s, reversed %s; collected %s, refunded %s, not told yet: %d; change given: %d, %s",
		}, t.Questions, yuan(t.Deducted), yuan(t.Reversed), yuan(t.Collected), yuan(t.Refunded), t.Waiting, t.Changes, yuan(t.Given)))
	}
	zone := e.zone
	if zone == nil {
		zone, _ = protocol.LoadZone("") // which is always there
	}
	for _, s := range p.Books().Over() {
		lines = append(lines, e.in(text{"注意：%s（%s 入场）比车场上报的多付了 %s 元", "Note: %s (entered %s) paid %s more than the car park reported"},
			s.Plate, protocol.FormatDash(s.Entered, zone), yuan(s.Over())))
	}
	return strings.Join(lines, "\n")
}

package main

import (
	"fmt"
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
	return fmt.Sprintf("%+v", message)
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

// totals tells the sums of a platform.
func totals(e *env, t platform.Totals) string {
	return e.in(text{
		"合计：上报 %d 条（另有重复 %d，拒绝 %d）；进场 %d，出场 %d，缴费 %d 笔；出场车辆已付 %s 元，逐笔缴费 %s 元",
		"Totals: %d reports (and %d again, %d refused); %d entries, %d exits, %d payments; cars that left had paid %s, single payments %s",
	}, t.Reports, t.Duplicates, t.Refused, t.Entries, t.Exits, t.Bills, yuan(t.Charged), yuan(t.Paid))
}

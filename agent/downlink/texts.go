package downlink

import (
	"strings"

	"parkagent/protocol"
)

// A sentence is what an answer says to people, with a short name for the log.
// Platforms show it to drivers and some compare it, so a text that has been
// released stays as it is. Verbs such as %s stand for details, where there are any.
type sentence struct{ reason, zh, en string }

func (s sentence) in(language string) string {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return s.en
	}
	return s.zh
}

// The sentences about whether a request is heard at all. Those about fields, bodies
// and deciphering are the protocol's.
var (
	sayNoInterface  = sentence{"no such interface", "接口不存在", "There is no such interface."}
	sayNotPost      = sentence{"not a POST", "请使用 POST 方法", "The method must be POST."}
	sayBadLogin     = sentence{"bad credentials", protocol.Message(protocol.ErrData, "zh-CN"), protocol.Message(protocol.ErrData, "en")}
	sayTooMany      = sentence{"too many attempts", "尝试次数过多，请稍后再试", "There were too many attempts, please try later."}
	sayBadAddress   = sentence{"address not allowed", "来源地址未获授权", "This address is not allowed."}
	sayNoPermission = sentence{"permission missing", "没有调用该接口的权限", "This client may not call this interface."}
	sayOurFault     = sentence{"our fault", "车场系统故障，请稍后重试", "The car park has a fault, please try again."}
	sayBadPark      = sentence{"wrong park code", "停车场编号 parkCode 不正确", "The parkCode is not that of this car park."}
	saySearches     = sentence{"too many searches", "查询繁忙，请稍后重试", "Too many searches are running, please try again."}
	saySlow         = sentence{"search too slow", "查询超时，请缩小查询范围", "The search takes too long, please narrow it."}
)

// The sentences about stays, bills and payments.
var (
	sayNoSession    = sentence{"no open session", "未找到在场车辆", "No such car is inside."}
	sayAmbiguous    = sentence{"several cars match", "匹配到多辆车，请输入完整车牌：%s", "Several cars match, please give the whole plate: %s."}
	sayNoTariff     = sentence{"no tariff", "该车辆没有适用的收费标准，请联系管理员", "No tariff fits this car, please call the operator."}
	sayLimit        = sentence{"fee above limit", "停车费用超过自助缴费上限，请联系管理员", "The fee is above the limit for paying alone, please call the operator."}
	sayNoOrder      = sentence{"unknown order", "订单不存在", "There is no such order."}
	sayOtherAmounts = sentence{"paid with other amounts", "订单已支付，且金额与本次不一致", "The order was paid already, with other amounts."}
	sayGone         = sentence{"car has left", "车辆已离场，请退款", "The car has left, please refund the payment."}
	saySettling     = sentence{"settlement under way", "该车辆正在支付中，请稍后再试", "A payment for this car is under way, please try again in a minute."}
)

// The sentences about devices.
var (
	sayNoDevice    = sentence{"unknown device", "设备不存在", "There is no such device."}
	sayManyDevices = sentence{"ambiguous device", "该IP对应多个车道，请使用设备编码", "Several lanes have this IP, please give the device code."}
	sayNotExit     = sentence{"not an exit device", "该设备不属于出口", "The device does not belong to an exit."}
	sayNobody      = sentence{"no car at the exit", "出口没有已识别的在场车辆", "No recognised car stands at this exit."}
	sayNoGate      = sentence{"no gate", "该设备所在车道没有道闸", "The device's lane has no gate."}
	sayNoDisplay   = sentence{"no display", "该设备所在车道没有显示屏", "The device's lane has no display."}
	sayNoCamera    = sentence{"no camera that takes pictures", "该设备所在车道没有可抓拍的相机", "The device's lane has no camera that takes pictures on demand."}
	sayBusy        = sentence{"no answer of the lane in time", "车道繁忙，未能在时限内确认执行，请稍后重试", "The lane did not confirm in time, please try again."}
	sayOffline     = sentence{"gate offline", "道闸无应答", "The gate does not answer."}
	sayRefused     = sentence{"gate refused", "道闸拒绝执行", "The gate refused."}
	sayOccupied    = sentence{"gate refused to close", "道闸拒绝关闭，闸下可能有车或人", "The gate refused to close, something may stand under it."}
	sayGateFault   = sentence{"gate fault", "道闸故障", "The gate has a fault."}
	sayPhotoFailed = sentence{"camera failed", "相机抓拍失败，请稍后重试", "The camera took no picture, please try again."}
)

// The sentences about a car without a plate before a gate that stays shut.
var (
	sayNoCar       = sentence{"no car before the gate", "车道上未检测到车辆，请将车辆驶至道闸前", "No car stands before the gate, please drive up to it."}
	sayDue         = sentence{"money is due", "停车费用未缴清，请先缴费", "The parking fee has not been paid, please pay first."}
	sayAsking      = sentence{"settlement is asked for", "正在结算停车费用，请稍后再试", "The parking fee is being settled, please try again."}
	sayFull        = sentence{"car park full", "车位已满", "The car park is full."}
	sayBlacklisted = sentence{"blacklisted", "该车辆禁止入场", "This car may not enter."}
	sayInside      = sentence{"card number inside", "该卡号已有车辆在场，不能重复入场", "A car with this card number is inside already."}
	sayOperator    = sentence{"operator needed", "该车辆不能自动放行，请联系管理员", "This car cannot pass by itself, please call the operator."}
)

// The sentences about places, cards, the blacklist and bookings.
var (
	sayNoArea        = sentence{"unknown area", "区域不存在", "There is no such area."}
	sayFreeRange     = sentence{"more free than places", "剩余车位数不能超过该区域的总车位数", "The area does not have that many places."}
	sayNoCard        = sentence{"unknown card", "卡片不存在", "There is no such card."}
	sayCarType       = sentence{"not a card's type", "该车辆类型不能办理卡片", "Cars of this type have no card."}
	sayPeriod        = sentence{"period ends before it begins", "结束时间不能早于开始时间", "The period ends before it begins."}
	sayPlateTaken    = sentence{"plate of another card", "%s 已属于卡片 %d", "%s belongs to card %d already."}
	sayNoPlate       = sentence{"not a plate of the card", "该卡片没有此车牌", "The card does not have this plate."}
	sayLastPlate     = sentence{"last plate of the card", "卡片只剩一个车牌，不能移除，请删除卡片", "This is the card's last plate, please delete the card instead."}
	sayNoProduct     = sentence{"no product fits", "没有适用的充值规则", "No product fits this payment."}
	sayOtherRecharge = sentence{"recharged otherwise", "该订单号已充值，且内容与本次不一致", "This order number was used already, for another recharge."}
	sayNoBlack       = sentence{"unknown blacklist entry", "黑名单记录不存在", "There is no such entry on the blacklist."}
	sayBlackTwice    = sentence{"on the blacklist already", "该车牌已在黑名单中", "This plate is on the blacklist already."}
	sayNoBooking     = sentence{"unknown booking", "预约不存在", "There is no such booking."}
)

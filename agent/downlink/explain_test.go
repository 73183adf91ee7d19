package downlink_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/downlink"
	"parkagent/agent/lane"
	"parkagent/protocol"
)

// Platforms show these sentences to people, and some compare them.
func TestErrorsAreExplainedInTwoLanguages(t *testing.T) {
	tests := []struct {
		err    error
		zh, en string
	}{
		{billing.ErrNoSession, "未找到在场车辆", "No such car is inside."},
		{&billing.AmbiguousError{Plates: []string{"京A11113", "沪A11113"}}, "匹配到多辆车，请输入完整车牌：京A11113 沪A11113", "Several cars match, please give the whole plate: 京A11113 沪A11113."},
		{billing.ErrNoTariff, "该车辆没有适用的收费标准，请联系管理员", "No tariff fits this car, please call the operator."},
		{billing.ErrAboveLimit, "停车费用超过自助缴费上限，请联系管理员", "The fee is above the limit for paying alone, please call the operator."},
		{billing.ErrNoOrder, "订单不存在", "There is no such order."},
		{billing.ErrOtherAmounts, "订单已支付，且金额与本次不一致", "The order was paid already, with other amounts."},
		{billing.ErrGone, "车辆已离场，请退款", "The car has left, please refund the payment."},
		{billing.ErrSettling, "该车辆正在支付中，请稍后再试", "A payment for this car is under way, please try again in a minute."},
		{access.ErrNoArea, "区域不存在", "There is no such area."},
		{access.ErrFreeRange, "剩余车位数不能超过该区域的总车位数", "The area does not have that many places."},
		{access.ErrNoCard, "卡片不存在", "There is no such card."},
		{access.ErrCarType, "该车辆类型不能办理卡片", "Cars of this type have no card."},
		{access.ErrPeriod, "结束时间不能早于开始时间", "The period ends before it begins."},
		{&access.PlateTakenError{Plate: "闽D%s2000", Card: 5}, "闽D%s2000 已属于卡片 5", "闽D%s2000 belongs to card 5 already."},
		{access.ErrNoPlate, "该卡片没有此车牌", "The card does not have this plate."},
		{access.ErrLastPlate, "卡片只剩一个车牌，不能移除，请删除卡片", "This is the card's last plate, please delete the card instead."},
		{access.ErrNoProduct, "没有适用的充值规则", "No product fits this payment."},
		{access.ErrOtherRecharge, "该订单号已充值，且内容与本次不一致", "This order number was used already, for another recharge."},
		{access.ErrNoBlack, "黑名单记录不存在", "There is no such entry on the blacklist."},
		{access.ErrNoBooking, "预约不存在", "There is no such booking."},
		{&lane.RefusedError{Reason: access.ReasonDue}, "停车费用未缴清，请先缴费", "The parking fee has not been paid, please pay first."},
		{&lane.RefusedError{Reason: access.ReasonAsking}, "正在结算停车费用，请稍后再试", "The parking fee is being settled, please try again."},
		{&lane.RefusedError{Reason: access.ReasonFull}, "车位已满", "The car park is full."},
		{&lane.RefusedError{Reason: access.ReasonBlacklist}, "该车辆禁止入场", "This car may not enter."},
		{&lane.RefusedError{Reason: access.ReasonCardInside}, "该卡号已有车辆在场，不能重复入场", "A car with this card number is inside already."},
		{&lane.RefusedError{Reason: access.ReasonOperator}, "该车辆不能自动放行，请联系管理员", "This car cannot pass by itself, please call the operator."},
		{lane.ErrNoCar, "车道上未检测到车辆，请将车辆驶至道闸前", "No car stands before the gate, please drive up to it."},
		{lane.ErrBusy, "车道繁忙，未能在时限内确认执行，请稍后重试", "The lane did not confirm in time, please try again."},
		{&protocol.FieldError{Field: "orderNo", Problem: protocol.Missing}, "缺少必填参数 orderNo", "The parameter orderNo is required."},
	}
	seen := map[string]error{}
	for _, tt := range tests {
		for _, err := range []error{tt.err, fmt.Errorf("pay: %w", tt.err)} {
			zh, en := downlink.Explain(err, "zh-CN"), downlink.Explain(err, "en-GB")
			if zh != tt.zh || en != tt.en {
				t.Errorf("Explain(%v) = %q, %q, want %q, %q", err, zh, en, tt.zh, tt.en)
			}
		}
		for _, sentence := range []string{tt.zh, tt.en} {
			if other, again := seen[sentence]; again {
				t.Errorf("%v and %v have one sentence: %s", tt.err, other, sentence)
			}
			seen[sentence] = tt.err
		}
		if !strings.HasSuffix(tt.en, ".") {
			t.Errorf("%q is no sentence", tt.en)
		}
	}
	for _, err := range []error{nil, errors.New("disk full")} {
		if got := downlink.Explain(err, "en"); got != "" {
			t.Errorf("Explain(%v) = %q, want nothing", err, got)
		}
	}
}

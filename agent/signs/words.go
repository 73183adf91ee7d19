package signs

import (
	"fmt"
	"strings"
	"time"

	"parkagent/drivers"
)

// words are the texts of the program in one language, as templates, and what some
// placeholders stand for. A board has two short lines; the plate stands in the
// first. Of a card holder the second says what he needs to know, and the welcome is for
// boards with a third.
type words struct {
	lines   map[Event][]string // of what is no refusal
	voices  map[Event]string   // where they are not the lines
	reasons map[Event]string   // why the gate stays shut, or does not open yet
	cars    map[int]string     // the car types of card holders and booked cars
	card    string             // any other car type
	stay    func(time.Duration) string
	left    func(days int) string // besides today
}

func wordsOf(language string) words {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return english()
	}
	return chinese()
}

func english() words {
	return words{
		lines: map[Event][]string{
			Idle: {"{park}", "Free: {free}"}, Entry: {"{plate}", "Welcome"}, EntryCard: {"{plate}", "{holder} {left}", "Welcome"},
			EntryNoPlate: {"{plate}", "No plate, welcome"}, Exit: {"{plate}", "Goodbye"}, ExitCard: {"{plate}", "{holder} {left}", "Goodbye"},
			Fee: {"{plate} {stay}", "Please pay ¥{amount}"},
		},
		voices: map[Event]string{Fee: "{plate},please pay {spoken_amount} yuan"},
		reasons: map[Event]string{
			Paid: "Paid, please wait", Asking: "Charging, please wait", GateFault: "Gate fault, please wait", Fault: "Fault, please wait",
			Paying: "Charging your code, please wait", PayRefused: "Not paid, please try another code", PayUnknown: "Being confirmed, please do not pay again",
			NothingDue: "Nothing to pay now", CodeUnknown: "Unknown code, please call",
			Refused: "Please call the operator", Full: "Car park full", Blacklist: "No entry, please call", Unknown: "No entry found, please call",
			NoPlate: "No plate read, please call", Operator: "Please call the operator", Inside: "Entry or exit missing, please call",
			CardInside: "Already inside, please call", Quota: "Card spaces all taken", NotHere: "Card not valid here",
		},
		cars: map[int]string{1: "VIP", 2: "Monthly", 3: "Prepaid", 4: "Hourly", 5: "Owner", 6: "Visits", 7: "Guest", 8: "Staff", 9: "Coach", 99: "Shared", 100: "Booked"},
		card: "Card holder",
		stay: func(d time.Duration) string { return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60) },
		left: func(days int) string {
			switch days {
			case 0:
				return "ends today"
			case 1:
				return "1 day left"
			}
			return fmt.Sprintf("%d days left", days)
		},
	}
}

func chinese() words {
	return words{
		lines: map[Event][]string{
			Idle: {"{park}", "空余车位 {free}"}, Entry: {"{plate}", "欢迎光临"}, EntryCard: {"{plate}", "{holder} {left}", "欢迎光临"},
			EntryNoPlate: {"{plate}", "无牌车 欢迎光临"}, Exit: {"{plate}", "一路平安"}, ExitCard: {"{plate}", "{holder} {left}", "一路平安"},
			Fee: {"{plate} {stay}", "请缴费{amount}元"},
		},
		voices: map[Event]string{Fee: "{plate},请缴费{spoken_amount}元"},
		reasons: map[Event]string{
			Paid: "已缴费 请稍候", Asking: "扣费中 请稍候", GateFault: "道闸故障 请稍候", Fault: "系统故障 请稍候",
			Paying: "支付中 请稍候", PayRefused: "支付未成功 请换码重试", PayUnknown: "支付确认中 请勿重复支付", NothingDue: "当前无需缴费", CodeUnknown: "无效的码 请联系管理员",
			Refused: "请联系管理员", Full: "车位已满", Blacklist: "禁止入场 请联系管理员", Unknown: "未找到入场记录 请联系管理员",
			NoPlate: "未识别车牌 请联系管理员", Operator: "请联系管理员", Inside: "进出场记录不符 请联系管理员",
			CardInside: "卡号已在场内 请联系管理员", Quota: "固定车位已占满", NotHere: "此卡不能在本区域停放",
		},
		cars: map[int]string{1: "VIP车", 2: "月租车", 3: "充值车", 4: "时租车", 5: "产权车", 6: "计次车", 7: "贵宾卡", 8: "员工卡", 9: "大客车", 99: "共享泊位车", 100: "预约车"},
		card: "固定车",
		stay: func(d time.Duration) string { return fmt.Sprintf("%d时%d分", int(d.Hours()), int(d.Minutes())%60) },
		left: func(days int) string {
			if days == 0 {
				return "今日到期"
			}
			return fmt.Sprintf("剩余%d天", days)
		},
	}
}

// holder is what a car is that is not a temporary one.
func (w words) holder(carType int) string {
	if carType == 0 {
		return ""
	}
	if s, ok := w.cars[carType]; ok {
		return s
	}
	return w.card
}

// built is the program's own sign for an event. What tells why the gate stays shut is
// the plate and the reason.
func (w words) built(e Event) sign {
	texts, ok := w.lines[e]
	if !ok {
		texts = []string{"{plate}", "{reason}"}
	}
	voice, ok := w.voices[e]
	if !ok && e != Idle {
		voice = strings.Join(texts, ",")
	}
	s := sign{colors: []drivers.LineColor{colorOf(e)}, voice: phraseOf(voice)}
	for _, t := range texts {
		s.lines = append(s.lines, phraseOf(t))
	}
	return s
}

// phraseOf takes a text of the program apart. A test sees to it that none has a
// mistake.
func phraseOf(text string) phrase {
	p, _ := parse(text)
	return p
}

// colorOf is green for who may pass, yellow for who must do something or wait, and red
// for who may not.
func colorOf(e Event) drivers.LineColor {
	switch e {
	case Idle, Entry, EntryCard, EntryNoPlate, Exit, ExitCard, Paid, NothingDue:
		return drivers.Green
	case Fee, Asking, Paying, PayUnknown:
		return drivers.Yellow
	}
	return drivers.Red
}

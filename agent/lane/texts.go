package lane

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parkagent/agent/plate"
	"parkagent/drivers"
)

// texts are the words a lane shows and speaks, in one language. A board has
// two short lines; the plate stands in the first. Of a card holder the second
// says what he needs to know, and the welcome is for boards with a third.
type texts struct {
	welcome, goodbye, full, unknown, noPlate, operator, gateFault, fault, paid string
	plateless, asking, blacklist, inside, again, quota, notHere                string

	due, dueVoice string // with the amount in yuan
	free          string // with the free places
	stay          func(time.Duration) string
	days          func(int) string // that a card is still of use, besides today
	cars          map[int]string   // the car types of card holders and booked cars
	card          string           // any other car type
}

func textsOf(language string) texts {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return english()
	}
	return chinese()
}

func english() texts {
	return texts{
		welcome: "Welcome", goodbye: "Goodbye", full: "Car park full", unknown: "No entry found, please call",
		noPlate: "No plate read, please call", operator: "Please call the operator", gateFault: "Gate fault, please wait", paid: "Paid, please wait", fault: "Fault, please wait",
		plateless: "No plate, welcome", asking: "Charging, please wait", blacklist: "No entry, please call", inside: "Already inside, please call",
		again: "Entry or exit missing, please call", quota: "Card spaces all taken", notHere: "Card not valid here",
		due: "Please pay ¥%s", dueVoice: "please pay %s yuan", free: "Free: %d",
		stay: func(d time.Duration) string { return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60) },
		days: func(n int) string {
			switch n {
			case 0:
				return "ends today"
			case 1:
				return "1 day left"
			}
			return fmt.Sprintf("%d days left", n)
		},
		cars: map[int]string{1: "VIP", 2: "Monthly", 3: "Prepaid", 4: "Hourly", 5: "Owner", 6: "Visits", 7: "Guest", 8: "Staff", 9: "Coach", 99: "Shared", 100: "Booked"},
		card: "Card holder",
	}
}

func chinese() texts {
	return texts{
		welcome: "欢迎光临", goodbye: "一路平安", full: "车位已满", unknown: "未找到入场记录 请联系管理员",
		noPlate: "未识别车牌 请联系管理员", operator: "请联系管理员", gateFault: "道闸故障 请稍候", paid: "已缴费 请稍候", fault: "系统故障 请稍候",
		plateless: "无牌车 欢迎光临", asking: "扣费中 请稍候", blacklist: "禁止入场 请联系管理员", inside: "卡号已在场内 请联系管理员",
		again: "进出场记录不符 请联系管理员", quota: "固定车位已占满", notHere: "此卡不能在本区域停放",
		due: "请缴费%s元", dueVoice: "请缴费%s元", free: "空余车位 %d",
		stay: func(d time.Duration) string { return fmt.Sprintf("%d时%d分", int(d.Hours()), int(d.Minutes())%60) },
		days: func(n int) string {
			if n == 0 {
				return "今日到期"
			}
			return fmt.Sprintf("剩余%d天", n)
		},
		cars: map[int]string{1: "VIP车", 2: "月租车", 3: "充值车", 4: "时租车", 5: "产权车", 6: "计次车", 7: "贵宾卡", 8: "员工卡", 9: "大客车", 99: "共享泊位车", 100: "预约车"},
		card: "固定车",
	}
}

// screen puts a text into words.
func (t texts) screen(x text, park string, free int) drivers.Screen {
	switch x.say {
	case sayWelcome:
		if plate.IsTemporary(x.plate) && x.carType == 0 {
			return lines(drivers.Green, x.plate, t.plateless)
		}
		return lines(drivers.Green, x.plate, t.holder(x), t.welcome)
	case sayGoodbye:
		return lines(drivers.Green, x.plate, t.holder(x), t.goodbye)
	case sayDue:
		s := lines(drivers.Yellow, x.plate, fmt.Sprintf(t.due, yuan(x.payable)))
		s.Lines[0].Text = x.plate + " " + t.stay(x.stay)
		s.Voice = spoken(x.plate, fmt.Sprintf(t.dueVoice, spokenYuan(x.payable)))
		return s
	case sayPaid:
		return lines(drivers.Green, x.plate, t.paid)
	case sayAsking:
		return lines(drivers.Yellow, x.plate, t.asking)
	}
	if refusal := t.refusal(x.say); refusal != "" {
		return lines(drivers.Red, x.plate, refusal)
	}
	s := drivers.Screen{Lines: []drivers.Line{{Text: park, Color: drivers.Green}}}
	if free >= 0 {
		s.Lines = append(s.Lines, drivers.Line{Text: fmt.Sprintf(t.free, free), Color: drivers.Green})
	}
	return s
}

// refusal is why the gate stays shut; empty when that is not what is to be said.
func (t texts) refusal(say saying) string {
	switch say {
	case sayFull:
		return t.full
	case sayUnknown:
		return t.unknown
	case sayNoPlate:
		return t.noPlate
	case sayOperator:
		return t.operator
	case sayGateFault:
		return t.gateFault
	case sayFault:
		return t.fault
	case sayBlacklist:
		return t.blacklist
	case sayCardInside:
		return t.inside
	case sayInside:
		return t.again
	case sayQuota:
		return t.quota
	case sayNotHere:
		return t.notHere
	}
	return ""
}

// holder is what a car is that is not a temporary one, and for how long.
func (t texts) holder(x text) string {
	if x.carType == 0 {
		return ""
	}
	s, ok := t.cars[x.carType]
	if !ok {
		s = t.card
	}
	if x.days >= 0 {
		s += " " + t.days(x.days)
	}
	return s
}

// lines shows a plate and what is said to its driver, one below the other, and
// says it. What is empty is left out.
func lines(color drivers.LineColor, no string, words ...string) drivers.Screen {
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	s := drivers.Screen{Voice: spoken(no, strings.Join(words, ","))}
	for _, w := range append([]string{no}, words...) {
		if w != "" {
			s.Lines = append(s.Lines, drivers.Line{Text: w, Color: color})
		}
	}
	return s
}

// spoken puts the plate before words. One of ours says nothing to anybody.
func spoken(no, words string) string {
	if no == "" || plate.IsTemporary(no) {
		return words
	}
	return no + "," + words
}

// plainScreen shows what an outside command asked for, line by line.
func plainScreen(lines []string) drivers.Screen {
	s := drivers.Screen{For: standsFor}
	for _, l := range lines {
		s.Lines = append(s.Lines, drivers.Line{Text: l})
	}
	return s
}

// yuan writes fen as yuan with two decimals.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

// spokenYuan writes fen as yuan as people say it: 12, 12.5, 12.05.
func spokenYuan(fen int64) string {
	s := strconv.FormatInt(fen/100, 10)
	if fen%100 == 0 {
		return s
	}
	return s + "." + strings.TrimRight(fmt.Sprintf("%02d", fen%100), "0")
}

// wireColor counts a plate's colour as the books and the wire do.
func wireColor(c drivers.PlateColor) int {
	switch c {
	case drivers.ColorBlue:
		return 0
	case drivers.ColorYellow:
		return 1
	case drivers.ColorWhite:
		return 2
	case drivers.ColorBlack:
		return 3
	case drivers.ColorGreen, drivers.ColorYellowGreen:
		return 4
	}
	return -1
}

// wireSize counts a car's size as the books and the wire do: 1 large, 2 small.
// A camera that does not tell leaves it to the plate, of which the yellow ones
// are large cars'; what nothing tells is small, as most cars are.
func wireSize(r drivers.Recognition) int {
	yellow := r.Color == drivers.ColorYellow || r.Color == drivers.ColorYellowGreen
	if r.Size == drivers.SizeLarge || r.Size == drivers.SizeUnknown && yellow {
		return 1
	}
	return 2
}

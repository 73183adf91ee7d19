package lane

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
)

// texts are the words a lane shows and speaks, in one language. A board has
// two short lines; the plate stands in the first.
type texts struct {
	welcome, goodbye, full, unknown, noPlate, operator, gateFault, fault, paid string

	due, dueVoice string // with the amount in yuan
	free          string // with the free places
	stay          func(time.Duration) string
	offline, bad  string // device states
}

func textsOf(language string) texts {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return texts{
			welcome: "Welcome", goodbye: "Goodbye", full: "Car park full", unknown: "No entry found, please call",
			noPlate: "No plate read, please call", operator: "Please call the operator", gateFault: "Gate fault, please wait", paid: "Paid, please wait", fault: "Fault, please wait",
			due: "Please pay ¥%s", dueVoice: "please pay %s yuan", free: "Free: %d",
			stay:    func(d time.Duration) string { return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60) },
			offline: "no answer", bad: "fault",
		}
	}
	return texts{
		welcome: "欢迎光临", goodbye: "一路平安", full: "车位已满", unknown: "未找到入场记录 请联系管理员",
		noPlate: "未识别车牌 请联系管理员", operator: "请联系管理员", gateFault: "道闸故障 请稍候", paid: "已缴费 请稍候", fault: "系统故障 请稍候",
		due: "请缴费%s元", dueVoice: "请缴费%s元", free: "空余车位 %d",
		stay:    func(d time.Duration) string { return fmt.Sprintf("%d时%d分", int(d.Hours()), int(d.Minutes())%60) },
		offline: "无应答", bad: "故障",
	}
}

// screen puts a text into words.
func (t texts) screen(x text, park string, free int) drivers.Screen {
	two := func(second string, color drivers.LineColor) drivers.Screen {
		s := drivers.Screen{Lines: []drivers.Line{{Text: x.plate, Color: color}, {Text: second, Color: color}}, Voice: second}
		if x.plate == "" {
			s.Lines = s.Lines[1:]
		} else {
			s.Voice = x.plate + "," + second
		}
		return s
	}
	switch x.say {
	case sayWelcome:
		return two(t.welcome, drivers.Green)
	case sayGoodbye:
		return two(t.goodbye, drivers.Green)
	case sayFull:
		return two(t.full, drivers.Red)
	case sayDue:
		s := two(fmt.Sprintf(t.due, yuan(x.payable)), drivers.Yellow)
		s.Lines[0].Text = x.plate + " " + t.stay(x.stay)
		s.Voice = x.plate + "," + fmt.Sprintf(t.dueVoice, spokenYuan(x.payable))
		return s
	case sayUnknown:
		return two(t.unknown, drivers.Red)
	case sayNoPlate:
		return two(t.noPlate, drivers.Red)
	case sayOperator:
		return two(t.operator, drivers.Red)
	case sayGateFault:
		return two(t.gateFault, drivers.Red)
	case sayPaid:
		return two(t.paid, drivers.Green)
	case sayFault:
		return two(t.fault, drivers.Red)
	}
	s := drivers.Screen{Lines: []drivers.Line{{Text: park, Color: drivers.Green}}}
	if free >= 0 {
		s.Lines = append(s.Lines, drivers.Line{Text: fmt.Sprintf(t.free, free), Color: drivers.Green})
	}
	return s
}

// status names a device state.
func (t texts) status(code string) string {
	switch code {
	case statusOK:
		return ""
	case statusOffline:
		return t.offline
	}
	return t.bad
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

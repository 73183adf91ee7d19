package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"parkagent/agent/config"
	"parkagent/agent/tariff"
)

// noteMoney is the note of the line that --free-money adds to a bill.
const noteMoney tariff.Note = "free money"

func billCommand() command {
	return command{
		name:    "bill",
		summary: text{"按配置的收费标准计算一次停车的费用，逐行说明", "work out what a stay costs by the configured tariffs, line by line"},
		details: text{
			"只读配置文件，不接触数据和设备。时间写成 \"2026-03-02 10:00\" 或带秒，为车场当地时间。\n" +
				"不写 --size、--color、--area 表示未知：只用不限这一项的收费标准。\n" +
				"--visit 是同一辆车此前的停车，写成 \"入场/出场\"，可写多次，从早到晚：有的收费标准多次停车合计封顶。\n" +
				"没有适用的收费标准时退出状态为 1。",
			"It reads the configuration only, neither data nor devices. Times are \"2026-03-02 10:00\" or with seconds,\n" +
				"as the car park's clock shows them. Without --size, --color or --area it is unknown: only tariffs fit\n" +
				"that do not ask. --visit is an earlier visit of the same car, \"IN/OUT\", as often as needed, oldest\n" +
				"first: some tariffs have a cap for all visits together.\n" +
				"It exits with 1 when no tariff fits.",
		},
		setup: func(f *flags) runFunc {
			q := billQuestion{vehicle: tariff.Vehicle{Color: -1}}
			q.declare(f)
			return func(_ context.Context, e *env, words []string) error {
				if err := noWords(words); err != nil {
					return err
				}
				site, err := loadSite(e)
				if err != nil {
					return err
				}
				a, err := q.answer(site)
				if err != nil {
					return err
				}
				if q.asJSON {
					return writeJSON(e.stdout, a.result())
				}
				return a.write(e.stdout, e.lang)
			}
		},
	}
}

// A billQuestion is the command line of bill.
type billQuestion struct {
	vehicle tariff.Vehicle
	in, out string
	minutes int
	money   int64
	visits  []string
	asJSON  bool
}

func (q *billQuestion) declare(f *flags) {
	number := func(name, usage string, most int, set func(int)) {
		f.Func(name, usage, func(s string) error {
			n, err := strconv.Atoi(s)
			if err != nil || n < 0 || n > most {
				return errors.New("not a number of this kind")
			}
			set(n)
			return nil
		})
	}
	f.StringVar(&q.in, "in", "", f.say("入场时间 `TIME`", "`TIME` of entry"))
	f.StringVar(&q.out, "out", "", f.say("出场时间 `TIME`", "`TIME` of exit"))
	number("type", f.say("车辆类型 `N`（附录 1.1，默认 0 临时车）", "car type `N` (appendix 1.1, default 0, temporary)"), math.MaxInt, func(n int) { q.vehicle.CarType = n })
	f.Func("size", f.say("车型 `large|small`", "size of the car, `large|small`"), func(s string) error {
		size, ok := map[string]int{"large": 1, "small": 2}[s]
		if !ok {
			return errors.New("not a size")
		}
		q.vehicle.Size = size
		return nil
	})
	number("color", f.say("车牌颜色 `N`：0 蓝，1 黄，2 白，3 黑，4 绿", "plate colour `N`: 0 blue, 1 yellow, 2 white, 3 black, 4 green"), 4, func(n int) { q.vehicle.Color = n })
	number("area", f.say("区域编号 `N`", "code `N` of the area"), math.MaxInt, func(n int) { q.vehicle.Area = n })
	number("free-minutes", f.say("优惠时长 `N` 分钟", "`N` minutes granted by coupons"), math.MaxInt, func(n int) { q.minutes = n })
	number("free-money", f.say("优惠金额 `N` 分", "`N` fen granted by coupons"), math.MaxInt, func(n int) { q.money = int64(n) })
	f.Func("visit", f.say("此前的停车 `IN/OUT`，可写多次", "an earlier visit `IN/OUT`; may be repeated"), func(s string) error {
		q.visits = append(q.visits, s)
		return nil
	})
	f.BoolVar(&q.asJSON, "json", false, f.say("以 JSON 输出", "print JSON"))
}

// A billAnswer is a bill with what it was made of.
type billAnswer struct {
	tariff        tariff.Tariff
	entered, left time.Time
	bill          tariff.Bill
	operator      bool // must confirm it
}

// answer works out the bill.
func (q billQuestion) answer(site *config.Config) (billAnswer, error) {
	a := billAnswer{}
	var err error
	if a.entered, err = parkTime("--in", q.in, site.Park.Zone); err != nil {
		return a, err
	}
	if a.left, err = parkTime("--out", q.out, site.Park.Zone); err != nil {
		return a, err
	}
	if a.left.Before(a.entered) {
		return a, usageError{text{"--out 早于 --in。", "--out is before --in."}}
	}
	if q.vehicle.Area != 0 && !slices.ContainsFunc(site.Areas, func(x config.Area) bool { return x.Code == q.vehicle.Area }) {
		return a, usageError{text{"配置中没有区域 %d。", "the configuration has no area %d."}.with(q.vehicle.Area)}
	}
	visits, err := q.earlier(site, a.entered)
	if err != nil {
		return a, err
	}
	stay := tariff.Stay{Entered: a.entered, Left: a.left, FreeMinutes: q.minutes, Earlier: visits}
	if a.tariff, err = q.choose(site, stay); err != nil {
		return a, err
	}
	a.bill = a.tariff.Bill(stay)
	whole := stay
	whole.FreeMinutes = 0
	above := aboveLimit(site, a.tariff, a.tariff.Bill(whole).Total, stay.Left.Sub(stay.Entered))
	if off := min(q.money, a.bill.Total); off > 0 {
		a.bill.Lines = append(a.bill.Lines, tariff.Line{From: a.entered, To: a.left, Units: 1, Price: -off, Amount: -off, Note: noteMoney})
		a.bill.Total -= off
	}
	a.operator = above && a.bill.Total > 0
	return a, nil
}

// aboveLimit reports whether a fee, before coupons, or a stay is more than what is
// charged without an operator.
func aboveLimit(site *config.Config, t tariff.Tariff, fee int64, stay time.Duration) bool {
	over := func(limit int64) bool { return limit > 0 && fee > limit }
	return over(t.MaxAutomatic) || over(site.Access.MaxFee) || site.Access.MaxStay > 0 && stay > site.Access.MaxStay
}

// earlier works out what the earlier visits cost, each after those before it.
func (q billQuestion) earlier(site *config.Config, entered time.Time) ([]tariff.Visit, error) {
	var visits []tariff.Visit
	for _, word := range q.visits {
		in, out, _ := strings.Cut(word, "/")
		stay := tariff.Stay{Earlier: visits}
		var err error
		if stay.Entered, err = parkTime("--visit", in, site.Park.Zone); err != nil {
			return nil, err
		}
		if stay.Left, err = parkTime("--visit", out, site.Park.Zone); err != nil {
			return nil, err
		}
		last := stay.Entered
		if n := len(visits); n > 0 {
			last = visits[n-1].Left
		}
		if stay.Left.Before(stay.Entered) || stay.Entered.Before(last) || entered.Before(stay.Left) {
			return nil, usageError{text{"--visit %q 的时间顺序不对：从早到晚，都在 --in 之前。", "--visit %q is out of order: oldest first, all before --in."}.with(word)}
		}
		t, err := q.choose(site, stay)
		if err != nil {
			return nil, err
		}
		visits = append(visits, tariff.Visit{Entered: stay.Entered, Left: stay.Left, Fee: t.Bill(stay).Total})
	}
	return visits, nil
}

func (q billQuestion) choose(site *config.Config, s tariff.Stay) (tariff.Tariff, error) {
	t, ok := tariff.Select(site.Tariffs, site.Calendar.Dated(q.vehicle, s.Entered, s.Left))
	if !ok {
		return t, &failure{text: text{"没有适用的收费标准", "no tariff fits"}}
	}
	return t, nil
}

// parkTime reads a time that the car park's clock shows.
func parkTime(flag, value string, zone *time.Location) (time.Time, error) {
	if value == "" {
		return time.Time{}, usageError{text{"请用 %s 给出时间，例如 \"2026-03-02 10:00\"。", "%s needs a time, for example \"2026-03-02 10:00\"."}.with(flag)}
	}
	for _, layout := range []string{"2006-01-02 15:04", time.DateTime} {
		if t, err := time.ParseInLocation(layout, value, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError{text{"%s：%q 不是时间；请写成例如 \"2026-03-02 10:00\"。", "%s: %q is no time; write for example \"2026-03-02 10:00\"."}.with(flag, value)}
}

// A billResult is what `bill --json` prints.
type billResult struct {
	Tariff   string     `json:"tariff"`
	Total    int64      `json:"total"`    // fen
	Operator bool       `json:"operator"` // must confirm it: above max_automatic, max_fee or max_stay
	Lines    []billLine `json:"lines"`
}

// A billLine is one line of a bill in JSON. Times are those of the car park.
type billLine struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Band   string `json:"band"`
	Units  int64  `json:"units"`
	Price  int64  `json:"price"`
	Amount int64  `json:"amount"`
	Note   string `json:"note"`
}

func (a billAnswer) result() billResult {
	r := billResult{Tariff: a.tariff.Name, Total: a.bill.Total, Operator: a.operator, Lines: []billLine{}}
	for _, l := range a.bill.Lines {
		r.Lines = append(r.Lines, billLine{
			From: a.shows(l.From), To: a.shows(l.To), Band: l.Band, Units: l.Units, Price: l.Price, Amount: l.Amount, Note: string(l.Note),
		})
	}
	return r
}

// shows is what the car park's clock shows at t.
func (a billAnswer) shows(t time.Time) string {
	return t.In(a.entered.Location()).Format(time.DateTime)
}

// write prints the bill for people.
func (a billAnswer) write(w io.Writer, l lang) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, text{"收费标准：%s", "Tariff: %s"}.with(a.tariff.Name).in(l))
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, line := range a.bill.Lines {
		sum := ""
		if line.Units != 1 {
			sum = fmt.Sprintf("%d × %s", line.Units, signedYuan(line.Price))
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s\n", a.shows(line.From), a.shows(line.To), line.Band, sum, signedYuan(line.Amount), noteText(line.Note).in(l))
	}
	_ = table.Flush() // into memory
	fmt.Fprintln(&b, text{"合计：%s 元", "Total: %s yuan"}.with(signedYuan(a.bill.Total)).in(l))
	if a.operator {
		fmt.Fprintln(&b, text{"超过 max_automatic、max_fee 或 max_stay：需人工确认。", "This is above max_automatic, max_fee or max_stay: an operator must confirm it."}.in(l))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func noteText(n tariff.Note) text {
	if n == noteMoney {
		return text{"优惠金额", "free money"}
	}
	zh, en := n.Words()
	return text{zh, en}
}

// signedYuan is yuan for amounts that may be negative.
func signedYuan(fen int64) string {
	if fen < 0 {
		return "-" + yuan(-fen)
	}
	return yuan(fen)
}

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"parkagent/protocol"
	"parkagent/store"
)

// A guided call is one downlink interface as the integrator's guide shows it.
type guided struct {
	name            string
	request, answer string
}

// guide reads the calls of the guide's downlink chapter, in its order.
func guide(t *testing.T) []guided {
	t.Helper()
	text := string(must(os.ReadFile("../../protocol/README.md"))(t))
	section := regexp.MustCompile("(?s)\n### downlink [^\n]*?([A-Za-z]+)\n(.*?)```json request\n(.*?)```\n\n```json answer\n(.*?)```")
	var calls []guided
	for _, m := range section.FindAllStringSubmatch(text, -1) {
		calls = append(calls, guided{name: m[1], request: m[3], answer: m[4]})
	}
	return calls
}

// A guideStory is the car park of the guide's story.
type guideStory struct {
	*wholePark
	books   *store.View
	numbers map[string]string // what ours are, by those that the guide shows
}

// tell plays the story of the guide: each request is sent to a running agent at
// its hour, with the numbers that the car park made before. after is given each
// request as it was sent, what was answered, and how that differs from the guide.
func tell(t *testing.T, after func(s *guideStory, c guided, request json.RawMessage, reply protocol.Reply, differences []string)) {
	t.Helper()
	zone := must(protocol.LoadZone(""))(t)
	at := func(text string) time.Time { return must(time.ParseInLocation(time.DateTime, text, zone))(t) }
	p := openPark(t, parkPlan{
		began: at("2026-02-28 09:05:05"),
		rest: `
[[card_product]]
name = "月租"
car_type = 2
amount = 1
unit = 1
price = 30000
sent_amount = 1
sent_unit = 2
`,
		tariff: `
[[tariff]]
name = "all"
free = "30m"
[[tariff.band]]
blocks = [{ unit = "1h", price = 500 }]
`,
	})
	moment := func(text string) { p.later(at(text).Sub(p.clock.Now())) }
	s := &guideStory{p, p.view(), p.dayBefore(moment)}
	moment("2026-03-01 08:00:00")
	p.enter("粤B12345")
	moment("2026-03-01 09:30:00")
	p.enter("粤A11113")

	hours := map[string]string{
		"GetCarInOutInfoByPlate": "2026-03-01 10:00:00", "GetPhoto": "2026-03-01 10:15:12", "GetParkingPaymentInfo": "2026-03-01 10:17:00",
		"PayChargeNotice": "2026-03-01 10:20:00", "ParkingFree": "2026-03-01 10:20:00", "AddCarCardNo": "2026-03-01 10:30:00",
	}
	calls := guide(t)
	if len(calls) != len(protocol.Routes()) {
		t.Fatalf("the guide shows %d of %d interfaces", len(calls), len(protocol.Routes()))
	}
	for _, c := range calls {
		if hour, ok := hours[c.name]; ok {
			moment(hour)
		}
		request := c.request
		for shown, ours := range s.numbers {
			request = strings.ReplaceAll(request, shown, ours)
		}
		reply, err := p.mall.Call(t.Context(), c.name, json.RawMessage(request))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		after(s, c, json.RawMessage(request), reply, s.compare(c, reply))
	}
}

// compare lists how an answer differs from the guide's, and takes over its numbers.
func (s *guideStory) compare(c guided, reply protocol.Reply) []string {
	s.t.Helper()
	var want struct {
		Data []any `json:"data"`
	}
	if err := json.Unmarshal([]byte(c.answer), &want); err != nil {
		s.t.Fatalf("%s: %v", c.name, err)
	}
	got := []any{}
	for _, row := range reply.Rows {
		var v any
		if err := json.Unmarshal(row, &v); err != nil {
			s.t.Fatalf("%s: %v", c.name, err)
		}
		got = append(got, v)
	}
	return unlike("data", sliceOf(want.Data), got, s.numbers)
}

// TestGuideIsWhatTheAgentAnswers compares what a running agent answers with what
// the guide shows.
func TestGuideIsWhatTheAgentAnswers(t *testing.T) {
	t.Parallel()
	tell(t, func(_ *guideStory, c guided, _ json.RawMessage, reply protocol.Reply, differences []string) {
		for _, difference := range differences {
			t.Errorf("%s: %s\nshown    %s\nanswered %s", c.name, difference, c.answer, reply.Rows)
		}
	})
}

// dayBefore plays what the guide tells of 28 February: a stay that is paid in
// coins, with change. It returns the number of the change order by the one that
// the guide shows.
func (p *wholePark) dayBefore(moment func(string)) map[string]string {
	p.t.Helper()
	moment("2026-02-28 09:05:10")
	p.enter("粤B12345")
	moment("2026-02-28 11:20:30")
	var bill struct{ OrderNo string }
	if err := p.kiosk("K1", "bill", map[string]any{"plateNo": "粤B12345"}, &bill); err != nil {
		p.t.Fatal(err)
	}
	var paid struct{ Change struct{ OrderNo string } }
	if err := p.kiosk("K1", "cash", map[string]any{"orderNo": bill.OrderNo, "inserted": 2000}, &paid); err != nil {
		p.t.Fatal(err)
	}
	moment("2026-02-28 11:31:02")
	p.leave("粤B12345")
	return map[string]string{"120260228112000456B12345C": paid.Change.OrderNo}
}

func sliceOf(rows []any) []any {
	if rows == nil {
		return []any{}
	}
	return rows
}

// unlike lists how an answer differs from the one that is shown: by names, types
// and values, but not in numbers and links that the car park makes, and in times
// by less than a minute. Numbers of orders are noted.
func unlike(at string, want, got any, numbers map[string]string) []string {
	different := func() []string { return []string{fmt.Sprintf("%s is %v, shown as %v", at, got, want)} }
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return different()
		}
		var list []string
		for name := range g {
			if _, shown := w[name]; !shown {
				list = append(list, fmt.Sprintf("%s.%s is not shown", at, name))
			}
		}
		for name, v := range w {
			if _, answered := g[name]; !answered {
				list = append(list, fmt.Sprintf("%s.%s is not answered", at, name))
				continue
			}
			list = append(list, unlike(at+"."+name, v, g[name], numbers)...)
		}
		return list
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return different()
		}
		var list []string
		for i := range w {
			list = append(list, unlike(fmt.Sprintf("%s[%d]", at, i), w[i], g[i], numbers)...)
		}
		return list
	case string:
		if g, ok := got.(string); ok && sameText(at, w, g, numbers) {
			return nil
		}
		return different()
	case float64:
		if g, ok := got.(float64); ok && (g == w || strings.HasSuffix(at, ".orderNo") && g > 1e14) {
			return nil
		}
		return different()
	}
	if want != got {
		return different()
	}
	return nil
}

func sameText(at, want, got string, numbers map[string]string) bool {
	switch {
	case want == got:
		return true
	case strings.HasSuffix(at, ".orderNo"):
		numbers[want] = got
		return len(got) == len(want)
	case strings.HasSuffix(at, ".id"):
		return got != ""
	case strings.Contains(want, "/KT_ServerSoft/"):
		return strings.Contains(got, "/KT_ServerSoft/CarPlateRecognise/") && strings.HasSuffix(got, ".jpg")
	}
	w, wErr := protocol.ParseTime(want, time.UTC)
	g, gErr := protocol.ParseTime(got, time.UTC)
	sameForm := regexp.MustCompile(`\d`).ReplaceAllString(want, "9") == regexp.MustCompile(`\d`).ReplaceAllString(got, "9")
	return wErr == nil && gErr == nil && sameForm && g.Sub(w).Abs() < time.Minute
}

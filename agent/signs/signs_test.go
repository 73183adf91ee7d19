package signs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
)

// say writes a page as "line|line/voice".
func say(p Page) string {
	var lines []string
	for _, l := range p.Screen.Lines {
		lines = append(lines, l.Text)
	}
	return strings.Join(lines, "|") + "/" + p.Screen.Voice
}

func signsOf(t *testing.T, cfg Config) *Signs {
	t.Helper()
	if cfg.Park == "" {
		cfg.Park = "P"
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheProgramsOwnTexts(t *testing.T) {
	until := time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC)
	tests := []struct {
		name, language string
		event          Event
		values         Values
		want           string
	}{
		{"due in Chinese", "zh-CN", Fee, Values{Plate: "粤B12345", Payable: 1250, Stay: 125 * time.Minute}, "粤B12345 2时5分|请缴费12.50元/粤B12345,请缴费12.5元"},
		{"due in English", "en", Fee, Values{Plate: "粤B12345", Payable: 1205, Stay: 125 * time.Minute}, "粤B12345 2h05m|Please pay ¥12.05/粤B12345,please pay 12.05 yuan"},
		{"without a plate", "zh-CN", NoPlate, Values{}, "未识别车牌 请联系管理员/未识别车牌 请联系管理员"},
		{"idle", "en", Idle, Values{Free: 7}, "P|Free: 7/"},
		{"idle, and nobody knows how many places are free", "en", Idle, Values{Free: -1}, "P/"},
		{"a card holder comes", "zh-CN", EntryCard, Values{Plate: "粤B12345", CarType: 2, Days: 12, Until: until}, "粤B12345|月租车 剩余12天|欢迎光临/粤B12345,月租车 剩余12天,欢迎光临"},
		{"a card holder leaves, on its last day", "zh-CN", ExitCard, Values{Plate: "粤B12345", CarType: 2}, "粤B12345|月租车 今日到期|一路平安/粤B12345,月租车 今日到期,一路平安"},
		{"a card holder in English", "en", EntryCard, Values{Plate: "粤B12345", CarType: 8, Days: 1}, "粤B12345|Staff 1 day left|Welcome/粤B12345,Staff 1 day left,Welcome"},
		{"another kind of card", "en", ExitCard, Values{Plate: "粤B12345", CarType: 42, Days: 2}, "粤B12345|Card holder 2 days left|Goodbye/粤B12345,Card holder 2 days left,Goodbye"},
		{"a booked car", "zh-CN", EntryCard, Values{Plate: "粤B12345", CarType: 100, Days: -1}, "粤B12345|预约车|欢迎光临/粤B12345,预约车,欢迎光临"},
		{"a car without a plate comes", "zh-CN", EntryNoPlate, Values{Plate: "空123456", Nameless: true}, "空123456|无牌车 欢迎光临/无牌车 欢迎光临"},
		{"a car without a plate comes, in English", "en", EntryNoPlate, Values{Plate: "空123456", Nameless: true}, "空123456|No plate, welcome/No plate, welcome"},
		{"a car without a plate has to pay", "zh-CN", Fee, Values{Plate: "空123456", Nameless: true, Payable: 500, Stay: time.Hour}, "空123456 1时0分|请缴费5.00元/请缴费5元"},
		{"charging in Chinese", "zh-CN", Asking, Values{Plate: "粤B12345"}, "粤B12345|扣费中 请稍候/粤B12345,扣费中 请稍候"},
		{"charging in English", "en", Asking, Values{Plate: "粤B12345"}, "粤B12345|Charging, please wait/粤B12345,Charging, please wait"},
		{"blacklisted in Chinese", "zh-CN", Blacklist, Values{Plate: "粤B12345"}, "粤B12345|禁止入场 请联系管理员/粤B12345,禁止入场 请联系管理员"},
		{"blacklisted in English", "en", Blacklist, Values{Plate: "粤B12345"}, "粤B12345|No entry, please call/粤B12345,No entry, please call"},
		{"a number that is inside", "zh-CN", CardInside, Values{}, "卡号已在场内 请联系管理员/卡号已在场内 请联系管理员"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pages := signsOf(t, Config{Language: tt.language}).Pages(tt.event, tt.values)
			if len(pages) != 1 || say(pages[0]) != tt.want {
				t.Errorf("pages = %+v, want %q", pages, tt.want)
			}
		})
	}
}

// Every event has a text in each language, of placeholders that exist, which says
// something even where nothing is known but the event.
func TestEveryEventHasWordsInBothLanguages(t *testing.T) {
	for _, language := range []string{"zh-CN", "en"} {
		w, s := wordsOf(language), signsOf(t, Config{Language: language})
		for _, e := range Events() {
			if _, ok := w.lines[e]; !ok && w.reasons[e] == "" {
				t.Errorf("%s: no words for %s", language, e)
			}
			for _, text := range append(w.lines[e], w.voices[e]) {
				if err := e.Check(text); err != nil {
					t.Errorf("%s: %s: %v", language, e, err)
				}
			}
			if p := s.Pages(e, Values{Free: -1, Days: -1})[0]; len(p.Screen.Lines) == 0 || (p.Screen.Voice == "") != (e == Idle) {
				t.Errorf("%s: %s says %q", language, e, say(p))
			}
		}
	}
	named := values(t, Values{Plate: "x", CarType: 1, Payable: 1, Stay: time.Hour, Until: time.Unix(1e9, 0), Now: time.Unix(1e9, 0)})
	for _, p := range Placeholders() {
		if named[p] == "" {
			t.Errorf("{%s} stands for nothing though everything is known", p)
		}
		delete(named, p)
	}
	if len(named) != 0 {
		t.Errorf("placeholders that are in no list: %v", named)
	}
}

func values(t *testing.T, v Values) map[string]string {
	return signsOf(t, Config{Name: "入口1"}).values(Full, v, false)
}

func text(s string) *string { return &s }

func TestACarParksOwnTexts(t *testing.T) {
	at := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)
	full := Values{
		Plate: "粤B12345", CarType: 2, Payable: 1250, Stay: 125 * time.Minute, Days: 30, Until: at.AddDate(0, 0, 30), Free: 7, Now: at,
	}
	every := Template{Event: Fee, Lines: []string{
		"{plate} {holder} {days} {left} {until}", "{amount} {spoken_amount} {stay} {minutes}", "{free} {park} {lane} {time} {reason}",
	}, Voice: text("")}
	tests := []struct {
		name   string
		texts  []Template
		event  Event
		values Values
		want   string
	}{
		{"every placeholder", []Template{every}, Fee, full, "粤B12345 月租车 30 剩余30天 2026-04-01|12.50 12.5 2时5分 125|7 P 入口1 07:30/"},
		{"what is not given stays the program's", []Template{{Event: Fee, Voice: text("请缴费{spoken_amount}元，谢谢")}}, Fee, full, "粤B12345 2时5分|请缴费12.50元/请缴费12.5元，谢谢"},
		{"a line of which nothing is known is left out", []Template{{Event: Entry, Lines: []string{"{plate}", "有效期至{until}", "欢迎"}, Voice: text("{plate},有效期至{until},欢迎")}},
			Entry, Values{Plate: "粤B12345"}, "粤B12345|欢迎/粤B12345,欢迎"},
		{"all may be switched off", []Template{{Event: Entry, Lines: []string{}, Voice: text("")}}, Entry, full, "/"},
		{"a card's entry is an entry", []Template{{Event: Entry, Lines: []string{"hello {holder}"}, Voice: text("")}}, EntryCard, full, "hello 月租车/"},
		{"unless it has a text of its own", []Template{{Event: Entry, Lines: []string{"hello"}}, {Event: EntryCard, Lines: []string{"card"}, Voice: text("")}}, EntryCard, full, "card/"},
		{"one text for all refusals", []Template{{Event: Refused, Lines: []string{"{plate}", "{reason}", "电话 110"}, Voice: text("")}}, Full, Values{Plate: "粤B12345", Free: -1}, "粤B12345|车位已满|电话 110/"},
		{"the one that names the lane comes first", []Template{{Event: Full, Lines: []string{"here"}, Lanes: []string{"IN2", "IN1"}, Voice: text("")}, {Event: Full, Lines: []string{"all"}}}, Full, full, "here/"},
		{"one of another lane is not for this", []Template{{Event: Full, Lines: []string{"there"}, Lanes: []string{"IN2"}}}, Full, Values{}, "车位已满/车位已满"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := signsOf(t, Config{Lane: "IN1", Name: "入口1", Location: time.FixedZone("", 8*3600), Texts: tt.texts})
			pages := s.Pages(tt.event, tt.values)
			if len(pages) != 1 || say(pages[0]) != tt.want {
				t.Errorf("pages = %+v, want %q", pages, tt.want)
			}
		})
	}
}

func TestColoursSecondsAndPlaces(t *testing.T) {
	s := signsOf(t, Config{Texts: []Template{{
		Event: Fee, Lines: []string{"{plate}", "{until}", "{amount}", "x"}, Colors: []drivers.LineColor{drivers.Green, drivers.Red, drivers.Yellow}, Stands: 8 * time.Second,
	}}})
	got := s.Pages(Fee, Values{Plate: "A", Payable: 100, Free: 7})[0].Screen
	free := 7
	want := drivers.Screen{Voice: "A,请缴费1元", For: 8 * time.Second, Free: &free, Lines: []drivers.Line{
		{Text: "A", Color: drivers.Green}, {Text: "1.00", Color: drivers.Yellow}, {Text: "x", Color: drivers.Yellow},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a line keeps its colour when another is left out (-want +got):\n%s", diff)
	}
	if got := s.Pages(Idle, Values{Free: -1})[0].Screen.Free; got != nil {
		t.Errorf("%d places are free where nobody knows, want none told", *got)
	}
}

func TestIdleTextsTakeTurns(t *testing.T) {
	s := signsOf(t, Config{Texts: []Template{
		{Event: Idle, Lines: []string{"空位 {free}"}, Stands: 5 * time.Second}, {Event: Idle, Lines: []string{"请减速"}},
		{Event: Full, Lines: []string{"1"}}, {Event: Full, Lines: []string{"2"}},
	}})
	pages := s.Pages(Idle, Values{Free: 3})
	var got []string
	for _, p := range pages {
		got = append(got, fmt.Sprintf("%s %v %v", say(p), p.Stands, p.Screen.For))
	}
	if diff := cmp.Diff([]string{"空位 3/ 5s 0s", "请减速/ 10s 0s"}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if got := s.Pages(Full, Values{}); len(got) != 1 {
		t.Errorf("%d pages of another event, want the first", len(got))
	}
}

func TestMistakesInTexts(t *testing.T) {
	for text, name := range map[string]string{"{plat}": "plat", "a {plate": "", "a } b": "", "{a{plate}}": "", "{}": "", "{Plate}": "Plate"} {
		_, err := New(Config{Texts: []Template{{Event: Fee, Lines: []string{"fine", text}}}})
		var wrong *PhraseError
		if !errors.As(err, &wrong) || wrong.Name != name || wrong.Text != text {
			t.Errorf("%q: %v, want a mistake in placeholder %q", text, err, name)
		}
	}
}

func TestPlaceholdersThatHaveNoValueAtAnEventAreMistakes(t *testing.T) {
	for _, tt := range []struct {
		event      Event
		text, name string // name: of the placeholder that is a mistake
	}{
		{Idle, "{park} {lane} {free} {time}", ""},
		{Idle, "{park} {plate}", "plate"},
		{Entry, "{plate} {holder} {days} {left} {until}", ""},
		{EntryNoPlate, "{plate} {left}", "left"},
		{Entry, "{plate},{stay}", "stay"},
		{ExitCard, "{stay} {minutes} {until}", ""},
		{Exit, "{amount}", "amount"},
		{Fee, "{plate} {amount} {spoken_amount} {stay} {minutes}", ""},
		{Fee, "{amount} {reason}", "reason"},
		{Refused, "{plate} {reason} {stay} {amount}", ""},
		{Full, "{reason} {free}", ""},
		{NoPlate, "{plate}", "plate"},
		{Paying, "{plate} {reason}", ""},
	} {
		var wrong *PhraseError
		if err := tt.event.Check(tt.text); errors.As(err, &wrong) != (tt.name != "") || wrong != nil && (wrong.Name != tt.name || wrong.Event != tt.event) {
			t.Errorf("%s: %q: %v, want a mistake of %q", tt.event, tt.text, err, tt.name)
		}
	}
	for _, e := range Events() {
		if w := wider(e); w != "" {
			for _, name := range e.Placeholders() {
				if !slices.Contains(w.Placeholders(), name) {
					t.Errorf("{%s} has a value at %s and may not stand in its wider text for %s", name, e, w)
				}
			}
		}
	}
}

func FuzzPhrase(f *testing.F) {
	for _, s := range []string{"{plate},请缴费{spoken_amount}元", "No plate, welcome", "{", "}{", "，，,", "{plate}", "a {free} b"} {
		f.Add(s, "粤B12345")
	}
	f.Fuzz(func(t *testing.T, s, plate string) {
		p, err := parse(s)
		if err != nil {
			if !strings.ContainsAny(s, "{}") {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		line := p.line(map[string]string{"plate": plate})
		if !strings.ContainsAny(s, "{}") && line != strings.TrimSpace(s) {
			t.Errorf("%q is shown as %q", s, line)
		}
		if strings.Contains(s, "{plate}") && strings.TrimSpace(plate) != "" && !strings.Contains(line, strings.TrimSpace(plate)) {
			t.Errorf("%q is shown as %q, without %q", s, line, plate)
		}
		p.spoken(map[string]string{"plate": plate})
	})
}

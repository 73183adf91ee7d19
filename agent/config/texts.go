package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parkagent/agent/signs"
	"parkagent/drivers"
)

// The colours of lines, as the file names them.
var lineColors = map[string]drivers.LineColor{"red": drivers.Red, "green": drivers.Green, "yellow": drivers.Yellow}

// What is sensible of a text: boards have no more lines, count no more seconds, and
// speak no more in one frame.
const (
	mostTextLines   = 8
	mostTextSeconds = 255
	mostTextRunes   = 90
)

// texts reads the texts that lanes show and say instead of the program's.
func (p *parser) texts(raw []rawText, lanes []Lane) []signs.Template {
	given := unique{}
	var list []signs.Template
	for i, r := range raw {
		at := fmt.Sprintf("text[%d]", i)
		t := signs.Template{Event: signs.Event(r.Event), Lanes: r.Lanes}
		p.textEvent(at+".event", r.Event)
		p.textLanes(at+".lanes", r, lanes, given)
		if p.there(at + ".lines") {
			t.Lines = append([]string{}, r.Lines...)
		}
		if len(r.Lines) > mostTextLines {
			p.addf(at+".lines", "最多 %d 行", "%d lines at most", mostTextLines)
		}
		for j, line := range r.Lines {
			p.phrase(fmt.Sprintf("%s.lines[%d]", at, j), t.Event, line)
		}
		for j, name := range r.Colors {
			p.choice(fmt.Sprintf("%s.colors[%d]", at, j), name, "red", "green", "yellow")
			t.Colors = append(t.Colors, lineColors[name])
		}
		if p.there(at + ".voice") {
			t.Voice = &r.Voice
			p.phrase(at+".voice", t.Event, r.Voice)
		}
		if r.Seconds < 0 || r.Seconds > mostTextSeconds {
			p.addf(at+".seconds", "只能是 0 到 %d", "must be 0 to %d", mostTextSeconds)
		}
		t.Stands = time.Duration(r.Seconds) * time.Second
		if !p.there(at+".lines") && !p.there(at+".voice") && !p.there(at+".colors") && !p.there(at+".seconds") {
			p.add(at, "什么也没有改：写 lines、voice、colors 或 seconds", "changes nothing: it needs lines, voice, colors or seconds")
		}
		list = append(list, t)
	}
	return list
}

// textEvent checks what a text is about.
func (p *parser) textEvent(key, event string) {
	var known []string
	for _, e := range signs.Events() {
		known = append(known, string(e))
	}
	p.required(key, event)
	p.choice(key, event, known...)
}

// textLanes checks at which lanes a text is shown. A lane has one for each event, but
// the idle ones, which take turns.
func (p *parser) textLanes(key string, r rawText, lanes []Lane, given unique) {
	for j, code := range r.Lanes {
		k := fmt.Sprintf("%s[%d]", key, j)
		if !slices.ContainsFunc(lanes, func(l Lane) bool { return l.Code == code }) {
			if !p.spoiltBelow("lane[") {
				p.addf(k, "没有编号为 %q 的 [[lane]]", "there is no [[lane]] with code %q", code)
			}
			continue
		}
		if r.Event != string(signs.Idle) {
			p.uniqueAs(given, k, code, r.Event+" "+code)
		}
	}
	if len(r.Lanes) == 0 && r.Event != string(signs.Idle) {
		event := strings.TrimSuffix(key, ".lanes") + ".event"
		p.uniqueAs(given, event, r.Event, r.Event+" ")
	}
}

// phrase checks a text with placeholders.
func (p *parser) phrase(key string, event signs.Event, text string) {
	if n := len([]rune(text)); n > mostTextRunes {
		p.addf(key, "有 %d 个字，最多 %d 个", "has %d characters; %d at most", n, mostTextRunes)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		p.add(key, "不能含换行等控制字符", "must hold no line breaks or other control characters")
	}
	all := "{" + strings.Join(event.Placeholders(), "} {") + "}"
	var wrong *signs.PhraseError
	switch {
	case !errors.As(event.Check(text), &wrong):
	case wrong.Name == "":
		p.add(key, "花括号 { } 没有成对", "a brace { or } stands without the other")
	case wrong.Event == "":
		p.addf(key, "没有占位符 {%s}；可以用：%s", "there is no placeholder {%s}; these are: %s", wrong.Name, all)
	case slices.Contains(signs.Events(), event): // one of no known event is told already
		p.addf(key, "占位符 {%s} 在 %s 时没有内容，不会显示；可以用：%s", "{%s} has no value at %s and would never be shown; these have: %s", wrong.Name, event, all)
	}
}

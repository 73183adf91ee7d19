package main

import (
	"bytes"
	"fmt"
	"strings"

	"parkagent/drivers"
)

// levelWords are how a level is told. The words of a language are of one width.
func levelWords(l drivers.Level) text {
	switch l {
	case drivers.LevelFine:
		return text{"正常", "ok   "}
	case drivers.LevelOdd:
		return text{"注意", "look "}
	}
	return text{"错误", "wrong"}
}

// levelNames are the levels as scripts read them.
func levelName(l drivers.Level) string {
	switch l {
	case drivers.LevelFine:
		return "ok"
	case drivers.LevelOdd:
		return "look"
	}
	return "wrong"
}

// A findingView is one finding in `doctor --json`.
type findingView struct {
	Subject string `json:"subject"`         // device code, platform, link of a line; empty for the box
	Topic   string `json:"topic"`           // what it is about
	Level   string `json:"level"`           // ok, look or wrong
	Value   string `json:"value,omitempty"` // what was found, as it is
	Message string `json:"message"`         // in words
	Advice  string `json:"advice,omitempty"`
	Error   string `json:"error,omitempty"`
}

// A reportView is what `doctor --json` prints.
type reportView struct {
	Findings []findingView `json:"findings"`
	OK       int           `json:"ok"`
	Look     int           `json:"look"`
	Wrong    int           `json:"wrong"`
}

// A report tells findings as they come, or all together to scripts.
type report struct {
	e      *env
	asJSON bool
	view   reportView
}

func newReport(e *env, asJSON bool) *report {
	return &report{e: e, asJSON: asJSON, view: reportView{Findings: []findingView{}}}
}

// tell adds what was found about one subject.
func (r *report) tell(subject string, list []finding) error {
	var b bytes.Buffer
	for _, f := range list {
		switch f.Level {
		case drivers.LevelFine:
			r.view.OK++
		case drivers.LevelOdd:
			r.view.Look++
		default:
			r.view.Wrong++
		}
		v := f.view(subject, r.e.lang)
		if r.asJSON {
			r.view.Findings = append(r.view.Findings, v)
			continue
		}
		said := v.Message
		if subject != "" {
			said = subject + "  " + said
		}
		fmt.Fprintf(&b, "%s  %s\n", levelWords(f.Level).in(r.e.lang), said)
		if v.Advice != "" {
			fmt.Fprintf(&b, "       → %s\n", v.Advice)
		}
	}
	_, err := r.e.stdout.Write(b.Bytes())
	return err
}

// end says how it stands as a whole, and fails if anything is wrong.
func (r *report) end() error {
	var err error
	if r.asJSON {
		err = writeJSON(r.e.stdout, r.view)
	} else {
		err = r.e.tell(text{"正常 %d 项，注意 %d 项，错误 %d 项。", "%d ok, %d to look at, %d wrong."}.with(r.view.OK, r.view.Look, r.view.Wrong))
	}
	if err == nil && r.view.Wrong > 0 {
		err = errSaid
	}
	return err
}

// view puts a finding into words.
func (f finding) view(subject string, l lang) findingView {
	r := remarkOn(f.Topic, f.Level)
	if f.found.en != "" {
		r.found = f.found
	}
	if f.advice.en != "" {
		r.advice = f.advice
	}
	v := findingView{
		Subject: subject, Topic: string(f.Topic), Level: levelName(f.Level), Value: f.Value,
		Message: r.found.in(l), Advice: r.advice.in(l),
	}
	colon := text{"：", ": "}.in(l)
	if f.Value != "" {
		v.Message += colon + inWords(f.Topic, f.Value, l)
	}
	if f.Err != nil {
		v.Error = messageOf(f.Err, l)
		v.Message += colon + v.Error
	}
	return v
}

// inWords returns a value as people read it. What inputs say is in English words,
// which package drivers has for the states of an arm and of what stands there.
func inWords(topic drivers.Topic, value string, l lang) string {
	if l == english || topic != drivers.TopicInputs {
		return value
	}
	return strings.NewReplacer("not fitted", "未接", "unknown", "未知", "clear", "空闲", "occupied", "有车", "moving", "运动中", "fault", "故障",
		"presence", "地感", "passage", "过车", "down", "落下", "up", "抬起", "arm", "闸杆").Replace(value)
}

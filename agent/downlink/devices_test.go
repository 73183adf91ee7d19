package downlink_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/downlink"
	"parkagent/agent/lane"
	"parkagent/drivers"
	"parkagent/protocol"
	"parkagent/store"
)

// A lane is what carries out commands.
var _ downlink.Worker = (*lane.Lane)(nil)

func TestAGateIsFoundByCodeAndAddress(t *testing.T) {
	p := open(t, nil)
	tests := []struct {
		name, params string
		in, out      []lane.Op
		sentence     string
	}{
		{"its code", `{"deviceCode":"G1","deviceType":0,"controlType":1}`, []lane.Op{"open"}, nil, ""},
		{"its code in lower case, close", `{"deviceCode":"g2","controlType":"2"}`, nil, []lane.Op{"close"}, ""},
		{"a camera of the lane, hold", `{"deviceId":"C2","controlType":11}`, nil, []lane.Op{"hold"}, ""},
		{"its address, release", `{"deviceCode":"192.0.2.3","deviceType":1,"controlType":12}`, nil, []lane.Op{"release"}, ""},
		{"its address without a deviceType", `{"deviceCode":"192.0.2.1","controlType":1}`, []lane.Op{"open"}, nil, ""},
		{"an address that two lanes share", `{"deviceCode":"192.0.2.9","deviceType":1,"controlType":1}`, nil, nil, "该IP对应多个车道，请使用设备编码"},
		{"a code that is called an address", `{"deviceCode":"G1","deviceType":1,"controlType":1}`, nil, nil, "设备不存在"},
		{"an unknown code", `{"deviceCode":"G7","controlType":1}`, nil, nil, "设备不存在"},
		{"an unknown address", `{"deviceCode":"192.0.2.77","deviceType":1,"controlType":1}`, nil, nil, "设备不存在"},
		{"a device without a lane", `{"deviceCode":"192.0.2.10","deviceType":1,"controlType":1}`, nil, nil, "设备不存在"},
	}
	ops := func(w *worker) []lane.Op {
		var list []lane.Op
		for _, c := range w.got() {
			if c.Client != "mall" || c.Address != "127.0.0.1" {
				t.Errorf("command from %q at %q, want mall at 127.0.0.1", c.Client, c.Address)
			}
			list = append(list, c.Op)
		}
		return list
	}
	for _, tt := range tests {
		p.in.answer(nil, false)
		p.out.answer(nil, false)
		body := p.ask(gate, tt.params)
		if tt.sentence != "" {
			if got := sentenceOf(t, body); got != tt.sentence {
				t.Errorf("%s: resMsg = %q, want %q", tt.name, got, tt.sentence)
			}
		} else if want := `{"resCode":0,"resMsg":"","data":null}`; body != want {
			t.Errorf("%s = %s, want %s", tt.name, body, want)
		}
		if diff := cmp.Diff([][]lane.Op{tt.in, tt.out}, [][]lane.Op{ops(p.in), ops(p.out)}); diff != "" {
			t.Errorf("%s: commands (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestAGateThatDoesNotFollowIsNoSuccess(t *testing.T) {
	p := open(t, nil)
	offline := &drivers.DeviceError{Device: "G1", Op: "raise", Err: fmt.Errorf("%w: timed out", drivers.ErrOffline)}
	refused := &drivers.DeviceError{Device: "G1", Op: "lower", Err: fmt.Errorf("%w: occupied", drivers.ErrRefused)}
	tests := []struct {
		name     string
		err      error
		control  int
		sentence string
	}{
		{"offline", offline, 1, "道闸无应答"},
		{"refused to close", refused, 2, "道闸拒绝关闭，闸下可能有车或人"},
		{"refused otherwise", refused, 11, "道闸拒绝执行"},
		{"busy", fmt.Errorf("%w: context done", lane.ErrBusy), 1, "车道繁忙，未能在时限内确认执行，请稍后重试"},
		{"broken", &drivers.DeviceError{Device: "G1", Op: "raise", Err: errors.New("illegal data address")}, 1, "道闸故障"},
	}
	for _, tt := range tests {
		p.in.answer(tt.err, false)
		if got := sentenceOf(t, p.ask(gate, fmt.Sprintf(`{"deviceCode":"G1","controlType":%d}`, tt.control))); got != tt.sentence {
			t.Errorf("%s: resMsg = %q, want %q", tt.name, got, tt.sentence)
		}
	}
	p.in.answer(errors.New("disk full"), false)
	if status, body := p.post(gate, p.sealed(`{"deviceCode":"G1","controlType":1}`), nil); status != http.StatusInternalServerError || sentenceOf(t, body) != "车场系统故障，请稍后重试" {
		t.Errorf("with books that cannot be written: %d %s, want our own fault", status, body)
	}
	// The lane has journalled what it took; only what it did not answer is ours.
	want := []store.CommandFact{{
		Device: "G1", Command: "open", Reason: "remote", Client: "mall", Address: "127.0.0.1",
		Result: "refused: no answer of the lane in time",
	}}
	if diff := cmp.Diff(want, p.commands()); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func TestALaneThatHangsIsAnsweredBeforeTheClientGivesUp(t *testing.T) {
	p := open(t, nil)
	p.in.answer(nil, true)
	began := time.Now()
	sentence := sentenceOf(t, p.ask(gate, `{"deviceCode":"G1","controlType":1}`))
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the answer took %v, want less than 3s", took)
	}
	if want := "车道繁忙，未能在时限内确认执行，请稍后重试"; sentence != want {
		t.Errorf("resMsg = %q, want %q", sentence, want)
	}
}

func TestRefusedCommandsAreJournalled(t *testing.T) {
	p := open(t, func(cfg *downlink.Config) {
		reader := mall()
		reader.Name, reader.User, reader.Permissions = "reader", "reader-user", []protocol.Permission{protocol.PermitQuery}
		cfg.Clients = append(cfg.Clients, reader)
	})
	p.ask(gate, `{"deviceCode":"G7","controlType":1}`)
	p.ask(gate, `{"deviceCode":"G1","controlType":9}`)
	p.ask(led, `{"deviceCode":"G2","showInfo":"hello"}`)
	p.ask(gate, `{"deviceCode":"`+strings.Repeat("长", 1000)+`","controlType":2}`)
	p.ask(gate, `{"parkCode":"2","deviceCode":"G1","controlType":1}`)
	p.post(gate, p.sealed(`{"deviceCode":"G1","controlType":1}`), http.Header{"User": {"reader-user"}, "Pwd": {password}})
	p.post(gate, p.sealed(`{"deviceCode":"G1","controlType":1}`), http.Header{"User": {"stranger"}, "Pwd": {password}})
	fact := func(device, command, client, result string) store.CommandFact {
		return store.CommandFact{Device: device, Command: command, Reason: "remote", Client: client, Address: "127.0.0.1", Result: result}
	}
	want := []store.CommandFact{
		fact("G7", "open", "mall", "refused: unknown device"),
		fact("G1", "unknown", "mall", "refused: controlType: out of range"),
		fact("G2", "show", "mall", "refused: no display"),
		fact(strings.Repeat("长", 21), "close", "mall", "refused: unknown device"),
		fact("", "unknown", "mall", "refused: wrong park code"),
		fact("", "unknown", "reader", "refused: permission missing"),
	}
	if diff := cmp.Diff(want, p.commands()); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	if got := append(p.in.got(), p.out.got()...); len(got) != 0 {
		t.Errorf("commands = %v, want none", got)
	}
}

func TestATextIsShownLineByLine(t *testing.T) {
	p := open(t, nil)
	tests := []struct {
		name, params string
		lines        []string
	}{
		{"two segments", `{"deviceCode":"L1","showInfo":"ABC|DEF"}`, []string{"ABC", "DEF"}},
		{"one segment, by address", `{"deviceCode":"192.0.2.2","deviceType":1,"showInfo":"欢迎光临"}`, []string{"欢迎光临"}},
		{"an empty line between, by the lane's gate", `{"deviceCode":"G1","showInfo":" A ||B|"}`, []string{"A", "", "B"}},
		{"a number", `{"deviceCode":"L1","showInfo":2000}`, []string{"2000"}},
	}
	for _, tt := range tests {
		p.in.answer(nil, false)
		if body, want := p.ask(led, tt.params), `{"resCode":0,"resMsg":"","data":null}`; body != want {
			t.Errorf("%s = %s, want %s", tt.name, body, want)
		}
		want := []lane.Command{{Op: lane.OpShow, Lines: tt.lines, Client: "mall", Address: "127.0.0.1"}}
		if diff := cmp.Diff(want, p.in.got()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	p.in.answer(fmt.Errorf("%w: context done", lane.ErrBusy), false)
	if got, want := sentenceOf(t, p.ask(led, `{"deviceCode":"L1","showInfo":"A"}`)), "车道繁忙，未能在时限内确认执行，请稍后重试"; got != want {
		t.Errorf("busy: resMsg = %q, want %q", got, want)
	}
	if got, want := sentenceOf(t, p.ask(led, `{"deviceCode":"G2","showInfo":"A"}`)), "该设备所在车道没有显示屏"; got != want {
		t.Errorf("no display: resMsg = %q, want %q", got, want)
	}
}

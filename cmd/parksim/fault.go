package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"parkagent/drivers/sim"
	"parkagent/drivers/sim/led"
)

// A fault is what a device is to do wrong, and when.
type fault struct {
	device string
	kind   string
	after  time.Duration // from the start
	lasts  time.Duration // 0: to the end
}

// The faults of gates and panels, by the words for them.
var (
	gateFaults = map[string]sim.FaultKind{
		"": sim.NoFault, "silence": sim.FaultDeaf, "mute": sim.FaultMute, "late": sim.FaultLate, "noise": sim.FaultNoise,
		"crumbs": sim.FaultCrumbs, "refuse": sim.FaultException, "gone": sim.FaultDisconnect,
	}
	panelFaults = map[string]sim.LEDFault{
		"": sim.LEDFine, "silence": sim.LEDDead, "mute": sim.LEDSilent, "noise": sim.LEDNoise,
		"crumbs": sim.LEDCrumbs, "refuse": sim.LEDRefuses, "gone": sim.LEDGone,
	}
	boardFaults = map[string]led.Fault{
		"": led.Fine, "silence": led.Dead, "mute": led.Silent, "noise": led.Noise,
		"crumbs": led.Crumbs, "refuse": led.Refuses, "gone": led.Gone,
	}
)

// faultHelp explains the words.
var faultHelp = text{`
  --fault DEVICE=KIND[@AFTER][+FOR]
                     让道闸板或显示屏出故障，可重复，例如 G1=silence@10s+5s。KIND：
                     silence 收不到指令；mute 执行但不应答；late 应答迟到（仅道闸）；noise 应答前有杂波；
                     crumbs 应答不完整（显示屏：逐字节）；refuse 应答错误；gone 连接断开`, `
  --fault DEVICE=KIND[@AFTER][+FOR]
                     let a relay board or panel fail, may be repeated, as G1=silence@10s+5s. KIND:
                     silence: hears nothing; mute: obeys, does not answer; late: answers late (gates only);
                     noise: garbage before answers; crumbs: answers in part (panels: byte by byte);
                     refuse: answers with an error; gone: the connection breaks`}

// parseFault reads DEVICE=KIND[@AFTER][+FOR].
func parseFault(s string) (f fault, err error) {
	device, rest, ok := strings.Cut(s, "=")
	rest, lasts, limited := strings.Cut(rest, "+")
	kind, after, later := strings.Cut(rest, "@")
	f.device, f.kind = device, kind
	if _, known := gateFaults[kind]; !ok || device == "" || kind == "" || !known {
		kinds := slices.Sorted(maps.Keys(gateFaults))[1:]
		return f, errors.New("want DEVICE=KIND[@AFTER][+FOR], KIND one of " + strings.Join(kinds, ", "))
	}
	if later {
		if f.after, err = time.ParseDuration(after); err != nil {
			return f, err
		}
	}
	if limited {
		f.lasts, err = time.ParseDuration(lasts)
	}
	return f, err
}

// setFault lets a device fail; an empty kind ends that. It reports whether the
// device has such a fault.
func (s *site) setFault(device, kind string) bool {
	if g := s.gates[device]; g != nil && g.board != nil {
		g.board.SetFault(sim.Fault{Kind: gateFaults[kind]})
		return true
	}
	p := s.panels[device]
	if p == nil {
		return false
	}
	switch b := p.board.(type) {
	case *sim.LEDBoard:
		fault, known := panelFaults[kind]
		if known {
			b.SetFault(fault)
		}
		return known
	case interface{ SetFault(led.Fault) }:
		fault, known := boardFaults[kind]
		if known {
			b.SetFault(fault)
		}
		return known
	}
	return false
}

// checkFaults reports faults that no device can have.
func (s *site) checkFaults(list []fault) error {
	for _, f := range list {
		_, panelHas := panelFaults[f.kind]
		isGate, isPanel := s.gates[f.device] != nil && s.gates[f.device].board != nil, s.panels[f.device] != nil && panelHas
		if !isGate && !isPanel {
			return wrongUse(text{"这里没有能出 %[2]s 故障的道闸板或显示屏 %[1]q。", "there is no relay board or panel %q here that can fail by %s."}, f.device, f.kind)
		}
	}
	return nil
}

// happen lets a fault happen in its time.
func (s *site) happen(ctx context.Context, f fault) {
	if !pause(ctx, f.after) {
		return
	}
	s.setFault(f.device, f.kind)
	s.e.event(text{"%s  —— 故障：%s ——", "%s  -- fault: %s --"}, f.device, f.kind)
	if f.lasts > 0 && pause(ctx, f.lasts) {
		s.setFault(f.device, "")
		s.e.event(text{"%s  —— 故障结束 ——", "%s  -- the fault ends --"}, f.device)
	}
}

package main

import (
	"context"
	"fmt"
	"time"

	"parkagent/agent/config"
	"parkagent/agent/health"
	"parkagent/agent/lane"
	"parkagent/drivers"
)

// gate returns the driver of a gate such that it leaves the gate as it finds it
// until it is told something.
func (j *job) gate(ctx context.Context) (lane.Gate, error) {
	if err := j.byAnswer(); err != nil {
		return nil, err
	}
	g, err := j.all.looks[j.code].asFound(ctx)
	if err != nil {
		return nil, j.explain(err)
	}
	return g, nil
}

func (j *job) move(ctx context.Context, e *env) error {
	g, err := j.gate(ctx)
	if err != nil {
		return err
	}
	stop := func(context.Context) error { return fmt.Errorf("%w: no way to stop it", drivers.ErrRefused) }
	if s, ok := g.(lane.Stopper); ok {
		stop = s.Stop
	}
	move := map[string]struct {
		call func(context.Context) error
		done text
	}{
		"open":    {g.Raise, text{"道闸 %s 已接受开闸命令。", "Gate %s took the command to open."}},
		"close":   {g.Lower, text{"道闸 %s 已接受关闸命令。", "Gate %s took the command to close."}},
		"stop":    {stop, text{"道闸 %s 已接受停止命令。", "Gate %s took the command to stop."}},
		"hold":    {g.Hold, text{"道闸 %s 已保持常开，直到 release。", "Gate %s is held open until release."}},
		"release": {g.Release, text{"道闸 %s 已取消常开。", "Gate %s is not held open any more."}},
	}[j.op]
	j.sent = true
	if err := move.call(ctx); err != nil {
		return j.explain(err)
	}
	return e.tell(move.done.with(j.code))
}

// A gateView is what `device CODE state --json` prints of a gate.
type gateView struct {
	Device   string    `json:"device"`
	Arm      string    `json:"arm"`
	Presence string    `json:"presence"`
	Passage  string    `json:"passage"`
	Hold     *bool     `json:"hold"` // null where only the agent knows
	Fault    int       `json:"fault"`
	At       time.Time `json:"at"`
}

// state tells how a device is. Gates have words of their own; of others it is
// told what the doctor finds.
func (j *job) state(ctx context.Context, e *env) error {
	look, canLook := j.all.looks[j.code]
	if !canLook {
		return j.examine(ctx, e)
	}
	g, err := j.gate(ctx)
	if err != nil {
		return err
	}
	s, err := g.State(ctx)
	if err != nil {
		return j.explain(err)
	}
	hold := &s.HoldOpen
	if look.holdUnknown {
		hold = nil
	}
	if j.asJSON {
		return writeJSON(e.stdout, gateView{j.code, s.Arm.String(), s.Presence.String(), s.Passage.String(), hold, int(s.Fault), s.At})
	}
	return e.tell(gateText(j.code, s, hold))
}

// examine tells what the doctor finds about one device.
func (j *job) examine(ctx context.Context, e *env) error {
	d := newDoctor(ctx, j.site, j.all, j.timeout)
	out := newReport(e, j.asJSON)
	if err := out.tell(j.code, d.device(ctx, j.device)); err != nil {
		return err
	}
	return out.end()
}

// gateText says how a gate is. hold is nil where only the agent knows.
func gateText(code string, s drivers.GateState, hold *bool) text {
	arms := map[drivers.Arm]text{
		drivers.ArmUnknown: {"未知（未接限位）", "unknown (no limit inputs)"}, drivers.ArmDown: {"落下", "down"}, drivers.ArmUp: {"抬起", "up"},
		drivers.ArmMoving: {"运动中", "moving"}, drivers.ArmFault: {"故障（两个限位同时有效）", "fault (both limit inputs are active)"},
	}
	presences := map[drivers.Presence]text{
		drivers.PresenceUnknown: {"未知", "unknown"}, drivers.PresenceClear: {"空闲", "clear"},
		drivers.PresenceOccupied: {"有车", "occupied"}, drivers.PresenceNotFitted: {"未接", "not fitted"},
	}
	held := text{"未知", "unknown"}
	switch {
	case hold != nil && *hold:
		held = text{"是", "yes"}
	case hold != nil:
		held = text{"否", "no"}
	}
	arm, presence, passage := arms[s.Arm], presences[s.Presence], presences[s.Passage]
	behind, fault := text{}, text{}
	if s.Passage != drivers.PresenceNotFitted {
		behind = text{"，过车输入 " + passage.zh, ", passage " + passage.en}
	}
	if s.Fault != drivers.FaultNone {
		fault = text{"故障 %d：" + health.Remark(s.Fault, config.Chinese) + "。", " Fault %d: " + health.Remark(s.Fault, config.English) + "."}.with(s.Fault)
	}
	return text{
		fmt.Sprintf("道闸 %s：闸杆 %s，地感 %s%s，常开 %s。%s", code, arm.zh, presence.zh, behind.zh, held.zh, fault.zh),
		fmt.Sprintf("Gate %s: arm %s, presence %s%s, held open %s.%s", code, arm.en, presence.en, behind.en, held.en, fault.en),
	}
}

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/drivers"
)

func deviceCommand() command {
	return command{
		name:    "device",
		args:    "CODE open|close|hold|release|state|show TEXT|snapshot [FILE]",
		summary: text{"不经过 agent，直接操作一个设备（安装和排查用）", "work one device without the agent, when installing or looking for a fault"},
		details: text{
			"道闸：open 开，close 关，hold 保持常开，release 取消常开，state 显示状态。\n" +
				"显示屏：show TEXT 显示文字 30 秒，用 | 分行。相机：snapshot 抓拍，保存到 FILE 或 ./CODE.jpg。\n" +
				"缴费机由它调用 agent，不能用此命令操作。\n" +
				"close 与 agent 遵守同样的安全规则：地感必须为空闲，或道闸已注明 self_guarded。\n" +
				"agent 运行时串口被它占用，此命令会失败，请先停止服务；agent 也不会知道此命令做了什么。",
			"A gate: open, close, hold it open, release it, or show its state. A display: show TEXT for 30\n" +
				"seconds, its lines parted by |. A camera: take a snapshot into FILE or ./CODE.jpg.\n" +
				"A kiosk cannot be tried: it calls the agent.\n" +
				"close obeys the agent's rules of safety: the presence input must read clear, or the gate be\n" +
				"declared self_guarded. While the agent runs, it has the serial port, so that this command\n" +
				"fails: stop the service first. The agent does not learn what this command did.",
		},
		setup: func(f *flags) runFunc {
			timeout := f.Duration("timeout", 5*time.Second, f.say("最多等待 `TIME`", "wait `TIME` at most"))
			asJSON := f.Bool("json", false, f.say("state：以 JSON 输出", "state: print JSON"))
			return func(ctx context.Context, e *env, words []string) error {
				if *timeout <= 0 {
					return usageError{text{"--timeout 必须大于 0。", "--timeout must be more than 0."}}
				}
				j, err := newJob(words, *asJSON)
				if err != nil {
					return err
				}
				j.timeout = *timeout
				return j.run(ctx, e)
			}
		},
	}
}

// A job is what is to be done with one device.
type job struct {
	code, op string
	argument string // the text of show, the file of snapshot
	asJSON   bool
	timeout  time.Duration

	device config.Device
	all    *equipment
	sent   bool // a command went out
}

// kindOf says which kind of device can do an operation.
var kindOf = map[string]string{
	"open": config.KindGate, "close": config.KindGate, "hold": config.KindGate, "release": config.KindGate, "state": config.KindGate,
	"show": config.KindDisplay, "snapshot": config.KindCamera,
}

var kindNames = map[string]text{
	config.KindGate: {"道闸", "gate"}, config.KindDisplay: {"显示屏", "display"}, config.KindCamera: {"相机", "camera"},
}

func newJob(words []string, asJSON bool) (*job, error) {
	if len(words) < 2 {
		return nil, usageError{text{
			"请给出设备编号和操作，例如 parkagent device G1 open。",
			"say which device and what to do, for example parkagent device G1 open.",
		}}
	}
	j := &job{code: words[0], op: words[1], asJSON: asJSON}
	rest := words[2:]
	switch {
	case kindOf[j.op] == "":
		return nil, usageError{text{
			"没有操作 %q，只有 open、close、hold、release、state、show、snapshot。",
			"a device cannot %q: only open, close, hold, release, state, show and snapshot.",
		}.with(j.op)}
	case j.op == "show" && len(rest) == 0:
		return nil, usageError{text{"请给出要显示的文字，例如 show '欢迎光临|空位 10'。", "say what to show, for example show 'Welcome|Free: 10'."}}
	case j.asJSON && j.op != "state":
		return nil, usageError{text{"--json 只用于 state。", "--json goes with state only."}}
	case (j.op == "show" || j.op == "snapshot") && len(rest) > 0:
		j.argument, rest = rest[0], rest[1:]
	}
	return j, noWords(rest)
}

// run loads the configuration, runs what the device's driver needs, and does
// the job meanwhile.
func (j *job) run(ctx context.Context, e *env) error {
	site, err := loadSite(e)
	if err != nil {
		return err
	}
	if err := j.find(site.Devices); err != nil {
		return err
	}
	if j.all, err = equip(site, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	// What the driver needs outlives the time of the job: a relay that was
	// switched on is switched off even then.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var g errgroup.Group
	if part, ok := j.all.parts[j.code]; ok {
		g.Go(func() error { return part.Run(background) })
	}
	err = j.do(ctx, e)
	stop()
	if closing := g.Wait(); err == nil {
		err = closing
	}
	return err
}

func (j *job) find(devices []config.Device) error {
	for _, d := range devices {
		if d.Code == j.code {
			j.device = d
		}
	}
	switch {
	case j.device.Code == "":
		return noSuchDevice(j.code, devices)
	case j.device.Kind == config.KindKiosk:
		return usageError{text{
			"%s 是缴费机：由它调用 parkagent，不能用此命令操作。",
			"%s is a kiosk: it calls parkagent, and is no device that can be tried.",
		}.with(j.code)}
	case j.device.Kind != kindOf[j.op]:
		want, have := kindNames[kindOf[j.op]], kindNames[j.device.Kind]
		return usageError{text{
			fmt.Sprintf("%s 用于%s，而设备 %s 是%s。", j.op, want.zh, j.code, have.zh),
			fmt.Sprintf("%s is for a %s, and device %s is a %s.", j.op, want.en, j.code, have.en),
		}}
	}
	return nil
}

func (j *job) do(ctx context.Context, e *env) error {
	switch j.device.Kind {
	case config.KindDisplay:
		return j.show(ctx, e)
	case config.KindCamera:
		return j.snapshot(ctx, e)
	}
	relay, ok := j.all.relays[j.code]
	if !ok {
		return &failure{text: text{
			"道闸 %s 由相机（%v）开闸，只有运行中的 agent 才能在相机联系它时操作；请在 agent 运行时由平台下发开闸命令",
			"gate %s is opened by camera %v, which only a running agent can do, when the camera calls it; let a platform order it while the agent runs",
		}.with(j.code, j.device.Options["camera"])}
	}
	g, err := relay.asFound(ctx)
	if err != nil {
		return j.explain(err)
	}
	if j.op == "state" {
		return j.state(ctx, e, g)
	}
	return j.move(ctx, e, g)
}

func (j *job) move(ctx context.Context, e *env, g lane.Gate) error {
	move := map[string]struct {
		call func(context.Context) error
		done text
	}{
		"open":    {g.Raise, text{"道闸 %s 已接受开闸命令。", "Gate %s took the command to open."}},
		"close":   {g.Lower, text{"道闸 %s 已接受关闸命令。", "Gate %s took the command to close."}},
		"hold":    {g.Hold, text{"道闸 %s 已保持常开，直到 release。", "Gate %s is held open until release."}},
		"release": {g.Release, text{"道闸 %s 已取消常开。", "Gate %s is not held open any more."}},
	}[j.op]
	j.sent = true
	if err := move.call(ctx); err != nil {
		return j.explain(err)
	}
	return e.tell(move.done.with(j.code))
}

// A gateView is what `device CODE state --json` prints.
type gateView struct {
	Device   string    `json:"device"`
	Arm      string    `json:"arm"`
	Presence string    `json:"presence"`
	Passage  string    `json:"passage"`
	Hold     bool      `json:"hold"`
	At       time.Time `json:"at"`
}

func (j *job) state(ctx context.Context, e *env, g lane.Gate) error {
	s, err := g.State(ctx)
	if err != nil {
		return j.explain(err)
	}
	if j.asJSON {
		return writeJSON(e.stdout, gateView{j.code, s.Arm.String(), s.Presence.String(), s.Passage.String(), s.HoldOpen, s.At})
	}
	arms := map[drivers.Arm]text{
		drivers.ArmUnknown: {"未知（未接限位）", "unknown (no limit inputs)"}, drivers.ArmDown: {"落下", "down"}, drivers.ArmUp: {"抬起", "up"},
		drivers.ArmMoving: {"运动中", "moving"}, drivers.ArmFault: {"故障（两个限位同时有效）", "fault (both limit inputs are active)"},
	}
	presences := map[drivers.Presence]text{
		drivers.PresenceUnknown: {"未知", "unknown"}, drivers.PresenceClear: {"空闲", "clear"},
		drivers.PresenceOccupied: {"有车", "occupied"}, drivers.PresenceNotFitted: {"未接", "not fitted"},
	}
	hold := text{"否", "no"}
	if s.HoldOpen {
		hold = text{"是", "yes"}
	}
	arm, presence, passage := arms[s.Arm], presences[s.Presence], presences[s.Passage]
	behind := text{}
	if s.Passage != drivers.PresenceNotFitted {
		behind = text{"，过车输入 " + passage.zh, ", passage " + passage.en}
	}
	return e.tell(text{
		fmt.Sprintf("道闸 %s：闸杆 %s，地感 %s%s，常开 %s。", j.code, arm.zh, presence.zh, behind.zh, hold.zh),
		fmt.Sprintf("Gate %s: arm %s, presence %s%s, held open %s.", j.code, arm.en, presence.en, behind.en, hold.en),
	})
}

// showFor is how long a shown text stands before the panel goes back to its own.
const showFor = 30 * time.Second

func (j *job) show(ctx context.Context, e *env) error {
	screen := drivers.Screen{For: showFor}
	for line := range strings.SplitSeq(j.argument, "|") {
		screen.Lines = append(screen.Lines, drivers.Line{Text: line})
	}
	if err := j.all.Displays[j.code].Show(ctx, screen); err != nil {
		return j.explain(err)
	}
	return e.tell(text{"已发送到显示屏 %s；若没有显示，请检查接线、波特率和地址。", "Sent to display %s. If it shows nothing, check wires, speed and address."}.with(j.code))
}

func (j *job) snapshot(ctx context.Context, e *env) error {
	picture, err := j.all.Cameras[j.code].Snapshot(ctx)
	if err != nil {
		return j.explain(err)
	}
	file := j.argument
	if file == "" {
		file = j.code + ".jpg"
	}
	// People and plates are in it.
	if err := os.WriteFile(file, picture.JPEG, 0o600); err != nil {
		return &failure{text{"无法保存图片", "the picture cannot be kept"}, err}
	}
	return e.tell(text{"相机 %s 的图片（%d 字节）已保存到 %s。", "The picture of camera %s, %d bytes, is in %s."}.with(j.code, len(picture.JPEG), file))
}

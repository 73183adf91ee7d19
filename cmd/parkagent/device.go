package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
)

func deviceCommand() command {
	return command{
		name:    "device",
		args:    "CODE open|close|stop|hold|release|state|show TEXT|snapshot [FILE]|scan|print",
		summary: text{"不经过 agent，直接操作一个设备（安装和排查用）", "work one device without the agent, when installing or looking for a fault"},
		details: text{
			"道闸：open 开，close 关，stop 停（需接停止触点），hold 保持常开，release 取消常开。\n" +
				"显示屏：show TEXT 显示文字 30 秒，用 | 分行。相机：snapshot 抓拍，保存到 FILE 或 ./CODE.jpg。\n" +
				"扫码器：scan 等一个码，显示种类和部分数字（付款码不全显）。打印机：print 打印测试页。\n" +
				"state 显示任何设备的状态。由相机应答开闸的道闸、接在相机后面的屏，只有运行中的 agent 能操作；\n" +
				"缴费机由它调用 agent，不能用此命令操作。\n" +
				"close 与 agent 遵守同样的安全规则：地感必须为空闲，或道闸已注明 self_guarded。\n" +
				"agent 运行时串口被它占用，此命令会失败，请先停止服务；agent 也不会知道此命令做了什么。",
			"A gate: open, close, stop (where a stop contact is wired), hold it open, or release it. A display:\n" +
				"show TEXT for 30 seconds, its lines parted by |. A camera: take a snapshot into FILE or\n" +
				"./CODE.jpg. A scanner: scan waits for a code and shows its kind and a part of it, since a payment\n" +
				"code is money. A printer: print a test page. state tells of any device. A gate that a camera opens by its answers, and a display\n" +
				"behind such a camera, only a running agent can work; a kiosk calls the agent, and cannot be tried.\n" +
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

	site   *config.Config
	device config.Device
	all    *equipment
	sent   bool // a command went out
}

// An operation is what can be done with devices of some kinds.
type operation struct {
	name     string
	kinds    []string // that can do it; nil: all
	argument argument // whether a word follows it
	do       func(j *job, ctx context.Context, e *env) error
}

// An argument says whether an operation has a word behind it.
type argument uint8

const (
	noArgument argument = iota
	mayHave
	mustHave
)

// operations are in the order of the help.
func operations() []operation {
	gate := []string{config.KindGate}
	return []operation{
		{"open", gate, noArgument, (*job).move},
		{"close", gate, noArgument, (*job).move},
		{"stop", gate, noArgument, (*job).move},
		{"hold", gate, noArgument, (*job).move},
		{"release", gate, noArgument, (*job).move},
		{"state", nil, noArgument, (*job).state},
		{"show", []string{config.KindDisplay}, mustHave, (*job).show},
		{"snapshot", []string{config.KindCamera}, mayHave, (*job).snapshot},
		{"scan", []string{config.KindScanner}, noArgument, (*job).scan},
		{"print", []string{config.KindPrinter}, noArgument, (*job).print},
	}
}

func operationNamed(name string) (operation, bool) {
	for _, o := range operations() {
		if o.name == name {
			return o, true
		}
	}
	return operation{}, false
}

var kindNames = map[string]text{
	config.KindGate: {"道闸", "gate"}, config.KindDisplay: {"显示屏", "display"}, config.KindCamera: {"相机", "camera"},
	config.KindScanner: {"扫码器", "scanner"}, config.KindPrinter: {"打印机", "printer"},
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
	o, known := operationNamed(j.op)
	switch {
	case !known:
		var names []string
		for _, o := range operations() {
			names = append(names, o.name)
		}
		return nil, usageError{text{"没有操作 %q，只有 %s。", "a device cannot %q, only %s."}.with(j.op, strings.Join(names, ", "))}
	case o.argument == mustHave && len(rest) == 0:
		return nil, usageError{text{"请给出要显示的文字，例如 show '欢迎光临|空位 10'。", "say what to show, for example show 'Welcome|Free: 10'."}}
	case j.asJSON && j.op != "state":
		return nil, usageError{text{"--json 只用于 state。", "--json goes with state only."}}
	case o.argument != noArgument && len(rest) > 0:
		j.argument, rest = rest[0], rest[1:]
	}
	return j, noWords(rest)
}

// run loads the configuration, runs what the device's driver needs, and does
// the job meanwhile.
func (j *job) run(ctx context.Context, e *env) error {
	var err error
	if j.site, err = loadSite(e); err != nil {
		return err
	}
	o, err := j.find(j.site.Devices)
	if err != nil {
		return err
	}
	if j.all, err = equip(j.site, nil); err != nil {
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
	err = o.do(j, ctx, e)
	stop()
	if closing := g.Wait(); err == nil {
		err = closing
	}
	return err
}

// find looks the device up, and whether it can do what is asked.
func (j *job) find(devices []config.Device) (operation, error) {
	for _, d := range devices {
		if d.Code == j.code {
			j.device = d
		}
	}
	o, _ := operationNamed(j.op)
	switch {
	case j.device.Code == "":
		return o, noSuchDevice(j.code, devices)
	case j.device.Kind == config.KindKiosk:
		return o, usageError{text{
			"%s 是缴费机：由它调用 parkagent，不能用此命令操作。",
			"%s is a kiosk: it calls parkagent, and is no device that can be tried.",
		}.with(j.code)}
	case o.kinds != nil && !slices.Contains(o.kinds, j.device.Kind):
		want, have := kindNames[o.kinds[0]], kindNames[j.device.Kind]
		return o, usageError{text{
			fmt.Sprintf("%s 用于%s，而设备 %s 是%s。", j.op, want.zh, j.code, have.zh),
			fmt.Sprintf("%s is for a %s, and device %s is a %s.", j.op, want.en, j.code, have.en),
		}}
	}
	return o, nil
}

// byAnswer complains about a device that is reached only in a camera's answer.
func (j *job) byAnswer() error {
	camera, ok := j.all.replying[j.code]
	if !ok {
		return nil
	}
	return &failure{text: text{
		"设备 %s 经相机 %s 的应答才能操作，只有运行中的 agent 能做到；请在 agent 运行时由岗亭或平台下发命令",
		"device %s is worked in the answers to camera %s, which only a running agent gives; let a booth or a platform order it while the agent runs",
	}.with(j.code, camera)}
}

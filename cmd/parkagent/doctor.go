package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/drivers"
)

func doctorCommand() command {
	return command{
		name:    "doctor",
		args:    "[CODE…]",
		summary: text{"逐项检查设备、线路、平台、时钟和磁盘，说明哪里不对、该怎么办", "try every device, line, platform, clock and disk, and say what is wrong and what to do"},
		details: text{
			"每行一项：正常、注意或错误，下一行说明该怎么办。给出设备编号时只检查这些设备。\n" +
				"只询问，不动作：不抬杆、不吸合继电器、不显示文字；每台相机最多登录一次，不会被锁定。\n" +
				"agent 运行时也可使用：设备由它代为检查，并显示它记录的状态；请用 sudo 或以服务用户运行。\n" +
				"有一项错误时退出状态为 1，配置有错时为 2。说明的语言：--lang、系统语言，否则按 [park] language。",
			"One line for each finding: ok, look or wrong, and below it what to do. With codes it tries these\n" +
				"devices only. It asks and moves nothing: no arm, no relay, no text; it logs in at a camera once,\n" +
				"so that none locks itself. It may be used while the agent runs, with sudo or as the service's\n" +
				"user: then the agent itself tries its devices, and what it noted of them is shown, too.\n" +
				"It exits with 1 if anything is wrong, with 2 if the configuration is. It speaks the language of\n" +
				"--lang, of the system, or else of [park].",
		},
		setup: func(f *flags) runFunc {
			timeout := f.Duration("timeout", 5*time.Second, f.say("每项最多等待 `TIME`", "wait `TIME` at most for each"))
			asJSON := f.Bool("json", false, f.say("以 JSON 输出", "print JSON"))
			return func(ctx context.Context, e *env, words []string) error {
				if *timeout <= 0 {
					return usageError{text{"--timeout 必须大于 0。", "--timeout must be more than 0."}}
				}
				d, err := examined(ctx, e, words, *timeout)
				if err != nil {
					return err
				}
				return d.run(ctx, e, *asJSON)
			}
		},
	}
}

// A doctor looks at one site.
type doctor struct {
	site    *config.Config
	all     *equipment
	devices []config.Device // those to try
	whole   bool            // no device was named: the box and the platforms too
	timeout time.Duration   // for each check
	now     func() time.Time

	running bool // an agent works on the site: what it has is left alone
	books   books
}

// A check finds out about one thing. It ends by its context.
type check struct {
	subject string // device code, name of a platform and the like; empty for the box
	run     func(ctx context.Context) []finding
	apart   string        // checks of one name do not run at the same time; empty: with any
	within  time.Duration // 0: as the doctor's
}

// A finding is what was found about one thing, and in which words it is told
// where those of the table are not the right ones.
type finding struct {
	drivers.Finding
	found  text // what it says; empty: as the table has it
	advice text // what to do; empty: as the table has it
}

// newDoctor returns who looks at a site. It finds out whether an agent works
// there, and what that knows.
func newDoctor(ctx context.Context, site *config.Config, all *equipment, timeout time.Duration) *doctor {
	d := &doctor{site: site, all: all, devices: site.Devices, whole: true, timeout: timeout, now: time.Now}
	var err error
	if d.running, err = agent.Running(site); err != nil {
		// Who may not look at the lock can still see whether somebody answers.
		d.running = answers(ctx, site.API.Listen)
	}
	d.books = readBooks(ctx, site)
	return d
}

// examined returns the doctor of the configuration, for the devices with these
// codes or all. A wrong configuration ends the command: what else is wrong cannot
// be known then.
func examined(ctx context.Context, e *env, codes []string, timeout time.Duration) (*doctor, error) {
	site, err := loadSite(e)
	if err != nil {
		return nil, err
	}
	if !e.asked && site.Park.Language == config.English {
		e.lang = english
	}
	devices, err := chosen(site.Devices, codes)
	if err != nil {
		return nil, err
	}
	all, err := equip(site, nil)
	if err != nil {
		return nil, err
	}
	d := newDoctor(ctx, site, all, timeout)
	d.devices, d.whole = devices, len(codes) == 0
	return d, nil
}

// chosen returns the devices with these codes, or all.
func chosen(devices []config.Device, codes []string) ([]config.Device, error) {
	if len(codes) == 0 {
		return devices, nil
	}
	var list []config.Device
	for _, code := range codes {
		i := slices.IndexFunc(devices, func(d config.Device) bool { return d.Code == code })
		if i < 0 {
			return nil, noSuchDevice(code, devices)
		}
		list = append(list, devices[i])
	}
	return list, nil
}

// noSuchDevice is the complaint about a code that the configuration lacks.
func noSuchDevice(code string, devices []config.Device) error {
	var codes []string
	for _, d := range devices {
		codes = append(codes, d.Code)
	}
	return usageError{text{"配置中没有设备 %q，只有 %s。", "the configuration has no device %q, only %s."}.with(code, strings.Join(codes, ", "))}
}

// checks returns all that is to be found out, in the order in which it is told.
func (d *doctor) checks() []check {
	var list []check
	if d.whole {
		list = d.boxChecks()
	}
	for _, dev := range d.devices {
		list = append(list, d.deviceCheck(dev))
	}
	list = append(list, d.lineChecks()...)
	if d.whole {
		list = append(list, d.platformChecks()...)
	}
	return list
}

// most is how many checks run at the same time. Small boxes have small memories.
const most = 16

// run does every check, tells what they found in their order, and fails if
// anything is wrong.
func (d *doctor) run(ctx context.Context, e *env, asJSON bool) error {
	background, stop := context.WithCancel(ctx)
	var parts errgroup.Group
	for _, p := range d.all.Run {
		parts.Go(func() error { return p.Run(background) })
	}
	out := newReport(e, asJSON)
	err := d.do(ctx, d.checks(), out.tell)
	stop()
	if closing := parts.Wait(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return out.end()
}

// do runs checks, those that must stay apart one after the other, and calls tell
// with what each found, in their order, as soon as it and all before it are done.
func (d *doctor) do(ctx context.Context, list []check, tell func(subject string, found []finding) error) error {
	done := make([]chan []finding, len(list))
	var rows [][]int // of checks, each to be done one after the other
	row := map[string]int{}
	for i, c := range list {
		done[i] = make(chan []finding, 1)
		at, known := row[c.apart]
		if c.apart == "" || !known {
			at = len(rows)
			rows, row[c.apart] = append(rows, nil), at
		}
		rows[at] = append(rows[at], i)
	}
	var g errgroup.Group
	g.SetLimit(most)
	working := make(chan struct{})
	go func() { // until every row is begun; g.Wait comes after it
		defer close(working)
		for _, one := range rows {
			g.Go(func() error {
				for _, i := range one {
					c, cancel := context.WithTimeout(ctx, cmp.Or(list[i].within, d.timeout))
					done[i] <- list[i].run(c)
					cancel()
				}
				return nil
			})
		}
	}()
	var err error
	for i, c := range list {
		found := <-done[i]
		if err == nil && ctx.Err() == nil {
			err = tell(c.subject, found)
		}
	}
	<-working
	_ = g.Wait() // no check fails
	if err == nil {
		err = ctx.Err()
	}
	return err
}

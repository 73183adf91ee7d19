package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"

	"parkagent/agent/config"
	"parkagent/drivers/display"
	"parkagent/drivers/sim"
	"parkagent/drivers/sim/led"
)

// A board is what hangs at the end of a display's line.
type board interface {
	Lines() []string
	Spoken() []string
	// Changed returns a channel that is closed at the next frame.
	Changed() <-chan struct{}
	Serve(ctx context.Context, l net.Listener) error
	Attach(ctx context.Context, line io.ReadWriteCloser) error
	// Feed takes what a camera passes on.
	Feed(p []byte)
}

// boardOfDisplay returns what makes a board that understands a display's driver.
func boardOfDisplay(d config.Device) (func() board, error) {
	opt, err := display.ParseOptions(d.Driver, d.Options)
	if err != nil {
		if !slices.Contains(display.Drivers(), d.Driver) {
			err = errUnknown
		}
		return nil, err
	}
	switch opt := opt.(type) {
	case display.FangkongOptions:
		return func() board { return sim.NewLEDBoard(opt.Address, opt.Lines) }, nil
	case display.HuaxiaOptions:
		return func() board { return led.NewHuaxia(opt.Address, opt.Lines) }, nil
	case display.OnbonOptions:
		unit := 1
		if opt.Model == "bx-5k" {
			unit = 8
		}
		return func() board { return led.NewOnbon(int(opt.Address), opt.Width, opt.Height, unit, opt.Lines) }, nil
	case display.SpeechOptions:
		return func() board { return led.NewSpeech(opt.Chip != "xfs5152") }, nil
	case display.CountOptions:
		return func() board { return countBoard{led.NewCount()} }, nil
	}
	return nil, errUnknown
}

// A countBoard shows its number as a line.
type countBoard struct{ *led.Board }

// Lines returns the number.
func (c countBoard) Lines() []string {
	if n, color, ok := c.Count(); ok {
		return []string{fmt.Sprintf("%d (%s)", n, color)}
	}
	return nil
}

// A panelSim is a panel and what was told of it.
type panelSim struct {
	e     *env
	code  string
	board board
}

// run tells what the panel shows and speaks.
func (p *panelSim) run(ctx context.Context) {
	var shown []string
	spoken := 0
	for {
		changed := p.board.Changed()
		if lines := p.board.Lines(); !slices.Equal(lines, shown) {
			shown = lines
			p.e.event(text{"%s  显示 %q", "%s  shows %q"}, p.code, lines)
		}
		all := p.board.Spoken()
		for _, s := range all[spoken:] {
			p.e.event(text{"%s  播报 %q", "%s  says %q"}, p.code, s)
		}
		spoken = len(all)
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

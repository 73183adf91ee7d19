package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	"parkagent/drivers/serialport"
	"parkagent/drivers/sim"
)

// boards are the relay boards at one address.
type boards struct {
	link  serialport.Link
	codes []string
	units []byte
	list  []*sim.Board
}

// here reports whether a link ends at this machine, and tells if not.
func (s *site) here(d config.Device, link serialport.Link) bool {
	if link.Kind == serialport.Serial {
		if !s.opt.pty {
			s.leaveOut(d, text{"接在串口 %s 上；加 --pty 用虚拟串口", "it is on serial port %s; --pty gives it a virtual one"}, link.Address)
		}
		return s.opt.pty
	}
	host, _, _ := net.SplitHostPort(link.Address) // ParseLink saw to it
	if !ours(host) {
		s.leaveOut(d, text{"%s 不是本机的地址；要模拟请写例如 tcp://127.0.0.1:1502", "%s is no address of this machine; to play it write for example tcp://127.0.0.1:1502"}, link.Address)
		return false
	}
	return true
}

// port opens what a link leads to: a listener, or a virtual serial port.
func (s *site) port(ctx context.Context, link serialport.Link, codes string) (net.Listener, io.ReadWriteCloser, error) {
	if link.Kind == serialport.Serial {
		line, name, err := sim.OpenPTY()
		if err != nil {
			return nil, nil, err
		}
		s.open = append(s.open, line)
		s.e.say(text{"%s  在虚拟串口；请把 link 改为 serial://%s", "%s  at a virtual port: change its link to serial://%s"}, codes, name)
		return nil, line, nil
	}
	l, err := s.opt.listen(ctx, link.Address)
	if err != nil {
		return nil, nil, err
	}
	s.open = append(s.open, l)
	s.e.say(text{"%s  在 %s", "%s  at %s"}, codes, l.Addr())
	return l, nil, nil
}

// boards serves the relay boards of one address.
func (s *site) boards(ctx context.Context, b *boards) error {
	l, line, err := s.port(ctx, b.link, strings.Join(b.codes, " "))
	if err != nil {
		return err
	}
	s.serve = append(s.serve, func(ctx context.Context) error {
		switch {
		case line != nil:
			return s.unplugged(ctx, strings.Join(b.codes, " "), sim.ServeRTU(ctx, line, b.list...))
		case b.link.Extra["framing"] == "rtu":
			return serveRTU(ctx, l, b.list)
		}
		return sim.ServeTCP(ctx, l, b.list...)
	})
	return nil
}

// unplugged tells that a virtual port is no more. It cannot be plugged in
// again: another one would have another name.
func (s *site) unplugged(ctx context.Context, codes string, err error) error {
	if ctx.Err() == nil {
		s.e.event(text{"%s  虚拟串口已拔出（%v）", "%s  the virtual port is unplugged (%v)"}, codes, err)
	}
	return nil
}

// serveRTU lets boards stand behind a serial server until ctx is done.
func serveRTU(ctx context.Context, l net.Listener, list []*sim.Board) error {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	var g errgroup.Group
	for {
		conn, err := l.Accept()
		if err != nil {
			_ = g.Wait() // its functions return nil
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("accept: %w", err)
		}
		g.Go(func() error {
			_ = sim.ServeRTU(ctx, conn, list...) // a caller that hung up is no news
			return nil
		})
	}
}

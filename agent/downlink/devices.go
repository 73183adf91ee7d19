package downlink

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"parkagent/agent/lane"
	"parkagent/drivers"
	"parkagent/protocol"
	"parkagent/store"
)

// lanesByDevice finds lanes by the codes of their devices.
func lanesByDevice(lanes []Lane) map[string]*Lane {
	byDevice := map[string]*Lane{}
	for i := range lanes {
		l := &lanes[i]
		for _, code := range append([]string{l.Gate, l.Display}, l.Devices...) {
			if code != "" {
				byDevice[strings.ToLower(code)] = l
			}
		}
	}
	return byDevice
}

// isCommand reports whether an interface commands a device, so that refusing it
// is journalled.
func isCommand(r protocol.Route) bool { return r.Name == "GateControl" || r.Name == "ShowLedMsg" }

// controlGate answers 2.3. It waits until the gate has acknowledged.
func (s *Server) controlGate(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.GateCommand](c)
	c.device, c.op = q.DeviceCode, opOf(q.ControlType)
	if err != nil {
		return nil, err
	}
	l, err := s.laneOf(ctx, q.DeviceCode, q.DeviceType, protocol.DeviceGate)
	if err != nil {
		return nil, err
	}
	if l.Gate == "" {
		return nil, &refusal{say: sayNoGate}
	}
	c.device = l.Gate
	return nil, s.command(ctx, c, l, lane.Command{Op: c.op})
}

// showText answers 2.4. It waits until the lane has put the text on the display,
// which is at most as long as a call of the device may take.
func (s *Server) showText(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.ShowCommand](c)
	c.device, c.op = q.DeviceCode, lane.OpShow
	if err != nil {
		return nil, err
	}
	lines, err := linesOf(q.ShowInfo)
	if err != nil {
		return nil, err
	}
	l, err := s.laneOf(ctx, q.DeviceCode, q.DeviceType, protocol.DeviceDisplay)
	if err != nil {
		return nil, err
	}
	if l.Display == "" {
		return nil, &refusal{say: sayNoDisplay}
	}
	c.device = l.Display
	return nil, s.command(ctx, c, l, lane.Command{Op: c.op, Lines: lines})
}

// mostText bounds the bytes of a text to show; no board holds nearly as much.
const mostText = 4096

// linesOf splits a text to show at |. Spaces around a line do not count, and empty
// lines at the end.
func linesOf(text string) ([]string, error) {
	if len(text) > mostText {
		return nil, &protocol.FieldError{Field: "showInfo", Problem: protocol.OutOfRange}
	}
	lines := strings.Split(text, "|")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return nil, &protocol.FieldError{Field: "showInfo", Problem: protocol.Missing}
	}
	return lines, nil
}

// opOf names a gate action as lanes do, "" for none.
func opOf(a protocol.GateAction) lane.Op {
	switch a {
	case protocol.GateOpen:
		return lane.OpOpen
	case protocol.GateClose:
		return lane.OpClose
	case protocol.GateHold:
		return lane.OpHold
	case protocol.GateRelease:
		return lane.OpRelease
	}
	return ""
}

// command hands a command to a lane and puts what came of it into words.
func (s *Server) command(ctx context.Context, c *call, l *Lane, cmd lane.Command) error {
	cmd.Client, cmd.Address = c.client.name, c.addr.String()
	err := l.Worker.Do(ctx, cmd)
	// A lane that did not answer may have the command or not; that the client
	// was told so is journalled here.
	busy := errors.Is(err, lane.ErrBusy)
	c.taken = !busy
	say := sayGateFault
	switch {
	case err == nil:
		return nil
	case busy:
		say = sayBusy
	case cmd.Op == lane.OpShow:
		say = sayShowFailed
	case errors.Is(err, drivers.ErrRefused) && cmd.Op == lane.OpClose:
		say = sayOccupied
	case errors.Is(err, drivers.ErrRefused):
		say = sayRefused
	case errors.Is(err, drivers.ErrOffline), errors.Is(err, context.DeadlineExceeded):
		say = sayOffline
	}
	return &refusal{say: say}
}

// exitOf returns the code of the exit lane that a device belongs to.
func (s *Server) exitOf(ctx context.Context, device string) (string, error) {
	l, err := s.laneOf(ctx, device, protocol.ByCode, protocol.DeviceGate)
	if err != nil {
		return "", err
	}
	if !l.Exit {
		return "", &refusal{say: sayNotExit}
	}
	return l.Code, nil
}

// laneOf finds the lane of a device that is named by its code or its address.
// by is the deviceType of the request. Many clients leave it out or at 0, so an
// address is found then as well: no code looks like one. Where several lanes
// share an address, the one whose device of type prefer has it is meant.
func (s *Server) laneOf(ctx context.Context, device string, by int, prefer protocol.DeviceType) (*Lane, error) {
	device = strings.TrimSpace(device)
	if l := s.lanes[strings.ToLower(device)]; l != nil && by != protocol.ByIP {
		return l, nil
	}
	ip, err := netip.ParseAddr(device)
	if err != nil {
		return nil, &refusal{say: sayNoDevice}
	}
	devices, err := s.cfg.DB.Devices(ctx)
	if err != nil {
		return nil, err
	}
	var all, preferred []*Lane
	for _, d := range devices {
		at, err := netip.ParseAddr(d.IP)
		l := s.lanes[strings.ToLower(d.Code)]
		if err != nil || at.Unmap() != ip.Unmap() || l == nil {
			continue
		}
		all = append(all, l)
		if d.Type == int(prefer) {
			preferred = append(preferred, l)
		}
	}
	for _, found := range [][]*Lane{preferred, all} {
		switch {
		case len(found) == 0:
			continue
		case slices.ContainsFunc(found, func(l *Lane) bool { return l != found[0] }):
			return nil, &refusal{say: sayManyDevices}
		}
		return found[0], nil
	}
	return nil, &refusal{say: sayNoDevice}
}

// journalWithin bounds noting a refused command.
const journalWithin = time.Second

// mostDevice bounds a caller's device code in the journal.
const mostDevice = 64

// journalRefused notes a command that no lane took. The answer is the same
// whether that succeeds or not: nothing was moved.
func (s *Server) journalRefused(ctx context.Context, c *call, reason string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), journalWithin)
	defer cancel()
	device := c.device
	if len(device) > mostDevice {
		device = strings.ToValidUTF8(device[:mostDevice], "")
	}
	op := string(c.op)
	if op == "" {
		op = "unknown"
	}
	err := s.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(ctx, store.KindCommand, device, store.CommandFact{
			Device: device, Command: op, Reason: "remote",
			Client: c.client.name, Address: c.addr.String(), Result: "refused: " + reason,
		})
		return err
	})
	if err != nil {
		s.cfg.Log.Error("journal a refused command", "error", err)
	}
}

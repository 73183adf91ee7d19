package downlink

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

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

// journalWithin bounds noting a command.
const journalWithin = time.Second

// mostDevice bounds a caller's device code in the journal.
const mostDevice = 64

// journalRefused notes a command that no lane took, and why.
func (s *Server) journalRefused(ctx context.Context, c *call, reason string) {
	s.journal(context.WithoutCancel(ctx), c, "refused: "+reason)
}

// journal notes a command that no lane notes, and what came of it. The answer is the
// same whether that succeeds or not: nothing was moved.
func (s *Server) journal(ctx context.Context, c *call, result string) {
	ctx, cancel := context.WithTimeout(ctx, journalWithin)
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
			Device: device, Command: op, Reason: "remote", Client: c.client.name, Address: c.addr.String(), Result: result,
		})
		return err
	})
	if err != nil {
		s.cfg.Log.Error("journal a command", "error", err)
	}
}

package downlink

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"parkagent/agent/lane"
	"parkagent/drivers"
	"parkagent/protocol"
)

// isCommand reports whether an interface commands a device, so that refusing it
// is journalled.
func isCommand(r protocol.Route) bool {
	return slices.Contains([]string{"OnlineCarInOut", "GateControl", "ShowLedMsg", "GetPhoto"}, r.Name)
}

// What the commands that are no lane.Command are called in the journal.
const (
	opScan  lane.Op = "scan"
	opPhoto lane.Op = "photo"
)

// mostCardNo bounds the number that stands for a driver without a plate, in bytes.
// Those of the known platforms have 28 or 32.
const mostCardNo = 128

// passCar answers 2.1: a car without a plate comes in or goes out at the lane of a
// device. It waits until the gate has acknowledged.
func (s *Server) passCar(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.PassCommand](c)
	c.device, c.op = q.DeviceCode, opScan
	if err != nil {
		return nil, err
	}
	q.CardNo = strings.TrimSpace(q.CardNo)
	if err := q.Check(); err != nil {
		return nil, err
	}
	if len(q.CardNo) > mostCardNo {
		return nil, &protocol.FieldError{Field: "cardNo", Problem: protocol.OutOfRange}
	}
	l, err := s.gateLane(ctx, c, q.DeviceType)
	if err != nil {
		return nil, err
	}
	err = l.Worker.Scan(ctx, lane.Scan{CardNo: q.CardNo, Client: c.client.name, Address: c.addr.String()})
	c.taken = !errors.Is(err, lane.ErrBusy)
	if refusalOf(err) == nil && isDevice(err) {
		return nil, &refusal{say: gateSays(err, lane.OpOpen)}
	}
	return nil, err
}

// setFree answers 2.2. Without an area, or for area 0, which is outside, it is the
// first.
func (s *Server) setFree(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.SpaceCommand](c)
	if err != nil {
		return nil, err
	}
	area, err := smallField("areaCode", q.AreaCode, 0)
	if err != nil {
		return nil, err
	}
	// More than any area has is refused by the rules, which know how many it has.
	free := int(min(q.FreeSpaceNum.N, math.MaxInt32))
	return nil, s.cfg.Rules.SetFree(ctx, area, free, c.by())
}

// gateLane finds the lane of the device that a call names, and makes its gate the
// one that the journal is told of. by is the deviceType of the request.
func (s *Server) gateLane(ctx context.Context, c *call, by int) (*Lane, error) {
	l, err := s.laneOf(ctx, c.device, by, protocol.DeviceGate)
	if err != nil {
		return nil, err
	}
	if l.Gate == "" {
		return nil, &refusal{say: sayNoGate}
	}
	c.device = l.Gate
	return l, nil
}

// controlGate answers 2.3. It waits until the gate has acknowledged.
func (s *Server) controlGate(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.GateCommand](c)
	c.device, c.op = q.DeviceCode, opOf(q.ControlType)
	if err != nil {
		return nil, err
	}
	l, err := s.gateLane(ctx, c, q.DeviceType)
	if err != nil {
		return nil, err
	}
	return nil, s.command(ctx, c, l, lane.Command{Op: c.op})
}

// showText answers 2.4, once the lane has taken the text.
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

// markSeamless answers 2.5: the client wants to deduct the fee of the stay that is
// under way.
func (s *Server) markSeamless(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.SeamlessMark](c)
	if err != nil {
		return nil, err
	}
	no, err := plateField("plateNo", q.PlateNo)
	if err != nil {
		return nil, err
	}
	return nil, s.cfg.Rules.MarkSeamless(ctx, no, c.by())
}

// takePhoto answers GetPhoto with the link to a picture that is taken now, by the
// camera of the device's lane.
func (s *Server) takePhoto(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.PhotoCommand](c)
	c.device, c.op = q.DeviceCode, opPhoto
	if err != nil {
		return nil, err
	}
	l, err := s.laneOf(ctx, q.DeviceCode, q.DeviceType, protocol.DeviceCamera)
	if err != nil {
		return nil, err
	}
	path, err := l.Worker.Photo(ctx)
	switch {
	case err == nil:
		s.journal(ctx, c, "ok")
		return []protocol.Photo{{ImageURL: s.image(path)}}, nil
	case errors.Is(err, lane.ErrBusy):
		return nil, err
	case errors.Is(err, errors.ErrUnsupported):
		return nil, &refusal{say: sayNoCamera}
	}
	return nil, &refusal{say: sayPhotoFailed}
}

// mostShown bounds the bytes of a text to show; no board holds nearly as much.
const mostShown = 4096

// linesOf splits a text to show at |. Spaces around a line do not count, and empty
// lines at the end.
func linesOf(text string) ([]string, error) {
	if len(text) > mostShown {
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
	if !busy && isDevice(err) {
		return &refusal{say: gateSays(err, cmd.Op)}
	}
	return err
}

// isDevice reports whether an error is one of calling a device.
func isDevice(err error) bool {
	return errors.As(err, new(*drivers.DeviceError)) || errors.Is(err, drivers.ErrOffline) || errors.Is(err, drivers.ErrRefused) ||
		errors.Is(err, context.DeadlineExceeded)
}

// gateSays puts what a gate made of an operation into words.
func gateSays(err error, op lane.Op) sentence {
	switch {
	case errors.Is(err, drivers.ErrRefused) && op == lane.OpClose:
		return sayOccupied
	case errors.Is(err, drivers.ErrRefused):
		return sayRefused
	case errors.Is(err, drivers.ErrOffline), errors.Is(err, context.DeadlineExceeded):
		return sayOffline
	}
	return sayGateFault
}

package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/drivers"
	"parkagent/drivers/sim/printer"
	"parkagent/drivers/sim/scanner"
)

// A SiteConfig names the devices of a Site. Addresses are host:port; port 0
// takes a free one, which Address then tells.
type SiteConfig struct {
	Gates    []GatePlan
	Displays []DisplayPlan
	Cameras  []CameraPlan
	Scanners []ScannerPlan
	Printers []PrinterPlan
}

// A GatePlan is a relay board on Modbus TCP and the barrier that hangs on it.
type GatePlan struct {
	Code    string // device code
	Address string
	Unit    byte // 0 means 1
	Barrier BarrierConfig
}

// A DisplayPlan is a panel with a Fangkong card behind a serial server.
type DisplayPlan struct {
	Code    string
	Address string
	Lines   int // 0 means 2
}

// A ScannerPlan is a scanner behind a serial server.
type ScannerPlan struct {
	Code    string
	Address string
}

// A PrinterPlan is a printer with a network port of its own.
type PrinterPlan struct {
	Code    string
	Address string
	Columns int // of its paper; 0 means 48
}

// A CameraPlan is a camera that pushes.
type CameraPlan struct {
	Code    string
	VzEnith bool   // otherwise Hikvision
	Push    string // URL it pushes to
	// Address is where a Hikvision camera answers for pictures and device
	// data; empty: nowhere.
	Address        string
	User, Password string
}

// A Site is the devices of a car park at wire level, to run an agent against:
// in tests, in the demo and in parksim.
type Site struct {
	gates    map[string]*simGate
	displays map[string]*LEDBoard
	cameras  map[string]Camera
	scanners map[string]*scanner.Scanner
	printers map[string]*printer.Printer
	address  map[string]string
	serve    []func(context.Context) error
	open     []net.Listener
}

type simGate struct {
	board   *Board
	barrier *Barrier
}

// A Camera is a simulated camera of either make.
type Camera interface {
	// See pushes one car, and returns when the agent has answered. An error
	// is a push that was not taken.
	See(ctx context.Context, s Sighting) error
}

// See pushes one car, see Camera.
func (c *HikCamera) See(ctx context.Context, s Sighting) error {
	status, err := c.Push(ctx, s)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("push answered with status %d", status)
	}
	return err
}

// See pushes one car, see Camera.
func (c *VzCamera) See(ctx context.Context, s Sighting) error {
	answer, err := c.Push(ctx, s)
	if err == nil && !answer.Taken {
		err = fmt.Errorf("push answered with status %d, not taken", answer.Status)
	}
	return err
}

// OpenSite opens every address of a site. Nothing answers until Run. On an
// error nothing stays open.
func OpenSite(ctx context.Context, cfg SiteConfig) (_ *Site, err error) {
	s := &Site{gates: map[string]*simGate{}, displays: map[string]*LEDBoard{}, cameras: map[string]Camera{}, scanners: map[string]*scanner.Scanner{}, printers: map[string]*printer.Printer{}, address: map[string]string{}}
	defer func() {
		if err != nil {
			for _, l := range s.open {
				err = errors.Join(err, l.Close())
			}
		}
	}()
	for _, p := range cfg.Gates {
		l, err := s.listen(ctx, p.Code, p.Address)
		if err != nil {
			return nil, err
		}
		board := NewBoard(BoardConfig{Unit: p.Unit})
		s.gates[p.Code] = &simGate{board: board, barrier: NewBarrier(board, p.Barrier)}
		s.serve = append(s.serve, func(ctx context.Context) error { return ServeTCP(ctx, l, board) })
	}
	for _, p := range cfg.Displays {
		l, err := s.listen(ctx, p.Code, p.Address)
		if err != nil {
			return nil, err
		}
		if p.Lines == 0 {
			p.Lines = 2
		}
		panel := NewLEDBoard(0, p.Lines)
		s.displays[p.Code] = panel
		s.serve = append(s.serve, func(ctx context.Context) error { return panel.Serve(ctx, l) })
	}
	for _, p := range cfg.Scanners {
		l, err := s.listen(ctx, p.Code, p.Address)
		if err != nil {
			return nil, err
		}
		far := &scanner.Scanner{}
		s.scanners[p.Code] = far
		s.serve = append(s.serve, func(ctx context.Context) error { return far.Serve(ctx, l) })
	}
	for _, p := range cfg.Printers {
		l, err := s.listen(ctx, p.Code, p.Address)
		if err != nil {
			return nil, err
		}
		if p.Columns == 0 {
			p.Columns = 48
		}
		far := printer.New(p.Columns)
		s.printers[p.Code] = far
		s.serve = append(s.serve, func(ctx context.Context) error { return far.Serve(ctx, l) })
	}
	for _, p := range cfg.Cameras {
		if err := s.camera(ctx, p); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Site) listen(ctx context.Context, code, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("device %s: %w", code, err)
	}
	s.open = append(s.open, l)
	s.address[code] = l.Addr().String()
	return l, nil
}

func (s *Site) camera(ctx context.Context, p CameraPlan) error {
	if p.VzEnith {
		c := &VzCamera{URL: p.Push, Serial: "SIM-" + p.Code}
		s.cameras[p.Code] = c
		s.serve = append(s.serve, func(ctx context.Context) error { return c.PollUntil(ctx, time.Second) })
		return nil
	}
	c := &HikCamera{URL: p.Push, User: p.User, Password: p.Password}
	s.cameras[p.Code] = c
	if p.Address == "" {
		return nil
	}
	l, err := s.listen(ctx, p.Code, p.Address)
	if err != nil {
		return err
	}
	s.serve = append(s.serve, func(ctx context.Context) error { return serveHTTP(ctx, l, c) })
	return nil
}

func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Run lets the devices answer until ctx is done. It returns nil then, and
// otherwise the first failure.
func (s *Site) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, serve := range s.serve {
		g.Go(func() error { return serve(ctx) })
	}
	return g.Wait()
}

// Address returns where a device listens, as host:port.
func (s *Site) Address(code string) string { return s.address[code] }

// Barrier returns the arm of a gate, nil if there is none with that code.
func (s *Site) Barrier(code string) *Barrier {
	if g := s.gates[code]; g != nil {
		return g.barrier
	}
	return nil
}

// Board returns the relay board of a gate, nil if there is none with that code.
func (s *Site) Board(code string) *Board {
	if g := s.gates[code]; g != nil {
		return g.board
	}
	return nil
}

// Display returns a panel, nil if there is none with that code.
func (s *Site) Display(code string) *LEDBoard { return s.displays[code] }

// Camera returns a camera, nil if there is none with that code.
func (s *Site) Camera(code string) Camera { return s.cameras[code] }

// Scanner returns a scanner, nil if there is none with that code.
func (s *Site) Scanner(code string) *scanner.Scanner { return s.scanners[code] }

// Printer returns a printer, nil if there is none with that code.
func (s *Site) Printer(code string) *printer.Printer { return s.printers[code] }

// SmallCar is a sighting of a small car with a blue plate at a time.
func SmallCar(plate string, at time.Time) Sighting {
	return Sighting{Plate: plate, Color: drivers.ColorBlue, At: at}
}

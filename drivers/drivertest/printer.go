package drivertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
)

// A PrinterFault is what a printer under test is to do wrong.
type PrinterFault uint8

// The faults that a PrinterRig can play.
const (
	PrinterFine    PrinterFault = iota
	PrinterEmpty                // no paper
	PrinterOpen                 // the cover is open
	PrinterStuck                // the cutter is stuck
	PrinterSilent               // answers nothing
	PrinterNoise                // garbage before every answer
	PrinterStale                // each answer comes twice
	PrinterGone                 // the line is cut
	PrinterRunsOut              // the paper ends within the next document
)

// A PrinterDriver is a driver of printers under test.
type PrinterDriver interface {
	Print(ctx context.Context, d drivers.Document) error
	Check(ctx context.Context) error
}

// A PrinterRig is a driver and the printer, real or simulated, at the other end of its
// line. The driver gets answers, and waits for them for two seconds at most.
type PrinterRig struct {
	Printer PrinterDriver
	Device  string            // device code that errors name
	Printed func() [][]string // lines of text of each document that came out, oldest first
	Fault   func(PrinterFault)
}

// Printer runs the contract of printers' drivers. make returns a new rig for each part
// of it.
func Printer(t *testing.T, make func(*testing.T) PrinterRig) {
	t.Helper()
	for _, part := range []struct {
		name string
		run  func(*testing.T, PrinterRig)
	}{
		{"a document comes out as one", func(t *testing.T, rig PrinterRig) {
			rig.prints(t, "欢迎光临", "粤B12345")
			rig.prints(t, "second")
			rig.came(t, []string{"欢迎光临", "粤B12345"}, []string{"second"})
		}},
		{"noise and answers that come twice do no harm", func(t *testing.T, rig PrinterRig) {
			for _, f := range []PrinterFault{PrinterNoise, PrinterStale} {
				rig.Fault(f)
				rig.prints(t, "text")
			}
			rig.came(t, []string{"text"}, []string{"text"})
		}},
		{"without paper nothing is printed, now or later", func(t *testing.T, rig PrinterRig) {
			rig.refuses(t, PrinterEmpty, drivers.FaultPaper)
			rig.Fault(PrinterFine)
			rig.prints(t, "later")
			rig.came(t, []string{"later"})
		}},
		{"with an open cover nothing is printed", func(t *testing.T, rig PrinterRig) { rig.refuses(t, PrinterOpen, drivers.FaultCover) }},
		{"with a cutter that is stuck nothing is printed", func(t *testing.T, rig PrinterRig) { rig.refuses(t, PrinterStuck, drivers.FaultCover) }},
		{"paper that ends within a document is an error, and no refusal", func(t *testing.T, rig PrinterRig) {
			rig.Fault(PrinterRunsOut)
			err := rig.Printer.Print(t.Context(), document("half"))
			if drivers.FaultOf(err) != drivers.FaultPaper || errors.Is(err, drivers.ErrRefused) {
				t.Errorf("Print = %v, want the fault %d and no refusal: half of it may be out", err, drivers.FaultPaper)
			}
			rig.came(t)
		}},
		{"a silent printer is offline", func(t *testing.T, rig PrinterRig) {
			rig.Fault(PrinterSilent)
			rig.mustFail(t, rig.Printer.Print(t.Context(), document("x")), drivers.ErrOffline)
			rig.mustFail(t, rig.Printer.Check(t.Context()), drivers.ErrOffline)
		}},
		{"a printer that was unplugged is back by itself", unpluggedPrinter},
		{"an ended context prints nothing", func(t *testing.T, rig PrinterRig) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := rig.Printer.Print(ctx, document("x")); err == nil {
				t.Error("Print with an ended context = nil, want an error")
			}
			rig.prints(t, "next")
			rig.came(t, []string{"next"})
		}},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, make(t)) })
	}
}

func document(lines ...string) drivers.Document {
	var d drivers.Document
	for _, l := range lines {
		d.Parts = append(d.Parts, drivers.Part{Text: l})
	}
	return d
}

func (rig PrinterRig) prints(t *testing.T, lines ...string) {
	t.Helper()
	if err := rig.Printer.Print(t.Context(), document(lines...)); err != nil {
		t.Fatalf("Print: %v", err)
	}
	if err := rig.Printer.Check(t.Context()); err != nil {
		t.Errorf("Check after a document = %v, want nil", err)
	}
}

func (rig PrinterRig) came(t *testing.T, want ...[]string) {
	t.Helper()
	if diff := cmp.Diff(want, rig.Printed()); diff != "" {
		t.Errorf("what came out differs (-want +got):\n%s", diff)
	}
}

// refuses checks that a printer with a fault says so, before anything is printed.
func (rig PrinterRig) refuses(t *testing.T, f PrinterFault, want drivers.Fault) {
	t.Helper()
	rig.Fault(f)
	for op, err := range map[string]error{
		"Print": rig.Printer.Print(t.Context(), document("x")), "Check": rig.Printer.Check(t.Context()),
	} {
		if drivers.FaultOf(err) != want {
			t.Errorf("%s = %v, want the fault %d", op, err, want)
		}
		rig.mustFail(t, err, drivers.ErrRefused)
	}
	rig.came(t)
}

func unpluggedPrinter(t *testing.T, rig PrinterRig) {
	rig.prints(t, "before")
	rig.Fault(PrinterGone)
	rig.mustFail(t, rig.Printer.Print(t.Context(), document("lost")), drivers.ErrOffline)
	rig.mustFail(t, rig.Printer.Check(t.Context()), drivers.ErrOffline)
	rig.Fault(PrinterFine)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for rig.Printer.Print(ctx, document("after")) != nil {
		if ctx.Err() != nil {
			t.Fatal("the printer is back, and prints nothing")
		}
	}
	rig.came(t, []string{"before"}, []string{"after"})
}

func (rig PrinterRig) mustFail(t *testing.T, err, want error) {
	t.Helper()
	var device *drivers.DeviceError
	if !errors.As(err, &device) || device.Device != rig.Device {
		t.Fatalf("error = %v, want a DeviceError of %s", err, rig.Device)
	}
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want one that wraps %q", err, want)
	}
}

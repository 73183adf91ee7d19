package printer_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/printer"
	"parkagent/drivers/serialport"
	sim "parkagent/drivers/sim/printer"
)

var faults = map[drivertest.PrinterFault]sim.Fault{
	drivertest.PrinterFine: sim.Fine, drivertest.PrinterEmpty: sim.Empty, drivertest.PrinterOpen: sim.Open, drivertest.PrinterStuck: sim.Stuck,
	drivertest.PrinterSilent: sim.Silent, drivertest.PrinterNoise: sim.Noise, drivertest.PrinterStale: sim.Stale,
	drivertest.PrinterGone: sim.Gone, drivertest.PrinterRunsOut: sim.RunsOut,
}

func newPrinter(t *testing.T, port printer.Port, opt printer.Options) *printer.Printer {
	t.Helper()
	p, err := printer.New(printer.Config{Device: "P1", Port: port, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// serve runs a network printer until the test ends.
func serve(t *testing.T, far *sim.Printer, l net.Listener) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() {
		if err := far.Serve(ctx, l); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		served.Wait()
		if bad := far.Misunderstood(); len(bad) > 0 {
			t.Errorf("the printer did not understand %q", bad)
		}
	})
}

// networkPrinter starts one and returns it with a driver for it.
func networkPrinter(t *testing.T, columns int, opt printer.Options) (*sim.Printer, *printer.Printer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	far := sim.New(columns)
	serve(t, far, l)
	port, err := serialport.Open("tcp://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = port.Close() })
	return far, newPrinter(t, port, opt)
}

func rig(far *sim.Printer, p *printer.Printer, fault func(drivertest.PrinterFault)) drivertest.PrinterRig {
	printer.SetTimes(p, time.Second, time.Second)
	return drivertest.PrinterRig{
		Printer: p, Device: "P1", Fault: fault,
		Printed: func() [][]string {
			var all [][]string
			for _, s := range far.Slips() {
				all = append(all, s.Lines)
			}
			return all
		},
	}
}

func TestPrinterKeepsTheContractOverANetwork(t *testing.T) {
	drivertest.Printer(t, func(t *testing.T) drivertest.PrinterRig {
		far, p := networkPrinter(t, 48, printer.Options{})
		return rig(far, p, func(f drivertest.PrinterFault) { far.SetFault(faults[f]) })
	})
}

// A ticket is a document with one of everything.
func ticket() drivers.Document {
	return drivers.Document{Parts: []drivers.Part{
		{Text: "演示车场", Large: true, Centred: true},
		{Text: "入场时间 2026-03-02 10:00:00"},
		{Text: "请妥善保管小票，凭票号在自助缴费机或扫码缴费，遗失须到岗亭办理。"},
		{},
		{Barcode: "902603021234567890"},
		{QR: "http://platform.example/park?parkCode=1"},
		{Text: "谢谢 Thank you for coming", Centred: true},
	}}
}

func TestATicketIsOnThePaper(t *testing.T) {
	for _, tt := range []struct {
		name    string
		columns int
		opt     printer.Options
		want    []string
	}{
		{"on 80 mm", 48, printer.Options{Paper: 80}, []string{
			"演示车场", "入场时间 2026-03-02 10:00:00", "请妥善保管小票，凭票号在自助缴费机或扫码缴费，遗", "失须到岗亭办理。", "谢谢 Thank you for coming",
		}},
		{"on 58 mm", 32, printer.Options{Paper: 58, Cut: printer.CutFull}, []string{
			"演示车场", "入场时间 2026-03-02 10:00:00", "请妥善保管小票，凭票号在自助缴费", "机或扫码缴费，遗失须到岗亭办理。", "谢谢 Thank you for coming",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			far, p := networkPrinter(t, tt.columns, tt.opt)
			if err := p.Print(t.Context(), ticket()); err != nil {
				t.Fatal(err)
			}
			want := []sim.Slip{{
				Lines: tt.want, QRs: []string{"http://platform.example/park?parkCode=1"}, Barcodes: []string{"902603021234567890"},
				Full: tt.opt.Cut == printer.CutFull,
			}}
			if diff := cmp.Diff(want, far.Slips()); diff != "" {
				t.Errorf("the paper differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPrinterThatCannotAnswerIsNotAsked(t *testing.T) {
	far, p := networkPrinter(t, 48, printer.Options{Answers: printer.AnswersNone})
	far.SetFault(sim.Silent)
	if err := p.Print(t.Context(), ticket()); err != nil {
		t.Errorf("Print = %v, want nil: it was sent", err)
	}
	if err := p.Check(t.Context()); err != nil {
		t.Errorf("Check = %v, want nil: the line is there", err)
	}
	<-slip(far)
}

func TestAPrinterThatTellsItsStatusOnlyIsNotAskedForMore(t *testing.T) {
	far, p := networkPrinter(t, 48, printer.Options{Answers: printer.AnswersStatus})
	if err := p.Print(t.Context(), ticket()); err != nil {
		t.Fatal(err)
	}
	<-slip(far)
	far.SetFault(sim.Empty)
	if err := p.Print(t.Context(), ticket()); drivers.FaultOf(err) != drivers.FaultPaper {
		t.Errorf("Print without paper = %v, want fault %d", err, drivers.FaultPaper)
	}
}

// Some printers answer at once, and not when they have printed. So one that says that its
// paper has ended is not believed to have printed all.
func TestPaperThatEndsWithADocumentIsTold(t *testing.T) {
	far, p := networkPrinter(t, 48, printer.Options{})
	far.SetFault(sim.Last)
	if err := p.Print(t.Context(), ticket()); drivers.FaultOf(err) != drivers.FaultPaper || errors.Is(err, drivers.ErrRefused) {
		t.Errorf("Print = %v, want fault %d and no refusal", err, drivers.FaultPaper)
	}
}

// slip is closed when something has been printed.
func slip(far *sim.Printer) <-chan struct{} {
	changed := far.Changed()
	if len(far.Slips()) > 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	return changed
}

func TestWhatCannotBePrintedIsRefusedBeforeAnythingIsSent(t *testing.T) {
	far, p := networkPrinter(t, 48, printer.Options{})
	err := p.Print(t.Context(), drivers.Document{Parts: []drivers.Part{{Text: "x"}, {QR: strings.Repeat("x", 4000)}}})
	if err == nil || drivers.FaultOf(err) != drivers.FaultOther || len(far.Slips()) > 0 {
		t.Errorf("Print = %v with %d slips, want a refusal and none", err, len(far.Slips()))
	}
}

// One slip after the other, however many want one at the same time.
func TestDocumentsDoNotMix(t *testing.T) {
	far, p := networkPrinter(t, 48, printer.Options{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := p.Print(t.Context(), drivers.Document{Parts: []drivers.Part{{Text: "one"}, {Text: "two"}}}); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if err := p.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	one := sim.Slip{Lines: []string{"one", "two"}}
	if diff := cmp.Diff([]sim.Slip{one, one, one, one}, far.Slips()); diff != "" {
		t.Errorf("the paper differs (-want +got):\n%s", diff)
	}
}

func TestASilentPrinterIsWaitedForSoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port, l := drivertest.NewWire()
		far := sim.New(48)
		far.SetFault(sim.Dead)
		serve(t, far, l)
		p := newPrinter(t, port, printer.Options{})
		began := time.Now()
		if err := p.Print(t.Context(), ticket()); drivers.FaultOf(err) != drivers.FaultOffline {
			t.Errorf("Print = %v, want that it is offline", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("a dead printer was waited for %v, want 1s", took)
		}
		_ = port.Close()
	})
}

func TestDiagnoseTellsOfPaperAndCover(t *testing.T) {
	far, p := networkPrinter(t, 48, printer.Options{})
	printer.SetTimes(p, time.Second, time.Second)
	for _, tt := range []struct {
		name  string
		fault sim.Fault
		low   bool
		want  []drivers.Finding // without errors
	}{
		{"a printer that is well", sim.Fine, false, []drivers.Finding{{Topic: drivers.TopicReach}, {Topic: drivers.TopicPaper}}},
		{"little paper", sim.Fine, true, []drivers.Finding{{Topic: drivers.TopicReach}, {Topic: drivers.TopicPaper, Level: drivers.LevelOdd, Value: "low"}}},
		{"no paper", sim.Empty, false, []drivers.Finding{{Topic: drivers.TopicReach}, {Topic: drivers.TopicPaper, Level: drivers.LevelWrong}}},
		{"no answer", sim.Dead, false, []drivers.Finding{{Topic: drivers.TopicReach, Level: drivers.LevelWrong}}},
	} {
		far.SetFault(tt.fault)
		far.SetLow(tt.low)
		found := p.Diagnose(t.Context())
		for i := range found {
			if (found[i].Err != nil) != (found[i].Level == drivers.LevelWrong) {
				t.Errorf("%s: finding %+v has an error of another level", tt.name, found[i])
			}
			found[i].Err = nil
		}
		if diff := cmp.Diff(tt.want, found); diff != "" {
			t.Errorf("%s: findings differ (-want +got):\n%s", tt.name, diff)
		}
	}
	if len(far.Slips()) > 0 {
		t.Error("asking has printed something")
	}
}

// A snappedLine takes documents as they come, but for the first of them, in the middle of
// which it snaps. It answers nothing.
type snappedLine struct{ sent [][]byte }

func (*snappedLine) Connect(context.Context) error             { return nil }
func (*snappedLine) ResetInput(context.Context) error          { return nil }
func (*snappedLine) Read(context.Context, []byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func (l *snappedLine) Write(_ context.Context, b []byte) error {
	l.sent = append(l.sent, b)
	if len(l.sent) <= 2 {
		return errors.New("snapped")
	}
	return nil
}

// A document that broke off is ended before the next one: whatever of it the printer still
// waits for is made up, and what came out is cut off.
func TestADocumentThatBrokeOffIsEndedByTheNext(t *testing.T) {
	line := &snappedLine{}
	opt := printer.Options{Answers: printer.AnswersNone, Feed: 2, Cut: printer.CutFull}
	p := newPrinter(t, line, opt)
	long, short := ticket(), drivers.Document{Parts: []drivers.Part{{Text: "x"}}}
	for _, doc := range []drivers.Document{long, short} {
		if err := p.Print(t.Context(), doc); !errors.Is(err, drivers.ErrOffline) || errors.Is(err, drivers.ErrRefused) {
			t.Errorf("Print on a line that snaps = %v, want that nobody knows", err)
		}
	}
	for range 2 {
		if err := p.Print(t.Context(), short); err != nil {
			t.Error(err)
		}
	}
	opt.Paper, opt.QRSize = 80, 6
	torn, err := printer.Encode(long, opt)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := printer.Encode(short, opt)
	if err != nil {
		t.Fatal(err)
	}
	ended := append(make([]byte, len(torn)), "\n\x1d!\x00\x1ba\x00\x1bd\x02\x1dV\x00"...)
	want := [][]byte{torn, append(bytes.Clone(ended), plain...), append(ended, plain...), plain}
	if diff := cmp.Diff(want, line.sent); diff != "" {
		t.Errorf("what was sent differs (-want +got):\n%s", diff)
	}
}

// The simulated printer finds nothing wrong in how a document is ended.
func TestWhatEndsADocumentIsUnderstood(t *testing.T) {
	far, p := networkPrinter(t, 48, printer.Options{})
	printer.Tear(p, 100)
	if err := p.Print(t.Context(), drivers.Document{Parts: []drivers.Part{{Text: "x"}}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]sim.Slip{{}, {Lines: []string{"x"}}}, far.Slips()); diff != "" {
		t.Errorf("the paper differs (-want +got):\n%s", diff)
	}
}

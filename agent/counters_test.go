package agent

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/codes"
	"parkagent/agent/config"
	"parkagent/agent/lane"
	"parkagent/agent/slips"
	"parkagent/drivers"
	"parkagent/store"
)

// emptyPrinter has no paper left when it is to print, and was well when last asked.
type emptyPrinter struct{}

var errEmpty = &drivers.DeviceError{Device: "P1", Op: "print", Err: &drivers.FaultError{Fault: drivers.FaultPaper, Err: errors.New("no paper")}}

func (emptyPrinter) Print(context.Context, drivers.Document) error { return errEmpty }
func (emptyPrinter) Check(context.Context) error                   { return nil }

// lostScanner has lost its line.
type lostScanner struct{}

func (lostScanner) Watch(ctx context.Context, _ func(context.Context, drivers.Code)) error {
	<-ctx.Done()
	return nil
}

func (lostScanner) Check(context.Context) error { return drivers.ErrOffline }

// counterSite is smallSite with a scanner and a printer at its lane.
func counterSite(t *testing.T) (*config.Config, Devices) {
	t.Helper()
	site := smallSite(t, t.TempDir())
	site.Devices = append(site.Devices, config.Device{Code: "S1", Kind: config.KindScanner}, config.Device{Code: "P1", Kind: config.KindPrinter})
	site.Lanes[0].Scanner, site.Lanes[0].Printer = "S1", "P1"
	return site, Devices{
		Gates: map[string]lane.Gate{"G1": stillGate{}}, Cameras: map[string]lane.Camera{"C1": deafCamera{}},
		Scanners: map[string]codes.Scanner{"S1": lostScanner{}}, Printers: map[string]slips.Printer{"P1": emptyPrinter{}},
	}
}

func TestALaneNeedsTheDriversOfItsScannerAndPrinter(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Devices)
		want   string
	}{
		{"all are there", func(*Devices) {}, ""},
		{"no scanner", func(d *Devices) { d.Scanners = nil }, `lane IN1: no driver for scanner "S1"`},
		{"no printer", func(d *Devices) { d.Printers = nil }, `lane IN1: no driver for printer "P1"`},
	} {
		site, devices := counterSite(t)
		tt.change(&devices)
		got := ""
		if _, err := New(Config{Site: site, Devices: devices}); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: New = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What a scanner and a printer say when they are asked is told of platforms, and what a
// printer says when it is to print is told at once.
func TestScannersAndPrintersAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/park.db"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		site, devices := counterSite(t)
		a, err := New(Config{Site: site, Devices: devices})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.syncSite(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		press, err := a.press()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = a.watch(ctx, db, a.checks(), nil) })
		running.Go(func() { _ = press.Run(ctx) })
		defer func() { cancel(); running.Wait() }()
		states := func(scanner, printer string) {
			t.Helper()
			synctest.Wait()
			for code, want := range map[string]string{"S1": scanner, "P1": printer} {
				d, err := db.Device(t.Context(), code)
				if err != nil || d.Status != want {
					t.Errorf("%s has the state %q, %v, want %q", code, d.Status, err, want)
				}
			}
		}
		<-time.After(5 * time.Second)
		states("1", "0")
		if err := press.PrintTicket(t.Context(), "IN1", slips.Entry{CardNo: "1"}); !errors.Is(err, error(errEmpty)) {
			t.Errorf("PrintTicket = %v, want what the printer says", err)
		}
		states("1", "31")
	})
}

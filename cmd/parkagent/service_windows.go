//go:build windows

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/kardianos/service"
	"golang.org/x/sys/windows"
)

// serve runs work until ctx is done, or, when the service manager started this
// process, until that says stop. The process's signals do not count then:
// Windows tells every service of every log-off, in the guise of SIGTERM.
func serve(ctx context.Context, work func(context.Context) error) error {
	if service.Interactive() {
		return supervise(ctx, work)
	}
	p := &program{base: context.WithoutCancel(ctx), work: work, exit: os.Exit}
	s, err := service.New(p, &service.Config{Name: serviceName})
	if err != nil {
		return fmt.Errorf("meet the service manager: %w", err)
	}
	return s.Run()
}

func privileged() bool { return windows.GetCurrentProcessToken().IsElevated() }

// hasGroup is false: serial ports belong to no group on Windows.
func hasGroup(string) bool { return false }

// giveTo makes dir. Who may write to it follows from the folder above it; an
// account other than LocalSystem has to be let in by whoever chose it.
func giveTo(_, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return nil
}

package main

import (
	"parkagent/agent/config"
	"parkagent/drivers/printer"
	"parkagent/drivers/scanner"
)

func scannerDrivers() []string { return []string{"serial"} }

func printerDrivers() []string { return []string{"escpos"} }

func (b *builder) scanner(d config.Device) {
	b.unused(d, "user", "password")
	opt, wrong := scanner.ParseOptions(d.Options)
	b.options(d, wrong)
	p, ok := b.ownPort(d)
	if !ok || wrong != nil {
		return
	}
	s, err := scanner.New(scanner.Config{Device: d.Code, Port: p, Options: opt, Now: b.cfg.now, Log: b.cfg.log})
	if err != nil {
		b.options(d, err)
		return
	}
	b.out.Scanners[d.Code] = s
}

func (b *builder) printer(d config.Device) {
	b.unused(d, "user", "password")
	opt, wrong := printer.ParseOptions(d.Options)
	b.options(d, wrong)
	p, ok := b.ownPort(d)
	if !ok || wrong != nil {
		return
	}
	out, err := printer.New(printer.Config{Device: d.Code, Port: p, Options: opt, Log: b.cfg.log})
	if err != nil {
		b.options(d, err)
		return
	}
	b.out.Printers[d.Code] = out
}

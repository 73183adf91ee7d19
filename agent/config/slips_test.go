package config

import (
	"strings"
	"testing"
)

// paper is the tables of a scanner, S1, and a printer, P1.
const paper = `
[[device]]
code = "S1"
name = "扫码器"
kind = "scanner"
driver = "serial"
link = "serial:///dev/ttyS4"
options = { repeat = "5s" }
[[device]]
code = "P1"
name = "小票机"
kind = "printer"
driver = "escpos"
link = "tcp://192.168.1.30:9100"
`

func TestAScannerAndAPrinterBelongToALane(t *testing.T) {
	c, errs := parse(t, strings.Replace(site, `gate = "G1"`, "gate = \"G1\"\nscanner = \"S1\"\nprinter = \"P1\"", 1)+paper)
	if errs != nil || len(c.Warnings) > 0 {
		t.Fatalf("mistakes %v, %+v; want neither mistakes nor warnings", errs, c)
	}
	if l := c.Lanes[0]; l.Scanner != "S1" || l.Printer != "P1" {
		t.Errorf("lane %+v, want scanner S1 and printer P1", l)
	}
}

package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/slips"
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
	if errs != nil {
		t.Fatal(errs)
	}
	if len(c.Warnings) != 1 || c.Warnings[0].Key != "lane[0].scanner" {
		t.Errorf("warnings %v, want one that nothing is scanned at an entry", c.Warnings)
	}
	if l := c.Lanes[0]; l.Scanner != "S1" || l.Printer != "P1" {
		t.Errorf("lane %+v, want scanner S1 and printer P1", l)
	}
}

func TestWhatStandsOnSlipsIsRead(t *testing.T) {
	c, errs := parse(t, site+"[ticket]\nlines = [\"# {park}\", \"{barcode}\", \"{qr} 扫码\"]\n")
	if errs != nil {
		t.Fatal(errs)
	}
	if diff := cmp.Diff(slips.Template{"# {park}", "{barcode}", "{qr} 扫码"}, c.Ticket); diff != "" || c.Slip != nil {
		t.Errorf("ticket differs (-want +got), slip %v:\n%s", c.Slip, diff)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"no line", "[ticket]\nlines = []", "ticket.lines: must have 1 to 40 lines"},
		{"a slip of a name", "[slip]\nlines = [\"ok\", \"{crad}\"]", "slip.lines[1]: there is no placeholder {crad}; these are: {park} {lane} {plate} {order} {amount} {time} {link}, and {qr} and {barcode} at the beginning of a line"},
		{"a receipt has no link", "[receipt]\nlines = [\"{entry} {link}\"]", "receipt.lines[0]: there is no placeholder {link}; these are: {park} {lane} {plate} {order} {amount} {time} {entry}, and {qr} and {barcode} at the beginning of a line"},
		{"a brace alone", "[ticket]\nlines = [\"{card\"]", "ticket.lines[0]: a brace { or } stands without the other"},
		{"a line break", "[ticket]\nlines = [\"a\\nb\"]", "ticket.lines[0]: must hold no line breaks or other control characters"},
		{"a key that nobody knows", "[ticket]\nline = [\"a\"]", "ticket.line: unknown key; is it lines?"},
	} {
		_, errs := parse(t, site+tt.text)
		if len(errs) != 1 || errs[0].Key+": "+errs[0].English != tt.want {
			t.Errorf("%s: mistakes %v, want %s", tt.name, errs, tt.want)
		}
	}
}

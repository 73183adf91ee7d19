package scanner

import (
	"encoding/hex"
	"strings"
	"time"

	"parkagent/drivers/options"
)

// Options are a scanner's settings. ParseOptions fills in the defaults.
type Options struct {
	Gap    time.Duration // a code without a line end ends after such a pause
	Repeat time.Duration // the same code again this soon after it counted does not

	// Wake is sent when the line is opened, and again after each code and every
	// WakeEvery; nil sends nothing, and a WakeEvery of 0 sends it once.
	Wake      []byte
	WakeEvery time.Duration
}

// A model is what a make of scanners wants to be told. A new one is a line of
// models and nothing else.
type model struct {
	name  string
	wake  []byte
	every time.Duration
}

// models are the scanners that do something only when told, plain ones first.
func models() []model {
	return []model{
		{name: "plain"}, // reads by itself
		// 54 triggers one reading, 50 stops it (reference, scanners).
		{name: "zkb200", wake: []byte{0x54}, every: 5 * time.Second},
		// E enables a scanner that D has disabled (reference, scanners).
		{name: "cipherlab", wake: []byte("E")},
	}
}

// ParseOptions reads the option table of a scanner:
//
//	gap         pause that ends a code of a scanner that sends no line end: 50ms to 100ms, default 80ms
//	repeat      the same code again within this time counts once: 1s to 30s, default 4s
//	model       "plain" (default), "zkb200", "cipherlab": what is sent to make it read
//	wake        bytes to send instead, in hexadecimal: "54"
//	wake_every  how often they are sent again, 1s to 1m; default: as of the model, or once
//
// Anything else is an error.
func ParseOptions(table map[string]any) (Options, error) {
	o := options.Read(table)
	opt := Options{
		Gap:    o.Duration("gap", 80*time.Millisecond, 50*time.Millisecond, 100*time.Millisecond),
		Repeat: o.Duration("repeat", 4*time.Second, time.Second, 30*time.Second),
	}
	var names []string
	for _, m := range models() {
		names = append(names, m.name)
	}
	name := o.Choice("model", names...)
	for _, m := range models() {
		if m.name == name {
			opt.Wake, opt.WakeEvery = m.wake, m.every
		}
	}
	if text := o.Text("wake", ""); text != "" {
		wake, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil || len(wake) > 64 {
			o.Fail("wake", "%q is not up to 64 bytes in hexadecimal such as \"54\"", text)
		}
		opt.Wake, opt.WakeEvery = wake, 0
	}
	opt.WakeEvery = o.Duration("wake_every", opt.WakeEvery, time.Second, time.Minute)
	if o.Given("wake_every") && len(opt.Wake) == 0 {
		o.Fail("wake_every", "there is nothing to send: wake or model is missing")
	}
	return opt, o.Err()
}

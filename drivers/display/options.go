package display

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// FangkongOptions are a card's settings. Its zero value is a silent panel of
// two lines at address 0.
type FangkongOptions struct {
	Lines   int  // lines of the panel, 1 to 8; 0 means 2
	Address byte // of the card
	Ack     bool // the card answers and must; false: over a pass-through answers may be lost
	Voice   bool // the card can speak
}

// ParseFangkongOptions reads the option table of a device: lines (1 to 8),
// address (0 to 255), ack and voice (true or false; voice is true where it is
// not given). Anything else is an error.
func ParseFangkongOptions(table map[string]any) (FangkongOptions, error) {
	opt := FangkongOptions{Lines: 2, Voice: true}
	var errs []error
	number := func(key string, into *int, lo, hi int64) {
		n, ok := table[key].(int64)
		if i, isInt := table[key].(int); isInt {
			n, ok = int64(i), true
		}
		if !ok || n < lo || n > hi {
			errs = append(errs, fmt.Errorf("option %q: want a whole number from %d to %d, have %v", key, lo, hi, table[key]))
			return
		}
		*into = int(n)
	}
	yesNo := func(key string, into *bool) {
		b, ok := table[key].(bool)
		if !ok {
			errs = append(errs, fmt.Errorf("option %q: want true or false, have %v", key, table[key]))
			return
		}
		*into = b
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		switch key {
		case "lines":
			number(key, &opt.Lines, 1, 8)
		case "address":
			var address int
			number(key, &address, 0, 255)
			opt.Address = byte(address)
		case "ack":
			yesNo(key, &opt.Ack)
		case "voice":
			yesNo(key, &opt.Voice)
		default:
			errs = append(errs, fmt.Errorf("unknown option %q", key))
		}
	}
	return opt, errors.Join(errs...)
}

package gate

import (
	"testing"

	"parkagent/drivers"
)

// Whatever a device answers, no bit is made up: each comes from the answer or is an
// error.
func FuzzWhatAnAnswerSays(f *testing.F) {
	f.Add([]byte{0x05}, uint16(0), uint16(2), 0)
	f.Add([]byte{0xff, 0x01}, uint16(7), uint16(8), 16)
	f.Add([]byte{}, uint16(0), uint16(0xffff), 0)
	f.Fuzz(func(t *testing.T, data []byte, low, high uint16, all int) {
		if low > high || all < 0 || all > mostBits || all > 0 && int(high) >= all || int(high-low) >= mostBits {
			return // validate refuses these
		}
		first := int(low)
		if all > 0 {
			first = 0
		}
		bits, err := readBits(map[string]uint16{"a": low, "b": high}, all, func(uint16, uint16) ([]byte, error) { return data, nil })
		for name, n := range map[string]uint16{"a": low, "b": high} {
			i := int(n) - first
			there := i/8 < len(data)
			if err == nil && (!there || bits[n] != (data[i/8]>>(i%8)&1 == 1)) {
				t.Errorf("%s: bit %d of % x, from %d on, reads %v", name, n, data, first, bits[n])
			}
			for _, table := range []Table{TableCoil, TableInput} {
				if v, err := valueAt(table, data, i); err == nil && table == TableCoil && (!there || (v == 1) != (data[i/8]>>(i%8)&1 == 1)) {
					t.Errorf("%s %d of % x is %d", table, i, data, v)
				}
			}
		}
	})
}

func FuzzWhereAnArmIs(f *testing.F) {
	one, two := uint16(1), uint16(2)
	f.Add(uint16(1), uint16(0))
	f.Add(uint16(0x12), uint16(0x0f))
	f.Fuzz(func(t *testing.T, code, mask uint16) {
		a := ArmCode{Mask: mask, Down: &one, Up: &two}
		if mask == 0 {
			mask = 0xffff
		}
		want := map[uint16]drivers.Arm{1: drivers.ArmDown, 2: drivers.ArmUp}[code&mask]
		if got := a.position(values{a.Place: code}); got != want {
			t.Errorf("code %#x under %#x is %v, want %v", code, mask, got, want)
		}
	})
}

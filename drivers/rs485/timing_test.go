package rs485

import (
	"testing"
	"time"
)

func TestReadTimeIsWhatTheWireAllows(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name   string
		baud   int
		bits   int
		quiet  time.Duration
		boards int
		least  float64 // reads per second of each board
		most   float64
	}{
		{"four boards at 9600 share 40 reads", 9600, 8, 5 * ms, 4, 9.9, 10},
		{"one board at 9600", 9600, 8, 5 * ms, 1, 39, 40},
		{"one board at 9600 has all four lanes on it", 9600, 16, 5 * ms, 1, 38, 39},
		{"four boards at 9600 without any needless silence", 9600, 8, 0, 4, 10, 10.5},
		{"four boards at 19200 with a short silence", 19200, 8, 2 * ms, 4, 20, 21.5},
		{"four boards at 38400", 38400, 8, 5 * ms, 4, 23, 25},
		{"four boards at 115200", 115200, 8, 5 * ms, 4, 30, 32},
	}
	for _, tt := range tests {
		got := float64(time.Second) / float64(time.Duration(tt.boards)*ReadTime(tt.baud, tt.bits, tt.quiet))
		if got < tt.least || got > tt.most {
			t.Errorf("%s: %.2f reads per second each, want %v to %v", tt.name, got, tt.least, tt.most)
		}
	}
}

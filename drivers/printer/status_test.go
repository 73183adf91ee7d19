package printer

import (
	"errors"
	"strings"
	"testing"

	"parkagent/drivers"
)

func TestWhatAPrinterSaysOfItself(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers [4]byte // to the requests 1 to 4
		fault   drivers.Fault
		low     bool
	}{
		{"well", [4]byte{0x12, 0x12, 0x12, 0x12}, drivers.FaultNone, false},
		{"with its drawer open", [4]byte{0x16, 0x12, 0x12, 0x12}, drivers.FaultNone, false},
		{"little paper", [4]byte{0x12, 0x12, 0x12, 0x1e}, drivers.FaultNone, true},
		{"no paper", [4]byte{0x1a, 0x32, 0x12, 0x7e}, drivers.FaultPaper, true},
		{"no paper by the sensor alone", [4]byte{0x12, 0x12, 0x12, 0x72}, drivers.FaultPaper, false},
		{"the cover is open", [4]byte{0x1a, 0x16, 0x12, 0x12}, drivers.FaultCover, false},
		{"an open cover hides the paper's sensor", [4]byte{0x1a, 0x36, 0x12, 0x7e}, drivers.FaultPaper, true},
		{"the cutter is stuck", [4]byte{0x1a, 0x52, 0x1a, 0x12}, drivers.FaultCover, false},
		{"an error that does not pass", [4]byte{0x1a, 0x52, 0x32, 0x12}, drivers.FaultOther, false},
		{"an error that only its own request tells", [4]byte{0x12, 0x12, 0x32, 0x12}, drivers.FaultOther, false},
		{"switched to offline", [4]byte{0x1a, 0x12, 0x12, 0x12}, drivers.FaultOther, false},
	} {
		var s Status
		for i, answer := range tt.answers {
			if !isStatus(answer) || isPrinted(answer) {
				t.Errorf("%s: %02X is not told from other answers", tt.name, answer)
			}
			s.add(byte(i+1), answer)
		}
		if err := s.Err(); drivers.FaultOf(err) != tt.fault || (err != nil) != errors.Is(err, drivers.ErrRefused) || s.Low != tt.low {
			t.Errorf("%s: %+v is %v, want the fault %d and low %v", tt.name, s, err, tt.fault, tt.low)
		}
	}
}

func TestWhatIsNoStatusIsNotTakenForOne(t *testing.T) {
	for name, b := range map[string]byte{"XON": 0x11, "XOFF": 0x13, "a status that nobody asked for": 0x18, "that all was printed": 0x00, "noise": 0xff} {
		if isStatus(b) {
			t.Errorf("%s (%#02x) is taken for the answer to a request", name, b)
		}
	}
}

func FuzzStatus(f *testing.F) {
	f.Add(byte(0x12), byte(0x12), byte(0x12), byte(0x12))
	f.Add(byte(0x1a), byte(0x32), byte(0x12), byte(0x7e))
	f.Fuzz(func(t *testing.T, a, b, c, d byte) {
		var s Status
		for i, answer := range []byte{a, b, c, d} {
			if isStatus(answer) && isPrinted(answer) {
				t.Fatalf("%02X answers two requests", answer)
			}
			s.add(byte(i+1), answer)
		}
		if err := s.Err(); err != nil && drivers.FaultOf(err) == drivers.FaultNone {
			t.Errorf("%+v is an error without a fault: %v", s, err)
		}
	})
}

func TestOptionsAreReadStrictly(t *testing.T) {
	got, err := ParseOptions(map[string]any{"paper": 58, "qr": "image", "qr_size": 4, "cut": "full", "feed": 0, "answers": "none"})
	if want := (Options{Paper: 58, QRImage: true, QRSize: 4, Cut: CutFull, Feed: 0, Answers: AnswersNone}); got != want || err != nil {
		t.Errorf("options = %+v, %v, want %+v", got, err, want)
	}
	for _, tt := range []struct {
		name  string
		table map[string]any
		want  string
	}{
		{"a width that there is not", map[string]any{"paper": 76}, `option "paper": want 58 or 80, have 76`},
		{"a cut that there is not", map[string]any{"cut": "half"}, `option "cut": "half" is not one of partial, full, none`},
		{"a slip", map[string]any{"papr": 58}, `unknown option "papr"`},
	} {
		if _, err := ParseOptions(tt.table); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: ParseOptions = %v, want %s", tt.name, err, tt.want)
		}
	}
}

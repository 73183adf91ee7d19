package rs485

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/goburrow/modbus"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sealed returns an RTU frame with its CRC.
func sealed(t testing.TB, s string) []byte {
	t.Helper()
	b := unhex(t, s)
	adu, err := rtuPackager(b[0]).Encode(&modbus.ProtocolDataUnit{FunctionCode: b[1], Data: b[2:]})
	if err != nil {
		t.Fatal(err)
	}
	return adu
}

func TestFindReplyTakesOnlyTheAnswerToThisRequest(t *testing.T) {
	coils, inputs := sealed(t, "01 01 0000 0008"), sealed(t, "01 02 0000 0003")
	write := sealed(t, "01 05 0000 FF00")
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := []struct {
		name              string
		request, received []byte
		want              []byte
	}{
		{"a read of coils", coils, sealed(t, "01 01 01 05"), sealed(t, "01 01 01 05")},
		{"a write is answered by its own bytes", write, write, write},
		{"a write of several coils", sealed(t, "01 0F 0000 0008 01 00"), sealed(t, "01 0F 0000 0008"), sealed(t, "01 0F 0000 0008")},
		{"registers", sealed(t, "01 03 0000 0002"), sealed(t, "01 03 04 0001 0002"), sealed(t, "01 03 04 0001 0002")},
		{"an exception", write, sealed(t, "01 85 02"), sealed(t, "01 85 02")},
		{"noise before", coils, join([]byte{0, 0xff, 0x01}, sealed(t, "01 01 01 05")), sealed(t, "01 01 01 05")},
		{"the request itself before", coils, join(coils, sealed(t, "01 01 01 05")), sealed(t, "01 01 01 05")},
		{"another unit's reply before", coils, join(sealed(t, "02 01 01 FF"), sealed(t, "01 01 01 05")), sealed(t, "01 01 01 05")},
		{"another function's reply before", coils, join(sealed(t, "01 02 01 FF"), sealed(t, "01 01 01 05")), sealed(t, "01 01 01 05")},
		{"bytes after", coils, join(sealed(t, "01 01 01 05"), []byte{1, 2, 3}), sealed(t, "01 01 01 05")},
		{"nothing", coils, nil, nil},
		{"only the request", coils, coils, nil},
		{"a reply cut short", coils, sealed(t, "01 01 01 05")[:5], nil},
		{"an exception cut short", write, sealed(t, "01 85 02")[:4], nil},
		{"a damaged reply", coils, unhex(t, "01 01 01 05 00 00"), nil},
		{"too many values", inputs, sealed(t, "01 02 02 0000"), nil},
		{"the answer to a write of another coil", write, sealed(t, "01 05 0001 FF00"), nil},
		{"the answer to a write of another value", write, sealed(t, "01 05 0000 0000"), nil},
		{"an exception without a code", write, sealed(t, "01 85 00"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, got := findReply(tt.request, tt.received)
			if !bytes.Equal(got, tt.want) {
				t.Errorf("findReply = % x at %d, want % x", got, at, tt.want)
			}
		})
	}
}

func FuzzFindReply(f *testing.F) {
	for _, s := range []string{"01 01 0000 0008", "01 02 0000 0008", "01 05 0000 FF00", "01 05 0200 0005", "01 10 0003 0002 04 0004 0005", "FE 05 0000 FF00", "01 03 0000 007D", "01 0F 0000 0008 01 00", "01 16 0004 00F2 0025", "01 17 0000 0001 0000 0001 02 0000"} {
		f.Add(sealed(f, s), append([]byte{0, 0xff}, sealed(f, "01 01 01 05")...))
		f.Add(sealed(f, s), sealed(f, s))
	}
	f.Fuzz(func(t *testing.T, request, received []byte) {
		at, frame := findReply(request, received)
		if frame == nil {
			return
		}
		if !bytes.Equal(frame, received[at:at+len(frame)]) || frame[0] != request[0] || frame[1]&^exceptionBit != request[1]&^exceptionBit || !checked(frame) {
			t.Errorf("% x is no answer to % x", frame, request)
		}
		// A reply that was found is found whatever stands before it on the
		// line, as long as that has none itself.
		if i, again := findReply(request, append([]byte{request[0] ^ 0xff}, received...)); i != at+1 || !bytes.Equal(again, frame) {
			t.Errorf("with noise before, found % x at %d, want % x at %d", again, i, frame, at+1)
		}
	})
}

func FuzzNextFrame(f *testing.F) {
	f.Add(unhex(f, "0001 0000 0004 01 01 01 05"))
	f.Add(unhex(f, "0001 0000 0003 01 85 02 0002 0000"))
	f.Add([]byte("HTTP/1.1 400 Bad Request"))
	f.Fuzz(func(t *testing.T, received []byte) {
		frame, rest, err := nextFrame(received)
		if err != nil {
			return
		}
		if !bytes.Equal(append(frame, rest...), received) {
			t.Errorf("% x was split into % x and % x", received, frame, rest)
		}
		if frame != nil && (len(frame) < headerLength+1 || len(frame) > headerLength-1+longestLength) {
			t.Errorf("a frame of %d bytes", len(frame))
		}
	})
}

func TestSilentIntervalFollowsTheSpeed(t *testing.T) {
	for baud, want := range map[int]time.Duration{
		1200: 32083333, 9600: 4010416, 19200: 1750 * time.Microsecond, 115200: 1750 * time.Microsecond, 0: 1750 * time.Microsecond,
	} {
		if got := silentInterval(baud); got != want {
			t.Errorf("silentInterval(%d) = %v, want %v", baud, got, want)
		}
	}
}

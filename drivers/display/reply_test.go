package display

import (
	"bytes"
	"testing"

	"parkagent/drivers/display/frame"
)

// TestAFrameThatComesBackIsNoAnswer gives boards their own frames, as adapters
// throw them back: whole, in pieces, and before an answer.
func TestAFrameThatComesBackIsNoAnswer(t *testing.T) {
	chip := speechModels()[0].chip
	refusal := map[string][]byte{
		"fangkong": {0x00, 0x64, 0xFF, 0xFF, 0x62, 0x01, 0x01, 0x56, 0xAA},
		"syn6288":  {frame.SpeechRefused},
	}
	tests := []struct {
		name  string
		board board
		sent  []byte
	}{
		{"fangkong", fangkong{FangkongOptions{Lines: 2}}, frame.FangkongText(0, frame.Line{Text: "粤A12345"})},
		{"fangkong asked", fangkong{FangkongOptions{Lines: 2}}, frame.FangkongConnect(0)},
		{"onbon asked", onbon{OnbonOptions{Lines: 2, Address: 1}, onbonModels()[0]}, frame.OnbonPing(1)},
		{"syn6288", speech{chip: chip}, frame.Speech(chip, "粤A12345,NOE")}, // its letters are answers
		{"syn6288 asked", speech{chip: chip}, frame.SpeechStatus(chip)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n := range len(tt.sent) + 1 {
				if r, ok := tt.board.reply(tt.sent[:n], tt.sent); ok {
					t.Fatalf("the first %d bytes of our own frame are taken for the answer %+v", n, r)
				}
			}
			no, known := refusal[tt.name]
			if !known {
				return
			}
			if r, ok := tt.board.reply(append(bytes.Clone(tt.sent), no...), tt.sent); !ok || r.refused == nil {
				t.Errorf("reply behind our own frame = %+v, %v, want a refusal", r, ok)
			}
		})
	}
}

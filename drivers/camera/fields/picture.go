package fields

import (
	"encoding/base64"
	"strings"

	"parkagent/drivers/camera"
)

// Pictures returns the JPEGs that text holds as base64: usually one, several one
// after the other from some makers, none from text that is anything else.
//
// Every base64 in the field is read: with + and / or with - and _, with line
// breaks, with its padding, without, or with the dots that some write for it,
// with a plus that a form made a space of, and behind "data:image/jpeg;base64,".
func Pictures(text string) [][]byte {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "data:") {
		_, text, _ = strings.Cut(text, ",")
	}
	space := "+"
	if strings.ContainsAny(text, "\r\n") {
		space = "" // the indentation of a wrapped line
	}
	plain := strings.NewReplacer("\r", "", "\n", "", "\t", "", " ", space, "-", "+", "_", "/").Replace(text)
	data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(plain, "=."))
	if err != nil || !camera.IsJPEG(data) {
		return nil
	}
	return SplitJPEG(data)
}

// SplitJPEG returns the JPEG files that stand one after the other in data, which
// begins with one. What follows the last of them is left out; a file without an
// end lasts to the end of data.
func SplitJPEG(data []byte) [][]byte {
	var files [][]byte
	for camera.IsJPEG(data) {
		n := jpegLength(data)
		files = append(files, data[:n:n])
		data = data[n:]
	}
	return files
}

// jpegLength returns where the JPEG file at the beginning of data ends. It goes
// from segment to segment, for a small picture within a header has an end of its
// own.
func jpegLength(data []byte) int {
	i := 2 // behind the marker that begins it
	for i+2 <= len(data) {
		if data[i] != 0xFF {
			i++ // picture data, or what should not be here
			continue
		}
		switch marker := data[i+1]; {
		case marker == 0xD9: // the end
			return i + 2
		case marker == 0x00, marker == 0x01, marker >= 0xD0 && marker <= 0xD7:
			i += 2 // an escaped byte of the data, or a marker without a segment
		case marker == 0xFF:
			i++ // filling
		case marker == 0xD8:
			return i // the next file, and this one has no end
		case i+4 > len(data):
			return len(data)
		default:
			i += 2 + int(data[i+2])<<8 + int(data[i+3])
		}
	}
	return len(data)
}

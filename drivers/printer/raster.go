package printer

import (
	"fmt"

	"github.com/boombuler/barcode/qr"
)

// mostRows is how many rows of dots one raster command has. Printers with little
// memory lose what comes in larger pieces; between two of them there is no gap.
const mostRows = 240

// quiet is how many modules stay white above and below a code. At its sides the paper
// does, since it is centred.
const quiet = 4

// raster returns a QR code as a raster image (GS v 0), for printers that have no QR
// code of their own: modules of size dots, or fewer where the paper is too narrow.
func raster(content string, size, dots int) ([]byte, error) {
	code, err := qr.Encode(content, qr.M, qr.Unicode)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTooLong, err)
	}
	modules := code.Bounds().Dx()
	size = min(size, dots/modules)
	if size < 1 {
		return nil, fmt.Errorf("%w: a QR code of %d modules on %d dots", ErrTooLong, modules, dots)
	}
	width := (modules*size + 7) / 8
	var rows []byte
	for y := -quiet; y < modules+quiet; y++ {
		row := make([]byte, width)
		for x := range modules * size {
			if y < 0 || y >= modules {
				break
			}
			if r, _, _, _ := code.At(x/size, y).RGBA(); r == 0 {
				row[x/8] |= 0x80 >> (x % 8)
			}
		}
		for range size {
			rows = append(rows, row...)
		}
	}
	var out []byte
	for len(rows) > 0 {
		n := min(len(rows)/width, mostRows)
		out = append(out, 0x1d, 'v', '0', 0, byte(width), byte(width>>8), byte(n), byte(n>>8))
		out = append(out, rows[:n*width]...)
		rows = rows[n*width:]
	}
	return append(out, '\n'), nil
}

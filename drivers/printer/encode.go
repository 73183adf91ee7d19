package printer

import (
	"errors"
	"fmt"
	"strings"

	"parkagent/drivers"
)

// ErrTooLong means that a QR code or a document has more in it than a printer takes.
var ErrTooLong = errors.New("too long to be printed")

// mostQR is what a QR code holds of bytes at error correction M (ISO/IEC 18004,
// version 40). mostBytes bounds one document: at 9600 baud it takes a minute.
const (
	mostQR    = 2331
	mostBytes = 64 << 10
)

// Commands of ESC/POS. Init, alignment, cut, GBK and the QR commands are those of the
// reference (scanners and printers); sizes, feed, bar codes and raster images are
// from the ESC/POS command reference that makers of receipt printers publish.
const (
	cmdInit    = "\x1b@"
	cmdNoBack  = "\x1da\x00" // no status that nobody asked for: its bytes look like an answer
	cmdGBK     = "\x1c&"     // double-byte characters from here on
	cmdLeft    = "\x1ba\x00"
	cmdCentre  = "\x1ba\x01"
	cmdNormal  = "\x1d!\x00"
	cmdLarge   = "\x1d!\x11" // twice as wide and high
	cmdQRModel = "\x1d(k\x04\x001A2\x00"
	cmdQRLevel = "\x1d(k\x03\x001E1" // M
	cmdQRPrint = "\x1d(k\x03\x001Q0"
	cmdBarcode = "\x1dh\x50\x1dw\x02\x1dH\x02" // 80 dots high, 2 dots a bar, the text below
)

// Encode returns the bytes that print a document and cut it off. It fails with
// ErrTooLong and touches nothing.
func Encode(doc drivers.Document, opt Options) ([]byte, error) {
	e := encoder{opt: opt}
	e.add(cmdInit)
	if opt.Answers == AnswersAll {
		e.add(cmdNoBack)
	}
	e.add(cmdGBK)
	for _, p := range doc.Parts {
		if err := e.part(p); err != nil {
			return nil, err
		}
	}
	e.end()
	if len(e.out) > mostBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLong, len(e.out))
	}
	return e.out, nil
}

// afterTorn returns what ends a document of which the printer got no more than a part of
// so many bytes: it may wait for the rest of an image or of a code, which would be the
// beginning of the next document. Zeros fill that, and are nothing where text is
// expected. What came out before is then cut off. Of 0 bytes there is nothing to end.
func afterTorn(bytes int, opt Options) []byte {
	if bytes == 0 {
		return nil
	}
	e := encoder{opt: opt, out: make([]byte, bytes)}
	e.add("\n")
	e.end()
	return e.out
}

// An encoder is a document being put into bytes.
type encoder struct {
	opt Options
	out []byte
}

func (e *encoder) add(commands ...string) {
	for _, c := range commands {
		e.out = append(e.out, c...)
	}
}

// end feeds what was printed out of the printer and cuts it off.
func (e *encoder) end() {
	e.add(cmdNormal, cmdLeft)
	if e.opt.Feed > 0 {
		e.add("\x1bd", string([]byte{byte(e.opt.Feed)}))
	}
	switch e.opt.Cut {
	case CutPartial:
		e.add("\x1dV\x01")
	case CutFull:
		e.add("\x1dV\x00")
	}
}

func (e *encoder) part(p drivers.Part) error {
	if p.Centred || p.QR != "" || p.Barcode != "" {
		e.add(cmdCentre)
	} else {
		e.add(cmdLeft)
	}
	switch {
	case p.QR != "":
		return e.qr(p.QR)
	case p.Barcode != "":
		e.barcode(p.Barcode)
	default:
		e.text(p)
	}
	return nil
}

func (e *encoder) text(p drivers.Part) {
	columns := e.opt.columns()
	if p.Large {
		e.add(cmdLarge)
		columns /= 2
	} else {
		e.add(cmdNormal)
	}
	for _, line := range Wrap(p.Text, columns) {
		e.out = append(append(e.out, line...), '\n')
	}
}

func (e *encoder) qr(content string) error {
	if len(content) > mostQR {
		return fmt.Errorf("%w: a QR code of %d bytes", ErrTooLong, len(content))
	}
	if e.opt.QRImage {
		image, err := raster(content, e.opt.QRSize, e.opt.dots())
		e.out = append(e.out, image...)
		return err
	}
	n := len(content) + 3
	e.add(cmdQRModel, "\x1d(k\x03\x001C", string([]byte{byte(e.opt.QRSize)}), cmdQRLevel,
		"\x1d(k", string([]byte{byte(n), byte(n >> 8)}), "1P0", content, cmdQRPrint, "\n")
	return nil
}

// Bars of a Code 128: start, check and stop have 11, 11 and 13, each character 11; of
// set C a character is two digits.
const (
	bars128    = 35
	barsOf128  = 11
	dotsOfABar = 2
)

// barcode prints a Code 128, or only its text where the code is wider than the paper
// or has what a bar code cannot have.
func (e *encoder) barcode(content string) {
	data := "{B" + strings.ReplaceAll(content, "{", "{{")
	characters := len(content)
	if len(content)%2 == 0 && strings.Trim(content, "0123456789") == "" {
		pairs := []byte("{C")
		for i := 0; i < len(content); i += 2 {
			pairs = append(pairs, (content[i]-'0')*10+content[i+1]-'0')
		}
		data, characters = string(pairs), len(content)/2
	}
	odd := strings.ContainsFunc(content, func(r rune) bool { return r < ' ' || r > '~' })
	if odd || (bars128+barsOf128*characters)*dotsOfABar > e.opt.dots() || len(data) > 255 {
		e.text(drivers.Part{Text: content})
		return
	}
	e.add(cmdNormal, cmdBarcode, "\x1dk\x49", string([]byte{byte(len(data))}), data, "\n")
}

package printer

import (
	"parkagent/drivers/options"
)

// Options are a printer's settings. ParseOptions fills in the defaults.
type Options struct {
	Paper   int  // width in mm, 58 or 80
	QRImage bool // the printer has no QR code: it is sent as an image
	QRSize  int  // dots of a module of a QR code, 1 to 16
	Cut     Cut
	Feed    int // lines before the cut, 0 to 20
	Answers Answers
}

// A Cut tells how a document is cut off.
type Cut string

// The cuts. A partial one leaves the paper hanging, so that it does not fall.
const (
	CutPartial Cut = "partial"
	CutFull    Cut = "full"
	CutNone    Cut = "none"
)

// Answers tells what a printer can be asked.
type Answers string

// What printers answer.
const (
	// AnswersAll: paper and cover before a document, and behind it that it was
	// printed. Only then success means that it was.
	AnswersAll Answers = "all"
	// AnswersStatus: only paper and cover, before a document and behind it.
	AnswersStatus Answers = "status"
	// AnswersNone: nothing, as over a line without a way back. Success means that
	// the document was sent.
	AnswersNone Answers = "none"
)

// Dots of the head at 203 dpi, and columns of its characters of 12 dots.
const (
	dots58, dots80 = 384, 576
	dotsOfAColumn  = 12
)

func (o Options) dots() int {
	if o.Paper == 58 {
		return dots58
	}
	return dots80
}

func (o Options) columns() int { return o.dots() / dotsOfAColumn }

// ParseOptions reads the option table of a printer:
//
//	paper    width of the paper in mm: 58 (32 columns) or 80 (48 columns), default 80
//	qr       "printer" (default), or "image" for a printer that has no QR code of its own
//	qr_size  dots of a module of a QR code: 1 to 16, default 6
//	cut      "partial" (default), "full", or "none" for a printer without a cutter
//	feed     lines fed before the cut: 0 to 20, default 4
//	answers  "all" (default): the printer tells of paper and cover, and when it has printed;
//	         "status": of paper and cover only; "none": it is sent documents and not asked
//
// Anything else is an error.
func ParseOptions(table map[string]any) (Options, error) {
	o := options.Read(table)
	opt := Options{
		Paper:   int(o.Int("paper", 80, 58, 80)),
		QRImage: o.Choice("qr", "printer", "image") == "image",
		QRSize:  int(o.Int("qr_size", 6, 1, 16)),
		Cut:     Cut(o.Choice("cut", string(CutPartial), string(CutFull), string(CutNone))),
		Feed:    int(o.Int("feed", 4, 0, 20)),
		Answers: Answers(o.Choice("answers", string(AnswersAll), string(AnswersStatus), string(AnswersNone))),
	}
	if opt.Paper != 58 && opt.Paper != 80 {
		o.Fail("paper", "want 58 or 80, have %d", opt.Paper)
	}
	return opt, o.Err()
}

package drivers

import (
	"log/slog"
	"strings"
	"time"
)

// A Code is what a scanner read: the text of a bar code or of a QR code.
//
// It may be a driver's payment code, which is as good as money while it lasts. So
// its text is in no log: String and LogValue show a few characters only.
type Code struct {
	Device string // device code of the scanner
	Kind   CodeKind
	Text   string    // without what the scanner puts around it
	At     time.Time // by our clock, UTC
}

// Paying reports whether it can be a driver's payment code.
func (c Code) Paying() bool { return c.Kind != CodeOther }

// String returns the kind and the masked text.
func (c Code) String() string { return c.Kind.String() + " " + c.masked() }

// LogValue is String.
func (c Code) LogValue() slog.Value { return slog.StringValue(c.String()) }

// masked shows how long the text is, and of a long one its ends.
func (c Code) masked() string {
	r := []rune(c.Text)
	if len(r) < 12 {
		return strings.Repeat("*", len(r))
	}
	return string(r[:2]) + strings.Repeat("*", min(len(r)-4, 20)) + string(r[len(r)-2:])
}

// A CodeKind tells whose code a text can be by its grammar. The zero value is no
// payment code.
type CodeKind uint8

// The kinds of codes.
const (
	CodeOther    CodeKind = iota // a ticket, a link, or anything else
	CodeWeChat                   // payment code of WeChat
	CodeAlipay                   // payment code of Alipay
	CodeUnionPay                 // payment code of UnionPay
)

// String names the kind in English.
func (k CodeKind) String() string {
	switch k {
	case CodeWeChat:
		return "WeChat"
	case CodeAlipay:
		return "Alipay"
	case CodeUnionPay:
		return "UnionPay"
	}
	return "other"
}

package protocol

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// A Charset is how the bytes under the encryption stand for characters.
type Charset string

// The charsets of the wire. The document says "GB2312", by which .NET means
// code page 936, that is GBK. Many clients forget to convert and send UTF-8.
const (
	GBK  Charset = "gbk"
	UTF8 Charset = "utf-8"
)

// ParseCharset returns the charset that a configuration file names: gbk, gb2312,
// gb18030 or utf-8, in any case.
func ParseCharset(name string) (Charset, error) {
	switch strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name)) {
	case "gbk", "gb2312", "gb18030", "cp936":
		return GBK, nil
	case "utf8":
		return UTF8, nil
	default:
		return "", fmt.Errorf("unknown charset %q, want gbk or utf-8", name)
	}
}

// EncodeText returns a JSON text in the given charset. In GBK a character that
// the charset lacks becomes a JSON \uXXXX escape, two of them beyond the BMP,
// so nothing is lost; this is why the text must be JSON. Bytes that are no UTF-8
// become U+FFFD.
func EncodeText(charset Charset, text []byte) []byte {
	if charset == UTF8 || isASCII(text) {
		return text
	}
	encoder := simplifiedchinese.GBK.NewEncoder()
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r < utf8.RuneSelf {
			out = append(out, text[0])
			text = text[1:]
			continue
		}
		encoded, err := encoder.Bytes(text[:size])
		if err != nil || r == utf8.RuneError || !inCodePage936(encoded) {
			out = appendEscape(out, r)
		} else {
			out = append(out, encoded...)
		}
		text = text[size:]
	}
	return out
}

// inCodePage936 reports whether .NET reads b as the encoder means it. The encoder
// follows the web's GBK, which has borrowed some places from GB18030 that code
// page 936 leaves empty, and a euro sign of one byte that not every code page has.
func inCodePage936(b []byte) bool {
	if len(b) != 2 {
		return false
	}
	switch b[0] {
	case 0xA8:
		return b[1] != 0xBF
	case 0xA9:
		return b[1] < 0x89 || b[1] > 0x95
	case 0xFE:
		return b[1] < 0x50
	default:
		return true
	}
}

// appendEscape appends r as JSON escapes it.
func appendEscape(out []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Appendf(out, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}

// DecodeText returns text of the given charset as UTF-8. Bytes that mean nothing
// in it become U+FFFD. GBK is read together with what GB18030 adds to it.
func DecodeText(charset Charset, text []byte) []byte {
	if isASCII(text) {
		return text
	}
	if charset == UTF8 {
		return bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	// The decoder never fails: it writes U+FFFD instead.
	decoded, _ := simplifiedchinese.GB18030.NewDecoder().Bytes(text)
	return decoded
}

// GuessCharset decides whether text is GBK or UTF-8 and returns the charset and
// the text as UTF-8. last is what the same client sent before, empty if unknown.
//
// That text is valid in a charset says little: 豫 鲁 使 学 in GBK are valid UTF-8,
// and most Chinese UTF-8 is valid GBK. So a number plate decides, when one can be
// read in exactly one of the two ways; then that a reading is damaged, which
// cannot be what was meant; then last; then GBK, as the document wants.
func GuessCharset(text []byte, last Charset) (Charset, []byte) {
	if last == "" {
		last = GBK
	}
	if isASCII(text) {
		return last, text
	}
	asGBK, asUTF8 := DecodeText(GBK, text), DecodeText(UTF8, text)
	guess := last
	gbk, utf := plateEvidence(asGBK), plateEvidence(asUTF8)
	if gbk == utf {
		gbk, utf = undamaged(asGBK), undamaged(asUTF8)
	}
	if gbk > utf {
		guess = GBK
	} else if utf > gbk {
		guess = UTF8
	}
	if guess == UTF8 {
		return UTF8, asUTF8
	}
	return GBK, asGBK
}

// undamaged returns 1 for text in which every byte meant something.
func undamaged(text []byte) int {
	if bytes.ContainsRune(text, utf8.RuneError) {
		return 0
	}
	return 1
}

// The plate grammar, as far as it tells charsets apart: a province and a letter,
// or one of the characters that special plates carry, before or after digits.
const (
	provinces    = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
	specials     = "使领警学挂港澳临空"
	platePattern = `(?:[` + provinces + `][A-Za-z][-·•. ]?[0-9A-Za-z]{4,6}[` + specials + `试超]?` +
		`|[` + specials + `军海][0-9A-Za-z]{4,7}` +
		`|[0-9A-Za-z]{5,7}[` + specials + `]` +
		`|[Ww][Jj](?:[` + provinces + `][0-9A-Za-z]{4,5}|[0-9]{2}[警消边通森金电水交][0-9]{4})` +
		`|民航[0-9A-Za-z]{4,5})`
	// An edge is no letter, no digit and no damage.
	platePrefix = `(?:^|[^\p{L}\p{N}\x{FFFD}])`
	plateSuffix = `(?:$|[^\p{L}\p{N}\x{FFFD}])`
)

// plateGrades are ways to see a plate in a text, the surest first: alone, inside
// other words, and only its beginning, as people search with.
var plateGrades = [...]*regexp.Regexp{
	regexp.MustCompile(platePrefix + platePattern + plateSuffix),
	regexp.MustCompile(platePattern),
	regexp.MustCompile(platePrefix + `[` + provinces + specials + `][0-9A-Za-z]{0,7}` + plateSuffix),
}

// evidenceLimit is how much of a text is searched for plates. A longer one holds a
// picture, and the box has better things to do than to search that.
const evidenceLimit = 64 << 10

// plateEvidence grades how surely text holds a plate, 0 for not at all.
func plateEvidence(text []byte) int {
	text = text[:min(len(text), evidenceLimit)]
	for i, grade := range plateGrades {
		if grade.Match(text) {
			return len(plateGrades) - i
		}
	}
	return 0
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

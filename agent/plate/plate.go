// Package plate knows how Chinese number plates are written.
//
// Cameras, platforms and people write the same plate in many ways: in lower
// case, in full-width letters, with a dot after the authority, with the colour
// before it. The books hold one normal form, and everything is compared in it.
// The package is pure.
package plate

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// provinces are the first characters of ordinary civil plates.
const provinces = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

// colours are the characters that some cameras put before a plate. 黑 is also a
// province, therefore what follows decides.
const colours = "蓝黄白黑绿"

// separators are the marks that are printed or typed between the parts of a
// plate and carry nothing. White space is one, too.
const separators = ".-_·•‧∙・･—–\u200b\ufeff"

// Normal returns the normal form of a plate: half-width, upper case, without
// separators, and without a colour before the plate. It does not judge: what is
// not a plate comes back tidied. Normal of a normal form is the same.
func Normal(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		if unicode.IsSpace(r) || strings.ContainsRune(separators, r) {
			return -1
		}
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, s)
	return withoutColour(s)
}

// withoutColour removes the colours before a plate, two of them for the
// yellow-green plates of large new-energy cars, but only if a plate begins
// behind them.
func withoutColour(s string) string {
	for rest := s; ; {
		if begins(rest) {
			return rest
		}
		first, size := utf8.DecodeRuneInString(rest)
		if !strings.ContainsRune(colours, first) {
			return s
		}
		rest = rest[size:]
	}
}

// begins reports whether s looks like the beginning of a plate.
func begins(s string) bool {
	first, size := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[size:])
	switch {
	case first == '黑':
		return second >= 'A' && second <= 'Z'
	case first == '使' || first == '领':
		return second >= '0' && second <= '9'
	case strings.HasPrefix(s, "民航"):
		return true
	}
	return size > 0 && strings.ContainsRune(provinces, first)
}

// valid holds every civil form. Letters leave out I everywhere and O in serials,
// where they would be read as digits; O stays possible for the authority, which
// old police plates use.
var valid = regexp.MustCompile(`^(` + strings.Join([]string{
	`[` + provinces + `][A-HJ-Z](` + strings.Join([]string{
		`[0-9A-HJ-NP-Z]{5}`,
		`[0-9A-HJ-NP-Z]{4}[警学挂使领试超]`, // 试 and 超 are temporary: cars on trial, oversized ones
		`[0-9A-HJ-NP-Z]{4,5}临`,
		`[0-9A-HJ-NP-Z]{4}应急`,
		`[A-HJK][0-9A-HJ-NP-Z][0-9]{4}`, // new energy, small
		`[0-9]{5}[A-HJK]`,               // new energy, large
	}, `|`) + `)`,
	`粤Z[0-9A-HJ-NP-Z]{4}[港澳]`,      // all of them are registered there
	`[使领][0-9]{6}`, `[0-9]{6}[使领]`, // embassies and consulates, older and newer form
	`民航[0-9A-HJ-NP-Z]{5}`,
	`空[0-9]{6}`, // ours, for cars without a plate
}, `|`) + `)$`)

// Valid reports whether a plate in normal form has the form of a civil plate, or
// of a temporary one of ours. A valid form does not mean that the plate exists.
func Valid(plate string) bool { return valid.MatchString(plate) }

// Tail returns a plate in normal form without its province, by which people look
// for a car who cannot type the province. A plate that begins with none is
// returned whole.
func Tail(plate string) string {
	first, size := utf8.DecodeRuneInString(plate)
	if size > 0 && strings.ContainsRune(provinces, first) {
		return plate[size:]
	}
	return plate
}

// Alike reports whether two plates in normal form may be two readings of one:
// they are as long as each other and differ in at most two characters. It is
// for a car that is known to stand there, not for finding one among many.
func Alike(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) != len(y) {
		return false
	}
	differ := 0
	for i := range x {
		if x[i] != y[i] {
			differ++
		}
	}
	return differ <= 2
}

// Temporary returns the plate of a car without one: 空 and six digits, the last
// six of n. Whoever gives it out sees to it that no car inside has it.
func Temporary(n int) string {
	return fmt.Sprintf("空%06d", max(n%1_000_000, -(n%1_000_000)))
}

// IsTemporary reports whether a plate in normal form is one of ours, which
// stands on no car.
func IsTemporary(plate string) bool {
	return strings.HasPrefix(plate, "空") && Valid(plate)
}

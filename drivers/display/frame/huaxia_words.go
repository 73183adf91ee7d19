package frame

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// HuaxiaPhrases are the words that a card has recorded, by the byte that speaks
// them, as other people's client code uses them. Firmware differs: a card's own
// sheet decides, and the option "phrases" carries it.
func HuaxiaPhrases() map[string]byte {
	phrases := map[string]byte{
		"欢迎光临": 0x01, "谢谢": 0x03, "请缴费": 0x0B, "请入场停车": 0x14, "本次": 0x16, "元": 0x2D,
		"缴费成功": 0x45, "一路平安": 0x5F, "再次光临": 0x62, "停车费": 0x6A,
	}
	for digit := range byte(10) {
		phrases[string(rune('0'+digit))] = '0' + digit
	}
	return phrases
}

var (
	// platePattern is a plate at the beginning of a text: the character of
	// its province, a letter, and the rest; or an embassy's or a consulate's.
	platePattern = regexp.MustCompile(`^(?:[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使][A-Z][A-Z0-9]{4,6}[挂学警港澳使领试超临]?|[使领][0-9]{6}|[0-9]{6}[使领])`)
	// amountPattern is a number, in figures or in words, and what it counts.
	amountPattern = regexp.MustCompile(`^([0-9.]+|[零〇一二两三四五六七八九十百千万点]+)(元|角|分钟|分|小时|时|天|个|位|次)?`)
	// sayable is a number that numerals can write.
	sayable = regexp.MustCompile(`^(0|[1-9][0-9]{0,3})(?:\.([0-9]+))?$`)
)

// Spell writes text as a card with these phrases speaks it, in at most limit
// bytes: a plate by its characters, a known phrase by its byte, a number figure
// by figure. What the card has no word for is left out.
//
// A number is spoken whole and with what it counts, or not at all: 12.5元 without
// a word for the point would be heard as 125元, and 30天 without one for the days
// as a price. One that counts nothing is spoken right behind a phrase only.
func Spell(text string, phrases map[string]byte, limit int) []byte {
	var words []byte
	behind := false // a phrase
	for text != "" {
		w := spellNext(text, phrases, behind)
		if len(words)+len(w.spoken) > limit {
			break
		}
		words = append(words, w.spoken...)
		text, behind = text[w.size:], w.phrase
	}
	return words
}

// A word is the beginning of a text as a card speaks it.
type word struct {
	spoken []byte // nothing, where the card has no word for it
	size   int    // bytes of the text
	phrase bool   // a recorded phrase
}

// spellNext speaks the beginning of text, right behind a phrase or not. The
// longest phrase goes before a number, since phrases begin with one.
func spellNext(text string, phrases map[string]byte, behind bool) word {
	if p := platePattern.FindString(text); p != "" {
		return word{spoken: GBK(p, len(p)), size: len(p)}
	}
	longest := ""
	for phrase := range phrases {
		if len(phrase) > len(longest) && strings.HasPrefix(text, phrase) {
			longest = phrase
		}
	}
	if utf8.RuneCountInString(longest) > 1 {
		return word{[]byte{phrases[longest]}, len(longest), true}
	}
	if m := amountPattern.FindStringSubmatch(text); m != nil {
		number, ok := spellNumber(m[1], phrases)
		unit, counts := phrases[m[2]]
		switch {
		case ok && counts:
			return word{append(number, unit), len(m[0]), true}
		case ok && m[2] == "" && behind:
			return word{number, len(m[0]), false}
		}
		return word{nil, len(m[0]), false}
	}
	if longest != "" {
		return word{[]byte{phrases[longest]}, len(longest), true}
	}
	_, size := utf8.DecodeRuneInString(text)
	return word{nil, size, false}
}

// spellNumber speaks a number as people do, 一百 for 100, where the card has the words
// for that, and otherwise figure by figure.
func spellNumber(number string, phrases map[string]byte) ([]byte, bool) {
	if words, ok := spellFigures(numerals(number), phrases); ok {
		return words, true
	}
	return spellFigures(number, phrases)
}

// spellFigures speaks a number character by character, as the card has words for it.
func spellFigures(number string, phrases map[string]byte) ([]byte, bool) {
	names := strings.NewReplacer(".", "点", "〇", "0", "零", "0", "一", "1", "二", "2", "两", "2", "三", "3", "四", "4",
		"五", "5", "六", "6", "七", "7", "八", "8", "九", "9")
	var words []byte
	for _, figure := range names.Replace(number) {
		b, ok := phrases[string(figure)]
		if !ok {
			return nil, false
		}
		words = append(words, b)
	}
	return words, true
}

// numerals writes a number below 10000 in Chinese words: 十二点五 for 12.5, 一千零五 for
// 1005. Others stay as they are.
func numerals(number string) string {
	m := sayable.FindStringSubmatch(number)
	if m == nil {
		return number
	}
	var b strings.Builder
	whole, gap := m[1], false
	for i, figure := range whole {
		place := len(whole) - 1 - i
		if figure == '0' && len(whole) > 1 {
			gap = true
			continue
		}
		if gap {
			b.WriteString("零")
		}
		gap = false
		if figure != '1' || place != 1 || i > 0 { // 十二, but 一百一十二
			b.WriteRune(figure)
		}
		b.WriteString([]string{"", "十", "百", "千"}[place])
	}
	if m[2] != "" {
		b.WriteString("点" + m[2])
	}
	return b.String()
}

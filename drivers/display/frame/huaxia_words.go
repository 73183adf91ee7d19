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
	// its province, a letter, and the rest.
	platePattern = regexp.MustCompile(`^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使][A-Z][A-Z0-9]{4,6}[挂学警港澳领]?`)
	// amountPattern is a number, in figures or in words, and what it counts.
	amountPattern = regexp.MustCompile(`^([0-9.]+|[零〇一二两三四五六七八九十百千万点]+)(元|分钟|分|小时|天|个)?`)
)

// Spell writes text as a card with these phrases speaks it, in at most limit
// bytes: a plate by its characters, a known phrase by its byte, a number figure
// by figure. What the card has no word for is left out. But of a number that
// lacks any part, nothing is spoken, nor what it counts: 12.5元 without a word
// for the point would be heard as 125元.
func Spell(text string, phrases map[string]byte, limit int) []byte {
	var words []byte
	for text != "" {
		word, n := spellNext(text, phrases)
		if len(words)+len(word) > limit {
			break
		}
		words = append(words, word...)
		text = text[n:]
	}
	return words
}

// spellNext returns the bytes that speak the beginning of text, and how long that
// beginning is. The longest phrase goes before a number, since phrases begin
// with one.
func spellNext(text string, phrases map[string]byte) (word []byte, n int) {
	if p := platePattern.FindString(text); p != "" {
		return GBK(p, len(p)), len(p)
	}
	longest := ""
	for phrase := range phrases {
		if len(phrase) > len(longest) && strings.HasPrefix(text, phrase) {
			longest = phrase
		}
	}
	if utf8.RuneCountInString(longest) > 1 {
		return []byte{phrases[longest]}, len(longest)
	}
	if m := amountPattern.FindStringSubmatch(text); m != nil {
		number, ok := spellNumber(m[1], phrases)
		if !ok {
			return nil, len(m[0])
		}
		return number, len(m[1])
	}
	if longest != "" {
		return []byte{phrases[longest]}, len(longest)
	}
	_, size := utf8.DecodeRuneInString(text)
	return nil, size
}

// spellNumber speaks a number figure by figure, as the card has words for it.
func spellNumber(number string, phrases map[string]byte) ([]byte, bool) {
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

package config

import (
	"fmt"
	"regexp"
	"strings"
)

// fullWidth maps the punctuation of a Chinese keyboard to what the format wants.
var fullWidth = map[rune]string{
	'“': `"`, '”': `"`, '‘': `"`, '’': `"`, '＂': `"`, '＝': "=", '：': "=", '，': ",", '、': ",", '。': ".", '．': ".", '；': ",",
	'【': "[", '】': "]", '［': "[", '］': "]", '｛': "{", '｝': "}", '＃': "#", '　': " ",
}

// syntaxMessage says what is wrong with a line that is no TOML. Nearly always,
// where a Chinese sign stands, it is the mistake: the two look alike on a screen,
// and what the library says of it, in bytes, helps nobody.
func syntaxMessage(message, line string) (chinese, english string) {
	switch sign := foreignSign(line); sign {
	case 0:
	case '　':
		return "语法错误：有全角空格，请改为普通空格", "not valid TOML: there is a full-width space; write a plain one"
	default:
		return fmt.Sprintf("语法错误：「%c」是中文（全角）字符，请改为英文的 %s", sign, fullWidth[sign]),
			fmt.Sprintf("not valid TOML: %c is a Chinese (full-width) sign; write %s", sign, fullWidth[sign])
	}
	if wide := regexp.MustCompile(`^[^#"']*?([０-９]+)`).FindStringSubmatch(line); wide != nil {
		return fmt.Sprintf("语法错误：%s 是全角数字，请改为半角", wide[1]), fmt.Sprintf("not valid TOML: %s is written in full-width digits; write plain ones", wide[1])
	}
	return "语法错误：" + syntaxChinese(message), "not valid TOML: " + message
}

// foreignSign returns the first Chinese sign of a line that stands where TOML
// wants its own, or 0. In text and in comments such signs are right; in text that
// is never closed, a Chinese quotation mark is not.
func foreignSign(line string) rune {
	var open, inside rune
	for _, r := range line {
		_, foreign := fullWidth[r]
		switch {
		case open == 0 && (r == '"' || r == '\''):
			open, inside = r, 0
		case open == 0 && r == '#':
			return 0
		case open == 0 && foreign:
			return r
		case r == open:
			open = 0
		case open != 0 && inside == 0 && (r == '“' || r == '”' || r == '‘' || r == '’'):
			inside = r
		}
	}
	if open == 0 {
		return 0
	}
	return inside
}

// syntaxChinese says in Chinese the commonest mistakes of syntax; the library
// knows English only.
func syntaxChinese(message string) string {
	for _, m := range []struct{ part, chinese string }{
		{"after key", "键名后面缺少等号"},
		{"at start of value", "等号后面的值无法识别；文字要加英文双引号，是或否写 true 或 false"},
		{"start of key", "键名只能用字母、数字、下划线和短横线"},
		{"expected newline", "值后面有多余的内容；注释以 # 开头"},
		{"close table", "缺少右方括号"},
		{"close array table", "缺少右方括号"},
		{"incomplete", "括号没有闭合"},
		{"array value", "列表的各项之间缺少逗号，或缺少右方括号"},
		{"inline table key-value", "花括号里的各项之间缺少逗号，或缺少右花括号"},
		{"unexpected comma", "多了一个逗号"},
		{"leading zero", "数字不能以 0 开头"},
		{"end of input", "内容不完整"},
		{"not terminated", "引号没有闭合"},
		{"unterminated", "引号没有闭合"},
		{"escape", "双引号里的反斜杠要写两次，或改用单引号"},
		{"new line", "引号没有闭合"},
		{"newline", "引号没有闭合"},
		{"control character", "文字中有看不见的字符，请删除后重新输入"},
		{"digit", "数字写得不对"},
		{"number", "数字写得不对"},
		{"keyword", "等号后面的值无法识别；文字要加英文双引号，是或否写 true 或 false"},
		{"quoted", "文字要加英文双引号"},
	} {
		if strings.Contains(message, m.part) {
			return m.chinese + "（" + message + "）"
		}
	}
	return "这一行不符合 TOML 格式（" + message + "）"
}

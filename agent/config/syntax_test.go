package config

import (
	"strings"
	"testing"
)

func TestChineseSignsAreNamedWithWhatTheyShouldBe(t *testing.T) {
	for _, tt := range []struct{ line, chinese, english string }{
		{`name = “入口道闸”`, `「“」是中文（全角）字符，请改为英文的 "`, `“ is a Chinese (full-width) sign; write "`},
		{`name = "入口道闸”`, `「”」是中文（全角）字符，请改为英文的 "`, `write "`},
		{`name = ‘入口道闸’`, `「‘」是中文（全角）字符，请改为英文的 "`, `write "`},
		{`code ＝ "G1"`, "「＝」是中文（全角）字符，请改为英文的 =", "write ="},
		{`code："G1"`, "「：」是中文（全角）字符，请改为英文的 =", "write ="},
		{`options = { unit = 1， open = 0 }`, "「，」是中文（全角）字符，请改为英文的 ,", "write ,"},
		{`options = ｛ unit = 1 }`, "请改为英文的 {", "write {"},
		{`【【area】】`, "「【」是中文（全角）字符，请改为英文的 [", "write ["},
		{"code　= \"G1\"", "有全角空格，请改为普通空格", "there is a full-width space; write a plain one"},
		{`＃ rounding_limit = 99`, "请改为英文的 #", "write #"},
		{`places = １００`, "１００ 是全角数字", "１００ is written in full-width digits"},
	} {
		_, errs := parse(t, site+"\n"+tt.line+"\n")
		if len(errs) == 0 || !strings.Contains(errs[0].Chinese, tt.chinese) || !strings.Contains(errs[0].English, tt.english) {
			t.Errorf("%s: %+v, want %q and %q", tt.line, errs, tt.chinese, tt.english)
		}
	}
}

func TestChineseSignsInTextAndCommentsAreNoMistake(t *testing.T) {
	for _, line := range []string{
		`name = "东门（一层），车位：１００" x`, `name = '“东门”' x`, `name = gate # 道闸：“一号”`,
	} {
		if sign := foreignSign(line); sign != 0 {
			t.Errorf("foreignSign(%s) = %c, want none", line, sign)
		}
		chinese, _ := syntaxMessage("expected newline but got U+0078 'x'", line)
		if strings.Contains(chinese, "全角") {
			t.Errorf("syntaxMessage(%s) = %s", line, chinese)
		}
	}
}

func TestEveryMistakeOfSyntaxIsSaidInChinese(t *testing.T) {
	chinese := func(r rune) bool { return r >= '一' && r <= '龥' }
	for _, line := range []string{
		`code = `, `code "G1"`, `code = G1`, `code = "G1`, `code = 'G1`, `= 1`, `places = 0100`, `places = 1_`, `places = 1.`, `places = +`, `places = 0x`,
		`allow = ["a" "b"]`, `allow = ["a",`, `options = { a = 1 b = 2 }`, `options = { a = 1,, b = 2 }`, `[lane`, `[[lane]`, `on = tru`, `code = "G1";`,
		`dir = "D:\park"`, `dir = "C:\Users"`, "code = \"a\x01b\"", `from = 2026-13-45T`, `code = """a`, `a.b. = 1`,
	} {
		_, errs := parse(t, site+"\n"+line+"\n")
		if len(errs) == 0 || strings.Contains(errs[0].Chinese, "这一行不符合") || !strings.ContainsFunc(errs[0].Chinese[len("语法错误："):], chinese) {
			t.Errorf("%s: %v", line, errs)
		}
	}
}

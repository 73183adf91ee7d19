package config

import (
	"errors"
	"fmt"
	"strings"

	"parkagent/agent/slips"
)

// What is sensible of a slip: a printer takes more, and a driver reads less.
const (
	mostSlipLines = 40
	mostSlipRunes = 200
)

// slip reads what stands on slips of a kind, nil where the file does not say.
func (p *parser) slip(kind slips.Kind, raw rawSlip) slips.Template {
	at := string(kind) + ".lines"
	if !p.there(at) {
		return nil
	}
	if len(raw.Lines) == 0 || len(raw.Lines) > mostSlipLines {
		p.addf(at, "应有 1 到 %d 行", "must have 1 to %d lines", mostSlipLines)
	}
	for i, line := range raw.Lines {
		p.slipLine(kind, fmt.Sprintf("%s[%d]", at, i), line)
	}
	return raw.Lines
}

func (p *parser) slipLine(kind slips.Kind, key, line string) {
	if n := len([]rune(line)); n > mostSlipRunes {
		p.addf(key, "有 %d 个字，最多 %d 个", "has %d characters; %d at most", n, mostSlipRunes)
	}
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }) {
		p.add(key, "不能含换行等控制字符", "must hold no line breaks or other control characters")
	}
	var wrong *slips.TemplateError
	if !errors.As(kind.Check(slips.Template{line}), &wrong) {
		return
	}
	if wrong.Name == "" {
		p.add(key, "花括号 { } 没有成对", "a brace { or } stands without the other")
		return
	}
	all := "{" + strings.Join(kind.Placeholders(), "} {") + "}"
	p.addf(key, "没有占位符 {%s}；可以用：%s，以及行首的 {qr} 和 {barcode}", "there is no placeholder {%s}; these are: %s, and {qr} and {barcode} at the beginning of a line", wrong.Name, all)
}

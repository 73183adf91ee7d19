package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxBlanked bounds how many settings that do not decode are looked for.
const maxBlanked = 100

// decode reads the document into its raw shape. It reports whether the rest can
// be checked: after a mistake of syntax, or in the tables themselves, everything
// that follows would be noise.
func (p *parser) decode(doc []byte) (rawConfig, bool) {
	var raw rawConfig
	p.spoilt = map[string]bool{}
	if !p.syntax(doc) || !p.tables() {
		p.index.doc = doc
		_ = toml.Unmarshal(languageOnly(doc), &raw) // only to know in which language to complain
		return raw, false
	}
	p.index.doc = doc
	ok := true
	rest := bytes.Clone(doc)
	for n := 0; ; n++ {
		raw = rawConfig{}
		d := toml.NewDecoder(bytes.NewReader(rest))
		d.DisallowUnknownFields()
		err := d.Decode(&raw)
		var unknown *toml.StrictMissingError
		if err == nil || errors.As(err, &unknown) {
			if unknown != nil {
				p.unknown(unknown)
			}
			break
		}
		if n == maxBlanked || !p.blank(rest, err) {
			ok = false
			break
		}
	}
	p.upperCase()
	return raw, ok
}

// syntax builds the index. A setting that is no TOML is reported and blanked, so
// that the next one is found in the same run, as long as its line stands alone.
func (p *parser) syntax(doc []byte) bool {
	rest, ok := bytes.Clone(doc), true
	for range 20 {
		var err *unstable.ParserError
		var offset int
		if p.index, err, offset = newIndex(rest); err == nil {
			return ok
		}
		ok = false
		line, column, text := position(doc, offset)
		chinese, english := syntaxMessage(err.Message, text)
		p.problems = append(p.problems, Problem{File: p.file, Line: line, Column: column, Text: shown(text), Chinese: chinese, English: english})
		trimmed := strings.TrimSpace(text)
		if strings.HasPrefix(trimmed, "[") || !strings.Contains(trimmed, "=") || strings.Contains(trimmed, `"""`) || strings.Contains(trimmed, "'''") {
			break
		}
		start := offset - (column - 1)
		blank(rest[start : start+len(text)])
	}
	return ok
}

// languageOnly returns the one line that names the language, as a document.
func languageOnly(doc []byte) []byte {
	line := regexp.MustCompile(`(?m)^[ \t]*language[ \t]*=[ \t]*["'][A-Za-z-]*["']`).Find(doc)
	return append([]byte("[park]\n"), line...)
}

// tables reports tables that were written with one pair of brackets instead of
// two, or the other way round.
func (p *parser) tables() bool {
	ok := true
	for _, e := range p.index.expressions {
		name := plain(e.key)
		var chinese, english string
		switch {
		case e.kind == unstable.Table && lists[name]:
			chinese, english = "[%[1]s] 要写成双方括号 [[%[1]s]]", "[%[1]s] must be written with two brackets, [[%[1]s]]"
		case e.kind == unstable.ArrayTable && singles[name]:
			chinese, english = "[[%[1]s]] 只能出现一次，要写成单方括号 [%[1]s]", "[[%[1]s]] exists once and must be written with one bracket, [%[1]s]"
		default:
			continue
		}
		// At the header itself: headers that are all wrong have one key.
		line, column, text := position(p.index.doc, e.start)
		p.problems = append(p.problems, Problem{File: p.file, Line: line, Column: column, Key: e.key, Text: shown(text), Chinese: fmt.Sprintf(chinese, name), English: fmt.Sprintf(english, name)})
		ok = false
	}
	return ok
}

// The tables that a file may hold once, and those it may hold many times.
var (
	singles = map[string]bool{"park": true, "store": true, "api": true, "console": true, "calendar": true, "access": true, "ticket": true, "slip": true}
	lists   = map[string]bool{"client": true, "platform": true, "area": true, "device": true, "lane": true, "tariff": true, "tariff.band": true, "card_product": true, "card_area": true, "discount": true, "text": true}
)

// blank reports the setting that stopped the decoder and blanks it, so that the
// next run finds the next one. It reports false if nothing can be blanked.
func (p *parser) blank(doc []byte, err error) bool {
	var de *toml.DecodeError
	if !errors.As(err, &de) {
		p.problems = append(p.problems, Problem{File: p.file, Line: 1, Column: 1, Chinese: "无法读取：" + err.Error(), English: "cannot be read: " + err.Error()})
		return false
	}
	line, column := de.Position()
	offset := offsetOf(doc, line, column)
	e, found := p.index.at(offset)
	_, _, text := position(p.index.doc, offset)
	chinese, english := typeMessage(de.Error())
	key := e.key
	if narrow := strings.Join(de.Key(), "."); !found {
		key = narrow
	}
	p.problems = append(p.problems, Problem{File: p.file, Line: max(line, 1), Column: max(column, 1), Key: key, Text: shown(text), Chinese: chinese, English: english})
	if !found || e.kind != unstable.KeyValue {
		return false
	}
	p.spoilt[e.key] = true
	blank(doc[e.start:e.end])
	return true
}

// blank overwrites text with spaces and keeps its lines.
func blank(b []byte) {
	for i := range b {
		if b[i] != '\n' && b[i] != '\r' {
			b[i] = ' '
		}
	}
}

// goType finds the type that was wanted in a message of the library.
var goType = regexp.MustCompile(`of type \*?(\[\]|map\[)?([a-z0-9.A-Z]+)\W*$|(?:Go|into) .*?(\[\]|map\[)?\b(string|bool|int64|int)\b`)

// typeMessage says which type a value must have.
func typeMessage(message string) (chinese, english string) {
	message = strings.TrimPrefix(message, "toml: ")
	if strings.Contains(message, "already") || strings.Contains(message, "defined") {
		return "重复定义", "is defined twice"
	}
	m := goType.FindStringSubmatch(message)
	if m == nil {
		return "值的类型不对（" + message + "）", "has the wrong type (" + message + ")"
	}
	list, name := m[1]+m[3], m[2]+m[4]
	switch {
	case list == "map[":
		return "值的类型不对，应为 { 键 = 值 }", "has the wrong type; it must be a table { key = value }"
	case list == "[]":
		return "值的类型不对，应为方括号中的列表", "has the wrong type; it must be a list in brackets"
	case name == "string":
		return "值的类型不对，应为带引号的文字", "has the wrong type; it must be text in quotes"
	case name == "bool":
		return "值的类型不对，应为 true 或 false", "has the wrong type; it must be true or false"
	case strings.HasPrefix(name, "int"):
		return "值的类型不对，应为整数（不带引号和小数点）", "has the wrong type; it must be a whole number, without quotes"
	}
	return fmt.Sprintf("值的类型不对（%s）", message), fmt.Sprintf("has the wrong type (%s)", message)
}

// upperCase reports keys that are not written in lower case. The library would
// take them, and a second spelling of the same key as well.
func (p *parser) upperCase() {
	for _, key := range p.index.keys {
		if strings.ToLower(plain(key)) != plain(key) && !strings.HasPrefix(plain(key), "device.options.") {
			problem := p.problem(key, "键名要用小写字母", "keys are written in lower case")
			if maySecret(key) {
				_, _, text := position(p.index.doc, p.index.find(key))
				problem.Text = shownKey(text)
			}
			p.problems = append(p.problems, problem)
		}
	}
}

// Package slips writes and prints what drivers take with them: entry tickets and change slips.
//
// What stands on a slip is a template, a list of lines with placeholders such as
// {card}; there is one for each kind of slip and each language here, and a car park
// may bring its own (the tables [ticket] and [slip] of the configuration). A Press
// prints them on the lanes' printers, beside the lanes: no gate waits for paper.
package slips

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parkagent/drivers"
)

// A Kind is a kind of slip, named as its table of the configuration.
type Kind string

// The kinds of slips.
const (
	Ticket Kind = "ticket" // for a car without a plate that came in (uplink 5.1)
	Change Kind = "slip"   // for change that a driver fetches with his phone (uplink 5.2)

	Receipt Kind = "receipt" // for a payment, when a driver asks for one
)

// A Template is the lines of a slip, from the top:
//
//	"# text"     large and in the middle
//	"## text"    in the middle
//	"{qr} text"  a QR code of the link, and the text below it; left out where there is no link
//	"{barcode}"  a bar code of the ticket's or the change order's number
//	"text"       at the left; "" is an empty line
//
// A line with placeholders is left out where there is a value for none of them.
type Template []string

// placeholder is a name in braces.
var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// Placeholders returns the names that may stand in braces in a text of that kind.
func (k Kind) Placeholders() []string {
	switch k {
	case Change:
		return []string{"park", "lane", "plate", "order", "amount", "time", "link"}
	case Receipt:
		return []string{"park", "lane", "plate", "order", "amount", "time", "entry"}
	}
	return []string{"park", "lane", "plate", "card", "time", "link"}
}

// A TemplateError is a mistake in one line of a template.
type TemplateError struct {
	Line int    // from 0
	Name string // of a placeholder that nobody knows; empty where a brace has no other
}

// Error says which mistake.
func (e *TemplateError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("line %d: a brace { or } without the other", e.Line+1)
	}
	return fmt.Sprintf("line %d: unknown placeholder {%s}", e.Line+1, e.Name)
}

// Check returns the first mistake in a template of that kind, a *TemplateError, or nil.
func (k Kind) Check(t Template) error {
	for i, line := range t {
		if head, rest, isCode := code(line); isCode {
			line = rest
			if head == "barcode" && rest == "" {
				continue
			}
		}
		for _, m := range placeholder.FindAllStringSubmatch(line, -1) {
			if !slices.Contains(k.Placeholders(), m[1]) {
				return &TemplateError{Line: i, Name: m[1]}
			}
		}
		if strings.ContainsAny(placeholder.ReplaceAllString(line, ""), "{}") {
			return &TemplateError{Line: i}
		}
	}
	return nil
}

// code takes the code off a line that begins with one.
func code(line string) (name, rest string, is bool) {
	for _, name := range []string{"qr", "barcode"} {
		if rest, found := strings.CutPrefix(line, "{"+name+"}"); found {
			return name, strings.TrimSpace(rest), true
		}
	}
	return "", line, false
}

// Values are what placeholders stand for, by name. "qr" is the content of the QR code
// and "barcode" that of the bar code.
type Values map[string]string

// Document writes a slip.
func (t Template) Document(v Values) drivers.Document {
	var d drivers.Document
	text := func(part drivers.Part, line string) {
		filled, anything := fill(line, v)
		if part.Text = filled; anything {
			d.Parts = append(d.Parts, part)
		}
	}
	for _, line := range t {
		name, rest, isCode := code(line)
		if isCode && v[name] == "" {
			continue
		}
		switch {
		case name == "qr":
			d.Parts = append(d.Parts, drivers.Part{QR: v[name]})
		case name == "barcode":
			d.Parts = append(d.Parts, drivers.Part{Barcode: v[name]})
		}
		switch {
		case isCode && rest == "":
		case isCode:
			text(drivers.Part{Centred: true}, rest)
		case strings.HasPrefix(line, "## "):
			text(drivers.Part{Centred: true}, line[3:])
		case strings.HasPrefix(line, "# "):
			text(drivers.Part{Centred: true, Large: true}, line[2:])
		default:
			text(drivers.Part{}, line)
		}
	}
	return d
}

// fill puts values in. There is nothing to say where a line has placeholders and a
// value for none of them.
func fill(line string, v Values) (text string, anything bool) {
	named, known := false, false
	text = placeholder.ReplaceAllStringFunc(line, func(m string) string {
		value := v[m[1:len(m)-1]]
		named, known = true, known || value != ""
		return value
	})
	return text, known || !named
}

// Of returns the program's own template of a kind, in English ("en") or else Chinese.
func (k Kind) Of(language string) Template {
	english := strings.HasPrefix(strings.ToLower(language), "en")
	switch {
	case k == Receipt && english:
		return Template{"# {park}", "## Parking receipt", "", "Plate: {plate}", "Entry: {entry}", "Paid at: {time}", "Amount: {amount} yuan", "Order: {order}"}
	case k == Receipt:
		return Template{"# {park}", "## 停车缴费凭据", "", "车牌：{plate}", "入场时间：{entry}", "缴费时间：{time}", "实缴金额：{amount}元", "单号：{order}"}
	case k == Change && english:
		return Template{"# {park}", "## Change slip", "", "Plate: {plate}", "Change: {amount} yuan", "Order: {order}", "Time: {time}", "{qr} Scan to get your change"}
	case k == Change:
		return Template{"# {park}", "## 找零凭条", "", "车牌：{plate}", "找零金额：{amount}元", "单号：{order}", "时间：{time}", "{qr} 微信、支付宝扫码领取找零"}
	case english:
		return Template{"# {park}", "## Parking ticket", "", "Entry: {lane}", "Time: {time}", "Car: {plate}", "{barcode}", "{qr} Scan to pay", "Keep this ticket: the bar code lets you out."}
	}
	return Template{"# {park}", "## 停车票", "", "入口：{lane}", "入场时间：{time}", "临时车号：{plate}", "{barcode}", "{qr} 扫码缴费", "请妥善保管，凭条码出场。"}
}

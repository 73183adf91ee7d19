package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"parkagent/protocol"
	"parkagent/protocol/platform"
)

func callCommand() command {
	return command{
		name: "call", args: "NAME [FIELD=VALUE …]",
		summary: text{"像平台一样调用任意一个下行接口，显示应答", "call any downlink interface, as a platform does, and show the answer"},
		help: text{`NAME 是接口名称或文档中的编号（不分大小写），例如：
  parksim call GetParkingPaymentInfo plateNo=粤B12345
  parksim call 2.2 freeSpaceNum=50
  parksim call AddCarCardNo cardName=月租 useName=张三 carType=2 spaceNum=1 \
    plateDetails='[{"plateNo":"粤B12345","etcNo":""}]' validFrom=2026-01-01 validTo=2026-12-31
VALUE 是数字、JSON 数组、JSON 对象或带引号的 JSON 字符串时原样发送，其余作为文本；@FILE 取文件内容。
parkCode 自动填写。应答的每一行以 JSON 显示。

选项：` + clientHelp[chinese] + "\n\n接口及其参数：" + routesHelp(),
			`NAME is an interface's name, or its number in the document, in any case:
  parksim call GetParkingPaymentInfo plateNo=粤B12345
  parksim call 2.2 freeSpaceNum=50
  parksim call AddCarCardNo cardName=monthly useName=Zhang carType=2 spaceNum=1 \
    plateDetails='[{"plateNo":"粤B12345","etcNo":""}]' validFrom=2026-01-01 validTo=2026-12-31
A VALUE that is a number, a JSON array, a JSON object or a quoted JSON string is sent as it is, anything
else as text; @FILE is what a file contains. parkCode is filled in. Each row of the answer is shown as JSON.

Flags:` + clientHelp[english] + "\n\nInterfaces and their fields:" + routesHelp()},
		setup: clientSetup(1, maxWords, func(ctx context.Context, e *env, park *platform.CarPark, words []string) error {
			route, err := routeOf(words[0])
			if err != nil {
				return err
			}
			sent, err := fieldsOf(route, park.ParkCode(), words[1:])
			if err != nil {
				return err
			}
			reply, err := park.Call(ctx, route.Name, sent)
			if err != nil {
				return failure(err, text{"%s 没有成功", "%s did not succeed"}, route.Name)
			}
			show(e, route, reply)
			return nil
		}),
	}
}

// maxWords is more than any interface has fields.
const maxWords = 100

// routesHelp lists the interfaces with the fields that they take.
func routesHelp() string {
	var b strings.Builder
	for _, r := range protocol.Routes() {
		params := slices.DeleteFunc(slices.Clone(r.Params), func(p string) bool { return p == "parkCode" })
		fmt.Fprintf(&b, "\n  %-5s%s\n         %s", r.Number, r.Name, strings.Join(params, " "))
	}
	return b.String()
}

// routeOf finds an interface by its name or number.
func routeOf(word string) (protocol.Route, error) {
	if r, ok := protocol.RouteNamed(word); ok {
		return r, nil
	}
	for _, r := range protocol.Routes() {
		if word != "" && r.Number == word {
			return r, nil
		}
	}
	return protocol.Route{}, wrongUse(text{"没有接口 %q。`parksim help call` 列出全部接口。", "there is no interface %q. `parksim help call` lists them all."}, word)
}

// A field is one member of a message.
type field struct {
	name  string
	value json.RawMessage
}

// fields are a message. They are sent in their order: the first must be one that
// the interface knows, or the other side takes the message for damaged.
type fields []field

// MarshalJSON writes an object.
func (list fields) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(f.name)
		if err != nil {
			return nil, fmt.Errorf("encode field name: %w", err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(f.value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// fieldsOf reads FIELD=VALUE words, with the park code before them unless they
// have one.
func fieldsOf(route protocol.Route, parkCode string, words []string) (fields, error) {
	var list fields
	given := false
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, wrongUse(text{"%q 应写作 名称=值。", "%q is not FIELD=VALUE."}, word)
		}
		if !slices.ContainsFunc(route.Params, func(p string) bool { return strings.EqualFold(p, name) }) {
			return nil, wrongUse(text{"%s 没有参数 %q，它的参数是 %s。", "%s has no field %q, its fields are %s."}, route.Name, name, strings.Join(route.Params, " "))
		}
		raw, err := valueOf(value)
		if err != nil {
			return nil, failure(err, text{"读不到 %s", "%s cannot be read"}, name)
		}
		given = given || strings.EqualFold(name, "parkCode")
		list = append(list, field{name, raw})
	}
	if !given && parkCode != "" {
		raw, err := json.Marshal(parkCode)
		if err != nil {
			return nil, fmt.Errorf("encode park code: %w", err)
		}
		list = append(fields{{"parkCode", raw}}, list...)
	}
	return list, nil
}

// valueOf reads a value: what begins as a JSON number, string, array or object and
// is one stays as it is, the rest becomes a string.
func valueOf(s string) (json.RawMessage, error) {
	if file, ok := strings.CutPrefix(s, "@"); ok {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		s = strings.TrimSpace(string(content))
	}
	if s != "" && strings.ContainsRune(`-0123456789"[{`, rune(s[0])) && json.Valid([]byte(s)) {
		return json.RawMessage(s), nil
	}
	return json.Marshal(s)
}

// show prints an answer.
func show(e *env, route protocol.Route, reply protocol.Reply) {
	for _, row := range reply.Rows {
		var b bytes.Buffer
		if json.Indent(&b, row, "", "  ") != nil {
			b.Write(row)
		}
		e.print(e.stdout, b.String())
	}
	if rest := cmp.Or(reply.Text, reply.Msg); rest != "" {
		e.print(e.stdout, rest)
	}
	e.say(text{"%s 成功，%d 行", "%s succeeded, rows: %d"}, route.Name, len(reply.Rows))
}

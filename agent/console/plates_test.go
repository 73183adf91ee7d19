package console

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/plate"
	"parkagent/protocol"
)

// inUTF16 writes a text as a spreadsheet's "Unicode text".
func inUTF16(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func inGBK(text string) string { return string(protocol.EncodeText(protocol.GBK, []byte(text))) }

func TestListsOfPlates(t *testing.T) {
	two := []string{"京A11111", "粤B12345"}
	const headed = "序号,车牌号,位置\r\n1,粤B12345,A区\r\n2,京A11111,京A22222旁\r\n"
	for _, tt := range []struct {
		name, body string
		want       plateList
	}{
		{"nothing", "", plateList{}},
		{"one a line", "粤B12345\n京A11111\n", plateList{plates: two}},
		{"one a line, without the last end", "粤B12345\r\n京A11111", plateList{plates: two}},
		{"in any writing, twice", "粤b·12345\n  京Ａ１１１１１ \n粤B 12345\n", plateList{plates: two}},
		{"empty lines between", "\n粤B12345\n\n , ,\n京A11111\n", plateList{plates: two}},
		{"with heads", headed, plateList{plates: two}},
		{"with heads, in UTF-8 with a mark", "\ufeff" + headed, plateList{plates: two}},
		{"with heads, in GBK", inGBK(headed), plateList{plates: two}},
		{"with heads, in UTF-16", inUTF16(strings.ReplaceAll(headed, ",", "\t"), binary.LittleEndian), plateList{plates: two}},
		{"with heads, in the other UTF-16", inUTF16(headed, binary.BigEndian), plateList{plates: two}},
		{"with English heads and semicolons", "No;Plate number\n1;粤B12345\n2;京A11111\n", plateList{plates: two}},
		{"several a line", "粤B12345,京A11111\n", plateList{plates: two}},
		{"with empty cells before tabs", "序号\t车牌\t旁边的车\n\t粤B12345\t京A22222\n\t京A11111\t\n", plateList{plates: two}},
		{"with the colours of plates before", "车牌颜色,号牌种类,号牌号码\n蓝,02,粤B12345\n黄,01,京A11111\n", plateList{plates: two}},
		{"with the kinds of plates before", "Plate type,plate\nblue,粤B12345\nblue,京A11111\n", plateList{plates: two}},
		{"without heads, in the second column", "1,粤B12345\n2,京A11111\n", plateList{plates: two}},
		{"in quotes", "\"粤B12345\",\"a, b\"\n\"京A11111\",\"\"\n", plateList{plates: two}},
		{"a province in GBK that is also UTF-8", inGBK("鲁A12345\n"), plateList{plates: []string{"鲁A12345"}}},
		{"what is no plate", "粤B12345\n没有车牌\n粤B1234\n", plateList{plates: two[1:], unread: []string{"没有车牌", "粤B1234"}}},
		{"a column without a plate", "车牌,位置\n,京A11111旁\n", plateList{unread: []string{"京A11111旁"}}},
		{"a short line below heads", "位置,车牌\nA区\n", plateList{unread: []string{"A区"}}},
		{"without the province", "b12345\n", plateList{plates: []string{"B12345"}}},
		{"a temporary plate of ours", "空123456\n", plateList{plates: []string{"空123456"}}},
	} {
		got, err := readPlates([]byte(tt.body))
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(plateList{})); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
	if _, err := readPlates([]byte(strings.Repeat("粤B12345\n", mostPlates+1))); err == nil {
		t.Error("a list without end is read")
	}
}

func FuzzListsOfPlates(f *testing.F) {
	for _, text := range []string{"粤B12345\n京A11111\n", "车牌,位置\n粤B12345,A\n", "a;b\n\"", "1\t粤B12345"} {
		f.Add([]byte(text))
		f.Add([]byte("\ufeff" + text))
		f.Add([]byte(inGBK(text)))
		f.Add([]byte(inUTF16(text, binary.LittleEndian)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := readPlates(body)
		if err != nil {
			return
		}
		for _, p := range list.plates {
			if !isPlate(p) || plate.Normal(p) != p {
				t.Errorf("%q is taken for a plate", p)
			}
		}
		if !slices.IsSorted(list.plates) || len(slices.Compact(slices.Clone(list.plates))) != len(list.plates) {
			t.Errorf("plates are %q", list.plates)
		}
		for _, line := range list.unread {
			if line == "" || !utf8.ValidString(line) {
				t.Errorf("a line that cannot be read is told as %q", line)
			}
		}
		// What is written out is read back.
		var b strings.Builder
		for _, p := range list.plates {
			fmt.Fprintln(&b, p)
		}
		again, err := readPlates([]byte(b.String()))
		if diff := cmp.Diff(list.plates, again.plates); err != nil || diff != "" || len(again.unread) > 0 {
			t.Errorf("read back: %v, %v\n%s", again, err, diff)
		}
	})
}

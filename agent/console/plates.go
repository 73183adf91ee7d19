package console

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"slices"
	"strings"
	"unicode/utf16"

	"parkagent/agent/plate"
	"parkagent/protocol"
)

// mostPlates is how many plates a list has at most: more than any car park holds
// that one box serves.
const mostPlates = 20_000

// A plateList is a list of plates as somebody wrote it who walked the lot.
type plateList struct {
	plates []string // in normal form, each once
	unread []string // lines in which no plate was found
}

// readPlates reads a list of plates as spreadsheets and phones save it: CSV with
// commas, semicolons or tabs, or one plate a line; in UTF-8, UTF-16 or GBK, with a
// byte order mark or without; with a line of heads or without. Where a head says
// which column the plates are in, that column counts, otherwise each cell that is a
// plate: one too many costs nothing, one too few a car its stay. What cannot be read is told: it may be a car that is
// there.
func readPlates(body []byte) (plateList, error) {
	text := asUTF8(body)
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = separator(text), -1, true
	r.TrimLeadingSpace = r.Comma != '\t' // or empty cells before a tab would be no cells
	records, err := r.ReadAll()
	if err != nil || len(records) > mostPlates {
		return plateList{}, errPlates
	}
	var list plateList
	at := -1
	for i, cells := range records {
		if i == 0 {
			if at = headed(cells); at >= 0 {
				continue
			}
		}
		list.add(cells, at)
	}
	slices.Sort(list.plates)
	list.plates = slices.Compact(list.plates)
	if len(list.plates) > mostPlates {
		return plateList{}, errPlates
	}
	return list, nil
}

// plateListOf takes the plates of a list that is one already.
func plateListOf(written []string) (plateList, error) {
	if len(written) > mostPlates {
		return plateList{}, errPlates
	}
	var list plateList
	for _, w := range written {
		list.add([]string{w}, 0)
	}
	slices.Sort(list.plates)
	list.plates = slices.Compact(list.plates)
	return list, nil
}

// add takes the plate of a line: that of a column, or all that there are. An empty
// line is none.
func (l *plateList) add(cells []string, at int) {
	line := strings.TrimSpace(strings.Join(cells, " "))
	if at >= 0 && at < len(cells) {
		cells = cells[at : at+1]
	}
	found := false
	for _, c := range cells {
		if no := plate.Normal(c); isPlate(no) {
			l.plates, found = append(l.plates, no), true
		}
	}
	if line != "" && !found {
		l.unread = append(l.unread, shown(line))
	}
}

// isPlate reports whether a text in normal form is a plate, or one without its
// province, as people write it who walk along many of one province.
func isPlate(no string) bool { return plate.Valid(no) || plate.Valid("京"+no) }

// headed returns the column that a line of heads says the plates are in, -1 for a
// line that is none. What the colour or the kind of a plate is stands in another.
func headed(cells []string) int {
	return slices.IndexFunc(cells, func(c string) bool {
		c = strings.ToLower(strings.Trim(c, " \t*"))
		about := func(end string) bool { return strings.HasSuffix(c, end) }
		return (strings.HasPrefix(c, "车牌") || strings.HasPrefix(c, "号牌") || strings.HasPrefix(c, "plate")) &&
			!slices.ContainsFunc([]string{"颜色", "类型", "种类", "colour", "color", "type", "kind"}, about)
	})
}

// separator is the mark between the cells, as far as the first line tells.
func separator(text string) rune {
	first, _, _ := strings.Cut(text, "\n")
	best, most := ',', 0
	for _, mark := range ",;\t" {
		if n := strings.Count(first, string(mark)); n > most {
			best, most = mark, n
		}
	}
	return best
}

// asUTF8 reads a text in whatever it was saved in.
func asUTF8(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		body = body[3:]
		return string(protocol.DecodeText(protocol.UTF8, body))
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return fromUTF16(body[2:], binary.LittleEndian)
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return fromUTF16(body[2:], binary.BigEndian)
	}
	_, text := protocol.GuessCharset(body, protocol.UTF8)
	return string(text)
}

func fromUTF16(body []byte, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(body)/2)
	for ; len(body) >= 2; body = body[2:] {
		units = append(units, order.Uint16(body))
	}
	return string(utf16.Decode(units))
}

package config

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// An expression is one setting or table header of the file.
type expression struct {
	key        string // full path, "device[1].ip"
	kind       unstable.Kind
	start, end int // byte offsets; the end of a header is that of its name
}

// An index knows where every key of a document stands.
type index struct {
	doc         []byte
	expressions []expression
	places      map[string]int // by full path: where the key, or the element of an array, begins, in bytes
	keys        []string       // of places, in the order of the file
	counts      map[string]int // elements of each array of tables so far, by path
}

// newIndex walks the document up to its first mistake of syntax, which is
// returned with its byte offset.
func newIndex(doc []byte) (*index, *unstable.ParserError, int) {
	x := &index{doc: doc, places: map[string]int{}, counts: map[string]int{}}
	var p unstable.Parser
	p.Reset(doc)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = x.header(e)
		case unstable.KeyValue:
			key := x.keyValue(table, e)
			x.expressions = append(x.expressions, expression{key, e.Kind, int(e.Raw.Offset), int(e.Raw.Offset + e.Raw.Length)})
		}
	}
	if err, ok := p.Error().(*unstable.ParserError); ok && err != nil {
		offset := len(doc)
		if len(err.Highlight) > 0 {
			offset = int(p.Range(err.Highlight).Offset)
		}
		return x, err, offset
	}
	return x, nil, 0
}

// header enters a table and returns its full path. An element of an array of
// tables that is named on the way means its last one.
func (x *index) header(e *unstable.Node) string {
	path, start, end := "", -1, 0
	for it := e.Key(); it.Next(); {
		n := it.Node()
		if start < 0 {
			start = int(n.Raw.Offset)
		}
		end = int(n.Raw.Offset + n.Raw.Length)
		path = join(path, string(n.Data))
		last := n.Next() == nil || n.Next().Kind != unstable.Key
		switch count := x.counts[path]; {
		case last && e.Kind == unstable.ArrayTable:
			x.counts[path] = count + 1
			path = fmt.Sprintf("%s[%d]", path, count)
		case count > 0:
			path = fmt.Sprintf("%s[%d]", path, count-1)
		}
	}
	x.put(path, start)
	x.expressions = append(x.expressions, expression{path, e.Kind, start, end})
	return path
}

// keyValue enters a setting and all that its value contains, and returns its
// full path.
func (x *index) keyValue(table string, e *unstable.Node) string {
	path, start := table, -1
	for it := e.Key(); it.Next(); {
		n := it.Node()
		if start < 0 {
			start = int(n.Raw.Offset)
		}
		path = join(path, string(n.Data))
		x.put(path, start)
	}
	x.value(path, start, e.Value())
	return path
}

func (x *index) value(path string, start int, v *unstable.Node) {
	switch v.Kind {
	case unstable.InlineTable:
		x.put(path, start)
		for it := v.Children(); it.Next(); {
			x.keyValue(path, it.Node())
		}
	case unstable.Array:
		x.put(path, start)
		i := 0
		for it := v.Children(); it.Next(); i++ {
			n := it.Node()
			at := start
			if n.Raw.Length > 0 {
				at = int(n.Raw.Offset)
			}
			x.value(fmt.Sprintf("%s[%d]", path, i), at, n)
		}
	default:
		x.put(path, start)
	}
}

// put enters a place. The later one wins, which names a key twice only where
// the file does.
func (x *index) put(path string, start int) {
	if _, there := x.places[path]; !there {
		x.keys = append(x.keys, path)
	}
	x.places[path] = start
}

// find returns the byte offset of a key, or of the nearest table above it that
// is in the file, or 0.
func (x *index) find(path string) int {
	for path != "" {
		if start, ok := x.places[path]; ok {
			return start
		}
		path = parent(path)
	}
	return 0
}

// at returns the setting that covers a byte offset.
func (x *index) at(offset int) (expression, bool) {
	for _, e := range x.expressions {
		if offset >= e.start && offset < e.end {
			return e, true
		}
	}
	return expression{}, false
}

// position turns a byte offset into line and column, from 1, and the line's
// text.
func position(doc []byte, offset int) (line, column int, text string) {
	offset = min(max(offset, 0), len(doc))
	start := bytes.LastIndexByte(doc[:offset], '\n') + 1
	end := len(doc)
	if i := bytes.IndexByte(doc[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	return bytes.Count(doc[:offset], []byte("\n")) + 1, offset - start + 1, string(doc[start:end])
}

// offsetOf is the inverse of position.
func offsetOf(doc []byte, line, column int) int {
	offset := 0
	for ; line > 1; line-- {
		i := bytes.IndexByte(doc[offset:], '\n')
		if i < 0 {
			break
		}
		offset += i + 1
	}
	return min(offset+max(column-1, 0), len(doc))
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// parent returns the path without its last key or index.
func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// plain returns a path without its indices: "tariff.band.from".
func plain(path string) string {
	var b strings.Builder
	inside := false
	for _, r := range path {
		switch {
		case r == '[':
			inside = true
		case r == ']':
			inside = false
		case !inside:
			b.WriteRune(r)
		}
	}
	return b.String()
}

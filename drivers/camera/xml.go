package camera

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// What a text may hold at most; real events have about 100 elements. Together
// these keep a hostile text from growing when it is read.
const (
	maxElements = 4096
	maxListed   = 1 << 16 // elements of a list
	maxName     = 128     // bytes of an element's name
)

// Elements returns the text of every element of an XML text under its path of
// local names, "EventNotificationAlert/ANPR/line". Namespaces and prefixes are
// ignored, for makers change them as they please. Of several elements with one
// path the first counts, and those deeper than levels are left out.
//
// The text may be UTF-8 or GBK, whatever it says of itself, with or without a
// byte order mark, and have MaxText bytes. Errors are PushErrors.
func Elements(text []byte, levels int) (map[string]string, error) {
	fields := make(map[string]string)
	err := walk(text, maxElements, func(path []string, value string) {
		if len(path) > levels {
			return
		}
		key := strings.Join(path, "/")
		if _, have := fields[key]; !have {
			fields[key] = value
		}
	})
	if err != nil {
		return nil, err
	}
	return fields, nil
}

// ElementList returns for every element with the name item the texts of the
// elements right below it, by their local names. It reads what Elements reads.
func ElementList(text []byte, item string) ([]map[string]string, error) {
	var list []map[string]string
	current := make(map[string]string)
	err := walk(text, maxListed, func(path []string, value string) {
		switch n := len(path); {
		case path[n-1] == item:
			list = append(list, current)
			current = make(map[string]string)
		case n > 1 && path[n-2] == item:
			if _, have := current[path[n-1]]; !have {
				current[path[n-1]] = value
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// walk calls visit at the end of every element with its path and its own text.
func walk(text []byte, most int, visit func(path []string, value string)) error {
	if len(text) > MaxText {
		return TooLarge("event text too large")
	}
	dec := xml.NewDecoder(bytes.NewReader(UTF8(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")))))
	// The text is UTF-8 by now, whatever its first line claims.
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var path []string
	var value strings.Builder
	elements := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return Malformed("broken XML")
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements++
			switch {
			case len(path) == MaxNesting:
				return Malformed("XML nested too deep")
			case elements > most, len(token.Name.Local) > maxName:
				return Malformed("too much XML")
			}
			path = append(path, token.Name.Local)
			value.Reset()
		case xml.CharData:
			value.Write(token)
		case xml.EndElement:
			visit(path, strings.TrimSpace(value.String()))
			path = path[:len(path)-1]
			value.Reset()
		}
	}
}

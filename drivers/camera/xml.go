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
	maxName     = 128 // bytes of an element's name
)

// Elements returns the text of every element of an XML text under its path of
// local names, "EventNotificationAlert/ANPR/line". Namespaces and prefixes are
// ignored, for makers change them as they please. Of several elements with one
// path the first counts, and those deeper than levels are left out.
//
// The text may be UTF-8 or GBK, whatever it says of itself, with or without a
// byte order mark, and have MaxText bytes. Errors are PushErrors.
func Elements(text []byte, levels int) (map[string]string, error) {
	if len(text) > MaxText {
		return nil, TooLarge("event text too large")
	}
	dec := xml.NewDecoder(bytes.NewReader(UTF8(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")))))
	// The text is UTF-8 by now, whatever its first line claims.
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	fields := make(map[string]string)
	var path []string
	var value strings.Builder
	elements := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return fields, nil
		}
		if err != nil {
			return nil, Malformed("broken XML")
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements++
			switch {
			case len(path) == MaxNesting:
				return nil, Malformed("XML nested too deep")
			case elements > maxElements, len(token.Name.Local) > maxName:
				return nil, Malformed("too much XML")
			}
			path = append(path, token.Name.Local)
			value.Reset()
		case xml.CharData:
			value.Write(token)
		case xml.EndElement:
			if len(path) <= levels {
				key := strings.Join(path, "/")
				if _, have := fields[key]; !have {
					fields[key] = strings.TrimSpace(value.String())
				}
			}
			path = path[:len(path)-1]
			value.Reset()
		}
	}
}

package fields

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"parkagent/drivers/camera"
)

// JSON reads one JSON object or list. Numbers stand as they were written, true
// and false as these words; null is not there. Text that is not UTF-8 is taken
// for GBK.
func JSON(body []byte) (Fields, error) {
	dec := json.NewDecoder(bytes.NewReader(utf8Text(body)))
	dec.UseNumber()
	r := jsonReader{dec: dec, collector: newCollector()}
	token, err := r.next()
	if err != nil {
		return nil, err
	}
	if _, ok := token.(json.Delim); !ok {
		return nil, camera.Malformed("no JSON object")
	}
	if err := r.value("", token, 1); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, camera.Malformed("broken JSON")
	}
	return r.fields, nil
}

type jsonReader struct {
	dec *json.Decoder
	*collector
}

func (r jsonReader) next() (json.Token, error) {
	token, err := r.dec.Token()
	if err != nil {
		return nil, camera.Malformed("broken JSON")
	}
	return token, nil
}

// value keeps what begins with token. depth counts the objects and lists that it
// stands in, itself among them.
func (r jsonReader) value(path string, token json.Token, depth int) error {
	switch token := token.(type) {
	case nil:
		return r.count(path)
	case string:
		return r.put(path, token)
	case json.Number:
		return r.put(path, token.String())
	case bool:
		return r.put(path, strconv.FormatBool(token))
	case json.Delim:
		if depth > camera.MaxNesting {
			return camera.Malformed("JSON nested too deep")
		}
		if err := r.count(path); err != nil {
			return err
		}
		return r.members(path, token, depth)
	}
	return camera.Malformed("broken JSON")
}

// members keeps what stands in the object or list that open opens, up to its end.
func (r jsonReader) members(path string, open json.Delim, depth int) error {
	for i := 0; ; i++ {
		token, err := r.next()
		if err != nil {
			return err
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			return nil
		}
		at := member(path, i)
		if open == '{' {
			name, _ := token.(string) // the decoder allows nothing else
			at = below(path, name)
			if token, err = r.next(); err != nil {
				return err
			}
		}
		if err := r.value(at, token, depth+1); err != nil {
			return err
		}
	}
}

// XML reads one XML document. Paths begin below the root element, whose name does
// not count, as does no namespace; an attribute is written "@name", as in
// "Event.@id". Elements of one name beside each other are a list.
//
// Text that is not UTF-8 is taken for GBK, whatever the first line says. Entities
// of the document's own making are an error.
func XML(body []byte) (Fields, error) {
	if bytes.Count(body, []byte(`"`))+bytes.Count(body, []byte(`'`)) > 4*maxValues {
		return nil, camera.TooLarge("too many values") // the decoder reads all attributes of an element before they can be counted
	}
	dec := xml.NewDecoder(bytes.NewReader(utf8Text(body)))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	r := xmlReader{collector: newCollector()}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && r.roots == 1 {
			return r.fields, nil
		}
		if err != nil {
			return nil, camera.Malformed("broken XML")
		}
		switch token := token.(type) {
		case xml.StartElement:
			err = r.begin(token)
		case xml.CharData:
			if n := len(r.open); n > 0 {
				r.open[n-1].text.Write(token)
			}
		case xml.EndElement:
			err = r.end()
		}
		if err != nil {
			return nil, err
		}
	}
}

type xmlReader struct {
	*collector
	open  []*element // from the root inwards
	roots int
}

// An element is one that was begun and has not ended.
type element struct {
	path     string
	text     strings.Builder
	children map[string]int // how many of a name it has
}

func (r *xmlReader) begin(start xml.StartElement) error {
	path := ""
	switch n := len(r.open); {
	case n == camera.MaxNesting:
		return camera.Malformed("XML nested too deep")
	case n == 0:
		r.roots++
		if r.roots > 1 {
			return camera.Malformed("broken XML")
		}
	default:
		parent := r.open[n-1]
		name := start.Name.Local
		path = below(parent.path, name)
		if parent.children == nil {
			parent.children = map[string]int{}
		}
		if i := parent.children[name]; i > 0 {
			path = member(path, i)
		}
		parent.children[name]++
	}
	if err := r.count(path); err != nil {
		return err
	}
	for _, a := range start.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		if err := r.put(below(path, "@"+a.Name.Local), a.Value); err != nil {
			return err
		}
	}
	r.open = append(r.open, &element{path: path})
	return nil
}

// end keeps the text of the innermost element. One that holds others and only
// blanks besides is no value.
func (r *xmlReader) end() error {
	last := len(r.open) - 1 // the decoder lets nothing end that did not begin
	e := r.open[last]
	r.open = r.open[:last]
	text := strings.TrimSpace(e.text.String())
	if e.path == "" || text == "" && len(e.children) > 0 {
		return nil
	}
	return r.put(e.path, text)
}

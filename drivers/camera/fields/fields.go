// Package fields takes what a camera sends apart into texts under paths, whether it is JSON, XML, a form or lines.
//
// Cameras disagree with their own manuals about types and order, and one
// firmware's number is the next one's text. So a driver asks for the text at
// "Picture.Plate.PlateNumber" and reads it as it needs. Everything here is
// bounded: a hostile body of MaxBody bytes grows by no more than a few times.
package fields

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"

	"parkagent/drivers/camera"
)

// What a body may hold at most; real events have about 200 values.
const (
	maxValues = 4096
	maxPath   = 512      // bytes of one path
	longText  = 64 << 10 // bytes; a longer value is a picture and is counted apart
)

// mostPicture is how long a picture may be as base64, with a line break every 64
// characters.
const mostPicture = camera.MaxPicture/3*4 + camera.MaxPicture/16

// Fields are the texts of a body by their paths. A path names what lies within
// each other with dots between, "Picture.Plate.PlateNumber". The members of a
// list are numbered from 0, "Events[1].Code"; the first needs no number, so that
// "Events[0].Code" and "Events.Code" are the same. Of several values at one path
// the first counts.
type Fields map[string]string

// Text returns the text at path without the blanks around it, or nothing.
func (f Fields) Text(path string) string { return strings.TrimSpace(f[tidy(path)]) }

// First returns the first text that is not empty of those at paths.
func (f Fields) First(paths ...string) string {
	for _, path := range paths {
		if text := f.Text(path); text != "" {
			return text
		}
	}
	return ""
}

// Has reports whether there is a value at path, even an empty one.
func (f Fields) Has(path string) bool {
	_, ok := f[tidy(path)]
	return ok
}

// Bool reads the text at path as yes or no; what is neither is not there.
func (f Fields) Bool(path string) (value, there bool) {
	switch strings.ToLower(f.Text(path)) {
	case "true", "1", "yes":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

// Int reads the text at path as a whole number. One with a fraction is cut off.
func (f Fields) Int(path string) (int64, bool) {
	text := f.Text(path)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	const exact = 1 << 53 // up to which a float holds every whole number
	if x, err := strconv.ParseFloat(text, 64); err == nil && x > -exact && x < exact {
		return int64(x), true
	}
	return 0, false
}

// tidy writes the path of the first of a list as it is kept.
func tidy(path string) string {
	for strings.Contains(path, "[0]") { // again: a hostile name may hide one within another
		path = strings.ReplaceAll(path, "[0]", "")
	}
	return strings.TrimLeft(path, ".")
}

// A collector fills Fields within their limits.
type collector struct {
	fields Fields
	values int // counted with those that are not kept
	text   int // bytes
}

func newCollector() *collector { return &collector{fields: Fields{}} }

// count notes one more value and fails when they are too many.
func (c *collector) count(path string) error {
	c.values++
	if c.values > maxValues || len(path) > maxPath {
		return camera.TooLarge("too many values")
	}
	return nil
}

// put keeps a value. It fails when the values are too many or too long.
func (c *collector) put(path, text string) error {
	if err := c.count(path); err != nil {
		return err
	}
	switch {
	case len(text) > mostPicture:
		return camera.TooLarge("picture too large")
	case len(text) <= longText:
		c.text += len(text)
	}
	if c.text > camera.MaxText {
		return camera.TooLarge("event text too large")
	}
	path = tidy(path)
	if _, have := c.fields[path]; !have {
		c.fields[path] = text
	}
	return nil
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func member(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// utf8Text returns body as UTF-8 without a byte order mark.
func utf8Text(body []byte) []byte {
	return camera.UTF8(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")))
}

// Form reads a body of the type application/x-www-form-urlencoded, or the query
// of an address.
func Form(body []byte) (Fields, error) {
	c := newCollector()
	// Split by hand: url.ParseQuery keeps every value of a body of any size.
	for pair := range bytes.SplitSeq(bytes.TrimSpace(body), []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		key, value, _ := strings.Cut(string(pair), "=")
		name, err := url.QueryUnescape(key)
		if err != nil {
			return nil, camera.Malformed("broken form")
		}
		text, err := url.QueryUnescape(value)
		if err != nil {
			return nil, camera.Malformed("broken form")
		}
		if err := c.put(string(camera.UTF8([]byte(name))), string(camera.UTF8([]byte(text)))); err != nil {
			return nil, err
		}
	}
	if c.values == 0 {
		return nil, camera.Malformed("empty form")
	}
	return c.fields, nil
}

// Texts returns the parts of a form that has its parts already.
func Texts(parts map[string]string) (Fields, error) {
	c := newCollector()
	for name, text := range parts {
		if err := c.put(name, text); err != nil {
			return nil, err
		}
	}
	if c.values == 0 {
		return nil, camera.Malformed("empty form")
	}
	return c.fields, nil
}

// Lines reads a text of one "path=value" a line, as Dahua's cameras write it.
// Lines of another shape are passed over.
func Lines(body []byte) (Fields, error) {
	c := newCollector()
	for line := range strings.SplitSeq(string(utf8Text(body)), "\n") {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || key == "" {
			continue
		}
		if err := c.put(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return nil, err
		}
	}
	return c.fields, nil
}

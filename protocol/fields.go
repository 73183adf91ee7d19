package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// MaxInt is the largest number that is read from the wire, either side of zero:
// ten million million yuan in fen, small enough that sums do not overflow.
const MaxInt = 1_000_000_000_000_000

// An Int is an integer that may be absent from a message.
type Int struct {
	N   int64
	Set bool // false means absent; N is then 0
}

// IntOf returns an Int that is present.
func IntOf[T ~int | ~int64](n T) Int { return Int{N: int64(n), Set: true} }

// Or returns the number, or def when it is absent.
func (i Int) Or(def int64) int64 {
	if i.Set {
		return i.N
	}
	return def
}

// IsZero reports that the number is absent, for the JSON option omitzero.
func (i Int) IsZero() bool { return !i.Set }

// MarshalJSON writes a number, or null when it is absent.
func (i Int) MarshalJSON() ([]byte, error) {
	if !i.Set {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, i.N, 10), nil
}

// text returns the number in decimal, "" when it is absent.
func (i Int) text() string {
	if !i.Set {
		return ""
	}
	return strconv.FormatInt(i.N, 10)
}

// twins returns the value of a field that is sent by two names, of which the writer
// may have set either.
func twins[T comparable](a, b T) (T, T) {
	var zero T
	if a == zero {
		return b, b
	}
	return a, a
}

// UnmarshalJSON reads a number also from a string; null and "" are absent.
func (i *Int) UnmarshalJSON(raw []byte) error {
	if isAbsent(raw) {
		*i = Int{}
		return nil
	}
	n, ok := readInt(raw)
	if !ok {
		return errors.New("not an integer")
	}
	*i = Int{N: n, Set: true}
	return nil
}

// DecodeFields reads a JSON object into the struct that into points to, as
// leniently as the protocol's clients need: names in any case, numbers as
// strings and strings as numbers, null and "" as absent, unknown fields ignored,
// an array or object also as a string of JSON, one object where an array is
// due. A field that is absent keeps the value it had, and so does one that is not
// exported.
//
// A struct's json tags name its fields. Its wire tags say more, separated by commas:
//
//	required   absent is an error
//	min=1      a smaller number is an error
//	oneof=1|2  any other number is an error
//	alias=a|b  other names of the field
//	lenient    what cannot be read is absent: a label that must spoil no money
//
// A message with a method Check() error is then asked to check itself. Errors
// are [*FieldError] unless text is no JSON object at all.
func DecodeFields(text []byte, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("decode fields: need a pointer to a struct, not %T", into)
	}
	if err := checkJSON(text); err != nil {
		return err
	}
	return decodeStruct(text, v.Elem(), "")
}

// decodeStruct reads an object into v. at is the name of what holds v, with a
// dot at its end, for errors.
func decodeStruct(text []byte, v reflect.Value, at string) error {
	members, err := readMembers(text)
	if err != nil {
		return err
	}
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue // it is the program's own
		}
		tag, err := readTag(v.Type().Field(i))
		if err != nil {
			return err
		}
		raw := members.find(tag.name, tag.aliases)
		if raw == nil {
			if tag.required {
				return &FieldError{Field: at + tag.name, Problem: Missing}
			}
			continue
		}
		if err := decodeValue(raw, v.Field(i), at+tag.name); err != nil {
			if tag.lenient {
				continue
			}
			return err
		}
		if n, ok := number64(v.Field(i)); ok && !tag.allows(n) {
			return &FieldError{Field: at + tag.name, Problem: OutOfRange}
		}
	}
	if c, ok := v.Addr().Interface().(interface{ Check() error }); ok {
		return c.Check()
	}
	return nil
}

// members are the fields of an object by lower-case name, without absent ones.
type members map[string]json.RawMessage

func readMembers(text []byte) (members, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	m := members{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("read JSON: %w", err)
		}
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, fmt.Errorf("read JSON: %w", err)
		}
		// Of a name given twice the last that says something counts.
		if !isAbsent(raw) {
			m[strings.ToLower(name.(string))] = raw
		}
	}
	return m, nil
}

// find returns the value of the first of the names that is there.
func (m members) find(name string, aliases []string) json.RawMessage {
	if raw, ok := m[strings.ToLower(name)]; ok {
		return raw
	}
	for _, alias := range aliases {
		if raw, ok := m[strings.ToLower(alias)]; ok {
			return raw
		}
	}
	return nil
}

// isAbsent reports whether raw is null or a string of nothing but spaces.
func isAbsent(raw []byte) bool {
	if string(raw) == "null" {
		return true
	}
	return len(raw) >= 2 && raw[0] == '"' && len(bytes.Trim(raw[1:len(raw)-1], " ")) == 0
}

// decodeValue reads one present value into v.
func decodeValue(raw []byte, v reflect.Value, name string) error {
	bad := &FieldError{Field: name, Problem: Malformed}
	if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
		if u.UnmarshalJSON(raw) != nil {
			return bad
		}
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		s, ok := readText(raw)
		if !ok {
			return bad
		}
		v.SetString(s)
	case reflect.Int, reflect.Int64:
		n, ok := readInt(raw)
		if !ok || v.OverflowInt(n) {
			return bad
		}
		v.SetInt(n)
	case reflect.Struct:
		if raw = unwrap(raw); len(raw) == 0 || raw[0] != '{' {
			return bad
		}
		return decodeStruct(raw, v, name+".")
	case reflect.Slice:
		return decodeSlice(raw, v, name)
	default:
		return fmt.Errorf("decode %s: no rule for %s", name, v.Type())
	}
	return nil
}

func decodeSlice(raw []byte, v reflect.Value, name string) error {
	raw = unwrap(raw)
	if len(raw) > 0 && raw[0] == '{' {
		raw = slices.Concat([]byte("["), raw, []byte("]"))
	}
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return &FieldError{Field: name, Problem: Malformed}
	}
	out := reflect.MakeSlice(v.Type(), 0, len(elements))
	for i, element := range elements {
		if isAbsent(element) {
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := decodeValue(element, item, fmt.Sprintf("%s[%d]", name, i)); err != nil {
			return err
		}
		out = reflect.Append(out, item)
	}
	v.Set(out)
	return nil
}

// unwrap returns the JSON that is inside a JSON string, and raw itself if it is
// no string or holds no JSON.
func unwrap(raw []byte) []byte {
	var inner string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &inner) != nil {
		return raw
	}
	text := trimText([]byte(inner))
	if checkJSON(text) != nil {
		return raw
	}
	return text
}

// readText reads a string, or a number or truth value as it is written.
func readText(raw []byte) (string, bool) {
	switch raw[0] {
	case '"':
		var s string
		return s, json.Unmarshal(raw, &s) == nil
	case '{', '[':
		return "", false
	default:
		return string(raw), true
	}
}

// readInt reads an integer, also from a string and with a fraction of zeros.
func readInt(raw []byte) (int64, bool) {
	s, ok := readText(raw)
	if !ok {
		return 0, false
	}
	return parseInt(s)
}

// parseInt reads a whole number, also one that has a point and zeros behind it.
func parseInt(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if whole, fraction, found := strings.Cut(s, "."); found && fraction != "" && strings.Trim(fraction, "0") == "" {
		s = whole
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > MaxInt || n < -MaxInt {
		return 0, false
	}
	return n, true
}

// number64 returns the number that v holds, if it is one and present.
func number64(v reflect.Value) (int64, bool) {
	if i, ok := v.Interface().(Int); ok {
		return i.N, i.Set
	}
	if v.CanInt() {
		return v.Int(), true
	}
	return 0, false
}

// A fieldTag is what a struct field's tags say.
type fieldTag struct {
	name     string
	required bool
	lenient  bool
	aliases  []string
	min      Int
	oneOf    []int64
}

func (t fieldTag) allows(n int64) bool {
	if t.min.Set && n < t.min.N {
		return false
	}
	return len(t.oneOf) == 0 || slices.Contains(t.oneOf, n)
}

func readTag(f reflect.StructField) (fieldTag, error) {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		name = f.Name
	}
	tag := fieldTag{name: name}
	for option := range strings.SplitSeq(f.Tag.Get("wire"), ",") {
		key, value, _ := strings.Cut(option, "=")
		var err error
		switch key {
		case "":
		case "required":
			tag.required = true
		case "lenient":
			tag.lenient = true
		case "alias":
			tag.aliases = strings.Split(value, "|")
		case "min":
			tag.min.Set = true
			tag.min.N, err = strconv.ParseInt(value, 10, 64)
		case "oneof":
			for s := range strings.SplitSeq(value, "|") {
				n, e := strconv.ParseInt(s, 10, 64)
				err = errors.Join(err, e)
				tag.oneOf = append(tag.oneOf, n)
			}
		default:
			err = errors.New("unknown option " + key)
		}
		if err != nil {
			return tag, fmt.Errorf("wire tag of field %s: %w", f.Name, err)
		}
	}
	return tag, nil
}

package protocol

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits of what is read. The largest honest message is a base64 picture.
const (
	MaxBody  = 1 << 20 // bytes of a request or reply body
	MaxDepth = 32      // levels of nesting in a JSON text
)

// OpenOptions are what opening a request needs to know.
type OpenOptions struct {
	Now      time.Time      // when the request came
	Location *time.Location // the car park's zone; nil means UTC
	// Params are the parameter names of the called interface, aliases
	// included, as [Route] and [Uplink] list them. The first key of the message
	// must be one of them: nothing else shows that the IV's date was right.
	Params []string
	Pin    Charset // if set, the one charset this client sends
	Last   Charset // the charset that this client sent before, if known
}

// An Opened is a request after decryption.
type Opened struct {
	JSON []byte // a JSON object in UTF-8; {} when the request has no parameters
	// Charset is to be remembered as the client's Last. It only changes when
	// the text gave reason to.
	Charset Charset
	// DayOffset is 0 when the client's date is ours, -1 or 1 when it is a day
	// behind or ahead.
	DayOffset int
	// Sealed means that there was something to decipher, so the sender has the
	// key. A request without data proves nothing.
	Sealed bool
	// Digest is the same for the same enciphered bytes, however their base64 was
	// written, and for no others: what has no number of its own is known again by
	// it. It is empty unless Sealed.
	Digest string
}

// OpenRequest reads the body of r and opens it. Besides the errors of
// [Cipher.Open] it returns [ErrTooLarge], and an error wrapping [ErrBody] when
// the body cannot be received.
func (c *Cipher) OpenRequest(r *http.Request, opt OpenOptions) (Opened, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) || len(body) > MaxBody {
		return Opened{}, ErrTooLarge
	}
	if err != nil {
		return Opened{}, fmt.Errorf("%w: %w", ErrBody, err)
	}
	return c.Open(body, opt)
}

// Open takes a request body apart and decrypts it. It accepts what real clients
// send: JSON under any or no content type, forms, broken and unpadded base64, an
// empty body or an encrypted empty string for no parameters, yesterday's or
// tomorrow's date as IV, GBK or UTF-8 underneath.
//
// Errors are [ErrTooLarge], [ErrBody] and [*DataError].
func (c *Cipher) Open(body []byte, opt OpenOptions) (Opened, error) {
	if opt.Location == nil {
		opt.Location = time.UTC
	}
	data, err := bodyData(body)
	if err != nil {
		return Opened{}, err
	}
	if strings.TrimSpace(data) == "" {
		return opt.read(nil)
	}
	blocks, err := c.decryptBlocks(data)
	if err != nil {
		return Opened{}, err
	}
	today := DayOf(opt.Now, opt.Location)
	failure := &DataError{Reason: "wrong key, or a date more than a day off, or no parameter of the interface comes first", Today: today}
	for _, offset := range []int{0, -1, 1} {
		text, ok := firstBlock(blocks, today.Add(offset))
		if !ok {
			continue
		}
		if text := trimText(text); !hasNoParameters(text) && !isParam(firstKey(text), opt.Params) {
			continue
		}
		opened, err := opt.read(text)
		if err != nil {
			failure.Reason = err.Error()
			continue
		}
		opened.DayOffset, opened.Sealed = offset, true
		opened.Digest = digest(blocks)
		return opened, nil
	}
	failure.Implied = impliedDay(blocks, opt.Params)
	return Opened{}, failure
}

// digest tells enciphered bytes apart by what the cipher makes of them, which is
// as different as they are.
func digest(blocks []byte) string {
	sum := sha256.Sum256(blocks)
	return hex.EncodeToString(sum[:])
}

// read turns decrypted text into a request.
func (opt OpenOptions) read(text []byte) (Opened, error) {
	opened := Opened{Charset: opt.Last, JSON: []byte("{}")}
	switch {
	case opt.Pin != "":
		opened.Charset = opt.Pin
	case bytes.HasPrefix(text, utf8BOM):
		opened.Charset = UTF8
	case opt.Last == "":
		opened.Charset = GBK
	}
	text = trimText(text)
	if hasNoParameters(text) {
		return opened, nil
	}
	if opt.Pin != "" {
		opened.JSON = DecodeText(opt.Pin, text)
	} else {
		opened.Charset, opened.JSON = GuessCharset(text, opened.Charset)
	}
	return opened, checkObject(opened.JSON)
}

// Seal makes the body of a request from a message: its JSON in the given
// charset, encrypted for the given day. An empty charset means GBK.
func (c *Cipher) Seal(v any, day Day, charset Charset) ([]byte, error) {
	text, err := marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	// Base64 needs no escaping in JSON.
	return []byte(`{"data":"` + c.Encrypt(day, EncodeText(charset, text)) + `"}`), nil
}

// marshal is json.Marshal without the escapes for HTML, which some clients'
// hand-made JSON readers do not know.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

// bodyData finds the data member of a body. It is empty when there is none.
func bodyData(body []byte) (string, error) {
	if len(body) > MaxBody {
		return "", ErrTooLarge
	}
	// The content type says nothing: libraries label JSON as a form, or not at all.
	switch text := trimText(body); {
	case len(text) == 0:
		return "", nil
	case text[0] == '{':
		return jsonData(text)
	default:
		return formData(string(body))
	}
}

// jsonData reads a body of JSON. Some clients paste base64 with its line breaks
// between the quotes, where JSON wants them escaped; elsewhere they mean nothing.
func jsonData(body []byte) (string, error) {
	body = bytes.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == '\t' {
			return -1
		}
		return r
	}, body)
	if err := checkObject(body); err != nil {
		return "", ErrBody
	}
	var envelope struct{ Data *string }
	if err := json.Unmarshal(body, &envelope); err != nil {
		return "", ErrBody
	}
	if envelope.Data == nil {
		return "", nil
	}
	return *envelope.Data, nil
}

// formData reads a form by hand: a + in it may be a + that was not escaped, and
// base64 has no spaces to lose.
func formData(body string) (string, error) {
	for pair := range strings.SplitSeq(body, "&") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "data") {
			continue
		}
		value, err := url.PathUnescape(value)
		if err != nil {
			return "", ErrBody
		}
		return value, nil
	}
	return "", ErrBody
}

// hasNoParameters reports whether text stands for an empty set of parameters.
func hasNoParameters(text []byte) bool {
	switch string(text) {
	case "", "{}", "null", `""`:
		return true
	}
	return false
}

// firstKey returns the first key of a JSON object, "" if text does not begin as
// one. It looks no further than the colon, and at bytes: the charset is not known
// yet, and parameter names are ASCII.
func firstKey(text []byte) string {
	rest, ok := bytes.CutPrefix(text, []byte("{"))
	if !ok {
		return ""
	}
	rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, jsonSpace), []byte(`"`))
	if !ok {
		return ""
	}
	key, rest, ok := bytes.Cut(rest, []byte(`"`))
	if !ok || !bytes.HasPrefix(bytes.TrimLeft(rest, jsonSpace), []byte(":")) {
		return ""
	}
	return string(key)
}

func isParam(key string, params []string) bool {
	for _, p := range params {
		if strings.EqualFold(p, key) {
			return true
		}
	}
	return false
}

// impliedDay works out which date a client took for its IV, from the first
// block and a guess at its first key. It is empty when no guess gives a date.
func impliedDay(blocks []byte, params []string) Day {
	for _, p := range params {
		for _, opening := range []string{`{"`, `{ "`, "{\n\"", "{\r\n\"", "{\n  \"", "{\r\n  \"", "{\n    \""} {
			guess := opening + p + `":"`
			if len(guess) < len(dayLayout) {
				continue
			}
			iv := make([]byte, len(dayLayout))
			for i := range iv {
				iv[i] = blocks[i] ^ guess[i]
			}
			if day := Day(iv); day.valid() {
				return day
			}
		}
	}
	return ""
}

const jsonSpace = " \t\r\n"

var utf8BOM = []byte("\xEF\xBB\xBF")

// trimText takes off white space and the mark that some editors and .NET
// writers put before UTF-8.
func trimText(text []byte) []byte {
	return bytes.Trim(bytes.TrimPrefix(bytes.Trim(text, jsonSpace), utf8BOM), jsonSpace)
}

// checkObject returns an error unless text is one JSON object, nested no deeper
// than MaxDepth, with nothing after it.
func checkObject(text []byte) error {
	if len(text) == 0 || text[0] != '{' {
		return errors.New("not a JSON object")
	}
	return checkJSON(text)
}

// checkJSON returns an error unless text is one JSON value, nested no deeper
// than MaxDepth.
func checkJSON(text []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case inString && b == '\\':
			i++
		case b == '"':
			inString = !inString
		case inString:
		case b == '{' || b == '[':
			if depth++; depth > MaxDepth {
				return errors.New("JSON nested too deep")
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	if !json.Valid(text) {
		return errors.New("malformed JSON")
	}
	return nil
}

package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The resCode of answers.
const (
	Success = 0
	Failure = 1
)

// A Response is an answer as it is written: plain JSON in UTF-8.
type Response struct {
	ResCode int    `json:"resCode"` // Success or Failure
	ResMsg  string `json:"resMsg"`  // empty on success, else one sentence for people
	// Data is a slice of rows; nil, also a nil slice, is written as null.
	Data any `json:"data"`
}

// Row returns the Data of an answer with a single row: an array with that row,
// or the bare object for clients that were built for an older server.
func Row(row any, asObject bool) any {
	if asObject {
		return row
	}
	return []any{row}
}

// WriteResponse answers with the given HTTP status. The error is one of encoding,
// after which an empty Failure was written, or of the connection.
func WriteResponse(w http.ResponseWriter, status int, r Response) error {
	body, err := marshal(r)
	if err != nil {
		err = fmt.Errorf("encode response: %w", err)
		status, body = http.StatusInternalServerError, []byte(`{"resCode":1,"resMsg":"","data":null}`)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, writeErr := w.Write(body); writeErr != nil {
		err = errors.Join(err, fmt.Errorf("write response: %w", writeErr))
	}
	return err
}

// A Reply is an answer as it was read from a side that may be careless.
type Reply struct {
	Code string            // "0" is success; a number in decimal, or whatever else was sent
	Msg  string            // for people, often empty on success
	Rows []json.RawMessage // rows of data, none for null
	Text string            // data when it is a string that is no JSON
}

// OK reports whether the answer is a success by the document. A platform may
// have its own codes: see [Client.Accepted].
func (r Reply) OK() bool { return r.Code == "0" }

// DecodeReply reads an answer: the code as resCode, code or error_code, number or
// string; data as an array, an object, JSON in a string, or null. It returns an
// error when the body is no JSON object with a code in it.
func DecodeReply(body []byte) (Reply, error) {
	body = trimText(body)
	if !utf8.Valid(body) {
		body = DecodeText(GBK, body)
	}
	if err := checkObject(body); err != nil {
		return Reply{}, fmt.Errorf("read reply: %w", err)
	}
	m, err := readMembers(body)
	if err != nil {
		return Reply{}, fmt.Errorf("read reply: %w", err)
	}
	code, ok := readCode(orNull(m.find("resCode", []string{"code", "error_code"})))
	if !ok {
		return Reply{}, errors.New("read reply: no resCode")
	}
	reply := Reply{Code: code}
	if msg := m.find("resMsg", []string{"msg", "message", "error_msg", "error_message"}); msg != nil {
		if reply.Msg, ok = readText(msg); !ok {
			reply.Msg = string(msg)
		}
	}
	reply.Rows, reply.Text = readRows(m.find("data", nil))
	return reply, nil
}

func readCode(raw json.RawMessage) (string, bool) {
	text, ok := readText(raw)
	code := codeOf(text)
	return code, ok && code != "" && code != "null"
}

// codeOf is a code as [Reply] has it. A number is the same however it is written:
// some say "0000", and what went through a map of some JSON libraries says 0.0.
func codeOf(text string) string {
	if n, ok := parseInt(text); ok {
		return strconv.FormatInt(n, 10)
	}
	return strings.TrimSpace(text)
}

func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}

// readRows reads data in any of its shapes.
func readRows(raw json.RawMessage) (rows []json.RawMessage, text string) {
	if raw == nil {
		return nil, ""
	}
	inner := unwrap(raw)
	switch {
	case len(inner) > 0 && inner[0] == '{':
		return []json.RawMessage{inner}, ""
	case len(inner) > 0 && inner[0] == '[':
		var all []json.RawMessage
		if json.Unmarshal(inner, &all) != nil {
			return nil, ""
		}
		for _, row := range all {
			if row = bytes.TrimSpace(row); !isAbsent(row) {
				rows = append(rows, row)
			}
		}
		return rows, ""
	}
	text, _ = readText(raw)
	return nil, text
}

// RowsOf reads all rows of a reply as T, as leniently as [DecodeFields] does.
func RowsOf[T any](r Reply) ([]T, error) {
	rows := make([]T, len(r.Rows))
	for i, raw := range r.Rows {
		if err := DecodeFields(raw, &rows[i]); err != nil {
			return nil, fmt.Errorf("read row %d: %w", i+1, err)
		}
	}
	return rows, nil
}

// FirstOf reads the first row of a reply as T. It returns false when there is
// none.
func FirstOf[T any](r Reply) (row T, ok bool, err error) {
	if len(r.Rows) == 0 {
		return row, false, nil
	}
	if err := DecodeFields(r.Rows[0], &row); err != nil {
		return row, false, fmt.Errorf("read row: %w", err)
	}
	return row, true, nil
}

package protocol

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// The errors of opening a request. Together with [*FieldError] they are all
// that a server has to tell apart.
var (
	// ErrTooLarge means that a request body exceeds [MaxBody].
	ErrTooLarge = errors.New("the body is too large")
	// ErrBody means that a body is neither JSON nor a form with a data member.
	ErrBody = errors.New("the body cannot be read")
	// ErrData means that data cannot be deciphered or is no JSON object
	// underneath. It never says which: a caller with a wrong key must not learn
	// how wrong it is. A [*DataError] carries more, for the log.
	ErrData = errors.New("data cannot be decrypted")
)

// A DataError is an [ErrData] with what the operator may know about it. Its
// text is the same whatever happened; log it as a value of its own and
// LogValue tells the rest.
type DataError struct {
	// Reason tells what failed, in English, for the log only.
	Reason string
	// Implied is the date that the client took for its IV, when the first
	// bytes give it away. A client that computes its IV once at start is wrong
	// from the first midnight, and this is how an installer sees it.
	Implied Day
	// Today is the car park's date when the message was read.
	Today Day
}

// Error returns the text of [ErrData] and nothing else.
func (e *DataError) Error() string { return ErrData.Error() }

// Unwrap returns [ErrData].
func (e *DataError) Unwrap() error { return ErrData }

// LogValue implements [slog.LogValuer] with everything that is known.
func (e *DataError) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("reason", e.Reason)}
	if e.Implied != "" {
		attrs = append(attrs, slog.String("client_date", string(e.Implied)))
	}
	if e.Today != "" {
		attrs = append(attrs, slog.String("our_date", string(e.Today)))
	}
	return slog.GroupValue(attrs...)
}

// A Problem says what is wrong with a field.
type Problem uint8

// The problems of a field.
const (
	Malformed  Problem = iota // not of the field's type
	Missing                   // required, but absent, null or ""
	OutOfRange                // of the type, but no value that the field can take
)

// String returns the problem in English.
func (p Problem) String() string {
	switch p {
	case Missing:
		return "missing"
	case OutOfRange:
		return "out of range"
	default:
		return "malformed"
	}
}

// A FieldError names a field of a message that cannot be used.
type FieldError struct {
	Field   string // by the name of the document's table; areaInfo[1].areaCode inside an array
	Problem Problem
}

// Error returns "plateNo: missing".
func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Problem) }

// Message returns the sentence that a server answers for an error of opening or
// decoding a request, in the given language: "en", or Chinese for all others.
// It is empty for errors of another origin.
func Message(err error, language string) string {
	english := strings.HasPrefix(strings.ToLower(language), "en")
	pick := func(zh, en string) string {
		if english {
			return en
		}
		return zh
	}
	var field *FieldError
	switch {
	case errors.As(err, &field):
		switch field.Problem {
		case Missing:
			return pick("缺少必填参数 "+field.Field, "The parameter "+field.Field+" is required.")
		case OutOfRange:
			return pick("参数 "+field.Field+" 取值无效", "The value of parameter "+field.Field+" is not allowed.")
		default:
			return pick("参数 "+field.Field+" 格式错误", "The parameter "+field.Field+" is malformed.")
		}
	case errors.Is(err, ErrData):
		// It is also what a wrong user or pwd is answered: nobody learns which was wrong.
		return pick("无法验证身份，请核对 user、pwd、密钥和日期", "The caller cannot be verified, please check user, pwd, key and date.")
	case errors.Is(err, ErrTooLarge):
		return pick("请求内容过大", "The request is too large.")
	case errors.Is(err, ErrBody):
		return pick("请求内容无法识别", "The request cannot be read.")
	default:
		return ""
	}
}

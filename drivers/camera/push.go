package camera

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// What a push may be at most. A full event of a real camera is about 170 kB.
const (
	MaxBody     = 20 << 20 // the whole request
	MaxText     = 1 << 20  // its XML or form, without pictures
	MaxPicture  = 8 << 20  // one JPEG
	MaxParts    = 16       // parts of a multipart body
	MaxNesting  = 32       // elements or objects within each other
	readTimeout = 20 * time.Second
)

// A PushError says why a push was not taken and what the camera is told.
type PushError struct {
	Status int    // the HTTP status it is answered with
	Reason string // a few plain words, for the answer and the log
}

// Error returns the reason.
func (e *PushError) Error() string { return e.Reason }

// Malformed returns the error for a push that cannot be read.
func Malformed(reason string) error {
	return &PushError{Status: http.StatusBadRequest, Reason: reason}
}

// TooLarge returns the error for a push that is larger than allowed.
func TooLarge(reason string) error {
	return &PushError{Status: http.StatusRequestEntityTooLarge, Reason: reason}
}

// Status returns the HTTP status and the short text that tell a camera about
// err.
func Status(err error) (int, string) {
	var push *PushError
	switch {
	case errors.As(err, &push):
		return push.Status, push.Reason
	case errors.Is(err, ErrUnwatched):
		return http.StatusServiceUnavailable, "not watching"
	}
	return http.StatusServiceUnavailable, "try again"
}

// Refuse answers a push with what Status says of err, and logs it. log knows the
// camera's device.
func Refuse(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger) {
	status, reason := Status(err)
	log.Warn("camera push refused", "err", err, "status", status, "from", r.RemoteAddr)
	http.Error(w, reason, status)
}

// ReadPush reads the whole body of a push, at most MaxBody bytes and for at
// most 20 seconds. It takes POST only, and few requests of one camera at once.
func (b *Inbox) ReadPush(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &PushError{Status: http.StatusMethodNotAllowed, Reason: "only POST"}
	}
	if r.ContentLength > MaxBody {
		w.Header().Set("Connection", "close")
		return nil, TooLarge("body too large")
	}
	if !b.begin() {
		return nil, &PushError{Status: http.StatusServiceUnavailable, Reason: "too many pushes at once"}
	}
	defer b.end()

	// A recorder in a test has no deadlines; a server's connection has.
	conn := http.NewResponseController(w)
	_ = conn.SetReadDeadline(time.Now().Add(readTimeout))
	// Taken off again: the server goes on listening on the connection while
	// the answer is being made, and takes a passed deadline for a hang-up.
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, TooLarge("body too large")
	case err != nil:
		return nil, Malformed("body cut short")
	}
	return body, nil
}

// IsJPEG reports whether b begins like a JPEG file. Cameras label pictures as
// they please, so their bytes decide.
func IsJPEG(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0xFF, 0xD8})
}

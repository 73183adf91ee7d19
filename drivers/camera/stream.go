package camera

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"strings"
)

// What one part of a stream may be at most.
const (
	maxHeaderLines = 64
	maxHeaderLine  = 4096 // bytes
)

// errStream is what a Stream ends with when what it reads cannot be followed.
var errStream = errors.New("broken event stream")

// A Part is one part of a Stream.
type Part struct {
	Header textproto.MIMEHeader // may be empty
	Body   []byte               // at most MaxPicture bytes; with the line break that some devices count into it
}

// A Stream takes an endless multipart answer apart, part by part: a camera's
// events, as they happen.
//
// It differs from mime/multipart where that is of no use to a gate. A part is
// there as soon as its last byte has come, not when the next boundary tells that
// it was the last, which is one heartbeat later. And a part is as long as its
// Content-Length says: some devices count the line break after it, which
// mime/multipart takes for the boundary's and then misses. Only a part without a
// length lasts until the next boundary.
//
// One goroutine uses a Stream. What bounds its waiting is the reader's deadline.
type Stream struct {
	r     *bufio.Reader
	open  []string // what a line between parts may look like
	begun bool     // the boundary before the next part was read already
	ended bool     // the last boundary was read
}

// NewStream returns a Stream of what r yields. The boundary is that of the
// answer's Content-Type. A device may write it with or without two dashes of its
// own before it, whatever it said.
func NewStream(r io.Reader, boundary string) *Stream {
	s := &Stream{r: bufio.NewReaderSize(r, maxHeaderLine), open: []string{"--" + boundary}}
	if strings.HasPrefix(boundary, "--") {
		s.open = append(s.open, boundary)
	}
	return s
}

// Next returns the next part. It returns io.EOF after the last boundary or where
// the reader ends between parts, io.ErrUnexpectedEOF where it ends within one,
// and an error for what is no such stream. After an error it is of no use.
func (s *Stream) Next() (Part, error) {
	if err := s.sync(); err != nil {
		return Part{}, err
	}
	header, err := s.header()
	if err != nil {
		return Part{}, err
	}
	length, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	var body []byte
	switch {
	case err != nil || length < 0:
		body, err = s.untilBoundary()
	case length > MaxPicture:
		return Part{}, fmt.Errorf("%w: a part of %d bytes", errStream, length)
	default:
		body, err = s.exactly(length)
	}
	if err != nil {
		return Part{}, err
	}
	return Part{Header: header, Body: body}, nil
}

// sync skips what lies before the next part: the line break after the last one,
// or the rest of one that was longer than it said.
func (s *Stream) sync() error {
	if s.begun {
		s.begun = false
		return nil
	}
	if s.ended {
		return io.EOF
	}
	lineBegins := true
	for skipped := 0; skipped <= MaxPicture; {
		line, whole, err := s.line()
		skipped += len(line)
		isBoundary, isLast := s.boundary(line)
		switch {
		case lineBegins && isLast:
			s.ended = true
			return io.EOF
		case lineBegins && isBoundary && whole:
			return nil
		case err != nil:
			return err
		}
		lineBegins = whole
	}
	return fmt.Errorf("%w: no boundary", errStream)
}

// line returns the next line with its end, or as much of it as the buffer holds.
// The bytes hold until the next read. At the end of the input it returns the
// rest and an error.
func (s *Stream) line() (line []byte, whole bool, err error) {
	line, err = s.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return line, false, nil
	}
	return line, true, err
}

// boundary tells whether a line stands between two parts, or after the last.
func (s *Stream) boundary(line []byte) (is, last bool) {
	text := string(bytes.TrimRight(line, " \t\r\n"))
	for _, open := range s.open {
		if text == open {
			is = true
		}
		if text == open+"--" {
			last = true
		}
	}
	return is, last
}

// header reads the lines up to the empty one. A line without a colon is passed
// over, and a boundary begins anew: the part before it had nothing.
func (s *Stream) header() (textproto.MIMEHeader, error) {
	header := textproto.MIMEHeader{}
	for range maxHeaderLines {
		line, whole, err := s.line()
		isBoundary, isLast := s.boundary(line)
		switch {
		case !whole:
			return nil, fmt.Errorf("%w: a header line of more than %d bytes", errStream, maxHeaderLine)
		case isLast:
			s.ended = true
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case isBoundary:
			clear(header)
			continue
		}
		text := strings.TrimSpace(string(line))
		if text == "" {
			return header, nil
		}
		if key, value, ok := strings.Cut(text, ":"); ok {
			header.Add(strings.TrimSpace(key), strings.TrimSpace(value))
		}
	}
	return nil, fmt.Errorf("%w: more than %d header lines", errStream, maxHeaderLines)
}

// exactly reads a body of a known length. Its memory grows with what comes, not
// with what was announced.
func (s *Stream) exactly(length int64) ([]byte, error) {
	var body bytes.Buffer
	_, err := io.CopyN(&body, s.r, length)
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return body.Bytes(), nil
}

// untilBoundary reads a body of unknown length, without the line break before
// the boundary that ends it.
func (s *Stream) untilBoundary() ([]byte, error) {
	var body []byte
	lineBegins := true
	for len(body) <= MaxPicture {
		line, whole, err := s.line()
		isBoundary, isLast := s.boundary(line)
		if lineBegins && whole && (isBoundary || isLast) {
			s.begun, s.ended = isBoundary, isLast
			return bytes.TrimSuffix(bytes.TrimSuffix(body, []byte("\n")), []byte("\r")), nil
		}
		body = append(body, line...)
		switch {
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		lineBegins = whole
	}
	return nil, fmt.Errorf("%w: a part without an end", errStream)
}

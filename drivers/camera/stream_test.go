package camera

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// parts reads all of a stream and returns its bodies and what ended it.
func parts(r io.Reader, boundary string) ([]Part, error) {
	s := NewStream(r, boundary)
	var all []Part
	for {
		p, err := s.Next()
		if err != nil {
			return all, err
		}
		all = append(all, p)
	}
}

func bodies(all []Part) []string {
	var texts []string
	for _, p := range all {
		texts = append(texts, string(p.Body))
	}
	return texts
}

func TestStreamIsTakenApart(t *testing.T) {
	tests := []struct {
		name, boundary, text string
		want                 []string
		end                  error
	}{
		{"parts with a length", "boundary",
			"--boundary\r\nContent-Type: application/xml\r\nContent-Length: 4\r\n\r\n<a/>\r\n--boundary\r\nContent-Length: 2\r\n\r\nhi\r\n--boundary--\r\n",
			[]string{"<a/>", "hi"}, io.EOF},
		{"a length that counts the line break", "boundary",
			"--boundary\r\nContent-Length: 6\r\n\r\n<a/>\r\n--boundary\r\nContent-Length: 4\r\n\r\nhi\r\n--boundary--\r\n",
			[]string{"<a/>\r\n", "hi\r\n"}, io.EOF},
		{"a length that is too short", "boundary",
			"--boundary\r\nContent-Length: 2\r\n\r\n<a/>\nmore\r\n--boundary\r\nContent-Length: 2\r\n\r\nhi\r\n",
			[]string{"<a", "hi"}, io.EOF},
		{"parts without a length", "boundary",
			"--boundary\r\nContent-Type: text/plain\r\n\r\none\r\ntwo\r\n--boundary\r\n\r\nthree\r\n--boundary--",
			[]string{"one\r\ntwo", "three"}, io.EOF},
		{"bare line feeds", "boundary",
			"--boundary\nContent-Length:2\n\nhi\n--boundary\n\nho\n--boundary--\n",
			[]string{"hi", "ho"}, io.EOF},
		{"a boundary that begins with dashes, written as it is", "--myboundary",
			"--myboundary\r\nContent-Length: 9\r\n\r\nHeartbeat\r\n\r\n--myboundary\r\nContent-Length: 2\r\n\r\nhi\r\n",
			[]string{"Heartbeat", "hi"}, io.EOF},
		{"a boundary that begins with dashes, with two more", "--myboundary",
			"----myboundary\r\nContent-Length: 2\r\n\r\nhi\r\n----myboundary--\r\n",
			[]string{"hi"}, io.EOF},
		{"noise before the first boundary", "boundary",
			"\r\n\r\nHTTP noise --boundary\r\n--boundary\r\nContent-Length: 2\r\n\r\nhi", []string{"hi"}, io.EOF},
		{"noise that ends like a boundary", "boundary",
			strings.Repeat("x", maxHeaderLine) + "--boundary\r\nContent-Length: 2\r\n\r\nno\r\n--boundary\r\nContent-Length: 2\r\n\r\nhi", []string{"hi"}, io.EOF},
		{"an empty part", "boundary",
			"--boundary\r\nContent-Length: 0\r\n\r\n\r\n--boundary\r\nContent-Length: 2\r\n\r\nhi", []string{"", "hi"}, io.EOF},
		{"a boundary where a header was to come", "boundary",
			"--boundary\r\nX: y\r\n--boundary\r\nContent-Length: 2\r\n\r\nhi", []string{"hi"}, io.EOF},
		{"a boundary where a header was to come, after a length", "boundary",
			"--boundary\r\nContent-Length: 9\r\n--boundary\r\n\r\nhi\r\n--boundary--", []string{"hi"}, io.EOF},
		{"a body that looks like a boundary in the middle of a line", "boundary",
			"--boundary\r\n\r\na --boundary\r\nb\r\n--boundary--", []string{"a --boundary\r\nb"}, io.EOF},
		{"a long line that holds the boundary", "boundary",
			"--boundary\r\n\r\n" + strings.Repeat("x", 2*maxHeaderLine) + "--boundary\r\n--boundary--",
			[]string{strings.Repeat("x", 2*maxHeaderLine) + "--boundary"}, io.EOF},
		{"cut within a header", "boundary", "--boundary\r\nContent-Le", nil, io.ErrUnexpectedEOF},
		{"cut within a body", "boundary", "--boundary\r\nContent-Length: 5\r\n\r\nhi", nil, io.ErrUnexpectedEOF},
		{"cut within a body without a length", "boundary", "--boundary\r\n\r\nhi", nil, io.ErrUnexpectedEOF},
		{"nothing at all", "boundary", "", nil, io.EOF},
		{"a part that is too large", "boundary", "--boundary\r\nContent-Length: 99999999\r\n\r\nhi", nil, errStream},
		{"too many headers", "boundary", "--boundary\r\n" + strings.Repeat("a: b\r\n", 65) + "\r\nhi", nil, errStream},
		{"a header without an end", "boundary", "--boundary\r\nA: " + strings.Repeat("b", 5000) + "\r\n\r\nhi", nil, errStream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, r := range map[string]io.Reader{
				"whole": strings.NewReader(tt.text), "in crumbs": iotest.OneByteReader(strings.NewReader(tt.text)),
			} {
				got, err := parts(r, tt.boundary)
				if diff := cmp.Diff(tt.want, bodies(got)); diff != "" || !errors.Is(err, tt.end) {
					t.Errorf("%s: parts differ (-want +got):\n%s\nended by %v, want %v", name, diff, err, tt.end)
				}
			}
		})
	}
}

func TestAPartIsThereBeforeTheNextBoundary(t *testing.T) {
	near, far := io.Pipe()
	defer func() { _ = far.Close() }()
	go func() { // ends when it is read, or with the pipe
		_, _ = io.WriteString(far, "--boundary\r\ncontent-type: application/xml\r\nContent-Length: 4\r\n\r\n<a/>")
	}()
	p, err := NewStream(near, "boundary").Next() // hangs for ever if it waits for more
	if err != nil || string(p.Body) != "<a/>" || p.Header.Get("Content-Type") != "application/xml" {
		t.Errorf("part = %q with %v, %v", p.Body, p.Header, err)
	}
}

func TestAStreamWithoutAnEndIsGivenUp(t *testing.T) {
	for name, start := range map[string]string{
		"before the first boundary":     "",
		"within a part without length":  "--boundary\r\n\r\n",
		"after a part that was shorter": "--boundary\r\nContent-Length: 1\r\n\r\nx",
	} {
		endless := io.MultiReader(strings.NewReader(start), zeros{})
		if _, err := parts(endless, "boundary"); !errors.Is(err, errStream) {
			t.Errorf("%s: ended by %v, want errStream", name, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func FuzzStream(f *testing.F) {
	f.Add([]byte("--boundary\r\nContent-Type: application/xml; charset=\"UTF-8\"\r\nContent-Length: 4\r\n\r\n<a/>\r\n--boundary--"), "boundary")
	f.Add([]byte("--myboundary\r\nContent-Type: text/plain\r\nContent-Length:9\r\n\r\nHeartbeat\r\n\r\n"), "--myboundary")
	f.Add([]byte("--b\n\nx\n--b\nContent-Length: 1\n\ny"), "b")
	f.Fuzz(func(t *testing.T, text []byte, boundary string) {
		whole, err := parts(bytes.NewReader(text), boundary)
		crumbs, crumbsErr := parts(iotest.OneByteReader(bytes.NewReader(text)), boundary)
		if diff := cmp.Diff(whole, crumbs); diff != "" || fmt.Sprint(err) != fmt.Sprint(crumbsErr) {
			t.Fatalf("crumbs tell another story, ended by %v and %v:\n%s", err, crumbsErr, diff)
		}
		total := 0
		for _, p := range whole {
			total += len(p.Body)
		}
		if total > len(text) {
			t.Fatalf("%d bytes out of %d", total, len(text))
		}
	})
}

// FuzzStreamReadsWhatWasWritten holds the stream to a writer of well-formed
// parts.
func FuzzStreamReadsWhatWasWritten(f *testing.F) {
	f.Add([]byte("<a/>"), []byte{0xFF, 0xD8, '\r', '\n', '-', '-', 'b'}, true)
	f.Fuzz(func(t *testing.T, one, two []byte, countsBreak bool) {
		var text bytes.Buffer
		want := []Part{}
		for _, body := range [][]byte{one, two} {
			if countsBreak {
				body = append(bytes.Clone(body), "\r\n"...)
			}
			length := fmt.Sprint(len(body))
			fmt.Fprintf(&text, "--boundary\r\nContent-Length: %s\r\n\r\n%s", length, body)
			if !countsBreak {
				text.WriteString("\r\n")
			}
			want = append(want, Part{Header: textproto.MIMEHeader{"Content-Length": {length}}, Body: body})
		}
		got, err := parts(&text, "boundary")
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) })); diff != "" || !errors.Is(err, io.EOF) {
			t.Fatalf("ended by %v; parts differ (-want +got):\n%s", err, diff)
		}
	})
}

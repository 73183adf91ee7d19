package drivertest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func brokenPushes(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	pushes := map[string]CameraPush{
		"nothing at all": {},
		"plain text":     {ContentType: "text/plain", Body: []byte("hello")},
		"zeros":          {ContentType: "application/octet-stream", Body: make([]byte, 1000)},
	}
	for name, p := range rig.Broken {
		pushes[name] = p
	}
	for name, p := range pushes {
		if status := s.push(p); status < 400 || status > 499 {
			t.Errorf("%s: status = %d, want 4xx", name, status)
		}
	}
	s.stillAlive()
}

func hugePushes(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	for name, p := range rig.Huge() {
		if status := s.push(p); status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status = %d, want 413", name, status)
		}
	}
	s.endless()
	s.stillAlive()
}

// endless sends a body without a length that never ends, as long as the server
// takes it.
func (s *site) endless() {
	s.t.Helper()
	resp, err := http.Post(s.server.URL, "application/xml", io.LimitReader(zeros{}, 64<<20))
	if err != nil {
		return // cut off before an answer was read: as good
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		s.t.Errorf("endless body: status = %d, want 413", resp.StatusCode)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// stillAlive checks that nothing was seen so far and that the next car is.
func (s *site) stillAlive() {
	s.t.Helper()
	if cars := s.cars(); len(cars) != 0 {
		s.t.Errorf("%d events reached the lane, want none", len(cars))
	}
	s.push(s.Car("粤B00001", false))
	if cars := s.cars(); len(cars) != 1 || cars[0].Plate != "粤B00001" {
		s.t.Errorf("the next car did not arrive")
	}
}

func idlePushes(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	for name, p := range rig.Idle {
		if status := s.push(p); status != http.StatusOK {
			t.Errorf("%s: status = %d, want 200", name, status)
		}
	}
	s.stillAlive()
}

func onlyPost(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	resp, err := http.Get(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("status of GET = %d, want 405", resp.StatusCode)
	}
}

// dial sends the head of p and returns the connection for the rest.
func (s *site) dial(p CameraPush) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "POST /push?%s HTTP/1.1\r\nHost: box\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		p.Query, p.ContentType, len(p.Body))
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

func crumbs(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	p := rig.Car("粤B12345", false)
	conn := s.dial(p)
	for rest := p.Body; len(rest) > 0; {
		n := min(7, len(rest))
		if _, err := conn.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
		t.Errorf("answer = %.40q, %v; want status 200", answer, err)
	}
	if cars := s.cars(); len(cars) != 1 {
		t.Errorf("%d events, want 1", len(cars))
	}
}

func cutShort(t *testing.T, rig CameraRig) {
	s := open(t, rig)
	s.watch(s.note)
	p := rig.Car("粤B12345", false)
	conn := s.dial(p)
	if _, err := conn.Write(p.Body[:len(p.Body)-1]); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil { // the server is done with it
		t.Fatal(err)
	}
	s.stillAlive()
}

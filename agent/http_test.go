package agent

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parkagent/agent/config"
	"parkagent/agent/pictures"
)

// pushing returns an agent with three cameras, what its API answers to, and its
// log. C1 has no token; C2 has one; C3 is of a kind that does not push.
func pushing(t *testing.T) (http.Handler, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	echo := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, name+" "+r.URL.Path) // the recorder takes everything
		})
	}
	a := &Agent{
		cfg: Config{
			Site: &config.Config{Devices: []config.Device{
				{Code: "C1", IP: "192.0.2.9"},
				{Code: "C2", IP: "::ffff:192.0.2.10", Token: config.NewSecret("hard-to-guess")},
				{Code: "C3", IP: "192.0.2.9"},
				{Code: "相机4", IP: "fe80::1"},
				{Code: "C5"},
			}},
			Devices: Devices{Pushes: map[string]http.Handler{
				"C1": echo("C1"), "C2": echo("C2"), "相机4": echo("C4"), "C5": echo("C5"),
			}},
		},
		log: slog.New(slog.NewTextHandler(&log, nil)), pictures: pictures.New(t.TempDir(), time.UTC),
	}
	return a.routes(echo("api")), &log
}

// A camera in which nobody has set the path is told of by its name, and by the path
// that it wants.
func TestACameraThatPostsToNoPathOfOursIsNamed(t *testing.T) {
	for _, tt := range []struct{ method, from, path, camera string }{
		{http.MethodPost, "192.0.2.9:5000", "/NotificationInfo/TollgateInfo", "C1"},
		{http.MethodPost, "192.0.2.9:5000", "/", "C1"},
		{http.MethodPost, "192.0.2.9:5000", "/API/ParkingPay/PayParkingFee", ""},
		{http.MethodPost, "192.0.2.8:5000", "/NotificationInfo/TollgateInfo", ""},
		{http.MethodGet, "192.0.2.9:5000", "/NotificationInfo/TollgateInfo", ""},
	} {
		h, log := pushing(t)
		r := httptest.NewRequest(tt.method, tt.path, strings.NewReader("x"))
		r.RemoteAddr = tt.from
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		named := strings.Contains(log.String(), "push refused") && strings.Contains(log.String(), "camera=C1") && strings.Contains(log.String(), "/camera/C1/")
		if named != (tt.camera != "") || !strings.Contains(w.Body.String(), "api") {
			t.Errorf("%s %s from %s = %q, log %q", tt.method, tt.path, tt.from, w.Body, log)
		}
	}
}

func TestACameraIsHeardFromItsAddressAndPathOnly(t *testing.T) {
	h, log := pushing(t)
	tests := []struct {
		name, from, path string
		want             string // "" for 404
	}{
		{"its address", "192.0.2.9:5000", "/camera/C1/upload/plate", "C1 /upload/plate"},
		{"its address as IPv6 listeners see it", "[::ffff:192.0.2.9]:5000", "/camera/C1/upload", "C1 /upload"},
		{"its address is configured in IPv6 form", "192.0.2.10:5000", "/camera/C2/hard-to-guess/upload", "C2 /upload"},
		{"an IPv6 address with the interface it came by", "[fe80::1%eth0]:5000", "/camera/%E7%9B%B8%E6%9C%BA4/upload", "C4 /upload"},
		{"no path of its own", "192.0.2.9:5000", "/camera/C1", "C1 /"},
		{"another address", "192.0.2.8:5000", "/camera/C1/upload", ""},
		{"the address of another camera", "192.0.2.9:5000", "/camera/C2/hard-to-guess/upload", ""},
		{"no address", "", "/camera/C1/upload", ""},
		{"an address that the camera has not", "192.0.2.9:5000", "/camera/C5/upload", ""},
		{"no token", "192.0.2.10:5000", "/camera/C2/upload", ""},
		{"a wrong token", "192.0.2.10:5000", "/camera/C2/hard-to-guesS/upload", ""},
		{"a token and more", "192.0.2.10:5000", "/camera/C2/hard-to-guessx/upload", ""},
		{"a camera that does not push", "192.0.2.9:5000", "/camera/C3/upload", ""},
		{"an unknown camera", "192.0.2.9:5000", "/camera/C9/upload", ""},
		{"no camera", "192.0.2.9:5000", "/camera/", ""},
		{"no push", "192.0.2.9:5000", "/api/ParkingPay/PayParkingFee", "api /api/ParkingPay/PayParkingFee"},
		{"a picture that is none", "192.0.2.9:5000", pictures.Prefix + "x", ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodPost, tt.path, nil)
		r.RemoteAddr = tt.from
		r.Header.Set("X-Forwarded-For", "192.0.2.9")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch {
		case tt.want == "" && w.Code != http.StatusNotFound:
			t.Errorf("%s = %d %s, want 404", tt.name, w.Code, w.Body)
		case tt.want != "" && w.Body.String() != tt.want:
			t.Errorf("%s = %d %s, want %s", tt.name, w.Code, w.Body, tt.want)
		}
	}
	if text := log.String(); !strings.Contains(text, "camera=C2 address=192.0.2.9:5000") || strings.Contains(text, "hard-to-gues") {
		t.Errorf("the log does not tell who was refused, or tells a token:\n%s", text)
	}
}

func TestEveryRefusedPushIsAnsweredAlike(t *testing.T) {
	h, _ := pushing(t)
	answers := map[string]bool{}
	for _, path := range []string{"/camera/C2/guess/upload", "/camera/C9/upload", "/camera/C3/upload", "/camera/C1/upload"} {
		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.RemoteAddr = "198.51.100.7:5000"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		answers[w.Body.String()] = w.Code == http.StatusNotFound
	}
	if len(answers) != 1 {
		t.Errorf("answers = %v, want one", answers)
	}
}

func TestATokenIsNeverLogged(t *testing.T) {
	h, log := pushing(t)
	for _, path := range []string{
		"/camera/C2/hard-to-guess/upload", "/camera/hard-to-guess/C2", "/cameras/C2/hard-to-guess/upload", "//camera/C2/hard-to-guess", "/hard-to-guess",
	} {
		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.RemoteAddr = "192.0.2.99:5000"
		w := httptest.NewRecorder()
		log.Reset()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: answered with %d %s, want 404", path, w.Code, w.Body)
		}
		if !strings.Contains(log.String(), "push refused") || strings.Contains(log.String(), "hard-to-guess") {
			t.Errorf("%s: logged %s, want that a push was refused and no token", path, log)
		}
	}
}

func TestACameraThatIsStillSendingSeesTheAnswer(t *testing.T) {
	h, _ := pushing(t)
	server := httptest.NewServer(h)
	defer server.Close()
	// It says that the connection ends with this request, as many cameras do:
	// then net/http reads nothing more by itself.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/camera/C1/upload", bytes.NewReader(make([]byte, 4<<20)))
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatalf("a refused camera sees %v, want an answer", err)
	}
	_ = resp.Body.Close() // its status was read
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("answered with %d, want 404", resp.StatusCode)
	}
}

package pictures

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	shanghai = time.FixedZone("Asia/Shanghai", 8*3600)
	evening  = time.Date(2018, 10, 8, 23, 19, 46, 356_000_000, time.UTC) // 07:19 the next day in the park
	jpeg     = append([]byte{0xFF, 0xD8, 0xFF, 0xE0}, "a small picture"...)
)

func save(t *testing.T, s *Store, ip string) string {
	t.Helper()
	p, err := s.Save(jpeg, ip, evening)
	if err != nil {
		t.Fatalf("Save: %v", err)
	}
	return p
}

func TestSaveFilesByDayDeviceAndHourOfThePark(t *testing.T) {
	s := New(filepath.Join(t.TempDir(), "images"), shanghai)
	p := save(t, s, "172.19.2.127")
	want := regexp.MustCompile(`^20181009/172\.19\.2\.127/07/20181009071946356_172\.19\.2\.127_[0-9a-f]{32}\.jpg$`)
	if !want.MatchString(p) {
		t.Errorf("path = %s, want %s", p, want)
	}
	got, err := s.Load(p)
	if err != nil || string(got) != string(jpeg) {
		t.Errorf("Load = %q, %v", got, err)
	}
	if again := save(t, s, "172.19.2.127"); again == p {
		t.Errorf("two pictures of one moment have one path %s", p)
	}
	entries, err := os.ReadDir(filepath.Dir(filepath.Join(s.dir, p)))
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder holds %v, %v, want the two pictures only", entries, err)
	}
}

func TestSaveGivesEveryDeviceASafeFolder(t *testing.T) {
	tests := []struct{ name, ip, want string }{
		{"no address", "", "unknown"},
		{"an IPv6 address", "fe80::1%eth0", "fe80--1-eth0"},
		{"a way out", "../../etc", "-..-etc"},
		{"an absolute path", "/etc", "-etc"},
		{"a way out for Windows", `..\x`, "-x"},
		{"dots only", "..", "unknown"},
		{"Chinese", "入口", "--"},
		{"a zero byte", "a\x00b", "a-b"},
		{"a very long name", strings.Repeat("x", 500), strings.Repeat("x", 64)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New(t.TempDir(), shanghai)
			p := save(t, s, tt.ip)
			if got := strings.Split(p, "/")[1]; got != tt.want {
				t.Errorf("folder = %q, want %q", got, tt.want)
			}
			if _, err := s.Load(p); err != nil {
				t.Errorf("Load: %v", err)
			}
		})
	}
}

func TestSaveRefusesWhatIsNoPicture(t *testing.T) {
	s := New(t.TempDir(), shanghai)
	tests := []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, ErrNotJPEG},
		{"a web page", []byte("<html>"), ErrNotJPEG},
		{"half a mark", []byte{0xFF}, ErrNotJPEG},
		{"too large", append([]byte{0xFF, 0xD8}, make([]byte, MaxSize)...), ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if p, err := s.Save(tt.data, "10.0.0.1", evening); !errors.Is(err, tt.want) || p != "" {
				t.Errorf("Save = %q, %v, want %v", p, err, tt.want)
			}
		})
	}
	if entries, err := os.ReadDir(s.dir); err != nil || len(entries) != 0 {
		t.Errorf("the folder holds %v, %v, want nothing", entries, err)
	}
}

func TestSaveReportsAFolderThatCannotBeWritten(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := New(blocked, shanghai).Save(jpeg, "10.0.0.1", evening); err == nil {
		t.Errorf("Save below a file = %q, want an error", p)
	}
}

func TestURL(t *testing.T) {
	tests := []struct{ name, public, path, want string }{
		{"a plain address", "http://172.19.8.211:8099", "20181009/10.0.0.1/07/x.jpg", "http://172.19.8.211:8099/KT_ServerSoft/CarPlateRecognise/20181009/10.0.0.1/07/x.jpg"},
		{"a slash at the end", "http://park.example/a/", "d/i/h/x.jpg", "http://park.example/a/KT_ServerSoft/CarPlateRecognise/d/i/h/x.jpg"},
		{"no picture", "http://park.example", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := URL(tt.public, tt.path); got != tt.want {
				t.Errorf("URL = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestHandlerServesPicturesAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	s := New(filepath.Join(dir, "images"), shanghai)
	p := save(t, s, "10.0.0.1")
	if err := os.WriteFile(filepath.Join(dir, "park.db"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "images", filepath.Dir(p), "new-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	folder := filepath.ToSlash(filepath.Dir(p))
	tests := []struct {
		name, method, path string
		status             int
		body               string
	}{
		{"a picture", "GET", Prefix + p, 200, string(jpeg)},
		{"a picture's head", "HEAD", Prefix + p, 200, ""},
		{"a picture cannot be written", "PUT", Prefix + p, 405, "Method Not Allowed\n"},
		{"a folder is not listed", "GET", Prefix + folder + "/", 404, "404 page not found\n"},
		{"a folder without slash is not listed", "GET", Prefix + folder, 404, "404 page not found\n"},
		{"the root is not listed", "GET", Prefix, 404, "404 page not found\n"},
		{"a file being written is not there", "GET", Prefix + folder + "/new-1", 404, "404 page not found\n"},
		{"a way out", "GET", Prefix + "../park.db", 404, "404 page not found\n"},
		{"an escaped way out", "GET", Prefix + "%2e%2e/park.db", 404, "404 page not found\n"},
		{"an escaped way out with slashes", "GET", Prefix + "..%2f..%2fpark.db", 404, "404 page not found\n"},
		{"a guessed name", "GET", Prefix + p[:len(p)-5] + "z.jpg", 404, "404 page not found\n"},
		{"another folder", "GET", "/elsewhere/" + p, 404, "404 page not found\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest(tt.method, server.URL+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != tt.status || string(body) != tt.body {
				t.Errorf("%s %s = %d %q, %v, want %d %q", tt.method, tt.path, resp.StatusCode, body, err, tt.status, tt.body)
			}
			if tt.status == 200 && resp.Header.Get("Content-Type") != "image/jpeg" {
				t.Errorf("Content-Type = %q, want image/jpeg", resp.Header.Get("Content-Type"))
			}
		})
	}
}

func TestLoadKnowsOnlyPathsOfPictures(t *testing.T) {
	s := New(t.TempDir(), shanghai)
	for _, p := range []string{"", "..", "../park.db", "20181009", "20181009/10.0.0.1/07/20181009071946356_10.0.0.1_" + strings.Repeat("0", 32) + ".jpg"} {
		if _, err := s.Load(p); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("Load(%q) = %v, want os.ErrNotExist", p, err)
		}
	}
}

func FuzzFolder(f *testing.F) {
	for _, s := range []string{"", "10.0.0.1", "fe80::1", "../..", "a/b\\c", "\xff", "...a..."} {
		f.Add(s)
	}
	safe := regexp.MustCompile(`^[0-9A-Za-z-]([0-9A-Za-z.-]*[0-9A-Za-z-])?$`)
	f.Fuzz(func(t *testing.T, ip string) {
		if got := folder(ip); !safe.MatchString(got) || len(got) > 64 {
			t.Errorf("folder(%q) = %q is not safe", ip, got)
		}
	})
}

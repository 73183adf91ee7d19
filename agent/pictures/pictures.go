// Package pictures keeps the pictures of recognitions as files, and serves them.
//
// A picture is filed under the park's day, the camera's address and the hour,
// the way platforms know such links. The links need no login, therefore the last
// part of each name is random and cannot be guessed, and folders are never
// listed.
package pictures

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// MaxSize is the largest picture that is kept, in bytes.
const MaxSize = 8 << 20

// Prefix is where links to pictures begin, below the public URL.
const Prefix = "/KT_ServerSoft/CarPlateRecognise/"

// ErrNotJPEG means that what a camera sent as a picture is none.
var ErrNotJPEG = errors.New("not a JPEG picture")

// ErrTooLarge means that a picture is larger than MaxSize.
var ErrTooLarge = errors.New("picture too large")

// A Store keeps pictures below one folder. It may be used from any goroutine.
type Store struct {
	dir  string
	zone *time.Location
}

// New returns the store below dir, which need not be there yet. Days and hours
// are those of zone, the park's.
func New(dir string, zone *time.Location) *Store {
	return &Store{dir: dir, zone: zone}
}

// Save files a picture that the device with this address took, and returns its
// path below the folder, with slashes, as Load and URL take it. No reader ever
// sees half a file. Errors wrap ErrNotJPEG or ErrTooLarge where either holds.
func (s *Store) Save(jpeg []byte, deviceIP string, at time.Time) (string, error) {
	if len(jpeg) > MaxSize {
		return "", fmt.Errorf("save picture of %d bytes: %w", len(jpeg), ErrTooLarge)
	}
	if !bytes.HasPrefix(jpeg, []byte{0xFF, 0xD8}) {
		return "", fmt.Errorf("save picture: %w", ErrNotJPEG)
	}
	device, local := folder(deviceIP), at.In(s.zone)
	var random [16]byte
	_, _ = rand.Read(random[:]) // it never fails
	name := fmt.Sprintf("%s%03d_%s_%s.jpg", local.Format("20060102150405"), local.Nanosecond()/int(time.Millisecond), device, hex.EncodeToString(random[:]))
	p := path.Join(local.Format("20060102"), device, local.Format("15"), name)
	if err := s.write(p, jpeg); err != nil {
		return "", fmt.Errorf("save picture: %w", err)
	}
	return p, nil
}

func (s *Store) write(p string, jpeg []byte) error {
	file := filepath.Join(s.dir, filepath.FromSlash(p))
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), "new-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(jpeg)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temp.Name()) // the disk may be full: leave nothing behind
	}
	return err
}

// Load reads the picture at a path that Save returned. The error wraps
// os.ErrNotExist for every other path.
func (s *Store) Load(p string) ([]byte, error) {
	if !shape.MatchString(p) {
		return nil, fmt.Errorf("load picture: %w", os.ErrNotExist)
	}
	jpeg, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(p)))
	if err != nil {
		return nil, fmt.Errorf("load picture: %w", err)
	}
	return jpeg, nil
}

// URL returns the link to the picture at a path, or "" for no path.
func URL(publicURL, p string) string {
	if p == "" {
		return ""
	}
	u := url.URL{Path: Prefix + p}
	return strings.TrimRight(publicURL, "/") + u.EscapedPath()
}

// shape is what paths look like that Save returns. Nothing else is ever opened,
// so that no request leads out of the folder or to a file that is being written.
var shape = regexp.MustCompile(`^[0-9]{8}/[0-9A-Za-z-][0-9A-Za-z.-]*/[0-9]{2}/[0-9]{17}_[0-9A-Za-z.-]+_[0-9a-f]{32}\.jpg$`)

// ServeHTTP answers GET and HEAD below Prefix. What is not a picture does not
// exist, folders included.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, ok := strings.CutPrefix(r.URL.Path, Prefix)
	if !ok || !shape.MatchString(p) {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	f, err := os.Open(filepath.Join(s.dir, filepath.FromSlash(p)))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// folder makes a name that is safe for a folder on every system from the
// address of a device, which may be empty, an IPv6 address or anything else that
// someone configured.
func folder(deviceIP string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '.':
			return r
		}
		return '-'
	}, deviceIP)
	// No name of dots only, none that Windows would shorten, none too long.
	name = strings.Trim(name[:min(len(name), 64)], ".")
	if name == "" {
		return "unknown"
	}
	return name
}

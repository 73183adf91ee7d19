package camera_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/drivertest"
)

// follow follows the stream of handler in a bubble and returns its bodies.
func follow(t *testing.T, handler http.HandlerFunc) (string, error) {
	t.Helper()
	c := newClient(t, camera.ClientConfig{BaseURL: "http://camera", HTTP: drivertest.NewWeb(t, handler)})
	var seen []string
	err := c.Follow(t.Context(), "/events", 10*time.Second, func(p camera.Part) { seen = append(seen, string(p.Body)) })
	return strings.Join(seen, " "), err
}

func TestAStreamIsFollowedWhileItIsHeard(t *testing.T) {
	head := func(w http.ResponseWriter) { w.Header().Set("Content-Type", `multipart/mixed; boundary="b"`) }
	part := func(w io.Writer, text string) {
		_, _ = fmt.Fprintf(w, "--b\r\nContent-Length: %d\r\n\r\n%s\r\n", len(text), text)
		_ = http.NewResponseController(w.(http.ResponseWriter)).Flush()
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		seen    string
		want    error
		took    time.Duration
	}{
		{"until it falls silent", func(w http.ResponseWriter, r *http.Request) {
			head(w)
			for _, text := range []string{"one", "two", "three"} {
				part(w, text)
				<-time.After(9 * time.Second) // the bubble's clock
			}
			<-r.Context().Done()
		}, "one two three", drivers.ErrOffline, 28 * time.Second},
		{"until its bytes make no part any more", func(w http.ResponseWriter, r *http.Request) {
			head(w)
			part(w, "one")
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "RTSP/1.0 200 OK\r\n")
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(5 * time.Second): // the bubble's clock
				case <-r.Context().Done():
				}
			}
		}, "one", drivers.ErrOffline, time.Minute},
		{"until it ends", func(w http.ResponseWriter, _ *http.Request) { head(w); part(w, "one") }, "one", drivers.ErrOffline, 0},
		{"unless it is none", func(w http.ResponseWriter, _ *http.Request) { part(w, "one") }, "", drivers.ErrOffline, 0},
		{"unless there is none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "", camera.ErrNoFunction, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				seen, err := follow(t, tt.handler)
				if seen != tt.seen || !errors.Is(err, tt.want) || time.Since(start) != tt.took {
					t.Errorf("saw %q, %v after %v; want %q, %v after %v", seen, err, time.Since(start), tt.seen, tt.want, tt.took)
				}
			})
		})
	}
}

func TestAPullerTellsOfAnOutageInTwoLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		var p camera.Puller
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		attempts := 0
		p.Run(ctx, slog.New(slog.NewTextHandler(&text, nil)), func(ctx context.Context, well func()) error {
			attempts++
			switch {
			case attempts == 1 || attempts > 6:
				well()
				if p.Err() != nil {
					t.Errorf("while it is well, Err = %v", p.Err())
				}
			case attempts > 2 && p.Err() == nil:
				t.Error("Err is nil within an outage")
			}
			if attempts == 8 {
				cancel()
				return nil
			}
			return fmt.Errorf("%w: try %d", drivers.ErrOffline, attempts)
		})
		lines := strings.Count(text.String(), "\n")
		if lines != 4 || !strings.Contains(text.String(), "level=INFO") {
			t.Errorf("%d lines, want two for each outage:\n%s", lines, text.String())
		}
		if took := time.Since(start); took < 30*time.Second || took > 90*time.Second {
			t.Errorf("8 attempts took %v, want growing pauses", took)
		}
		if p.Err() != nil {
			t.Errorf("Err after the end = %v", p.Err())
		}
	})
}

func TestAPullerNeverPausesForMoreThanHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p camera.Puller
		ctx, cancel := context.WithCancel(t.Context())
		attempts := 0
		last := time.Now()
		p.Run(ctx, slog.New(slog.DiscardHandler), func(context.Context, func()) error {
			if pause := time.Since(last); pause > 30*time.Second {
				t.Errorf("a pause of %v, want 30s at most", pause)
			}
			last = time.Now()
			if attempts++; attempts == 100 {
				cancel()
			}
			return drivers.ErrOffline
		})
	})
}

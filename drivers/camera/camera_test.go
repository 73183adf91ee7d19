package camera

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"parkagent/drivers"
)

func TestPlateIsTakenApart(t *testing.T) {
	tests := []struct {
		name, written string
		plate         string
		color         drivers.PlateColor
	}{
		{"a plain plate", "粤B12345", "粤B12345", drivers.ColorUnknown},
		{"blanks around it", " 粤B12345\r\n", "粤B12345", drivers.ColorUnknown},
		{"a blue prefix", "蓝粤B12345", "粤B12345", drivers.ColorBlue},
		{"a green prefix", "绿粤BD12345", "粤BD12345", drivers.ColorGreen},
		{"a yellow-green prefix", "黄绿粤B12345D", "粤B12345D", drivers.ColorYellowGreen},
		{"a yellow prefix", "黄粤B12345", "粤B12345", drivers.ColorYellow},
		{"a white prefix before a police plate", "白WJ粤1234X", "WJ粤1234X", drivers.ColorWhite},
		{"a black prefix", "黑粤Z1234港", "粤Z1234港", drivers.ColorBlack},
		{"Heilongjiang is no colour", "黑A12345", "黑A12345", drivers.ColorUnknown},
		{"a black plate of Heilongjiang", "黑黑A12345", "黑A12345", drivers.ColorBlack},
		{"a blue plate of Heilongjiang", "蓝黑A12345", "黑A12345", drivers.ColorBlue},
		{"no plate, Hikvision", "noPlate", "", drivers.ColorUnknown},
		{"no plate, in capitals", "NOPLATE", "", drivers.ColorUnknown},
		{"an unread plate", "unknown", "", drivers.ColorUnknown},
		{"no plate, VzEnith", "_无_", "", drivers.ColorUnknown},
		{"nothing", "", "", drivers.ColorUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plate, color := Plate(tt.written)
			if plate != tt.plate || color != tt.color {
				t.Errorf("Plate(%q) = %q, %v, want %q, %v", tt.written, plate, color, tt.plate, tt.color)
			}
		})
	}
}

func TestTextBecomesUTF8(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("粤B12345")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"粤B12345", gbk} {
		if got := string(UTF8([]byte(text))); got != "粤B12345" {
			t.Errorf("UTF8(% X) = %q, want 粤B12345", text, got)
		}
	}
}

func TestInboxGivesTheLaneItsTimeAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Inbox
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan error, 1)
		go func() {
			watched <- b.Watch(ctx, func(ctx context.Context, _ drivers.Recognition) { <-ctx.Done() })
		}()
		synctest.Wait()

		start := time.Now()
		done, err := b.Deliver(drivers.Recognition{}, 3*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Errorf("a slow lane has the event: error = %v, want nil", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("emit had %v, want 3s", took)
		}

		done, err = b.Deliver(drivers.Recognition{}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("a stopped lane may not have the event: error = %v, want context.Canceled", err)
		}
		if err := <-watched; err != nil {
			t.Errorf("Watch = %v, want nil", err)
		}
		if _, err := b.Deliver(drivers.Recognition{}, time.Second); !errors.Is(err, ErrUnwatched) {
			t.Errorf("Deliver after Watch = %v, want ErrUnwatched", err)
		}
	})
}

func TestInboxMeasuresSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Inbox
		silence := func(want time.Duration) {
			t.Helper()
			if d, known := b.Silence(); !known || d != want {
				t.Errorf("silence = %v, %v, want %v", d, known, want)
			}
		}
		if _, known := b.Silence(); known {
			t.Error("silence is known before Watch and any contact")
		}
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan error, 1)
		go func() { watched <- b.Watch(ctx, func(context.Context, drivers.Recognition) {}) }()
		<-time.After(7 * time.Second) // the bubble's clock, as below
		silence(7 * time.Second)
		b.Hear()
		<-time.After(42 * time.Second)
		silence(42 * time.Second)
		cancel()
		if err := <-watched; err != nil {
			t.Errorf("Watch = %v, want nil", err)
		}
		silence(42 * time.Second)
	})
}

func TestWatchWaitsForTheLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Inbox
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan error, 1)
		dealt := false
		go func() {
			watched <- b.Watch(ctx, func(ctx context.Context, _ drivers.Recognition) {
				<-ctx.Done()
				<-time.After(time.Second) // the bubble's clock: what a lane takes to write its books
				dealt = true
			})
		}()
		synctest.Wait()
		if _, err := b.Deliver(drivers.Recognition{}, time.Minute); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-watched; err != nil || !dealt {
			t.Errorf("Watch = %v, the lane was done %v; want it to wait for that", err, dealt)
		}
	})
}

func TestAFewPushesAreReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Inbox
		type result struct {
			body []byte
			err  error
		}
		results := make(chan result, maxReading)
		var senders []*io.PipeWriter
		read := func(body io.Reader) result {
			got, err := b.ReadPush(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", body))
			return result{got, err}
		}
		for range maxReading {
			r, w := io.Pipe()
			senders = append(senders, w)
			go func() { results <- read(r) }() // ends with the sender
		}
		synctest.Wait()
		var refused *PushError
		if r := read(strings.NewReader("a car")); !errors.As(r.err, &refused) || refused.Status != http.StatusServiceUnavailable {
			t.Errorf("one push too many = %q, %v; want it answered with 503", r.body, r.err)
		}
		for _, w := range senders {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if r := <-results; r.err != nil {
				t.Errorf("push = %v, want it read", r.err)
			}
		}
		if r := read(strings.NewReader("a car")); r.err != nil || string(r.body) != "a car" {
			t.Errorf("the next push = %q, %v", r.body, r.err)
		}
	})
}

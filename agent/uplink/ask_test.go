package uplink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/agent/uplink"
	"parkagent/protocol"
)

// A script is a platform that is asked and answers what it was told to: a row,
// or an error.
type script struct {
	err   error
	row   string
	after time.Duration // the time that it takes

	mu    sync.Mutex
	names []string
}

func (s *script) Post(ctx context.Context, name string, _ any) (protocol.Reply, error) {
	s.mu.Lock()
	s.names = append(s.names, name)
	s.mu.Unlock()
	if s.after > 0 {
		select {
		case <-time.After(s.after):
		case <-ctx.Done():
			return protocol.Reply{}, &protocol.NoAnswerError{Err: ctx.Err()}
		}
	}
	reply := protocol.Reply{Code: "0"}
	if s.row != "" {
		reply.Rows = append(reply.Rows, []byte(s.row))
	}
	return reply, s.err
}

func (s *script) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.names)
}

const codeRow = `{"qrcode":"x","orderNo":"P1","payType":6}`

func TestACodeComesFromTheFirstPlatformThatGivesOne(t *testing.T) {
	for _, tt := range []struct {
		name       string
		one, two   *script
		from, end  string
		after      time.Duration
		oneN, twoN int
	}{
		{"the first gives it", &script{row: codeRow}, &script{row: codeRow}, "one", "answered", 0, 1, 0},
		{"the first refuses", &script{err: refusal("no")}, &script{row: codeRow}, "two", "answered", 0, 1, 1},
		{"the first answers nonsense", &script{row: `{}`}, &script{row: codeRow}, "two", "answered", 0, 1, 1},
		{"the first is away", &script{err: unavailable(502)}, &script{row: codeRow}, "two", "answered", 0, 1, 1},
		{"the first is silent: half the time is the other's", &script{after: time.Hour}, &script{row: codeRow}, "two", "answered", 1500 * time.Millisecond, 1, 1},
		{"both are silent", &script{after: time.Hour}, &script{after: time.Hour}, "", "unknown", 3 * time.Second, 1, 1},
		{"the second takes the time that the first left", &script{err: refusal("no")}, &script{row: codeRow, after: 2500 * time.Millisecond}, "two", "answered", 2500 * time.Millisecond, 1, 1},
		{"both refuse", &script{err: refusal("no")}, &script{err: refusal("no")}, "", "refused", 0, 1, 1},
		{"one refuses, the other is away", &script{err: refusal("no")}, &script{err: unavailable(502)}, "", "unknown", 0, 1, 1},
		{"one is away, the other refuses", &script{err: unavailable(502)}, &script{err: refusal("no")}, "", "unknown", 0, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got, err := questions(t, asked("one", tt.one), asked("two", tt.two)).Code(t.Context(), order(), stay(), "K1", leaving)
				if got.Platform != tt.from || ended(err) != tt.end || time.Since(began) != tt.after {
					t.Errorf("Code = %+v, %v after %v, want it %s by %q after %v", got, err, time.Since(began), tt.end, tt.from, tt.after)
				}
				if tt.one.asked() != tt.oneN || tt.two.asked() != tt.twoN {
					t.Errorf("asked %d and %d times, want %d and %d", tt.one.asked(), tt.two.asked(), tt.oneN, tt.twoN)
				}
			})
		})
	}
}

func TestADriversCodeGoesToOnePlatformAtATime(t *testing.T) {
	accepts := `{"orderNo":"P1","payType":7}`
	for _, tt := range []struct {
		name      string
		one, two  *script
		from, end string
		after     time.Duration
		twoN      int
	}{
		{"the first charges", &script{row: accepts}, &script{row: accepts}, "one", "answered", 0, 0},
		{"the first refuses", &script{err: refusal("no")}, &script{row: accepts}, "two", "answered", 0, 1},
		{"both refuse", &script{err: refusal("no")}, &script{err: refusal("no")}, "", "refused", 0, 1},
		{"the first waits for the driver's password", &script{err: refusal("需要用户输入支付密码")}, &script{row: accepts}, "", "unknown", 0, 0},
		{"the same in the wallet's own words", &script{err: refusal("err_code: userpaying")}, &script{row: accepts}, "", "unknown", 0, 0},
		{"the driver has cancelled", &script{err: refusal("用户取消支付密码输入，支付中止")}, &script{row: accepts}, "two", "answered", 0, 1},
		{"no answer", &script{err: errors.New("connection reset")}, &script{row: accepts}, "", "unknown", 0, 0},
		{"an HTTP error", &script{err: unavailable(500)}, &script{row: accepts}, "", "unknown", 0, 0},
		{"a silent one", &script{after: time.Hour}, &script{row: accepts}, "", "unknown", 3 * time.Second, 0},
		{"a refusal, then silence", &script{err: refusal("no")}, &script{after: time.Hour}, "", "unknown", 3 * time.Second, 1},
		{"one deadline for both", &script{err: refusal("no"), after: 2 * time.Second}, &script{after: time.Hour}, "", "unknown", 3 * time.Second, 1},
		{"a slow one has all the time", &script{row: accepts, after: 2900 * time.Millisecond}, &script{row: accepts}, "one", "answered", 2900 * time.Millisecond, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				q := questions(t, asked("one", tt.one), asked("two", tt.two))
				got, err := q.PayScanned(t.Context(), order(), stay(), "K1", authCode, leaving)
				if got.Platform != tt.from || ended(err) != tt.end || time.Since(began) != tt.after {
					t.Errorf("PayScanned = %+v, %v after %v, want it %s by %q after %v", got, err, time.Since(began), tt.end, tt.from, tt.after)
				}
				if tt.one.asked() != 1 || tt.two.asked() != tt.twoN {
					t.Errorf("asked %d and %d times, want 1 and %d", tt.one.asked(), tt.two.asked(), tt.twoN)
				}
			})
		})
	}
}

// A refusal that came with the last of the time is the end: the next platform has
// not seen the code.
func TestARefusalAtTheDeadlineIsARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		one := posterFunc(func() (protocol.Reply, error) { cancel(); return protocol.Reply{}, refusal("no") })
		two := &script{row: `{}`}
		_, err := questions(t, asked("one", one), asked("two", two)).PayScanned(ctx, order(), stay(), "K1", authCode, leaving)
		if ended(err) != "refused" || two.asked() != 0 {
			t.Errorf("PayScanned = %v, the other was asked %d times, want a refusal and never", err, two.asked())
		}
	})
}

type posterFunc func() (protocol.Reply, error)

func (f posterFunc) Post(context.Context, string, any) (protocol.Reply, error) { return f() }

func TestNoCodeIsNotSent(t *testing.T) {
	p := &script{row: `{}`}
	q := questions(t, asked("one", p))
	for _, code := range []string{"", "  \r\n"} {
		if _, err := q.PayScanned(t.Context(), order(), stay(), "K1", code, leaving); ended(err) != "not sent" {
			t.Errorf("PayScanned(%q) = %v, want not sent", code, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range deeds() {
		if _, err := d.ask(ctx, questions(t, asked("mall", p))); ended(err) != "not sent" {
			t.Errorf("%s after the end = %v, want not sent", d.name, err)
		}
	}
	if p.asked() != 0 {
		t.Errorf("asked %d times", p.asked())
	}
}

// away is a client of a platform that cannot be reached.
func away(t *testing.T, dial func(ctx context.Context) (net.Conn, error)) *protocol.Client {
	t.Helper()
	cipher, err := protocol.NewCipher(testKey)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}
	t.Cleanup(transport.CloseIdleConnections)
	return &protocol.Client{HTTP: &http.Client{Transport: transport}, URL: "http://platform.example", Cipher: cipher, Location: shanghai}
}

func TestWithoutAConnectionNothingWasSent(t *testing.T) {
	const closed = "127.0.0.1:1" // which nobody takes, unlike one that was released
	refused := away(t, func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", closed) })
	hole := away(t, func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() })
	for name, client := range map[string]*protocol.Client{"a closed port": refused, "a black hole": hole} {
		t.Run(name, func(t *testing.T) {
			p := asked("mall", client)
			p.Timeout = 50 * time.Millisecond
			for _, d := range deeds() {
				if _, err := d.ask(t.Context(), questions(t, p)); ended(err) != "not sent" {
					t.Errorf("%s = %v, want not sent", d.name, err)
				}
			}
			next := &script{row: `{"orderNo":"P1"}`}
			p.Timeout = 0
			if client == refused { // the other leaves no time
				got, err := questions(t, p, asked("next", next)).PayScanned(t.Context(), order(), stay(), "K1", authCode, leaving)
				if err != nil || got.Platform != "next" {
					t.Errorf("PayScanned = %+v, %v, want it charged by the next", got, err)
				}
			}
		})
	}
}

// A connection that is cut after the request was written, or while it waited for
// the next, leaves the outcome open.
func TestACutConnectionLeavesTheOutcomeOpen(t *testing.T) {
	var requests int
	site := listen(t, func(http.ResponseWriter, string) bool {
		if requests++; requests%2 == 0 {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	next := &script{row: `{"orderNo":"P1"}`}
	q := questions(t, asked("mall", site.client), asked("next", next))
	if _, err := q.PayScanned(t.Context(), order(), stay(), "K1", authCode, leaving); err != nil {
		t.Fatal(err)
	}
	if _, err := q.PayScanned(t.Context(), order(), stay(), "K1", authCode, leaving); ended(err) != "unknown" || next.asked() != 0 {
		t.Errorf("PayScanned = %v, the next was asked %d times, want unknown and never", err, next.asked())
	}
}

// A diary is a log down to the last word.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(d, &slog.HandlerOptions{Level: level}))
}

func TestTheDriversCodeIsInNoLogAndNoError(t *testing.T) {
	quoted := map[string]http.HandlerFunc{
		"a success":       respond(200, `{"resCode":0,"data":[{"orderNo":"`+authCode+`","payType":6}]}`),
		"a refusal":       respond(200, `{"resCode":1,"resMsg":"付款码`+authCode+`无效","data":[{"authCode":"`+authCode+`"}]}`),
		"the code itself": respond(200, `{"resCode":"`+authCode+`","resMsg":{"a":"`+authCode+`"}}`),
		"an HTTP error":   respond(500, `{"resCode":1,"resMsg":"no such code `+authCode+`"}`),
		"a page":          respond(200, `<html>`+authCode),
		"a broken row":    respond(200, `{"resCode":0,"data":[{"payType":"`+authCode+authCode+`"}]}`),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/"+authCode, http.StatusFound)
		},
		"a cut connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"silence":          func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() },
	}
	cipher, err := protocol.NewCipher(testKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, handler := range quoted {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			book := &diary{}
			p := asked("mall", &protocol.Client{URL: server.URL, User: "park", Password: "hunter2", Cipher: cipher, Location: shanghai})
			if name == "silence" {
				p.Timeout = 200 * time.Millisecond // the others answer, however late
			}
			q := questionsOf(t, uplink.QuestionsConfig{Platforms: []uplink.Asked{p}, Log: book.logger(slog.LevelDebug)})
			got, err := q.PayScanned(t.Context(), order(), stay(), "K1", authCode, leaving)
			said := book.text.String() + fmt.Sprintf("%v %+v %v %+v %#v", got, got, err, err, err)
			for inner := err; inner != nil; inner = errors.Unwrap(inner) {
				said += fmt.Sprintf("%+v %#v", inner, inner)
			}
			refused := new(protocol.RefusedError)
			if errors.As(err, &refused) {
				said += fmt.Sprintf("%+v %s", refused.Reply, refused.Reply.Rows)
			}
			for _, secret := range []string{authCode, "hunter2", testKey} {
				if strings.Contains(said, secret) {
					t.Errorf("%s is in %s", secret, said)
				}
			}
			if (name == "a success" || name == "a broken row") != (err == nil) {
				t.Errorf("PayScanned = %+v, %v", got, err)
			}
		})
	}
}

func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestWhatWasAskedIsLoggedWithoutPlates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			client *script
			want   string
		}{
			{&script{row: `{"deductMoney":200}`, after: 120 * time.Millisecond}, `"result":"answered"}`},
			{&script{err: refusal("粤B12345余额不足"), after: 120 * time.Millisecond}, `"result":"refused","code":"1"}`},
			{&script{err: &protocol.NoAnswerError{Status: 503, Reply: protocol.Reply{Msg: "粤B12345"}}, after: 120 * time.Millisecond}, `"result":"unknown","error":"HTTP status 503"}`},
		} {
			book := &diary{}
			q := questionsOf(t, uplink.QuestionsConfig{Platforms: []uplink.Asked{asked("mall", tt.client)}, Log: book.logger(slog.LevelInfo)})
			_, _ = q.Deduct(t.Context(), "mall", stay(), 200, leaving) // judged elsewhere
			said := book.text.String()
			if strings.Count(said, "\n") != 1 || strings.Contains(said, "12345") ||
				!strings.Contains(said, `"msg":"platform asked","platform":"mall","interface":"PostCarOutInfo","took":120000000,`+tt.want) {
				t.Errorf("the log is %s, want one line with %s", said, tt.want)
			}
		}
	})
}

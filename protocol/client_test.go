package protocol

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func newClient(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &Client{
		HTTP: server.Client(), URL: server.URL + "/park/", User: "mall", Password: "secret",
		Cipher: newCipher(t, testKey), Location: time.UTC, Now: func() time.Time { return testNow },
	}
}

func TestTheClientPostsWhatAServerOpens(t *testing.T) {
	var path, user, password, contentType string
	var opened Opened
	var openErr error
	cipher := newCipher(t, testKey)
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		path, user, password, contentType = r.URL.Path, r.Header.Get("user"), r.Header.Get("pwd"), r.Header.Get("Content-Type")
		opened, openErr = cipher.OpenRequest(r, OpenOptions{Now: testNow, Params: []string{"parkCode"}})
		if err := WriteResponse(w, http.StatusOK, Response{Data: []CarInAnswer{{1}}}); err != nil {
			t.Errorf("WriteResponse: %v", err)
		}
	})
	for charset, name := range map[Charset]string{"": "PostCarInInfo", GBK: "PostCarInInfo", UTF8: "/PostCarInInfo"} {
		c.Charset = charset
		reply, err := c.Post(t.Context(), name, CarIn{ParkCode: "1", PlateNo: "豫A12345", EntryTime: "2019/02/25 09:00:00", EntryPlace: "㛃入口"})
		if err != nil || openErr != nil {
			t.Fatalf("Post: %v, OpenRequest: %v", err, openErr)
		}
		if path != "/park/PostCarInInfo" || user != "mall" || password != "secret" || contentType != "application/json;charset=utf-8" {
			t.Errorf("request = %s %s %s %s", path, user, password, contentType)
		}
		var car CarIn
		if err := DecodeFields(opened.JSON, &car); err != nil || car.PlateNo != "豫A12345" || car.EntryPlace != "㛃入口" {
			t.Errorf("car = %+v, %v", car, err)
		}
		if want := max(charset, GBK); opened.Charset != want {
			t.Errorf("charset = %s, want %s", opened.Charset, want)
		}
		if answer, ok, err := FirstOf[CarInAnswer](reply); err != nil || !ok || answer.IsDensityPay != 1 {
			t.Errorf("answer = %+v, %v, %v", answer, ok, err)
		}
	}
}

func TestAnAnswerThatRefusesIsAnErrorOfItsOwn(t *testing.T) {
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"resCode":"1","resMsg":"重复"}`)
	})
	reply, err := c.Post(t.Context(), "PostCarInInfo", CarIn{})
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Reply.Msg != "重复" || reply.Code != "1" {
		t.Errorf("Post = %+v, %v, want a refusal", reply, err)
	}
	var none *NoAnswerError
	if errors.As(err, &none) {
		t.Errorf("a refusal is also a missing answer: %v", err)
	}
}

func TestWhichCodesMeanSuccess(t *testing.T) {
	tests := []struct {
		name, code string
		accepted   []string
		want       bool
	}{
		{"zero", `0`, nil, true},
		{"zero as text", `"0"`, nil, true},
		{"zero with a point", `0.0`, nil, true},
		{"four zeros", `"0000"`, nil, true},
		{"anything else", `200`, nil, false},
		{"a word", `"SUCCESS"`, nil, false},
		{"a code of its own", `200`, []string{"200"}, true},
		{"a code of its own with a point", `"200.0"`, []string{"200"}, true},
		{"a word of its own", `"SUCCESS"`, []string{"0", "SUCCESS"}, true},
		{"zero beside others", `0`, []string{"200", "0000"}, true},
		{"zero of a platform that fails by it", `0`, []string{"1"}, false},
		{"one of a platform that succeeds by it", `1`, []string{"1"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"code":`+tt.code+`}`) })
			c.Accepted = tt.accepted
			_, err := c.Post(t.Context(), "PostCarInInfo", CarIn{})
			if (err == nil) != tt.want || err != nil && !errors.As(err, new(*RefusedError)) {
				t.Errorf("Post = %v, want a success: %v", err, tt.want)
			}
		})
	}
}

func TestNoUsableAnswer(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		status int
		msg    string
	}{
		{"a gateway's page", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, "<html>")
		}, 502, ""},
		{"another status with an envelope", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"resCode":1,"resMsg":"认证失败","data":null}`)
		}, 401, "认证失败"},
		{"garbage", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "OK") }, 200, ""},
		{"an empty answer", func(http.ResponseWriter, *http.Request) {}, 200, ""},
		{"an answer that breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"resCode":0`)
		}, 200, ""},
		{"an endless answer", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"resCode":0,"resMsg":"`+strings.Repeat("x", MaxBody)+`"}`)
		}, 200, ""},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, 302, ""},
		{"a dropped connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newClient(t, tt.answer).Post(t.Context(), "PostCarInInfo", CarIn{})
			var none *NoAnswerError
			if !errors.As(err, &none) {
				t.Fatalf("error = %v, want a NoAnswerError", err)
			}
			if none.Status != tt.status || none.Reply.Msg != tt.msg {
				t.Errorf("status %d, message %q, want %d, %q", none.Status, none.Reply.Msg, tt.status, tt.msg)
			}
		})
	}
}

func TestTheContextBoundsAPost(t *testing.T) {
	release := make(chan struct{})
	c := newClient(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-release
	})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := c.Post(ctx, "PostCarInInfo", CarIn{})
	var none *NoAnswerError
	if !errors.As(err, &none) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want a NoAnswerError for the deadline", err)
	}
}

func TestAClientThatCannotSendSaysSo(t *testing.T) {
	for _, c := range []*Client{{URL: "http://127.0.0.1:1"}, {URL: "::", Cipher: newCipher(t, testKey)}} {
		_, err := c.Post(t.Context(), "PostCarInInfo", CarIn{})
		var none *NoAnswerError
		if err == nil || errors.As(err, &none) {
			t.Errorf("error = %v, want one that says nothing was sent", err)
		}
	}
}

package main

import (
	"bytes"
	"cmp"
	"net/http"
	"path"
	"sync"

	"parkagent/protocol"
	"parkagent/protocol/platform"
)

// A desk stands before a platform and tells what comes and how it was answered.
type desk struct {
	e        *env
	platform *platform.Platform

	mu   sync.Mutex // held while new records are told, so that they are told in order
	told int        // Seq of the last
}

// ServeHTTP hands reports, questions and pages to the platform, and shows the
// totals to browsers.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page := query.Has("parkCode") || query.Has("code")
	if r.Method == http.MethodGet && !page {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(totals(d.e, d.platform) + "\n")) // a browser that left wants none
		return
	}
	name, heard := path.Base(r.URL.Path), &heard{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		d.tell()
		cut := recover()
		if cut != nil {
			d.e.event(text{"%s：连接已切断", "%s: the connection was cut"}, name)
			panic(cut) // as the platform did, to cut it
		}
		switch reply, err := protocol.DecodeReply(heard.body.Bytes()); {
		case page:
			d.e.event(text{"页面 %s（HTTP %d）", "page %s (HTTP %d)"}, r.URL.RequestURI(), heard.status)
		case err != nil:
			d.e.event(text{"%s：答以错误页面（HTTP %d）", "%s: answered with an error page (HTTP %d)"}, name, heard.status)
		case !reply.OK():
			d.e.event(text{"%s：拒绝 %s 的请求：%s", "%s: refused to %s: %s"}, name, r.RemoteAddr, cmp.Or(reply.Msg, reply.Code))
		}
	}()
	d.platform.ServeHTTP(heard, r)
}

// tell prints the records that are new.
func (d *desk) tell() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.platform.Records() {
		if r.Seq <= d.told {
			continue
		}
		d.told = r.Seq
		again := text{}
		if r.Duplicate {
			again = text{"（重复）", " (again)"}
		}
		d.e.event(text{"%s  %s%s%s", "%s  %s%s%s"}, r.Interface, describe(d.e, r.Message), describeAnswer(d.e, r.Answer), again[d.e.lang])
	}
}

// A heard response is kept as it is written.
type heard struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader writes it to both.
func (h *heard) WriteHeader(status int) {
	h.status = status
	h.ResponseWriter.WriteHeader(status)
}

// Write writes to both.
func (h *heard) Write(b []byte) (int, error) {
	h.body.Write(b)
	return h.ResponseWriter.Write(b)
}

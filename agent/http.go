package agent

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/config"
	"parkagent/agent/downlink"
	"parkagent/agent/pictures"
)

// routes puts the cameras' pushes and the pictures before the API, on one
// address. It is no ServeMux, which would answer a path with two slashes by a redirect
// that clients of this protocol do not follow.
func (a *Agent) routes(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, cameraPrefix), a.holdsToken(r.URL.Path):
			a.push(w, r)
			drain(w, r)
		case strings.HasPrefix(r.URL.Path, pictures.Prefix):
			a.pictures.ServeHTTP(w, r)
		default:
			if code := a.astray(r); code != "" {
				a.log.Warn("push refused", "camera", code, "address", r.RemoteAddr, "known", true, "reason", "wrong path, set "+cameraPrefix+code+"/ in the camera")
			}
			api.ServeHTTP(w, r)
		}
	})
}

// astray returns which camera posts to a path that is neither a camera's nor the
// API's, as one does in which only address and port were set. It is empty for
// anybody else, and for a platform behind the same address, which names its user.
// The API answers it as anybody who asks for what there is not.
func (a *Agent) astray(r *http.Request) string {
	const api = "/api"
	if r.Method != http.MethodPost || r.Header.Get("user") != "" || len(r.URL.Path) >= len(api) && strings.EqualFold(r.URL.Path[:len(api)], api) {
		return ""
	}
	for _, d := range a.cfg.Site.Devices {
		if a.cfg.Devices.Pushes[d.Code] != nil && from(r, d.IP) {
			return d.Code
		}
	}
	return ""
}

// cameraPrefix is where cameras push: /camera/<device code>/<their own path>.
const cameraPrefix = "/camera/"

// push hands a camera's post to its driver. It is taken only from the address
// that is configured for the camera and, where it has a token, only at the
// path that begins with it: most cameras authenticate by nothing else.
func (a *Agent) push(w http.ResponseWriter, r *http.Request) {
	code, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, cameraPrefix), "/")
	d := a.device(code)
	handler := a.cfg.Devices.Pushes[code]
	if d.Token.Set() {
		var token string
		token, path, _ = strings.Cut(path, "/")
		if subtle.ConstantTimeCompare([]byte(token), []byte(d.Token.Reveal())) != 1 {
			handler = nil
		}
	}
	if handler == nil || !from(r, d.IP) {
		// One answer for all of it: whoever guesses learns nothing. The code is
		// the caller's text, and may be the token of a camera that was set up
		// wrongly.
		if len(code) > mostCode || a.holdsToken(code) {
			code = ""
		}
		a.log.Warn("push refused", "camera", code, "address", r.RemoteAddr, "known", d.Code != "")
		http.NotFound(w, r)
		return
	}
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = "/"+path, ""
	handler.ServeHTTP(w, r)
}

// mostCode bounds a caller's device code in the log.
const mostCode = 64

// holdsToken reports whether a camera's token stands anywhere in a path. A push
// whose path was mistyped is no call of the API: that would log the path.
func (a *Agent) holdsToken(path string) bool {
	return slices.ContainsFunc(a.cfg.Site.Devices, func(d config.Device) bool {
		return d.Token.Set() && strings.Contains(path, d.Token.Reveal())
	})
}

// What is read of a push that was refused, before the answer goes out.
const (
	mostDrained = 32 << 20
	drainWithin = 5 * time.Second
)

// drain reads what the handler left of a body, within limits. A camera that is
// still sending when the connection is closed sees a broken connection and never
// the answer. One that asked to be told whether to send at all is not told to.
func drain(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainWithin)) // a test's recorder has none
	_, _ = io.CopyN(io.Discard, r.Body, mostDrained)                               // whatever comes, it is thrown away
}

// from reports whether a request comes from ip, in whatever form either is
// written. No header is asked: anyone can send one.
func from(r *http.Request, ip string) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	want, err := netip.ParseAddr(ip)
	return err == nil && remote.Addr().Unmap().WithZone("") == want.Unmap().WithZone("")
}

// stopTimeout is how long running requests may take once the agent stops.
const stopTimeout = 3 * time.Second

// serve answers HTTP until ctx is done, and then lets running requests finish
// for a moment; those that have no end are ended by stop.
func (a *Agent) serve(ctx context.Context, l net.Listener, h http.Handler, stop func()) error {
	srv := downlink.NewHTTPServer(h, a.log)
	if cert := a.cfg.Site.API.TLSCert; cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, a.cfg.Site.API.TLSKey)
		if err != nil {
			return errors.Join(fmt.Errorf("open api: %w", err), l.Close())
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	}
	var g errgroup.Group
	g.Go(func() error {
		<-ctx.Done()
		stop()
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err := srv.Shutdown(c); err != nil {
			return srv.Close()
		}
		return nil
	})
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve api: %w", err) // ctx ends with the group of the caller
	}
	return g.Wait()
}

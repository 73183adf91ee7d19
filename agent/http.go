package agent

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"parkagent/agent/pictures"
)

// routes puts the API, the cameras' pushes and the pictures on one address.
func (a *Agent) routes(api http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/camera/{code}/", http.HandlerFunc(a.push))
	mux.Handle(pictures.Prefix, a.pictures)
	mux.Handle("/", api)
	return mux
}

// push hands a camera's post to its driver. It is taken only from the address
// that is configured for the camera and, where it has a token, only at the
// path that begins with it: most cameras authenticate by nothing else.
func (a *Agent) push(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("code")
	d := a.device(code)
	handler := a.cfg.Devices.Pushes[code]
	path := strings.TrimPrefix(r.URL.Path, "/camera/"+code)
	if token := d.Token.Reveal(); token != "" {
		first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if subtle.ConstantTimeCompare([]byte(first), []byte(token)) != 1 {
			handler = nil
		}
		path = "/" + rest
	}
	if handler == nil || !from(r, d.IP) {
		// One answer for all of it: whoever guesses learns nothing.
		a.log.Warn("push refused", "camera", code, "address", r.RemoteAddr, "known", d.Code != "")
		http.NotFound(w, r)
		return
	}
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = path, ""
	handler.ServeHTTP(w, r)
}

// from reports whether a request comes from ip.
func from(r *http.Request, ip string) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	want, err := netip.ParseAddr(ip)
	return err == nil && remote.Addr().Unmap() == want.Unmap()
}

// Limits of the API's server.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second // a camera's pictures over a slow line
	idleTimeout   = 2 * time.Minute
	headerBytes   = 16 << 10
	stopTimeout   = 3 * time.Second
)

// serve answers HTTP until ctx is done, and then lets running requests finish
// for a moment.
func (a *Agent) serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
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

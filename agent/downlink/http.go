package downlink

import (
	"io"
	"log/slog"
	"net/http"
	"time"

	"parkagent/protocol"
)

// NewHTTPServer returns a server for h with bounds on what a caller can hold:
// slow headers, slow bodies, idle connections, large headers. The caller
// serves and shuts it down. log gets what net/http has to say, at debug level;
// nil discards it.
func NewHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute, // pictures that cameras push over bad lines
		WriteTimeout:      time.Minute,
		IdleTimeout:       90 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// drain reads the rest of a refused request, within limits. A client that is
// still sending when the connection is closed never sees the answer. One that
// asked to be told whether to send at all is not told to.
func drain(r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, 8*protocol.MaxBody) // whatever comes, it is thrown away
}

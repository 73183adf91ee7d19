package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"parkagent/agent/config"
	"parkagent/drivers"
)

// socketName is the file in the data folder at which commands on this machine
// ask a running agent. Who owns the folder may ask.
const socketName = "agent.sock"

// inquiryTime bounds one inquiry. A device that is silent is so for less.
const inquiryTime = 15 * time.Second

// ErrNotAsked means that a running agent cannot be asked about a device: it does
// not have it, its driver cannot try it, or the agent is of an older version. It
// wraps fs.ErrPermission where whoever asks may not.
var ErrNotAsked = errors.New("the agent cannot be asked about this device")

// A diagnoser is a driver that can try its device while the agent uses it, from any
// goroutine. It moves nothing, and what it asks a gate waits for what the gate's
// lane asks.
type diagnoser interface {
	Diagnose(ctx context.Context) []drivers.Finding
}

// examinable returns what can be asked about a device beside its lane.
func (a *Agent) examinable(code string) (diagnoser, bool) {
	all := a.cfg.Devices
	var driver any
	if c, ok := all.Cameras[code]; ok {
		driver = c
	} else if g, ok := all.Gates[code]; ok {
		driver = g
	} else if p, ok := all.Displays[code]; ok {
		driver = p
	} else if s, ok := all.Scanners[code]; ok {
		driver = s
	} else if p, ok := all.Printers[code]; ok {
		driver = p
	}
	d, ok := driver.(diagnoser)
	return d, ok
}

// An inquiry is what the agent answers about a device.
type inquiry struct {
	Findings []inquiryFinding `json:"findings"`
}

// An inquiryFinding is a drivers.Finding on its way to another process.
type inquiryFinding struct {
	Topic drivers.Topic `json:"topic"`
	Level drivers.Level `json:"level"`
	Value string        `json:"value,omitempty"`
	Error string        `json:"error,omitempty"`
	Wraps []string      `json:"wraps,omitempty"` // the names of what the error wraps, see causes
	Errno syscall.Errno `json:"errno,omitempty"` // what the system said, which is the same one at both ends
}

// causes are what a command looks for in an error.
func causes() map[string]error {
	return map[string]error{
		"offline": drivers.ErrOffline, "refused": drivers.ErrRefused, "missing": fs.ErrNotExist, "forbidden": fs.ErrPermission,
	}
}

// answered returns a finding as it is told to another process.
func answered(f drivers.Finding) inquiryFinding {
	out := inquiryFinding{Topic: f.Topic, Level: f.Level, Value: f.Value}
	if f.Err == nil {
		return out
	}
	out.Error = f.Err.Error()
	for name, cause := range causes() {
		if errors.Is(f.Err, cause) {
			out.Wraps = append(out.Wraps, name)
		}
	}
	errors.As(f.Err, &out.Errno)
	return out
}

// finding is the reverse of answered.
func (f inquiryFinding) finding() drivers.Finding {
	out := drivers.Finding{Topic: f.Topic, Level: f.Level, Value: f.Value}
	if f.Error == "" {
		return out
	}
	told := &toldError{words: f.Error}
	for _, name := range f.Wraps {
		if cause, known := causes()[name]; known {
			told.causes = append(told.causes, cause)
		}
	}
	if f.Errno != 0 {
		told.causes = append(told.causes, f.Errno)
	}
	out.Err = told
	return out
}

// A toldError is an error of another process.
type toldError struct {
	words  string
	causes []error
}

// Error returns the words of the other process.
func (e *toldError) Error() string { return e.words }

// Unwrap returns what the error wraps there.
func (e *toldError) Unwrap() []error { return e.causes }

// inquiries answers commands on this machine until ctx is done. Where the system
// has no such sockets, nobody can ask, and nothing else is amiss.
func (a *Agent) inquiries(ctx context.Context) error {
	path := filepath.Join(a.cfg.Site.Store.Dir, socketName)
	// One that is left over from a crash: this agent has the folder's lock.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.log.Warn("old socket stays", "error", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		a.log.Warn("doctor cannot ask this agent", "error", err)
		<-ctx.Done()
		return nil
	}
	if err := os.Chmod(path, 0o600); err != nil { // the folder may be open to others
		a.log.Warn("others may ask this agent about its devices", "error", err)
	}
	srv := &http.Server{
		Handler: http.HandlerFunc(a.inquire), ReadHeaderTimeout: time.Second, IdleTimeout: time.Second, MaxHeaderBytes: 8 << 10,
		WriteTimeout: inquiryTime + time.Second, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer inquiries: %w", err)
	}
	return nil
}

// inquire answers GET /<device code>.
func (a *Agent) inquire(w http.ResponseWriter, r *http.Request) {
	driver, ok := a.examinable(strings.TrimPrefix(r.URL.Path, "/"))
	if !ok || r.Method != http.MethodGet || r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // nobody waits for the rest of what is sent
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), inquiryTime)
	defer cancel()
	var answer inquiry
	for _, f := range driver.Diagnose(ctx) {
		answer.Findings = append(answer.Findings, answered(f))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // who asked may be gone
}

// mostAnswer bounds what is read of an answer.
const mostAnswer = 1 << 20

// Ask has the agent that works on the site try a device, and returns what its
// driver found. It is for commands, which must not speak to what the agent
// speaks to. The error wraps ErrNotAsked where the agent cannot say.
func Ask(ctx context.Context, site *config.Config, device string) ([]drivers.Finding, error) {
	path := filepath.Join(site.Store.Dir, socketName)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, (&url.URL{Scheme: "http", Host: "agent", Path: "/" + device}).String(), nil)
	if err != nil {
		return nil, err
	}
	answer, err := transport.RoundTrip(r)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNotAsked, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, ErrNotAsked
	}
	var told inquiry
	if err := json.NewDecoder(io.LimitReader(answer.Body, mostAnswer)).Decode(&told); err != nil {
		return nil, fmt.Errorf("read the agent's answer: %w", err)
	}
	var list []drivers.Finding
	for _, f := range told.Findings {
		list = append(list, f.finding())
	}
	return list, nil
}

package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parkagent/agent/config"
	"parkagent/drivers"
)

// socketName is the file in the data folder at which commands on this machine
// ask a running agent. Who may open the folder may ask.
const socketName = "agent.sock"

// inquiryTime bounds one inquiry. A device that is silent is so for less.
const inquiryTime = 15 * time.Second

// ErrNotAsked means that a running agent cannot be asked about a device: it does
// not have it, its driver cannot try it while a lane works with it, or the agent
// is of an older version.
var ErrNotAsked = errors.New("the agent cannot be asked about this device")

// A diagnoser is a driver that can try its device while the agent uses it. It
// moves nothing.
type diagnoser interface {
	Diagnose(ctx context.Context) []drivers.Finding
}

// examinable returns what can be asked about a device beside its lane. Gates are
// not: a lane is the only one that speaks to its gate.
func (a *Agent) examinable(code string) (diagnoser, bool) {
	all := a.cfg.Devices
	var driver any
	if c, ok := all.Cameras[code]; ok {
		driver = c
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
	Topic   drivers.Topic `json:"topic"`
	Level   drivers.Level `json:"level"`
	Value   string        `json:"value,omitempty"`
	Error   string        `json:"error,omitempty"`
	Offline bool          `json:"offline,omitempty"` // the error wraps drivers.ErrOffline
}

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
	srv := &http.Server{Handler: http.HandlerFunc(a.inquire), ReadHeaderTimeout: time.Second, ErrorLog: nil}
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
	if !ok || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), inquiryTime)
	defer cancel()
	var answer inquiry
	for _, f := range driver.Diagnose(ctx) {
		out := inquiryFinding{Topic: f.Topic, Level: f.Level, Value: f.Value}
		if f.Err != nil {
			out.Error, out.Offline = f.Err.Error(), errors.Is(f.Err, drivers.ErrOffline)
		}
		answer.Findings = append(answer.Findings, out)
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
		finding := drivers.Finding{Topic: f.Topic, Level: f.Level, Value: f.Value}
		switch {
		case f.Offline:
			finding.Err = offlineError(f.Error)
		case f.Error != "":
			finding.Err = errors.New(f.Error)
		}
		list = append(list, finding)
	}
	return list, nil
}

// An offlineError is an error of another process that wraps drivers.ErrOffline.
type offlineError string

// Error returns the words of the other process.
func (e offlineError) Error() string { return string(e) }

// Unwrap returns drivers.ErrOffline.
func (offlineError) Unwrap() error { return drivers.ErrOffline }

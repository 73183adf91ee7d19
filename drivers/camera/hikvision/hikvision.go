// Package hikvision receives the plates that a Hikvision camera pushes ("alarm server", httpHosts) and asks it for pictures over ISAPI.
//
// The camera is set up to POST its ANPR events to the agent. A push carries no
// authentication, so the agent checks the source address and the address's
// token before it calls ServeHTTP. The other way round, pictures and device
// data are asked for with HTTP digest authentication, and carefully: five bad
// logins lock the asking address out for half an hour.
//
// Set the camera's entranceParam ctrlMod to 1 (platform), or it also opens the
// barrier by its own list.
package hikvision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/options"
)

// Config describes one camera.
type Config struct {
	Device   string         // device code, for recognitions and errors
	BaseURL  string         // "http://192.168.1.64"; empty: the camera only pushes
	User     string         // ISAPI login; empty: none is tried
	Password string         // ISAPI password
	Options  Options        // from ParseOptions
	Location *time.Location // zone of event times that name none; nil: the box's own
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
	Client   *http.Client     // how the camera is reached; nil: a client of its own
}

// Options are a camera's settings beyond its address.
type Options struct {
	Channel int           // video channel of the picture; 0 means 1
	Silence time.Duration // a camera that can only be judged by its pushes is offline after so long; 0 means 1 h
}

// ParseOptions reads the option table of a device: channel (1 to 64), silence
// (seconds, 10 to 604800) and token, which the agent handles. Anything else is
// an error.
func ParseOptions(table map[string]any) (Options, error) {
	o := options.Read(table, "token")
	opt := Options{
		Channel: int(o.Int("channel", 1, 1, 64)),
		Silence: time.Duration(o.Int("silence", 3600, 10, 604800)) * time.Second,
	}
	return opt, o.Err()
}

// laneTime is how long a push is kept without an answer while the lane deals
// with it. The camera sends it again after an answer that is late or not 200.
const laneTime = 5 * time.Second

// A Camera is one Hikvision camera. It is an http.Handler for what the camera
// pushes and meets lane.Camera.
type Camera struct {
	cfg    Config
	inbox  camera.Inbox
	client *http.Client // with digest authentication; nil without BaseURL

	mu     sync.Mutex // guards the following field
	locked time.Time  // no request before this moment, for the login was refused
}

// New returns the camera of cfg. It reaches for no network.
func New(cfg Config) (*Camera, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Location == nil {
		cfg.Location = time.Local
	}
	if cfg.Options.Channel == 0 {
		cfg.Options.Channel = 1
	}
	if cfg.Options.Silence == 0 {
		cfg.Options.Silence = time.Hour
	}
	cfg.Log = cfg.Log.With("device", cfg.Device)
	c := &Camera{cfg: cfg}
	if cfg.BaseURL == "" {
		return c, nil
	}
	u, err := url.Parse(cfg.BaseURL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("link of camera: %w", err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("link of camera: want http://address, have %q", cfg.BaseURL)
	case u.User != nil:
		return nil, errors.New("link of camera: user and password do not belong into the link")
	}
	c.cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	c.client = login(cfg)
	return c, nil
}

// login returns a client that answers the camera's digest challenge, once a
// request, and follows no redirection: the answer to a challenge is for this
// camera only.
func login(cfg Config) *http.Client {
	client := http.Client{}
	if cfg.Client != nil {
		client = *cfg.Client
	}
	if cfg.User != "" {
		client.Transport = &digest.Transport{Username: cfg.User, Password: cfg.Password, Transport: client.Transport}
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// Watch hands every plate that the camera pushes to emit until ctx is done. A
// push that comes while nothing watches is answered with 503, after which the
// camera sends it again.
func (c *Camera) Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	if err := c.inbox.Watch(ctx, emit); err != nil {
		return &drivers.DeviceError{Device: c.cfg.Device, Op: "watch", Err: err}
	}
	return nil
}

// ServeHTTP takes one push: a multipart body of XML and JPEG parts, the bare
// XML, or the event in the query with pictures in the body. It answers 200 once
// the lane dealt with the event, at the latest after 5 seconds.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.take(w, r); err != nil {
		status, reason := camera.Status(err)
		c.cfg.Log.Warn("camera push refused", "err", err, "status", status, "from", r.RemoteAddr)
		http.Error(w, reason, status)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (c *Camera) take(w http.ResponseWriter, r *http.Request) error {
	body, err := c.inbox.ReadPush(w, r)
	if err != nil {
		return err
	}
	push, err := decodePush(r.Header.Get("Content-Type"), r.URL.RawQuery, body)
	if err != nil {
		return err
	}
	c.inbox.Hear()
	if !push.event.isPlate() {
		return nil // a heartbeat (videoloss, inactive) or an event of another kind
	}
	rec := push.recognition(c.cfg.Location)
	rec.Device = c.cfg.Device
	rec.Received = c.cfg.Now().UTC()

	done, err := c.inbox.Deliver(rec, laneTime)
	if err != nil {
		return err
	}
	timer := time.NewTimer(laneTime)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return nil // the lane has the event; a second copy would not speed it up
	}
}

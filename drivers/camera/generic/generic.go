// Package generic receives the plates of cameras of any make that push them, by a description of what they push.
//
// The description is in the options of the device: the format, where each thing
// stands in it, and which words mean what. README.md beside this file shows how
// to write one, with two cameras as examples.
//
// A path names what lies within each other with dots between, "result.plate".
// The members of a list are numbered from 0, "plates[1].text"; the first needs no
// number. In XML a path begins below the root element, elements of one name
// beside each other are a list, an attribute is written "@name", and namespaces
// do not count. Upper and lower case count.
//
// A push is a claim, as that of every camera: the agent checks the source address
// and the address's token before it calls ServeHTTP.
package generic

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// Config describes one camera.
type Config struct {
	Device   string         // device code, for recognitions and errors
	BaseURL  string         // "http://192.168.1.90", for pictures; empty: the camera only pushes
	User     string         // login of its web side; empty: none is tried
	Password string         //
	Options  Options        // from ParseOptions
	Location *time.Location // zone of times that name none; nil: the box's own
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
	Client   *http.Client     // how the camera is reached; nil: directly
}

// laneTime is how long a push is kept without an answer while the lane deals
// with it.
const laneTime = 5 * time.Second

// A Camera is one camera. It is an http.Handler for what the camera pushes and
// meets lane.Camera.
type Camera struct {
	cfg    Config
	client *camera.Client // nil without BaseURL
	inbox  camera.Inbox
	recent camera.Recent
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
	if cfg.Options.Paths.Plate == "" {
		return nil, errors.New("camera: no path of the plate")
	}
	cfg.Options = cfg.Options.withDefaults()
	cfg.Log = cfg.Log.With("device", cfg.Device)
	c := &Camera{cfg: cfg}
	if cfg.BaseURL == "" {
		if cfg.Options.SnapshotURL != "" {
			return nil, errors.New("link of camera: snapshot_url needs one")
		}
		return c, nil
	}
	var err error
	c.client, err = camera.NewClient(camera.ClientConfig{
		BaseURL: cfg.BaseURL, User: cfg.User, Password: cfg.Password, Certificate: cfg.Options.Certificate, HTTP: cfg.Client, Now: cfg.Now,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Watch hands every plate that the camera pushes to emit until ctx is done. A
// push that comes while nothing watches is answered with 503.
func (c *Camera) Watch(ctx context.Context, emit func(context.Context, drivers.Recognition)) error {
	if err := c.inbox.Watch(ctx, emit); err != nil {
		return c.failed("watch", err)
	}
	return nil
}

// ServeHTTP takes one push. It answers 200 with the configured reply once the
// lane dealt with the event, at the latest after 5 seconds, and so also to one
// that comes again and to one that is ignored.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.take(w, r); err != nil {
		camera.Refuse(w, r, err, c.cfg.Log)
		return
	}
	w.Header().Set("Content-Type", c.cfg.Options.ReplyType)
	_, _ = io.WriteString(w, c.cfg.Options.Reply) // a camera that hung up sends again
}

func (c *Camera) take(w http.ResponseWriter, r *http.Request) error {
	body, err := c.inbox.ReadPush(w, r)
	if err != nil {
		return err
	}
	ev, err := decode(push{r.Header.Get("Content-Type"), r.URL.RawQuery, body}, c.cfg.Options)
	if err != nil {
		return err
	}
	if ev.ignored(c.cfg.Options) {
		c.inbox.Hear()
		return nil
	}
	rec, key, err := ev.recognition(c.cfg.Options, c.cfg.Location)
	if err != nil {
		return err
	}
	c.inbox.Hear()
	rec.Device = c.cfg.Device
	rec.Received = c.cfg.Now().UTC()
	var keys []string
	rec.ID = rand.Text()
	if key != nil {
		sum := sha256.Sum256([]byte(strings.Join(key, "\x00")))
		rec.ID = hex.EncodeToString(sum[:8])
		keys = []string{rec.ID}
	}
	return c.recent.Once(keys, nil, laneTime, func() (<-chan error, error) { return c.inbox.Deliver(rec, laneTime) })
}

// Snapshot takes a picture now. It fails with errors.ErrUnsupported for a camera
// whose options name no address for one, with drivers.ErrRefused while its login
// is refused.
func (c *Camera) Snapshot(ctx context.Context) (drivers.Picture, error) {
	jpeg, err := c.snapshot(ctx)
	if err != nil {
		return drivers.Picture{}, c.failed("snapshot", err)
	}
	return drivers.Picture{Kind: drivers.PictureScene, JPEG: jpeg}, nil
}

func (c *Camera) snapshot(ctx context.Context) ([]byte, error) {
	if c.client == nil || c.cfg.Options.SnapshotURL == "" {
		return nil, errors.ErrUnsupported
	}
	answer, err := c.client.Do(ctx, http.MethodGet, c.cfg.Options.SnapshotURL, "", nil, camera.MaxPicture)
	switch {
	case errors.Is(err, camera.ErrNoFunction):
		return nil, fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	case err != nil:
		return nil, err
	case !camera.IsJPEG(answer.Body):
		return nil, fmt.Errorf("answer of %d bytes is no JPEG", len(answer.Body))
	}
	return answer.Body, nil
}

// Check judges the camera by how long ago it last pushed anything.
func (c *Camera) Check(context.Context) error {
	silence, known := c.inbox.Silence()
	switch {
	case !known:
		return c.failed("check", fmt.Errorf("%w: nothing heard yet", drivers.ErrOffline))
	case silence > c.cfg.Options.Silence:
		return c.failed("check", fmt.Errorf("%w: nothing heard for %v", drivers.ErrOffline, silence.Round(time.Second)))
	}
	return nil
}

// Diagnose tells when the camera was last heard and, where its options name an
// address for pictures, asks for one.
func (c *Camera) Diagnose(ctx context.Context) []drivers.Finding {
	heard := drivers.Finding{Topic: drivers.TopicHeard, Level: drivers.LevelOdd}
	if silence, known := c.inbox.Silence(); known {
		heard.Level, heard.Value = drivers.LevelFine, silence.Round(time.Second).String()
		if silence > c.cfg.Options.Silence {
			heard.Level = drivers.LevelWrong
		}
	}
	if c.client == nil || c.cfg.Options.SnapshotURL == "" {
		return []drivers.Finding{heard}
	}
	jpeg, err := c.snapshot(ctx)
	reach := drivers.Finding{Topic: drivers.TopicReach, Value: c.client.Address()}
	switch {
	case drivers.FaultOf(err) == drivers.FaultLogin:
		return []drivers.Finding{reach, {Topic: drivers.TopicLogin, Level: drivers.LevelWrong, Err: err}, heard}
	case errors.Is(err, drivers.ErrOffline):
		reach.Level, reach.Err = drivers.LevelWrong, err
		return []drivers.Finding{reach, heard}
	case err != nil:
		return []drivers.Finding{reach, {Topic: drivers.TopicPicture, Level: drivers.LevelWrong, Err: err}, heard}
	}
	return []drivers.Finding{reach, {Topic: drivers.TopicPicture, Value: strconv.Itoa(len(jpeg))}, heard}
}

func (c *Camera) failed(op string, err error) error {
	return &drivers.DeviceError{Device: c.cfg.Device, Op: op, Err: err}
}

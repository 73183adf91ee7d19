package hikvision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

const (
	askTime  = 5 * time.Second  // for one request to the camera, unless ctx ends sooner
	lockTime = 30 * time.Minute // for which a camera locks out an address after five bad logins
)

// errNotFound means that this model has no such ISAPI path.
var errNotFound = errors.New("camera has no such function")

// Snapshot takes a picture now. It fails with errors.ErrUnsupported for a
// camera without a link and for a model without this call, with
// drivers.ErrRefused while its login is refused.
func (c *Camera) Snapshot(ctx context.Context) (drivers.Picture, error) {
	if c.client == nil {
		return drivers.Picture{}, c.failed("snapshot", errors.ErrUnsupported)
	}
	path := "/ISAPI/Streaming/channels/" + strconv.Itoa(c.cfg.Options.Channel) + "/picture"
	body, err := c.ask(ctx, path, camera.MaxPicture)
	switch {
	case errors.Is(err, errNotFound):
		return drivers.Picture{}, c.failed("snapshot", fmt.Errorf("%w: %w", errors.ErrUnsupported, err))
	case err != nil:
		return drivers.Picture{}, c.failed("snapshot", err)
	case !camera.IsJPEG(body):
		return drivers.Picture{}, c.failed("snapshot", errors.New("answer is no JPEG"))
	}
	return drivers.Picture{Kind: drivers.PictureScene, JPEG: body}, nil
}

// Check asks the camera for its device data. A camera without a link or without
// a login is judged by how long ago it last pushed anything.
func (c *Camera) Check(ctx context.Context) error {
	if c.client != nil && c.cfg.User != "" {
		if _, err := c.ask(ctx, "/ISAPI/System/deviceInfo", camera.MaxText); err != nil {
			return c.failed("check", err)
		}
		return nil
	}
	silence, known := c.inbox.Silence()
	switch {
	case !known:
		return c.failed("check", fmt.Errorf("%w: nothing heard yet", drivers.ErrOffline))
	case silence > c.cfg.Options.Silence:
		return c.failed("check", fmt.Errorf("%w: nothing heard for %v", drivers.ErrOffline, silence.Round(time.Second)))
	}
	return nil
}

// ask sends one GET and returns the body of a 200.
//
// After a refused login it sends nothing for half an hour: the lane asks for a
// picture of every car, and five bad logins lock this address out of the
// camera for everybody, the installer included.
func (c *Camera) ask(ctx context.Context, path string, limit int64) ([]byte, error) {
	if wait := c.lockedFor(); wait > 0 {
		return nil, fmt.Errorf("%w: login was refused, next try in %v; check user and password",
			drivers.ErrRefused, wait.Round(time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.cfg.BaseURL+path, nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrOffline, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: read answer: %w", drivers.ErrOffline, err)
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		c.lock()
		return nil, fmt.Errorf("%w: login refused; check user and password", drivers.ErrRefused)
	case resp.StatusCode == http.StatusNotFound, notSupported(body):
		return nil, fmt.Errorf("%w: %w", drivers.ErrRefused, errNotFound)
	case resp.StatusCode >= 500:
		return nil, fmt.Errorf("%w: status %d", drivers.ErrOffline, resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: status %d", drivers.ErrRefused, resp.StatusCode)
	case int64(len(body)) > limit:
		return nil, errors.New("answer too large")
	}
	return body, nil
}

// notSupported reports whether body is the ResponseStatus of a call that the
// model lacks.
func notSupported(body []byte) bool {
	if camera.IsJPEG(body) || len(body) > camera.MaxText {
		return false
	}
	fields, err := flatten(body)
	return err == nil && fields["ResponseStatus/statusCode"] == "4" && fields["ResponseStatus/subStatusCode"] == "notSupport"
}

func (c *Camera) lock() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.locked = time.Now().Add(lockTime)
}

func (c *Camera) lockedFor() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Until(c.locked)
}

func (c *Camera) failed(op string, err error) error {
	return &drivers.DeviceError{Device: c.cfg.Device, Op: op, Err: err}
}

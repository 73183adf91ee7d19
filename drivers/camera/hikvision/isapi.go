package hikvision

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/hikvision/anpr"
)

// Snapshot takes a picture now. It fails with errors.ErrUnsupported for a
// camera without a link and for a model without this call, with
// drivers.ErrRefused while its login is refused. Models differ in the path; the
// one that works is remembered.
func (c *Camera) Snapshot(ctx context.Context) (drivers.Picture, error) {
	if c.client == nil {
		return drivers.Picture{}, c.failed("snapshot", errors.ErrUnsupported)
	}
	jpeg, err := c.picture(ctx)
	if errors.Is(err, camera.ErrNoFunction) {
		err = fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	if err != nil {
		return drivers.Picture{}, c.failed("snapshot", err)
	}
	return drivers.Picture{Kind: drivers.PictureScene, JPEG: jpeg}, nil
}

// picture asks by the path that worked last, then by the other.
func (c *Camera) picture(ctx context.Context) ([]byte, error) {
	paths := [2]string{
		fmt.Sprintf("/ISAPI/Streaming/channels/%d/picture", c.cfg.Options.Channel),
		fmt.Sprintf("/ISAPI/Streaming/channels/%d01/picture", c.cfg.Options.Channel), // its main stream
	}
	first := int(c.picturePath.Load())
	var err error
	for _, i := range [2]int{first, 1 - first} {
		var jpeg []byte
		jpeg, err = c.ask(ctx, paths[i], camera.MaxPicture)
		switch {
		case err == nil && !camera.IsJPEG(jpeg):
			err = errors.New("answer is no JPEG")
		case err == nil:
			c.picturePath.Store(int32(i))
			return jpeg, nil
		case !errors.Is(err, camera.ErrNoFunction):
			return nil, err
		}
	}
	return nil, err
}

// Check asks the camera for its device data, and tells of events that do not
// come where the agent asks for them. A camera without a link or without a login
// is judged by how long ago it last pushed anything.
func (c *Camera) Check(ctx context.Context) error {
	asks := c.client != nil && c.cfg.User != ""
	if asks {
		if _, err := c.ask(ctx, "/ISAPI/System/deviceInfo", camera.MaxText); err != nil {
			return c.failed("check", err)
		}
	}
	if err := c.puller.Err(); err != nil {
		return c.failed("check", fmt.Errorf("no events: %w", err))
	}
	if asks {
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

// ask sends one GET and returns the body.
func (c *Camera) ask(ctx context.Context, path string, limit int64) ([]byte, error) {
	answer, err := c.client.Do(ctx, http.MethodGet, path, "", nil, limit)
	return answer.Body, err
}

// fields asks for an XML document and returns its elements, without the name of
// its root: makers change that, too.
func (c *Camera) fields(ctx context.Context, path string) (map[string]string, error) {
	body, err := c.ask(ctx, path, camera.MaxText)
	if err != nil {
		return nil, err
	}
	return rootless(body)
}

// statusLevels is how deep an answer is read: EntranceParam/Barrier/ctrlMod, and
// one more.
const statusLevels = 4

func rootless(body []byte) (map[string]string, error) {
	all, err := camera.Elements(body, statusLevels)
	if err != nil {
		return nil, fmt.Errorf("unreadable answer: %w", err)
	}
	fields := make(map[string]string, len(all))
	for path, text := range all {
		if _, below, ok := strings.Cut(path, "/"); ok {
			fields[below] = text
		}
	}
	return fields, nil
}

// put sends an XML document and checks what the camera says of it. A status of
// 200 may still carry a refusal.
func (c *Camera) put(ctx context.Context, path, text string) error {
	answer, err := c.client.Do(ctx, http.MethodPut, path, "application/xml", []byte(text), camera.MaxText)
	if err != nil {
		return err
	}
	// An answer that is no ResponseStatus says no more than its status.
	fields, err := camera.Elements(answer.Body, 2)
	if err != nil {
		return nil
	}
	switch code := fields["ResponseStatus/statusCode"]; code {
	case "", "0", "1", "7": // 7: done, and to hold after a restart
		return nil
	case "2", "3": // busy, broken
		return fmt.Errorf("%w: the camera says %s %q", drivers.ErrOffline, code, fields["ResponseStatus/statusString"])
	default:
		if strings.EqualFold(fields["ResponseStatus/subStatusCode"], "notSupport") {
			return camera.ErrNoFunction
		}
		return fmt.Errorf("%w: the camera says %s %q", drivers.ErrRefused, code, fields["ResponseStatus/subStatusCode"])
	}
}

func (c *Camera) failed(op string, err error) error {
	return &drivers.DeviceError{Device: c.cfg.Device, Op: op, Err: err}
}

// clockAhead asks for the camera's time and returns how far it is ahead of ours.
func (c *Camera) clockAhead(ctx context.Context) (time.Duration, error) {
	fields, err := c.fields(ctx, "/ISAPI/System/time")
	if err != nil {
		return 0, err
	}
	at := anpr.Time(fields["localTime"], c.cfg.Location)
	if at.IsZero() {
		return 0, errors.New("the camera's time is not readable")
	}
	return at.Sub(c.cfg.Now()), nil
}

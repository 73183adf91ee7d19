package dahua

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/fields"
)

// leastPicture is how small a picture of these cameras cannot be. What is
// smaller is an error that begins like a picture.
const leastPicture = 1000

// Snapshot takes a picture now. It fails with errors.ErrUnsupported for a camera
// without a link and for a model without this call, with drivers.ErrRefused
// while its login is refused.
func (c *Camera) Snapshot(ctx context.Context) (drivers.Picture, error) {
	jpeg, err := c.snapshot(ctx)
	if err != nil {
		return drivers.Picture{}, c.failed("snapshot", err)
	}
	return drivers.Picture{Kind: drivers.PictureScene, JPEG: jpeg}, nil
}

func (c *Camera) snapshot(ctx context.Context) ([]byte, error) {
	body, err := c.get(ctx, "snapshot.cgi?channel="+strconv.Itoa(c.cfg.Options.Channel), camera.MaxPicture)
	switch {
	case errors.Is(err, camera.ErrNoFunction):
		return nil, fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	case err != nil:
		return nil, err
	case !camera.IsJPEG(body) || len(body) < leastPicture:
		return nil, fmt.Errorf("answer of %d bytes is no picture", len(body))
	}
	return body, nil
}

// Check reports whether the camera is alive. One whose stream is read is judged
// by that: it is asked for no second thing every half minute. Another is asked
// for its type, and one without a link or a login is judged by how long ago it
// last pushed anything. One that is alive and said within the last hour that it
// opened the barrier by itself has the fault drivers.FaultGateList.
func (c *Camera) Check(ctx context.Context) error {
	var err error
	switch {
	case c.cfg.Options.Source != SourcePush:
		if err = c.puller.Err(); err == nil {
			err = c.checkHeard(2 * streamQuiet) // the second is for opening it again
		}
	case c.client != nil && c.cfg.User != "":
		_, err = c.deviceType(ctx)
	default:
		err = c.checkHeard(c.cfg.Options.Silence)
	}
	if err == nil && c.opensItself() {
		err = &drivers.FaultError{Fault: drivers.FaultGateList, Err: errors.New("it opened the barrier by its own list")}
	}
	if err != nil {
		return c.failed("check", err)
	}
	return nil
}

// checkHeard fails when the camera was not heard for longer than most.
func (c *Camera) checkHeard(most time.Duration) error {
	silence, known := c.inbox.Silence()
	switch {
	case !known:
		return fmt.Errorf("%w: nothing heard yet", drivers.ErrOffline)
	case silence > most:
		return fmt.Errorf("%w: nothing heard for %v", drivers.ErrOffline, silence.Round(time.Second))
	}
	return nil
}

// deviceType asks the camera for its model.
func (c *Camera) deviceType(ctx context.Context) (string, error) {
	return c.result(ctx, "magicBox.cgi?action=getDeviceType", "type")
}

// get makes one call below /cgi-bin/ and returns the body of the answer.
//
// An error is said with a status, or with a status of 200 and the word Error at
// the beginning.
func (c *Camera) get(ctx context.Context, call string, limit int64) ([]byte, error) {
	if c.client == nil {
		return nil, errors.ErrUnsupported
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrOffline, err)
	}
	answer, err := c.client.Do(ctx, http.MethodGet, "/cgi-bin/"+call, "", nil, limit)
	if err != nil {
		return nil, err
	}
	if said, ok := strings.CutPrefix(string(answer.Body[:min(len(answer.Body), 80)]), "Error"); ok {
		return nil, fmt.Errorf("%w: camera says %q", drivers.ErrRefused, strings.TrimSpace(said))
	}
	return answer.Body, nil
}

// command makes a call that is answered with OK. Any other answer tells nothing
// of what happened, as no answer does.
func (c *Camera) command(ctx context.Context, call string) error {
	body, err := c.get(ctx, call, camera.MaxText)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(body)) != "OK" {
		return fmt.Errorf("%w: an answer of %d bytes that is not OK", drivers.ErrOffline, len(body))
	}
	return nil
}

// table makes a call that is answered with lines of path=value.
func (c *Camera) table(ctx context.Context, call string) (fields.Fields, error) {
	body, err := c.get(ctx, call, camera.MaxText)
	if err != nil {
		return nil, err
	}
	f, err := fields.Lines(body)
	if err != nil || len(f) == 0 {
		return nil, fmt.Errorf("%w: an answer of %d bytes that makes no sense", drivers.ErrOffline, len(body))
	}
	return f, nil
}

// result makes a call whose answer is one value under the given name.
func (c *Camera) result(ctx context.Context, call, name string) (string, error) {
	f, err := c.table(ctx, call)
	if err != nil {
		return "", err
	}
	if !f.Has(name) {
		return "", fmt.Errorf("%w: an answer without %q", drivers.ErrOffline, name)
	}
	return f.Text(name), nil
}

package camera

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"parkagent/drivers"
)

// partTime is how long a part may be on its way, the waiting for it included. A
// camera whose bytes come and make no part is not heard by anybody.
const partTime = time.Minute

// Follow opens an event stream and hands its parts to handle, one after the
// other, until ctx is done, for which it returns nil. Otherwise it returns why
// it could not go on: an error of Do, or one that wraps drivers.ErrOffline when
// the stream ended, could not be read, brought nothing for silence, or no whole
// part for a minute, or for silence if that is longer. handle must not wait: the
// stream stands still meanwhile, and time goes on.
func (c *Client) Follow(ctx context.Context, path string, silence time.Duration, handle func(Part)) error {
	streamCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := c.Open(streamCtx, http.MethodGet, path)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return fmt.Errorf("%w: the answer is no event stream", drivers.ErrOffline)
	}
	quiet := time.AfterFunc(silence, cancel)
	defer quiet.Stop()
	mostPart := max(partTime, silence)
	late := time.AfterFunc(mostPart, cancel)
	defer late.Stop()
	stream := NewStream(heardReader{resp.Body, func() { quiet.Reset(silence) }}, params["boundary"])
	for {
		part, err := stream.Next()
		switch {
		case err == nil:
			late.Reset(mostPart)
			handle(part)
		case ctx.Err() != nil:
			return nil
		case streamCtx.Err() != nil:
			return fmt.Errorf("%w: the event stream was silent for %v, or brought no part for %v", drivers.ErrOffline, silence, mostPart)
		default:
			return fmt.Errorf("%w: event stream: %w", drivers.ErrOffline, err)
		}
	}
}

// A heardReader tells of every byte that comes.
type heardReader struct {
	r     io.Reader
	heard func()
}

func (r heardReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	if n > 0 {
		r.heard()
	}
	return n, err
}

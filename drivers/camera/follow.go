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

// Follow opens an event stream and hands its parts to handle, one after the
// other, until ctx is done, for which it returns nil. Otherwise it returns why
// it could not go on: an error of Do, or one that wraps drivers.ErrOffline when
// the stream ended, could not be read, or brought nothing for silence. handle
// must not wait: the stream stands still meanwhile, and time goes on.
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
	stream := NewStream(heardReader{resp.Body, func() { quiet.Reset(silence) }}, params["boundary"])
	for {
		part, err := stream.Next()
		switch {
		case err == nil:
			handle(part)
		case ctx.Err() != nil:
			return nil
		case streamCtx.Err() != nil:
			return fmt.Errorf("%w: the event stream was silent for %v", drivers.ErrOffline, silence)
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

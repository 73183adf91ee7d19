package lane

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// photoWithin bounds taking a picture on request; its caller waits.
const photoWithin = 2 * time.Second

// Photo takes a picture of what stands before the lane's camera now, keeps it and
// returns its path. It touches no stay and waits for nothing else that the lane
// does. It may be called from any goroutine; pictures are taken one at a time.
//
// The error is errors.ErrUnsupported where the camera cannot do it or the lane
// has none, and ErrBusy when others were waited for too long.
func (l *Lane) Photo(ctx context.Context) (path string, err error) {
	if l.cfg.Camera == nil || l.cfg.SavePicture == nil {
		return "", fmt.Errorf("take a picture at lane %s: %w", l.cfg.Code, errors.ErrUnsupported)
	}
	ctx, cancel := context.WithTimeout(ctx, photoWithin)
	defer cancel()
	select {
	case l.photo <- struct{}{}:
		defer func() { <-l.photo }()
	case <-ctx.Done():
		return "", fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
	p, err := l.cfg.Camera.Snapshot(ctx)
	if err != nil {
		return "", fmt.Errorf("take a picture at lane %s: %w", l.cfg.Code, err)
	}
	if path, err = l.cfg.SavePicture(p.JPEG, l.cfg.Now().UTC()); err != nil {
		return "", fmt.Errorf("keep a picture of lane %s: %w", l.cfg.Code, err)
	}
	return path, nil
}

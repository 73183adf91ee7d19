package lane

import (
	"context"

	"parkagent/store"
)

// turnBack books that a car did not pass, which also a lane that stops still does.
func (l *Lane) turnBack(ctx context.Context, c turnBack) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookWithin)
	defer cancel()
	if c.session == "" {
		return nil // let out on an operator's word, and the books know nothing of it
	}
	err := l.cfg.Rules.TurnedBack(ctx, l.cfg.Code, c.session, c.why)
	if err != nil {
		l.cfg.Log.Error("book that a car turned back", "session", c.session, "error", err)
	}
	return err
}

// noteOdd journals a passage that nobody had decided on, with a picture where the
// camera can take one. The lane does not wait for that.
func (l *Lane) noteOdd(ctx context.Context, f store.PassageFact) {
	f.Lane, f.Gate = l.cfg.Code, l.cfg.GateCode
	if l.cfg.Camera != nil && l.cfg.SavePicture != nil && ctx.Err() == nil {
		select {
		case l.odd <- f:
			return
		default: // pictures come slower than cars
		}
	}
	l.keepOdd(ctx, f)
}

// pictureOdd takes the pictures of such passages, until ctx is done. It then
// keeps the last one without.
func (l *Lane) pictureOdd(ctx context.Context) error {
	for {
		select {
		case f := <-l.odd:
			if path, err := l.Photo(ctx); err == nil { // one that is lost holds no report
				f.Image = path
			}
			l.keepOdd(ctx, f)
		case <-ctx.Done():
			select {
			case f := <-l.odd:
				l.keepOdd(ctx, f)
			default:
			}
			return nil
		}
	}
}

func (l *Lane) keepOdd(ctx context.Context, f store.PassageFact) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookWithin)
	defer cancel()
	err := l.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(ctx, store.KindPassage, f.Lane, f)
		return err
	})
	if err != nil {
		l.cfg.Log.Error("journal a passage that nobody decided on", "event", f.Event, "error", err)
		return
	}
	l.cfg.Log.Warn("a car passed that nobody let pass", "event", f.Event)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/store"
)

// decideHeld lets held reports of a platform be tried again, or gives one up. An
// agent may be running on the books: it looks at what is held every few seconds.
func decideHeld(ctx context.Context, e *env, site *config.Config, op string, words []string) error {
	platform, seq := words[0], int64(0)
	if len(words) > 1 {
		seq, _ = strconv.ParseInt(words[1], 10, 64) // queueWords has checked it
	}
	var names []string
	for _, p := range site.Platforms {
		names = append(names, p.Name)
	}
	if !slices.Contains(names, platform) {
		return usageError{text{"配置中没有平台 %q，只有 %s。", "the configuration has no platform %q, only %s."}.with(platform, strings.Join(names, ", "))}
	}
	path := agent.DatabasePath(site)
	held, err := pick(ctx, path, platform, seq)
	if err != nil {
		return err
	}
	if len(held) == 0 {
		return e.tell(text{"%s：没有搁置的上报。", "%s: nothing is dead."}.with(platform))
	}
	if err := changeHeld(ctx, path, op, platform, held); err != nil {
		return err
	}
	for _, h := range held {
		said := text{"%s：第 %d 条（%s %s）将重新发送。", "%s: number %d (%s %s) is sent again."}
		if op == "drop" {
			said = text{"%s：第 %d 条（%s %s）已放弃。", "%s: number %d (%s %s) is given up."}
		}
		if err := e.tell(said.with(platform, h.Seq, h.Kind, h.Key)); err != nil {
			return err
		}
	}
	return nil
}

// pick looks up which held reports are meant: number seq, or all dead ones for 0.
// It only looks, so that books of another version, or none, are left as they are.
func pick(ctx context.Context, path, platform string, seq int64) (held []heldEntry, err error) {
	books, err := viewBooks(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	q, err := readQueue(ctx, books.Reader, platform, 0)
	if err != nil {
		return nil, fmt.Errorf("platform %s: %w", platform, err)
	}
	for _, h := range q.Held {
		if h.Seq == seq || seq == 0 && h.Dead {
			held = append(held, h)
		}
	}
	if seq > 0 && len(held) == 0 {
		return nil, notHeld(platform, seq)
	}
	return held, nil
}

// changeHeld writes the decision. In between the platform may have taken what
// waited: for retry that is as good.
func changeHeld(ctx context.Context, path, op, platform string, held []heldEntry) (err error) {
	books, err := store.Open(ctx, store.Options{Path: path})
	if err != nil {
		return explainBooks(err, path)
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	for _, h := range held {
		if op == "drop" {
			err = books.Drop(ctx, platform, h.Seq)
		} else {
			err = books.Requeue(ctx, platform, h.Seq)
		}
		switch {
		case errors.Is(err, store.ErrNotFound) && op == "drop":
			return notHeld(platform, h.Seq)
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return explainBooks(err, path)
		}
	}
	return nil
}

func notHeld(platform string, seq int64) error {
	return &failure{text: text{"%s 没有滞留第 %d 条；见 queue list", "%s holds back no number %d; see queue list"}.with(platform, seq)}
}

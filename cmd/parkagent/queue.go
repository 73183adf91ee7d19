package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"text/tabwriter"
	"time"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/store"
)

func queueCommand() command {
	return command{
		name:    "queue",
		args:    "list|retry PLATFORM [SEQ]|drop PLATFORM SEQ",
		summary: text{"查看各平台的上报进度和滞留的上报，重发或放弃", "show how far each platform is told and what is held back; retry it, or give it up"},
		details: text{
			"三个操作都可在 agent 运行时使用；list 只读数据。\n" +
				"“落后”是尚未处理的记录数。如果它一直增加，最早的一条又很旧，就是平台不通；原因见日志 reports wait。\n" +
				"“等待”的上报会自动重试；“搁置”的上报被平台反复拒绝，不再自动重试：先排除原因，再用 retry。\n" +
				"retry 重发该平台所有搁置的上报，或只重发序号为 SEQ 的一条；运行中的 agent 会在 20 秒内开始。\n" +
				"drop 放弃序号为 SEQ 的一条：平台永远收不到它，不能恢复。本机的记录不受影响。",
			"All three may be used while the agent runs; list only reads.\n" +
				"\"behind\" counts the journal's rows not dealt with yet. If it grows and the oldest row is old,\n" +
				"the platform is not reached; the log says why, at \"reports wait\". What is \"waiting\" is tried\n" +
				"again by itself; what is \"dead\" was refused by the platform again and again, and is not: mend\n" +
				"the reason, then retry.\n" +
				"retry sends all dead reports of a platform again, or only number SEQ; an agent that runs begins\n" +
				"within 20 seconds. drop gives number SEQ up: the platform will never get it, and nobody can\n" +
				"bring it back. The books here keep what it told.",
		},
		setup: func(f *flags) runFunc {
			asJSON := f.Bool("json", false, f.say("以 JSON 输出（用于 list）", "print JSON (with list)"))
			return func(ctx context.Context, e *env, words []string) error {
				op, words, err := queueWords(words, *asJSON)
				if err != nil {
					return err
				}
				site, err := loadSite(e)
				if err != nil {
					return err
				}
				if op != "list" {
					return decideHeld(ctx, e, site, op, words)
				}
				queues, err := readQueues(ctx, site)
				if err != nil {
					return err
				}
				if *asJSON {
					return writeJSON(e.stdout, queues)
				}
				return writeQueues(e.stdout, queues, site.Park.Zone, e.lang)
			}
		},
	}
}

// queueWords checks the words of the command line and returns the first and the
// others: a platform, and a number where one is given.
func queueWords(words []string, asJSON bool) (op string, rest []string, err error) {
	if len(words) > 0 {
		op, rest = words[0], words[1:]
	}
	least, most := 0, 0
	switch op {
	case "list":
	case "retry":
		least, most = 1, 2
	case "drop":
		least, most = 2, 2
	default:
		return "", nil, usageError{text{"请给出 list、retry 或 drop。", "say list, retry or drop."}}
	}
	switch {
	case len(rest) < least && op == "drop":
		return "", nil, usageError{text{"请给出平台和序号；见 queue list。", "say which platform and which number; see queue list."}}
	case len(rest) < least:
		return "", nil, usageError{text{"请给出平台。", "say which platform."}}
	case len(rest) > most:
		return "", nil, noWords(rest[most:])
	case asJSON && op != "list":
		return "", nil, usageError{text{"--json 只用于 list。", "--json goes with list only."}}
	}
	if len(rest) == 2 {
		if seq, err := strconv.ParseInt(rest[1], 10, 64); err != nil || seq <= 0 {
			return "", nil, usageError{text{"%q 不是序号；见 queue list。", "%q is no number of a report; see queue list."}.with(rest[1])}
		}
	}
	return op, rest, nil
}

// A queue is how far one platform is told.
type queue struct {
	Platform string      `json:"platform"`
	Met      bool        `json:"met"`    // false: nothing was ever reported to it
	Cursor   int64       `json:"cursor"` // the last row dealt with
	Head     int64       `json:"head"`   // the last row there is
	Behind   int64       `json:"behind"`
	Oldest   *time.Time  `json:"oldest,omitempty"` // since when it is behind
	Waiting  int         `json:"waiting"`
	Dead     int         `json:"dead"`
	Held     []heldEntry `json:"held"`
}

// A heldEntry is a row that a platform refused or that waits behind one.
type heldEntry struct {
	Seq       int64      `json:"seq"`
	Kind      string     `json:"kind"` // empty when the row is gone
	Key       string     `json:"key"`  // shortened: it is a plate, mostly
	Dead      bool       `json:"dead"`
	Attempts  int        `json:"attempts"`
	NotBefore *time.Time `json:"notBefore,omitempty"`
	Reason    string     `json:"reason"`
}

// viewBooks opens the books for looking, so that an agent may be running on them.
func viewBooks(ctx context.Context, path string) (*store.View, error) {
	books, err := store.OpenView(ctx, path)
	return books, explainBooks(err, path)
}

// explainBooks puts words around what keeps the books of an agent, which may run
// or not, from being opened.
func explainBooks(err error, path string) error {
	var damaged sqliteError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return &failure{text: text{"还没有数据 %s：agent 尚未用此配置运行过", "there is no data %s yet: the agent has not run with this configuration"}.with(path)}
	case errors.Is(err, fs.ErrPermission):
		return &failure{text: text{"无权读取 %s；请用 sudo 或以服务用户运行", "%s may not be read; use sudo, or run as the service's user"}.with(path)}
	case errors.Is(err, store.ErrOlder):
		return &failure{text: text{"数据 %s 是旧版本写的；请先启动一次新版本的 agent", "data %s was written by an older version; start the new agent once first"}.with(path)}
	case errors.As(err, &damaged):
		return &failure{booksTrouble(damaged.Code()).with(path), err}
	}
	return &failure{text{"无法读取数据", "the data cannot be read"}, err}
}

// readQueues looks at the books without changing them.
func readQueues(ctx context.Context, site *config.Config) (queues []queue, err error) {
	books, err := viewBooks(ctx, agent.DatabasePath(site))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	head, err := books.Head(ctx)
	if err != nil {
		return nil, err
	}
	queues = []queue{}
	for _, p := range site.Platforms {
		q, err := readQueue(ctx, books.Reader, p.Name, head)
		if err != nil {
			return nil, fmt.Errorf("platform %s: %w", p.Name, err)
		}
		queues = append(queues, q)
	}
	return queues, nil
}

func readQueue(ctx context.Context, books store.Reader, platform string, head int64) (queue, error) {
	q := queue{Platform: platform, Met: true, Head: head, Held: []heldEntry{}}
	var err error
	if q.Cursor, err = books.Cursor(ctx, platform); errors.Is(err, store.ErrNotFound) {
		q.Met = false
	} else if err != nil {
		return queue{}, err
	}
	q.Behind = max(head-q.Cursor, 0) // rows may have come since head was read
	next, err := books.After(ctx, q.Cursor, 1)
	if err != nil {
		return queue{}, err
	}
	if q.Behind > 0 && len(next) > 0 {
		q.Oldest = &next[0].At
	}
	held, err := books.Held(ctx, platform)
	if err != nil {
		return queue{}, err
	}
	for _, o := range held {
		h := heldEntry{Seq: o.Seq, Key: shorten(o.Key), Dead: o.Verdict == store.Reject, Attempts: o.Attempts, Reason: o.Reason}
		if !o.NotBefore.IsZero() {
			h.NotBefore = &o.NotBefore
		}
		switch row, err := books.EntryAt(ctx, o.Seq); {
		case err == nil:
			h.Kind = string(row.Kind)
		case !errors.Is(err, store.ErrNotFound):
			return queue{}, err
		}
		if h.Dead {
			q.Dead++
		} else {
			q.Waiting++
		}
		q.Held = append(q.Held, h)
	}
	return q, nil
}

// shorten hides the middle of a plate: lists are pasted into chats.
func shorten(key string) string {
	r := []rune(key)
	if len(r) <= 4 {
		return key
	}
	return string(r[:2]) + "…" + string(r[len(r)-2:])
}

// writeQueues prints one line for each platform, and below it what is held.
func writeQueues(w io.Writer, queues []queue, zone *time.Location, l lang) error {
	var b bytes.Buffer
	if len(queues) == 0 {
		fmt.Fprintln(&b, text{"配置中没有平台。", "The configuration names no platform."}.in(l))
	}
	for _, q := range queues {
		said := text{
			"%s：已处理到 %d，共 %d，落后 %d，等待 %d，搁置 %d",
			"%s: told up to %d of %d, behind %d, waiting %d, dead %d",
		}.with(q.Platform, q.Cursor, q.Head, q.Behind, q.Waiting, q.Dead)
		if !q.Met {
			said = text{"%s：从未上报过；共 %d 条记录", "%s: never told anything; there are %d rows"}.with(q.Platform, q.Head)
		}
		if q.Oldest != nil {
			since := text{"，最早的一条 %s", ", the oldest of %s"}.with(q.Oldest.In(zone).Format(time.DateTime))
			said = text{said.zh + since.zh, said.en + since.en}
		}
		fmt.Fprintln(&b, said.in(l))
		if len(q.Held) == 0 {
			continue
		}
		table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, text{"  序号\t类型\t对象\t状态\t次数\t不早于\t原因", "  seq\tkind\tkey\tstate\trefused\tnot before\treason"}.in(l))
		for _, h := range q.Held {
			state, notBefore := text{"等待", "waiting"}, "-"
			if h.Dead {
				state = text{"搁置", "dead"}
			}
			if h.NotBefore != nil {
				notBefore = h.NotBefore.In(zone).Format(time.DateTime)
			}
			fmt.Fprintf(table, "  %d\t%s\t%s\t%s\t%d\t%s\t%s\n", h.Seq, h.Kind, h.Key, state.in(l), h.Attempts, notBefore, h.Reason)
		}
		_ = table.Flush() // into memory
	}
	_, err := w.Write(b.Bytes())
	return err
}

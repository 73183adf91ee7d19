package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// A link is the end of the chain: the last row's number and hash. The zero
// value with read false means that nobody has looked yet.
type link struct {
	read bool
	seq  int64
	hash [sha256.Size]byte
}

const entryColumns = `seq, box, at_ms, kind, key, body, prev, hash`

func scanEntry(rows *sql.Rows, e *Entry) error {
	var prev, hash []byte
	if err := rows.Scan(&e.Seq, &e.Box, at(&e.At), &e.Kind, &e.Key, &e.Body, &prev, &hash); err != nil {
		return err
	}
	e.Prev, e.Hash = hex.EncodeToString(prev), hex.EncodeToString(hash)
	return nil
}

// After returns up to max rows of the journal after seq, oldest first.
func (r Reader) After(ctx context.Context, seq int64, max int) ([]Entry, error) {
	e, err := all(ctx, r, scanEntry, `SELECT `+entryColumns+` FROM journal WHERE seq > ? ORDER BY seq LIMIT ?`, seq, max)
	return named(e, "journal after", err)
}

// EntryAt returns one row of the journal, or ErrNotFound.
func (r Reader) EntryAt(ctx context.Context, seq int64) (Entry, error) {
	e, err := one(ctx, r, scanEntry, `SELECT `+entryColumns+` FROM journal WHERE seq = ?`, seq)
	return named(e, "journal entry", err)
}

// LatestSeq returns the number of the last row of that kind and key, 0 if there
// is none.
func (r Reader) LatestSeq(ctx context.Context, kind Kind, key string) (int64, error) {
	seq, err := one(ctx, r, column[int64], `SELECT coalesce(max(seq), 0) FROM journal WHERE kind = ? AND key = ?`, kind, key)
	return named(seq, "latest journal entry", err)
}

// LastOf returns the last row of that kind and key, or ErrNotFound.
func (r Reader) LastOf(ctx context.Context, kind Kind, key string) (Entry, error) {
	e, err := one(ctx, r, scanEntry, `SELECT `+entryColumns+` FROM journal WHERE kind = ? AND key = ? ORDER BY seq DESC LIMIT 1`, kind, key)
	return named(e, "last journal entry", err)
}

// Head returns the number of the last row of the journal, 0 if it is empty.
func (r Reader) Head(ctx context.Context) (int64, error) {
	seq, err := one(ctx, r, column[int64], `SELECT coalesce(max(seq), 0) FROM journal`)
	return named(seq, "journal head", err)
}

// Append adds a row to the journal. body is one of the …Fact types and is kept
// as JSON. The row exists if, and only if, the transaction does.
func (tx *Tx) Append(ctx context.Context, kind Kind, key string, body any) (Entry, error) {
	e, err := tx.append(ctx, kind, key, body)
	return named(e, "append "+string(kind), err)
}

func (tx *Tx) append(ctx context.Context, kind Kind, key string, body any) (Entry, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return Entry{}, err
	}
	if !tx.head.read {
		if tx.head, err = tx.end(ctx); err != nil {
			return Entry{}, err
		}
	}
	e := Entry{
		Box: tx.db.box, Seq: tx.head.seq + 1, At: tx.db.now().UTC().Truncate(time.Millisecond),
		Kind: kind, Key: key, Body: text, Prev: hex.EncodeToString(tx.head.hash[:]),
	}
	hash := e.digest(tx.head.hash)
	e.Hash = hex.EncodeToString(hash[:])
	_, err = tx.exec(ctx, `INSERT INTO journal (seq, box, at_ms, kind, key, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, e.Box, e.At.UnixMilli(), e.Kind, e.Key, string(e.Body), tx.head.hash[:], hash[:])
	if err != nil {
		return Entry{}, err
	}
	tx.head, tx.appended = link{read: true, seq: e.Seq, hash: hash}, true
	return e, nil
}

// end reads the last row. It is not remembered from one commit to the next:
// another process may have written.
func (tx *Tx) end(ctx context.Context) (link, error) {
	rows, err := tx.query(ctx, `SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1`)
	if err != nil {
		return link{}, err
	}
	defer rows.Close()
	end := link{read: true}
	if rows.Next() {
		var hash []byte
		if err := rows.Scan(&end.seq, &hash); err != nil {
			return link{}, err
		}
		copy(end.hash[:], hash)
	}
	return end, rows.Err()
}

// digest is the hash of a row whose predecessor has the hash prev. Every part
// is preceded by its length, so that no two rows have the same bytes.
func (e Entry) digest(prev [sha256.Size]byte) [sha256.Size]byte {
	var b []byte
	part := func(p []byte) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	number := func(n int64) { part(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	part([]byte(e.Box))
	number(e.Seq)
	number(e.At.UnixMilli())
	part([]byte(e.Kind))
	part([]byte(e.Key))
	part(e.Body)
	part(prev[:])
	return sha256.Sum256(b)
}

// VerifyChain recomputes the whole journal and returns how many rows are right.
// The error names the first row that was changed, moved or is missing. Rows cut
// off at the end show only when a platform has read further.
func (r Reader) VerifyChain(ctx context.Context) (int64, error) {
	const batch = 500 // a read transaction ends with each, so that the log can be folded in
	var end link
	for {
		list, err := r.After(ctx, end.seq, batch)
		if err != nil {
			return end.seq, err
		}
		for _, e := range list {
			if e.Seq != end.seq+1 {
				return end.seq, fmt.Errorf("journal: row %d is missing", end.seq+1)
			}
			hash := e.digest(end.hash)
			if e.Prev != hex.EncodeToString(end.hash[:]) || e.Hash != hex.EncodeToString(hash[:]) {
				return end.seq, fmt.Errorf("journal: row %d was changed", e.Seq)
			}
			end = link{read: true, seq: e.Seq, hash: hash}
		}
		if len(list) < batch {
			break
		}
	}
	read, err := one(ctx, r, column[sql.NullInt64], `SELECT max(cursor) FROM platforms`)
	if err != nil {
		return end.seq, fmt.Errorf("read cursors: %w", err)
	}
	if read.Int64 > end.seq {
		return end.seq, fmt.Errorf("journal: row %d is missing, a platform has read up to %d", end.seq+1, read.Int64)
	}
	return end.seq, nil
}

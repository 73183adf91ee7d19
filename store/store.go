// Package store keeps the books of a car park in one SQLite file.
//
// It has two ways in. Everything that changes goes through [DB.Update], which
// one goroutine runs on the only writing connection: the changes that wait are
// committed together, and Update returns when its own is on the disk. Everything
// that only looks goes through the methods of [Reader], which *DB answers from a
// pool of read-only connections, so that a search of the history never keeps a
// gate waiting, and *Tx answers from inside the change.
//
// The journal is part of the books: [Tx.Append] adds a row in the transaction
// that makes it true. Readers of the journal, such as the reports to platforms,
// follow it with a cursor of their own ([Reader.After], [DB.Settle]).
//
// Money is int64 fen, times are UTC with millisecond precision, and a zero time
// is stored as NULL.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// Options say where the books are.
type Options struct {
	Path string           // of the database file; it and its folder are created when missing
	Now  func() time.Time // stamps the journal; nil means time.Now
	Log  *slog.Logger     // nil means no log
}

// readers is how many queries may look at the same time. Long scans keep a
// processor busy, so there are few.
const readers = 4

// A DB is the open books. Its methods may be called from any goroutine.
type DB struct {
	Reader

	now  func() time.Time
	log  *slog.Logger
	box  string
	read *sql.DB
	w    *writer

	jobs     chan *job
	stop     chan struct{} // closed when no job can come any more
	stopped  chan struct{} // closed when the writer has ended
	closing  sync.RWMutex  // guards closed and the adding to inFlight
	closed   bool
	inFlight sync.WaitGroup

	subsMu sync.Mutex // guards subs
	subs   map[chan struct{}]struct{}
}

// Open opens the books, creates them when there are none, and brings them to
// the form this program knows. The error is ErrNewer when a newer program wrote
// them. ctx bounds the opening only. The caller must call Close.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", o.Path, err)
	}
	return db, nil
}

func open(ctx context.Context, o Options) (*DB, error) {
	path, err := createFile(o.Path)
	if err != nil {
		return nil, err
	}
	// Both are switches of the whole process: a DSN may hold one statement per
	// PRAGMA, and a commit flushes data only where the system can.
	sqlite.StrictPragmas(true)
	if _, err := sqlite.Fdatasync(true); err != nil {
		o.Log.Debug("fdatasync is not available", "error", err)
	}

	pool, err := sql.Open("sqlite", writerDSN(path))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	if err := migrate(ctx, pool); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	box, err := boxID(ctx, pool, o.Now())
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	read, err := sql.Open("sqlite", readerDSN(path))
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)

	db := &DB{
		Reader: Reader{pooled{read}},
		now:    o.Now, log: o.Log, box: box, read: read,
		w:    &writer{pool: pool, conn: conn, stmts: map[string]*sql.Stmt{}},
		jobs: make(chan *job), stop: make(chan struct{}), stopped: make(chan struct{}),
		subs: map[chan struct{}]struct{}{},
	}
	go db.write()
	return db, nil
}

// Box returns the identity of these books, made when they were created.
func (db *DB) Box() string { return db.box }

// Close waits for the updates that have begun, refuses later ones, and closes
// the file. It may be called twice.
func (db *DB) Close() error {
	db.closing.Lock()
	again := db.closed
	db.closed = true
	db.closing.Unlock()
	if again {
		<-db.stopped
		return nil
	}
	db.inFlight.Wait()
	close(db.stop)
	<-db.stopped
	// The readers go first: the last connection to close folds the write-ahead
	// log into the file, and only a writing one can.
	if err := errors.Join(db.read.Close(), db.w.close()); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// createFile makes the folder and an empty file that only this user can read,
// and returns the file's absolute path. SQLite gives its side files the same mode.
func createFile(path string) (string, error) {
	if path == "" {
		return "", errors.New("no path")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

// writerDSN sets every PRAGMA of the writing connection.
//
// The driver applies the _pragma values before the keys of its own. page_size
// has to be there and journal_mode must not: in write-ahead mode the page size
// of a new file can no longer be chosen, and would be ignored without a word.
// Pages of 2 KiB write a third less to the card than the default 4 KiB.
func writerDSN(path string) string {
	return fileURI(filepath.ToSlash(path)) + "?_defensive=1&_dqs=0&_txlock=immediate&_busy_timeout=5000" +
		"&_pragma=page_size(2048)&_pragma=journal_size_limit(16777216)" +
		"&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1"
}

// readerDSN is for connections that cannot write.
func readerDSN(path string) string {
	return fileURI(filepath.ToSlash(path)) + "?mode=ro&_dqs=0&_busy_timeout=5000&_query_only=1"
}

// fileURI makes a SQLite URI of an absolute path with forward slashes. A
// Windows path, which starts with a drive letter, needs one more slash.
func fileURI(path string) string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return "file://" + (&url.URL{Path: path}).EscapedPath()
}

// boxID reads the identity of the books, and makes it in new ones.
func boxID(ctx context.Context, pool *sql.DB, now time.Time) (string, error) {
	const (
		insert = `INSERT INTO meta (key, value) VALUES ('box', ?)`
		get    = `SELECT value FROM meta WHERE key = 'box'`
	)
	var id string
	err := pool.QueryRowContext(ctx, get).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		id = NewID(now)
		_, err = pool.ExecContext(ctx, insert, id)
	}
	if err != nil {
		return "", fmt.Errorf("box identity: %w", err)
	}
	return id, nil
}

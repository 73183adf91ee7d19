package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// groupMax bounds how many updates share one commit, and so how long the first
// of them waits for the last.
const groupMax = 64

var (
	errClosed  = errors.New("the store is closed")
	errTxOver  = errors.New("the transaction is over")
	errUnwound = errors.New("the update did not return")
)

// A Tx is a change being made. It is valid until the function that Update calls
// returns, and belongs to that function's goroutine.
type Tx struct {
	Reader

	db       *DB
	head     link // the last journal row as this transaction sees it
	appended bool
	over     bool
}

// A job is one Update waiting for its turn.
type job struct {
	ctx    context.Context // only asked, right before the turn, whether it still counts
	turn   chan *Tx        // the caller may go on; closed when it may not
	back   chan error      // what the caller's function returned
	result chan error      // what became of it
}

// Update runs fn in a transaction and returns when what it did is on the disk.
//
// Updates that wait at the same time are committed together, one after another,
// each in a savepoint: when fn returns an error or panics, only its own changes
// are undone, and Update returns that error (the panic goes on). When the commit
// fails, every update in it returns the error and none has happened. When ctx is
// done before fn's turn, fn does not run; once it runs, ctx ends it at its next
// statement, never in the middle of one, because SQLite would then undo the
// changes of the others as well.
//
// fn runs in the caller's goroutine. While it runs everyone else waits, so it
// does nothing slow, and it must not call Update or any other writing method of
// the DB: that would wait for itself for ever.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.inFlight.Done()

	j := &job{ctx: ctx, turn: make(chan *Tx, 1), back: make(chan error, 1), result: make(chan error, 1)}
	select {
	case db.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	if tx, ok := <-j.turn; ok {
		j.run(tx, fn)
	}
	return <-j.result
}

// enter counts one update more, unless the store is closed.
func (db *DB) enter() error {
	db.closing.RLock()
	defer db.closing.RUnlock()
	if db.closed {
		return errClosed
	}
	db.inFlight.Add(1)
	return nil
}

// run calls fn and tells the writer how it ended, also when it panics or ends
// the goroutine.
func (j *job) run(tx *Tx, fn func(*Tx) error) {
	err := errUnwound
	defer func() { j.back <- err }()
	err = fn(tx)
}

// write owns the writing connection. It ends when Close has waited for all
// updates.
func (db *DB) write() {
	defer close(db.stopped)
	for {
		select {
		case j := <-db.jobs:
			db.group(j)
		case <-db.stop:
			return
		}
	}
}

// group commits first together with the updates that come while it works, and
// answers them.
func (db *DB) group(first *job) {
	var jobs []*job
	var results []error
	ctx := context.Background()
	err := db.w.begin(ctx)
	if err != nil {
		close(first.turn)
		first.result <- fmt.Errorf("begin: %w", err)
		return
	}

	tx := &Tx{db: db}
	for j := first; j != nil; {
		var result error
		tx, result, err = db.turn(ctx, j, tx)
		jobs, results = append(jobs, j), append(results, result)
		if err != nil {
			break
		}
		j = db.next(len(jobs))
	}
	if err == nil {
		err = db.w.run(ctx, "COMMIT")
	}
	if err != nil {
		db.w.abort(ctx)
		err = fmt.Errorf("commit: %w", err)
	} else if tx.appended {
		db.notify()
	}
	for i, j := range jobs {
		if results[i] == nil {
			results[i] = err
		}
		j.result <- results[i]
	}
}

// next returns an update that waits, nil if there is none or the group is full.
func (db *DB) next(have int) *job {
	if have >= groupMax {
		return nil
	}
	select {
	case j := <-db.jobs:
		return j
	default:
		return nil
	}
}

// turn lets one update work on the transaction. It returns the state that the
// next one starts from, what the update's function returned, and an error when
// the whole transaction is lost, as after a full disk.
func (db *DB) turn(ctx context.Context, j *job, before *Tx) (after *Tx, result, lost error) {
	if err := j.ctx.Err(); err != nil {
		close(j.turn)
		return before, err, nil
	}
	if err := db.w.run(ctx, "SAVEPOINT one"); err != nil {
		close(j.turn)
		return before, nil, err
	}
	tx := &Tx{db: db, head: before.head, appended: before.appended}
	tx.Reader = Reader{tx}
	j.turn <- tx
	result = <-j.back
	tx.over = true
	if result == nil {
		return tx, nil, db.w.run(ctx, "RELEASE one")
	}
	if err := db.w.run(ctx, "ROLLBACK TO one"); err != nil {
		return before, result, err
	}
	return before, result, db.w.run(ctx, "RELEASE one")
}

// query and exec run one statement of the update. The statement itself cannot
// be cancelled, see Update.

func (tx *Tx) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	s, err := tx.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.WithoutCancel(ctx), args...)
}

func (tx *Tx) exec(ctx context.Context, q string, args ...any) (rows int64, err error) {
	s, err := tx.stmt(ctx, q)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(context.WithoutCancel(ctx), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (tx *Tx) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	if tx.over {
		return nil, errTxOver
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return tx.db.w.stmt(context.WithoutCancel(ctx), q)
}

// A writer is the one connection that writes, with its prepared statements. It
// belongs to the goroutine of DB.write, and to the update whose turn it is.
type writer struct {
	pool  *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (w *writer) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	if s, ok := w.stmts[q]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	w.stmts[q] = s
	return s, nil
}

func (w *writer) run(ctx context.Context, q string) error {
	s, err := w.stmt(ctx, q)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx)
	return err
}

// begin takes the write lock at once: taking it later can fail when another
// process, such as a command of this program, has written in between.
func (w *writer) begin(ctx context.Context) error { return w.run(ctx, "BEGIN IMMEDIATE") }

// abort leaves no transaction behind. SQLite has often ended it already, as
// after a full disk; that is the error ignored here.
func (w *writer) abort(ctx context.Context) { _ = w.run(ctx, "ROLLBACK") }

func (w *writer) close() error {
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	errs = append(errs, w.conn.Close(), w.pool.Close())
	return errors.Join(errs...)
}

// Subscribe returns a channel that receives a value after journal rows were
// committed, and a function that ends it. Several commits may make one value:
// the receiver reads the journal until there is nothing new. The channel is not
// closed.
func (db *DB) Subscribe() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	db.subsMu.Lock()
	defer db.subsMu.Unlock()
	db.subs[ch] = struct{}{}
	return ch, func() {
		db.subsMu.Lock()
		defer db.subsMu.Unlock()
		delete(db.subs, ch)
	}
}

func (db *DB) notify() {
	db.subsMu.Lock()
	defer db.subsMu.Unlock()
	for ch := range db.subs {
		select {
		case ch <- struct{}{}:
		default: // it has not looked since the last one, and will see both
		}
	}
}

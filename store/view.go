package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// ErrOlder means that the file was written by an older program and that whoever
// opened it may not change that.
var ErrOlder = errors.New("the data was written by an older version of this program")

// A View is the books opened for looking only, beside an agent that runs or
// without one.
type View struct {
	Reader
	pool *sql.DB
}

// OpenView opens the books for a tool that only looks. Unlike Open it neither
// creates nor migrates anything, and needs no right to change the file: the
// error wraps fs.ErrNotExist where there are no books, and is ErrNewer or
// ErrOlder where another version wrote them. The caller must call Close.
func OpenView(ctx context.Context, path string) (*View, error) {
	v, err := openView(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return v, nil
}

func openView(ctx context.Context, path string) (*View, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	sqlite.StrictPragmas(true) // as in open
	pool, err := sql.Open("sqlite", readerDSN(path))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(readers)
	p, err := scripts(pool)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	pending, err := behind(ctx, p)
	if err == nil && pending {
		err = ErrOlder
	}
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &View{Reader: Reader{pooled{pool}}, pool: pool}, nil
}

// Close closes the file.
func (v *View) Close() error {
	if err := v.pool.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

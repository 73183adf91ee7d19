package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies the scripts the file has not seen, each in a transaction
// together with its number. A released script is never edited; a change is a
// new one. A file with a higher number than the newest script is left alone.
func migrate(ctx context.Context, pool *sql.DB) error {
	p, err := scripts(pool)
	if err != nil {
		return err
	}
	pending, err := behind(ctx, p)
	if err != nil || !pending {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func scripts(pool *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, pool, folder, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// behind reports whether there are scripts that the file has not seen. A file
// that has seen more than there are is ErrNewer.
func behind(ctx context.Context, p *goose.Provider) (bool, error) {
	has, newest, err := p.GetVersions(ctx)
	if err != nil {
		return false, fmt.Errorf("read version: %w", err)
	}
	if has > newest {
		return false, fmt.Errorf("version %d, known up to %d: %w", has, newest, ErrNewer)
	}
	return has < newest, nil
}

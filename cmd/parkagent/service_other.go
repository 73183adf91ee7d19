//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// serve runs work until ctx is done. Under systemd the agent is a plain process
// in the foreground, and a stop is the signal that ends ctx.
func serve(ctx context.Context, work func(context.Context) error) error {
	return supervise(ctx, work)
}

func privileged() bool { return os.Geteuid() == 0 }

func hasGroup(name string) bool {
	_, err := user.LookupGroup(name)
	return err == nil
}

// giveTo makes dir, for the eyes of the user only that the service will run as;
// an empty name is root. A folder that is there already keeps its owner: it may
// hold more than the agent's.
func giveTo(name, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	uid, gid, err := ids(name)
	if err != nil {
		return err
	}
	switch err := os.Mkdir(dir, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return fmt.Errorf("make folder: %w", err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return fmt.Errorf("give folder away: %w", err)
	}
	return nil
}

// ids looks the user up. The empty name stands for whoever runs this, which is
// root, who alone may install.
func ids(name string) (uid, gid int, err error) {
	if name == "" {
		return os.Geteuid(), os.Getegid(), nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, fmt.Errorf("find user: %w", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("read ids of user %s: %w", name, err)
	}
	return uid, gid, nil
}

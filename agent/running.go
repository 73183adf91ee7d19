package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"parkagent/agent/config"
)

// Running reports whether an agent works on the site's data folder now. It is
// for commands that would disturb one. It takes the folder's lock for an instant,
// which an agent that starts waits for; it makes no file. The error is of a lock
// that may not be opened.
func Running(site *config.Config) (bool, error) {
	path := filepath.Join(site.Store.Dir, lockName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil // none ever ran here
	}
	f, err := lockFile(path)
	switch {
	case errors.Is(err, ErrInUse):
		return true, nil
	case err != nil:
		return false, err
	}
	return false, f.Close()
}

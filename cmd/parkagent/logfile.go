package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// mostLog is how large a log file may grow, in bytes. With the one before it,
// twice as much is kept: weeks of an ordinary car park.
const mostLog = 10 << 20

// A logFile is the log where the system keeps none: nobody sees the stderr of a
// Windows service. A full file becomes FILE.1, in place of the one before.
type logFile struct {
	path string
	most int64

	mu   sync.Mutex // guards the rest
	file *os.File
	size int64
}

// openLog opens the file, and makes it and its folder where they are missing.
func openLog(path string, most int64) (*logFile, error) {
	l := &logFile{path: path, most: most}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make folder of log: %w", err)
	}
	return l, l.open()
}

func (l *logFile) open() error {
	// Plates are in it.
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open log: %w", err), file.Close())
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write writes one line, which is never divided between two files. Where the
// full file cannot be put aside, it grows on: a long log is better than none.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > 0 && l.size+int64(len(line)) > l.most {
		_ = l.file.Close() // no system renames an open file on Windows
		_ = os.Rename(l.path, l.path+".1")
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.Write(line)
	l.size += int64(n)
	return n, err
}

// Close closes the file.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

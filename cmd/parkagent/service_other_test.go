//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestGiveTo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "park", "data")
	if err := giveTo("", dir); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Dir(dir): 0o755} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got&^want != 0 || got&0o700 != 0o700 {
			t.Errorf("mode of %s = %o, want %o", filepath.Base(path), got, want)
		}
	}
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := giveTo("", dir); err != nil {
		t.Errorf("giveTo of a folder that is there = %v, want nil", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("a folder that was there has mode %v (%v), want it untouched", info.Mode(), err)
	}
	if err := giveTo("no-such-user-here", filepath.Join(t.TempDir(), "x")); err == nil {
		t.Error("giveTo an unknown user succeeded, want an error")
	}
}

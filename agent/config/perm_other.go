//go:build !windows

package config

import "io/fs"

// worldReadable reports whether every user of the machine may read the file.
func worldReadable(info fs.FileInfo) bool { return info.Mode().Perm()&0o004 != 0 }

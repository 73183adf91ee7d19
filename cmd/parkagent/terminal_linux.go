//go:build linux

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// hideTyping turns the echo of a terminal off, as hideInput says.
func hideTyping(f *os.File) (restore func(), terminal bool) {
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}, false
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &hidden); err != nil {
		return func() {}, false
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }, true // nothing else can be done about it
}

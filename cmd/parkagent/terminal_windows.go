//go:build windows

package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// hideTyping turns the echo of a console off, as hideInput says.
func hideTyping(f *os.File) (restore func(), terminal bool) {
	handle := windows.Handle(f.Fd())
	var before uint32
	if err := windows.GetConsoleMode(handle, &before); err != nil {
		return func() {}, false
	}
	hidden := before&^windows.ENABLE_ECHO_INPUT | windows.ENABLE_LINE_INPUT | windows.ENABLE_PROCESSED_INPUT
	if err := windows.SetConsoleMode(handle, hidden); err != nil {
		return func() {}, false
	}
	return func() { _ = windows.SetConsoleMode(handle, before) }, true // nothing else can be done about it
}

//go:build !linux && !windows

package main

import "os"

// hideTyping can do it nowhere else: a password is then a line of the standard
// input.
func hideTyping(*os.File) (restore func(), terminal bool) { return func() {}, false }

//go:build windows

package main

import "golang.org/x/sys/windows"

// freeBytes returns how much the disk of dir has left for programs.
func freeBytes(dir string) (uint64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	return free, windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
}

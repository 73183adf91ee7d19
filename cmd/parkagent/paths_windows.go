//go:build windows

package main

import "path/filepath"

// defaultConfig is where the installer puts the configuration: beside the data,
// not beside the program, whose folder users may not write to.
func defaultConfig(getenv func(string) string) string {
	base := getenv("ProgramData")
	if base == "" {
		base = `C:\ProgramData`
	}
	return filepath.Join(base, "parkagent", "parkagent.toml")
}

//go:build !windows

package main

// defaultConfig is where the packages put the configuration.
func defaultConfig(func(string) string) string { return "/etc/parkagent/parkagent.toml" }

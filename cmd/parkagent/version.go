package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// Set by the linker in release builds (-X main.version=…), never assigned here.
// Elsewhere the build information that the Go tool stamps is used.
var version, commit, date string

// A build says which program this is.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"` // ends in "+changes" when built from a changed tree
	Date    string `json:"date"`   // of the commit, RFC 3339
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// newBuild joins what the linker was told with what the Go tool stamped; the
// linker's word counts first. What neither knows is "unknown".
func newBuild(linked build, info *debug.BuildInfo) build {
	b := linked
	b.OS, b.Arch, b.Go = runtime.GOOS, runtime.GOARCH, runtime.Version()
	if info != nil {
		stamped, changed := build{}, ""
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				stamped.Commit = s.Value
			case "vcs.time":
				stamped.Date = s.Value
			case "vcs.modified":
				if s.Value == "true" {
					changed = "+changes"
				}
			}
		}
		if stamped.Commit != "" {
			stamped.Commit += changed
		}
		b.Version = first(b.Version, info.Main.Version)
		b.Commit = first(b.Commit, stamped.Commit)
		b.Date = first(b.Date, stamped.Date)
	}
	b.Version = first(b.Version, "unknown")
	b.Commit = first(b.Commit, "unknown")
	b.Date = first(b.Date, "unknown")
	return b
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func versionCommand() command {
	return command{
		name:    "version",
		summary: text{"显示版本、提交和构建信息", "show the version, the commit and the build"},
		setup: func(f *flags) runFunc {
			asJSON := f.Bool("json", false, f.say("以 JSON 输出", "print JSON"))
			return func(_ context.Context, e *env, words []string) error {
				if err := noWords(words); err != nil {
					return err
				}
				return writeVersion(e.stdout, *asJSON)
			}
		},
	}
}

func writeVersion(w io.Writer, asJSON bool) error {
	info, _ := debug.ReadBuildInfo()
	b := newBuild(build{Version: version, Commit: commit, Date: date}, info)
	if asJSON {
		return json.NewEncoder(w).Encode(b)
	}
	_, err := fmt.Fprintf(w, "parkagent %s\ncommit %s\ndate   %s\nbuilt  %s %s/%s\n", b.Version, b.Commit, b.Date, b.Go, b.OS, b.Arch)
	return err
}

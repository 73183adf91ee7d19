package main

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuild(t *testing.T) {
	stamped := &debug.BuildInfo{
		Main: debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "abc"},
			{Key: "vcs.time", Value: "2026-07-01T00:00:00Z"},
			{Key: "vcs.modified", Value: "true"},
		},
	}
	tests := []struct {
		name   string
		linked build
		info   *debug.BuildInfo
		want   build
	}{
		{"stamped by the Go tool", build{}, stamped, build{Version: "v1.2.3", Commit: "abc+changes", Date: "2026-07-01T00:00:00Z"}},
		{"the linker's word counts first", build{Version: "1.0", Commit: "def", Date: "today"}, stamped, build{Version: "1.0", Commit: "def", Date: "today"}},
		{"not stamped at all", build{}, nil, build{Version: "unknown", Commit: "unknown", Date: "unknown"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Go, tt.want.OS, tt.want.Arch = runtime.Version(), runtime.GOOS, runtime.GOARCH
			if diff := cmp.Diff(tt.want, newBuild(tt.linked, tt.info)); diff != "" {
				t.Errorf("build (-want +got):\n%s", diff)
			}
		})
	}
}

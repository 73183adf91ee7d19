//go:build windows

package main

import (
	"testing"

	"github.com/kardianos/service"
)

// The description of the service spells these names out, because the library
// has them on Windows only.
func TestOptionNamesAreTheLibrarysOwn(t *testing.T) {
	c, err := with(&fakeManager{}).describe(`C:\ProgramData\parkagent\parkagent.toml`, `C:\data`, "")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		service.StartType:              service.ServiceStartAutomatic,
		service.OnFailure:              service.OnFailureRestart,
		service.OnFailureDelayDuration: "2s",
		service.OnFailureResetPeriod:   86400,
	} {
		if got := c.Option[key]; got != want {
			t.Errorf("option %s = %v, want %v", key, got, want)
		}
	}
}

package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// testPark is a valid configuration without devices, lanes and peers.
const testPark = `[park]
code = "1"
name = "测试车场"

[api]
listen = "127.0.0.1:0"
public_url = "http://127.0.0.1:8099"
`

// siteWith writes a configuration that has these tables too, readable for this
// user only, and returns its path.
func siteWith(t *testing.T, tables string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "parkagent.toml")
	if err := os.WriteFile(path, []byte(testPark+tables), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A device table of a configuration.
func deviceTable(code, kind, driver, more string) string {
	return `
[[device]]
code = "` + code + `"
name = "` + code + `"
kind = "` + kind + `"
driver = "` + driver + `"
` + more + "\n"
}

// say runs a command line in English and returns its exit status and output.
func say(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	e, out, errs := testEnv()
	status = run(t.Context(), commands(), append([]string{"--lang", "en"}, args...), e)
	return status, out.String(), errs.String()
}

// freeAddress returns an address on loopback where nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

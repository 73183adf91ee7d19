package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
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

// freeAddress returns an address on loopback where nothing listens, for an agent
// that listens by its configuration. Its port is below those that systems give
// to whoever asks for any, so that no test beside this one takes it meanwhile.
func freeAddress(t *testing.T) string {
	t.Helper()
	var err error
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(22_000))
		var l net.Listener
		if l, err = net.Listen("tcp", address); err == nil {
			if err = l.Close(); err == nil {
				return address
			}
		}
	}
	t.Fatal(err)
	return ""
}

// A startWatch is where an agent logs. It calls started once the agent says that
// it has.
type startWatch struct {
	io.Writer
	started func()
}

// Write takes one line, as slog's text handler writes it.
func (w *startWatch) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`msg="agent started"`)) {
		w.started()
	}
	return w.Writer.Write(line)
}

package camera_test

import (
	"context"
	"crypto/md5" // the digest scheme
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/sim"
)

// lighttpd serves a picture behind digest authentication, in a program that we
// did not write, and returns a client that reaches it. It listens on a socket in
// a folder, so it takes no port.
func lighttpd(t *testing.T) *http.Client {
	t.Helper()
	program, err := exec.LookPath("lighttpd")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/lighttpd")
	}
	if err != nil {
		t.Skip("lighttpd is not installed: it is the independent server with digest authentication (apt install lighttpd)")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "socket")
	sum := md5.Sum([]byte("admin:IP Camera(12345):right"))
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("picture", "a picture")
	write("users", "admin:IP Camera(12345):"+hex.EncodeToString(sum[:])+"\n")
	write("conf", fmt.Sprintf(`
server.modules = ("mod_auth", "mod_authn_file")
server.document-root = %[1]q
server.bind = %[2]q
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "%[1]s/users"
auth.require = ("/" => ("method" => "digest", "algorithm" => "MD5", "realm" => "IP Camera(12345)", "require" => "valid-user"))
`, dir, socket))

	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-D", "-f", filepath.Join(dir, "conf"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() }) // killed, which it tells of

	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	for deadline := time.Now().Add(10 * time.Second); ; <-tick.C {
		conn, err := dial(ctx, "", "")
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("lighttpd does not listen: %v", err)
		}
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestAnIndependentServerTakesOurDigest(t *testing.T) {
	web := lighttpd(t)
	c := newClient(t, camera.ClientConfig{BaseURL: "http://camera", User: "admin", Password: "right", HTTP: web})
	var calls sync.WaitGroup
	for _, path := range []string{"/picture", "/picture?codes=[TrafficJunction]", "/picture?a=1&b[0].c=%E7%B2%A4", "/picture"} {
		calls.Go(func() {
			answer, err := ask(t.Context(), c, path)
			if err != nil || string(answer.Body) != "a picture" {
				t.Errorf("%s: %q, %v", path, answer.Body, err)
			}
		})
	}
	calls.Wait()
	stranger := newClient(t, camera.ClientConfig{BaseURL: "http://camera", User: "admin", Password: "wrong", HTTP: web})
	if _, err := ask(t.Context(), stranger, "/picture"); drivers.FaultOf(err) != drivers.FaultLogin {
		t.Errorf("a wrong password = %v, want a refused login", err)
	}
}

func TestCurlTakesTheDigestOfOurSimulatedCamera(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed: it is the independent client with digest authentication (apt install curl)")
	}
	url := serve(t, &sim.HikCamera{User: "admin", Password: "right"})
	for password, want := range map[string]string{"right": "200", "wrong": "401"} {
		out, err := exec.CommandContext(t.Context(), curl, "-sS", "--noproxy", "*", "--max-time", "10", "-o", os.DevNull, "-w", "%{http_code}",
			"--digest", "-u", "admin:"+password, url+picture).Output()
		if err != nil || string(out) != want {
			t.Errorf("curl with the %s password got %q, %v; want %s", password, out, err, want)
		}
	}
}

//go:build !windows

package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"parkagent/protocol"
)

// started waits for the log line that says that the agent listens, and returns
// the address.
func started(t *testing.T, log <-chan string) string {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case line, ok := <-log:
			if !ok {
				t.Fatal("the agent ended before it listened")
			}
			if _, after, found := strings.Cut(line, `msg="agent started" api=`); found {
				address, _, _ := strings.Cut(after, " ")
				return address
			}
		case <-deadline:
			t.Fatal("the agent does not listen")
		}
	}
}

func TestRunAnswersAndStopsOnSIGTERM(t *testing.T) {
	path := siteWith(t, deviceTable("G1", "gate", "modbus-relay", "link = \"tcp://127.0.0.1:1\"\noptions = { open = 0 }")+
		deviceTable("C1", "camera", "vzenith", `ip = "127.0.0.1"`)+
		"[[lane]]\ncode = \"IN1\"\nname = \"入口1\"\ndirection = \"entry\"\ncamera = \"C1\"\ngate = \"G1\"\n")
	cmd := exec.CommandContext(t.Context(), "parkagent", "run", "--config", path)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log, heard, drained := make(chan string), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(drained)
		defer close(log)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			select {
			case log <- lines.Text():
			case <-heard:
			}
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // for a test that failed on the way
	address := started(t, log)
	close(heard)

	client := http.Client{Timeout: 30 * time.Second}
	resp, err := client.Post("http://"+address+"/nothing/here", "application/json", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	var reply protocol.Response
	err = json.NewDecoder(resp.Body).Decode(&reply)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusNotFound || reply.ResCode == 0 || reply.ResMsg == "" {
		t.Errorf("an unknown interface is answered with %s, %+v, %v, want 404 and a reason", resp.Status, reply, err)
	}

	began := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-drained
	if err := cmd.Wait(); err != nil {
		t.Errorf("the agent ended with %v, want status 0", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the agent took %v to stop, want 5s at most", took)
	}
}

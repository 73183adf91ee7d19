//go:build linux

package main

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// A person types the password twice and sees nothing of it.
func TestAPasswordIsTypedUnseen(t *testing.T) {
	for _, tt := range []struct{ name, first, second, want, mistake string }{
		{"twice the same", "正确的口令", "正确的口令", "正确的口令", ""},
		{"another the second time", "correct horse", "correct house", "", "the two passwords are not the same"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			terminal, tty, err := pty.Open()
			if err != nil {
				t.Skipf("no pseudo-terminal: %v", err)
			}
			defer func() { _ = tty.Close() }()
			e, _, _ := testEnv()
			e.stdin, e.stderr, e.lang = tty, tty, english
			got, failed := make(chan string, 1), make(chan error, 1)
			go func() {
				password, err := readPassword(t.Context(), e)
				_, _ = io.WriteString(tty, "end\n")
				got <- password
				failed <- err
			}()
			seen := bufio.NewReader(terminal)
			var shown strings.Builder
			until := func(last byte) {
				text, err := seen.ReadString(last)
				if err != nil {
					t.Fatal(err)
				}
				shown.WriteString(text)
			}
			until(':')
			_, _ = io.WriteString(terminal, tt.first+"\n")
			until(':')
			_, _ = io.WriteString(terminal, tt.second+"\n")
			until('d') // of end
			if password, err := <-got, <-failed; password != tt.want || err == nil && tt.mistake != "" || err != nil && messageOf(err, english) != tt.mistake {
				t.Errorf("read %q, %v, want %q and %q", password, err, tt.want, tt.mistake)
			}
			if strings.Contains(shown.String(), tt.first) || strings.Contains(shown.String(), tt.second) {
				t.Errorf("the terminal shows %q", shown.String())
			}
		})
	}
}

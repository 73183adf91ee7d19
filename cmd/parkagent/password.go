package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"
)

// mostPassword bounds a line that is read as a password, in bytes.
const mostPassword = 1024

// readPassword asks for a new password, twice and without showing it, where a
// person sits at a terminal; otherwise it is the first line of the standard input.
func readPassword(ctx context.Context, e *env) (string, error) {
	in := bufio.NewReader(io.LimitReader(e.stdin, 2*mostPassword))
	restore, terminal := hideInput(e.stdin)
	if !terminal {
		return readSecretLine(in)
	}
	// A person who gives up must find a terminal that shows what is typed.
	stop := context.AfterFunc(ctx, restore)
	defer func() {
		stop()
		restore()
	}()
	var typed [2]string
	for i, ask := range []text{{"新口令（不显示）：", "New password (not shown): "}, {"再输入一次：", "Once more: "}} {
		if _, err := io.WriteString(e.stderr, ask.in(e.lang)); err != nil {
			return "", err
		}
		line, err := readSecretLine(in)
		_, _ = io.WriteString(e.stderr, "\n") // the typed one is not shown either
		if err != nil {
			return "", err
		}
		typed[i] = line
	}
	if typed[0] != typed[1] {
		return "", &failure{text: text{"两次输入的口令不同", "the two passwords are not the same"}}
	}
	return typed[0], nil
}

func readSecretLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", &failure{text{"无法读取口令", "the password cannot be read"}, err}
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", &failure{text: text{"没有给出口令：请在终端输入，或写到标准输入", "no password was given: type it at the terminal, or write it to the standard input"}}
	}
	return line, nil
}

// hideInput stops a terminal from showing what is typed. It returns what makes it
// show it again, which may be called twice, and whether stdin is a terminal.
func hideInput(stdin io.Reader) (restore func(), terminal bool) {
	f, ok := stdin.(*os.File)
	if !ok {
		return func() {}, false
	}
	return hideTyping(f)
}

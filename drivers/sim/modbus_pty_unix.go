//go:build unix

package sim

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/creack/pty"
)

// OpenPTY makes a pseudo terminal: name is the serial port that a driver opens,
// line its other end, for ServeRTU. Closing line is what unplugging is to a
// driver. It is errors.ErrUnsupported where there are no pseudo terminals.
func OpenPTY() (line io.ReadWriteCloser, name string, err error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, "", fmt.Errorf("open pseudo terminal: %w", err)
	}
	// The file as it comes blocks in read, where closing does not end it.
	defer master.Close()
	fd, err := syscall.Dup(int(master.Fd()))
	if err == nil {
		syscall.CloseOnExec(fd)
		err = syscall.SetNonblock(fd, true)
	}
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("open pseudo terminal: %w", err), slave.Close())
	}
	return &ptyLine{os.NewFile(uintptr(fd), master.Name()), slave}, slave.Name(), nil
}

// A ptyLine keeps the serial side open too, or the line would break whenever no
// driver has it open.
type ptyLine struct {
	*os.File
	slave *os.File
}

func (l *ptyLine) Close() error { return errors.Join(l.File.Close(), l.slave.Close()) }

//go:build windows

package sim

import (
	"errors"
	"fmt"
	"io"
)

// OpenPTY makes a pseudo terminal: name is the serial port that a driver opens,
// line its other end, for ServeRTU. It is errors.ErrUnsupported where there are
// no pseudo terminals, as here.
func OpenPTY() (line io.ReadWriteCloser, name string, err error) {
	return nil, "", fmt.Errorf("open pseudo terminal: %w", errors.ErrUnsupported)
}

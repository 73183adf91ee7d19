//go:build !linux

package serialport

import "go.bug.st/serial/enumerator"

func systemPorts() ([]*enumerator.PortDetails, error) { return enumerator.GetDetailedPortsList() }

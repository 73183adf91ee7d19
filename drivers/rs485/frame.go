package rs485

import (
	"bytes"
	"encoding/binary"

	"github.com/goburrow/modbus"
)

// longestFrame is the longest RTU frame.
const longestFrame = 256

// exceptionLength is the length of an RTU exception: unit, function, code, CRC.
const exceptionLength = 5

// replyLength returns how many bytes the data of a good reply to this request
// has, 0 where that cannot be told. function and data are the request's.
func replyLength(function byte, data []byte) int {
	switch function {
	case modbus.FuncCodeReadCoils, modbus.FuncCodeReadDiscreteInputs:
		if len(data) == 4 {
			return 1 + (int(binary.BigEndian.Uint16(data[2:]))+7)/8
		}
	case modbus.FuncCodeReadHoldingRegisters, modbus.FuncCodeReadInputRegisters:
		if len(data) == 4 {
			return 1 + 2*int(binary.BigEndian.Uint16(data[2:]))
		}
	case modbus.FuncCodeReadWriteMultipleRegisters:
		if len(data) >= 4 {
			return 1 + 2*int(binary.BigEndian.Uint16(data[2:]))
		}
	case modbus.FuncCodeWriteSingleCoil, modbus.FuncCodeWriteSingleRegister:
		if len(data) == 4 {
			return 4
		}
	case modbus.FuncCodeWriteMultipleCoils, modbus.FuncCodeWriteMultipleRegisters:
		if len(data) >= 5 {
			return 4
		}
	case modbus.FuncCodeMaskWriteRegister:
		if len(data) == 6 {
			return 6
		}
	}
	return 0
}

// answers reports whether data is what a device sends back for this request:
// the right number of values, or the address and value that were written.
func answers(function byte, request, data []byte) bool {
	if n := replyLength(function, request); n == 0 || len(data) != n {
		return false
	}
	if reads(function) || function == modbus.FuncCodeReadWriteMultipleRegisters {
		return int(data[0]) == len(data)-1
	}
	return bytes.HasPrefix(request, data)
}

// reads reports whether the function only reads.
func reads(function byte) bool {
	switch function {
	case modbus.FuncCodeReadCoils, modbus.FuncCodeReadDiscreteInputs,
		modbus.FuncCodeReadHoldingRegisters, modbus.FuncCodeReadInputRegisters:
		return true
	}
	return false
}

// repeats reports whether a good reply to this request has the same bytes as the
// request.
func repeats(function byte) bool {
	switch function {
	case modbus.FuncCodeWriteSingleCoil, modbus.FuncCodeWriteSingleRegister, modbus.FuncCodeMaskWriteRegister:
		return true
	}
	return false
}

// findReply looks for the reply to an RTU request in what was received since,
// and returns where it begins and its bytes, or nil while there is none.
//
// Bytes before it are skipped: a line driver that switches on makes some, an
// adapter may echo the request, another unit may answer late. That is safe
// because nothing counts as the reply unless unit, function, length, contents
// and CRC all fit this request.
func findReply(request, received []byte) (at int, frame []byte) {
	if len(request) < 4 {
		return 0, nil
	}
	unit, function, data := request[0], request[1], request[2:len(request)-2]
	good := replyLength(function, data)
	for i := 0; i+exceptionLength <= len(received); i++ {
		rest := received[i:]
		if rest[0] != unit {
			continue
		}
		switch rest[1] {
		case function:
			n := 2 + good + 2
			if good > 0 && n <= len(rest) && answers(function, data, rest[2:n-2]) && checked(rest[:n]) {
				return i, rest[:n]
			}
		case function | exceptionBit:
			if rest[2] != 0 && checked(rest[:exceptionLength]) {
				return i, rest[:exceptionLength]
			}
		}
	}
	return 0, nil
}

// checked reports whether an RTU frame ends with its CRC.
func checked(frame []byte) bool {
	_, err := rtuPackager(0).Decode(frame)
	return err == nil
}

package rs485

import "time"

// characterBits is what one character takes on the wire by the Modbus rules:
// start, eight data bits, parity or a second stop bit, stop. A line set to 8N1
// sends ten, and is a little faster than what is worked out here.
const characterBits = 11

// onWire is how long so many characters take.
func onWire(characters, baud int) time.Duration {
	if baud <= 0 {
		return 0
	}
	return time.Duration(characters*characterBits) * time.Second / time.Duration(baud)
}

// silentInterval is the silence that ends a frame: 3.5 characters, and from 19200
// bits per second on a fixed 1.75 ms (Modbus over serial line V1.02, 2.5.1.1).
func silentInterval(baud int) time.Duration {
	if baud <= 0 || baud >= slowestWithoutRule {
		return 1750 * time.Microsecond
	}
	return onWire(7, baud) / 2
}

// ReadTime is the least that one read of so many coils or inputs takes on a line:
// the request, the silence by which the unit knows its end, the reply, and the
// silence before the next request, which is quiet or the rule's, whichever is
// longer. A unit that thinks before it answers, and an adapter that hands over
// what it received only now and then, come on top: those of FTDI wait 16 ms unless
// their latency_timer is set to 1.
//
// So one board with up to eight inputs is read at most 40 times a second at 9600
// bits per second with the default quiet of 5 ms, whatever the program does, and
// four boards 10 times each. Twenty times for each of four is more than 9600 bits
// per second hold: the bytes alone take 16 ms of the 12.5 there are. It takes 38400
// (24 times each), 19200 with a quiet of 2 ms (20 times), or the inputs of all
// four lanes on one board, since its gates share the answer. A lane asks that often
// only while a car passes, so that at 9600 two of four boards may be asked twenty
// times a second at one time.
func ReadTime(baud, bits int, quiet time.Duration) time.Duration {
	const request, header = 8, 5 // unit, function, address, count, CRC; unit, function, bytes, CRC
	silence := silentInterval(baud)
	return onWire(request+header+(bits+7)/8, baud) + silence + max(silence, quiet)
}

package store

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// digits are Crockford's: no I, L, O and U, in the order of their values.
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewID returns an identity of 26 letters and digits that no other box makes:
// 48 bits of milliseconds, then 80 random bits. Identities made in different
// milliseconds sort by time.
func NewID(t time.Time) string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	high := uint64(max(t.UnixMilli(), 0))<<16 | uint64(binary.BigEndian.Uint16(random[:2]))
	low := binary.BigEndian.Uint64(random[2:])

	var id [26]byte
	for i := len(id) - 1; i >= 0; i-- {
		id[i] = digits[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return string(id[:])
}

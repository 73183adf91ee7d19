package booth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// How passwords are hashed: the least that is advised for argon2id, because the
// box is small. One takes 19 MiB and 20 ms on a server; compiled for a 32-bit
// processor it takes 70 ms there, which makes about half a second of an ARMv7 at
// 1 GHz. Attempts come one after another, so the memory is needed once.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	saltSize     = 16
	keySize      = 32
)

// hash is a password as it is kept, in the usual form that names the parameters,
// so that later ones can differ:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>
func hash(password string) string {
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:]) // never fails
	sum := argon2.IDKey([]byte(password), salt[:], argonTime, argonMemory, argonThreads, keySize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt[:]), base64.RawStdEncoding.EncodeToString(sum))
}

// matches reports whether a password has that hash. One that nobody can have, because
// it is too long, matches nothing, and is worth no work. A hash that cannot be read,
// or would take more than a small box has, matches nothing either.
func matches(password, hashed string) bool {
	if len(password) > mostPassword {
		return false
	}
	parts := strings.Split(hashed, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false
	}
	var memory, time uint32
	var threads uint8
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); n != 3 || err != nil {
		return false
	}
	if memory > 8*argonMemory || time < 1 || time > 16 || threads < 1 {
		return false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || err != nil || len(want) < 16 || len(want) > 64 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, time, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}

// newToken is what a signed-in operator proves himself with: 256 random bits.
func newToken() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// digestOf is a token as it is kept. A token cannot be guessed, so this needs no
// slow hash.
func digestOf(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

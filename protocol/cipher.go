package protocol

import (
	"crypto/cipher"
	"crypto/des"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Day is a date of the car park's calendar as "20060102". Its eight ASCII
// bytes are the IV of that day's messages.
type Day string

const dayLayout = "20060102"

// DayOf returns the date of t in the zone loc.
func DayOf(t time.Time, loc *time.Location) Day {
	return Day(t.In(loc).Format(dayLayout))
}

// Add returns the date n days later, or earlier when n is negative. A Day that
// is no date stays as it is.
func (d Day) Add(n int) Day {
	t, err := time.Parse(dayLayout, string(d))
	if err != nil {
		return d
	}
	return Day(t.AddDate(0, 0, n).Format(dayLayout))
}

// valid reports whether d is a date that exists.
func (d Day) valid() bool {
	_, err := time.Parse(dayLayout, string(d))
	return err == nil
}

// iv returns the day as the cipher wants it.
func (d Day) iv() [des.BlockSize]byte {
	var iv [des.BlockSize]byte
	copy(iv[:], d)
	return iv
}

// A Cipher encrypts and decrypts the data of messages: 3DES-EDE in CBC mode
// with PKCS#7 padding, in base64. It may be used by several goroutines at once.
type Cipher struct {
	block cipher.Block
}

// NewCipher makes a Cipher from the key that both sides were given: 24 ASCII
// characters, or 16, which are taken as two-key 3DES (K1 K2 K1) as .NET does.
// The key is used as it is written, it is not hexadecimal.
func NewCipher(key string) (*Cipher, error) {
	for i := range len(key) {
		if key[i] >= 0x80 {
			return nil, errors.New("the key must be plain ASCII characters")
		}
	}
	switch len(key) {
	case 24:
	case 16:
		key += key[:8]
	default:
		return nil, fmt.Errorf("the key must have 24 or 16 characters, not %d", len(key))
	}
	block, err := des.NewTripleDESCipher([]byte(key))
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return &Cipher{block: block}, nil
}

// Encrypt returns text encrypted for the given day, in base64 without line
// breaks.
func (c *Cipher) Encrypt(day Day, text []byte) string {
	pad := des.BlockSize - len(text)%des.BlockSize
	buf := make([]byte, len(text)+pad)
	copy(buf, text)
	for i := len(text); i < len(buf); i++ {
		buf[i] = byte(pad)
	}
	iv := day.iv()
	cipher.NewCBCEncrypter(c.block, iv[:]).CryptBlocks(buf, buf)
	return base64.StdEncoding.EncodeToString(buf)
}

// Decrypt is the inverse of Encrypt. It reads base64 as leniently as
// [Cipher.Open] does. The error is a [*DataError].
//
// Decrypting with another day's IV usually succeeds and damages the first eight
// bytes; only a reader who knows the text can tell. Open does.
func (c *Cipher) Decrypt(day Day, data string) ([]byte, error) {
	blocks, err := c.decryptBlocks(data)
	if err != nil {
		return nil, err
	}
	text, ok := firstBlock(blocks, day)
	if !ok {
		return nil, &DataError{Reason: "bad padding"}
	}
	return text, nil
}

// decryptBlocks decrypts with an IV of zeros. Only the first block depends on
// the IV, so trying several days costs one decryption.
func (c *Cipher) decryptBlocks(data string) ([]byte, error) {
	buf, err := decodeBase64(data)
	if err != nil {
		return nil, &DataError{Reason: "bad base64"}
	}
	if len(buf) == 0 || len(buf)%des.BlockSize != 0 {
		return nil, &DataError{Reason: "length is not a multiple of eight"}
	}
	var zero [des.BlockSize]byte
	cipher.NewCBCDecrypter(c.block, zero[:]).CryptBlocks(buf, buf)
	return buf, nil
}

// firstBlock finishes for one day what decryptBlocks began, and takes the
// padding off. It returns false when the padding is none. blocks is not changed.
func firstBlock(blocks []byte, day Day) ([]byte, bool) {
	text := make([]byte, len(blocks))
	copy(text, blocks)
	iv := day.iv()
	for i := range iv {
		text[i] ^= iv[i]
	}
	pad := int(text[len(text)-1])
	if pad < 1 || pad > des.BlockSize {
		return nil, false
	}
	for _, b := range text[len(text)-pad:] {
		if int(b) != pad {
			return nil, false
		}
	}
	return text[:len(text)-pad], true
}

// decodeBase64 reads what clients make of base64: broken into lines (Java wraps
// at 76 characters), with + turned into a space by a form decoder, without
// padding, or in the URL alphabet. A space at either end may be a + or nothing;
// the length, which is one of whole blocks, tells.
func decodeBase64(s string) ([]byte, error) {
	buf, err := base64.RawStdEncoding.DecodeString(base64Fixer.Replace(s))
	if err == nil && len(buf)%des.BlockSize == 0 {
		return buf, nil
	}
	return base64.RawStdEncoding.DecodeString(base64Fixer.Replace(strings.Trim(s, jsonSpace)))
}

var base64Fixer = strings.NewReplacer("\r", "", "\n", "", "\t", "", " ", "+", "-", "+", "_", "/", "=", "")

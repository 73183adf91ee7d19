package protocol

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const testKey = "0123456789abcdefFEDCBA98"

func newCipher(tb testing.TB, key string) *Cipher {
	tb.Helper()
	c, err := NewCipher(key)
	if err != nil {
		tb.Fatalf("NewCipher: %v", err)
	}
	return c
}

func TestASixteenByteKeyIsTwoKeyTripleDES(t *testing.T) {
	short, long := newCipher(t, "0123456789abcdef"), newCipher(t, "0123456789abcdef01234567")
	if a, b := short.Encrypt("20190225", []byte("text")), long.Encrypt("20190225", []byte("text")); a != b {
		t.Errorf("K1K2 gives %s, K1K2K1 gives %s", a, b)
	}
}

func TestKeysOfOtherLengthsAreRefused(t *testing.T) {
	for _, key := range []string{"", "short", "0123456789abcdef0123456", "0123456789abcdef012345678", "京京京京京京京京", "0123456789abcdef0123456é"} {
		if _, err := NewCipher(key); err == nil {
			t.Errorf("NewCipher(%q) succeeded", key)
		}
	}
}

func TestDayOfFollowsTheCarParksZone(t *testing.T) {
	shanghai, err := LoadZone("")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2018, 12, 31, 16, 0, 0, 0, time.UTC)
	if got := DayOf(at, shanghai); got != "20190101" {
		t.Errorf("DayOf in Shanghai = %s, want 20190101", got)
	}
	if got := DayOf(at, time.UTC); got != "20181231" {
		t.Errorf("DayOf in UTC = %s, want 20181231", got)
	}
	if got := Day("20240228").Add(1); got != "20240229" {
		t.Errorf("Add = %s, want 20240229", got)
	}
}

func TestDecryptIsTheInverseOfEncrypt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[!-~]{16}([!-~]{8})?`).Draw(t, "key")
		text := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "text")
		c, err := NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Decrypt("20190225", c.Encrypt("20190225", text))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, text) {
			t.Fatalf("got %q, want %q", got, text)
		}
	})
}

func TestAWrongDayDamagesOnlyTheFirstKey(t *testing.T) {
	c := newCipher(t, testKey)
	got, err := c.Decrypt("20190226", c.Encrypt("20190225", []byte(`{"parkCode":"1"}`)))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"parkClde":"1"}`; string(got) != want {
		t.Errorf("Decrypt = %s, want %s", got, want)
	}
}

func TestDataThatIsNoCiphertextIsOneKindOfError(t *testing.T) {
	c := newCipher(t, testKey)
	for _, data := range []string{"", "====", "AAAA", "!!!!", "AAAAAAAAAAA=", "0edFaLw+X+9J2LHbzKQa0w=="} {
		_, err := c.Decrypt("20190225", data)
		if !errors.Is(err, ErrData) || err.Error() != ErrData.Error() {
			t.Errorf("Decrypt(%q) error = %v, want %v", data, err, ErrData)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	c := newCipher(f, testKey)
	f.Add(c.Encrypt("20190225", []byte(`{"parkCode":"1"}`)))
	f.Add("0edFaLw X 9J2LHbzKQa0zo3RGmH\r\nII0JXoSLu19d_/pvYydg1qZV5A")
	f.Add("")
	f.Fuzz(func(t *testing.T, data string) {
		text, err := c.Decrypt("20190225", data)
		if err != nil {
			if !errors.Is(err, ErrData) {
				t.Errorf("error = %v, want ErrData", err)
			}
			return
		}
		again, err := c.Decrypt("20190225", c.Encrypt("20190225", text))
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("read again = %q, %v, want %q", again, err, text)
		}
	})
}

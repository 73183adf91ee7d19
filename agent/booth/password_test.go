package booth

import (
	"strings"
	"testing"
)

func TestAHashMatchesItsPasswordOnly(t *testing.T) {
	const password = "正确的口令 123"
	good := hash(password)
	if again := hash(password); again == good {
		t.Error("two hashes of one password are alike: no salt")
	}
	if !matches(password, good) || matches(password+" ", good) || matches("", good) {
		t.Error("the hash takes another password, or not its own")
	}
	for name, bad := range map[string]string{
		"nothing":                "",
		"another method":         strings.Replace(good, "argon2id", "argon2i", 1),
		"another version":        strings.Replace(good, "v=19", "v=16", 1),
		"more memory than there": strings.Replace(good, "m=19456", "m=4194304", 1),
		"no rounds":              strings.Replace(good, "t=2", "t=0", 1),
		"no threads":             strings.Replace(good, "p=1", "p=0", 1),
		"no parameters":          strings.Replace(good, "m=19456,t=2,p=1", "", 1),
		"a short key":            good[:strings.LastIndex(good, "$")+5],
		"no base64":              good[:len(good)-1] + "!",
	} {
		if matches(password, bad) {
			t.Errorf("%s matches", name)
		}
	}
}

// BenchmarkHash is what a sign-in costs.
func BenchmarkHash(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		hash("correct horse")
	}
}

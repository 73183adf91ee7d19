//go:build race

package access

import (
	"flag"
	"os"
	"testing"
)

// TestMain plays fewer random days under the race detector, which makes the database
// some twenty times slower: they would take minutes, and without it all of them
// are played. -rapid.checks says otherwise.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "20"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the top of the project as seen from this package's tests.
const root = "../.."

// module is the prefix of our own import paths.
const module = "parkagent/"

// A listed package is what `go list -json` says of it.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// mayImport tells whether one of our packages may import another. Paths are
// without the module. Imports point one way, so that a device's driver or a
// platform's message can be changed without reading the rest.
func mayImport(from, to string) bool {
	switch {
	case in(from, "cmd"):
		return !in(to, "cmd") // programs share nothing but the packages
	case in(from, "agent"):
		return in(to, "agent") || in(to, "store") || to == "protocol" || to == "drivers"
	case in(from, "drivers") && from != "drivers":
		return in(to, "drivers")
	case from == "protocol/platform":
		return to == "protocol"
	default:
		return false
	}
}

// in tells whether a package is the folder's own or below it.
func in(pkg, folder string) bool {
	return pkg == folder || strings.HasPrefix(pkg, folder+"/")
}

// A home says where a module from outside may be imported. What is not listed
// may be imported anywhere.
type home struct {
	module  string
	folders []string
	deep    bool // the folders below count too
}

func homes() []home {
	return []home{
		{"go.bug.st/serial", []string{"drivers/serialport"}, false},
		{"github.com/goburrow/modbus", []string{"drivers/rs485", "drivers/gate"}, false},
		{"github.com/goburrow/serial", nil, false},
		{"github.com/boombuler/barcode", []string{"drivers/printer"}, false},
		{"modernc.org/sqlite", []string{"store"}, false},
		{"github.com/pressly/goose", []string{"store"}, false},
		{"github.com/kardianos/service", []string{"cmd/parkagent"}, false},
		{"golang.org/x/crypto", []string{"agent/booth"}, false},
		{"golang.org/x/text", []string{"protocol", "drivers", "agent/config"}, true},
	}
}

// testOnly are the modules that no program may contain.
func testOnly() []string {
	return []string{"github.com/google/go-cmp", "pgregory.net/rapid", "github.com/rogpeppe/go-internal"}
}

// suites are the packages of tests for other packages to run. They are part of
// no program either.
func suites() []string { return []string{"drivers/drivertest"} }

// wrongImports returns one sentence for each import that breaks the rules.
func wrongImports(pkgs []listed) []string {
	var wrong []string
	for _, p := range pkgs {
		from := strings.TrimPrefix(p.ImportPath, module)
		suite := slices.Contains(suites(), from)
		for _, to := range p.Imports {
			wrong = append(wrong, wrongImport(from, to, suite)...)
		}
		for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
			wrong = append(wrong, wrongImport(from, to, true)...)
		}
	}
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

// wrongImport judges one import. Tests obey the same rules as the code, but for
// what only tests may import, and a package's outer tests may import itself.
func wrongImport(from, to string, test bool) []string {
	if ours, ok := strings.CutPrefix(to, module); ok {
		switch {
		case ours == from && test:
		case !mayImport(from, ours):
			return []string{fmt.Sprintf("%s imports %s: that arrow points the wrong way", from, ours)}
		case !test && slices.Contains(suites(), ours):
			return []string{fmt.Sprintf("%s imports %s outside its tests", from, ours)}
		}
		return nil
	}
	for _, h := range homes() {
		if in(to, h.module) && !h.holds(from) {
			return []string{fmt.Sprintf("%s imports %s, whose home is %v", from, to, h.folders)}
		}
	}
	for _, m := range testOnly() {
		if in(to, m) && !test {
			return []string{fmt.Sprintf("%s imports %s outside its tests", from, to)}
		}
	}
	return nil
}

func (h home) holds(pkg string) bool {
	return slices.ContainsFunc(h.folders, func(f string) bool {
		return pkg == f || h.deep && in(pkg, f)
	})
}

func TestImportsPointOneWay(t *testing.T) {
	// Files with a build tag are listed on their own system only.
	for _, goos := range []string{"linux", "windows"} {
		for _, w := range wrongImports(list(t, goos)) {
			t.Errorf("on %s: %s", goos, w)
		}
	}
}

// list asks the Go tool for every package of ours.
func list(t *testing.T, goos string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var pkgs []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		pkgs = append(pkgs, p)
	}
	if !slices.ContainsFunc(pkgs, func(p listed) bool { return p.ImportPath == module+"cmd/parkagent" }) {
		t.Fatalf("go list names %d packages, but not this one", len(pkgs))
	}
	return pkgs
}

func TestCheckerCatchesWrongImports(t *testing.T) {
	tests := []struct {
		name, from, to string
		test           bool
		wrong          bool
	}{
		{"the program puts drivers into the agent", "cmd/parkagent", "parkagent/drivers/gate", false, false},
		{"the simulator is a program too", "cmd/parksim", "parkagent/protocol/platform", false, false},
		{"a program does not import a program", "cmd/parkagent", "parkagent/cmd/parksim", false, true},
		{"a lane speaks the devices' vocabulary", "agent/lane", "parkagent/drivers", false, false},
		{"a lane knows no brand", "agent/lane", "parkagent/drivers/gate", false, true},
		{"not even in its tests", "agent/lane", "parkagent/drivers/sim", true, true},
		{"an agent's part uses another", "agent/lane", "parkagent/agent/access", false, false},
		{"the agent knows no platform that runs", "agent/uplink", "parkagent/protocol/platform", true, true},
		{"the agent is no program", "agent", "parkagent/cmd/parkagent", false, true},
		{"a driver stands on a line", "drivers/gate", "parkagent/drivers/rs485", false, false},
		{"a driver knows no books", "drivers/gate", "parkagent/store", false, true},
		{"a driver knows no lane", "drivers/camera", "parkagent/agent/lane", false, true},
		{"the vocabulary knows no driver", "drivers", "parkagent/drivers/gate", false, true},
		{"the books stand alone", "store", "parkagent/protocol", false, true},
		{"the protocol stands alone", "protocol", "parkagent/store", false, true},
		{"a platform speaks the protocol", "protocol/platform", "parkagent/protocol", false, false},
		{"a platform knows no agent", "protocol/platform", "parkagent/agent/uplink", false, true},
		{"a package unheard of may import nothing of ours", "pkg/new", "parkagent/store", false, true},
		{"outer tests import what they test", "store", "parkagent/store", true, false},
		{"a name that only begins alike", "agent/lane", "parkagent/storefront", false, true},

		{"the serial library at home", "drivers/serialport", "go.bug.st/serial", false, false},
		{"the serial library's folders are at home there too", "drivers/serialport", "go.bug.st/serial/enumerator", false, false},
		{"the serial library abroad", "drivers/rs485", "go.bug.st/serial", false, true},
		{"the Modbus library below its home", "drivers/gate/profile", "github.com/goburrow/modbus", false, true},
		{"the other serial library", "drivers/serialport", "github.com/goburrow/serial", false, true},
		{"the database outside the books", "agent/billing", "modernc.org/sqlite", false, true},
		{"the service library in the simulator", "cmd/parksim", "github.com/kardianos/service", false, true},
		{"QR codes where slips are printed", "drivers/printer", "github.com/boombuler/barcode/qr", false, false},
		{"QR codes abroad", "agent/slips", "github.com/boombuler/barcode/qr", false, true},
		{"text encodings in a driver", "drivers/display", "golang.org/x/text/encoding/simplifiedchinese", false, false},
		{"text encodings in a configuration file", "agent/config", "golang.org/x/text/encoding/simplifiedchinese", false, false},
		{"text encodings in a lane", "agent/lane", "golang.org/x/text/encoding/simplifiedchinese", false, true},
		{"password hashes at home", "agent/booth", "golang.org/x/crypto/argon2", false, false},
		{"password hashes abroad", "agent/console", "golang.org/x/crypto/argon2", false, true},
		{"the standard library", "store", "database/sql", false, false},

		{"a test library in a test", "store", "pgregory.net/rapid", true, false},
		{"a test library in a program", "store", "pgregory.net/rapid", false, true},
		{"a test library in a suite", "drivers/drivertest", "github.com/google/go-cmp/cmp", false, false},
		{"a suite in a test", "drivers/gate", "parkagent/drivers/drivertest", true, false},
		{"a suite in a program", "drivers/gate", "parkagent/drivers/drivertest", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := listed{ImportPath: module + tt.from, Imports: []string{tt.to}}
			if tt.test {
				p = listed{ImportPath: module + tt.from, XTestImports: []string{tt.to}}
			}
			if got := wrongImports([]listed{p}); (len(got) > 0) != tt.wrong {
				t.Errorf("%s imports %s: found %q, want it wrong: %t", tt.from, tt.to, got, tt.wrong)
			}
		})
	}
}

// strangers returns the names at the top of the project that do not belong
// there. Dot files do; so does what the build leaves behind and git ignores.
func strangers(names []string) []string {
	known := []string{
		"cmd", "agent", "drivers", "store", "protocol", "packaging", "scripts", "go.mod", "go.sum", "Makefile", "README.md",
		"bin", "dist", "data",
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return strings.HasPrefix(name, ".") || slices.Contains(known, name) || slices.Contains([]string{".test", ".out"}, path.Ext(name))
	})
}

func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(filepath.FromSlash(root))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Contains(names, "go.mod") {
		t.Fatalf("%s is not the top of the project: %v", root, names)
	}
	if got := strangers(names); len(got) > 0 {
		t.Errorf("%v do not belong at the top of the project", got)
	}
	if got := strangers([]string{"cmd", "internal", ".ci", "cover.out", "docs"}); !slices.Equal(got, []string{"internal", "docs"}) {
		t.Errorf("strangers = %v, want [internal docs]", got)
	}
}

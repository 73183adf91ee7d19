package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// openBooks makes books beside the configuration that stay open, as under a
// running agent.
func openBooks(t *testing.T, config string) *store.DB {
	t.Helper()
	db := must(store.Open(t.Context(), store.Options{Path: filepath.Join(filepath.Dir(config), "data", "park.db")}))(t)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// typed is say with something on the standard input.
func typed(t *testing.T, input string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	e, out, errs := testEnv()
	e.stdin = strings.NewReader(input)
	status = run(t.Context(), commands(), append([]string{"--lang", "en"}, args...), e)
	return status, out.String(), errs.String()
}

func TestOperatorsAreManagedUnderARunningAgent(t *testing.T) {
	config := siteWith(t, "")
	db := openBooks(t, config)
	for _, tt := range []struct {
		name, input, line string
		status            int
		said              string
	}{
		{"nobody yet", "", "list", 0, "There is no operator yet; operator add makes one.\n"},
		{"a manager", "correct horse\r\n", "add 老王 --role manager", 0, "Operator 老王 is added.\n"},
		{"an operator, without a line's end", "correct horse", "add li", 0, "Operator li is added.\n"},
		{"the same name again", "correct horse\n", "add li", 1, `parkagent: there is an operator "li" already` + "\n"},
		{"a short password", "short\n", "password li", 1, "parkagent: a password has 8 characters at least and is not the name\n"},
		{"no password", "", "password li", 1, "parkagent: no password was given: type it at the terminal, or write it to the standard input\n"},
		{"another password", "battery staple\n", "password li", 0, "The password of operator li is changed, and every sign-in has ended.\n"},
		{"another role", "", "role li --role installer", 0, "The role of operator li is changed.\n"},
		{"a name like a flag", "correct horse\n", "add -- -x", 1, `parkagent: the name "-x" will not do: letters, digits and . _ - between them, 32 at most` + "\n"},
		{"nobody of that name", "", "remove zhang", 1, `parkagent: there is no operator "zhang"; see operator list` + "\n"},
		{"both", "", "list", 0, "li  installer  -\n老王  manager    -\n"},
		{"removed", "", "remove li", 0, "Operator li is removed.\n"},
	} {
		status, stdout, stderr := typed(t, tt.input, append([]string{"operator", "--config", config}, strings.Fields(tt.line)...)...)
		if status != tt.status || stdout+stderr != tt.said {
			t.Errorf("%s: %d, %q, want %d, %q", tt.name, status, stdout+stderr, tt.status, tt.said)
		}
	}
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.InsertShift(t.Context(), store.Shift{Operator: "老王", Booth: "南门", From: written})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := typed(t, "", "operator", "remove", "老王", "--config", config); status != 1 || !strings.Contains(stderr, "is on shift") {
		t.Errorf("removing who is on shift: %d, %s", status, stderr)
	}
	status, stdout, stderr := typed(t, "", "operator", "list", "--json", "--config", config)
	var got []operatorRow
	if err := json.Unmarshal([]byte(stdout), &got); status != 0 || err != nil {
		t.Fatalf("operator list --json = %d, %v: %s%s", status, err, stdout, stderr)
	}
	if diff := cmp.Diff([]operatorRow{{Name: "老王", Role: "manager", Booth: "南门", Since: &written}}, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestOperatorWantsItsWords(t *testing.T) {
	for line, want := range map[string]string{
		"":                       "say list, add, role, password or remove.",
		"lsit":                   "say list, add, role, password or remove.",
		"add":                    "say which operator.",
		"add a b":                `"b" is one word too many.`,
		"list a":                 `"a" is one word too many.`,
		"add a --json":           "--json goes with list only.",
		"remove a --role=x":      "--role goes with add and role only.",
		"add a --role=boss":      `there is no role "boss"; there are operator, manager and installer.`,
		"role a --role=boss":     `there is no role "boss"`,
		"role a":                 "say which role with --role.",
		"add a --password=12345": "there is no flag --password.",
	} {
		if status, _, stderr := typed(t, "", append([]string{"operator"}, strings.Fields(line)...)...); status != 2 || !strings.Contains(stderr, want) {
			t.Errorf("operator %s = %d, %q, want 2 and %q", line, status, stderr, want)
		}
	}
}

// Without books the command makes none, which would belong to the wrong user.
func TestOperatorNeedsTheBooks(t *testing.T) {
	config := siteWith(t, "")
	status, _, stderr := typed(t, "correct horse\n", "operator", "add", "li", "--config", config)
	if found, _ := filepath.Glob(filepath.Join(filepath.Dir(config), "data", "*")); status != 1 || !strings.Contains(stderr, "the agent has not run") || len(found) > 0 {
		t.Errorf("operator add = %d, %q, and made %q", status, stderr, found)
	}
}

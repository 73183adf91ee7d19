package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// verb is a verb of package fmt.
var verb = regexp.MustCompile(`%(\[\d+\])?[#+]?[a-z]`)

// optionWordings returns how drivers word a mistake in an option: the format in
// each call of a method Fail of package options, with something in place of its verbs.
// A driver of whom another package words the mistake, by the verb alone, is left out.
func optionWordings(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{} // wording → file
	err := filepath.WalkDir(filepath.Join(root, "drivers"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || method.Sel.Name != "Fail" {
				return true
			}
			literal, ok := call.Args[1].(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			format, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			if words := verb.ReplaceAllStringFunc(format, sample); words != sample("%v") {
				found[words] = path
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// sample is what may stand in place of a verb.
func sample(verb string) string {
	switch verb[len(verb)-1] {
	case 'd':
		return "7"
	case 'q':
		return `"x"`
	}
	return "x"
}

// A driver may say something that nobody has translated yet: then an installer
// who reads no English is told nothing.
func TestEveryMistakeInAnOptionHasChineseWords(t *testing.T) {
	wordings := optionWordings(t)
	if len(wordings) < 8 {
		t.Fatalf("wordings = %v: were they found?", wordings)
	}
	wordings["want the SHA-256 fingerprint of a certificate, 64 hexadecimal digits"] = "drivers/camera/fingerprint.go"
	for words, file := range wordings {
		message := `option "key": ` + words
		if got := optionInChinese(message); got == message {
			t.Errorf("%s words a mistake %q, which build_explain.go has no Chinese for", file, words)
		}
	}
}

package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A sourceFile is one Go file of ours, parsed.
type sourceFile struct {
	path string // slash-separated, from the top of the project
	test bool
	ast  *ast.File
	fset *token.FileSet
}

func parseSource(fset *token.FileSet, name string, src []byte) (sourceFile, error) {
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	return sourceFile{path: name, test: strings.HasSuffix(name, "_test.go"), ast: file, fset: fset}, err
}

// at names the place of n as editors understand it.
func (f sourceFile) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

// walkText calls do for each text file of the project.
func walkText(t *testing.T, do func(name string, text []byte)) {
	t.Helper()
	seen := 0
	err := fs.WalkDir(os.DirFS(filepath.FromSlash(root)), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "data"}, name):
			return fs.SkipDir
		case name == ".git": // a file in a second work tree
			return nil
		case !d.Type().IsRegular() || slices.Contains([]string{".test", ".out"}, path.Ext(name)):
			return nil
		}
		text, err := os.ReadFile(filepath.Join(filepath.FromSlash(root), filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if !bytes.ContainsRune(text[:min(len(text), 512)], 0) {
			seen++
			do(name, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Fatalf("no files below %s", root)
	}
}

func sources(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	fset := token.NewFileSet()
	walkText(t, func(name string, text []byte) {
		if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
			return
		}
		f, err := parseSource(fset, name, text)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	})
	return files
}

// wrongDocs returns one sentence for each package that does not say in exactly
// one place, in one sentence, what it is.
func wrongDocs(files []sourceFile) []string {
	docs := make(map[string][]string) // by folder
	names := make(map[string]string)
	for _, f := range files {
		if f.test {
			continue
		}
		dir := path.Dir(f.path)
		names[dir] = f.ast.Name.Name
		if f.ast.Doc != nil && f.ast.Doc.Text() != "" {
			docs[dir] = append(docs[dir], f.ast.Doc.Text())
		}
	}
	var wrong []string
	for dir, name := range names {
		start := "Package " + name + " "
		if name == "main" {
			start = "Command " + path.Base(dir) + " "
		}
		switch {
		case len(docs[dir]) != 1:
			wrong = append(wrong, fmt.Sprintf("%s has %d package comments, want 1", dir, len(docs[dir])))
		case !oneSentence(docs[dir][0], start):
			wrong = append(wrong, fmt.Sprintf("%s: the first paragraph of its package comment is not one sentence that begins with %q", dir, start))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// oneSentence tells whether the first paragraph is one sentence with that start.
func oneSentence(text, start string) bool {
	paragraph, _, _ := strings.Cut(strings.TrimSpace(text), "\n\n")
	paragraph = strings.Join(strings.Fields(paragraph), " ")
	return strings.HasPrefix(paragraph, start) && strings.HasSuffix(paragraph, ".") && new(doc.Package).Synopsis(paragraph) == paragraph
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, w := range wrongDocs(sources(t)) {
		t.Error(w)
	}
}

// undocumented returns the places of exported names without a comment. Methods
// whose meaning the standard library fixes need none.
func undocumented(f sourceFile) []string {
	var places []string
	add := func(n ast.Node, name string) { places = append(places, f.at(n)+": "+name) }
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Doc == nil && d.Name.IsExported() && !fixedMeaning(d) && !onHidden(d) {
				add(d, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				for _, id := range undocumentedNames(d, s) {
					add(id, id.Name)
				}
			}
		}
	}
	return places
}

func undocumentedNames(d *ast.GenDecl, s ast.Spec) []*ast.Ident {
	var names []*ast.Ident
	switch s := s.(type) {
	case *ast.TypeSpec:
		if d.Doc == nil && s.Doc == nil && s.Comment == nil {
			names = []*ast.Ident{s.Name}
		}
	case *ast.ValueSpec:
		if d.Doc == nil && s.Doc == nil && s.Comment == nil {
			names = s.Names
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(id *ast.Ident) bool { return !id.IsExported() })
}

// fixedMeaning: everyone knows what these methods do.
func fixedMeaning(d *ast.FuncDecl) bool {
	return d.Recv != nil && slices.Contains([]string{"Error", "Unwrap", "String"}, d.Name.Name)
}

// onHidden tells whether d is a method of a type that nobody outside sees.
func onHidden(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return false
	}
	hidden := true
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.IsExported() {
			hidden = false
		}
		return true
	})
	return hidden
}

func TestEveryExportedNameHasAComment(t *testing.T) {
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		for _, place := range undocumented(f) {
			t.Errorf("%s has no comment", place)
		}
	}
}

// sleeps returns the places where a test waits for time instead of an event.
func sleeps(f sourceFile) []string {
	var places []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == "time" {
				places = append(places, f.at(call))
			}
		}
		return true
	})
	return places
}

func TestNoTestSleeps(t *testing.T) {
	for _, f := range sources(t) {
		if !f.test {
			continue
		}
		for _, place := range sleeps(f) {
			t.Errorf("%s sleeps: wait for the event, or use synctest", place)
		}
	}
}

// unfit matches what no file that users get may contain: marks of unfinished
// work, paths of the machine it was made on, and hosts that only stand in for
// the public ones. The pattern is put together so as not to match itself.
func unfit() *regexp.Regexp {
	return regexp.MustCompile(strings.Join([]string{
		`\bTO` + `DO\b`, `\bFIX` + `ME\b`, `\bX` + `XX\b`,
		`/wor` + `k/(main|shared)\b`, `/ro` + `ot/(go|\.)`, `\.lib` + `rary/`, `/ho` + `me/[a-z]`,
		`https?://[a-z0-9.-]*(pro` + `xy|regis` + `try|mir` + `ror)\.`,
	}, "|"))
}

func TestNoFileIsUnfitForUsers(t *testing.T) {
	pattern := unfit()
	walkText(t, func(name string, text []byte) {
		if name == "go.sum" {
			return
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if found := pattern.Find(line); found != nil {
				t.Errorf("%s:%d has %q in it", name, i+1, found)
			}
		}
	})
}

func TestSourceCheckersCatchWhatIsWrong(t *testing.T) {
	parse := func(name, src string) sourceFile {
		f, err := parseSource(token.NewFileSet(), name, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	docs := []struct {
		name  string
		files []sourceFile
		wrong bool
	}{
		{"one sentence", []sourceFile{parse("a/a.go", "// Package a counts.\npackage a"), parse("a/b.go", "package a")}, false},
		{"a sentence and more below", []sourceFile{parse("a/a.go", "// Package a counts:\n// one, two.\n//\n// It is exact. Always.\npackage a")}, false},
		{"a command", []sourceFile{parse("cmd/x/main.go", "// Command x counts.\npackage main")}, false},
		{"no comment", []sourceFile{parse("a/a.go", "package a")}, true},
		{"two comments", []sourceFile{parse("a/a.go", "// Package a counts.\npackage a"), parse("a/b.go", "// Package a counts.\npackage a")}, true},
		{"two sentences", []sourceFile{parse("a/a.go", "// Package a counts. It is exact.\npackage a")}, true},
		{"no full stop", []sourceFile{parse("a/a.go", "// Package a counts\npackage a")}, true},
		{"another name", []sourceFile{parse("a/a.go", "// Package b counts.\npackage a")}, true},
	}
	for _, tt := range docs {
		if got := wrongDocs(tt.files); (len(got) > 0) != tt.wrong {
			t.Errorf("%s: found %q, want it wrong: %t", tt.name, got, tt.wrong)
		}
	}

	f := parse("a/a.go", "package a\n\nfunc F() {}\ntype T struct{}\nfunc (T) M() {}\nfunc (T) String() string\ntype h int\nfunc (h) M() {}\nconst C = 1\n// V.\nvar V int\nconst (\n\tD = 1 // D.\n\tE = 2\n)")
	want := []string{"a/a.go:3: F", "a/a.go:4: T", "a/a.go:5: M", "a/a.go:9: C", "a/a.go:14: E"}
	if got := undocumented(f); !slices.Equal(got, want) {
		t.Errorf("undocumented = %q, want %q", got, want)
	}

	f = parse("a/a_test.go", "package a\n\nimport \"time\"\n\n// time.Sleep(1) in a comment\nfunc f() { time.Sleep(1) }")
	if got, want := sleeps(f), []string{"a/a_test.go:6"}; !slices.Equal(got, want) {
		t.Errorf("sleeps = %q, want %q", got, want)
	}

	for text, want := range map[string]bool{
		"// TO" + "DO: later":           true,
		"cd /wor" + "k/main":            true,
		"https://pro" + "xy.example/x":  true,
		"/etc/parkagent/parkagent.toml": false,
		"mastodon":                      false,
	} {
		if got := unfit().MatchString(text); got != want {
			t.Errorf("unfit(%q) = %t, want %t", text, got, want)
		}
	}
}

package protocol

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// structComments returns what the package's source says about each struct, in one
// line each.
func structComments(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			group, ok := declaration.(*ast.GenDecl)
			if !ok || group.Tok != token.TYPE {
				continue
			}
			for _, spec := range group.Specs {
				doc := spec.(*ast.TypeSpec).Doc
				if doc == nil {
					doc = group.Doc
				}
				comments[spec.(*ast.TypeSpec).Name.Name] = strings.Join(strings.Fields(doc.Text()), " ")
			}
		}
	}
	return comments
}

func TestEveryMessageNamesItsInterface(t *testing.T) {
	comments := structComments(t)
	all := contracts()
	check := func(direction, number, name string) {
		for _, message := range []any{all[name].request, all[name].answer} {
			if message == nil {
				continue
			}
			// A struct of two interfaces names the direction once.
			said, want := comments[reflect.TypeOf(message).Name()], strings.TrimSpace(number+" "+name)
			if !strings.Contains(said, direction) || !strings.Contains(said, want) {
				t.Errorf("the comment of %T is %q, want it to name %s %s", message, said, direction, want)
			}
		}
	}
	for _, u := range Uplinks() {
		check("uplink", u.Number, u.Name)
	}
	for _, r := range Routes() {
		check("downlink", r.Number, r.Name)
	}
}

// What the numbers of a message are, by their names.
var (
	moneys    = regexp.MustCompile(`Money$|Fee$|Amount$|^Payable$|^Discount$|^SelfTotal$|^SelfPay$|^ValidValue$`)
	durations = regexp.MustCompile(`Time$`)
	// codes and counts have no unit.
	plain = regexp.MustCompile(`(ID|No|Type|Code|Method|Status|Count|Num|Index|Area)$|^(IsCard|IsCarIn|IfCharge|IsDensityPay|Promptly)$`)

	minutesOrSeconds = regexp.MustCompile(`\b(minutes|seconds)\b`)
	fen              = regexp.MustCompile(`\bfen\b`)
)

func TestEveryMessageNamesTheUnitsOfItsNumbers(t *testing.T) {
	comments := structComments(t)
	seen := map[reflect.Type]bool{}
	var look func(of reflect.Type)
	look = func(of reflect.Type) {
		switch {
		case of.Kind() == reflect.Slice:
			of = of.Elem()
		case of == reflect.TypeFor[FreeDetail]():
			of = reflect.TypeFor[FreeItem]()
		}
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[Int]() || seen[of] {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			f := of.Field(i)
			look(f.Type)
			switch f.Type {
			case reflect.TypeFor[int](), reflect.TypeFor[int64](), reflect.TypeFor[Int]():
			default:
				continue // texts, and codes with a type of their own
			}
			switch said := comments[of.Name()]; {
			case moneys.MatchString(f.Name):
				if !fen.MatchString(said) {
					t.Errorf("the comment of %s does not say that %s is in fen: %q", of.Name(), f.Name, said)
				}
			case durations.MatchString(f.Name):
				if !minutesOrSeconds.MatchString(said) {
					t.Errorf("the comment of %s does not say whether %s is in minutes or seconds: %q", of.Name(), f.Name, said)
				}
			case !plain.MatchString(f.Name):
				t.Errorf("%s.%s is neither money nor a duration nor a code or count: which?", of.Name(), f.Name)
			}
		}
	}
	for _, c := range contracts() {
		for _, message := range []any{c.request, c.answer} {
			if message != nil {
				look(reflect.TypeOf(message))
			}
		}
	}
}

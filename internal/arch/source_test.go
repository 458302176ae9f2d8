package arch_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxLines bounds a Go file that is written by hand; most stay under 400.
const maxLines = 600

// houseWords never appear in what a user sees (DESIGN §2, invariant 8).
var houseWords = regexp.MustCompile(`(?i)\b(breach(es|ed|ing)?|violations?|non-?\s?complian(ce|t))\b`)

// source is one parsed Go file.
type source struct {
	path string // from the module's root, with slashes
	raw  []byte
	file *ast.File
	fset *token.FileSet
}

func parse(t *testing.T, path string, raw []byte) source {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, raw, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return source{path, raw, file, fset}
}

func (s source) test() bool {
	return strings.HasSuffix(s.path, "_test.go") || forTests(filepath.Dir(s.path))
}

func (s source) at(n ast.Node, format string, a ...any) string {
	return fmt.Sprintf("%s:%d: %s", s.path, s.fset.Position(n.Pos()).Line, fmt.Sprintf(format, a...))
}

// files calls f with every file of the module that is ours: no other module,
// no test data, nothing built.
func files(t *testing.T, f func(path string, raw []byte)) {
	t.Helper()
	top := root(t)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "testdata", "tools", "bin", "bench", "dist", "node_modules"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f(filepath.ToSlash(rel), raw)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	files(t, func(path string, raw []byte) {
		if strings.HasSuffix(path, ".go") {
			all = append(all, parse(t, path, raw))
		}
	})
	if len(all) < 10 {
		t.Fatalf("found only %d Go files", len(all))
	}
	return all
}

// wordFaults finds house words in what a Go file may show to a user: its
// string literals, imports and struct tags left out.
func wordFaults(s source) []string {
	if s.test() {
		return nil
	}
	var faults []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if word := houseWords.FindString(text); n.Kind == token.STRING && err == nil && word != "" {
				faults = append(faults, s.at(n, "%q is not a word of this house", word))
			}
		}
		return true
	})
	return faults
}

// clockFaults finds readings of the system's clock where time must come in
// through a constructor.
func clockFaults(s source) []string {
	if s.test() || within(s.path, "cmd", "internal/node", "internal/cli") {
		return nil
	}
	name := ""
	for _, spec := range s.file.Imports {
		if spec.Path.Value == `"time"` {
			name = "time"
			if spec.Name != nil {
				name = spec.Name.Name
			}
		}
	}
	var faults []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name) {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && name != "" && x.Name == name {
			faults = append(faults, s.at(n, "time.%s: take a clock.Clock", sel.Sel.Name))
		}
		return true
	})
	return faults
}

// panicFaults finds panics outside functions named Must.
func panicFaults(s source) []string {
	if s.test() {
		return nil
	}
	var faults []string
	for _, decl := range s.file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(strings.ToLower(fn.Name.Name), "must") {
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if fn, ok := call.Fun.(*ast.Ident); ok && fn.Name == "panic" {
					faults = append(faults, s.at(n, "panic: return an error"))
				}
			}
			return true
		})
	}
	return faults
}

// blankFaults finds results that are dropped with no reason on the line, in
// what people wrote.
func blankFaults(s source) []string {
	if s.test() || ast.IsGenerated(s.file) {
		return nil
	}
	reasons := map[int]bool{}
	for _, group := range s.file.Comments {
		reasons[s.fset.Position(group.Pos()).Line] = true
	}
	var faults []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || a.Tok != token.ASSIGN || slices.ContainsFunc(a.Lhs, func(e ast.Expr) bool {
			id, ok := e.(*ast.Ident)
			return !ok || id.Name != "_"
		}) {
			return true
		}
		if _, ok := a.Rhs[0].(*ast.CallExpr); ok && !reasons[s.fset.Position(a.End()).Line] {
			faults = append(faults, s.at(a, "a result is dropped with no reason on the line"))
		}
		return true
	})
	return faults
}

func lengthFaults(s source) []string {
	if n := bytes.Count(s.raw, []byte("\n")); n > maxLines && !ast.IsGenerated(s.file) {
		return []string{fmt.Sprintf("%s: %d lines, want at most %d", s.path, n, maxLines)}
	}
	return nil
}

// commentFaults finds packages that do not say what they are.
func commentFaults(all []source) []string {
	said := map[string]bool{}
	for _, s := range all {
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		want := "Package " + s.file.Name.Name + " "
		if s.file.Name.Name == "main" {
			want = "Command " + filepath.Base(filepath.Dir(s.path)) + " "
		}
		doc := strings.ReplaceAll(s.file.Doc.Text(), "\n", " ")
		said[filepath.Dir(s.path)] = said[filepath.Dir(s.path)] || strings.HasPrefix(doc, want)
	}
	var faults []string
	for dir, ok := range said {
		if !ok {
			faults = append(faults, dir+": no comment that begins with Package (or Command) and its name")
		}
	}
	slices.Sort(faults)
	return faults
}

func TestSourcesKeepTheRules(t *testing.T) {
	all := sources(t)
	faults := commentFaults(all)
	for _, s := range all {
		faults = slices.Concat(faults, wordFaults(s), clockFaults(s), panicFaults(s), blankFaults(s), lengthFaults(s))
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

func TestTemplatesAndCataloguesKeepTheHouseWords(t *testing.T) {
	shown := []string{".templ", ".html", ".tmpl", ".json", ".yaml", ".yml", ".js"}
	files(t, func(path string, raw []byte) {
		if !within(path, "cmd", "internal") || !slices.Contains(shown, filepath.Ext(path)) {
			return
		}
		for i, line := range strings.Split(string(raw), "\n") {
			if word := houseWords.FindString(line); word != "" {
				t.Errorf("%s:%d: %q is not a word of this house", path, i+1, word)
			}
		}
	})
}

func TestSourceRulesAreHeld(t *testing.T) {
	all := func(s source) []string {
		return slices.Concat(wordFaults(s), clockFaults(s), panicFaults(s), blankFaults(s), lengthFaults(s), commentFaults([]source{s}))
	}
	doc := "// Package x is a case.\npackage x\n"
	for _, tc := range []struct {
		name, path, text, want string
	}{
		{"a plain file passes", "internal/act/x/x.go", doc + "const a = `agreed`\n", ""},
		{"a house word in a literal", "internal/act/x/x.go", doc + "const a = `a Breach of terms`\n", `internal/act/x/x.go:3: "Breach" is not a word of this house`},
		{"a house word written apart", "internal/act/x/x.go", doc + "const a = `non-compliance`\n", `internal/act/x/x.go:3: "non-compliance" is not a word of this house`},
		{"a house word in a comment is not shown", "internal/act/x/x.go", doc + "// no breach\nconst a = 1\n", ""},
		{"a term of STIX is STIX's", "internal/act/x/x.go", doc + "const a = `violates-system-operational-integrity`\n", ""},
		{"a name of PostgreSQL's is not shown", "internal/act/x/x.go", doc + "const a = `unique_violation`\n", ""},
		{"a test may name them", "internal/act/x/x_test.go", doc + "const a = `breach`\n", ""},
		{"the system's clock", "internal/act/x/x.go", doc + "import \"time\"\nvar a = time.Now\n", "internal/act/x/x.go:4: time.Now: take a clock.Clock"},
		{"the system's clock by another name", "internal/act/x/x.go", doc + "import tm \"time\"\nfunc a() { tm.Since(b) }\n", "internal/act/x/x.go:4: time.Since: take a clock.Clock"},
		{"the node reads the clock", "internal/node/x.go", doc + "import \"time\"\nvar a = time.Now\n", ""},
		{"what exists for tests reads the clock", "internal/nodetest/x.go", doc + "import \"time\"\nvar a = time.Now\n", ""},
		{"a clock of our own", "internal/act/x/x.go", doc + "import \"time\"\nfunc a() time.Time { return clock.Now() }\n", ""},
		{"a panic", "internal/act/x/x.go", doc + "func a() { panic(1) }\n", "internal/act/x/x.go:3: panic: return an error"},
		{"a panic in Must", "internal/act/x/x.go", doc + "func MustA() { panic(1) }\n", ""},
		{"a dropped error", "internal/act/x/x.go", doc + "func a() {\n\t_ = b()\n}\n", "internal/act/x/x.go:4: a result is dropped with no reason on the line"},
		{"a dropped error with a reason", "internal/act/x/x.go", doc + "func a() {\n\t_ = b() // given up already\n}\n", ""},
		{"a value kept from a dropped error", "internal/act/x/x.go", doc + "func a() {\n\tc, _ = b()\n}\n", ""},
		{"a file as long as may be", "internal/act/x/x.go", doc + strings.Repeat("\n", 598), ""},
		{"a file too long", "internal/act/x/x.go", doc + strings.Repeat("\n", 599), "internal/act/x/x.go: 601 lines, want at most 600"},
		{"a generated file may be long", "internal/act/x/x.go", "// Code generated by x. DO NOT EDIT.\n\n" + doc + strings.Repeat("\n", 700), ""},
		{"no package comment", "internal/act/x/x.go", "package x\n", "internal/act/x: no comment that begins with Package (or Command) and its name"},
		{"a command says its own name", "cmd/y/main.go", "// Command y is a case.\npackage main\n", ""},
		{"a command does not say its name", "cmd/y/main.go", "// Package main is a case.\npackage main\n", "cmd/y: no comment that begins with Package (or Command) and its name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := strings.Join(all(parse(t, tc.path, []byte(tc.text))), "\n"); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

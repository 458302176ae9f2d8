package audit_test

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

	"twoseas/internal/act/hook"
	"twoseas/internal/act/release"
	"twoseas/internal/base/lang"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/edge/web/words"
	"twoseas/internal/law/coordination"
	"twoseas/internal/law/incident"
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// recorders are where the home log takes the name of an act: at which argument.
// What hands its own parameter on to one is one too, see grow.
var recorders = map[string]int{"Record": 2, "Saw": 2, "Counted": 2, "Count": 2, "Journal": 2, "journal": 2, "countRead": 2, "Reads": 2}

// carried are fields that carry a name from a literal that is found itself.
var carried = map[string]bool{"act": true, "saw": true, "reads": true}

// served are the names by which programs read, as the tables of routes have them.
var served = regexp.MustCompile(`^(taxii|out|misp)\.[a-z-]+$`)

// source is one function of the node, and the package it is in.
type source struct {
	dir string
	fn  *ast.FuncDecl
}

// recorded is what the sources record: names of acts, and beginnings of names
// that end in a value.
type recorded struct{ names, beginnings, unread map[string]bool }

// endings are what comes after the beginnings of names that end in a value.
func endings() map[string][]string {
	out := map[string][]string{
		"answer.":  {"sighting", "opinion", "note"},
		"erasure.": {store.ErasureDone, store.ErasureRefused},
		"hook.":    {string(hook.Test)},
		"release.": {release.VerdictApprove, release.VerdictRefuse, release.VerdictEmergency, release.VerdictReopen},
	}
	for _, e := range hook.Events() {
		out["hook."] = append(out["hook."], string(e))
	}
	for _, m := range request.Moves() {
		out["request."] = append(out["request."], string(m))
	}
	out["coordination."] = []string{"open", "received", "corrected", "published"}
	for _, m := range []coordination.Move{
		coordination.Join, coordination.Decline, coordination.ProposeDate, coordination.AgreeDate, coordination.Report,
		coordination.Write, coordination.AgreeDraft, coordination.Withhold, coordination.Close,
	} {
		out["coordination."] = append(out["coordination."], string(m))
	}
	for _, k := range incident.EntryKinds() {
		out["incident."] = append(out["incident."], string(k))
	}
	return out
}

// TestEveryActHasAWord finds the names of acts in the sources: each is said on
// the pages in the words of the reader.
func TestEveryActHasAWord(t *testing.T) {
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	got, known := acts(t), endings()
	for from := range got.beginnings {
		if known[from] == nil {
			t.Errorf("what do acts end in that begin with %q?", from)
		}
	}
	for from, ends := range known {
		for _, end := range ends {
			got.names[from+end] = true
		}
	}
	for place := range got.unread {
		t.Errorf("%s: the name of an act cannot be read here", place)
	}
	if len(got.names) < 190 || !got.names["search"] || !got.names["grant"] || !got.names["misp.event"] || !got.names["import.done"] {
		t.Fatalf("only %d acts were found", len(got.names))
	}
	english, told := c.Texts(lang.English), map[string]bool{}
	for name := range got.names {
		told[page.ActWord(name)] = true
		if english[page.ActWord(name)] == "" {
			t.Errorf("no word for the act %q", name)
		}
	}
	for key := range english {
		if strings.HasPrefix(key, "act.") && !told[key] {
			t.Errorf("nothing records what %q is the word for", key)
		}
	}
}

// acts reads the sources of everything that records.
func acts(t *testing.T) recorded {
	t.Helper()
	list, fset := functions(t)
	where := grow(list)
	out := recorded{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, s := range list {
		ast.Inspect(s.fn, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if i, ok := at(where, s.dir, n); ok && i < len(n.Args) {
					out.take(s, n.Args[i], fset)
				}
			case *ast.CompositeLit:
				if of, ok := n.Type.(*ast.Ident); ok && of.Name == "entry" && len(n.Elts) > 1 && literalOf(n.Elts[1]) != "" {
					out.take(s, n.Elts[1], fset)
				}
			case *ast.BasicLit:
				if strings.Contains(s.dir, "/edge/") && served.MatchString(literalOf(n)) {
					out.take(s, n, fset)
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && (k.Name == "saw" || (k.Name == "Act" || k.Name == "act") && literalOf(n.Value) != "") {
					out.take(s, n.Value, fset)
				}
			}
			return true
		})
	}
	return out
}

// take reads what stands where a name is expected.
func (r recorded) take(s source, e ast.Expr, fset *token.FileSet) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if name := literalOf(e); name != "" {
			r.names[name] = true
		}
	case *ast.BinaryExpr:
		if l := literalOf(e.X); l != "" {
			r.beginnings[l] = true
		}
	case *ast.Ident:
		found := parameter(s.fn, e.Name) >= 0
		ast.Inspect(s.fn, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
				for i, l := range a.Lhs {
					if id, ok := l.(*ast.Ident); ok && id.Name == e.Name {
						r.take(s, a.Rhs[i], fset)
						found = true
					}
				}
			}
			return true
		})
		if !found {
			r.unread[fset.Position(e.Pos()).String()] = true
		}
	case *ast.SelectorExpr:
		if !carried[e.Sel.Name] {
			r.unread[fset.Position(e.Pos()).String()] = true
		}
	default:
		r.unread[fset.Position(e.Pos()).String()] = true
	}
}

func literalOf(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return s
}

// functions returns every function of the node.
func functions(t *testing.T) ([]source, *token.FileSet) {
	t.Helper()
	var out []source
	fset := token.NewFileSet()
	err := filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				out = append(out, source{filepath.Dir(path), fn})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, fset
}

// grow returns where names are taken, by package and function.
func grow(list []source) map[string]int {
	where := map[string]int{}
	for again := true; again; {
		again = false
		for _, s := range list {
			key := s.dir + " " + s.fn.Name.Name
			if _, ok := where[key]; ok {
				continue
			}
			ast.Inspect(s.fn.Body, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if i, ok := at(where, s.dir, call); ok && i < len(call.Args) {
					if id, ok := call.Args[i].(*ast.Ident); ok {
						if p := parameter(s.fn, id.Name); p >= 0 {
							where[key], again = p, true
						}
					}
				}
				return true
			})
		}
	}
	return where
}

// at returns which argument of call names an act.
func at(where map[string]int, dir string, call *ast.CallExpr) (int, bool) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		if of, ok := f.X.(*ast.SelectorExpr); ok && of.Sel.Name == "Accords" {
			return 0, false // records an event of an agreement, not an act
		}
		name = f.Sel.Name
	}
	if i, ok := where[dir+" "+name]; ok {
		return i, true
	}
	i, ok := recorders[name]
	return i, ok
}

// parameter returns which parameter of fn is called name, or -1.
func parameter(fn *ast.FuncDecl, name string) int {
	i := 0
	for _, f := range fn.Type.Params.List {
		for _, n := range f.Names {
			if n.Name == name {
				return i
			}
			i++
		}
	}
	return -1
}

package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// schemaFiles say which tables have a domain column.
const schemaFiles = "migrations/*.sql"

var (
	createTable = regexp.MustCompile(`(?ms)^CREATE TABLE (\w+) \((.*?)^\)`)
	domainIn    = regexp.MustCompile(`(?m)^\s+domain\s`)
	// tableRef is a table and its alias wherever SQL names one. FROM (SELECT …)
	// and FROM json_each(…) are not.
	tableRef  = regexp.MustCompile(`\b(FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)\b(?:\s+(?:AS\s+)?([a-z])\b)?(\()?`)
	commaJoin = regexp.MustCompile(`\bFROM\s+[a-z_]+(?:\s+(?:AS\s+)?[a-z])?\s*,`)
	insertRef = regexp.MustCompile(`\bINSERT INTO ([a-z_]+) \(([^)]*)\)\s*(?:VALUES \(|SELECT )([^)]*)`)
	statement = regexp.MustCompile(`\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b`)
	parameter = regexp.MustCompile(`^\$(\d+)$`)
)

func domainTables(t *testing.T) map[string]bool {
	t.Helper()
	names, err := fs.Glob(os.DirFS("."), schemaFiles)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range createTable.FindAllStringSubmatch(string(raw), -1) {
			out[m[1]] = domainIn.MatchString(m[2])
		}
	}
	if len(out) < 30 || !out["object"] || out["account"] {
		t.Fatalf("the schema was not understood: %v", out)
	}
	return out
}

// TestEverySQLTextOnSharedMatterNamesItsDomain is invariant 7 in the source: a
// statement that touches a table with a domain column holds that column to a
// parameter, and that parameter is t.domain.
func TestEverySQLTextOnSharedMatterNamesItsDomain(t *testing.T) {
	c := newSQLChecker(t)
	var files []*ast.File
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(c.fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	c.check(files...)
	for _, fault := range c.faults {
		t.Error(fault)
	}
	if c.seen < 100 {
		t.Errorf("only %d statements were found; the test does not see what it should", c.seen)
	}
}

// TestTheCheckOfSQLTextsFindsWhatItIsFor feeds it statements that must not
// pass.
func TestTheCheckOfSQLTextsFindsWhatItIsFor(t *testing.T) {
	for name, body := range map[string]string{
		"no domain at all":                `t.Exec("DELETE FROM object WHERE seq = $1", seq)`,
		"one of two tables":               `t.Each(f, "SELECT 1 FROM object o JOIN member m ON m.object = o.seq WHERE o.domain = $1", t.domain)`,
		"the domain of another's column":  `t.Each(f, "SELECT 1 FROM object o, label l WHERE o.domain = l.domain AND l.domain = $1", t.domain)`,
		"a subquery":                      `t.Each(f, "SELECT 1 FROM object o WHERE o.domain = $1 AND EXISTS (SELECT 1 FROM permit p WHERE p.label = o.label)", t.domain)`,
		"another value for the parameter": `t.Exec("DELETE FROM object WHERE domain = $1 AND seq = $2", seq, t.domain)`,
		"a number":                        `t.Exec("DELETE FROM object WHERE domain = 1 AND seq = $1", t.domain)`,
		"an insert without it":            `t.Exec("INSERT INTO permit (class, label) VALUES ($1, $2)", t.domain, label)`,
		"an insert of another value":      `t.Exec("INSERT INTO permit (domain, class, label) VALUES ($2, $1, $3)", t.domain, class, label)`,
		"an upsert that reads":            `t.Exec("INSERT INTO permit (domain, class, label) SELECT $1, 1, id FROM label", t.domain)`,
		"a text in two parts":             `t.Exec("UPDATE object SET body = $2 "+where, t.domain, body)`,
		"no argument":                     `t.Exec("DELETE FROM object WHERE domain = $1")`,
	} {
		c := newSQLChecker(t)
		f, err := parser.ParseFile(c.fset, "x.go", "package x\nconst where = `WHERE seq = 1`\nfunc (t *Tx) f() { "+body+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		if c.check(f); len(c.faults) == 0 {
			t.Errorf("%s passed: %s", name, body)
		}
	}
	bulk := "package x\nvar b = db.MustBulk(`object`, ``, `seq bigint`, `domain bigint`)\nfunc (t *Tx) f() { t.Insert(b, 1, func(i int, a []any) { a[0], a[1] = t.domain, seq }) }"
	c := newSQLChecker(t)
	f, err := parser.ParseFile(c.fset, "x.go", bulk, 0)
	if err != nil {
		t.Fatal(err)
	}
	if c.check(f); len(c.faults) == 0 {
		t.Error("a bulk insert that puts the domain into another column passed")
	}
}

// sqlChecker reads the texts of statements out of Go source.
type sqlChecker struct {
	tables map[string]bool
	fset   *token.FileSet
	texts  map[string]ast.Expr   // constants and package variables
	prefix map[string][]ast.Expr // methods that pass a text on: what they put before its arguments
	faults []string
	seen   int
}

func newSQLChecker(t *testing.T) *sqlChecker {
	t.Helper()
	return &sqlChecker{tables: domainTables(t), fset: token.NewFileSet(), texts: map[string]ast.Expr{}, prefix: map[string][]ast.Expr{}}
}

func (c *sqlChecker) check(files ...*ast.File) {
	for _, f := range files {
		for _, d := range f.Decls {
			c.declare(d)
		}
	}
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				c.function(fn)
			}
		}
	}
}

// declare notes package-level texts, and methods with a parameter query.
func (c *sqlChecker) declare(d ast.Decl) {
	switch d := d.(type) {
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if v, ok := s.(*ast.ValueSpec); ok {
				for i, name := range v.Names {
					if i < len(v.Values) {
						c.texts[name.Name] = v.Values[i]
					}
				}
			}
		}
	case *ast.FuncDecl:
		if d.Body == nil {
			return
		}
		ast.Inspect(d.Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for i, a := range call.Args {
				if id, ok := a.(*ast.Ident); ok && id.Name == "query" {
					c.prefix[d.Name.Name] = nil
					for _, b := range call.Args[i+1:] {
						if isDomain(b) {
							c.prefix[d.Name.Name] = append(c.prefix[d.Name.Name], b)
						}
					}
				}
			}
			return true
		})
	}
}

// function checks every call that is given a statement, and the statements
// that are put together by a builder.
func (c *sqlChecker) function(fn *ast.FuncDecl) {
	builder := usesBuilder(fn)
	if builder {
		c.statement(fn.Pos(), c.flatAll(fn.Body), nil, true)
	}
	takes := builder || takesBuilder(fn)
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.SelectorExpr:
			name = f.Sel.Name
		case *ast.Ident:
			name = f.Name
		}
		if name == "Insert" {
			c.bulk(call)
		}
		if builder && name == "WriteString" {
			return true
		}
		for i, a := range call.Args {
			if text := c.flat(a); statement.MatchString(text) && name != "MustBulk" {
				c.statement(call.Pos(), text, append(slices.Clone(c.prefix[name]), given(fn, call.Args[i+1:])...), takes)
			}
		}
		return true
	})
}

// given resolves args when they are a list that fn begins to fill in its first
// append.
func given(fn *ast.FuncDecl, args []ast.Expr) []ast.Expr {
	if len(args) != 1 {
		return args
	}
	list, ok := args[0].(*ast.Ident)
	if !ok {
		return args
	}
	var first []ast.Expr
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || first != nil || len(call.Args) < 2 {
			return true
		}
		f, ok := call.Fun.(*ast.Ident)
		to, into := call.Args[0].(*ast.Ident)
		if ok && into && f.Name == "append" && to.Name == list.Name {
			first = call.Args[1:]
		}
		return true
	})
	return first
}

func takesBuilder(fn *ast.FuncDecl) bool {
	return slices.ContainsFunc(fn.Type.Params.List, func(f *ast.Field) bool {
		p, ok := f.Type.(*ast.StarExpr)
		if !ok {
			return false
		}
		id, ok := p.X.(*ast.Ident)
		return ok && id.Name == "builder"
	})
}

// usesBuilder reports whether fn begins a list of arguments with t.domain.
func usesBuilder(fn *ast.FuncDecl) (yes bool) {
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok {
			for _, e := range lit.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				if args, ok := kv.Value.(*ast.CompositeLit); ok && len(args.Elts) > 0 && isDomain(args.Elts[0]) {
					yes = true
				}
			}
		}
		return true
	})
	return yes
}

// isDomain reports whether e is t.domain.
func isDomain(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "domain" {
		return false
	}
	id, ok := s.X.(*ast.Ident)
	return ok && id.Name == "t"
}

// flat is the text an expression makes; what is not known becomes "?".
func (c *sqlChecker) flat(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			if err == nil {
				return s
			}
		}
	case *ast.BinaryExpr:
		return c.flat(e.X) + c.flat(e.Y)
	case *ast.ParenExpr:
		return c.flat(e.X)
	case *ast.Ident:
		if v, ok := c.texts[e.Name]; ok {
			return c.flat(v)
		}
	}
	return "?"
}

// flatAll is every text in a function, one after the other.
func (c *sqlChecker) flatAll(body ast.Node) string {
	var b strings.Builder
	ast.Inspect(body, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			b.WriteString(c.flat(lit) + "\n")
		}
		return true
	})
	return b.String()
}

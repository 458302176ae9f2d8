package audit_test

import (
	"go/ast"
	"strings"
	"testing"

	"twoseas/internal/base/lang"
	"twoseas/internal/edge/web/audit"
	"twoseas/internal/edge/web/words"
)

// TestEveryFieldHasAWord finds the names of what entries of the home log name
// in the sources: each is said on the pages in the words of the reader.
func TestEveryFieldHasAWord(t *testing.T) {
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	names := fieldNames(t)
	if len(names) < 60 || !names["object"] || !names["where"] || !names["fingerprint"] {
		t.Fatalf("only %d names were found: %v", len(names), names)
	}
	english := c.Texts(lang.English)
	for name := range names {
		if english[audit.FieldWord(name)] == "" {
			t.Errorf("no word for the field %q", name)
		}
	}
	for key := range english {
		if name, ok := strings.CutPrefix(key, audit.FieldWord("")); ok && !names[name] {
			t.Errorf("nothing records what %q is the word for", key)
		}
	}
}

// fieldNames reads them where they are written: as fields, and as pairs of a
// name and a value behind the name of an act.
func fieldNames(t *testing.T) map[string]bool {
	t.Helper()
	list, _ := functions(t)
	where, out := grow(list), map[string]bool{}
	for _, s := range list {
		ast.Inspect(s.fn, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if i, ok := at(where, s.dir, n); ok {
					pairs(out, n.Args[min(i+1, len(n.Args)):])
				}
			case *ast.CompositeLit:
				written(out, n)
			case *ast.AssignStmt:
				if identOf(n.Lhs[0]) == "fields" {
					collected(out, n.Rhs[0])
				}
			}
			return true
		})
	}
	delete(out, "")
	return out
}

// pairs takes every second argument; a list that is continued begins anew.
func pairs(out map[string]bool, args []ast.Expr) {
	for i, a := range args {
		if call, ok := a.(*ast.CallExpr); ok && len(call.Args) > 0 {
			a = call.Args[0]
		}
		switch a := a.(type) {
		case *ast.BasicLit:
			if i%2 == 0 {
				out[literalOf(a)] = true
			}
		case *ast.CompositeLit:
			if of, ok := a.Type.(*ast.ArrayType); ok && isString(of.Elt) {
				for j := 0; j < len(a.Elts); j += 2 {
					out[literalOf(a.Elts[j])] = true
				}
			}
		}
	}
}

// collected takes pairs that are put together in a variable called fields.
func collected(out map[string]bool, e ast.Expr) {
	call, ok := e.(*ast.CallExpr)
	if ok && identOf(call.Fun) == "append" && identOf(call.Args[0]) == "fields" {
		pairs(out, call.Args[1:])
		return
	}
	pairs(out, []ast.Expr{e})
}

func isString(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "string"
}

// written takes the name of a field, or those of a list of fields.
func written(out map[string]bool, lit *ast.CompositeLit) {
	if identOf(lit.Type) == "entry" && len(lit.Elts) == 3 {
		pairs(out, lit.Elts[2:])
		return
	}
	of, many := lit.Type, false
	if list, ok := lit.Type.(*ast.ArrayType); ok {
		of, many = list.Elt, true
	}
	if sel, ok := of.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Field" || identOf(sel.X) != "ledger" {
		return
	}
	if !many {
		out[first(lit)] = true
		return
	}
	for _, e := range lit.Elts {
		if one, ok := e.(*ast.CompositeLit); ok {
			out[first(one)] = true
		}
	}
}

func identOf(e ast.Expr) string {
	id, ok := e.(*ast.Ident)
	if !ok {
		return ""
	}
	return id.Name
}

// first is the literal that a field has as its name.
func first(lit *ast.CompositeLit) string {
	if len(lit.Elts) == 0 {
		return ""
	}
	e := lit.Elts[0]
	if kv, ok := e.(*ast.KeyValueExpr); ok {
		e = kv.Value
	}
	return literalOf(e)
}

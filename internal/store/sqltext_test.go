package store_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// statement checks one text with its arguments. With a builder the first
// parameter is the domain, which usesBuilder has seen.
func (c *sqlChecker) statement(at token.Pos, text string, args []ast.Expr, builder bool) {
	c.seen++
	holds := func(n string) bool { // whether parameter $n is t.domain
		i, err := strconv.Atoi(n)
		if builder {
			return i == 1
		}
		return err == nil && i >= 1 && i <= len(args) && isDomain(args[i-1])
	}
	if commaJoin.MatchString(text) {
		c.fault(at, "tables joined by a comma: write JOIN, which this test reads: %q", text)
	}
	for _, m := range tableRef.FindAllStringSubmatch(text, -1) {
		table, alias := m[2], m[3]
		if !c.tables[table] || m[4] != "" {
			continue
		}
		if m[1] == "INTO" {
			c.insert(at, text, holds)
			continue
		}
		column := `\bdomain`
		if alias != "" {
			column = `\b` + alias + `\.domain`
		}
		ok := false
		for _, x := range regexp.MustCompile(column+` = \$(\d+)\b`).FindAllStringSubmatchIndex(text, -1) {
			bare := alias != "" || x[0] == 0 || text[x[0]-1] != '.'
			ok = ok || bare && holds(text[x[2]:x[3]])
		}
		if !ok {
			c.fault(at, "%s %s is not held to t.domain in %q", table, alias, text)
		}
	}
}

func (c *sqlChecker) insert(at token.Pos, text string, holds func(string) bool) {
	m := insertRef.FindStringSubmatch(text)
	if m == nil {
		c.fault(at, "an INSERT that the test does not understand: %q", text)
		return
	}
	columns, values := strings.Split(m[2], ","), strings.Split(m[3], ",")
	i := slices.IndexFunc(columns, func(s string) bool { return strings.TrimSpace(s) == "domain" })
	if i < 0 {
		// The columns may come from a constant before the domain.
		i = slices.IndexFunc(columns, func(s string) bool { return strings.HasSuffix(strings.TrimSpace(s), "domain") })
	}
	if i < 0 || i >= len(values) {
		c.fault(at, "INSERT INTO %s sets no domain: %q", m[1], text)
		return
	}
	p := parameter.FindStringSubmatch(strings.TrimSpace(strings.SplitN(strings.TrimSpace(values[i]), " ", 2)[0]))
	if p == nil || !holds(p[1]) {
		c.fault(at, "INSERT INTO %s sets a domain that is not t.domain: %q", m[1], text)
	}
}

// bulk checks that an Insert of many rows puts t.domain into the column.
func (c *sqlChecker) bulk(call *ast.CallExpr) {
	id, ok := call.Args[0].(*ast.Ident)
	if !ok {
		return // a dump's, which holds every domain
	}
	made, ok := c.texts[id.Name].(*ast.CallExpr)
	if !ok {
		c.fault(call.Pos(), "a bulk insert by %s, which is no package variable", id.Name)
		return
	}
	table := c.flat(made.Args[0])
	if !c.tables[table] {
		return
	}
	c.seen++
	column := slices.IndexFunc(made.Args[2:], func(e ast.Expr) bool { return c.flat(e) == "domain bigint" })
	set := false
	ast.Inspect(call.Args[2], func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != len(a.Rhs) {
			return true
		}
		for i, l := range a.Lhs {
			x, ok := l.(*ast.IndexExpr)
			if !ok {
				continue
			}
			lit, ok := x.Index.(*ast.BasicLit)
			set = set || ok && lit.Value == strconv.Itoa(column) && isDomain(a.Rhs[i])
		}
		return true
	})
	if !set {
		c.fault(call.Pos(), "the bulk insert into %s does not put t.domain into its column", table)
	}
}

func (c *sqlChecker) fault(at token.Pos, format string, a ...any) {
	c.faults = append(c.faults, fmt.Sprintf("%s: ", c.fset.Position(at))+strings.Join(strings.Fields(fmt.Sprintf(format, a...)), " "))
}

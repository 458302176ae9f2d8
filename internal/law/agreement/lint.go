package agreement

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// Finding is something a careful drafter would look at again. Errors are
// never findings: a document with errors does not parse.
type Finding struct {
	Line int // 0 when the document did not come from YAML
	Path string
	Text string
}

// String says where and what.
func (f Finding) String() string { return place(f.Line, "") + f.Path + ": " + f.Text }

// maxCases bounds the cases tried for finding rules that never decide.
const maxCases = 50_000

// Lint returns what is doubtful, in the document's order.
func Lint(d *Document) []Finding {
	c := &linter{d: d}
	c.sides()
	c.areas()
	c.ceiling()
	c.equivalence()
	c.industry()
	c.rules()
	c.unreachable()
	slices.SortStableFunc(c.found, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return c.found
}

type linter struct {
	d     *Document
	found []Finding
}

func (c *linter) find(pointer, format string, a ...any) {
	c.found = append(c.found, Finding{Line: c.d.lineOf(pointer), Path: path(pointer), Text: fmt.Sprintf(format, a...)})
}

func (c *linter) sides() {
	for i, s := range c.d.Sides {
		if s.Key == "" {
			c.find("/sides/"+strconv.Itoa(i), "side %s has no key yet: nobody can sign for it", s.ID)
		}
	}
}

func (c *linter) areas() {
	for i, a := range c.d.Areas {
		cited := slices.ContainsFunc(c.d.Rules, func(r Rule) bool { return r.Clause == a.Ref })
		if len(a.Kinds) > 0 && !cited {
			c.find("/areas/"+strconv.Itoa(i), "area %s lists kinds of object and no rule cites it", a.Ref)
		}
	}
}

// ceiling compares the TLP ceiling with what any rule could let go.
func (c *linter) ceiling() {
	top := marking.NoTLP
	for _, r := range c.d.Rules {
		if r.Then.Deny != "" {
			continue
		}
		levels := r.When.row().TLPs
		if len(levels) == 0 {
			levels = marking.TLPs()
		}
		top = max(top, slices.Max(levels))
	}
	limit := c.d.Table().CeilingTLP
	if top < limit {
		c.find("/ceilings/tlp", "the ceiling is %s and no rule lets go more than %s", limit, top)
	}
}

// desk reports whether only kinds of the desk match: they may rest on any
// clause, such as that on protection or that on points of contact.
func (w When) desk() bool {
	return len(w.Kind) > 0 && !slices.ContainsFunc(w.Kind, func(k string) bool { return !marking.IsDesk(k) })
}

func (c *linter) rules() {
	for i, r := range c.d.Rules {
		at := "/rules/" + strconv.Itoa(i)
		if !slices.ContainsFunc(c.d.Tests, func(t Test) bool { return t.covers(r.ID) }) {
			c.find(at, "no test expects rule %s to decide", r.ID)
		}
		n := slices.IndexFunc(c.d.Areas, func(a Area) bool { return a.Ref == r.Clause })
		if n < 0 && r.When.desk() {
			continue // it rests on what the text says of other things than areas
		}
		if n < 0 {
			c.find(at+"/clause", "clause %s is not an area of the agreement", r.Clause)
			continue
		}
		for _, kind := range r.When.Kind {
			if r.Then.Deny == "" && !slices.Contains(c.d.Areas[n].Kinds, kind) {
				c.find(at+"/when/kind", "rule %s lets go kind %s, which area %s does not list", r.ID, kind, r.Clause)
			}
		}
	}
	if len(c.d.Tests) == 0 {
		c.find("/tests", "the document has no tests")
	}
}

// unreachable looks for a case that each rule decides, and names the rules for
// which there is none. Only combinations of values that the rules can tell apart
// matter, and for one rule only those it matches, each until it decides one. A
// label with several sectors or caveats matches more rules, never fewer, so
// single values suffice.
func (c *linter) unreachable() {
	dims := c.dimensions()
	sides := c.d.SideIDs()
	table, decides, left := c.d.Table(), map[string]bool{}, maxCases
	for _, r := range c.d.Rules {
		mine := r.When.among(dims)
		for n := 0; n < combinations(mine) && !decides[r.ID]; n++ {
			if left--; left < 0 {
				c.find("/rules", "too many combinations to tell whether each rule can decide")
				return
			}
			for _, m := range gate.Decide(pick(mine, n, sides), table, gate.Context{From: sides[0], To: sides[1], Domain: ident.Live}).Winners() {
				if !m.Standing {
					decides[m.Rule] = true
				}
			}
		}
	}
	for i, r := range c.d.Rules {
		if !decides[r.ID] {
			c.find("/rules/"+strconv.Itoa(i), "rule %s never decides: a stricter one, an instrument or a ceiling always comes before it", r.ID)
		}
	}
}

func combinations(dims [9][]string) int {
	cases := 1
	for _, d := range dims {
		cases *= len(d)
	}
	return cases
}

// among returns the values of dims that w matches. What it says nothing of it
// matches all of, and so does here what has more than one name.
func (w When) among(dims [9][]string) [9][]string {
	for i, list := range [9]List{w.Kind, w.TLP, w.PAP, w.Classification, w.Origin, w.Contributor, w.Sector, w.Caveat, w.Consent} {
		if len(list) == 0 || slices.ContainsFunc(list, func(v string) bool { return v == gate.AnyClass || !slices.Contains(dims[i], v) }) {
			continue
		}
		dims[i] = slices.DeleteFunc(slices.Clone(dims[i]), func(v string) bool { return !slices.Contains(list, v) })
	}
	return dims
}

// dimensions returns, for each key, the values the rules mention and one they
// do not.
func (c *linter) dimensions() [9][]string {
	var all When
	for _, r := range c.d.Rules {
		all = all.join(r.When)
	}
	for _, p := range c.d.Precedence {
		all = all.join(p.Governs)
	}
	dims := [9][]string{
		append(all.Kind, firstNot(all.Kind, marking.Kinds())...),
		tlpWords(),
		append(all.PAP, "none"),
		append(all.Classification, gate.NoClass),
		{string(gate.Own), string(gate.Other)},
		{gate.NoContributor, marking.Member},
		append(all.Sector, ""),
		append(all.Caveat, ""),
		append(all.Consent, gate.ConsentNone),
	}
	for i := range dims {
		slices.Sort(dims[i])
		dims[i] = slices.Compact(dims[i])
	}
	return dims
}

func (w When) join(o When) When {
	return When{
		Kind: slices.Concat(w.Kind, o.Kind), PAP: slices.Concat(w.PAP, o.PAP),
		Classification: slices.Concat(w.Classification, o.Classification),
		Sector:         slices.Concat(w.Sector, o.Sector), Caveat: slices.Concat(w.Caveat, o.Caveat), Consent: slices.Concat(w.Consent, o.Consent),
	}
}

// firstNot returns the first word that is not in the list, if any.
func firstNot(list List, words []string) []string {
	i := slices.IndexFunc(words, func(w string) bool { return !slices.Contains(list, w) })
	if i < 0 {
		return nil
	}
	return words[i : i+1]
}

// pick returns the n-th combination.
func pick(dims [9][]string, n int, sides [2]ident.Side) marking.Label {
	var v [9]string
	for i, d := range dims {
		v[i] = d[n%len(d)]
		n /= len(d)
	}
	if v[3] == gate.AnyClass {
		v[3] = anyLevel()
	}
	it := Item{Kind: v[0], TLP: v[1], PAP: v[2], Classification: v[3], Origin: v[4], Contributor: v[5], Sector: optional(v[6]), Caveat: optional(v[7]), Consent: v[8]}
	return it.input(sides[0], sides[1]).Label
}

// anyLevel returns the code of a level that needs protection.
func anyLevel() string {
	for _, code := range marking.LevelCodes() {
		if l, _ := marking.LevelOf(code); l.Rank > 0 {
			return code
		}
	}
	return ""
}

package agreement

import (
	"math/rand/v2"
	"strings"
	"testing"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
)

// TestUnreachableRulesAreThoseOfEveryCase: what lint finds without trying
// everything is what trying everything finds.
func TestUnreachableRulesAreThoseOfEveryCase(t *testing.T) {
	some := rand.New(rand.NewPCG(3, 18))
	words := map[int][]string{
		0: {"threat", "incident", "practice"}, 1: {"clear", "green", "amber", "red"}, 2: {"green", "none"}, 4: {"own", "other"}, 5: {"none", "member"},
		6: {"finance"}, 7: {"orcon"}, 8: {"given", "none"},
	}
	few := func(i int) (out List) {
		for _, w := range words[i] {
			if some.IntN(3) == 0 {
				out = append(out, w)
			}
		}
		return out
	}
	effects := []Then{{Release: true}, {Approve: 1}, {Approve: 2}, {Deny: "because"}}
	never := 0
	for range 30 {
		d, err := Parse(Reference())
		if err != nil {
			t.Fatal(err)
		}
		d.Rules = d.Rules[:6]
		d.Precedence = d.Precedence[:min(1, len(d.Precedence))]
		for i := range d.Rules {
			d.Rules[i].When = When{Kind: few(0), TLP: few(1), PAP: few(2), Origin: few(4), Contributor: few(5), Sector: few(6), Caveat: few(7), Consent: few(8)}
			d.Rules[i].Then = effects[some.IntN(len(effects))]
		}
		c := &linter{d: d}
		c.unreachable()
		var got []string
		for _, f := range c.found {
			got = append(got, f.Text)
		}
		want := d.neverDecide()
		for _, id := range want {
			if !strings.Contains(strings.Join(got, "\n"), "rule "+id+" never") {
				t.Errorf("rule %s never decides and lint says nothing of it: %v", id, d.Rules)
			}
		}
		if len(got) != len(want) {
			t.Errorf("lint finds %v, trying everything %v", got, want)
		}
		never += len(want)
	}
	if never == 0 || never == 30*6 {
		t.Errorf("%d rules never decide", never)
	}
}

// neverDecide tries every combination.
func (d *Document) neverDecide() (ids []string) {
	c := &linter{d: d}
	dims, sides, decides := c.dimensions(), d.SideIDs(), map[string]bool{}
	for n := range combinations(dims) {
		for _, m := range gate.Decide(pick(dims, n, sides), d.Table(), gate.Context{From: sides[0], To: sides[1], Domain: ident.Live}).Winners() {
			decides[m.Rule] = decides[m.Rule] || !m.Standing
		}
	}
	for _, r := range d.Rules {
		if !decides[r.ID] {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

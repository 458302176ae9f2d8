package agreement

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// runTest decides the i-th test in each direction it speaks of. The error
// names the test, what it expects and what came.
func (d *Document) runTest(i int) error {
	t := d.Tests[i]
	if err := t.check(d); err != nil {
		return err
	}
	table := d.Table()
	for _, in := range d.inputs(t) {
		got := gate.Decide(in.Label, table, in.Context)
		if !t.Expect.met(got) {
			return fault.Errorf(fault.Invalid, "test %d%s from %s: expects %s, but: %s",
				i+1, quoted(t.Name), in.Context.From, t.Expect, got.Sentence)
		}
	}
	return nil
}

// Result is what one of the document's tests comes to in one direction.
type Result struct {
	Test     Test
	From     ident.Side
	Decision gate.Decision
	Met      bool
}

// Results runs the document's tests, each in every direction it speaks of. A
// document that Parse or FromCanonical returned meets all of them.
func (d *Document) Results() []Result {
	table := d.Table()
	var out []Result
	for _, t := range d.Tests {
		for _, in := range d.inputs(t) {
			got := gate.Decide(in.Label, table, in.Context)
			out = append(out, Result{Test: t, From: in.Context.From, Decision: got, Met: t.Expect.met(got)})
		}
	}
	return out
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}

// check refuses a test that speaks of nothing one can decide.
func (t Test) check(d *Document) error {
	c := &checker{d: d}
	it := t.Item
	c.when("", When{
		Kind: List{it.Kind}, TLP: optional(it.TLP), PAP: optional(it.PAP), Classification: optional(it.Classification),
		Origin: optional(it.Origin), Contributor: optional(it.Contributor), Sector: it.Sector, Caveat: it.Caveat, Consent: optional(it.Consent),
	})
	e := t.Expect
	if e.Approve < 0 || (e.Release && e.Deny) || (e.Release || e.Deny) == (e.Approve > 0 || len(e.Redact) > 0) {
		c.bad("", "expect release, or deny, or approvals and redactions")
	}
	if e.Rule != "" && !slices.ContainsFunc(d.Rules, func(r Rule) bool { return r.ID == e.Rule }) {
		c.bad("", "there is no rule %q", e.Rule)
	}
	if sides := d.SideIDs(); t.From != "" && !slices.Contains(sides[:], ident.Side(t.From)) {
		c.bad("", "%q is not a side", t.From)
	}
	if len(c.problems) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, strings.Join(c.problems, "; "))
}

func optional(s string) List {
	if s == "" {
		return nil
	}
	return List{s}
}

// inputs returns the questions a test asks the gate: one for each direction.
func (d *Document) inputs(t Test) []gate.Input {
	var out []gate.Input
	for _, from := range d.SideIDs() {
		if t.From != "" && t.From != string(from) {
			continue
		}
		if to, err := d.OtherSide(from); err == nil {
			out = append(out, t.Item.input(from, to))
		}
	}
	return out
}

// input returns the item's label and crossing. An exercise item is tried in
// an exercise.
func (it Item) input(from, to ident.Side) gate.Input {
	l := marking.Label{Kind: it.Kind, Origin: from, Sectors: it.Sector}
	switch gate.Origin(it.Origin) {
	case gate.Partner:
		l.Origin = to
	case gate.Other:
		l.Origin = marking.OtherSide
	case gate.Own:
	}
	if it.Consent == gate.ConsentGiven {
		l.Consent = []string{marking.Consenting(to, time.Time{})}
	}
	if it.Contributor != gate.NoContributor {
		l.Contributor = it.Contributor
	}
	l.TLP, _ = marking.ParseTLP(it.TLP) // absent or checked: none
	l.PAP, _ = marking.ParsePAP(it.PAP)
	if it.Classification != gate.NoClass {
		l.Classification = it.Classification
	}
	l.Caveats, l.Exercise = it.Caveat, it.Exercise
	domain := ident.Live
	if it.Exercise {
		domain, _ = ident.Exercise("test") // the name is valid
	}
	return gate.Input{Label: l, Context: gate.Context{From: from, To: to, Domain: domain}}
}

// met reports whether a decision is what was expected.
func (e Expect) met(d gate.Decision) bool {
	if e.Rule != "" && !slices.ContainsFunc(d.Winners(), func(m gate.Match) bool { return m.Rule == e.Rule && !m.Standing }) {
		return false
	}
	want := gate.Redact
	switch {
	case e.Release:
		want = gate.Release
	case e.Deny:
		want = gate.Deny
	case e.Approve > 0:
		want = gate.Hold
	}
	redact := slices.Sorted(slices.Values(e.Redact))
	return d.Outcome == want && d.Approvals == e.Approve && slices.Compare(redact, d.Redact) == 0
}

// covers reports whether a test expects the rule to decide.
func (t Test) covers(rule string) bool { return t.Expect.Rule == rule }

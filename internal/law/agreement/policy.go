package agreement

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// maxApprovals bounds how many officers a rule may ask for.
const maxApprovals = 9

// policy checks ceilings, instruments and rules.
func (c *checker) policy() {
	c.ceilings()
	ids := make([]string, len(c.d.Precedence))
	for i, p := range c.d.Precedence {
		at := "/precedence/" + strconv.Itoa(i)
		ids[i] = p.ID
		c.text(at+"/title", p.Title)
		if p.Governs.empty() {
			c.bad(at+"/governs", "says nothing, so it would govern everything")
		}
		c.when(at+"/governs", p.Governs)
	}
	c.unique("/precedence", ids)
	ids = make([]string, len(c.d.Rules))
	for i, r := range c.d.Rules {
		at := "/rules/" + strconv.Itoa(i)
		ids[i] = r.ID
		if r.Clause == "" {
			c.bad(at+"/clause", "a rule rests on a clause")
		}
		c.when(at+"/when", r.When)
		c.then(at+"/then", r.Then)
	}
	if len(ids) == 0 {
		c.bad("/rules", "without rules nothing could ever be released")
	}
	c.unique("/rules", ids)
}

func (c *checker) ceilings() {
	if l, err := marking.ParseTLP(c.d.Ceilings.TLP); err != nil || l.Name() != c.d.Ceilings.TLP {
		c.bad("/ceilings/tlp", "%.40q: want one of %s", c.d.Ceilings.TLP, strings.Join(tlpWords(), ", "))
	}
	class := c.d.Ceilings.Classification
	if len(class) == 0 {
		c.bad("/ceilings/classification", "want none, or the highest level of each scheme")
	}
	c.words("/ceilings/classification", class, append([]string{gate.NoClass}, marking.LevelCodes()...))
	if len(class) > 1 && slices.Contains(class, gate.NoClass) {
		c.bad("/ceilings/classification", "none stands alone")
	}
}

func (w When) empty() bool {
	for _, k := range conditions(w) {
		if len(k.list) > 0 {
			return false
		}
	}
	return len(w.Sector) == 0
}

func (c *checker) when(at string, w When) {
	for _, k := range conditions(w) {
		c.words(at+"/"+k.key, k.list, k.words)
		if k.list != nil && len(k.list) == 0 {
			c.bad(at+"/"+k.key, "an empty list would match nothing")
		}
	}
	for i, s := range w.Sector {
		at := at + "/sector/" + strconv.Itoa(i)
		if s == "" {
			c.bad(at, "has no name")
		}
		if known := c.d.Sectors.InPhase; len(known) > 0 && !slices.Contains(known, s) {
			c.bad(at, "%.40q is not a sector of this phase", s)
		}
	}
}

func (c *checker) then(at string, t Then) {
	n := 0
	for _, given := range []bool{t.Release, t.Approve != 0, len(t.Redact) > 0, t.Deny != ""} {
		if given {
			n++
		}
	}
	if n != 1 {
		c.bad(at, "want exactly one of release, {approve: n}, {redact: [...]} and {deny: reason}")
	}
	if t.Approve < 0 || t.Approve > maxApprovals {
		c.bad(at+"/approve", "want 1 to %d", maxApprovals)
	}
	c.words(at+"/redact", t.Redact, marking.RedactionNames())
}

// Table returns the document as the gate reads it, without regard to whether
// it is in force: for previews, tests and drafts. What is carried out goes by
// TableIn.
func (d *Document) Table() *gate.Table {
	t := &gate.Table{Agreement: d.ID(), Version: d.Version}
	for i := range min(len(d.Sides), 2) {
		t.Parties[i] = gate.Party{Side: ident.Side(d.Sides[i].ID), Codes: slices.Clone(d.Sides[i].Codes)}
	}
	t.CeilingTLP, _ = marking.ParseTLP(d.Ceilings.TLP) // checked; none bars everything
	if class := d.Ceilings.Classification; !slices.Contains(class, gate.NoClass) {
		t.CeilingClass = strings.Join(class, "+")
	}
	for _, p := range d.Precedence {
		t.Precedence = append(t.Precedence, gate.Instrument{ID: p.ID, Title: p.Title.In("en", d.Authoritative), Governs: p.Governs.row()})
	}
	for _, r := range d.Rules {
		t.Rules = append(t.Rules, gate.Rule{ID: r.ID, Clause: r.Clause, When: r.When.row(), Then: r.Then.effect()})
	}
	return t
}

// TableIn is Table for an agreement in a given state of its life: where the
// state permits no new exchange, nothing crosses.
func (d *Document) TableIn(s State) *gate.Table {
	t := d.Table()
	if p := Permits(s); !p.Exchange {
		t.Halted = cmp.Or(p.Why, "the agreement is not in force")
		t.Protects = s == Discontinued || s == Expired || s == Succeeded || s == WoundUp
	}
	return t
}

// row returns the conditions as the gate reads them. The words were checked;
// one that slipped through stays, as a value that no label has.
func (w When) row() gate.When {
	out := gate.When{
		Kinds: w.Kind, Classifications: w.Classification,
		Contributors: w.Contributor, Sectors: w.Sector, Caveats: w.Caveat, Consents: w.Consent,
	}
	for _, s := range w.TLP {
		l, err := marking.ParseTLP(s)
		if err != nil {
			l = marking.TLP(255)
		}
		out.TLPs = append(out.TLPs, l)
	}
	for _, s := range w.PAP {
		p, err := marking.ParsePAP(s)
		if err != nil && s != marking.NoPAP.Name() {
			p = marking.PAP(255)
		}
		out.PAPs = append(out.PAPs, p)
	}
	for _, s := range w.Origin {
		out.Origins = append(out.Origins, gate.Origin(s))
	}
	return out
}

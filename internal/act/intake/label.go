package intake

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// combination is what a label is interned by: the marking references as they
// were written and what the source said. What it means is worked out from it,
// and worked out again when a definition it refers to arrives.
type combination struct {
	Contributor string   `json:"contributor"`
	DefaultPAP  uint8    `json:"default_pap,omitzero"` // left out, so that what was interned before it came stays the same
	DefaultTLP  uint8    `json:"default_tlp"`
	Kind        string   `json:"kind"`
	Lapsed      bool     `json:"lapsed,omitzero"` // it says of itself that it is not valid any more
	Listed      bool     `json:"listed,omitzero"`
	Look        bool     `json:"look,omitzero"`
	Member      string   `json:"member,omitzero"` // which one contributed it
	Named       bool     `json:"named,omitzero"`
	Limits      string   `json:"limits,omitzero"` // of the source, as a label's bytes
	Origin      string   `json:"origin"`
	Refs        []string `json:"refs"`
	Sectors     []string `json:"sectors"`
	Wire        string   `json:"wire"` // the label it brought along, if any
}

// labeller interns labels within one transaction.
type labeller struct {
	tx      *store.Tx
	self    ident.Side
	readers Readers
	ids     map[string]int64        // by raw combination
	means   map[int64]marking.Label // resolved
	terms   map[string]marking.Terms
	changed map[int64]marking.Label // labels that mean something else now
	dry     bool                    // nothing is stored: labels that are new have numbers below zero
}

func newLabeller(tx *store.Tx, self ident.Side, readers Readers) *labeller {
	return &labeller{
		tx: tx, self: self, readers: readers, ids: map[string]int64{}, means: map[int64]marking.Label{},
		terms: map[string]marking.Terms{}, changed: map[int64]marking.Label{},
	}
}

// of returns the number of the label of it, interned when new.
func (l *labeller) of(src Source, it *Item) (int64, error) {
	c := combination{
		Contributor: src.Contributor, DefaultTLP: uint8(src.DefaultTLP), DefaultPAP: uint8(src.DefaultPAP), Kind: marking.KindOf(it.Object.Type),
		Origin: string(it.origin(src)), Refs: it.Object.MarkingRefs, Sectors: src.Sectors, Wire: string(it.Wire),
		Lapsed: it.lapsed(src, l.tx.Now()), Listed: it.Listed, Named: it.Named, Look: src.look, Member: src.member,
	}
	if lim := (marking.Label{Terms: marking.Combine(src.Limits, marking.Terms{})}).Canonical(); len(lim) > len("{}") {
		c.Limits = string(lim)
	}
	key := strings.Join(append([]string{c.Kind, c.Origin, c.Wire}, c.Refs...), "\x00") // the rest is fixed by the source
	if c.Lapsed {
		key += "\x00lapsed"
	}
	if c.Listed {
		key += "\x00listed"
	}
	if c.Named {
		key += "\x00named"
	}
	if id, ok := l.ids[key]; ok {
		return id, nil
	}
	id, err := l.intern(c)
	if err == nil {
		l.ids[key] = id
	}
	return id, err
}

// intern returns the number of a combination, which is stored when it is new.
func (l *labeller) intern(c combination) (int64, error) {
	raw, err := canon.Marshal(c)
	if err != nil {
		return 0, err
	}
	have, err := l.tx.LabelByRaw(raw)
	if fault.Is(err, fault.NotFound) {
		have, err = l.add(c, raw)
	}
	return have.ID, err
}

func (l *labeller) add(c combination, raw []byte) (store.Label, error) {
	label, pending, err := l.work(c)
	if err != nil {
		return store.Label{}, err
	}
	s := store.Label{Raw: raw, Resolved: label.Canonical(), Pending: pending}
	if l.dry {
		s.ID = int64(-1 - len(l.means))
		l.means[s.ID] = label
		return s, nil
	}
	if s.ID, err = l.tx.AddLabel(s, l.permitter(label)); err != nil {
		return s, err
	}
	l.means[s.ID] = label
	return s, l.tx.AddTurns(s.ID, instants(label))
}

// permitter says which clearance classes may see a label.
func (l *labeller) permitter(label marking.Label) func(string) bool {
	raw, now := label.Canonical(), time.UnixMicro(l.tx.Now()).UTC()
	return func(clearance string) bool { return l.readers.Readable(clearance, raw, l.tx.Domain(), now) }
}

// work says what a combination means with the definitions known now, and
// whether one is missing.
func (l *labeller) work(c combination) (marking.Label, bool, error) {
	var t marking.Terms
	pending := false
	for _, ref := range c.Refs {
		terms, known, err := l.lookUp(ref, ident.Side(c.Origin))
		if err != nil {
			return marking.Label{}, false, err
		}
		if !known {
			pending = true
		}
		t = marking.Combine(t, terms)
	}
	facts := marking.Facts{Kind: c.Kind, Origin: ident.Side(c.Origin), Contributor: c.Contributor, Sectors: c.Sectors, DefaultTLP: marking.TLP(c.DefaultTLP), DefaultPAP: marking.PAP(c.DefaultPAP)}
	if c.Limits != "" {
		var err error
		if facts.Limits, err = marking.ParseTerms([]byte(c.Limits)); err != nil {
			return marking.Label{}, false, err
		}
	}
	if c.Wire != "" {
		return l.received(c, t, facts, pending)
	}
	out := marking.MakeLabel(t, facts)
	out.Listed, out.Named, out.Look = c.Listed, c.Named, c.Look
	if c.Member != "" {
		out.Members = []string{c.Member}
	}
	if c.Lapsed {
		out.Withheld = marking.Lapsed
	}
	return out, pending, nil
}

// received combines what the object itself says with the label it brought
// along: the stricter of the two holds.
func (l *labeller) received(c combination, t marking.Terms, facts marking.Facts, pending bool) (marking.Label, bool, error) {
	wire, err := marking.ParseLabel([]byte(c.Wire))
	if err != nil {
		return marking.Label{}, false, err
	}
	facts.Contributor, facts.Sectors = wire.Contributor, wire.Sectors
	out := marking.MakeLabel(marking.Combine(t, wire.Terms), facts)
	out.Redacted, out.Approved, out.Emergency = wire.Redacted, wire.Approved, wire.Emergency
	out.Consent, out.Without, out.Withheld = wire.Consent, wire.Without, wire.Withheld
	out.Listed = wire.Listed || c.Listed
	out.Named, out.Look, out.Members = wire.Named || c.Named, wire.Look || c.Look, wire.Members
	if c.Lapsed && out.Withheld == "" {
		out.Withheld = marking.Lapsed
	}
	return out, pending, nil
}

// lookUp returns the terms of one marking reference: fixed by its id, or as
// the same origin, or this node's own side, defined it. What another side
// defines never says anything about an object.
func (l *labeller) lookUp(ref string, origin ident.Side) (marking.Terms, bool, error) {
	if t, ok := marking.WellKnown(ref); ok {
		return t, true, nil
	}
	key := string(origin) + " " + ref
	if t, ok := l.terms[key]; ok {
		return t, true, nil
	}
	sides := []ident.Side{origin}
	if origin != l.self {
		sides = append(sides, l.self)
	}
	for _, side := range sides {
		body, known, err := l.tx.Marking(ref, side)
		if err != nil {
			return marking.Terms{}, false, err
		}
		if !known {
			continue
		}
		props, err := canon.Decode(body)
		if err != nil {
			return marking.Terms{}, false, err
		}
		l.terms[key] = marking.Definition(props)
		return l.terms[key], true, nil
	}
	return marking.Unresolved(ref), false, nil
}

// Says returns a function that says what marking references on an object of a
// side mean together, as far as their definitions are known in tx.
func (in *Intake) Says(tx *store.Tx) func(origin ident.Side, refs []string) (marking.Terms, error) {
	l := newLabeller(tx, in.self, in.readers)
	return func(origin ident.Side, refs []string) (t marking.Terms, err error) {
		for _, ref := range refs {
			terms, known, err := l.lookUp(ref, origin)
			if err != nil {
				return t, err
			}
			if known {
				t = marking.Combine(t, terms)
			}
		}
		return t, nil
	}
}

// resolve works out again the labels that waited for one of the definitions
// that arrived from origin.
func (l *labeller) resolve(origin ident.Side, arrived []string) error {
	if len(arrived) == 0 {
		return nil
	}
	pending, err := l.tx.PendingLabels()
	if err != nil {
		return err
	}
	for _, p := range pending {
		var c combination
		if err := canon.Unmarshal(p.Raw, &c); err != nil {
			return err
		}
		if ident.Side(c.Origin) != origin && origin != l.self || !slices.ContainsFunc(c.Refs, func(r string) bool { return slices.Contains(arrived, r) }) {
			continue
		}
		label, still, err := l.work(c)
		if err != nil {
			return err
		}
		if err := l.tx.ResolveLabel(p.ID, label.Canonical(), still, l.permitter(label)); err != nil {
			return err
		}
		if err := l.tx.AddTurns(p.ID, instants(label)); err != nil {
			return err
		}
		if err := l.tx.Freshen(p.ID); err != nil {
			return err
		}
		l.means[p.ID], l.changed[p.ID] = label, label
	}
	return nil
}

// meaning returns what label id means.
func (l *labeller) meaning(id int64) (marking.Label, error) {
	if m, ok := l.means[id]; ok {
		return m, nil
	}
	s, err := l.tx.Label(id)
	if err != nil {
		return marking.Label{}, err
	}
	m, err := marking.ParseLabel(s.Resolved)
	l.means[id] = m
	return m, err
}

func (l *labeller) origin(id int64) (ident.Side, error) {
	m, err := l.meaning(id)
	return m.Origin, err
}

// count adds what was stored to the labels' figures.
func (l *labeller) count(objects []store.Object) error {
	type sum struct{ n, bytes int64 }
	sums := map[int64]sum{}
	for _, o := range objects {
		s := sums[o.Label]
		sums[o.Label] = sum{s.n + 1, s.bytes + int64(len(o.Body))}
	}
	for id, s := range sums {
		if err := l.tx.CountLabel(id, s.n, s.bytes); err != nil {
			return err
		}
	}
	return nil
}

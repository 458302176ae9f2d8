package release

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Line says how much of what the node holds one rule releases, redacts, holds
// or denies.
type Line struct {
	Outcome  string `json:"outcome"` // release, redact, hold, deny
	Clause   string `json:"clause"`  // empty for the gate's own rules
	Rule     string `json:"rule"`
	Objects  int64  `json:"objects"`
	Bytes    int64  `json:"bytes"`
	Sentence string `json:"sentence"` // of one of the labels it decides
}

// Summary returns what the gate says of everything the node holds, per
// outcome, clause and rule, largest first, for a reader of a clearance class:
// what it may not see is not counted. Objects that came from the partner are
// left out: they are not this node's to send.
func (r *Releases) Summary(ctx context.Context, h *store.Handle, a ident.Agreement, class int64) (out []Line, err error) {
	err = h.Read(ctx, func(tx *store.Tx) error {
		g, err := r.Gate(tx, a)
		if err != nil {
			return err
		}
		labels, err := tx.Labels()
		if err != nil {
			return err
		}
		lines := map[Line]*Line{}
		for _, l := range labels {
			m, err := marking.ParseLabel(l.Resolved)
			if err != nil {
				return err
			}
			may, err := tx.Permits(class, l.ID)
			if err != nil {
				return err
			}
			if !may || m.Origin == g.Terms.Partner || l.Objects == 0 {
				continue
			}
			add(lines, g.Decide(m), l)
		}
		out = sortLines(lines)
		return nil
	})
	return out, err
}

func sortLines(lines map[Line]*Line) (out []Line) {
	for _, l := range lines {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(order[a.Outcome], order[b.Outcome]), cmp.Compare(b.Objects, a.Objects), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

// Counted is how many objects carry a label, and their bytes.
type Counted struct {
	Label          marking.Label
	Objects, Bytes int64
}

// Would returns what the gate of an agreement would say of objects that are
// not stored, as Summary does of those that are; fault.NotFound or
// fault.Denied when no version is in force.
func (r *Releases) Would(tx *store.Tx, a ident.Agreement, labels []Counted) ([]Line, error) {
	g, err := r.Gate(tx, a)
	if err != nil {
		return nil, err
	}
	lines := map[Line]*Line{}
	for _, c := range labels {
		if c.Label.Origin != g.Terms.Partner {
			add(lines, g.Decide(c.Label), store.Label{Objects: c.Objects, Bytes: c.Bytes})
		}
	}
	return sortLines(lines), nil
}

var order = map[string]int{gate.Release.String(): 0, gate.Redact.String(): 1, gate.Hold.String(): 2, gate.Deny.String(): 3}

func add(lines map[Line]*Line, d gate.Decision, l store.Label) {
	var rules, clauses []string
	for _, m := range d.Winners() {
		rules = append(rules, m.Rule)
		if m.Clause != "" && !slices.Contains(clauses, m.Clause) {
			clauses = append(clauses, m.Clause)
		}
	}
	if len(rules) == 0 {
		rules = []string{"no rule"}
	}
	key := Line{Outcome: d.Outcome.String(), Clause: strings.Join(clauses, ", "), Rule: strings.Join(rules, " + ")}
	at, ok := lines[key]
	if !ok {
		line := key
		line.Sentence = d.Sentence
		at = &line
		lines[key] = at
	}
	at.Objects += l.Objects
	at.Bytes += l.Bytes
}

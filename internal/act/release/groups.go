package release

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Grouping says what the items of a queue are put together by.
type Grouping string

// The groupings.
const (
	ByRule       Grouping = "rule" // rule and clause of the agreement
	ByLabel      Grouping = "label"
	ByType       Grouping = "type"
	ByCollection Grouping = "collection"
)

// ParseGrouping returns s as a Grouping, ByRule for "", or fault.Invalid.
func ParseGrouping(s string) (Grouping, error) {
	switch g := Grouping(s); g {
	case "":
		return ByRule, nil
	case ByRule, ByLabel, ByType, ByCollection:
		return g, nil
	}
	return "", fault.Errorf(fault.Invalid, "group by %.20q: want rule, label, type or collection", s)
}

// Group is some of the items of a queue, and what the gate says of them now.
type Group struct {
	Key    string // names the group in its grouping; stable
	Title  string // of a collection
	Count  int64
	Oldest int64 // number of the item that waits longest
	// Labels are those of the items, most frequent first, and Decisions what
	// the gate says of each.
	Labels    []marking.Label
	Decisions []gate.Decision
	Types     []string

	ids []int64 // of Labels
}

// Rules returns the rules and clauses that hold items of the group back.
func (g Group) Rules() []gate.Match {
	var out []gate.Match
	for _, d := range g.Decisions {
		for _, m := range d.Winners() {
			if !slices.ContainsFunc(out, func(x gate.Match) bool { return x.Rule == m.Rule && x.Clause == m.Clause }) {
				out = append(out, m)
			}
		}
	}
	return out
}

// queue is one state of one channel's holds in one transaction.
type queue struct {
	tx     *store.Tx
	ch     store.Channel
	class  int64
	state  string
	labels map[int64]decided
	gate   *Gate // nil when nothing is held
}

type decided struct {
	label    marking.Label
	decision gate.Decision
}

func (r *Releases) queue(tx *store.Tx, a ident.Agreement, class int64, state string) (*queue, []store.HeldGroup, error) {
	if state != store.HoldWaiting && state != store.HoldRefused {
		return nil, nil, fault.Errorf(fault.Invalid, "state %.20q: want waiting or refused", state)
	}
	ch, err := tx.Channel(a)
	if err != nil {
		return nil, nil, err
	}
	q := &queue{tx: tx, ch: ch, class: class, state: state, labels: map[int64]decided{}}
	groups, err := tx.HeldGroups(ch.ID, state, class)
	if err != nil || len(groups) == 0 {
		return q, nil, err
	}
	g, err := r.Gate(tx, a)
	if err != nil {
		return q, nil, err
	}
	q.gate = g
	for _, row := range groups {
		if _, ok := q.labels[row.Label]; ok {
			continue
		}
		l, err := tx.Label(row.Label)
		if err != nil {
			return q, nil, err
		}
		m, err := marking.ParseLabel(l.Resolved)
		if err != nil {
			return q, nil, err
		}
		d := g.Decide(m)
		if d.Outcome == gate.Release { // it waits all the same: it says what was taken out of another
			d = g.decideSaying(m)
		}
		q.labels[row.Label] = decided{m, d}
	}
	return q, groups, nil
}

// Groups returns the items of an agreement's queue in a state (HoldWaiting or
// HoldRefused) in groups, largest first, as far as by may see them.
func (r *Releases) Groups(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, state string, how Grouping) (out []Group, err error) {
	err = r.read(ctx, h, by, func(tx *store.Tx, class int64) error {
		q, rows, err := r.queue(tx, a, class, state)
		if err != nil {
			return err
		}
		if how == ByCollection {
			out, err = q.collections()
			return err
		}
		out = q.gather(rows, how)
		return nil
	})
	slices.SortFunc(out, func(x, y Group) int { return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Key, y.Key)) })
	return out, err
}

func (q *queue) gather(rows []store.HeldGroup, how Grouping) []Group {
	at := map[string]*Group{}
	slices.SortStableFunc(rows, func(a, b store.HeldGroup) int { return cmp.Compare(b.Count, a.Count) })
	for _, row := range rows {
		key := q.key(how, row.Label, row.Type)
		g, ok := at[key]
		if !ok {
			g = &Group{Key: key, Oldest: row.Oldest}
			at[key] = g
		}
		g.Count += row.Count
		g.Oldest = min(g.Oldest, row.Oldest)
		q.join(g, row.Label)
		if !slices.Contains(g.Types, row.Type) {
			g.Types = append(g.Types, row.Type)
		}
	}
	var out []Group
	for _, g := range at {
		out = append(out, *g)
	}
	return out
}

func (q *queue) join(g *Group, label int64) {
	if slices.Contains(g.ids, label) {
		return
	}
	d := q.labels[label]
	g.ids = append(g.ids, label)
	g.Labels, g.Decisions = append(g.Labels, d.label), append(g.Decisions, d.decision)
}

func (q *queue) key(how Grouping, label int64, typ string) string {
	switch how {
	case ByLabel:
		return strconv.FormatInt(label, 10)
	case ByType:
		return typ
	case ByRule, ByCollection:
	}
	return ruleKey(q.labels[label].decision)
}

// ruleKey names what a decision rests on: rule, clause and outcome.
func ruleKey(d gate.Decision) string {
	parts := []string{d.Outcome.String()}
	for _, m := range d.Winners() {
		parts = append(parts, m.Rule+"@"+m.Clause)
	}
	return strings.Join(parts, "+")
}

func (q *queue) collections() ([]Group, error) {
	rows, err := q.tx.HeldCollections(q.ch.ID, q.state, q.class)
	if err != nil {
		return nil, err
	}
	all, err := q.tx.Collections()
	if err != nil {
		return nil, err
	}
	var out []Group
	for _, c := range all {
		g := Group{Key: strconv.FormatInt(c.N, 10), Title: cmp.Or(c.Title, c.Alias, c.ID)}
		for _, row := range rows {
			if row.Collection == c.N {
				g.Count += row.Count
				q.join(&g, row.Label)
			}
		}
		if g.Count > 0 {
			out = append(out, g)
		}
	}
	return out, nil
}

// Page asks for some of the items of a queue.
type Page struct {
	Agreement ident.Agreement
	State     string   // HoldWaiting or HoldRefused
	How       Grouping // of the group
	Key       string   // of the group; "" for all
	After     int64    // number of the last item of the page before
	Limit     int
}

// List returns the items that p asks for, in order of arrival, and whether
// there are more.
func (r *Releases) List(ctx context.Context, h *store.Handle, by people.Actor, p Page) (out []Preview, more bool, err error) {
	err = r.read(ctx, h, by, func(tx *store.Tx, class int64) error {
		q, rows, err := r.queue(tx, p.Agreement, class, p.State)
		if err != nil {
			return err
		}
		ask := store.HeldQuery{Channel: q.ch.ID, State: p.State, Class: class, After: p.After, Limit: p.Limit + 1}
		for _, row := range rows {
			if p.Key == "" || p.How == ByType || p.How == ByCollection || q.key(p.How, row.Label, row.Type) == p.Key {
				ask.Labels = append(ask.Labels, row.Label)
			}
		}
		if err := p.narrow(&ask); err != nil || len(ask.Labels) == 0 {
			return err
		}
		seqs, err := tx.Held(ask)
		if err != nil {
			return err
		}
		if more = len(seqs) > p.Limit; more {
			seqs = seqs[:p.Limit]
		}
		for _, seq := range seqs {
			item, err := r.previewBy(tx, q.gate, q.ch, class, seq)
			if err != nil {
				return err
			}
			out = append(out, item)
		}
		return nil
	})
	return out, more, err
}

// narrow asks for one type or collection only.
func (p Page) narrow(q *store.HeldQuery) (err error) {
	switch {
	case p.Key == "":
	case p.How == ByType:
		q.Type = p.Key
	case p.How == ByCollection:
		if q.Collection, err = strconv.ParseInt(p.Key, 10, 64); err != nil || q.Collection < 1 {
			return fault.Errorf(fault.Invalid, "collection %.20q: want its number", p.Key)
		}
	}
	return nil
}

// Waiting returns at most limit held items of an agreement, in order of
// arrival, after the object numbered after.
func (r *Releases) Waiting(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, after int64, limit int) ([]Preview, error) {
	out, _, err := r.List(ctx, h, by, Page{Agreement: a, State: store.HoldWaiting, After: after, Limit: limit})
	return out, err
}

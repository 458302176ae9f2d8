package intake

import (
	"slices"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Bytes that are stored already may come again with other words about their
// handling: a second import that says TLP:RED, or a TLP where the first had
// none. Words only ever add: what was stricter stays, what was missing is
// filled in, and a report says what became of it.

// again takes the words of this source about an object that is stored as k,
// and returns a remark when they change something, or would have made it more
// open. Only the node itself has such words; what came over an edge carries
// its own.
func (b *batch) again(it *Item, k store.Known) (string, error) {
	if b.src.MaySee != nil && !b.src.Speaks || it.Wire != nil || k.Seq < 0 {
		return "", nil
	}
	if own, err := b.owned(k.Label); err != nil || !own {
		return "", err
	}
	said, err := b.labels.of(b.src, it)
	if err != nil || said == k.Label {
		return "", err
	}
	old, err := b.labels.meaning(k.Label)
	if err != nil {
		return "", err
	}
	if b.src.Foreign && old.Origin == b.in.self {
		return "", nil
	}
	now, err := b.labels.meaning(said)
	if err != nil {
		return "", err
	}
	both := stricter(old, now, b.in.self)
	if string(both.Canonical()) == string(old.Canonical()) {
		if string(now.Canonical()) == string(old.Canonical()) {
			return "", nil
		}
		return "stored already; its handling stays " + words(old) + ", which is stricter than " + words(now), nil
	}
	if b.labels.dry {
		b.foretold[it] = both
	} else {
		if err := b.relabel(it, k, both); err != nil {
			return "", err
		}
	}
	return "stored already; its handling was " + words(old) + " and is now " + words(both) + "; a partner that has it and may not have it any more is asked to give it back", nil
}

// stricter combines what two sources said of the same bytes.
func stricter(old, now marking.Label, self ident.Side) marking.Label {
	out := old
	out.Terms = marking.Combine(old.Terms, now.Terms)
	if old.Origin == self {
		out.Origin = now.Origin // ours until somebody knows better
	}
	out.Listed = old.Listed || now.Listed
	out.Members = members(old.Members, now.Members)
	out.Named, out.Look = old.Named || now.Named, old.Look || now.Look
	if now.Contributor != "" {
		out.Contributor = now.Contributor
	}
	out.Sectors = append(slices.Clone(old.Sectors), now.Sectors...)
	slices.Sort(out.Sectors)
	if out.Sectors = slices.Compact(out.Sectors); len(out.Sectors) == 0 {
		out.Sectors = nil
	}
	return out
}

// members are the members of both, nil for none.
func members(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	if out = slices.Compact(out); len(out) == 0 {
		return nil
	}
	return out
}

func words(l marking.Label) string {
	s := l.TLP.String() + " from " + string(l.Origin)
	if l.Contributor != "" {
		s += ", " + l.Contributor
	}
	return s
}

// relabel gives a stored version another label, and routes it anew. What an
// officer approved is void, since a label is part of what was approved.
func (b *batch) relabel(it *Item, k store.Known, l marking.Label) error {
	label, err := b.labels.of(Source{Origin: l.Origin}, &Item{Object: it.Object, Origin: l.Origin, Wire: l.Canonical()})
	if err != nil {
		return err
	}
	if err := b.tx.Relabel(store.Move{Seq: k.Seq, ID: it.Object.ID, From: k.Label, To: label}); err != nil {
		return err
	}
	means, err := b.labels.meaning(label)
	if err != nil {
		return err
	}
	return b.in.router.Arrived(b.tx, k.Seq, k.Seq, map[int64]marking.Label{label: means})
}

// split parts the stored versions of an id into those the writer may see and
// whether there are others.
func (b *batch) split(earlier []store.Known) (seen []store.Known, hidden bool, err error) {
	if b.src.MaySee == nil {
		return earlier, false, nil
	}
	for _, k := range earlier {
		ok, err := b.maySee(k.Label)
		if err != nil {
			return nil, false, err
		}
		if ok || k.Seq < 0 { // the writer's own, from this very batch
			seen = append(seen, k)
			continue
		}
		hidden = true
	}
	return seen, hidden, nil
}

func (b *batch) maySee(label int64) (bool, error) {
	if ok, known := b.permits[label]; known {
		return ok, nil
	}
	ok, err := b.src.MaySee(b.tx, label)
	if err == nil {
		b.permits[label] = ok
	}
	return ok, err
}

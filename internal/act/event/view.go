package event

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/ident"
	"twoseas/internal/format/misp"
	"twoseas/internal/store"
)

// view is the events of one class.
type view struct {
	class  int64
	made   int64
	labels map[int64]bool
	events []*seen
	byName map[string]*seen
	gone   []int64 // see confirm
	// owner is the event in which an object's UUID is used, by the hash of its
	// id, when a report names it or there are several versions of it; of any
	// other object piles knows it.
	owner map[int64]*seen
	piles map[pileKey][]*seen
}

// seen is an event as a class sees it.
type seen struct {
	Entry
	whole *whole
	*pile
	seqs []int64 // of a pile, without what a report names
}

// view returns the events of class as they are now.
func (e *Events) view(ctx context.Context, h *store.Handle, class int64) (*view, error) {
	f := e.of(h)
	f.mu.Lock()
	defer f.mu.Unlock()
	v, err := e.look(ctx, h, f, class)
	if err != nil || len(v.gone) == 0 {
		return v, err
	}
	f.reset() // something was erased, or came under another label
	if v, err = e.look(ctx, h, f, class); err != nil || len(v.gone) == 0 {
		return v, err
	}
	f.reset()
	return v.without(), nil
}

func (e *Events) look(ctx context.Context, h *store.Handle, f *facts, class int64) (v *view, err error) {
	if err := f.follow(ctx, h); err != nil {
		return nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		labels, err := tx.Permitted(class)
		if err != nil {
			return err
		}
		if had := f.views[class]; had != nil && had.made == f.made && maps.Equal(had.labels, labels) {
			v = had
			return e.confirm(tx, v)
		}
		v = &view{class: class, made: f.made, labels: labels, byName: map[string]*seen{}, owner: map[int64]*seen{}, piles: map[pileKey][]*seen{}}
		if err := e.build(tx, f, v); err != nil {
			return err
		}
		if len(f.views) >= maxViews {
			clear(f.views)
		}
		f.views[class] = v
		return e.confirm(tx, v)
	})
	return v, err
}

// maxViews bounds the classes whose events are kept.
const maxViews = 16

// confirm asks the store whether the class may see, at this moment, what makes
// each event: the report, or the first of a pile. What it may not is gone.
func (e *Events) confirm(tx *store.Tx, v *view) error {
	v.gone = nil
	seqs := make([]int64, len(v.events))
	for i, ev := range v.events {
		seqs[i] = ev.seq
	}
	for part := range slices.Chunk(seqs, 20_000) {
		ids, err := tx.IDs(v.class, part)
		if err != nil {
			return err
		}
		if err := stoodIn(tx, v.class, part, ids); err != nil {
			return err
		}
		for _, seq := range part {
			if _, ok := ids[seq]; !ok {
				v.gone = append(v.gone, seq)
			}
		}
	}
	return nil
}

// stoodIn adds to ids those of the versions seqs that say to the class that
// something was called back.
func stoodIn(tx *store.Tx, class int64, seqs []int64, ids map[int64]string) error {
	missing := slices.DeleteFunc(slices.Clone(seqs), func(seq int64) bool { _, ok := ids[seq]; return ok })
	stood, err := tx.StoodIn(class, missing)
	for _, s := range stood {
		ids[s.Seq] = s.ID
	}
	return err
}

// without returns v without the events that are gone.
func (v *view) without() *view {
	out := &view{class: v.class, made: -1, labels: v.labels, byName: map[string]*seen{}, owner: v.owner, piles: v.piles}
	for _, ev := range v.events {
		if !slices.Contains(v.gone, ev.seq) {
			out.add(ev)
		}
	}
	return out
}

// build works out the events of a class.
func (e *Events) build(tx *store.Tx, f *facts, v *view) error {
	orgs, err := e.orgs(tx, f, v)
	if err != nil {
		return err
	}
	wholes, first := newest(f.wholes, v.labels)
	for _, w := range wholes {
		ev := &seen{whole: w, Entry: Entry{
			UUID: w.uuid, Number: first[w.uuid], Info: w.info, Date: w.date, Published: w.published, Foreign: w.foreign, Org: orgs[w.org], seq: w.seq,
		}}
		if ev.Org.UUID == "" {
			ev.Org = e.org
		}
		if ev.Tags, err = e.entryTags(f, w.label, w.labels); err != nil {
			return err
		}
		changed := w.version
		for _, h := range f.members(w, v.labels) {
			ev.Members++
			if v.owner[h] == nil {
				v.owner[h] = ev
			}
			for _, l := range f.late[h] {
				if l.seq > w.seq && v.labels[l.label] {
					changed = max(changed, l.received)
				}
			}
		}
		ev.Timestamp = changed / 1e6
		v.add(ev)
	}
	for _, p := range f.piles {
		if err := e.heap(f, v, p); err != nil {
			return err
		}
	}
	slices.SortFunc(v.events, func(a, b *seen) int { return int(max(-1, min(1, a.seq-b.seq))) })
	return nil
}

func (v *view) add(ev *seen) {
	v.events = append(v.events, ev)
	v.byName[ev.UUID], v.byName[strconv.FormatInt(ev.Number, 10)] = ev, ev
}

// heap adds the event of a pile, unless reports name all that is on it.
func (e *Events) heap(f *facts, v *view, p *pile) error {
	if !v.labels[p.label] {
		return nil
	}
	ev := &seen{pile: p}
	changed := p.changed
	for i, h := range p.hashes {
		if v.owner[h] != nil {
			continue // a report names it, or it is on an earlier pile
		}
		if versions := f.several[h]; versions != nil {
			v.owner[h] = ev
			for _, o := range versions {
				if v.labels[o.label] {
					changed = max(changed, o.received)
				}
			}
		}
		ev.seqs = append(ev.seqs, p.seqs[i])
	}
	if len(ev.seqs) == 0 {
		return nil
	}
	t, err := e.tagsOf([]byte(f.terms[p.label]))
	if err != nil {
		return err
	}
	origin := t.origin
	if origin == "" {
		origin = e.c.Self
	}
	handling := "without TLP"
	if len(t.names) > 0 {
		handling = strings.ToUpper(t.names[0])
	}
	info := fmt.Sprintf("Indicators of %s from %s, %s", p.day, origin, handling)
	if p.part > 0 {
		info += fmt.Sprintf(", part %d", p.part+1)
	}
	ev.Entry = Entry{
		UUID:   ident.NamedUUID(space, strings.Join([]string{"day", string(e.c.Self), p.day, strconv.FormatInt(p.label, 10), strconv.Itoa(p.part)}, "\x00")),
		Number: p.seqs[0], Info: info, Date: p.day, Timestamp: changed / 1e6, Published: true, Org: e.org, Tags: t.names, Members: len(ev.seqs), seq: ev.seqs[0],
	}
	v.add(ev)
	v.piles[p.pileKey] = append(v.piles[p.pileKey], ev)
	return nil
}

// home returns the event in which the UUID of an object is used, nil when it
// is in none.
func (v *view) home(hash, seq, label, received int64) *seen {
	if ev := v.owner[hash]; ev != nil {
		return ev
	}
	for _, ev := range v.piles[pileKey{dayOf(received), label}] {
		if _, ok := slices.BinarySearch(ev.seqs, seq); ok {
			return ev
		}
	}
	return nil
}

// entryTags returns the tags of an event: how it is handled, and its labels.
func (e *Events) entryTags(f *facts, label int64, labels []string) ([]string, error) {
	t, err := e.tagsOf([]byte(f.terms[label]))
	return append(slices.Clone(t.names), labels...), err
}

// newest returns of each UUID the newest version that labels admit to, in order
// of the UUIDs' first arrival, and the numbers of those first versions, which
// stay those of the events. An event that was published is a report and was a
// grouping before.
func newest(wholes []*whole, labels map[int64]bool) (out []*whole, first map[string]int64) {
	at := map[string]int{}
	first = map[string]int64{}
	for _, w := range wholes {
		if !labels[w.label] {
			continue
		}
		i, ok := at[w.uuid]
		if !ok {
			at[w.uuid], first[w.uuid] = len(out), w.seq
			out = append(out, w)
			continue
		}
		if have := out[i]; w.version > have.version || w.version == have.version && w.seq > have.seq {
			out[i] = w
		}
	}
	return out, first
}

// members returns the hashes of what a report names, with what its parts do.
func (f *facts) members(w *whole, labels map[int64]bool) []int64 {
	var out []int64
	for _, h := range w.refs {
		var part *whole
		for _, p := range f.parts[h] {
			if labels[p.label] && (part == nil || p.version > part.version) {
				part = p
			}
		}
		if part != nil {
			out = append(out, part.refs...)
			continue
		}
		out = append(out, h)
	}
	return out
}

// orgs returns the organisations that events name, as far as the class may see
// them.
func (e *Events) orgs(tx *store.Tx, f *facts, v *view) (map[string]misp.Org, error) {
	ids := map[string]bool{}
	for _, w := range f.wholes {
		if w.org != "" && v.labels[w.label] {
			ids[w.org] = true
		}
	}
	out := map[string]misp.Org{}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(ids)), 1000) {
		heads, err := tx.Heads(v.class, part)
		if err != nil {
			return nil, err
		}
		for id, s := range heads {
			if o, ok := misp.OrgOf(id, s.Body); ok {
				out[id] = o
			}
		}
	}
	return out, nil
}

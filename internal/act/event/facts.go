package event

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/misp"
	"twoseas/internal/format/stix"
	"twoseas/internal/store"
)

// facts is what is known of all objects of a domain, whoever may see them, to
// tell what belongs to which event. It follows the store, and is asked only
// through a view, which keeps to the labels of a class.
type facts struct {
	mu    sync.Mutex
	made  int64 // changes with every change
	upTo  int64 // version
	count map[int64]int64
	terms map[int64]string // resolved, by label

	wholes []*whole
	naming map[int64][]*whole // wholes and parts by the hash of what they name
	parts  map[int64][]*whole // versions of groupings that are part of an event, by the hash of their id
	late   map[int64][]late   // what came after something that names it
	piles  []*pile
	pile   map[pileKey]*pile // the newest of a key
	// several holds every version of the ids that have more than one, of the
	// types that are alone, in order of arrival.
	several map[int64][]late
	// standIn is the label under which a version is served that says that
	// something was called back; its own is nobody's.
	standIn map[int64]int64
	views   map[int64]*view // by class
}

// whole is one version of a report or a grouping.
type whole struct {
	seq, hash, label, version, received int64
	id, uuid, info, date                string
	org                                 string // id of the identity
	published, foreign                  bool
	labels                              []string
	refs                                []int64
}

// late is a version that came after something that names it, or after another
// version.
type late struct{ seq, label, received int64 }

// pileKey is what the objects have in common that no report names.
type pileKey struct {
	day   string
	label int64
}

// pile is a day's objects of one label, at most pileSize of them.
type pile struct {
	pileKey
	part    int
	seqs    []int64
	hashes  []int64
	changed int64 // microseconds
}

// pileSize is how many objects an event holds that are in no report.
const pileSize = 10_000

// alone are the types that are an event's even when no report names them.
// Observables and what else there is come with what names them.
var alone = map[string]bool{"indicator": true, "observed-data": true, "vulnerability": true}

func newFacts() *facts {
	f := &facts{views: map[int64]*view{}}
	f.reset()
	return f
}

// reset forgets everything that was read.
func (f *facts) reset() {
	f.made++
	f.upTo, f.wholes, f.piles = 0, nil, nil
	f.count, f.naming, f.parts = map[int64]int64{}, map[int64][]*whole{}, map[int64][]*whole{}
	f.standIn = map[int64]int64{}
	f.late, f.several, f.pile = map[int64][]late{}, map[int64][]late{}, map[pileKey]*pile{}
	clear(f.views)
}

// of returns the facts of a domain.
func (e *Events) of(h *store.Handle) *facts {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.facts[h.Domain()]
	if f == nil {
		f = newFacts()
		e.facts[h.Domain()] = f
	}
	return f
}

// anyCalledBack reports whether anything says that something was called back.
func (e *Events) anyCalledBack(h *store.Handle) bool {
	f := e.of(h)
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.standIn) > 0
}

// follow takes in what arrived since the last time. Versions that changed their
// label meanwhile show in the labels' own figures, and everything is read anew.
func (f *facts) follow(ctx context.Context, h *store.Handle) error {
	for range 2 {
		same := true
		err := h.Read(ctx, func(tx *store.Tx) error {
			last, err := tx.LastObject()
			if err != nil {
				return err
			}
			if last != f.upTo {
				if err := f.advance(tx, last); err != nil {
					return err
				}
			}
			same, err = f.agrees(tx)
			return err
		})
		if err != nil || same {
			return err
		}
		f.reset()
	}
	return nil
}

// agrees reports whether each label has the versions that were read with it,
// and notes what labels mean.
func (f *facts) agrees(tx *store.Tx) (bool, error) {
	labels, err := tx.Labels()
	if err != nil {
		return false, err
	}
	terms := make(map[int64]string, len(labels))
	same := true
	for _, l := range labels {
		terms[l.ID] = string(l.Resolved)
		same = same && f.count[l.ID] == l.Objects
		if f.terms[l.ID] != terms[l.ID] {
			f.made++
		}
	}
	f.terms = terms
	return same, nil
}

func (f *facts) advance(tx *store.Tx, last int64) error {
	f.made++
	var wholes, stood []store.Mention
	var again []int64
	standIn, err := tx.StandIns(f.upTo, last)
	if err != nil {
		return err
	}
	maps.Copy(f.standIn, standIn)
	err = tx.Mentions(f.upTo, last, func(m store.Mention) error {
		f.count[m.Label]++
		if m.Type == "report" || m.Type == "grouping" {
			wholes = append(wholes, m)
			return nil
		}
		if alone[m.Type] {
			if _, ok := standIn[m.Seq]; ok {
				stood = append(stood, m)
			} else {
				f.heap(m)
			}
			if m.Several {
				again = append(again, m.Hash)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := f.siblings(tx, again); err != nil {
		return err
	}
	for _, m := range stood {
		f.putBack(m)
	}
	for len(wholes) > 0 {
		n := min(len(wholes), 200)
		if err := f.read(tx, wholes[:n]); err != nil {
			return err
		}
		wholes = wholes[n:]
	}
	before := f.upTo
	f.upTo = last
	return f.lateOnes(tx, before, last)
}

// siblings reads the versions of ids of which there are several.
func (f *facts) siblings(tx *store.Tx, hashes []int64) error {
	for part := range slices.Chunk(hashes, 2000) {
		for _, h := range part {
			f.several[h] = nil
		}
		if err := tx.Siblings(part, func(m store.Mention) error {
			if alone[m.Type] {
				f.several[m.Hash] = append(f.several[m.Hash], late{m.Seq, f.labelOf(m), m.Received})
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// lateOnes notes which versions came after something that names them.
func (f *facts) lateOnes(tx *store.Tx, after, last int64) error {
	return tx.Mentions(after, last, func(m store.Mention) error {
		for _, w := range f.naming[m.Hash] {
			if w.seq < m.Seq {
				f.late[m.Hash] = append(f.late[m.Hash], late{m.Seq, f.labelOf(m), m.Received})
				return nil
			}
		}
		return nil
	})
}

// heap puts an object on the pile of its day and label.
func (f *facts) heap(m store.Mention) {
	key := pileKey{dayOf(m.Received), m.Label}
	p := f.pile[key]
	if p == nil || len(p.seqs) >= pileSize {
		next := &pile{pileKey: key}
		if p != nil {
			next.part = p.part + 1
		}
		p = next
		f.pile[key] = p
		f.piles = append(f.piles, p)
	}
	p.seqs, p.hashes = append(p.seqs, m.Seq), append(p.hashes, m.Hash)
	p.changed = max(p.changed, m.Version, m.Received)
}

// labelOf is the label under which a version is served.
func (f *facts) labelOf(m store.Mention) int64 {
	if was, ok := f.standIn[m.Seq]; ok {
		return was
	}
	return m.Label
}

// putBack puts what stands in for something on the pile where that was: a
// program that has it there looks for it there.
func (f *facts) putBack(m store.Mention) {
	versions := f.several[m.Hash]
	if len(versions) == 0 {
		return
	}
	key := pileKey{dayOf(versions[0].received), f.labelOf(m)}
	var at *pile
	for _, p := range f.piles {
		if p.pileKey == key && (at == nil || p.seqs[0] <= versions[0].seq) {
			at = p
		}
	}
	if at == nil {
		at = &pile{pileKey: key}
		f.pile[key], f.piles = at, append(f.piles, at)
	}
	i, _ := slices.BinarySearch(at.seqs, m.Seq)
	at.seqs, at.hashes = slices.Insert(at.seqs, i, m.Seq), slices.Insert(at.hashes, i, m.Hash)
	at.changed = max(at.changed, m.Received)
}

func dayOf(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.DateOnly) }

// read takes the reports and groupings of mentions in.
func (f *facts) read(tx *store.Tx, mentions []store.Mention) error {
	seqs := make([]int64, len(mentions))
	for i, m := range mentions {
		seqs[i] = m.Seq
	}
	bodies, err := tx.Bodies(seqs)
	if err != nil {
		return err
	}
	for i, m := range mentions {
		if bodies[i] == nil {
			continue
		}
		props, err := canon.View(bodies[i])
		if err != nil {
			return err
		}
		f.add(m, props)
	}
	return nil
}

func (f *facts) add(m store.Mention, props map[string]any) {
	text := func(name string) string {
		s, _ := props[name].(string)
		return strings.Clone(s)
	}
	w := &whole{
		seq: m.Seq, hash: m.Hash, label: m.Label, version: m.Version, received: m.Received, id: text("id"), info: text("name"), org: text("created_by_ref"),
	}
	_, w.uuid, _ = strings.Cut(w.id, "--")
	if t, err := stix.ParseTimestamp(text("created")); err == nil {
		w.date = t.Format(time.DateOnly)
	}
	if props["revoked"] == true && w.info == "" {
		w.info = misp.Withdrawn
	}
	if day := misp.DayOf(props); day != "" {
		w.date = strings.Clone(day)
	}
	w.published, w.foreign = misp.Standing(props)
	for _, name := range texts(props["labels"]) {
		w.labels = append(w.labels, strings.Clone(name))
	}
	for _, id := range texts(props["object_refs"]) {
		h := store.IDHash(id)
		w.refs = append(w.refs, h)
		f.naming[h] = append(f.naming[h], w)
	}
	if misp.PartOf(props) != "" {
		f.parts[m.Hash] = append(f.parts[m.Hash], w)
		return
	}
	f.wholes = append(f.wholes, w)
}

func texts(v any) (out []string) {
	list, _ := v.([]any)
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

package intake

import (
	"maps"
	"slices"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// batch is one transaction's work.
type batch struct {
	in      *Intake
	tx      *store.Tx
	src     Source
	items   []Item
	results []Result
	known   map[string][]store.Known
	labels  *labeller
	permits map[int64]bool // labels the writer may see, as far as asked
	bound   *string        // the highest levels the node may hold, once asked
	fresh   []store.Object // to be stored, in order
	from    []int          // index of the item each of fresh came from

	foretold map[*Item]marking.Label // when labels are dry: what stored items would come to carry
}

// Batch takes items in inside tx and says of each what became of it.
func (in *Intake) Batch(tx *store.Tx, src Source, items []Item) (Report, []Result, error) {
	src.Origin = src.side(in.self)
	if err := in.belongs(tx, &src, items); err != nil {
		return Report{}, nil, err
	}
	b := &batch{in: in, tx: tx, src: src, items: items, results: make([]Result, len(items)), labels: newLabeller(tx, in.self, in.readers), permits: map[int64]bool{}}
	for _, step := range []func() error{b.lookUp, b.define, b.judge, b.store, b.lapse, b.index, b.collect, b.route} {
		if err := step(); err != nil {
			return Report{}, nil, err
		}
	}
	var rep Report
	for i := range items {
		rep.count(&items[i], b.results[i])
	}
	return rep, b.results, nil
}

func (b *batch) lookUp() (err error) {
	ids := make([]string, 0, len(b.items))
	for i := range b.items {
		if b.items[i].Err == nil {
			ids = append(ids, b.items[i].Object.ID)
		}
	}
	b.known, err = b.tx.Known(ids)
	return err
}

// judge decides what becomes of each item and gathers the fresh ones.
func (b *batch) judge() error {
	pending := map[string][]int{} // ids of fresh objects, to catch repeats within the batch
	for i := range b.items {
		it, res := &b.items[i], &b.results[i]
		res.ID = it.Object.ID
		if it.Err != nil {
			res.Outcome, res.Reason = Refused, it.reason()
			continue
		}
		earlier := b.known[it.Object.ID]
		for _, f := range pending[it.Object.ID] {
			o := &b.fresh[f]
			earlier = append(earlier, store.Known{Seq: int64(-1 - f), Version: o.Version, Label: o.Label, Digest: o.Digest})
		}
		if err := b.one(it, res, earlier); err != nil {
			return err
		}
		if res.Outcome == Added || res.Outcome == Updated {
			pending[it.Object.ID] = append(pending[it.Object.ID], len(b.fresh)-1)
			b.from = append(b.from, i)
		}
	}
	return nil
}

func (b *batch) one(it *Item, res *Result, stored []store.Known) error {
	if marking.IsDesk(marking.KindOf(it.Object.Type)) && !b.src.Control {
		res.Outcome, res.Reason = Refused, "objects of type "+it.Object.Type+" are written by nodes only"
		return nil
	}
	version := it.Object.Version()
	earlier, hidden, err := b.split(stored)
	if err != nil {
		return err
	}
	for _, k := range earlier {
		if k.Digest == it.Digest {
			reason, err := b.aboveCeiling(k.Label)
			if err != nil || reason != "" {
				res.Outcome, res.Reason = Refused, reason
				return err
			}
			res.Outcome, res.Seq, res.Version = Same, k.Seq, k.Version
			res.Remark, err = b.again(it, k)
			return err
		}
	}
	if hidden && !version.IsZero() {
		res.Outcome, res.Reason = Refused, "the id is in use; give the object one of its own"
		return nil
	}
	if reason, err := b.mayNot(it, version, earlier); err != nil || reason != "" {
		res.Outcome, res.Reason = Refused, reason
		return err
	}
	label, err := b.labels.of(b.src, it)
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			return err
		}
		res.Outcome, res.Reason = Refused, fault.Message(err)
		return nil
	}
	for _, limit := range []func(int64) (string, error){b.aboveCeiling, b.aboveBound} {
		if reason, err := limit(label); err != nil || reason != "" {
			res.Outcome, res.Reason = Refused, reason
			return err
		}
	}
	res.Outcome = Added
	if len(earlier) > 0 {
		res.Outcome = Updated
	}
	res.Version = b.tx.Now()
	if !version.IsZero() {
		res.Version = version.UnixMicro()
	}
	b.fresh = append(b.fresh, store.Object{
		ID: it.Object.ID, Type: it.Object.Type, Version: res.Version, Label: label,
		Revoked: it.Object.Revoked, Digest: it.Digest, Body: it.Object.Raw,
	})
	return nil
}

// mayNot says why another version of an id that is stored is not taken, or
// nothing. Cyber-observables without timestamps have ids made of their
// content, so nobody owns them and each different content is its own version.
func (b *batch) mayNot(it *Item, version time.Time, earlier []store.Known) (string, error) {
	if len(earlier) == 0 {
		return "", nil
	}
	if it.Object.Type == "marking-definition" {
		return "a marking definition cannot be changed (STIX 2.1 §7.2.1): another content is stored under this id", nil
	}
	if version.IsZero() {
		return "", nil
	}
	for _, k := range earlier {
		origin, err := b.labels.origin(k.Label)
		if err != nil {
			return "", err
		}
		if origin != it.origin(b.src) {
			if origin != b.in.self && it.origin(b.src) != b.in.self { // a partner is not told whose else it is
				return "the object belongs to another side, and only its owner changes it", nil
			}
			return "the object belongs to " + string(origin) + ", and only its owner changes it", nil
		}
	}
	for _, k := range earlier {
		own, err := b.owned(k.Label)
		if err != nil {
			return "", err
		}
		if !own {
			return "the object is not of this member, and only its owner changes it; say it in an object of its own", nil
		}
		if k.Version == version.UnixMicro() {
			return "another content is stored under this id and version (" + version.UTC().Format(time.RFC3339Nano) + ")", nil
		}
	}
	return "", nil
}

// aboveCeiling says why the source's ceiling keeps out what carries label, or
// nothing.
func (b *batch) aboveCeiling(label int64) (string, error) {
	if b.src.Ceiling == marking.NoTLP {
		return "", nil
	}
	l, err := b.labels.meaning(label)
	if err != nil {
		return "", err
	}
	limit := "; at most " + b.src.Ceiling.String() + " is taken here"
	switch {
	case len(l.Unknown) > 0:
		return "a marking on it is not known here or not understood" + limit, nil
	case l.TLP == marking.NoTLP:
		return "it has no TLP marking" + limit, nil
	case l.TLP > b.src.Ceiling:
		return "it is " + l.TLP.String() + limit, nil
	}
	return "", nil
}

// aboveBound says why this node may not hold what carries label, or nothing.
func (b *batch) aboveBound(label int64) (string, error) {
	l, err := b.labels.meaning(label)
	if err != nil || l.Classification == "" {
		return "", err
	}
	if b.bound == nil {
		bound := ""
		if b.in.bound != nil {
			if bound, err = b.in.bound(b.tx); err != nil {
				return "", err
			}
		}
		b.bound = &bound
	}
	switch {
	case marking.WithinLevel(l.Classification, *b.bound):
		return "", nil
	case *b.bound == "":
		return "it is classified " + l.Classification + "; this node holds nothing classified", nil
	}
	return "it is classified " + l.Classification + "; this node holds at most " + *b.bound, nil
}

func (b *batch) store() error {
	if err := b.tx.AddObjects(b.fresh, b.known); err != nil {
		return err
	}
	for f, i := range b.from {
		b.results[i].Seq = b.fresh[f].Seq
	}
	if b.src.By != "" && len(b.fresh) > 0 {
		if err := b.tx.AddImport(b.fresh[0].Seq, b.fresh[len(b.fresh)-1].Seq, b.src.By); err != nil {
			return err
		}
	}
	for i := range b.results { // repeats of what is new in this batch
		if r := &b.results[i]; r.Outcome == Same && r.Seq < 0 {
			r.Seq = b.fresh[-1-r.Seq].Seq
		}
	}
	return b.labels.count(b.fresh)
}

func (b *batch) index() error {
	var rows []store.Indexed
	for f, i := range b.from {
		o := &b.items[i].Object
		if of, ok := incident.Of(o.Type, o.ID, o.Raw); ok {
			if err := b.tx.AddIncidentPart(store.IncidentPart{Incident: of, Object: b.fresh[f].Seq, Type: o.Type}); err != nil {
				return err
			}
		}
		for _, v := range b.items[i].Values {
			rows = append(rows, store.Indexed{Object: b.fresh[f].Seq, Observable: observable(v)})
		}
	}
	return b.tx.AddObservables(rows)
}

// collect makes everything that is stored a member of the source's
// collection, whether it came now or earlier.
func (b *batch) collect() error {
	if b.src.Collection == "" {
		return nil
	}
	c, err := b.tx.Collection(b.src.Collection)
	if err != nil {
		return err
	}
	arrived := map[string][]store.Known{}
	for _, o := range b.fresh {
		arrived[o.ID] = append(arrived[o.ID], store.Known{Seq: o.Seq, Version: o.Version, Label: o.Label})
	}
	entries := make([]store.Entry, 0, len(b.items))
	for i := range b.items {
		r := &b.results[i]
		if r.Outcome == Refused || r.Seq == 0 {
			continue
		}
		e := store.Entry{Object: r.Seq, Version: r.Version, ID: r.ID, Type: b.items[i].Object.Type, Siblings: b.known[r.ID]}
		for _, k := range append(arrived[r.ID], e.Siblings...) {
			if k.Seq == r.Seq {
				e.Label = k.Label
			}
		}
		entries = append(entries, e)
	}
	_, err = b.tx.AddMembers(&c, entries)
	return err
}

func (b *batch) route() error {
	if len(b.fresh) > 0 {
		used := map[int64]marking.Label{}
		for _, o := range b.fresh {
			l, err := b.labels.meaning(o.Label)
			if err != nil {
				return err
			}
			used[o.Label] = l
		}
		if err := b.in.router.Arrived(b.tx, b.fresh[0].Seq, b.fresh[len(b.fresh)-1].Seq, used); err != nil {
			return err
		}
	}
	for id, l := range b.labels.changed {
		if err := b.in.router.Relabelled(b.tx, id, l); err != nil {
			return err
		}
	}
	return nil
}

// define records the marking definitions among the items before anything is
// labelled, so that their order in a bundle does not matter. A definition that
// is not stored, since another side's stands under its id, still says what its
// own side means by it.
func (b *batch) define() error {
	arrived := map[ident.Side][]string{}
	for i := range b.items {
		it := &b.items[i]
		if it.Err != nil || it.Object.Type != "marking-definition" {
			continue
		}
		if _, ok := marking.WellKnown(it.Object.ID); ok {
			continue // its meaning is fixed, whatever its object says
		}
		origin := it.origin(b.src)
		added, err := b.tx.SetMarking(it.Object.ID, origin, it.Object.Raw)
		if err != nil {
			return err
		}
		if added {
			arrived[origin] = append(arrived[origin], it.Object.ID)
		}
	}
	for _, origin := range slices.Sorted(maps.Keys(arrived)) {
		if err := b.labels.resolve(origin, arrived[origin]); err != nil {
			return err
		}
	}
	return nil
}

// origin returns whose object the item is.
func (it *Item) origin(src Source) ident.Side {
	if it.Origin != "" {
		return it.Origin
	}
	return src.Origin
}

// side returns origin for a source, the node's own when none is named.
func (s Source) side(self ident.Side) ident.Side {
	if s.Origin == "" {
		return self
	}
	return s.Origin
}

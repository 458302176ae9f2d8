package recall

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// withholding takes versions out of every read.
type withholding struct {
	message  string          // why, as store.Recalled has it
	kind     recall.Kind     // for the label
	until    time.Time       // the version of what stands in for them
	versions []store.Brief   // as they are stored now
	stays    map[string]bool // ids of which a newer version goes on
}

// withheld is what became of them.
type withheld struct {
	revoked int   // ids that collections serve as revoked
	removed int   // ids whose types have no revoked
	waited  int64 // versions that waited to leave
}

// withhold gives the versions labels that nobody may read, takes them off
// lists that they wait on, and has collections they were in serve a version
// that says revoked, to those who might read them.
func (r *Recalls) withhold(tx *store.Tx, w withholding) (out withheld, err error) {
	if len(w.versions) == 0 {
		return out, nil
	}
	l := r.labels(tx)
	seqs := make([]int64, len(w.versions))
	for i, v := range w.versions {
		seqs[i] = v.Seq
	}
	earlier, err := before(tx, seqs)
	if err != nil {
		return out, err
	}
	var moves []store.Move
	rows := make([]store.Recalled, 0, len(seqs))
	for _, v := range w.versions {
		to, err := l.withheld(v.Label, w.kind.Withheld())
		if err != nil {
			return out, err
		}
		was, again := earlier[v.Seq]
		if !again {
			was = v.Label
		}
		rows = append(rows, store.Recalled{Object: v.Seq, Message: w.message, Was: was})
		if to != v.Label {
			moves = append(moves, store.Move{Seq: v.Seq, ID: v.ID, From: v.Label, To: to})
		}
	}
	members, err := tx.MembersOf(seqs)
	if err != nil {
		return out, err
	}
	if err := tx.RelabelAll(moves); err != nil {
		return out, err
	}
	if err := tx.MoveMembers(moves); err != nil {
		return out, err
	}
	if out.waited, err = tx.Detain(seqs); err != nil {
		return out, err
	}
	if err := tx.AddRecalled(rows); err != nil {
		return out, err
	}
	s := stubs{tx: tx, labels: l, w: w, members: members, earlier: earlier, out: &out}
	return out, s.add()
}

// before returns the labels that versions had which are withheld already.
func before(tx *store.Tx, seqs []int64) (map[int64]int64, error) {
	rows, err := tx.RecalledOf(seqs)
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		if _, ok := out[r.Object]; !ok {
			out[r.Object] = r.Was
		}
	}
	return out, err
}

// stubs makes what collections serve in the place of versions that are
// withheld: the id and revoked, and nothing of the content (TAXII has no other
// way to say that something is gone).
type stubs struct {
	tx      *store.Tx
	labels  *labels
	w       withholding
	members []store.MemberOf
	earlier map[int64]int64 // versions that were withheld before, and have theirs
	out     *withheld
}

// stub is one of them: an id under one label, in some collections.
type stub struct {
	of          store.Brief // the newest version under the label
	label       int64
	collections map[int64]bool
}

func (s stubs) add() error {
	wanted := s.wanted()
	if len(wanted) == 0 {
		return nil
	}
	objects := make([]store.Object, len(wanted))
	ids := make([]string, len(wanted))
	for i, x := range wanted {
		o, err := s.object(x)
		if err != nil {
			return err
		}
		objects[i], ids[i] = o, x.of.ID
	}
	known, err := s.tx.Known(ids)
	if err != nil {
		return err
	}
	if err := s.tx.AddObjects(objects, known); err != nil {
		return err
	}
	if err := s.count(objects); err != nil {
		return err
	}
	rows := make([]store.Recalled, len(objects))
	for i, o := range objects {
		rows[i] = store.Recalled{Object: o.Seq, Message: s.w.message, Was: wanted[i].label, Stub: true}
	}
	if err := s.tx.AddRecalled(rows); err != nil {
		return err
	}
	return s.join(wanted, objects, known)
}

// wanted works out which are needed, those under the newest version's label
// last.
func (s stubs) wanted() []stub {
	in := map[int64]map[int64]bool{}
	for _, m := range s.members {
		if in[m.Object] == nil {
			in[m.Object] = map[int64]bool{}
		}
		in[m.Object][m.Collection] = true
	}
	type key struct {
		id    string
		label int64
	}
	var order []key
	found := map[key]*stub{}
	revoked, removed := map[string]bool{}, map[string]bool{}
	for _, v := range s.w.versions { // oldest first
		if len(in[v.Seq]) == 0 || s.earlier[v.Seq] != 0 || s.w.stays[v.ID] {
			continue
		}
		if k := stix.KindOf(v.Type); k == stix.SCO {
			removed[v.ID] = true
			continue
		}
		revoked[v.ID] = true
		k := key{v.ID, v.Label}
		x := found[k]
		if x == nil {
			x = &stub{label: v.Label, collections: map[int64]bool{}}
			found[k] = x
		} else {
			order = slices.DeleteFunc(order, func(o key) bool { return o == k })
		}
		order = append(order, k)
		x.of = v
		maps.Copy(x.collections, in[v.Seq])
	}
	s.out.revoked, s.out.removed = len(revoked), len(removed)
	out := make([]stub, 0, len(order))
	for _, k := range order {
		out = append(out, *found[k])
	}
	return out
}

// object writes one: it carries the label of nobody, and is seen only where
// it is a member.
func (s stubs) object(x stub) (store.Object, error) {
	m, err := s.labels.of(x.label)
	if err != nil {
		return store.Object{}, err
	}
	o, err := s.tx.Object(x.of.Seq)
	if err != nil {
		return store.Object{}, err
	}
	at := s.w.until
	if s.w.kind == recall.Correct { // the version that takes its place is newer
		at = clock.At(x.of.Version).Add(time.Microsecond)
	}
	props := map[string]any{
		"type": o.Type, "spec_version": "2.1", "id": o.ID, "created": created(o), "modified": recall.Stamp(at), "revoked": true,
	}
	if ref := m.TLP.DefinitionID(); ref != "" {
		props["object_marking_refs"] = []any{ref}
	}
	body, err := canon.Marshal(props)
	if err != nil {
		return store.Object{}, err
	}
	label, err := s.labels.withheld(x.label, s.w.kind.Withheld())
	return store.Object{
		ID: o.ID, Type: o.Type, Version: at.UnixMicro(), Label: label, Revoked: true, Digest: ident.Sum(body), Body: body,
	}, err
}

// created returns when the object was, as it says.
func created(o store.Object) string {
	props, err := canon.View(o.Body)
	if err == nil {
		if s, ok := props["created"].(string); ok {
			return s
		}
	}
	return recall.Stamp(clock.At(o.Version)) // a custom type without times
}

func (s stubs) count(objects []store.Object) error {
	type sum struct{ n, bytes int64 }
	sums := map[int64]sum{}
	for _, o := range objects {
		x := sums[o.Label]
		sums[o.Label] = sum{x.n + 1, x.bytes + int64(len(o.Body))}
	}
	for _, label := range slices.Sorted(maps.Keys(sums)) {
		if err := s.tx.CountLabel(label, sums[label].n, sums[label].bytes); err != nil {
			return err
		}
	}
	return nil
}

// join makes them members where the versions were, under the labels these had.
func (s stubs) join(wanted []stub, objects []store.Object, known map[string][]store.Known) error {
	collections, err := s.tx.Collections()
	if err != nil {
		return err
	}
	made := map[string][]store.Known{}
	for i, o := range objects {
		made[o.ID] = append(made[o.ID], store.Known{Seq: o.Seq, Version: o.Version, Label: wanted[i].label})
	}
	for _, c := range collections {
		var entries []store.Entry
		for i, o := range objects {
			if wanted[i].collections[c.N] {
				entries = append(entries, store.Entry{
					Object: o.Seq, Label: wanted[i].label, Version: o.Version, ID: o.ID, Type: o.Type, Siblings: slices.Concat(known[o.ID], made[o.ID]),
				})
			}
		}
		if _, err := s.tx.AddMembers(&c, entries); err != nil {
			return err
		}
	}
	return nil
}

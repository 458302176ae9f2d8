package recall

import (
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// restore undoes what withhold did because of a message, but for what another
// still calls back, and routes what it gives back. It returns the ids that are
// read again.
func (r *Recalls) restore(tx *store.Tx, message string) (map[string]bool, error) {
	rows, err := tx.RecalledBy(message)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	seqs := make([]int64, len(rows))
	for i, row := range rows {
		seqs[i] = row.Object
	}
	briefs, err := tx.Briefs(seqs)
	if err != nil {
		return nil, err
	}
	back := restoring{r: r, tx: tx, labels: r.labels(tx), message: message, briefs: map[int64]store.Brief{}, ids: map[string]bool{}}
	for _, b := range briefs {
		back.briefs[b.Seq] = b
	}
	if err := back.others(seqs); err != nil {
		return nil, err
	}
	if err := back.stubs(rows); err != nil {
		return nil, err
	}
	return back.ids, back.versions(rows)
}

type restoring struct {
	r       *Recalls
	tx      *store.Tx
	labels  *labels
	message string
	briefs  map[int64]store.Brief
	kept    map[string]string // ids that another message calls back
	ids     map[string]bool
}

func (b *restoring) others(seqs []int64) error {
	all, err := b.tx.RecalledOf(seqs)
	b.kept = map[string]string{}
	for _, row := range all {
		if v, ok := b.briefs[row.Object]; ok && row.Message != b.message && !row.Stub {
			b.kept[v.ID] = row.Message
		}
	}
	return err
}

// stubs takes away what stood in for what comes back.
func (b *restoring) stubs(rows []store.Recalled) error {
	var gone []int64
	var stay []store.Recalled
	for _, row := range rows {
		switch other := b.kept[b.briefs[row.Object].ID]; {
		case !row.Stub:
		case other != "":
			row.Message = other
			stay = append(stay, row)
		default:
			gone = append(gone, row.Object)
		}
	}
	if err := b.tx.AddRecalled(stay); err != nil {
		return err
	}
	return b.tx.DropMembers(gone)
}

func (b *restoring) versions(rows []store.Recalled) error {
	var moves []store.Move
	ids := map[int64]string{}
	var moved []int64
	to := map[int64]marking.Label{}
	low, high := int64(0), int64(0)
	for _, row := range rows {
		v, ok := b.briefs[row.Object]
		if !ok || row.Stub || row.Erased || b.kept[v.ID] != "" {
			continue
		}
		label, err := b.was(v, row)
		if err != nil {
			return err
		}
		moves = append(moves, store.Move{Seq: v.Seq, ID: v.ID, From: v.Label, To: label})
		moved, ids[v.Seq], b.ids[v.ID] = append(moved, v.Seq), v.ID, true
		if to[label], err = b.labels.of(label); err != nil {
			return err
		}
		if low == 0 {
			low = v.Seq
		}
		high = v.Seq
	}
	members, err := b.tx.MembersOf(moved)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return b.tx.DropRecalled(b.message) },
		func() error { return b.tx.RelabelAll(moves) },
		func() error { return b.tx.MoveMembers(moves) },
		func() error { return b.tx.Refresh(members, ids) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if len(moves) == 0 {
		return nil
	}
	return b.r.releases.Arrived(b.tx, low, high, to)
}

// was returns the label that a version goes back to: the one it had, with
// whatever was added to it since.
func (b *restoring) was(v store.Brief, row store.Recalled) (int64, error) {
	expected, err := b.labels.of(row.Was)
	if err != nil {
		return 0, err
	}
	current, err := b.labels.of(v.Label)
	if err != nil {
		return 0, err
	}
	current.Withheld = ""
	if string(current.Canonical()) == string(expected.Canonical()) {
		return row.Was, nil
	}
	return b.labels.changed(v.Label, "back", func(m *marking.Label) { m.Withheld = "" })
}

package store

import (
	"database/sql"
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// AllLabels is the clearance class of the node itself, which sees all. Class 0
// is nobody's and sees nothing.
const AllLabels = -1

// Label is one interned combination of everything a decision depends on.
type Label struct {
	ID       int64
	Raw      []byte // canonical: marking references as written, and what the importer said
	Resolved []byte // canonical law/marking.Label: what that means today
	Pending  bool   // a marking definition is not known yet
	Objects  int64  // versions that carry it
	Bytes    int64  // their size
}

// LabelByRaw returns the label with the given raw combination, or
// fault.NotFound.
func (t *Tx) LabelByRaw(raw []byte) (Label, error) {
	return t.label("raw = $2", raw)
}

// Label returns the label numbered id, or fault.NotFound.
func (t *Tx) Label(id int64) (Label, error) { return t.label("id = $2", id) }

const labelColumns = "id, raw, resolved, pending, objects, bytes"

func scanLabel(r interface{ Scan(...any) error }, l *Label) error {
	return r.Scan(&l.ID, &l.Raw, &l.Resolved, &l.Pending, &l.Objects, &l.Bytes)
}

func (t *Tx) label(condition string, arg any) (l Label, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) error {
		found = true
		return scanLabel(r, &l)
	}, "SELECT "+labelColumns+" FROM label WHERE domain = $1 AND "+condition, t.domain, arg)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "no such label")
	}
	return l, err
}

// Labels returns every label of the domain, in order of first use.
func (t *Tx) Labels() (out []Label, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var l Label
		if err := scanLabel(r, &l); err != nil {
			return err
		}
		out = append(out, l)
		return nil
	}, "SELECT "+labelColumns+" FROM label WHERE domain = $1 ORDER BY id", t.domain)
	return out, err
}

// AddLabel interns a new label and returns its number. may says for a
// clearance class, by its terms, whether it may see the label.
func (t *Tx) AddLabel(l Label, may func(clearance string) bool) (int64, error) {
	id, err := take(t.Tx, "label", 1)
	if err != nil {
		return 0, err
	}
	if _, err := t.Exec(`INSERT INTO label (domain, id, raw, resolved, pending, objects, bytes)
		VALUES ($1, $2, $3, $4, $5, 0, 0)`, t.domain, id, l.Raw, l.Resolved, l.Pending); err != nil {
		return 0, err
	}
	return id, t.permitLabel(id, may)
}

// ResolveLabel replaces what label id means, after a definition arrived.
func (t *Tx) ResolveLabel(id int64, resolved []byte, pending bool, may func(clearance string) bool) error {
	if _, err := t.Exec("UPDATE label SET resolved = $3, pending = $4 WHERE domain = $1 AND id = $2",
		t.domain, id, resolved, pending); err != nil {
		return err
	}
	if _, err := t.Exec("DELETE FROM permit WHERE domain = $1 AND label = $2", t.domain, id); err != nil {
		return err
	}
	return t.permitLabel(id, may)
}

// CountLabel adds to the number and size of the versions that carry label id.
func (t *Tx) CountLabel(id, objects, bytes int64) error {
	_, err := t.Exec("UPDATE label SET objects = objects + $3, bytes = bytes + $4 WHERE domain = $1 AND id = $2",
		t.domain, id, objects, bytes)
	return err
}

func (t *Tx) permitLabel(id int64, may func(clearance string) bool) error {
	classes, err := t.classes()
	if err != nil {
		return err
	}
	for class, terms := range classes {
		if !may(terms) {
			continue
		}
		if err := t.permit(class, id); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) permit(class, label int64) error {
	_, err := t.Exec("INSERT INTO permit (domain, class, label) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		t.domain, class, label)
	return err
}

func (t *Tx) classes() (map[int64]string, error) {
	out := map[int64]string{}
	err := t.Each(func(r *sql.Rows) error {
		var id int64
		var terms string
		if err := r.Scan(&id, &terms); err != nil {
			return err
		}
		out[id] = terms
		return nil
	}, "SELECT id, terms FROM clearance WHERE domain = $1", t.domain)
	return out, err
}

// Permits reports whether a clearance class may see a label.
func (t *Tx) Permits(class, label int64) (bool, error) {
	if class == AllLabels {
		return true, nil
	}
	var one int64
	return t.Get([]any{&one}, "SELECT 1 FROM permit WHERE domain = $1 AND class = $2 AND label = $3", t.domain, class, label)
}

// Class returns the number of the clearance class with the given terms; 0 when
// there is none yet (see AddClass).
func (t *Tx) Class(terms string) (id int64, err error) {
	_, err = t.Get([]any{&id}, "SELECT id FROM clearance WHERE domain = $1 AND terms = $2", t.domain, terms)
	return id, err
}

// AddClass makes the clearance class with the given terms unless it is there.
// may says of a label's resolved form whether the class may see it.
func (t *Tx) AddClass(terms string, may func(resolved []byte) bool) (int64, error) {
	if id, err := t.Class(terms); err != nil || id != 0 {
		return id, err
	}
	id, err := take(t.Tx, "clearance", 1)
	if err != nil {
		return 0, err
	}
	if _, err := t.Exec("INSERT INTO clearance (domain, id, terms) VALUES ($1, $2, $3)", t.domain, id, terms); err != nil {
		return 0, err
	}
	labels, err := t.Labels()
	if err != nil {
		return 0, err
	}
	for _, l := range labels {
		if !may(l.Resolved) {
			continue
		}
		if err := t.permit(id, l.ID); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// Marking returns the body of the marking definition id as it came from
// origin, and whether it is known.
func (t *Tx) Marking(id string, origin ident.Side) (body []byte, known bool, err error) {
	known, err = t.Get([]any{&body}, "SELECT body FROM marking WHERE domain = $1 AND id = $2 AND origin = $3", t.domain, id, string(origin))
	return body, known, err
}

// SetMarking records a marking definition; the first word stands.
func (t *Tx) SetMarking(id string, origin ident.Side, body []byte) (added bool, err error) {
	n, err := t.Exec("INSERT INTO marking (domain, id, origin, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", t.domain, id, string(origin), body)
	return n > 0, err
}

// PendingLabels returns the labels that wait for a marking definition.
func (t *Tx) PendingLabels() ([]Label, error) {
	all, err := t.Labels()
	return slices.DeleteFunc(all, func(l Label) bool { return !l.Pending }), err
}

// LabelsOf returns the label of each of the versions seqs.
func (t *Tx) LabelsOf(seqs []int64) (map[int64]int64, error) {
	out := make(map[int64]int64, len(seqs))
	err := t.Each(func(r *sql.Rows) error {
		var seq, label int64
		err := r.Scan(&seq, &label)
		out[seq] = label
		return err
	}, "SELECT seq, label FROM object WHERE domain = $1 AND "+t.AnyInt("seq", 2), t.domain, t.Ints(seqs))
	return out, err
}

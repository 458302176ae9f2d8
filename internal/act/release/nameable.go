package release

import (
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Nameable returns nil when an object that goes to the partner of a may name
// each of ids: fault.NotFound for what class may not see, fault.Denied for what
// the partner could not get. An id alone already tells that something is here.
func (r *Releases) Nameable(tx *store.Tx, a ident.Agreement, class int64, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	g, err := r.Gate(tx, a)
	if err != nil {
		return err
	}
	for _, id := range ids {
		l, ok, err := Newest(tx, class, id)
		if err != nil {
			return err
		}
		if !ok || marking.IsDesk(l.Kind) {
			return fault.Errorf(fault.NotFound, "there is no object %.80s, or it is not for you", id)
		}
		if d := g.Decide(l); l.Origin != g.Terms.Partner && d.Outcome == gate.Deny {
			return fault.Errorf(fault.Denied, "%.80s cannot be attached. %s", id, d.Sentence)
		}
	}
	return nil
}

// Newest returns the label of the newest version of an id, if class may see it.
func Newest(tx *store.Tx, class int64, id string) (l marking.Label, ok bool, err error) {
	var found store.Object
	err = tx.Versions(id, func(v store.Object) error {
		if v.Type != "erased" && (found.Seq == 0 || v.Version >= found.Version) {
			found = v
		}
		return nil
	})
	if err != nil || found.Seq == 0 {
		return l, false, err
	}
	if ok, err = tx.Permits(class, found.Label); err != nil || !ok {
		return l, false, err
	}
	stored, err := tx.Label(found.Label)
	if err != nil {
		return l, false, err
	}
	l, err = marking.ParseLabel(stored.Resolved)
	return l, true, err
}

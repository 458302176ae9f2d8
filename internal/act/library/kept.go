package library

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Names returns what the objects of ids are called, as far as a reader of the
// class may know of them; what has no name is its type.
func (l *Library) Names(ctx context.Context, h *store.Handle, by people.Actor, class int64, ids []string) (map[string]string, error) {
	if err := by.May(people.Read); err != nil {
		return nil, err
	}
	out := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	err := h.Query(ctx, func(tx *store.Tx) error {
		heads, err := tx.Heads(class, ids)
		if err != nil {
			return err
		}
		for id, s := range heads {
			props, err := canon.View(s.Body)
			if err != nil {
				return err
			}
			if out[id] = NameOf(s.Type, props); out[id] == "" {
				out[id] = s.Type
			}
		}
		return nil
	})
	return out, err
}

// What an account keeps: searches under names, each as the address of the
// page of threat data has it, and the columns of that page.
const (
	KeptSearches = "search"
	KeptColumns  = "columns"
)

// KeptPage is the name under which columns are kept: there is one table yet.
const KeptPage = "threats"

// Columns are those that a reader of the page of threat data may choose, in
// their order.
func Columns() []string {
	return []string{
		"type", "tlp", "pap", "origin", "creator", "phases", "labels", "sectors", "pattern", "confidence", "created", "modified", "received",
	}
}

// FirstColumns are those one begins with.
func FirstColumns() []string {
	return []string{"type", "tlp", "origin", "phases", "modified", "received"}
}

// Bounds of what an account keeps.
const (
	// MaxName is how long the name of a search may be, in characters.
	MaxName  = 80
	maxKept  = 200
	maxValue = 8 << 10
)

// Keep keeps something for by's account: a search under a name, or how it
// likes a table.
func (l *Library) Keep(ctx context.Context, h *store.Handle, by people.Actor, k store.Kept) error {
	if err := by.May(people.Read); err != nil {
		return err
	}
	if len(k.Value) > maxValue || len(k.Name) > maxValue {
		return fault.New(fault.TooLarge, "the search is too long to be kept")
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		have, err := tx.Kept(by.Name, k.Kind)
		if err != nil {
			return err
		}
		if len(have) >= maxKept {
			return fault.Errorf(fault.TooLarge, "%d are kept already: remove some first", len(have))
		}
		return tx.Keep(by.Name, k)
	})
}

// Kept returns what by's account keeps of a kind, in order of name; while a
// meeting is on no searches, which are nobody else's business.
func (l *Library) Kept(ctx context.Context, h *store.Handle, by people.Actor, kind string) (out []store.Kept, err error) {
	if err := by.May(people.Read); err != nil {
		return nil, err
	}
	if by.Room() != nil && kind == KeptSearches {
		return nil, nil
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		out, err = tx.Kept(by.Name, kind)
		return err
	})
	return out, err
}

// Forget removes what by's account keeps under a name.
func (l *Library) Forget(ctx context.Context, h *store.Handle, by people.Actor, kind, name string) error {
	if err := by.May(people.Read); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error { return tx.Forget(by.Name, kind, name) })
}

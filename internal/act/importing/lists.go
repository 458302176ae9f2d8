package importing

import (
	"context"
	"strconv"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/store"
)

// WarningLists returns the lists that were added, by name, and those built in.
func (m *Imports) WarningLists(ctx context.Context, h *store.Handle, by people.Actor) (added []store.WarningList, builtIn []warninglist.List, err error) {
	if err := by.May(people.Import); err != nil {
		return nil, nil, err
	}
	err = h.Query(ctx, func(tx *store.Tx) (err error) {
		added, err = tx.WarningLists()
		return err
	})
	return added, warninglist.BuiltIn(), err
}

// maxLists bounds the lists a node keeps.
const maxLists = 500

// AddWarningList keeps a list in place of an earlier one of its name. Returns
// fault.Denied unless by may Import; fault.Invalid or fault.TooLarge for a file
// that is none; fault.Conflict for the name of one built in.
func (m *Imports) AddWarningList(ctx context.Context, h *store.Handle, by people.Actor, raw []byte) (store.WarningList, error) {
	if err := by.May(people.Import); err != nil {
		return store.WarningList{}, err
	}
	l, err := warninglist.Parse(raw)
	if err != nil {
		return store.WarningList{}, err
	}
	for _, own := range warninglist.BuiltIn() {
		if own.Name == l.Name {
			return store.WarningList{}, fault.New(fault.Conflict, "a list that is built in has this name")
		}
	}
	kept := store.WarningList{Name: l.Name, Type: l.Type, Version: l.Version, Entries: int64(len(l.Entries)), Body: raw, Account: by.Name}
	err = h.Write(ctx, func(tx *store.Tx) error {
		have, err := tx.WarningLists()
		if err != nil {
			return err
		}
		if len(have) >= maxLists {
			return fault.Errorf(fault.Conflict, "%d lists are kept; remove one first", len(have))
		}
		if err := tx.AddWarningList(kept); err != nil {
			return err
		}
		return m.note(tx, by.Name, "warninglist.add", "list", l.Name, "entries", strconv.Itoa(len(l.Entries)))
	})
	return kept, err
}

// RemoveWarningList removes a list, or is fault.NotFound.
func (m *Imports) RemoveWarningList(ctx context.Context, h *store.Handle, by people.Actor, name string) error {
	if err := by.May(people.Import); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RemoveWarningList(name); err != nil {
			return err
		}
		return m.note(tx, by.Name, "warninglist.remove", "list", oneLine(name))
	})
}

// Lists returns every list compiled.
func (m *Imports) Lists(ctx context.Context, h *store.Handle) (*warninglist.Set, error) {
	s, _, err := m.set(ctx, h)
	return s, err
}

// set returns every list compiled, and what could not be read of them. It is
// compiled again when a list was added or removed.
func (m *Imports) set(ctx context.Context, h *store.Handle) (*warninglist.Set, []string, error) {
	var kept []store.WarningList
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		kept, err = tx.WarningLists()
		return err
	}); err != nil {
		return nil, nil, err
	}
	var b strings.Builder
	for _, l := range kept {
		b.WriteString(l.Name + "\x00" + strconv.FormatInt(l.Added, 10) + "\x00")
	}
	key := b.String()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lists != nil && m.of == key {
		return m.lists, m.faults, nil
	}
	lists := warninglist.BuiltIn()
	for _, l := range kept {
		var raw []byte
		if err := h.Query(ctx, func(tx *store.Tx) (err error) {
			raw, err = tx.WarningList(l.Name)
			return err
		}); err != nil {
			return nil, nil, err
		}
		list, err := warninglist.Parse(raw)
		if err != nil {
			return nil, nil, err
		}
		lists = append(lists, list)
	}
	m.lists, m.faults = warninglist.Compile(lists)
	m.of = key
	return m.lists, m.faults, nil
}

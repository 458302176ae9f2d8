package collection

import (
	"context"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// aliasRunes are what an alias is made of.
const aliasRunes = "-_.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// maxTitle bounds a collection's title and description, in bytes.
const maxTitle = 1000

// Create makes a collection and returns it with its id. A taken alias is
// fault.Conflict.
func (c *Collections) Create(ctx context.Context, h *store.Handle, by people.Actor, n store.Collection) (store.Collection, error) {
	if err := by.May(people.Administer); err != nil {
		return n, err
	}
	if n.Title == "" || len(n.Title) > maxTitle || len(n.Description) > maxTitle {
		return n, fault.Errorf(fault.Invalid, "a collection has a title, of at most %d bytes like its description", maxTitle)
	}
	if len(n.Alias) > 100 || strings.Trim(n.Alias, aliasRunes) != "" {
		return n, fault.Errorf(fault.Invalid, "alias %.120q: want at most 100 letters, digits and - _ .", n.Alias)
	}
	for _, level := range []*string{&n.DefaultTLP, &n.Ceiling} {
		if *level == "" {
			continue
		}
		tlp, err := marking.ParseTLP(*level)
		if err != nil {
			return n, err
		}
		*level = tlp.Name()
	}
	var err error
	if n.ID, err = ident.NewUUID(c.rand); err != nil {
		return n, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.AddCollection(&n); err != nil {
			return err
		}
		return c.note(tx, by, "collection.create", "collection", n.ID)
	})
	return n, err
}

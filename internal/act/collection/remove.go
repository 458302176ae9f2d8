package collection

import (
	"context"
	"strconv"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Remove takes the versions v of an object out of a collection, as far as by
// may see them, and returns how many. It returns fault.Denied unless by may
// read and write there (TAXII 2.1 §5.7); fault.NotFound when there is nothing
// to remove.
func (c *Collections) Remove(ctx context.Context, h *store.Handle, by people.Actor, access people.Access, from store.Collection, id string, v store.Versions) (removed int, err error) {
	if err := MayWrite(by, access, from); err != nil {
		return 0, err
	}
	if !access.Right(from.ID).Read {
		return 0, fault.Errorf(fault.Denied, "%s may not read this collection", by)
	}
	err = h.Write(ctx, func(tx *store.Tx) (err error) {
		if removed, err = tx.RemoveMembers(from.N, access.Class, id, v); err != nil {
			return err
		}
		if removed == 0 {
			return fault.New(fault.NotFound, "there is no such object in this collection")
		}
		return c.note(tx, by, "collection.remove", "collection", from.ID, "object", id, "versions", strconv.Itoa(removed))
	})
	return removed, err
}

package exchange

import (
	"io"

	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// along returns what leaves with entries that belong to third sides, by the
// entry's version: what shows that they may go tells of them, so it leaves with
// them and stays when they stay.
func (b *builder) along(entries []store.Release) (map[int64][]store.Object, error) {
	var thirds []int64
	for _, e := range entries {
		if e.Type == "erased" {
			continue
		}
		l, err := b.label(e.Label)
		if err != nil {
			return nil, err
		}
		if b.x.third(b.ch, l.label.Origin) {
			thirds = append(thirds, e.Seq)
		}
	}
	if len(thirds) == 0 {
		return nil, nil
	}
	return b.tx.Accompanying(b.ch.ID, thirds)
}

// together writes what leaves with an item, if there is room for all of it and
// the item, and reports whether there is. Only what does not fit into one
// shipment with its item at all goes in the one before.
func (b *builder) together(w *shipment.Writer, along []store.Object, it shipment.Item) (fits bool, err error) {
	if len(along) == 0 {
		return w.Fits(it), nil
	}
	items, objects, size := make([]shipment.Item, 0, len(along)), make([]int64, 0, len(along)), it.LineSize()
	for _, o := range along {
		wire, may, err := b.leaving(store.Release{Object: o})
		if err != nil {
			return false, err
		}
		if !may {
			continue
		}
		a := shipment.Item{Label: wire, Object: o.Body}
		if _, err := io.ReadFull(b.x.rand, a.Salt[:]); err != nil {
			return false, err
		}
		items, objects, size = append(items, a), append(objects, o.Seq), size+a.LineSize()
	}
	fits = w.Items()+len(items) < shipment.MaxItems && w.Bytes()+size <= shipment.MaxBody
	if !fits && w.Items() > 0 {
		return false, nil
	}
	for i, a := range items {
		if !w.Fits(a) {
			return false, nil
		}
		if err := w.Add(a); err != nil {
			return false, err
		}
		b.items = append(b.items, store.ShippedItem{Object: objects[i], Salt: a.Salt, Label: a.Label})
		b.hurry = append(b.hurry, objects[i])
	}
	return fits, nil
}

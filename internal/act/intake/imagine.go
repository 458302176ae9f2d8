package intake

import (
	"context"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Imagine returns the item that raw would be if src brought it in, and the
// label it would have with the definitions known now. Nothing is stored. An
// object that would be refused is fault.Invalid with the reason.
func (in *Intake) Imagine(ctx context.Context, h *store.Handle, src Source, raw []byte) (Item, marking.Label, error) {
	src.Origin = src.side(in.self)
	it := Prepare(0, raw, src.SpecVersion)
	if it.Err != nil {
		return it, marking.Label{}, fault.New(fault.Invalid, it.reason())
	}
	var label marking.Label
	err := h.Query(ctx, func(tx *store.Tx) error {
		var err error
		label, _, err = newLabeller(tx, in.self, in.readers).work(combination{
			Contributor: src.Contributor, DefaultTLP: uint8(src.DefaultTLP), Kind: marking.KindOf(it.Object.Type),
			Origin: string(it.origin(src)), Refs: it.Object.MarkingRefs, Sectors: src.Sectors,
		})
		return err
	})
	return it, label, err
}

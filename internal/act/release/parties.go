package release

import (
	"context"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// Parties returns the sides of the agreements in force, one's own first, each
// with its other names, once.
func (r *Releases) Parties(ctx context.Context, h *store.Handle) (out []gate.Party, err error) {
	err = h.Query(ctx, func(tx *store.Tx) error {
		channels, err := tx.Channels()
		if err != nil {
			return err
		}
		for _, ch := range channels {
			terms, err := r.accords.InForce(tx, ch.Agreement)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
				continue
			}
			if err != nil {
				return err
			}
			for _, p := range terms.Table.Parties {
				if p.Side == terms.Self && len(out) == 0 {
					out = append(out, p)
				}
			}
			for _, p := range terms.Table.Parties {
				if p.Side == terms.Partner {
					out = append(out, p)
				}
			}
		}
		return nil
	})
	return out, err
}

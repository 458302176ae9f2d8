package node

import (
	"context"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// followDates does what dates change by themselves: an agreement that became
// operative since the last look lets what waited be routed. What ended needs
// nothing: every decision to send is taken anew.
func (n *Node) followDates(ctx context.Context, a ident.Agreement) error {
	name := "exchange " + ident.Live.String() + " " + string(a)
	permitted := func(tx *store.Tx) (now, before bool, err error) {
		terms, err := n.Accords.InForce(tx, a)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
			return false, false, nil
		}
		if err != nil {
			return false, false, err
		}
		last, err := tx.Setting(name)
		return terms.Permits.Exchange, string(last) == "permitted", err
	}
	changed := false
	if err := n.Live.Query(ctx, func(tx *store.Tx) error {
		now, before, err := permitted(tx)
		changed = now != before
		return err
	}); err != nil || !changed {
		return err
	}
	return n.Live.Write(ctx, func(tx *store.Tx) error {
		now, before, err := permitted(tx)
		if err != nil || now == before {
			return err
		}
		word := "halted"
		if now {
			word = "permitted"
		}
		if err := tx.SetSetting(name, []byte(word)); err != nil || !now {
			return err
		}
		return n.Releases.Reconsider(tx, a)
	})
}

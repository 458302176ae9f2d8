package release

import (
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// narrowed tells whoever calls back of what has left on a channel and carries
// a label now, or has a newer version with one, that is denied there. What an
// amendment of the agreement closes to new exchange is not called back by it.
func (r *Releases) narrowed(tx *store.Tx, ch store.Channel, s span, denied []int64) error {
	if r.lost == nil || len(denied) == 0 || s.again || ch.Shipped == 0 {
		return nil
	}
	versions, err := tx.VersionsOfChanged(s.from, s.to, denied)
	if err != nil || len(versions) == 0 {
		return err
	}
	briefs, err := left(tx, ch, versions)
	if err != nil || len(briefs) == 0 {
		return err
	}
	return r.lost(tx, ch, briefs)
}

// left returns what left on a channel of versions and of what was made from
// them.
func left(tx *store.Tx, ch store.Channel, versions []int64) ([]store.Brief, error) {
	family, err := tx.Family(versions)
	if err != nil {
		return nil, err
	}
	went, err := tx.LeftWith(family)
	if err != nil {
		return nil, err
	}
	var gone []int64
	for _, l := range went {
		if l.Channel == ch.ID {
			gone = append(gone, l.Object)
		}
	}
	return tx.Briefs(gone)
}

// Change is an object of which another version would come, or that would carry
// another label.
type Change struct {
	ID    string
	Label marking.Label
}

// Loss is what would be called back on one channel.
type Loss struct {
	Agreement ident.Agreement
	Partner   ident.Side
	IDs       []string
}

// Losses returns what would be called back, and from whom, if changes came.
func (r *Releases) Losses(tx *store.Tx, changes []Change) (out []Loss, err error) {
	if r.wouldLose == nil || len(changes) == 0 {
		return nil, nil
	}
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	for _, ch := range channels {
		if ch.Shipped == 0 {
			continue
		}
		ids, err := r.losses(tx, ch, changes)
		if err != nil {
			return nil, err
		}
		if len(ids) > 0 {
			out = append(out, Loss{Agreement: ch.Agreement, Partner: ch.Partner, IDs: ids})
		}
	}
	return out, nil
}

func (r *Releases) losses(tx *store.Tx, ch store.Channel, changes []Change) ([]string, error) {
	g, err := r.Gate(tx, ch.Agreement)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		return nil, nil // as route has it
	}
	if err != nil {
		return nil, err
	}
	var denied []string
	for _, c := range changes {
		if c.Label.Origin == r.self && c.Label.Withheld == "" && g.Decide(c.Label).Outcome == gate.Deny {
			denied = append(denied, c.ID)
		}
	}
	known, err := tx.Known(denied)
	if err != nil {
		return nil, err
	}
	var versions []int64
	for _, list := range known {
		for _, k := range list {
			versions = append(versions, k.Seq)
		}
	}
	briefs, err := left(tx, ch, versions)
	if err != nil || len(briefs) == 0 {
		return nil, err
	}
	return r.wouldLose(tx, ch, briefs)
}

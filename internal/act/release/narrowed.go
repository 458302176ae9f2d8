package release

import "twoseas/internal/store"

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
	family, err := tx.Family(versions)
	if err != nil {
		return err
	}
	left, err := tx.LeftWith(family)
	if err != nil {
		return err
	}
	var gone []int64
	for _, l := range left {
		if l.Channel == ch.ID {
			gone = append(gone, l.Object)
		}
	}
	briefs, err := tx.Briefs(gone)
	if err != nil || len(briefs) == 0 {
		return err
	}
	return r.lost(tx, ch, briefs)
}

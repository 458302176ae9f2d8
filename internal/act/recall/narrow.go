package recall

import (
	"slices"
	"time"

	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// lost calls back, from the partner of one channel, what a narrower marking
// keeps from it now: silence would leave it in use there. What is called back
// from it already is not called back twice.
func (r *Recalls) lost(tx *store.Tx, ch store.Channel, left []store.Brief) error {
	ids := make([]string, 0, len(left))
	for _, b := range left {
		if recall.Recallable(b.Type) {
			ids = append(ids, b.ID)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	standing, err := tx.RecallsOn(ch.ID, store.Out, ids)
	if err != nil {
		return err
	}
	p := Plan{Ask: Ask{Kind: recall.Spill, Code: codeNarrowed, narrowed: true}, Home: HomeKept, until: now(tx, micro(0))}
	for _, b := range left {
		called := slices.ContainsFunc(standing[b.ID], func(s store.StandingRecall) bool {
			return recall.Covers(recall.Kind(s.Kind), micro(s.Until), s.By, versionOf(b.Type, b.Version))
		})
		if called || !recall.Recallable(b.Type) {
			continue
		}
		p.versions = append(p.versions, b)
		p.IDs = append(p.IDs, b.ID)
		if at := micro(b.Version); !at.Before(p.until) {
			p.until = at.Add(time.Microsecond)
		}
	}
	if len(p.versions) == 0 {
		return nil
	}
	slices.Sort(p.IDs)
	p.IDs = slices.Compact(p.IDs)
	p.Objects = len(p.IDs)
	p.Reach = []Reach{{Agreement: ch.Agreement, Partner: ch.Partner, IDs: p.IDs, channel: ch}}
	_, err = r.send(tx, "node", p, "")
	return err
}

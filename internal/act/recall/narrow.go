package recall

import (
	"slices"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// lost calls back, from the partner of one channel, what a narrower marking
// keeps from it now: silence would leave it in use there. What is called back
// from it already is not called back twice.
func (r *Recalls) lost(tx *store.Tx, ch store.Channel, left []store.Brief) error {
	p := Plan{Ask: Ask{Kind: recall.Spill, Code: codeNarrowed, narrowed: true}, Home: HomeKept, until: now(tx, time.Time{})}
	var err error
	if p.versions, err = uncalled(tx, ch, left); err != nil || len(p.versions) == 0 {
		return err
	}
	for _, b := range p.versions {
		if at := clock.At(b.Version); !at.Before(p.until) {
			p.until = at.Add(time.Microsecond)
		}
	}
	p.IDs = idsOf(p.versions)
	p.Objects = len(p.IDs)
	p.Reach = []Reach{{Agreement: ch.Agreement, Partner: ch.Partner, IDs: p.IDs, channel: ch}}
	_, err = r.send(tx, "node", p, "")
	return err
}

// wouldLose returns the ids that lost would call back.
func (r *Recalls) wouldLose(tx *store.Tx, ch store.Channel, left []store.Brief) ([]string, error) {
	versions, err := uncalled(tx, ch, left)
	return idsOf(versions), err
}

// uncalled returns those of the versions that left on a channel that can be
// called back and are not yet.
func uncalled(tx *store.Tx, ch store.Channel, left []store.Brief) (out []store.Brief, err error) {
	standing, err := tx.RecallsOn(ch.ID, store.Out, idsOf(left))
	if err != nil {
		return nil, err
	}
	for _, b := range left {
		called := slices.ContainsFunc(standing[b.ID], func(s store.StandingRecall) bool {
			return recall.Covers(recall.Kind(s.Kind), clock.At(s.Until), s.By, versionOf(b.Type, b.Version))
		})
		if !called && recall.Recallable(b.Type) {
			out = append(out, b)
		}
	}
	return out, nil
}

func idsOf(versions []store.Brief) []string {
	ids := make([]string, 0, len(versions))
	for _, b := range versions {
		ids = append(ids, b.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

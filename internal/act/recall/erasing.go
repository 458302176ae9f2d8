package recall

import (
	"slices"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// codePersonal is the reason of a recall of what is erased here.
const codePersonal = "personal-data"

// Erasing calls back versions of this side that the transaction is about to
// erase, with what was made of them, from every partner that has them, also
// where they are called back for another reason already. At home they leave
// every read and every list, programs hear of it, and nothing stands in for
// them. It returns the act, "" when nobody outside this node had any of it.
func (r *Recalls) Erasing(tx *store.Tx, by people.Actor, seqs []int64) (string, error) {
	p := Plan{Ask: Ask{Kind: recall.Spill, Code: codePersonal}, Home: HomeWithheld, stays: map[string]bool{}, until: now(tx, time.Time{})}
	var err error
	if p.versions, err = r.ownOf(tx, seqs); err != nil || len(p.versions) == 0 {
		return "", err
	}
	mine := make([]int64, len(p.versions))
	for i, v := range p.versions {
		mine[i] = v.Seq
		p.stays[v.ID] = true
		if at := clock.At(v.Version); !at.Before(p.until) {
			p.until = at.Add(time.Microsecond)
		}
	}
	p.IDs = idsOf(p.versions)
	p.Objects = len(p.IDs)
	if p.Reach, err = reached(tx, p.versions, mine); err != nil {
		return "", err
	}
	members, err := tx.MembersOf(mine)
	if err != nil || len(members) == 0 && len(p.Reach) == 0 {
		return "", err
	}
	act, err := r.send(tx, by.String(), p, "")
	if err != nil {
		return "", err
	}
	for _, seq := range mine {
		if err := tx.EraseRecalled(seq); err != nil {
			return "", err
		}
	}
	return act, nil
}

// ownOf returns those versions, and what was made of them, that belong to this
// side and are data.
func (r *Recalls) ownOf(tx *store.Tx, seqs []int64) (out []store.Brief, err error) {
	family, err := tx.Family(seqs)
	if err != nil {
		return nil, err
	}
	briefs, err := tx.Briefs(family)
	if err != nil {
		return nil, err
	}
	stood, err := standIns(tx, family)
	if err != nil {
		return nil, err
	}
	l := r.labels(tx)
	for _, b := range briefs {
		m, err := l.of(b.Label)
		if err != nil {
			return nil, err
		}
		if m.Origin == r.self && !stood[b.Seq] && !marking.IsDesk(m.Kind) && recall.Recallable(b.Type) {
			out = append(out, b)
		}
	}
	return out, nil
}

// reached says on which channels versions have left.
func reached(tx *store.Tx, versions []store.Brief, seqs []int64) (out []Reach, err error) {
	left, err := tx.LeftWith(seqs)
	if err != nil {
		return nil, err
	}
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	for _, ch := range channels {
		gone := slices.DeleteFunc(slices.Clone(versions), func(v store.Brief) bool {
			return !slices.ContainsFunc(left, func(l store.Left) bool { return l.Channel == ch.ID && l.Object == v.Seq })
		})
		if len(gone) > 0 {
			out = append(out, Reach{Agreement: ch.Agreement, Partner: ch.Partner, IDs: idsOf(gone), channel: ch})
		}
	}
	return out, nil
}

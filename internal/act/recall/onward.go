package recall

import (
	"slices"

	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// carryOn calls back from third sides what a partner calls back here and had
// agreed might go on to them.
func (r *Recalls) carryOn(tx *store.Tx, from store.Channel, msg recall.Recall, versions []store.Brief) ([]recall.Edge, error) {
	seqs := make([]int64, len(versions))
	id := map[int64]string{}
	for i, v := range versions {
		seqs[i], id[v.Seq] = v.Seq, v.ID
	}
	left, err := tx.LeftWith(seqs)
	if err != nil || len(left) == 0 {
		return nil, err
	}
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	p := Plan{Ask: Ask{Kind: msg.Kind, Code: msg.Code, Reason: msg.Reason, By: msg.By}, Home: HomeKept, versions: versions, until: msg.Until}
	var out []recall.Edge
	for _, ch := range channels {
		reach := Reach{Agreement: ch.Agreement, Partner: ch.Partner, channel: ch}
		for _, l := range left {
			if l.Channel == ch.ID && ch.ID != from.ID {
				reach.IDs = append(reach.IDs, id[l.Object])
			}
		}
		if len(reach.IDs) == 0 {
			continue
		}
		reach.IDs = slices.Compact(slices.Sorted(slices.Values(reach.IDs)))
		p.Reach = append(p.Reach, reach)
		out = append(out, recall.Edge{Name: recall.EdgeThird + "-" + string(ch.Partner), State: recall.Pending, Count: len(reach.IDs), Note: recall.NoteThird})
	}
	if len(p.Reach) == 0 {
		return nil, nil
	}
	p.By = only(p.By, allIDs(p.Reach))
	for _, id := range allIDs(p.Reach) {
		if p.Kind == recall.Correct && p.By == nil {
			p.By = map[string]string{}
		}
		if p.Kind == recall.Correct && p.By[id] == "" { // made here of what was corrected
			p.By[id] = recall.Stamp(msg.Until)
		}
	}
	p.Objects = len(allIDs(p.Reach))
	_, err = r.send(tx, "node", p, msg.ID)
	return out, err
}

func allIDs(reach []Reach) (out []string) {
	for _, x := range reach {
		out = append(out, x.IDs...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// carried tells the originator what a third side answered, once all of it
// there is done.
func (r *Recalls) carried(tx *store.Tx, c store.Recall, third store.Channel) error {
	if c.Carries == "" {
		return nil
	}
	parts, err := tx.RecallParts(c.ID)
	if err != nil {
		return err
	}
	count := 0
	for _, p := range parts {
		if p.Channel != third.ID {
			continue
		}
		if p.Open {
			return nil
		}
		count += int(p.Items)
	}
	return r.finished(tx, c.Carries, recall.Edge{Name: recall.EdgeThird + "-" + string(third.Partner), State: recall.Done, Count: count, Note: recall.NoteThird})
}

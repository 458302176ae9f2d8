package recall

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// Send calls back what ask says, in one transaction: at home the objects leave
// every read and every list, and a recall for each partner who got them is put
// before everything else that waits for it. digest is that of the plan that was
// shown; when it is not what would happen now, nothing does, and the error is
// fault.Conflict. The zero digest takes whatever there is. It returns the id of
// the act.
func (r *Recalls) Send(ctx context.Context, h *store.Handle, by people.Actor, ask Ask, digest ident.Digest) (id string, err error) {
	class, err := r.class(ctx, h, by)
	if err != nil {
		return "", err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		p, err := r.plan(tx, class, ask)
		if err != nil {
			return err
		}
		if !digest.IsZero() && p.Digest != digest {
			return fault.New(fault.Conflict, "what would be called back changed after you looked: look again")
		}
		id, err = r.send(tx, by.String(), p, "")
		return err
	})
	return id, err
}

// send carries out a plan.
func (r *Recalls) send(tx *store.Tx, by string, p Plan, carries string) (string, error) {
	act, err := ident.NewUUID(r.rand)
	if err != nil {
		return "", err
	}
	c := store.Recall{
		ID: act, Direction: store.Out, Kind: string(p.Kind), Code: p.Code, Reason: p.Reason, Home: p.Home, Carries: carries,
		Account: by, Until: p.until.UnixMicro(), Spill: p.Spill,
	}
	if err := tx.AddRecall(&c); err != nil {
		return "", err
	}
	if err := r.atHome(tx, c, p); err != nil {
		return "", err
	}
	for _, reach := range p.Reach {
		if err := r.ask(tx, c, p, reach); err != nil {
			return "", err
		}
		if p.Spill {
			if err := tx.SetPause(reach.channel.ID, by, "spill: recall "+act); err != nil {
				return "", err
			}
		}
	}
	return act, r.ledger.Record(tx, by, "recall.send", fields(c, p)...)
}

// fields are what the home log says of an act.
func fields(c store.Recall, p Plan) []ledger.Field {
	out := []ledger.Field{
		{Name: "recall", Value: c.ID},
		{Name: "kind", Value: c.Kind},
		{Name: "code", Value: c.Code},
		{Name: "objects", Value: decimal(int64(p.Objects))},
		{Name: "home", Value: c.Home},
	}
	if c.Reason != "" {
		out = append(out, ledger.Field{Name: "reason", Value: c.Reason})
	}
	if p.Spill {
		out = append(out, ledger.Field{Name: "channel", Value: "paused"})
	}
	for _, reach := range p.Reach {
		out = append(out, ledger.Field{Name: "agreement", Value: string(reach.Agreement)})
	}
	for _, id := range p.IDs[:min(len(p.IDs), maxNamed)] {
		out = append(out, ledger.Field{Name: "object", Value: id})
	}
	return out
}

// maxNamed is how many objects an entry of the home log names.
const maxNamed = 10

// atHome takes the objects out of use here, as far as the plan says. The part
// that is for nobody else bears the id of the act.
func (r *Recalls) atHome(tx *store.Tx, c store.Recall, p Plan) error {
	ids := idsOf(p.versions)
	if err := tx.SaveRecallPart(store.RecallPart{Message: c.ID, Recall: c.ID, Items: int64(len(ids))}); err != nil {
		return err
	}
	if err := tx.AddRecallIDs(c.ID, ids, p.By); err != nil {
		return err
	}
	if c.Home == HomeNarrowed {
		return r.narrow(tx, p)
	}
	if c.Home != HomeWithheld {
		return nil
	}
	done, err := r.withhold(tx, withholding{message: c.ID, kind: p.Kind, until: p.until, versions: p.versions, stays: p.stays})
	if err != nil {
		return err
	}
	_, err = r.tellEdges(tx, c.ID, p.versions, done)
	return err
}

// narrow has the markings say that the partners the recall goes to get the
// objects no more.
func (r *Recalls) narrow(tx *store.Tx, p Plan) error {
	channels, err := tx.Channels()
	if err != nil {
		return err
	}
	var without, others []string
	for _, ch := range channels {
		lost := slices.ContainsFunc(p.Reach, func(x Reach) bool { return x.channel.ID == ch.ID })
		if lost || slices.Contains(p.Agreements, ch.Agreement) {
			without = append(without, string(ch.Partner))
		} else {
			others = append(others, string(ch.Partner))
		}
	}
	l := r.labels(tx)
	var moves []store.Move
	var seqs []int64
	for _, v := range p.versions {
		to, err := l.changed(v.Label, "narrow", func(m *marking.Label) { m.ReleasableTo = except(m.ReleasableTo, others, without) })
		if err != nil {
			return err
		}
		seqs = append(seqs, v.Seq)
		if to != v.Label {
			moves = append(moves, store.Move{Seq: v.Seq, ID: v.ID, From: v.Label, To: to})
		}
	}
	if err := tx.RelabelAll(moves); err != nil {
		return err
	}
	if err := tx.MoveMembers(moves); err != nil {
		return err
	}
	for _, ch := range channels {
		if !slices.Contains(without, string(ch.Partner)) {
			continue
		}
		if _, err := tx.DetainFrom(ch, seqs); err != nil {
			return err
		}
	}
	return nil
}

// except returns a releasable-to list without some; one that does not limit
// becomes that of all others.
func except(list, others, without []string) []string {
	out := []string{}
	if list == nil {
		list = others
	}
	for _, s := range list {
		if !slices.Contains(without, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ask sends one partner its messages.
func (r *Recalls) ask(tx *store.Tx, c store.Recall, p Plan, reach Reach) error {
	at := now(tx, time.Time{})
	parts := slices.Collect(slices.Chunk(reach.IDs, recall.MaxIDs))
	for i, ids := range parts {
		uuid, err := ident.NewUUID(r.rand)
		if err != nil {
			return err
		}
		m := recall.Recall{
			ID: recall.Type + "--" + uuid, Act: c.ID, Part: i + 1, Of: len(parts), Kind: p.Kind, Code: p.Code, Reason: p.Reason,
			Until: p.until, IDs: ids, By: only(p.By, ids), Created: at, Modified: at,
		}
		raw, err := m.Encode()
		if err != nil {
			return err
		}
		part := store.RecallPart{Message: m.ID, Recall: c.ID, Channel: reach.channel.ID, Part: int64(i + 1), Items: int64(len(ids)), Open: true}
		if part.Object, err = r.say(tx, reach.Agreement, raw); err != nil {
			return err
		}
		if err := tx.SaveRecallPart(part); err != nil {
			return err
		}
		if err := tx.AddRecallIDs(m.ID, ids, m.By); err != nil {
			return err
		}
	}
	return nil
}

// only returns what by says of ids.
func only(by map[string]string, ids []string) map[string]string {
	out := map[string]string{}
	for _, id := range ids {
		if s, ok := by[id]; ok {
			out[id] = s
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

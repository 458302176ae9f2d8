package onward

import (
	"crypto/sha256"
	"strings"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/onward"
	"twoseas/internal/store"
)

// accompany sends with a third side's object what shows that it may go: it
// leaves in the shipment that the object leaves in, or stays with it.
func (o *Onwards) accompany(tx *store.Tx, ch store.Channel, seq int64) error {
	obj, err := tx.Object(seq)
	if err != nil {
		return err
	}
	source, err := tx.SourceOf(seq)
	if err != nil {
		return err
	}
	whole := source == 0
	if whole {
		source = seq
	}
	r, ok, err := granted(tx, source, ch.Partner)
	if err != nil || !ok {
		return err // the receiver will say that nothing shows it
	}
	hops, err := o.hops(tx, r, source, whole)
	if err != nil || len(hops) == 0 {
		return err
	}
	return o.show(tx, ch, seq, onward.Evidence{Object: obj.ID, Hops: hops}, clock.At(r.Answered))
}

// granted returns the newest request that lets a version go to a side.
func granted(tx *store.Tx, seq int64, to ident.Side) (store.Onward, bool, error) {
	all, err := tx.OnwardsOf([]int64{seq})
	if err != nil {
		return store.Onward{}, false, err
	}
	for _, r := range all {
		a := answerOf(r)
		ends := earlier(a.Until, clock.At(r.Until))
		if r.Way == store.OnwardAsked && r.Parent == "" && r.Audience == to && r.State == store.OnwardAnswered &&
			a.Word != onward.No && (ends.IsZero() || now(tx).Before(ends)) {
			return r, true, nil
		}
	}
	return store.Onward{}, false, nil
}

// hops returns the crossings of a version on its way here with the consent of
// each sender, the originator's first.
func (o *Onwards) hops(tx *store.Tx, r store.Onward, seq int64, whole bool) ([]onward.Hop, error) {
	obj, err := tx.Object(seq)
	if err != nil {
		return nil, err
	}
	notes, err := noteList(r.Notes)
	if err != nil || len(notes) == 0 {
		return nil, err
	}
	ch, err := tx.Channel(r.Agreement)
	if err != nil {
		return nil, err
	}
	place, err := o.Exchange.Find(tx, ch, store.In, seq)
	if err != nil {
		return nil, err
	}
	hops, err := o.before(tx, ch, obj.ID, notes, whole)
	if err != nil {
		return nil, err
	}
	item := &place.Item
	if !whole {
		item = nil
	}
	last, err := onward.NewHop(place.Note, place.Leaves, place.Position, item, []byte(notes[len(notes)-1]))
	return append(hops, last), err
}

// before returns the crossings before the last one, as the partner showed them
// with the object, each with its sender's consent to the new audience.
func (o *Onwards) before(tx *store.Tx, ch store.Channel, object string, notes []string, whole bool) ([]onward.Hop, error) {
	shown, err := tx.OnwardEvidence(object)
	if err != nil {
		return nil, err
	}
	for _, s := range shown {
		if s.Agreement != ch.Agreement {
			continue
		}
		e, err := onward.ParseEvidence(s.Body)
		if err != nil {
			return nil, err
		}
		for i := range e.Hops {
			if e.Hops[i].Consent, err = consentTo(e.Hops[i], notes); err != nil {
				return nil, err
			}
			if !whole {
				e.Hops[i].Salt, e.Hops[i].Label = "", ""
			}
		}
		return e.Hops, nil
	}
	return nil, nil
}

// consentTo finds the note about the same item as a hop.
func consentTo(h onward.Hop, notes []string) (string, error) {
	for _, n := range notes {
		c, err := onward.Claimed([]byte(n))
		if err != nil {
			return "", err
		}
		for _, l := range c.Leaves {
			if l.String() == h.Leaf {
				return n, nil
			}
		}
	}
	return "", fault.New(fault.Denied, "the answer of a side that it came through is missing")
}

// show sends evidence with a version; the same again is not sent twice.
func (o *Onwards) show(tx *store.Tx, ch store.Channel, seq int64, e onward.Evidence, at time.Time) error {
	raw, err := e.Canonical()
	if err != nil {
		return err
	}
	var props map[string]any
	if err := canon.Unmarshal(raw, &props); err != nil {
		return err
	}
	sum := sha256.Sum256(append([]byte(ch.Agreement+"\n"), raw...))
	out := map[string]any{"type": evidenceType, "id": evidenceType + "--" + ident.FormatUUID([16]byte(sum[:16])), "evidence": props}
	n, err := o.put(tx, ch.Agreement, out, at)
	if err != nil {
		return err
	}
	return tx.Accompany(ch.ID, n, seq)
}

// shown keeps evidence until its object comes, and after.
func (o *Onwards) shown(tx *store.Tx, m exchange.Message) error {
	e, raw, err := evidenceIn(m.Object)
	if err != nil {
		return err
	}
	had, err := tx.OnwardEvidence(e.Object)
	if err != nil {
		return err
	}
	for _, h := range had {
		if h.ID == m.ID {
			return nil // its object came in the same shipment and was looked at
		}
	}
	return tx.SaveOnwardEvidence(store.OnwardEvidence{ID: m.ID, Agreement: m.Channel.Agreement, Object: e.Object, Body: raw})
}

func evidenceIn(object []byte) (onward.Evidence, []byte, error) {
	var b struct {
		Type     string         `json:"type"`
		Evidence map[string]any `json:"evidence"`
	}
	if err := canon.Unmarshal(object, &b); err != nil {
		return onward.Evidence{}, nil, fault.Errorf(fault.Invalid, "evidence: %w", err)
	}
	if b.Type != evidenceType {
		return onward.Evidence{}, nil, fault.New(fault.Invalid, "it is no evidence")
	}
	raw, err := canon.Marshal(b.Evidence)
	if err != nil {
		return onward.Evidence{}, nil, err
	}
	e, err := onward.ParseEvidence(raw)
	return e, raw, err
}

// vouch looks for evidence that fits a third side's object, among what came
// with it and what came before.
func (o *Onwards) vouch(tx *store.Tx, f exchange.Foreign) error {
	candidates, err := o.candidates(tx, f)
	if err != nil {
		return err
	}
	why := fault.New(fault.Denied, "nothing shows that its originator agreed")
	for _, c := range candidates {
		e, err := onward.ParseEvidence(c.Body)
		if err != nil {
			return err
		}
		found, err := e.Verify(onward.Question{
			Object: f.Object, Redacted: len(f.Label.Redacted) > 0, Origin: f.Label.Origin, Audience: o.Self, Now: now(tx),
			Keys: func(side ident.Side) ([]note.Verifier, error) { return o.keysOf(tx, side) },
		})
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				return err
			}
			why = err
			continue
		}
		signed := make([]string, len(found.Signed))
		for i, s := range found.Signed {
			signed[i] = string(s)
		}
		c.Origin, c.Verified, c.Whole, c.Until = f.Label.Origin, strings.Join(signed, ","), found.Whole, micro(found.Until)
		return tx.SaveOnwardEvidence(c)
	}
	return why
}

func (o *Onwards) candidates(tx *store.Tx, f exchange.Foreign) ([]store.OnwardEvidence, error) {
	var out []store.OnwardEvidence
	for _, raw := range f.Control {
		e, body, err := evidenceIn(raw)
		if err != nil || e.Object != f.ID {
			continue // another message, or about another object
		}
		var head struct {
			ID string `json:"id"`
		}
		if err := canon.Unmarshal(raw, &head); err != nil {
			return nil, err
		}
		out = append(out, store.OnwardEvidence{ID: head.ID, Agreement: f.Channel.Agreement, Object: f.ID, Body: body})
	}
	before, err := tx.OnwardEvidence(f.ID)
	for _, e := range before {
		if e.Agreement == f.Channel.Agreement {
			out = append(out, e)
		}
	}
	return out, err
}

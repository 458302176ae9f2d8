package release

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Follow keeps own objects from naming, by a reference, what was redacted: of
// each that does, it makes one that names what was made of that instead, which
// is routed like anything that arrives, and returns those that may not leave as
// they are. Where nothing was ever redacted it costs one question.
func (r *Releases) Follow(tx *store.Tx, g *Gate, entries []store.Release) (map[int64]bool, error) {
	if some, err := tx.AnyDerived(); err != nil || !some {
		return nil, err
	}
	stays, owns := map[int64]bool{}, map[int64]bool{}
	var rows []store.Object
	for _, e := range entries {
		if !bytes.Contains(e.Body, []byte("_ref")) {
			continue
		}
		own, ok := owns[e.Label]
		if !ok {
			l, err := labelOf(tx, e.Label)
			if err != nil {
				return nil, err
			}
			own = l.Origin == r.self
			owns[e.Label] = own
		}
		if own { // of what is another side's its originator says what it names
			rows = append(rows, e.Object)
		}
	}
	ids, err := referredTo(rows)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	instead, err := r.instead(tx, g, ids)
	if err != nil || len(instead) == 0 {
		return nil, err
	}
	for more := true; more; { // what names something that stays for this stays as well
		more = false
		for _, o := range rows {
			names, err := naming(o, instead)
			if err != nil {
				return nil, err
			}
			if len(names) == 0 || stays[o.Seq] {
				continue
			}
			stays[o.Seq], more = true, true
			if instead[o.ID] == "" {
				instead[o.ID] = r.derivedID(o.ID, marking.Followed)
			}
		}
	}
	for _, o := range rows {
		if !stays[o.Seq] {
			continue
		}
		if err := r.follow(tx, o, instead); err != nil {
			return nil, err
		}
	}
	return stays, nil
}

// naming returns those of instead that o refers to.
func naming(o store.Object, instead map[string]string) (map[string]string, error) {
	ids, err := References(o.Body)
	out := map[string]string{}
	for _, id := range ids {
		if to, ok := instead[id]; ok {
			out[id] = to
		}
	}
	return out, err
}

// follow makes what leaves instead of o, unless it was made before or o says
// of what was redacted more than its id; then it stays.
func (r *Releases) follow(tx *store.Tx, o store.Object, instead map[string]string) error {
	names, err := naming(o, instead)
	if err != nil || len(names) == 0 {
		return err
	}
	l, err := labelOf(tx, o.Label)
	if err != nil {
		return err
	}
	if done, err := tx.Derived(o.Seq, marking.Followed); err != nil || done != 0 {
		return err
	}
	props, err := canon.Decode(o.Body)
	if err != nil {
		return err
	}
	var gone []string
	for id, to := range names {
		texts, err := lost(tx, id, to)
		if err != nil {
			return err
		}
		gone = append(gone, texts...)
	}
	said, err := Says(tx, []store.Object{o})
	if err != nil {
		return err
	}
	words := said[o.Seq].Words
	raw, err := r.derive(o.ID, marking.Followed, props, append(gone, words...), names)
	if errors.Is(err, errNamed) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err = r.store(tx, o, l, marking.Followed, marking.Followed, raw); err != nil || len(words) == 0 {
		return err
	}
	return tx.AddCuts(o.Seq, []string{o.ID, r.derivedID(o.ID, marking.Followed)}, words)
}

// store takes in what was made of o and records what it was made of, which
// stays here. The number is 0 when it was refused.
func (r *Releases) store(tx *store.Tx, o store.Object, l marking.Label, name, key string, raw []byte) (intake.Result, error) {
	if !slices.Contains(l.Redacted, name) {
		l.Redacted = append(slices.Clone(l.Redacted), name)
	}
	l.Approved, l.Emergency = 0, false
	it := intake.Prepare(0, raw, "")
	it.Wire, it.Origin = l.Canonical(), l.Origin
	_, results, err := r.taker.Batch(tx, intake.Source{Origin: r.self}, []intake.Item{it})
	if err != nil || results[0].Outcome == intake.Refused {
		return intake.Result{}, err
	}
	return results[0], tx.AddDerived(o.Seq, key, results[0].Seq)
}

// instead returns for those of ids that are of something redacted, by a rule or
// by hand, the id of what was made of it.
func (r *Releases) instead(tx *store.Tx, g *Gate, ids []string) (map[string]string, error) {
	known, err := tx.Known(ids)
	if err != nil {
		return nil, err
	}
	out, err := handMade(tx, known)
	if err != nil {
		return nil, err
	}
	for id, versions := range known {
		d, err := decideStored(tx, g, versions[len(versions)-1].Label)
		if err != nil {
			return nil, err
		}
		if len(d.Redact) > 0 {
			out[id] = r.derivedID(id, redaction{names: d.Redact}.key())
		}
	}
	return out, nil
}

// handMade returns of what something was taken out by hand, or whose references
// were changed, the id of what was made of it last.
func handMade(tx *store.Tx, known map[string][]store.Known) (map[string]string, error) {
	of := map[int64]string{}
	var seqs []int64
	for id, versions := range known {
		for _, v := range versions {
			of[v.Seq] = id
			seqs = append(seqs, v.Seq)
		}
	}
	out := map[string]string{}
	if len(seqs) == 0 {
		return out, nil
	}
	made, err := tx.MadeOf(seqs)
	for _, m := range made {
		if m.Redaction == marking.Followed || strings.HasPrefix(m.Redaction, marking.ByHand) {
			out[of[m.Source]] = m.ID
		}
	}
	return out, err
}

// lost returns the texts that some version of the object id has and nothing of
// what was made of it, to: what was taken out.
func lost(tx *store.Tx, id, to string) ([]string, error) {
	var had, has []string
	read := func(id string, into *[]string) error {
		return tx.Versions(id, func(o store.Object) error {
			props, err := canon.View(o.Body)
			if err == nil {
				*into = append(*into, textsOf(props)...)
			}
			return err
		})
	}
	if err := read(to, &has); err != nil || len(has) == 0 { // nothing was made of it yet: its names are all there is to go by
		names, err := called(tx, id)
		return names, err
	}
	if err := read(id, &had); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(had, func(s string) bool { return slices.Contains(has, s) }), nil
}

func labelOf(tx *store.Tx, id int64) (marking.Label, error) {
	s, err := tx.Label(id)
	if err != nil {
		return marking.Label{}, err
	}
	return marking.ParseLabel(s.Resolved)
}

package release

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strings"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/misp"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// redactBatch is how many objects are redacted at a time.
const redactBatch = 500

// redaction is the work of taking names out of the versions of one label.
type redaction struct {
	label int64
	terms marking.Label
	names []string
	span  span

	// Of what an industry member contributed; nil otherwise.
	few   func(sector string) bool // which sectors are not shown
	known *intake.Names            // what members are known as
}

func (j redaction) key() string { return strings.Join(j.names, "+") }

// redact makes, for each version of a label, an object of the node's own
// without what the agreement wants taken out (DESIGN §8). The link to the
// source stays at home. What is made is labelled as redacted and routed like
// anything that arrives.
func (r *Releases) redact(tx *store.Tx, g *Gate, job redaction) error {
	if err := r.guard(tx, g, &job); err != nil {
		return err
	}
	wire := job.terms
	wire.Redacted = append(slices.Clone(wire.Redacted), job.names...)
	slices.Sort(wire.Redacted)
	for next := job.span.from; next <= job.span.to; {
		batch, err := sources(tx, job, next)
		if err != nil || len(batch) == 0 {
			return err
		}
		next = batch[len(batch)-1].Seq + 1
		if err := r.redactSome(tx, g, job, wire, batch); err != nil {
			return err
		}
	}
	return nil
}

func sources(tx *store.Tx, job redaction, from int64) ([]store.Object, error) {
	var batch []store.Object
	err := tx.Labelled(job.label, from, job.span.to, func(o store.Object) error {
		batch = append(batch, o)
		if len(batch) == redactBatch {
			return store.Stop
		}
		return nil
	})
	return batch, err
}

func (r *Releases) redactSome(tx *store.Tx, g *Gate, job redaction, wire marking.Label, batch []store.Object) error {
	var items []intake.Item
	var from []int64
	refs, err := r.renamed(tx, g, job, batch)
	if err != nil {
		return err
	}
	for _, o := range batch {
		done, err := tx.Derived(o.Seq, job.key())
		if err != nil {
			return err
		}
		if done != 0 {
			continue
		}
		raw, err := r.without(o, job, refs)
		if err != nil {
			return err
		}
		it := intake.Prepare(len(items), raw, "")
		it.Wire, it.Origin = job.wire(wire, &it), job.terms.Origin
		items, from = append(items, it), append(from, o.Seq)
	}
	if len(items) == 0 {
		return nil
	}
	_, results, err := r.taker.Batch(tx, intake.Source{Origin: r.self}, items)
	if err != nil {
		return err
	}
	for i, res := range results {
		if res.Outcome == intake.Refused {
			continue // it stays; the summary counts it as not released
		}
		if err := tx.AddDerived(from[i], job.key(), res.Seq); err != nil {
			return err
		}
	}
	return r.aheadOf(tx, g, job, results)
}

// aheadOf is ahead for what was made of a third side's and may go as it is.
func (r *Releases) aheadOf(tx *store.Tx, g *Gate, job redaction, results []intake.Result) error {
	made := job.terms
	made.Redacted = append(slices.Clone(made.Redacted), job.names...)
	if made.Origin == r.self || g.Decide(made).Outcome != gate.Release {
		return nil
	}
	ch, err := tx.Channel(ident.Agreement(g.Terms.Doc.Agreement))
	if err != nil {
		return err
	}
	for _, res := range results {
		if res.Outcome == intake.Refused {
			continue
		}
		if err := r.ahead(tx, ch, res.Seq, made); err != nil {
			return err
		}
	}
	return nil
}

// without returns the bytes of the redacted object: the named properties gone,
// an id of its own, and references to other redacted objects following them.
func (r *Releases) without(o store.Object, job redaction, refs map[string]string) ([]byte, error) {
	props, err := canon.Decode(o.Body)
	if err != nil {
		return nil, err
	}
	for _, name := range job.names {
		red, ok := marking.RedactionOf(name)
		if !ok {
			return nil, fault.Errorf(fault.Denied, "redaction %q is not known", name)
		}
		for _, p := range red.Properties {
			delete(props, p)
		}
	}
	if ext, ok := props["extensions"].(map[string]any); ok { // what a source said in its own words leads back to it
		delete(ext, misp.Extension)
		if len(ext) == 0 {
			delete(props, "extensions")
		}
	}
	job.veil(props)
	rename(props, refs)
	props["id"] = r.derivedID(o.ID, job.key())
	return canon.Marshal(props)
}

// derivedID gives every version of a source the same new id, from which the
// source cannot be told without the node's secret. It has the form of a
// random UUID (RFC 9562 §5.4).
func (r *Releases) derivedID(id, key string) string {
	kind, _, _ := strings.Cut(id, "--")
	m := hmac.New(sha256.New, r.secret[:])
	m.Write([]byte("redacted\x00" + key + "\x00" + id))
	return kind + "--" + ident.FormatUUID([16]byte(m.Sum(nil)[:16]))
}

// renamed maps the ids that batch refers to to the ids they get: of what is
// redacted as well, what that becomes. What does not cross, or is not here yet,
// gets an id of this node's making too, so that no reference leads back to a
// source; if it is redacted later, the reference is to what it becomes.
func (r *Releases) renamed(tx *store.Tx, g *Gate, job redaction, batch []store.Object) (map[string]string, error) {
	ids, err := referredTo(batch)
	if err != nil {
		return nil, err
	}
	known, err := tx.Known(ids)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	decisions := map[int64]gate.Decision{}
	for _, id := range ids {
		versions := known[id]
		if len(versions) == 0 {
			out[id] = r.derivedID(id, job.key())
			continue
		}
		label := versions[len(versions)-1].Label
		d, ok := decisions[label]
		if !ok {
			if d, err = decideStored(tx, g, label); err != nil {
				return nil, err
			}
			decisions[label] = d
		}
		switch {
		case len(d.Redact) > 0:
			out[id] = r.derivedID(id, redaction{names: d.Redact}.key())
		case d.Outcome == gate.Deny:
			out[id] = r.derivedID(id, job.key())
		}
	}
	return out, nil
}

// References returns the ids that an object refers to, each once.
func References(body []byte) ([]string, error) { return referredTo([]store.Object{{Body: body}}) }

// referredTo returns the ids that objects refer to, each once.
func referredTo(batch []store.Object) ([]string, error) {
	var ids []string
	seen := map[string]bool{}
	for _, o := range batch {
		props, err := canon.Decode(o.Body)
		if err != nil {
			return nil, err
		}
		eachRef(props, func(id string) string {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
			return id
		})
	}
	return ids, nil
}

func decideStored(tx *store.Tx, g *Gate, label int64) (gate.Decision, error) {
	l, err := tx.Label(label)
	if err != nil {
		return gate.Decision{}, err
	}
	m, err := marking.ParseLabel(l.Resolved)
	if err != nil {
		return gate.Decision{}, err
	}
	return g.Decide(m), nil
}

func rename(props map[string]any, refs map[string]string) {
	eachRef(props, func(id string) string {
		if to, ok := refs[id]; ok {
			return to
		}
		return id
	})
}

// eachRef replaces each reference to an object in v by what fn makes of it.
func eachRef(v any, fn func(id string) string) {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			switch s := x.(type) {
			case string:
				if strings.HasSuffix(name, "_ref") && name != "marking_ref" {
					v[name] = fn(s)
				}
			case []any:
				if strings.HasSuffix(name, "_refs") && name != "object_marking_refs" {
					for i := range s {
						if id, ok := s[i].(string); ok {
							s[i] = fn(id)
						}
					}
					continue
				}
				eachRef(x, fn)
			default:
				eachRef(x, fn)
			}
		}
	case []any:
		for _, x := range v {
			eachRef(x, fn)
		}
	}
}

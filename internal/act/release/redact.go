package release

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
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
	// called holds what objects that were referred to are called, by id.
	called map[string][]string
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
	job.called = map[string][]string{}
	wire := job.terms
	if slices.Contains(job.names, "contributor") {
		wire.Members = nil
	}
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
		raw, err := r.without(tx, o, job, refs)
		if errors.Is(err, errNamed) {
			continue // it stays, as what is refused below does
		}
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

// without returns the bytes of the redacted object: the named properties gone
// wherever they stand, what they said blacked out wherever else it is said, an
// id of its own, and references to other redacted objects following them. It
// is errNamed when the object says it where it cannot be blacked out.
func (r *Releases) without(tx *store.Tx, o store.Object, job redaction, refs map[string]string) ([]byte, error) {
	props, err := canon.Decode(o.Body)
	if err != nil {
		return nil, err
	}
	if ext, ok := props["extensions"].(map[string]any); ok { // what a source said in its own words leads back to it
		delete(ext, misp.Extension)
		if len(ext) == 0 {
			delete(props, "extensions")
		}
	}
	job.veil(props)
	var gone []string
	for _, name := range job.names {
		red, ok := marking.RedactionOf(name)
		if !ok {
			return nil, fault.Errorf(fault.Denied, "redaction %q is not known", name)
		}
		gone = append(gone, takeOut(props, red.Properties)...)
	}
	called, err := callers(tx, gone, job.called)
	if err != nil {
		return nil, err
	}
	return r.derive(o.ID, job.key(), props, append(gone, called...), refs)
}

// derive finishes what is made of the object id: references follow refs, no
// text names gone, the old id or those that references were changed from, and
// the id is that of key.
func (r *Releases) derive(id, key string, props map[string]any, gone []string, refs map[string]string) ([]byte, error) {
	rename(props, refs)
	gone = append(gone, id)
	for from := range refs {
		gone = append(gone, from)
	}
	delete(props, "id") // of an object with a secret in its id as well
	if err := secretsOf(gone).blackOut(props); err != nil {
		return nil, err
	}
	reselect(props)
	props["id"] = r.derivedID(id, key)
	return canon.Marshal(props)
}

// callers returns what the objects are called whose ids are among texts, as far
// as they are here. known keeps what was looked up.
func callers(tx *store.Tx, texts []string, known map[string][]string) (out []string, err error) {
	for _, id := range texts {
		if _, uuid, ok := strings.Cut(id, "--"); !ok || len(uuid) != 36 {
			continue
		}
		names, ok := known[id]
		if !ok {
			if names, err = called(tx, id); err != nil {
				return nil, err
			}
			known[id] = names
		}
		out = append(out, names...)
	}
	return out, nil
}

// called returns what an object is called in all its versions.
func called(tx *store.Tx, id string) (out []string, err error) {
	err = tx.Versions(id, func(o store.Object) error {
		if o.Type == "erased" {
			return nil
		}
		props, err := canon.View(o.Body)
		if err != nil {
			return err
		}
		out = append(out, textsOf(props["name"])...)
		out = append(out, textsOf(props["aliases"])...)
		out = append(out, textsOf(props["contact_information"])...)
		return nil
	})
	return out, err
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
	byHand, err := handMade(tx, known)
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
		case byHand[id] != "":
			out[id] = byHand[id]
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

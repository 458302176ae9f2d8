package release

import (
	"errors"
	"slices"

	"twoseas/internal/act/intake"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Outgoing is what the partner would get of an object version if it left now.
type Outgoing struct {
	Decision gate.Decision
	Label    []byte // as it goes on the wire; nil when nothing leaves
	Body     []byte // the exact bytes; nil when nothing leaves
	Redacted []string
	// Object is the version whose bytes these are: the one asked for, or the
	// redacted object made of it; 0 when that is not made yet.
	Object int64
	// Said is what those bytes say that an officer took out of another object by
	// hand, for which an officer looks at them first.
	Said []string
}

// Outgoing works out what would leave of o, which is labelled m, under g. It
// changes nothing: a redacted object that is not made yet is made in memory.
func (r *Releases) Outgoing(tx *store.Tx, g *Gate, channel int64, o store.Object, m marking.Label) (Outgoing, error) {
	out, err := r.outgoing(tx, g, channel, o, m)
	if err != nil || out.Body == nil {
		return out, err
	}
	out.Said, err = g.said(tx, store.Object{Seq: o.Seq, ID: o.ID, Body: out.Body}, m)
	if len(out.Said) > 0 {
		out.Decision = g.decideSaying(m)
	}
	return out, err
}

func (r *Releases) outgoing(tx *store.Tx, g *Gate, channel int64, o store.Object, m marking.Label) (Outgoing, error) {
	out := Outgoing{Decision: g.Decide(m)}
	switch {
	case out.Decision.Outcome == gate.Deny:
		return out, nil
	case len(out.Decision.Redact) > 0:
		return r.outgoingRedacted(tx, g, o, m, out)
	}
	m.Approved = 0
	if out.Decision.Outcome == gate.Hold {
		n, _, err := Approved(tx, channel, o.Seq, Digest(m.Canonical(), o.Body))
		if err != nil {
			return out, err
		}
		m.Approved = max(n, out.Decision.Approvals)
	}
	m, err := r.Shown(tx, g, m)
	out.Label, out.Body, out.Object = g.sent(m), o.Body, o.Seq
	return out, err
}

func (r *Releases) outgoingRedacted(tx *store.Tx, g *Gate, o store.Object, m marking.Label, out Outgoing) (Outgoing, error) {
	job := redaction{terms: m, names: out.Decision.Redact, called: map[string][]string{}}
	if err := r.guard(tx, g, &job); err != nil {
		return out, err
	}
	wire := job.terms
	wire.Approved = 0
	wire.Redacted = append(slices.Clone(m.Redacted), job.names...)
	slices.Sort(wire.Redacted)
	out.Label, out.Redacted = g.sent(wire), job.names
	seq, err := tx.Derived(o.Seq, job.key())
	if err != nil {
		return out, err
	}
	if seq != 0 {
		made, err := tx.Object(seq)
		out.Body, out.Object = made.Body, seq
		return out, err
	}
	refs, err := r.renamed(tx, g, job, []store.Object{o})
	if err != nil {
		return out, err
	}
	raw, err := r.without(tx, o, job, refs)
	if errors.Is(err, errNamed) {
		out.Label = nil
		return out, nil // it stays
	}
	if err != nil {
		return out, err
	}
	it := intake.Prepare(0, raw, "")
	if it.Err != nil {
		out.Label = nil
		return out, nil //nolint:nilerr // what redaction leaves is no object any more: it stays
	}
	out.Body = it.Object.Raw
	return out, nil
}

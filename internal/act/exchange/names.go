package exchange

import (
	"bytes"
	"slices"

	"twoseas/internal/act/release"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// names returns, for those entries of this side's own that refer to an object
// of a third side which may not go to the partner, the id they name: a
// reference would tell that it is here. A node with one partner has none such.
func (b *builder) names(entries []store.Release) (map[int64]string, error) {
	channels, err := b.tx.Channels()
	if err != nil || len(channels) < 2 {
		return nil, err
	}
	refs := map[int64][]string{}
	var ids []string
	for _, e := range entries {
		l, err := b.label(e.Label)
		if err != nil {
			return nil, err
		}
		if l.label.Origin != b.x.self || !bytes.Contains(e.Body, []byte("_ref")) {
			continue
		}
		if refs[e.Seq], err = release.References(e.Body); err != nil {
			return nil, err
		}
		ids = append(ids, refs[e.Seq]...)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	known, err := b.tx.Known(slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	out := map[int64]string{}
	for seq, list := range refs {
		for _, id := range list {
			secret, err := b.thirds(known[id])
			if err != nil {
				return nil, err
			}
			if secret {
				out[seq] = id
				break
			}
		}
	}
	return out, nil
}

// follow returns those entries that name the source of something redacted. What
// leaves instead has joined the list behind them, if it needs nobody's approval.
func (b *builder) follow(entries []store.Release) (map[int64]bool, error) {
	stays, err := b.x.releases.Follow(b.tx, b.gate, entries)
	if err != nil || len(stays) == 0 {
		return nil, err
	}
	now, err := b.tx.Channel(b.ch.Agreement)
	b.ch.Queued = now.Queued
	return stays, err
}

// says returns, of the entries of this side's own, those that say what was taken
// out by hand of something they speak of.
func (b *builder) says(entries []store.Release) (map[int64]release.Telling, error) {
	var own []store.Object
	for _, e := range entries {
		l, err := b.label(e.Label)
		if err != nil {
			return nil, err
		}
		if l.label.Origin == b.x.self {
			own = append(own, e.Object)
		}
	}
	return release.Says(b.tx, own)
}

// keep reports whether an entry waits for an officer since it says what was
// taken out.
func (b *builder) keep(e store.Release, said release.Telling) (bool, error) {
	return b.x.releases.Keep(b.tx, b.gate, b.ch, e, b.labels[e.Label].label, said)
}

// thirds reports whether all stored versions of an id belong to third sides and
// may not go to the partner.
func (b *builder) thirds(versions []store.Known) (bool, error) {
	for _, v := range versions {
		l, err := b.label(v.Label)
		if err != nil {
			return false, err
		}
		if !b.x.third(b.ch, l.label.Origin) || l.decision.Outcome != gate.Deny {
			return false, nil
		}
	}
	return len(versions) > 0, nil
}

// third reports whether a side is neither end of the channel.
func (x *Exchange) third(ch store.Channel, side ident.Side) bool {
	return side != x.self && side != ch.Partner
}

package feed

import (
	"crypto/sha256"
	"encoding/binary"

	"twoseas/internal/format/ioc"
	"twoseas/internal/format/observe"
	"twoseas/internal/format/outlet"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// A value that several sources name is one entry (ADR 0033): marked as strictly
// as the strictest of them, citing the one with the highest confidence, for as
// long as one of them holds; and in no list while one of them says that nobody may
// act on it. Only sources that the reader may see count.

// claim is what a source says of a value. There are as many as values: it is small.
type claim struct {
	tlp        marking.TLP
	pap        marking.PAP
	confidence uint8
	unmarked   bool // it says nothing of TLP
}

func claimOf(o *stix.Object, l marking.Label) claim {
	c := claim{tlp: l.TLP, pap: l.PAP, unmarked: l.TLP == marking.NoTLP}
	if n, ok := o.Props["confidence"].(float64); ok && n > 0 && n <= 100 {
		c.confidence = uint8(n)
	}
	return c
}

// with is what two sources of a value say together.
func (c claim) with(other claim) claim {
	return claim{max(c.tlp, other.tlp), max(c.pap, other.pap), max(c.confidence, other.confidence), c.unmarked || other.unmarked}
}

// said returns the words of a claim.
func (c claim) said() (tlp, pap string) {
	return said(marking.Label{Terms: marking.Terms{TLP: c.tlp, PAP: c.pap}})
}

// shared is a value that more than one source speaks of.
type shared struct {
	claim
	sources int
	barred  bool // one says that nobody may act on it
	written bool
}

// short is a value in few bytes.
func short(v ioc.Value) uint64 {
	sum := sha256.Sum256([]byte(v.Kind.String() + "\x00" + v.Text))
	return binary.BigEndian.Uint64(sum[:])
}

// due returns what the entry of a value says when it is to be written now, for a
// source that says c. It notes who else speaks of the value.
func (b *builder) due(v ioc.Value, c claim) (entry claim, sources int, ok bool) {
	key := short(v)
	if b.second {
		return b.dueAgain(key, c)
	}
	first, known := b.seen[key]
	switch {
	case known:
		s := b.speaks(key, first)
		s.claim, s.sources = s.with(c), s.sources+1
		return claim{}, 0, false
	case len(b.seen) >= maxValues:
		b.head.Left++
		return claim{}, 0, false
	}
	b.seen[key] = c
	return c, 1, true
}

// dueAgain is due once it is known who speaks of what.
func (b *builder) dueAgain(key uint64, c claim) (claim, int, bool) {
	if _, in := b.seen[key]; !in {
		b.head.Left++
		return claim{}, 0, false
	}
	s, several := b.several[key]
	if !several {
		return c, 1, true
	}
	if s.barred || s.written || c.confidence < s.confidence {
		return claim{}, 0, false
	}
	s.written = true
	return s.claim, s.sources, true
}

// speaks returns what is known of a value that first spoke of and now another.
func (b *builder) speaks(key uint64, first claim) *shared {
	s, ok := b.several[key]
	if !ok {
		s = &shared{claim: first, sources: 1}
		b.several[key] = s
	}
	return s
}

// restrain notes which values of the list an indicator says nobody may act on.
func (b *builder) restrain(dst []byte, m store.Member) []byte {
	o, ok := view(m)
	if !ok || !b.holds(o) {
		return dst
	}
	for _, v := range observe.Alone(o) {
		key := short(v)
		if first, in := b.seen[key]; in {
			b.speaks(key, first).barred = true
		}
	}
	return dst
}

// barring reports whether what carries a label may not be acted on by others.
func (b *builder) barring(l marking.Label) bool {
	return l.PAP > marking.PAPGreen && (l.Expires.IsZero() || b.now.Before(l.Expires))
}

// anew begins the list again, now that it is known who speaks of what.
func (b *builder) anew() {
	b.spool.close()
	b.spool, b.sum, b.form = spool{dir: b.s.Spool}, sha256.New(), b.f.list.form()
	b.head, b.strict, b.second = outlet.Head{}, 0, true
}

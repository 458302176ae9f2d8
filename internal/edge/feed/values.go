package feed

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/observe"
	"twoseas/internal/format/outlet"
	"twoseas/internal/format/stix"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// maxValues bounds the entries of a list: more is more than any firewall or
// resolver takes.
const maxValues = 1_000_000

// memo is what is known of a list as it was made last for a clearance.
type memo struct {
	from   ident.Digest // of what it was made from
	lists  *warninglist.Set
	until  time.Time // when something in it begins or ends to be valid; zero for never
	made   time.Time
	etag   string
	serial uint32
}

type memoKey struct {
	class, collection int64
	file              string
	noPAP             bool
}

// maxMemos bounds what is remembered of lists.
const maxMemos = 1000

// values answers with a list of values, or with rules made of them.
func (s *Server) values(q *request, f file) error {
	st, err := s.standing(q)
	if err != nil {
		return err
	}
	lists, err := s.Lists(q.r.Context(), s.Handle)
	if err != nil {
		return err
	}
	from := sha256.Sum256([]byte(st.tag(q, f)))
	key := memoKey{q.access.Class, q.collection.N, f.name, q.options.noPAP}
	now := s.Clock.Now()
	s.mu.Lock()
	known := s.memos[key]
	s.mu.Unlock()
	if known.from == from && known.lists == lists && !now.Before(known.made) && (known.until.IsZero() || now.Before(known.until)) && has(q.r, known.etag) {
		return send(q, document{media: f.media, etag: known.etag, modified: st.modified()})
	}
	select {
	case s.builds <- struct{}{}:
		defer func() { <-s.builds }()
	case <-q.r.Context().Done():
		return q.r.Context().Err()
	}
	b := &builder{s: s, q: q, f: f, form: f.list.form(), lists: lists, now: now, labels: st.labels, seen: map[uint64]claim{}, several: map[uint64]*shared{}, sum: sha256.New()}
	defer func() { b.spool.close() }()
	if err := b.build(); err != nil {
		return err
	}
	d, err := b.document(st, known)
	if err != nil {
		return err
	}
	s.remember(key, memo{from, lists, b.until, now, d.etag, b.head.Serial})
	return send(q, d)
}

func (s *Server) remember(k memoKey, m memo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.memos[k]; !ok && len(s.memos) >= maxMemos {
		clear(s.memos)
	}
	s.memos[k] = m
}

// builder makes one list.
type builder struct {
	s       *Server
	q       *request
	f       file
	form    outlet.Form
	lists   *warninglist.Set
	now     time.Time
	labels  map[int64]marking.Label
	seen    map[uint64]claim   // by short, the values that are in it and who named each first
	several map[uint64]*shared // those of which others speak as well
	second  bool               // all who speak of them are known
	head    outlet.Head
	strict  marking.TLP // the strictest in it
	until   time.Time
	spool   spool
	sum     hash.Hash
}

func (b *builder) build() error {
	b.spool.dir = b.s.Spool
	usable := b.labelled(b.usable)
	if err := b.walk(usable, b.indicator); err != nil {
		return err
	}
	if barring := b.labelled(b.barring); len(barring) > 0 && len(b.seen) > 0 {
		if err := b.walk(barring, b.restrain); err != nil {
			return err
		}
	}
	if len(b.several) == 0 {
		return nil
	}
	b.anew()
	return b.walk(usable, b.indicator)
}

func (b *builder) walk(labels []int64, add func(dst []byte, m store.Member) []byte) error {
	return b.s.walk(b.q, store.PageQuery{Types: []string{"indicator"}, Labels: labels, Labelled: true}, add, func(p []byte) error {
		b.sum.Write(p)
		return b.spool.write(p)
	})
}

// labelled returns the labels that fit.
func (b *builder) labelled(fits func(marking.Label) bool) []int64 {
	out := []int64{}
	for id, l := range b.labels {
		if fits(l) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// usable reports whether the PAP of a label lets others act on what carries it:
// PAP:CLEAR and PAP:GREEN, and on demand what says nothing of PAP.
func (b *builder) usable(l marking.Label) bool {
	ok := l.PAP == marking.PAPClear || l.PAP == marking.PAPGreen || b.q.options.noPAP && l.PAP == marking.NoPAP
	return ok && len(l.Unknown) == 0 && (l.Expires.IsZero() || b.now.Before(l.Expires))
}

// indicator appends the entries of one indicator.
func (b *builder) indicator(dst []byte, m store.Member) []byte {
	o, ok := view(m)
	if !ok || !b.holds(o) {
		return dst
	}
	says := claimOf(o, b.labels[m.Label])
	for _, v := range observe.Alone(o) {
		if !slices.Contains(b.f.list.kinds, v.Kind) || v.TooWide() || b.harmless(v) {
			continue
		}
		c, sources, ok := b.due(v, says)
		if !ok {
			continue
		}
		entry := outlet.Block{Value: v, ID: m.ID, Confidence: int(c.confidence), Sources: sources}
		entry.TLP, entry.PAP = c.said()
		before := len(dst)
		if dst = b.form.Entry(dst, entry); len(dst) == before {
			b.head.Left++
			continue
		}
		b.head.Count++
		b.strictest(c)
	}
	return dst
}

func (b *builder) strictest(c claim) {
	tlp := c.tlp
	if c.unmarked { // its reader is cleared for what is not marked: as strict as can be
		tlp = b.q.actor.Clearance.TLP
	}
	b.strict = max(b.strict, tlp)
}

// holds reports whether an indicator says now that its values are bad, and
// notes when that will change.
func (b *builder) holds(o *stix.Object) bool {
	if o.Revoked || slices.Contains(listOf(o, "indicator_types"), "benign") {
		return false
	}
	from, until := moment(o, "valid_from"), moment(o, "valid_until")
	if b.now.Before(from) {
		b.changes(from)
		return false
	}
	if until.IsZero() {
		return true
	}
	if !b.now.Before(until) {
		return false
	}
	b.changes(until)
	return true
}

func (b *builder) changes(at time.Time) {
	if b.until.IsZero() || at.Before(b.until) {
		b.until = at
	}
}

// harmless reports whether a list says that a value is rarely malicious.
func (b *builder) harmless(v ioc.Value) bool {
	return slices.ContainsFunc(b.lists.Hits(v), func(h warninglist.Hit) bool { return !h.Known })
}

// document puts the list behind what it says of itself.
func (b *builder) document(st standing, known memo) (document, error) {
	h := &b.head
	h.Title, h.Collection, h.What, h.Marking = b.q.collection.Title, b.q.collection.ID, b.f.what, b.strict.String()
	if h.Count == 0 {
		h.Marking = marking.Clear.String()
	}
	if b.s.URL != "" {
		h.URL = b.s.URL + Prefix + b.q.collection.ID + "/" + b.f.name
		h.Notes = append(h.Notes, "From: "+h.URL)
	}
	if b.q.options.noPAP {
		h.Notes = append(h.Notes, "PAP: indicators of PAP:CLEAR and PAP:GREEN, and, as was asked for, those that state no PAP")
	} else {
		h.Notes = append(h.Notes, "PAP: indicators of PAP:CLEAR and PAP:GREEN only; with ?pap=none also those that state no PAP")
	}
	h.Notes = append(h.Notes, "Not in it: what is revoked, not valid now, on a warning list, needs more than one value to be seen together, or may not be acted on as another source says")
	b.sum.Write(b.form.Begin(*h))
	etag := `W/"` + base64.RawURLEncoding.EncodeToString(b.sum.Sum(nil)[:15]) + `"`
	h.Updated, h.Serial = st.modified(), known.serial // neither makes it another list
	if known.etag != etag {
		h.Serial = max(uint32(b.now.Unix()), known.serial+1) //nolint:gosec // serials of zones have 32 bits (RFC 1982)
	}
	head := b.form.Begin(*h)
	body, err := b.spool.open()
	end := b.form.End()
	return document{
		media: b.f.media, etag: etag, modified: st.modified(), head: head, body: io.MultiReader(body, bytesReader(end)),
		length: int64(len(head)) + b.spool.size + int64(len(end)),
	}, err
}

// errSpool says what a spool is for.
func errSpool(err error) error {
	return fault.Errorf(fault.Unavailable, "no room for a list under way: %w", fmt.Errorf("spool: %w", err))
}

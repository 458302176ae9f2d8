// Package search answers "do we know this?": it looks values up among those
// that stored objects name, as written by a person or pasted from anywhere,
// for a reader who sees only what it is cleared for.
package search

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/ioc"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// MaxValues bounds the values of one lookup, and maxHits the objects found
// for one of them.
const (
	MaxValues = 10_000
	maxHits   = 200
)

// Relation says how what was found relates to what was asked.
type Relation string

// The relations.
const (
	Exact     Relation = "exact"     // the very value
	Parent    Relation = "parent"    // a parent domain, or the host of a URL or e-mail address
	Network   Relation = "network"   // a network that contains the address asked
	Contained Relation = "contained" // an address or network inside the network asked
)

// Hit is one object that names a value.
type Hit struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Kind     string   `json:"kind"`  // of the value it names
	Value    string   `json:"value"` // that value, normalised
	Relation Relation `json:"relation"`
	TLP      string   `json:"tlp"`
	Origin   string   `json:"origin"`
	Revoked  bool     `json:"revoked"`
	Version  string   `json:"version"` // of the object, RFC 3339
	Object   int64    `json:"-"`
}

// Answer is what is known of one value.
type Answer struct {
	Asked   string `json:"asked"`
	Kind    string `json:"kind,omitempty"`  // what it was understood as
	Value   string `json:"value,omitempty"` // normalised
	Problem string `json:"problem,omitempty"`
	More    bool   `json:"more,omitempty"` // there are hits beyond those listed
	Hits    []Hit  `json:"hits"`
}

// Search looks values up. It is safe for concurrent use.
type Search struct {
	// labels keeps what texts of labels say. A text always says the same, and
	// a node has some hundred; should there be very many, it begins anew.
	mu     sync.Mutex
	labels map[string]said // guarded by mu
}

// said is what of a label an answer tells.
type said struct{ tlp, origin string }

const maxLabels = 10_000

// New returns a Search.
func New() *Search { return &Search{labels: map[string]said{}} }

// says returns what the text of a label says.
func (s *Search) says(terms []byte) (said, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.labels[string(terms)]; ok {
		return l, nil
	}
	m, err := marking.ParseLabel(terms)
	if err != nil {
		return said{}, err
	}
	if len(s.labels) >= maxLabels {
		clear(s.labels)
	}
	l := said{m.TLP.String(), string(m.Origin)}
	s.labels[string(terms)] = l
	return l, nil
}

// wanted is one answer a key contributes to.
type wanted struct {
	answer   int
	relation Relation
}

// lookup is the work of one call.
type lookup struct {
	search  *Search
	tx      *store.Tx
	class   int64
	answers []Answer
	keys    map[store.Key][]wanted
	order   []store.Key
	bits    map[int64][]int64 // stored prefix lengths by family
}

// Values looks up each value for readers of a clearance class; that of the
// node itself is store.AllLabels. Answers come in the order of values; one
// that is not understood says so and spoils no other. More than MaxValues is
// fault.TooLarge.
func (s *Search) Values(ctx context.Context, h *store.Handle, class int64, values []string) (answers []Answer, err error) {
	err = h.Query(ctx, func(tx *store.Tx) error {
		answers, err = s.In(tx, class, values)
		return err
	})
	return answers, err
}

// In is Values within a transaction.
func (s *Search) In(tx *store.Tx, class int64, values []string) ([]Answer, error) {
	if len(values) > MaxValues {
		return nil, fault.Errorf(fault.TooLarge, "%d values, at most %d a call", len(values), MaxValues)
	}
	l := &lookup{
		search: s, tx: tx, class: class, answers: make([]Answer, len(values)), keys: make(map[store.Key][]wanted, len(values)), bits: map[int64][]int64{},
	}
	for i, v := range values {
		if err := l.ask(i, v); err != nil {
			return nil, err
		}
	}
	return l.answers, l.find()
}

// ask works out which keys answer the question about one value.
func (l *lookup) ask(i int, asked string) error {
	a := &l.answers[i]
	a.Asked, a.Hits = asked, []Hit{}
	v, err := ioc.Guess(asked)
	if err != nil {
		a.Problem = fault.Message(err)
		return nil
	}
	a.Kind, a.Value = v.Kind.String(), v.Text
	l.want(i, v, Exact)
	for _, p := range v.Parents() {
		l.want(i, p, Parent)
	}
	if p, ok := v.Prefix(); ok {
		return l.networks(i, p)
	}
	return nil
}

func (l *lookup) want(i int, v ioc.Value, r Relation) {
	k := store.Key{Kind: v.Kind.String(), Value: v.Text}
	if _, ok := l.keys[k]; !ok {
		l.order = append(l.order, k)
	}
	l.keys[k] = append(l.keys[k], wanted{i, r})
}

// networks asks for the stored networks that contain p, and for what lies
// inside it when it is a network itself.
func (l *lookup) networks(i int, p netip.Prefix) error {
	family := int64(6)
	if p.Addr().Is4() {
		family = 4
	}
	bits, ok := l.bits[family]
	if !ok {
		var err error
		if bits, err = l.tx.PrefixLengths(family); err != nil {
			return err
		}
		l.bits[family] = bits
	}
	for _, b := range bits {
		if int(b) >= p.Bits() {
			continue
		}
		kind := ioc.IPv6Net
		if family == 4 {
			kind = ioc.IPv4Net
		}
		if v, ok := ioc.Normalise(kind, netip.PrefixFrom(p.Addr(), int(b)).Masked().String()); ok {
			l.want(i, v, Network)
		}
	}
	if p.IsSingleIP() {
		return nil
	}
	from, to := bounds(p)
	return l.tx.FindRange(from, to, l.class, maxHits+1, func(f store.Found) error {
		if f.Value == l.answers[i].Value || f.Superseded {
			return nil
		}
		return l.hit(i, f, Contained)
	})
}

// bounds returns the first and the last address of p, 16 bytes each.
func bounds(p netip.Prefix) (first, last []byte) {
	a := p.Masked().Addr().As16()
	b := a
	host := 128 - p.Bits()
	if p.Addr().Is4() {
		host = 32 - p.Bits()
	}
	for i := 15; host > 0; i-- {
		n := min(8, host)
		b[i] |= byte(1<<n - 1)
		host -= n
	}
	return a[:], b[:]
}

func (l *lookup) find() error {
	if len(l.order) == 0 {
		return nil
	}
	return l.tx.Find(l.order, l.class, func(f store.Found) error {
		if f.Superseded {
			return nil
		}
		for _, w := range l.keys[store.Key{Kind: f.Kind, Value: f.Value}] {
			if err := l.hit(w.answer, f, w.relation); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *lookup) hit(i int, f store.Found, r Relation) error {
	a := &l.answers[i]
	if slices.ContainsFunc(a.Hits, func(h Hit) bool { return h.Object == f.Object && h.Value == f.Value }) {
		return nil
	}
	if len(a.Hits) == maxHits {
		a.More = true
		return nil
	}
	if l.class == store.AllLabels && bytes.Contains(f.Terms, []byte(`"withheld":`)) {
		return nil // called back: nobody reads it, who holds the data directory no more than others
	}
	label, err := l.search.says(f.Terms)
	if err != nil {
		return err
	}
	a.Hits = append(a.Hits, Hit{
		ID: f.ID, Type: f.Type, Kind: f.Kind, Value: f.Value, Relation: r, TLP: label.tlp, Origin: label.origin,
		Revoked: f.Revoked, Version: time.UnixMicro(f.Version).UTC().Format(time.RFC3339Nano), Object: f.Object,
	})
	return nil
}

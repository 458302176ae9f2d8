package matching

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"twoseas/internal/act/matching/psi"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/ioc"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// padding is what the number of digests in an answer is rounded up to, with
// random ones.
const padding = 1024

// Answer returns the answer to a question of a partner, which it makes when
// there is none yet; fault.Held while officers have it, fault.Denied with the
// reason when they refused.
func (m *Matchings) Answer(ctx context.Context, h *store.Handle, a ident.Agreement, from ident.Side, session string) (msg, content []byte, err error) {
	q, err := m.of(ctx, h, a, from, session)
	if err != nil {
		return nil, nil, err
	}
	switch q.State {
	case store.MatchingWaiting:
		return nil, nil, fault.Errorf(fault.Held, "the question waits for an officer of %s", m.self)
	case store.MatchingRefused:
		return nil, nil, fault.Errorf(fault.Denied, "%s refused the question: %s", m.self, q.Why)
	case store.MatchingApproved:
		if err := m.Prepare(ctx, h, session); err != nil {
			return nil, nil, err
		}
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		if q, err = tx.Matching(session); err != nil {
			return err
		}
		content, err = tx.MatchingData(session, dataContent)
		return err
	})
	return q.Answer, content, err
}

// of returns a question of that partner under that agreement; any other looks
// like none.
func (m *Matchings) of(ctx context.Context, h *store.Handle, a ident.Agreement, from ident.Side, session string) (q store.Matching, err error) {
	err = h.Query(ctx, func(tx *store.Tx) error {
		q, err = tx.Matching(session)
		return err
	})
	if err == nil && (q.Asker != from || q.Agreement != a) {
		err = fault.Errorf(fault.NotFound, "no question %.40q", session)
	}
	return q, err
}

// Prepare makes the answer to an approved question; what is answered is not
// made again.
func (m *Matchings) Prepare(ctx context.Context, h *store.Handle, session string) error {
	m.working.Lock()
	defer m.working.Unlock()
	var q store.Matching
	var blinded []byte
	var labels []int64
	if err := h.Read(ctx, func(tx *store.Tx) (err error) {
		if q, err = tx.Matching(session); err != nil || q.State != store.MatchingApproved {
			return err
		}
		if blinded, err = tx.MatchingData(session, dataBlinded); err != nil {
			return err
		}
		labels, err = m.open(tx, q.Agreement)
		return err
	}); err != nil || blinded == nil {
		return err
	}
	key, err := psi.NewKey(m.rand)
	if err != nil {
		return err
	}
	content, err := key.Evaluate(blinded)
	if err != nil {
		return err
	}
	set, err := m.set(ctx, h, labels, key)
	if err != nil {
		return err
	}
	for _, d := range set {
		content = append(content, d[:]...)
	}
	return h.Write(ctx, func(tx *store.Tx) error { return m.answered(tx, q, key, content, len(set)) })
}

// open returns the labels of this side's own objects that the gate would
// release to the asker as they are.
func (m *Matchings) open(tx *store.Tx, a ident.Agreement) ([]int64, error) {
	g, err := m.releases.Gate(tx, a)
	if err != nil {
		return nil, err
	}
	stored, err := tx.Labels()
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, s := range stored {
		l, err := marking.ParseLabel(s.Resolved)
		if err != nil {
			return nil, err
		}
		if l.Origin == m.self && g.Decide(l).Outcome == gate.Release {
			ids = append(ids, s.ID)
		}
	}
	return ids, nil
}

// answered signs the answer and records it. What the officers approved is
// decided once more: the agreement may have ended meanwhile.
func (m *Matchings) answered(tx *store.Tx, q store.Matching, key psi.Key, content []byte, set int) error {
	now, err := tx.Matching(q.Session)
	if err != nil || now.State != store.MatchingApproved { // another process was faster
		return err
	}
	terms, d, err := m.decide(tx, q.Agreement, true)
	if err != nil {
		return err
	}
	public, err := key.Public()
	if err != nil {
		return err
	}
	w := d.Winners()[0]
	text := answer{
		request: ident.Sum(q.Request), session: q.Session, from: m.self, to: q.Asker, rule: w.Rule + " " + w.Clause,
		key: public, set: set, content: ident.Sum(content), made: time.UnixMicro(tx.Now()),
	}.text()
	signer, err := m.ring.Signer(tx)
	if err != nil {
		return err
	}
	if q.Answer, err = signer.Sign(text); err != nil {
		return err
	}
	q.State = store.MatchingAnswered
	if err := tx.SetMatchingData(q.Session, dataContent, content); err != nil {
		return err
	}
	if err := forget(tx, q.Session, dataContent); err != nil {
		return err
	}
	if terms.Doc.Matching.Both() {
		raw, err := key.Secret()
		if err != nil {
			return err
		}
		if err := tx.SetMatchingData(q.Session, dataKey, raw); err != nil {
			return err
		}
	}
	if err := tx.SaveMatching(q); err != nil {
		return err
	}
	if err := m.ledger.Append(tx, q.Agreement, q.Answer); err != nil {
		return err
	}
	return m.record(tx, "node", "matching.answer", q.Session, "values", int(q.Asked))
}

// set returns the sorted digests of every value that an object with one of the
// labels names, filled up with random ones.
func (m *Matchings) set(ctx context.Context, h *store.Handle, labels []int64, key psi.Key) ([]psi.Digest, error) {
	var mu sync.Mutex
	var out []psi.Digest
	err := each(ctx, h, labels, func(chunk []own) error {
		digests := make([]psi.Digest, len(chunk))
		for i, o := range chunk {
			var err error
			if digests[i], err = key.Digest(input(o.kind, o.value)); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		out = append(out, digests...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	fill := make([]psi.Digest, padding-len(out)%padding)
	for i := range fill {
		if _, err := io.ReadFull(m.rand, fill[i][:]); err != nil {
			return nil, err
		}
	}
	out = append(out, fill...)
	slices.SortFunc(out, func(a, b psi.Digest) int { return bytes.Compare(a[:], b[:]) })
	return out, nil
}

// own is one value of this side.
type own struct{ kind, value string }

// chunkSize is how many values one worker takes at a time.
const chunkSize = 1024

// each calls fn on all processors for every value, each once, in chunks.
func each(ctx context.Context, h *store.Handle, labels []int64, fn func([]own) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	chunks := make(chan []own, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for c := range chunks {
				if ctx.Err() != nil {
					continue
				}
				if err := fn(c); err != nil {
					stop(err)
				}
			}
		})
	}
	err := h.Read(ctx, func(tx *store.Tx) error { return read(ctx, tx, labels, chunks) })
	close(chunks)
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// read puts the values on the channel, each once.
func read(ctx context.Context, tx *store.Tx, labels []int64, chunks chan<- []own) error {
	had := map[[16]byte]struct{}{}
	chunk := make([]own, 0, chunkSize)
	put := func() error {
		select {
		case chunks <- chunk:
			chunk = make([]own, 0, chunkSize)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := tx.ValuesOf(labels, func(kind, value string) error {
		sum := sha256.Sum256([]byte(kind + "\n" + value))
		id := [16]byte(sum[:])
		if _, ok := had[id]; ok {
			return nil
		}
		if had[id] = struct{}{}; len(had) > maxSet {
			return fault.Errorf(fault.TooLarge, "more than %d values would have to answer", maxSet)
		}
		chunk = append(chunk, own{strings.Clone(kind), strings.Clone(value)})
		if len(chunk) < chunkSize {
			return nil
		}
		return put()
	})
	if err != nil || len(chunk) == 0 {
		return err
	}
	return put()
}

// Revealed takes from the asker which digests of the answer it found, where
// the agreement says that both sides learn the overlap, and keeps which values
// those are. A second time changes nothing.
func (m *Matchings) Revealed(ctx context.Context, h *store.Handle, a ident.Agreement, from ident.Side, session string, found []byte) error {
	q, err := m.of(ctx, h, a, from, session)
	if err != nil {
		return err
	}
	if q.State != store.MatchingAnswered || len(found)%psi.DigestSize != 0 || int64(len(found)/psi.DigestSize) > q.Asked {
		return fault.New(fault.Invalid, "want the digests that were found in an answer")
	}
	m.working.Lock()
	defer m.working.Unlock()
	var key psi.Key
	var labels []int64
	err = h.Read(ctx, func(tx *store.Tx) error {
		raw, err := tx.MatchingData(session, dataKey)
		if err != nil {
			return err
		}
		if key, err = psi.LoadKey(raw); err != nil {
			return err
		}
		labels, err = m.open(tx, a)
		return err
	})
	if fault.Is(err, fault.NotFound) { // told before, or not to be told
		return nil
	}
	if err != nil {
		return err
	}
	known, err := find(ctx, h, labels, key, found)
	if err != nil {
		return err
	}
	list, err := keep(known)
	if err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		q.Known = int64(len(known))
		if err := tx.SetMatchingData(session, dataKnown, list); err != nil {
			return err
		}
		if err := tx.DropMatchingData(session, dataKey); err != nil {
			return err
		}
		if err := tx.SaveMatching(q); err != nil {
			return err
		}
		return m.record(tx, "node "+string(from), "matching.revealed", session, "known", len(known))
	})
}

// find returns which of this side's values have one of the digests.
func find(ctx context.Context, h *store.Handle, labels []int64, key psi.Key, found []byte) (known []ioc.Value, err error) {
	want := map[psi.Digest]bool{}
	for d := range slices.Chunk(found, psi.DigestSize) {
		want[psi.Digest(d)] = true
	}
	if len(want) == 0 {
		return nil, nil
	}
	var mu sync.Mutex
	err = each(ctx, h, labels, func(chunk []own) error {
		for _, o := range chunk {
			d, err := key.Digest(input(o.kind, o.value))
			if err != nil || !want[d] {
				if err != nil {
					return err
				}
				continue
			}
			kind, err := ioc.ParseKind(o.kind)
			if err != nil {
				return err
			}
			mu.Lock()
			known = append(known, ioc.Value{Kind: kind, Text: o.value})
			mu.Unlock()
		}
		return nil
	})
	return known, err
}

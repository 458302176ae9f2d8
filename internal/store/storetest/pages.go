package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// shelf is a store with collections, labels and readers, and beside it a list
// of what must be in it: the same questions are asked of both.
type shelf struct {
	t           *testing.T
	h           *store.Handle
	rng         *rand.Rand
	collections [2]store.Collection
	labels      []int64
	readers     []reader
	stored      []store.Object
	members     [2][]placed
	n           int
}

// reader is a class and the labels it may see, by index.
type reader struct {
	class  int64
	labels string
}

// placed is a version in a collection.
type placed struct {
	added int64
	store.Object
}

func newShelf(t *testing.T, h *store.Handle, seed uint64) *shelf {
	s := &shelf{t: t, h: h, rng: rand.New(rand.NewPCG(seed, 1))}
	s.collections[0].ID, s.collections[1].ID = "a", "b"
	write(t, h, func(tx *store.Tx) error {
		for i := range s.collections {
			if err := tx.AddCollection(&s.collections[i]); err != nil {
				return err
			}
		}
		for _, terms := range []string{"none", "0", "1", "0 1", "2", "0 2", "0 1 2"} {
			id, err := tx.AddClass(terms, func([]byte) bool { return false })
			if err != nil {
				return err
			}
			s.readers = append(s.readers, reader{id, terms})
		}
		s.readers = append(s.readers, reader{0, "no class"})
		for _, l := range []string{"0", "1", "2"} {
			id, err := tx.AddLabel(store.Label{Raw: []byte(l), Resolved: []byte(l)}, func(terms string) bool { return strings.Contains(terms, l) })
			if err != nil {
				return err
			}
			s.labels = append(s.labels, id)
		}
		return nil
	})
	return s
}

func (s *shelf) sees(r reader, label int64) bool {
	return strings.Contains(r.labels, strconv.Itoa(slices.Index(s.labels, label)))
}

// add stores a few versions and puts them, and perhaps some that are stored
// already, into a collection.
func (s *shelf) add() {
	c := s.rng.IntN(2)
	fresh := make([]store.Object, s.rng.IntN(5))
	for i := range fresh {
		s.n++
		typ := []string{"identity", "malware"}[s.rng.IntN(2)]
		fresh[i] = store.Object{
			ID: fmt.Sprintf("%s--%d", typ, s.rng.IntN(5)), Type: typ, Version: int64(s.rng.IntN(6)), Label: s.labels[s.rng.IntN(3)],
			Body: fmt.Appendf(nil, `{"n":%d}`, s.n),
		}
	}
	var again []store.Object
	for range s.rng.IntN(3) {
		if len(s.stored) > 0 {
			again = append(again, s.stored[s.rng.IntN(len(s.stored))])
		}
	}
	write(s.t, s.h, func(tx *store.Tx) error {
		var ids []string
		for _, o := range slices.Concat(fresh, again) {
			ids = append(ids, o.ID)
		}
		known, err := tx.Known(ids)
		if err != nil {
			return err
		}
		if err := tx.AddObjects(fresh, known); err != nil {
			return err
		}
		var entries []store.Entry
		for _, o := range slices.Concat(fresh, again) {
			entries = append(entries, store.Entry{Object: o.Seq, Label: o.Label, Version: o.Version, ID: o.ID, Type: o.Type, Siblings: known[o.ID]})
		}
		had := s.collections[c].LastAdded
		n, err := tx.AddMembers(&s.collections[c], entries)
		s.place(c, entries, slices.Concat(fresh, again), n)
		if n > 0 && s.collections[c].LastAdded <= had {
			s.t.Errorf("LastAdded went from %d to %d", had, s.collections[c].LastAdded)
		}
		return err
	})
	s.stored = append(s.stored, fresh...)
}

// place does to the list what AddMembers did to the store.
func (s *shelf) place(c int, entries []store.Entry, objects []store.Object, n int) {
	added := s.collections[c].LastAdded - int64(n)
	for i := range entries {
		if slices.ContainsFunc(s.members[c], func(p placed) bool { return p.Seq == objects[i].Seq }) {
			continue
		}
		added++
		s.members[c] = append(s.members[c], placed{added, objects[i]})
	}
	if added != s.collections[c].LastAdded {
		s.t.Errorf("AddMembers added %d, want %d less", n, s.collections[c].LastAdded-added)
	}
}

// remove takes versions of an object out, as some reader.
func (s *shelf) remove() {
	c, r, v := s.rng.IntN(2), s.readers[s.rng.IntN(len(s.readers))], s.anyVersions()
	id := fmt.Sprintf("identity--%d", s.rng.IntN(5))
	want := s.want(c, r, store.PageQuery{IDs: []string{id}, Versions: v})
	write(s.t, s.h, func(tx *store.Tx) error {
		n, err := tx.RemoveMembers(s.collections[c].N, r.class, id, v)
		if n != len(want) {
			s.t.Errorf("RemoveMembers of %s %+v as %q: got %d, want %d", id, v, r.labels, n, len(want))
		}
		return err
	})
	s.members[c] = slices.DeleteFunc(s.members[c], func(p placed) bool { return slices.Contains(want, p.line()) })
}

func (p placed) line() string {
	return fmt.Sprintf("%d %s %d %s", p.added, p.ID, p.Version, p.Body)
}

func (s *shelf) anyVersions() store.Versions {
	v := store.Versions{All: s.rng.IntN(4) == 0}
	if v.All {
		return v
	}
	v.First, v.Last = s.rng.IntN(2) == 0, s.rng.IntN(2) == 0
	for range s.rng.IntN(3) {
		v.At = append(v.At, int64(s.rng.IntN(6)))
	}
	return v
}

// want answers a query from the list.
func (s *shelf) want(c int, r reader, q store.PageQuery) []string {
	var out []string
	for _, p := range s.members[c] {
		if !s.sees(r, p.Label) || p.added <= q.After || len(q.IDs) > 0 && !slices.Contains(q.IDs, p.ID) || len(q.Types) > 0 && !slices.Contains(q.Types, p.Type) ||
			q.Labels != nil && !slices.Contains(q.Labels, p.Label) {
			continue
		}
		first, last := true, true
		for _, o := range s.members[c] {
			if o.ID == p.ID && s.sees(r, o.Label) {
				order := cmp.Or(cmp.Compare(o.Version, p.Version), cmp.Compare(o.Seq, p.Seq))
				first, last = first && order >= 0, last && order <= 0
			}
		}
		v := q.Versions
		if v.All || v.First && first || (v.Last || v.Default()) && last || slices.Contains(v.At, p.Version) {
			out = append(out, p.line())
		}
	}
	return out
}

// ask asks the store, page by page.
func (s *shelf) ask(c int, r reader, q store.PageQuery) []string {
	q.Collection, q.Class, q.Bodies = s.collections[c].N, r.class, true
	var out []string
	for more := true; more; {
		n := 0
		err := s.h.Query(s.t.Context(), func(tx *store.Tx) (err error) {
			more, err = tx.Page(q, func(m store.Member) error {
				n++
				q.After = m.Added
				out = append(out, placed{m.Added, store.Object{ID: m.ID, Version: m.Version, Body: m.Body}}.line())
				return nil
			})
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
		if n > q.Limit || more && n == 0 {
			s.t.Fatalf("a page of %d of at most %d, more %v", n, q.Limit, more)
		}
	}
	return out
}

func (s *shelf) check() {
	for c := range s.members {
		for _, r := range s.readers {
			q := store.PageQuery{Limit: 1 + s.rng.IntN(20), Versions: s.anyVersions()}
			switch s.rng.IntN(5) {
			case 0:
				q.IDs = []string{fmt.Sprintf("identity--%d", s.rng.IntN(5))}
			case 1:
				q.IDs = []string{"identity--1", "malware--2", "malware--3", "nothing"}
			case 2:
				q.Types = []string{"malware"}
			case 3:
				q.Types = []string{"malware", "identity", "tool"}
			}
			if s.rng.IntN(4) == 0 && len(s.members[c]) > 0 {
				q.After = s.members[c][s.rng.IntN(len(s.members[c]))].added
			}
			if s.rng.IntN(3) == 0 {
				q.Labels = slices.Clone(s.labels[:s.rng.IntN(3)])
			}
			s.standing(c, r)
			s.newest(c, r, q)
			want := s.want(c, r, q)
			if d := gocmp.Diff(want, s.ask(c, r, q)); d != "" {
				s.t.Fatalf("reader of %q, %+v (-want +got):\n%s", r.labels, q, d)
			}
		}
	}
}

// standing compares what a reader learns of a collection with the list.
func (s *shelf) standing(c int, r reader) {
	var want store.Standing
	for _, p := range s.members[c] {
		if s.sees(r, p.Label) {
			want.Members, want.Newest, want.Sum = want.Members+1, max(want.Newest, p.added), want.Sum+p.Seq
		}
	}
	got := ask(s.t, s.h, func(tx *store.Tx) (store.Standing, error) { return tx.Standing(s.collections[c].N, r.class) })
	if got != want {
		s.t.Fatalf("reader of %q: got %+v, want %+v", r.labels, got, want)
	}
	for i, l := range s.labels {
		seen := slices.ContainsFunc(ask(s.t, s.h, func(tx *store.Tx) ([]store.Label, error) { return tx.PermittedLabels(r.class) }),
			func(have store.Label) bool { return have.ID == l && string(have.Resolved) == strconv.Itoa(i) })
		if seen != s.sees(r, l) {
			s.t.Fatalf("reader of %q is told of label %d: %v", r.labels, i, seen)
		}
	}
}

// newest compares the first page in the other order with the list's end.
func (s *shelf) newest(c int, r reader, q store.PageQuery) {
	want := s.want(c, r, q)
	slices.Reverse(want)
	q.Collection, q.Class, q.Bodies, q.Labelled, q.Newest = s.collections[c].N, r.class, true, true, true
	var got []string
	if err := s.h.Query(s.t.Context(), func(tx *store.Tx) error {
		_, err := tx.Page(q, func(m store.Member) error {
			if !slices.ContainsFunc(s.members[c], func(p placed) bool { return p.added == m.Added && p.Label == m.Label }) {
				s.t.Errorf("%s has label %d", m.ID, m.Label)
			}
			got = append(got, placed{m.Added, store.Object{ID: m.ID, Version: m.Version, Body: m.Body}}.line())
			return nil
		})
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	if !strings.HasPrefix(strings.Join(want, "\n"), strings.Join(got, "\n")) || len(q.IDs) == 0 && len(got) != min(q.Limit, len(want)) {
		s.t.Fatalf("newest first for %+v: got %q, want %q", q, got, want)
	}
}

// testPages compares, through a history of additions and removals, what each
// reader gets with what it must.
func testPages(t *testing.T, open Opener) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("history ", seed), func(t *testing.T) {
			on := open(t, clock.NewFake(Start))
			s := newShelf(t, Live(t, on), seed)
			for range 60 {
				if s.rng.IntN(6) == 0 {
					moveOn(t, on)
				}
				if s.rng.IntN(4) == 0 {
					s.remove()
				} else {
					s.add()
				}
				s.check()
			}
			if len(s.members[0]) < 10 {
				t.Fatalf("only %d members at the end: nothing was tested", len(s.members[0]))
			}
		})
	}
	t.Run("bounds", func(t *testing.T) { testPageBounds(t, newShelf(t, Live(t, open(t, clock.NewFake(Start))), 9)) })
}

func testPageBounds(t *testing.T, s *shelf) {
	for range 20 {
		s.add()
	}
	q := store.PageQuery{Collection: s.collections[0].N, Class: s.readers[6].class, Versions: store.Versions{All: true}, Bodies: true}
	page := func(q store.PageQuery) (n int, more bool) {
		t.Helper()
		err := s.h.Query(t.Context(), func(tx *store.Tx) (err error) {
			more, err = tx.Page(q, func(store.Member) error { n++; return nil })
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n, more
	}
	all := len(s.members[0])
	for _, limit := range []int{1, all - 1, all, all + 1} {
		q.Limit = limit
		if n, more := page(q); n != min(limit, all) || more != (limit < all) {
			t.Errorf("limit %d of %d: got %d, more %v", limit, all, n, more)
		}
	}
	q.Limit, q.MaxBytes = 1000, 3*len(s.members[0][0].Body)
	if n, more := page(q); n < 3 || n > 5 || !more {
		t.Errorf("a bound of about three bodies: got %d, more %v", n, more)
	}
	q.MaxBytes = 1
	if n, more := page(q); n != 1 || !more {
		t.Errorf("a bound of one byte: got %d, more %v; want one object all the same", n, more)
	}
	for _, limit := range []int{0, -1} {
		refused(t, s.h, fault.Invalid, func(tx *store.Tx) error {
			_, err := tx.Page(store.PageQuery{Collection: q.Collection, Class: q.Class, Limit: limit}, func(store.Member) error { return nil })
			return err
		})
	}
}

package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// library is a store whose versions the test remembers, to answer a search by
// looking at each.
type library struct {
	h       *store.Handle
	objects []store.Object
	posted  map[int64]store.Posted
	sees    map[int64][]int64 // labels by class
}

var (
	red   = store.Term("word", "red")
	round = store.Term("word", "round")
	small = store.Term("word", "small")
	times = []string{store.Received, store.Created, store.Modified}
)

// newLibrary stores versions of some ids in batches; the numbers jump, so that
// they lie in more than one chunk.
func newLibrary(t *testing.T, s *store.Store) *library {
	t.Helper()
	l := &library{h: Live(t, s), posted: map[int64]store.Posted{}}
	all := class(t, l.h, "all", func([]byte) bool { return true })
	some := class(t, l.h, "some", func([]byte) bool { return false })
	none := class(t, l.h, "none", func([]byte) bool { return false })
	labels := []int64{label(t, l.h, "open", "all", "some"), label(t, l.h, "shut", "all"), label(t, l.h, "free", "all", "some")}
	l.sees = map[int64][]int64{all: labels, some: {labels[0], labels[2]}, none: nil, store.AllLabels: labels}
	dice := rand.New(rand.NewPCG(1, 2))
	for batch := range 6 {
		var objects []store.Object
		for i := range 40 {
			id := fmt.Sprintf("indicator--%08d-0000-4000-8000-000000000000", dice.IntN(150))
			if slices.ContainsFunc(objects, func(o store.Object) bool { return o.ID == id }) {
				continue
			}
			objects = append(objects, object(id, int64(batch*100+i)*1e6, labels[dice.IntN(len(labels))]))
		}
		l.index(t, stock(t, l.h, objects...), dice)
		write(t, l.h, func(tx *store.Tx) error { // numbers another domain took
			_, err := tx.Exec("UPDATE counter SET value = value + $1 WHERE name = 'object'", int64(store.ChunkSize/3))
			return err
		})
	}
	return l
}

func (l *library) index(t *testing.T, objects []store.Object, dice *rand.Rand) {
	t.Helper()
	var rows []store.Posted
	for _, o := range objects {
		p := store.Posted{Seq: o.Seq, Label: o.Label, Times: [3]int64{o.Seq * 1e6, int64(dice.IntN(50)) * 1e6, o.Version}}
		for _, term := range []int64{red, round, small} {
			if dice.IntN(3) == 0 {
				p.Terms = append(p.Terms, term)
			}
		}
		rows = append(rows, p)
		l.posted[o.Seq] = store.Posted{Terms: slices.Clone(p.Terms), Times: p.Times}
	}
	from := ask(t, l.h, (*store.Tx).Indexed)
	write(t, l.h, func(tx *store.Tx) error { return tx.AddPostings(from, objects[len(objects)-1].Seq, rows) })
	l.objects = append(l.objects, objects...)
}

// answer is what Match must return, with all of it on one page.
func (l *library) answer(q store.Sought) []int64 {
	sees := func(o store.Object) bool { return slices.Contains(l.sees[q.Class], o.Label) }
	var out []store.Place
	for _, o := range l.objects {
		newer := slices.ContainsFunc(l.objects, func(n store.Object) bool {
			return n.ID == o.ID && sees(n) && cmp.Or(cmp.Compare(n.Version, o.Version), cmp.Compare(n.Seq, o.Seq)) > 0
		})
		if !sees(o) || newer || (q.Labels != nil && !slices.Contains(q.Labels, o.Label)) || !l.fits(o, q) {
			continue
		}
		p := store.Place{Seq: o.Seq}
		if i := slices.Index(times, q.Order); i > 0 {
			p.Key = l.posted[o.Seq].Times[i] / 1e6
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b store.Place) int {
		c := cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Seq, b.Seq))
		if q.Oldest {
			return c
		}
		return -c
	})
	var seqs []int64
	for _, p := range out {
		seqs = append(seqs, p.Seq)
	}
	return seqs
}

func (l *library) fits(o store.Object, q store.Sought) bool {
	p := l.posted[o.Seq]
	for _, g := range q.Groups {
		if !slices.ContainsFunc(g.Terms, func(x int64) bool { return slices.Contains(p.Terms, x) }) &&
			!slices.Contains(g.Labels, o.Label) && !slices.Contains(g.Objects, o.Seq) {
			return false
		}
	}
	for _, s := range q.Spans {
		at := p.Times[slices.Index(times, s.Name)]
		if s.From != 0 && at < s.From || s.To != 0 && at > s.To {
			return false
		}
	}
	return true
}

// questions crosses every filter with every order and class.
func (l *library) questions() (out []store.Sought) {
	filters := []store.Sought{
		{},
		{Groups: []store.Group{{Terms: []int64{red}}}},
		{Groups: []store.Group{{Terms: []int64{red, round}}}},
		{Groups: []store.Group{{Terms: []int64{red}}, {Terms: []int64{round}}, {Terms: []int64{small}}}},
		{Groups: []store.Group{{Terms: []int64{red}, Labels: []int64{l.objects[0].Label}}}},
		{Groups: []store.Group{{Objects: []int64{l.objects[3].Seq, l.objects[100].Seq, 1 << 40}}}},
		{Groups: []store.Group{{}}},
		{Groups: []store.Group{{Terms: []int64{store.Term("word", "absent")}}}},
		{Labels: []int64{}},
		{Labels: []int64{l.objects[0].Label}},
		{Spans: []store.Span{{Name: store.Created, From: 10e6, To: 30e6}}},
		{Spans: []store.Span{{Name: store.Modified, From: 250e6}, {Name: store.Created, To: 25e6}}},
		{Spans: []store.Span{{Name: store.Received, From: l.objects[90].Seq * 1e6}}, Groups: []store.Group{{Terms: []int64{round}}}},
	}
	for _, f := range filters {
		for c := range l.sees {
			for _, order := range times {
				for _, oldest := range []bool{false, true} {
					f.Class, f.Order, f.Oldest = c, order, oldest
					out = append(out, f)
				}
			}
		}
	}
	return out
}

func match(t *testing.T, h *store.Handle, q store.Sought) store.Matches {
	t.Helper()
	return ask(t, h, func(tx *store.Tx) (store.Matches, error) { return tx.Match(q) })
}

// everything is what the node itself finds without a filter.
var everything = store.Sought{Class: store.AllLabels, Order: store.Received, Limit: 1000, CountTo: 1000}

// check asks every question, on one page and on small ones.
func (l *library) check(t *testing.T) {
	t.Helper()
	for _, q := range l.questions() {
		want := l.answer(q)
		q.Limit, q.CountTo = 1000, 1000
		got := match(t, l.h, q)
		if diff := gocmp.Diff(want, got.Seqs, emptyIsNil); diff != "" {
			t.Fatalf("%+v (-want +got):\n%s", q, diff)
		}
		if got.Count != len(want) || got.More || !got.Next.IsZero() {
			t.Fatalf("%+v: %d counted, more %v, next %v; want %d", q, got.Count, got.More, got.Next, len(want))
		}
		l.pages(t, q, want)
	}
}

func (l *library) pages(t *testing.T, q store.Sought, want []int64) {
	t.Helper()
	q.Limit, q.CountTo = 7, 10
	var seqs []int64
	for range 100 {
		got := match(t, l.h, q)
		seqs = append(seqs, got.Seqs...)
		if got.Count != min(10, len(want)) || got.More != (len(want) > 10) {
			t.Fatalf("%+v: %d counted, more %v; there are %d", q, got.Count, got.More, len(want))
		}
		if got.Next.IsZero() {
			break
		}
		q.After = got.Next
	}
	if diff := gocmp.Diff(want, seqs, emptyIsNil); diff != "" {
		t.Fatalf("%+v in pages (-want +got):\n%s", q, diff)
	}
}

func testMatches(t *testing.T, open Opener) {
	t.Run("a search finds what looking at each version finds", func(t *testing.T) {
		newLibrary(t, open(t, clock.NewFake(Start))).check(t)
	})
	t.Run("what gets another label is found under that", func(t *testing.T) {
		l := newLibrary(t, open(t, clock.NewFake(Start)))
		dice := rand.New(rand.NewPCG(5, 6))
		var moves []store.Move
		for i := range l.objects {
			o := &l.objects[i]
			if dice.IntN(3) > 0 {
				continue
			}
			to := l.sees[store.AllLabels][dice.IntN(3)]
			moves = append(moves, store.Move{Seq: o.Seq, ID: o.ID, From: o.Label, To: to})
			o.Label = to
			p := l.posted[o.Seq]
			p.Label = to
			l.posted[o.Seq] = p
		}
		write(t, l.h, func(tx *store.Tx) error { return tx.RelabelAll(moves) })
		l.check(t)
		read(t, l.h, func(tx *store.Tx) error {
			all, err := tx.Labels()
			for _, label := range all {
				n, size := int64(0), int64(0)
				for _, m := range moves {
					for _, o := range l.objects {
						if o.Seq == m.Seq && m.From != m.To && (m.To == label.ID || m.From == label.ID) {
							sign := int64(1)
							if m.From == label.ID {
								sign = -1
							}
							n, size = n+sign, size+sign*int64(len(o.Body))
						}
					}
				}
				if label.Objects != n || label.Bytes != size { // newLibrary counts none
					t.Errorf("label %d: %d objects of %d bytes, want %d of %d", label.ID, label.Objects, label.Bytes, n, size)
				}
			}
			return err
		})
	})
	t.Run("what gets another label before it is indexed is found under that", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		q := everything
		q.Class = class(t, h, "some", func([]byte) bool { return false })
		from, to := label(t, h, "open", "some"), label(t, h, "shut")
		o := stock(t, h, object("indicator--00000001-0000-4000-8000-000000000000", 1e6, from))[0]
		write(t, h, func(tx *store.Tx) error {
			return tx.RelabelAll([]store.Move{{Seq: o.Seq, ID: o.ID, From: from, To: to}})
		})
		write(t, h, func(tx *store.Tx) error { // read before, written after
			return tx.AddPostings(0, o.Seq, []store.Posted{{Seq: o.Seq, Label: from, Terms: []int64{red}}})
		})
		if n := match(t, h, q).Count; n != 0 {
			t.Errorf("%d found", n)
		}
	})
	t.Run("what is erased is found by nothing", func(t *testing.T) {
		l := newLibrary(t, open(t, clock.NewFake(Start)))
		gone := l.answer(everything)[20] // found until then
		write(t, l.h, func(tx *store.Tx) error { return tx.EraseObject(gone) })
		q := everything
		q.Groups = []store.Group{{Objects: []int64{gone}}}
		if got := match(t, l.h, q); len(got.Seqs) != 0 || got.Count != 0 {
			t.Errorf("found %+v", got)
		}
		if shown := ask(t, l.h, func(tx *store.Tx) ([]store.Shown, error) { return tx.Shown(store.AllLabels, []int64{gone}) }); len(shown) != 0 {
			t.Errorf("shown %v", shown)
		}
	})
	t.Run("what is erased before it is indexed stays out", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		l := label(t, h, "open")
		o := stock(t, h, object("indicator--00000001-0000-4000-8000-000000000000", 1e6, l))[0]
		write(t, h, func(tx *store.Tx) error { return tx.EraseObject(o.Seq) })
		write(t, h, func(tx *store.Tx) error {
			return tx.AddPostings(0, o.Seq, []store.Posted{{Seq: o.Seq, Label: l, Terms: []int64{red}}})
		})
		if got := match(t, h, everything); got.Count != 0 {
			t.Errorf("%d counted", got.Count)
		}
	})
	t.Run("only one process goes on from a place", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		write(t, h, func(tx *store.Tx) error { return tx.Follow("x", 0, 5) })
		refused(t, h, fault.Conflict, func(tx *store.Tx) error { return tx.Follow("x", 0, 7) })
		write(t, h, func(tx *store.Tx) error { return tx.Follow("x", 5, 7) })
		if got := ask(t, h, func(tx *store.Tx) (int64, error) { return tx.Followed("x") }); got != 7 {
			t.Errorf("stands at %d", got)
		}
	})
	t.Run("another domain finds nothing of it", func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		newLibrary(t, s)
		exercise, err := ident.ParseDomain("exercise/sango-2027")
		if err != nil {
			t.Fatal(err)
		}
		if got := match(t, Handle(t, s, exercise), everything); got.Count != 0 || len(got.Seqs) != 0 {
			t.Errorf("found %+v", got)
		}
	})
	t.Run("a label that changes its meaning changes what is found", testMatchRelabelled(open))
}

func testMatchRelabelled(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		q := everything
		q.Class = class(t, h, "some", func([]byte) bool { return false })
		l := label(t, h, "pending")
		o := stock(t, h, object("indicator--00000001-0000-4000-8000-000000000000", 1e6, l))[0]
		write(t, h, func(tx *store.Tx) error {
			return tx.AddPostings(0, o.Seq, []store.Posted{{Seq: o.Seq, Label: l, Terms: []int64{red}}})
		})
		if n := match(t, h, q).Count; n != 0 {
			t.Errorf("%d before", n)
		}
		write(t, h, func(tx *store.Tx) error {
			return tx.ResolveLabel(l, []byte("open"), false, oneOf([]string{"some"}))
		})
		if n := match(t, h, q).Count; n != 1 {
			t.Errorf("%d after", n)
		}
	}
}

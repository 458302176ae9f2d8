package storetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
	"twoseas/internal/store/db"
	"twoseas/internal/store/migrations"
)

var tableName = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)

func tableNames(t *testing.T) (names []string) {
	t.Helper()
	raw, err := migrations.Files.ReadFile("0001_init.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range tableName.FindAllSubmatch(raw, -1) {
		names = append(names, string(m[1]))
	}
	return names
}

func dump(t *testing.T, s *store.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Dump(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// same compares without printing megabytes.
func same(t *testing.T, what string, a, b []byte) {
	t.Helper()
	if !bytes.Equal(a, b) {
		n := 0
		for n < min(len(a), len(b)) && a[n] == b[n] {
			n++
		}
		t.Errorf("%s: %d and %d bytes that differ from byte %d on: …%q, …%q", what, len(a), len(b), n, a[n:min(n+60, len(a))], b[n:min(n+60, len(b))])
	}
}

func testBackup(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	first := SQLite(t, clk)
	fill(t, first)
	sound := dump(t, first)
	t.Run("a store that goes from SQLite to the engine and back is the same", func(t *testing.T) {
		for _, s := range []*store.Store{open(t, clk), SQLite(t, clk)} {
			if err := s.Load(t.Context(), bytes.NewReader(sound)); err != nil {
				t.Fatal(err)
			}
			same(t, s.DB.Engine().String(), sound, dump(t, s))
			// It goes on where it was: numbers are not given out again.
			write(t, Live(t, s), func(tx *store.Tx) error {
				last, err := tx.LastObject()
				if err != nil {
					return err
				}
				o := []store.Object{object("x--new", 1, 1)}
				if err := tx.AddObjects(o, nil); err != nil {
					return err
				}
				if o[0].Seq <= last {
					t.Errorf("number %d after %d", o[0].Seq, last)
				}
				return nil
			})
		}
	})
	t.Run("an order of rows that differs makes no other dump", func(t *testing.T) {
		s := open(t, clk)
		if err := s.Load(t.Context(), bytes.NewReader(sound)); err != nil {
			t.Fatal(err)
		}
		rewrite(t, s)
		same(t, "after each row was written again", sound, dump(t, s))
	})
	t.Run("what is not a sound backup is refused and nothing loaded", testUnsound(open, sound))
	t.Run("a store with something in it is left alone", func(t *testing.T) {
		s := open(t, clk)
		Live(t, s)
		before := dump(t, s)
		wantFault(t, s.Load(t.Context(), bytes.NewReader(sound)), fault.Conflict)
		same(t, "after the refusal", before, dump(t, s))
	})
	t.Run("a dump made while others write is of one moment", testDumpWhileWriting(open))
	t.Run("an error of the writer is told", func(t *testing.T) {
		full := errors.New("full")
		if err := first.Dump(t.Context(), failing{full}); !errors.Is(err, full) {
			t.Errorf("error %v", err)
		}
	})
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// rewrite makes PostgreSQL put some rows elsewhere in its files.
func rewrite(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.DB.Write(t.Context(), func(tx *db.Tx) error {
		for _, text := range []string{
			"UPDATE object SET label = label WHERE seq = (SELECT MIN(seq) FROM object)",
			"UPDATE account SET org = org WHERE name = (SELECT MIN(name) FROM account)",
			"UPDATE log_leaf SET ix = ix WHERE ix = 0",
		} {
			if _, err := tx.Exec(text); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func testUnsound(open Opener, sound []byte) func(t *testing.T) {
	return func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		empty := dump(t, s)
		rng := rand.New(rand.NewPCG(1, 1))
		cases := map[string][]byte{
			"nothing":                    {},
			"another file":               []byte("PK\x03\x04 and so on"),
			"its title only":             []byte("twoseas/store/v1\n"),
			"the last byte cut":          sound[:len(sound)-1],
			"the digest cut":             sound[:len(sound)-32],
			"something after the end":    append(bytes.Clone(sound), 0),
			"another digest":             append(bytes.Clone(sound[:len(sound)-1]), sound[len(sound)-1]^1),
			"a row before any table":     sealed("R"),
			"an unknown table":           sealed("T\x0cnobody\x02\x04id\x0cbigint"),
			"an unknown column":          sealed("T\x0cdomain\x02\x04no\x0cbigint"),
			"a column of another type":   sealed("T\x0cdomain\x02\x04id\x08text"),
			"a value of another type":    sealed("T\x0cdomain\x02\x04id\x0cbigintRs\x02x"),
			"a row without its columns":  sealed("T\x0cdomain\x02\x04id\x0cbigintRi\x02"),
			"a value of an endless size": sealed("T\x0cdomain\x02\x08name\x08textRs\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
			"a row twice":                sealed("T\x0cdomain\x04\x04id\x0cbigint\x08name\x08textRi\x02s\x02xRi\x02s\x02y"),
		}
		for range 30 {
			n := rng.IntN(len(sound))
			cases["cut somewhere"+time.Duration(n).String()] = sound[:n]
			changed := bytes.Clone(sound)
			changed[n] ^= byte(1 << rng.IntN(8))
			cases["changed somewhere"+time.Duration(n).String()] = changed
		}
		for name, raw := range cases {
			if err := s.Load(t.Context(), bytes.NewReader(raw)); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: error %v, want one of kind %s", name, err, fault.Invalid)
			}
		}
		same(t, "after all refusals", empty, dump(t, s))
		if err := s.Load(t.Context(), io.LimitReader(bytes.NewReader(sound), int64(len(sound)))); err != nil {
			t.Errorf("and then the sound one: %v", err)
		}
	}
}

// sealed is a dump of the given records with its digest.
func sealed(records string) []byte {
	raw := []byte("twoseas/store/v1\n" + records + "E")
	d := sha256.Sum256(raw)
	return append(raw, d[:]...)
}

// testDumpWhileWriting: while the table of objects is dumped, an object is
// added, and what was made from it in a table that is dumped later.
func testDumpWhileWriting(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		h := Live(t, s)
		big := make([]store.Object, 40) // more than Dump keeps before it writes
		for i := range big {
			big[i] = object("x--1", int64(i), 1)
			big[i].Body = make([]byte, 50_000)
		}
		stock(t, h, big...)
		late, meanwhile := int64(0), 0
		var b bytes.Buffer
		err := s.Dump(t.Context(), writerFunc(func(p []byte) (int, error) {
			if meanwhile++; meanwhile == 2 {
				write(t, h, func(tx *store.Tx) error {
					o := []store.Object{object("x--2", 1, 1)}
					if err := tx.AddObjects(o, nil); err != nil {
						return err
					}
					late = o[0].Seq
					return tx.AddDerived(late, "victim", late)
				})
			}
			return b.Write(p)
		}))
		if err != nil || late == 0 {
			t.Fatalf("nobody wrote meanwhile: %v", err)
		}
		copied := SQLite(t, clock.NewFake(Start))
		if err := copied.Load(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		ch := Live(t, copied)
		refused(t, ch, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Object(late); return err })
		if got := ask(t, ch, func(tx *store.Tx) (int64, error) { return tx.Derived(late, "victim") }); got != 0 {
			t.Error("what was made from an object is there without it")
		}
		if last := ask(t, ch, (*store.Tx).LastObject); last != late-1 {
			t.Errorf("the last object is %d", last)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

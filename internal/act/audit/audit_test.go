package audit_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

var (
	start   = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	asha    = people.Actor{Name: "asha", Roles: []people.Role{people.Analyst}}
	auditor = people.Actor{Name: "tara", Roles: []people.Role{people.Auditor}}
	program = people.Actor{Name: "siem", Roles: []people.Role{people.Member}, Token: "aa"}
)

type bench struct {
	*audit.Log
	t      *testing.T
	clock  *clock.Fake
	handle *store.Handle
	ledger *ledger.Ledger
	ring   *keys.Ring
}

func open(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: clock.NewFake(start)}
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "twoseas.db"), b.clock)
	if err != nil {
		t.Fatal(err)
	}
	if b.handle, err = s.Domain(t.Context(), ident.Live); err != nil {
		t.Fatal(err)
	}
	b.ring = keys.New([32]byte{1}, "in", b.clock, rand.Reader)
	b.ledger = ledger.New(b.ring, b.clock)
	b.Log = audit.New(b.handle, b.ledger, b.clock)
	t.Cleanup(func() {
		if err := errors.Join(b.Close(context.Background()), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// size returns how many leaves the home log has.
func (b *bench) size() (n int64) {
	b.t.Helper()
	b.must(b.handle.Read(b.t.Context(), func(tx *store.Tx) error {
		log, err := tx.Log(b.ledger.HomeOrigin(ident.Live))
		n = log.Size
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}))
	return n
}

// said returns the acts found by q, oldest first, one a line.
func (b *bench) said(q audit.Query) string {
	b.t.Helper()
	p, err := b.Search(b.t.Context(), auditor, q)
	b.must(err)
	var lines []string
	for _, e := range p.Entries {
		line := e.By + " " + e.Act
		for _, f := range e.Fields {
			line += " " + f.Name + "=" + f.Value
		}
		lines = append([]string{line}, lines...)
	}
	return strings.Join(lines, "\n")
}

// broken makes the store refuse entries until the returned function is called.
func (b *bench) broken() (mend func()) {
	b.t.Helper()
	rename := func(from, to string) {
		b.must(b.handle.Write(b.t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("ALTER TABLE " + from + " RENAME TO " + to)
			return err
		}))
	}
	rename("audit", "gone")
	return func() { rename("gone", "audit") }
}

func TestWhatPeopleSeeIsRecordedAndFound(t *testing.T) {
	b := open(t)
	b.must(b.Saw(t.Context(), asha, "read", "object", "indicator--1"))
	b.must(b.Saw(t.Context(), asha, "export", "agreement", "in-jp-2022", "object", "indicator--1", "object", "indicator--2", "format", ""))
	b.clock.Advance(time.Hour)
	b.must(b.Searched(t.Context(), program, "threats", "evil\nexample\x00 "+strings.Repeat("ध", 300)))
	for _, tc := range []struct {
		name string
		q    audit.Query
		want string
	}{
		{"by object", audit.Query{About: "indicator--1"}, "asha read object=indicator--1\nasha export agreement=in-jp-2022 object=indicator--1 object=indicator--2"},
		{"by the second object", audit.Query{About: "indicator--2"}, "asha export agreement=in-jp-2022 object=indicator--1 object=indicator--2"},
		{"by agreement", audit.Query{Agreement: "in-jp-2022", Act: "export"}, "asha export agreement=in-jp-2022 object=indicator--1 object=indicator--2"},
		{"by person and time", audit.Query{Account: "ASHA", Until: start.Add(time.Minute), Act: "read"}, "asha read object=indicator--1"},
		{"a program by its account, on one line and cut", audit.Query{Account: "siem"}, "siem (token aa) search where=threats asked=evil example " + strings.Repeat("ध", 186) + "…"},
	} {
		if got := b.said(tc.q); got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tc.name, got, tc.want)
		}
	}
	if got := b.said(audit.Query{Account: "tara", Act: "audit.search"}); strings.Count(got, "\n") != 5 || !strings.Contains(got, "about=indicator--1") {
		t.Errorf("the auditor's own searches:\n%s", got)
	}
}

func TestPagesOfASearchMissNothing(t *testing.T) {
	b := open(t)
	for i := range 7 {
		b.must(b.Saw(t.Context(), asha, "read", "object", fmt.Sprintf("x--%d", i)))
	}
	var got []string
	q := audit.Query{Account: "asha", Limit: 3}
	for range 10 {
		p, err := b.Search(t.Context(), auditor, q)
		b.must(err)
		for _, e := range p.Entries {
			got = append(got, e.Fields[0].Value)
		}
		if q.After = p.Next; q.After == "" {
			break
		}
	}
	if want := "x--6 x--5 x--4 x--3 x--2 x--1 x--0"; strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
	for _, after := range []string{"x", "1", "1.", "!.1", "."} {
		if _, err := b.Search(t.Context(), auditor, audit.Query{After: after}); !fault.Is(err, fault.Invalid) {
			t.Errorf("page %q: %v", after, err)
		}
	}
}

func TestNothingIsShownUnrecorded(t *testing.T) {
	b := open(t)
	mend := b.broken()
	if b.Saw(t.Context(), asha, "read", "object", "x--1") == nil {
		t.Error("a read that could not be recorded is let through")
	}
	if b.Counted(t.Context(), program, "taxii.read", "c1", 1) == nil {
		t.Error("a counted read that could not be recorded is let through")
	}
	mend()
	if b.size() != 0 {
		t.Errorf("%d leaves of what failed", b.size())
	}
	b.must(b.Counted(t.Context(), program, "taxii.read", "c1", 1))
	b.must(b.Saw(t.Context(), asha, "read", "object", "x--1"))
	if b.size() != 2 {
		t.Errorf("%d leaves after all is well again", b.size())
	}
	for name, fields := range map[string][]string{"a bad name": {"Bad Name", "x"}, "a name of ours": {"by", "somebody"}} {
		if err := b.Saw(t.Context(), asha, "read", fields...); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestManyAtOnceShareTransactionsAndNoneIsLost(t *testing.T) {
	b := open(t)
	var wg sync.WaitGroup
	const n = 500
	for i := range n {
		wg.Go(func() {
			if err := b.Saw(t.Context(), asha, "read", "object", fmt.Sprintf("x--%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if b.size() != n {
		t.Errorf("%d leaves of %d", b.size(), n)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Saw(gone, asha, "read", "object", "late"); err == nil {
		b.t.Log("recorded before the caller left") // either is right, a lost batch is not
	}
	b.must(b.Saw(t.Context(), asha, "read", "object", "after"))
}

func TestReadsOfProgramsAreCountedByTheMinute(t *testing.T) {
	b := open(t)
	for range 1000 {
		b.must(b.Counted(t.Context(), program, "taxii.read", "c1", 10))
	}
	b.must(b.Counted(t.Context(), program, "taxii.read", "c2", 1))
	if got := b.size(); got != 2 {
		t.Errorf("%d leaves for 1001 reads of two collections in a minute", got)
	}
	b.clock.Advance(time.Minute)
	b.must(b.Counted(t.Context(), program, "taxii.read", "c1", 10))
	b.must(b.Flush(t.Context()))
	b.must(b.Flush(t.Context()))
	want := `siem (token aa) taxii.read collection=c1
siem (token aa) taxii.read collection=c2
siem (token aa) taxii.read collection=c1 more=999 since=2026-11-22T09:00:00Z objects=10000
siem (token aa) taxii.read collection=c1`
	if got := b.said(audit.Query{Account: "siem"}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b.must(b.Counted(t.Context(), program, "taxii.read", "c1", 5))
	b.must(b.Close(t.Context()))
	if got := b.said(audit.Query{Account: "siem"}); !strings.HasSuffix(got, "more=1 since=2026-11-22T09:01:00Z objects=15") {
		t.Errorf("at the end:\n%s", got)
	}
}

func TestNumbersThatCouldNotBeWrittenAreWrittenLater(t *testing.T) {
	b := open(t)
	b.must(b.Counted(t.Context(), program, "taxii.read", "c1", 1))
	b.must(b.Counted(t.Context(), program, "taxii.read", "c1", 1))
	b.clock.Advance(2 * time.Minute)
	mend := b.broken()
	if b.Counted(t.Context(), program, "taxii.read", "c1", 1) == nil || b.Flush(t.Context()) == nil {
		t.Error("nobody noticed")
	}
	mend()
	b.must(b.Flush(t.Context()))
	if got := b.said(audit.Query{Account: "siem"}); !strings.HasSuffix(got, "more=1 since=2026-11-22T09:00:00Z objects=2") {
		t.Errorf("got\n%s", got)
	}
}

func TestCountingByManyAtOnce(t *testing.T) {
	b := open(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if err := b.Counted(t.Context(), program, "taxii.read", "c1", 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.must(b.Close(t.Context()))
	if got := b.said(audit.Query{Account: "siem"}); !strings.Contains(got, "more=1599 since=2026-11-22T09:00:00Z objects=1600") {
		t.Errorf("got\n%s", got)
	}
}

func TestTheLogIsTheAuditors(t *testing.T) {
	b := open(t)
	for name, err := range map[string]error{
		"search": func() error { _, err := b.Search(t.Context(), asha, audit.Query{}); return err }(),
		"entry":  func() error { _, _, err := b.Entry(t.Context(), asha, 0); return err }(),
		"export": b.Export(t.Context(), asha, io.Discard),
		"verify": func() error { _, err := b.Verify(t.Context(), asha); return err }(),
		"acts":   func() error { _, err := b.Acts(t.Context(), asha); return err }(),
	} {
		if !fault.Is(err, fault.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b.size() != 0 {
		t.Errorf("%d leaves of what was refused", b.size())
	}
	if _, _, err := b.Entry(t.Context(), auditor, 99); !fault.Is(err, fault.NotFound) {
		t.Errorf("an entry that is not there: %v", err)
	}
}

func TestAnExportVerifiesFromTheFileAlone(t *testing.T) {
	b := open(t)
	b.must(b.Saw(t.Context(), asha, "read", "object", "x--1"))
	b.must(b.handle.Write(t.Context(), func(tx *store.Tx) error { _, err := b.ledger.Rotate(tx); return err }))
	b.must(b.Saw(t.Context(), asha, "read", "object", "x--2"))
	var file bytes.Buffer
	b.must(b.Export(t.Context(), auditor, &file))
	var mine []note.Verifier
	b.must(b.handle.Read(t.Context(), func(tx *store.Tx) (err error) { mine, err = b.ring.History(tx); return err }))
	r, err := verify.Verify([]io.Reader{bytes.NewReader(file.Bytes())}, mine[:1])
	b.must(err)
	if !r.OK || r.Leaves != 4 || r.Keys != 1 || r.Other[ledger.ActTitle] != 3 {
		t.Errorf("%+v", r)
	}
	now, err := b.Verify(t.Context(), auditor)
	b.must(err)
	if !now.OK || now.Leaves != 5 {
		t.Errorf("verified now: %+v", now)
	}
}

func TestAnAlteredIndexIsFoundAndMadeAnew(t *testing.T) {
	b := open(t)
	b.must(b.Saw(t.Context(), asha, "read", "object", "x--1"))
	b.must(b.Saw(t.Context(), asha, "export", "object", "x--1"))
	for _, change := range []string{
		"UPDATE audit SET account = 'ken' WHERE ix = 1", "UPDATE audit SET at = at + 1000000 WHERE ix = 1", "DELETE FROM audit WHERE ix = 0",
	} {
		b.must(b.handle.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(change); return err }))
		r, err := b.Verify(t.Context(), auditor)
		b.must(err)
		if r.OK || !strings.Contains(r.Findings[len(r.Findings)-1].Text, "audit index") {
			t.Errorf("%s: %+v", change, r)
		}
		b.must(b.handle.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Exec("DELETE FROM audit"); err != nil {
				return err
			}
			_, err := tx.Exec("DELETE FROM audit_about")
			return err
		}))
		b.must(b.ledger.Reindex(t.Context(), b.handle))
		if r, err = b.Verify(t.Context(), auditor); err != nil || !r.OK {
			t.Errorf("after Reindex: %+v %v", r, err)
		}
	}
	if got := b.said(audit.Query{About: "x--1", Act: "export"}); got != "asha export object=x--1" {
		t.Errorf("found after Reindex: %q", got)
	}
}

func TestAnAlteredLogIsFound(t *testing.T) {
	b := open(t)
	b.must(b.Saw(t.Context(), asha, "read", "object", "x--1"))
	b.must(b.Saw(t.Context(), asha, "read", "object", "x--2"))
	b.must(b.handle.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("UPDATE log_leaf SET body = (SELECT body FROM log_leaf WHERE ix = 1) WHERE ix = 0")
		return err
	}))
	r, err := b.Verify(t.Context(), auditor)
	if err != nil || r.OK {
		t.Errorf("%+v %v", r, err)
	}
}

func BenchmarkSaw(b *testing.B) {
	clk := clock.NewFake(start)
	s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "twoseas.db"), clk)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	h, err := s.Domain(b.Context(), ident.Live)
	if err != nil {
		b.Fatal(err)
	}
	l := audit.New(h, ledger.New(keys.New([32]byte{1}, "in", clk, rand.Reader), clk), clk)
	for name, f := range map[string]func() error{
		"each":    func() error { return l.Saw(context.Background(), asha, "read", "object", "indicator--1") },
		"counted": func() error { return l.Counted(context.Background(), program, "taxii.read", "c", 1) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := f(); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// TestReadsAtNoPlaceAreCountedToo: what is read nowhere in particular has an
// entry without a place, and does not keep the log from going on.
func TestReadsAtNoPlaceAreCountedToo(t *testing.T) {
	b := open(t)
	for range 3 {
		b.must(b.Counted(t.Context(), program, "hook.hook.test", "", 0))
	}
	b.clock.Advance(2 * time.Minute)
	b.must(b.Flush(t.Context()))
	b.must(b.Counted(t.Context(), program, "taxii.read", "c1", 1))
	want := "siem (token aa) hook.hook.test\nsiem (token aa) hook.hook.test more=2 since=2026-11-22T09:00:00Z\nsiem (token aa) taxii.read collection=c1"
	if got := b.said(audit.Query{Account: "siem"}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

package collection_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/act/collection"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

var (
	start    = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	operator = people.System("operator")
)

type nowhere struct{}

func (nowhere) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error { return nil }
func (nowhere) Relabelled(*store.Tx, int64, marking.Label) error               { return nil }

// fixture is a store with the collections open and green, the latter with a
// ceiling, and people.
type fixture struct {
	t       *testing.T
	clk     *clock.Fake
	live    *store.Handle
	people  *people.People
	acts    *collection.Collections
	journal []string
	fail    error // of the journal
}

func setUp(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, clk: clock.NewFake(start)}
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "twoseas.db"), f.clk)
	f.must(err)
	t.Cleanup(func() { s.Close() })
	f.live, err = s.Domain(t.Context(), ident.Live)
	f.must(err)
	home := people.Home{Side: "in"}
	f.people, err = people.New(t.Context(), f.live, home, f.clk, rand.Reader)
	f.must(err)
	f.acts = collection.New(intake.New("in", home, nowhere{}), func(_ *store.Tx, by people.Actor, act string, fields ...string) error {
		f.journal = append(f.journal, by.String()+" "+act+" "+strings.Join(fields[4:], " "))
		return f.fail
	}, rand.Reader)
	for _, c := range []store.Collection{{ID: "open"}, {ID: "green", Ceiling: "green"}, {ID: "clear", DefaultTLP: "clear", Ceiling: "clear"}} {
		f.must(f.live.Write(t.Context(), func(tx *store.Tx) error { return tx.AddCollection(&c) }))
	}
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// actor makes an account, cleared up to TLP:RED, with one right on all
// collections.
func (f *fixture) actor(name string, role people.Role, right people.Right) (people.Actor, people.Access) {
	f.t.Helper()
	f.must(f.people.AddAccount(f.t.Context(), operator, people.Account{Name: name, Roles: []people.Role{role}, Clearance: "TLP:RED", Password: "correct horse battery"}))
	for _, c := range []string{"open", "green", "clear"} {
		if right.Read || right.Write {
			f.must(f.people.Grant(f.t.Context(), f.live, operator, store.Right{Account: name, Collection: c, Read: right.Read, Write: right.Write}))
		}
	}
	a, err := f.people.Login(f.t.Context(), name, "correct horse battery", "")
	f.must(err)
	access, err := f.people.Access(f.t.Context(), f.live, a)
	f.must(err)
	return a, access
}

func (f *fixture) collection(id string) (c store.Collection) {
	f.t.Helper()
	f.must(f.live.Query(f.t.Context(), func(tx *store.Tx) (err error) {
		c, err = tx.Collection(id)
		return err
	}))
	return c
}

func (f *fixture) add(by people.Actor, access people.Access, to string, objects ...string) (collection.Status, error) {
	f.t.Helper()
	return f.acts.Add(f.t.Context(), f.live, by, access, f.collection(to), strings.NewReader(`{"objects":[`+strings.Join(objects, ",")+`]}`))
}

// identity returns an identity object; mark is a marking definition or "".
func identity(n int, mark string) string {
	if mark != "" {
		mark = fmt.Sprintf(`"object_marking_refs":[%q],`, mark)
	}
	return fmt.Sprintf(`{%s"type":"identity","spec_version":"2.1","id":"identity--00000000-0000-4000-8000-%012d","created":"2026-11-22T09:00:00.000Z","modified":"2026-11-22T09:00:00.000Z","name":"n%d"}`, mark, n, n)
}

func TestOnlyWhoMayWriteAddsAndOnlyWhoMayDoBothRemoves(t *testing.T) {
	f := setUp(t)
	both := people.Right{Read: true, Write: true}
	for _, tc := range []struct {
		name        string
		role        people.Role
		right       people.Right
		add, remove bool
	}{
		{"both", people.Analyst, both, true, true},
		{"writer", people.Analyst, people.Right{Write: true}, true, false},
		{"reader", people.Analyst, people.Right{Read: true}, false, false},
		{"neither", people.Analyst, people.Right{}, false, false},
		{"wrong-role", people.Auditor, both, false, false},
	} {
		a, access := f.actor(tc.name, tc.role, tc.right)
		if _, err := f.add(a, access, "open", identity(1, "")); (err == nil) != tc.add || err != nil && !fault.Is(err, fault.Denied) {
			t.Errorf("%s adds: got %v", tc.name, err)
		}
		all := store.Versions{All: true}
		_, err := f.acts.Remove(t.Context(), f.live, a, access, f.collection("open"), "identity--x", all)
		if want := map[bool]fault.Kind{true: fault.NotFound, false: fault.Denied}[tc.remove]; !fault.Is(err, want) {
			t.Errorf("%s removes: got %v, want %s", tc.name, err, want)
		}
	}
}

func TestACeilingKeepsOutWhatIsStricterOrNotKnown(t *testing.T) {
	f := setUp(t)
	a, access := f.actor("a", people.Analyst, people.Right{Read: true, Write: true})
	amber, green := marking.Amber.DefinitionID(), marking.Green.DefinitionID()
	unknown := "marking-definition--00000000-0000-4000-8000-000000000000"
	for i, tc := range []struct {
		name, to, mark string
		failure        string // "" when it is taken
	}{
		{"stricter", "green", amber, "it is TLP:AMBER; at most TLP:GREEN is taken here"},
		{"equal", "green", green, ""},
		{"less strict", "green", marking.Clear.DefinitionID(), ""},
		{"without a level", "green", "", "it has no TLP marking; at most TLP:GREEN is taken here"},
		{"without a level where there is a default", "clear", "", ""},
		{"not known", "green", unknown, "a marking on it is not known here or not understood; at most TLP:GREEN is taken here"},
		{"not known where there is no ceiling", "open", unknown, ""},
		{"stricter where there is no ceiling", "open", amber, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			object := identity(100+i, tc.mark)
			s, err := f.add(a, access, tc.to, object)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			for _, d := range s.Failures {
				got = d.Message
			}
			if got != tc.failure || s.Succeeded+s.Failed != 1 {
				t.Errorf("got %+v, want failure %q", s, tc.failure)
			}
		})
	}
	// What is stored already does not slip in either.
	if s, err := f.add(a, access, "open", identity(1, amber)); err != nil || s.Succeeded != 1 {
		t.Fatal(s, err)
	}
	if s, err := f.add(a, access, "green", identity(1, amber)); err != nil || s.Failed != 1 {
		t.Errorf("stored already: got %+v, %v, want a failure", s, err)
	}
}

func TestAStatusIsItsAuthorsForADay(t *testing.T) {
	f := setUp(t)
	a, access := f.actor("a", people.Analyst, people.Right{Write: true})
	b, _ := f.actor("b", people.Analyst, people.Right{Read: true, Write: true})
	s, err := f.add(a, access, "open", identity(1, ""), `{"id":"identity--y","modified":"2026-11-22T09:00:00.123456Z"}`, `7`)
	f.must(err)
	s.Failures[0].Message, s.Failures[1].Message = "", ""
	want := collection.Status{
		ID: s.ID, Status: "complete", At: "2026-11-22T09:00:00.000000Z", Total: 3, Succeeded: 1, Failed: 2,
		Successes: []collection.Detail{{ID: "identity--00000000-0000-4000-8000-000000000001", Version: "2026-11-22T09:00:00.000Z"}},
		Failures:  []collection.Detail{{ID: "identity--y", Version: "2026-11-22T09:00:00.123456Z"}, {ID: "unknown", Version: "2026-11-22T09:00:00.000000Z"}},
	}
	if d := cmp.Diff(want, s); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	ask := func(by people.Actor, id string) error {
		body, err := f.acts.Status(t.Context(), f.live, by, id)
		var got collection.Status
		if err == nil && (canon.Unmarshal(body, &got) != nil || got.ID != s.ID || got.Total != 3) {
			t.Errorf("got %s", body)
		}
		return err
	}
	f.must(ask(a, s.ID))
	for _, err := range []error{ask(b, s.ID), ask(a, "x"), ask(a, "")} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("got %v, want fault.NotFound", err)
		}
	}
	f.clk.Advance(collection.StatusLife)
	f.must(ask(a, s.ID))
	f.clk.Advance(time.Second)
	if err := ask(a, s.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("after a day: got %v, want fault.NotFound", err)
	}
	_, err = f.add(a, access, "open", identity(2, ""))
	f.must(err)
	f.must(f.live.Query(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Status(s.ID, "a"); !fault.Is(err, fault.NotFound) {
			t.Errorf("the next status leaves an old one: %v", err)
		}
		return nil
	}))
}

func TestWhatBreaksOffIsKeptAndSaid(t *testing.T) {
	f := setUp(t)
	a, access := f.actor("a", people.Analyst, people.Right{Read: true, Write: true})
	_, err := f.acts.Add(t.Context(), f.live, a, access, f.collection("open"), strings.NewReader(`{"objects":[`+identity(1, "")+`,{"type"`))
	broken, ok := errors.AsType[*collection.Broken](err)
	if !ok || broken.Status.Succeeded != 1 || !fault.Is(err, fault.Invalid) || !strings.Contains(broken.Kept(), broken.Status.ID) {
		t.Fatalf("got %v", err)
	}
	if _, err := f.acts.Status(t.Context(), f.live, a, broken.Status.ID); err != nil {
		t.Errorf("its status: %v", err)
	}
	for _, body := range []string{`{`, ``, `{}`, `{"objects":[]}`, `[]`} {
		_, err := f.acts.Add(t.Context(), f.live, a, access, f.collection("open"), strings.NewReader(body))
		if _, ok := errors.AsType[*collection.Broken](err); ok || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want fault.Invalid and nothing kept", body, err)
		}
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := f.acts.Add(gone, f.live, a, access, f.collection("open"), strings.NewReader(`{"objects":[`+identity(2, "")+`]}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that has gone: got %v", err)
	}
	if got := len(f.journal); got != 1 {
		t.Errorf("got %d lines in the journal, want 1: %q", got, f.journal)
	}
}

func TestARemovalThatCannotBeJournalledDoesNotHappen(t *testing.T) {
	f := setUp(t)
	a, access := f.actor("a", people.Analyst, people.Right{Read: true, Write: true})
	_, err := f.add(a, access, "open", identity(1, marking.Clear.DefinitionID()))
	f.must(err)
	remove := func() error {
		_, err := f.acts.Remove(t.Context(), f.live, a, access, f.collection("open"), "identity--00000000-0000-4000-8000-000000000001", store.Versions{All: true})
		return err
	}
	f.fail = errors.New("the ledger is away")
	if err := remove(); !errors.Is(err, f.fail) {
		t.Errorf("got %v, want the journal's failure", err)
	}
	f.fail = nil
	f.must(remove())
}

func TestVersionsArePrintedAsSTIXDoes(t *testing.T) {
	for micro, want := range map[int64]string{
		0:               "1970-01-01T00:00:00.000Z",
		1_000:           "1970-01-01T00:00:00.001Z",
		1:               "1970-01-01T00:00:00.000001Z",
		100_100:         "1970-01-01T00:00:00.100100Z",
		1_500_000:       "1970-01-01T00:00:01.500Z",
		10_000_000_0000: "1970-01-02T03:46:40.000Z",
	} {
		if got := collection.Version(micro); got != want {
			t.Errorf("%d: got %s, want %s", micro, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		micro := rapid.Int64Range(-62135596800_000000, 253402300799_999999).Draw(t, "micro")
		at, err := time.Parse(time.RFC3339Nano, collection.Version(micro))
		if err != nil || at.UnixMicro() != micro {
			t.Fatalf("%s: got %v, %v, want %d", collection.Version(micro), at, err, micro)
		}
	})
}

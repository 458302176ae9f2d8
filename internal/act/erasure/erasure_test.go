package erasure_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"twoseas/internal/act/erasure"
	"twoseas/internal/act/hook"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// canary stands in every text of what is erased.
const canary = "kanariya-51ee"

func id(n int) string { return fmt.Sprintf("indicator--00000000-0000-4000-8000-%012d", n) }

func indicator(n int, name string) string {
	return fmt.Sprintf(`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[{"type":"indicator","spec_version":"2.1","id":%q,
		"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z","name":%q,"pattern_type":"stix",
		"pattern":"[ipv4-addr:value = '198.51.100.%d']"}]}`, id(n), name, n)
}

func actor(name string, roles ...people.Role) people.Actor {
	return people.Actor{Name: name, Roles: roles, Clearance: people.Clearance{TLP: marking.Red}}
}

// erase has two people erase an object.
func erase(t *testing.T, n *nodetest.Node, object string) (erasure.Request, error) {
	t.Helper()
	asker := actor("ana", people.Analyst)
	access, err := n.People.Access(t.Context(), n.Live, asker)
	if err != nil {
		t.Fatal(err)
	}
	r, err := n.Erasures.Ask(t.Context(), n.Live, asker, access.Class, object, "a person asked")
	if err != nil {
		return r, err
	}
	return n.Erasures.Decide(t.Context(), n.Live, actor("boss", people.Administrator), r.ID, true)
}

// recalls are the acts of calling back that a node knows.
func recalls(t *testing.T, n *nodetest.Node) []recall.Line {
	t.Helper()
	acts, err := n.Recalls.List(t.Context(), n.Live, n.Operator(), recall.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return acts
}

// reads is whether anybody on a node reads an object.
func reads(t *testing.T, n *nodetest.Node, object string) (found bool) {
	t.Helper()
	access, err := n.People.Access(t.Context(), n.Live, actor("reader", people.Analyst))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
		h, err := tx.Heads(access.Class, []string{object})
		_, found = h[object]
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// What is erased is called back from who has it, and from nobody else: the
// partner withholds it, no stub stands in for it at home, and what is not this
// side's, or never left, is called back from nobody.
func TestWhatIsErasedIsCalledBackFromWhoHasIt(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	in.Import(marking.Green, indicator(1, canary))
	in.Import(marking.Green, indicator(2, "stays"))
	nodetest.Converged(t, in, jp)
	in.Import(marking.Amber, indicator(3, canary)) // waits for an officer
	if _, err := erase(t, in, id(3)); err != nil {
		t.Fatal(err)
	}
	if got := recalls(t, in); len(got) != 0 {
		t.Fatalf("what never left is called back: %+v", got)
	}
	if _, err := erase(t, jp, id(2)); err != nil {
		t.Fatal(err)
	}
	if got := recalls(t, jp); len(got) != 0 {
		t.Fatalf("what is another side's is called back: %+v", got)
	}
	if _, err := erase(t, in, id(1)); err != nil {
		t.Fatal(err)
	}
	acts := recalls(t, in)
	if len(acts) != 1 || acts[0].Kind != string(law.Spill) || acts[0].Code != "personal-data" || len(acts[0].Partners) != 1 {
		t.Fatalf("%+v", acts)
	}
	nodetest.Eventually(t, "the partner answered", func() bool { return recalls(t, in)[0].Open == 0 })
	d, err := in.Recalls.Show(t.Context(), in.Live, in.Operator(), acts[0].ID)
	if err != nil || d.Partners[0].Outcomes[law.Quarantined] != 1 || d.Partners[0].Items != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	if reads(t, jp, id(1)) || reads(t, in, id(1)) || !reads(t, in, id(2)) {
		t.Error("what was called back is read, or what was not is not")
	}
	if err := in.Live.Query(t.Context(), func(tx *store.Tx) error {
		known, err := tx.Known([]string{id(1)})
		if len(known[id(1)]) != 1 {
			t.Errorf("%d versions at home, want the erased one alone", len(known[id(1)]))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := erase(t, in, id(1)); !fault.Is(err, fault.NotFound) {
		t.Errorf("erased twice: %v", err)
	}
	// Lifting it brings nothing back here.
	if err := in.Recalls.Lift(t.Context(), in.Live, in.Operator(), acts[0].ID); err != nil {
		t.Fatal(err)
	}
	if reads(t, in, id(1)) {
		t.Error("lifting the recall brought it back")
	}
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
}

// A program whose messages wait is told that it was called back, and nothing of
// what it said.
func TestAMessageThatWaitsSaysNothingOfWhatWasErased(t *testing.T) {
	var deaf atomic.Bool
	var said atomic.Value
	said.Store("")
	deaf.Store(true)
	ear := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if deaf.Load() || err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		said.Store(said.Load().(string) + string(raw))
	}))
	t.Cleanup(ear.Close)
	in := nodetest.Start(t, "in", func(c *node.Config) { c.HookPrivate = true })
	boss := in.Operator()
	if err := in.People.AddAccount(t.Context(), boss, people.Account{Name: "tool", Roles: []people.Role{people.Analyst}, Password: "correct horse battery", Clearance: "green"}); err != nil {
		t.Fatal(err)
	}
	c, err := in.Collections.Create(t.Context(), in.Live, boss, store.Collection{Alias: "advisories", Title: "Advisories"})
	if err != nil {
		t.Fatal(err)
	}
	if err := in.People.Grant(t.Context(), in.Live, boss, store.Right{Account: "tool", Collection: c.ID, Read: true}); err != nil {
		t.Fatal(err)
	}
	s := hook.Settings{URL: ear.URL, Account: "tool", Collection: c.ID, Events: []hook.Event{hook.Arrived, hook.Recalled}}
	if _, err := in.Hooks.Add(t.Context(), in.Live, boss, "ear", s); err != nil {
		t.Fatal(err)
	}
	src := intake.Source{DefaultTLP: marking.Green, Collection: c.ID}
	if _, err := in.Intake.Stream(t.Context(), in.Live, src, strings.NewReader(indicator(1, canary)), nil); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "the message waits", func() bool {
		h, err := in.Hooks.List(t.Context(), in.Live, boss)
		return err == nil && len(h) == 1 && h[0].Failures > 0
	})
	if _, err := erase(t, in, id(1)); err != nil {
		t.Fatal(err)
	}
	deaf.Store(false)
	if err := in.Hooks.Resume(t.Context(), in.Live, boss, "ear"); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "the program is told", func() bool { return strings.Contains(said.Load().(string), string(hook.Recalled)) })
	if got := said.Load().(string); strings.Contains(got, canary) || strings.Contains(got, "198.51.100") || !strings.Contains(got, id(1)) {
		t.Errorf("the program is told %s", got)
	}
}

// Files written for the partner that carry what is erased go, others stay.
func TestWrittenFilesThatCarryWhatIsErasedGo(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	officer := actor("officer", people.ReleasingOfficer)
	msg, err := jp.Pairing.AnnounceRecipient(t.Context(), jp.Operator(), false)
	if err == nil {
		err = in.Pairing.Hear(t.Context(), jp.Side, msg)
	}
	if err != nil {
		t.Fatal(err)
	}
	jp.Halt() // what is built waits for its receipt, and is in files
	write := func(n int) {
		t.Helper()
		in.Import(marking.Green, indicator(n, canary))
		if err := in.Shelf.Write(in.Live, officer, nodetest.InJp, false, 0); err != nil {
			t.Fatal(err)
		}
		nodetest.Eventually(t, "the file is written", func() bool {
			files, work, err := in.Shelf.Files(in.Live, officer, nodetest.InJp)
			if work != nil && work.Problem != "" {
				t.Fatal(work.Problem)
			}
			return err == nil && len(files) == n && work != nil && !work.Running
		})
	}
	write(1)
	write(2)
	if _, err := erase(t, in, id(1)); !fault.Is(err, fault.Busy) {
		t.Errorf("erased while its shipment is not answered: %v", err)
	}
	if files, _, err := in.Shelf.Files(in.Live, officer, nodetest.InJp); err != nil || len(files) != 2 {
		t.Errorf("%d files, %v: what was not erased is not in a file any more", len(files), err)
	}
	jp.Reopen(nil)
	nodetest.Converged(t, in, jp)
	if _, err := erase(t, in, id(1)); err != nil {
		t.Fatal(err)
	}
	files, _, err := in.Shelf.Files(in.Live, officer, nodetest.InJp)
	if err != nil || len(files) != 1 || files[0].Number != 2 {
		t.Errorf("%+v, %v", files, err)
	}
}

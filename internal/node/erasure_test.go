package node_test

import (
	"bytes"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// canary stands in every text of the object that is erased.
const canary = "kanariya-9c41"

var personal = `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[
	{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000077","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z",
	"valid_from":"2026-01-01T00:00:00Z","name":"` + canary + ` name","description":"` + canary + ` lives here","pattern_type":"stix",
	"pattern":"[email-addr:value = '` + canary + `@example.org']"}]}`

// files greps everything in the directory of a node.
func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(name)
		if bytes.Contains(raw, []byte(canary)) {
			out = append(out, filepath.Base(name))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// searched has somebody search for what is erased later, and returns how the
// home log has it.
func searched(t *testing.T, n *nodetest.Node) []ledger.Field {
	t.Helper()
	p, err := n.Audit.Search(t.Context(), n.Operator(), audit.Query{Act: "search"})
	if err != nil || len(p.Entries) != 2 {
		t.Fatalf("%+v, %v", p.Entries, err)
	}
	return p.Entries[1].Fields
}

// Complaint 20 of the field: personal data is erased, its content is in no file
// of the store any more, and proofs and ledgers verify.
func TestPersonalDataIsErasedAndProofsStillVerify(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	for _, n := range []*nodetest.Node{in, jp} {
		n.Import(marking.Clear, indicators(100*int(n.Side[0]), 3))
	}
	if rep := in.Import(marking.Clear, personal); rep.New != 1 {
		t.Fatalf("import: %+v", rep)
	}
	nodetest.Converged(t, in, jp)
	admin := func(name string, role people.Role) people.Actor {
		return people.Actor{Name: name, Roles: []people.Role{role}, Clearance: people.Clearance{TLP: marking.Red}}
	}
	const object = "indicator--00000000-0000-4000-8000-000000000077"
	for _, n := range []*nodetest.Node{jp, in} { // the partner first: it has nothing to erase once it is called back
		if err := n.Library.CatchUp(t.Context(), n.Live); err != nil {
			t.Fatal(err)
		}
		asker, boss := admin("ana", people.Analyst), admin("boss", people.Administrator)
		access, err := n.People.Access(t.Context(), n.Live, asker)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Imports.Stage(t.Context(), n.Live, asker, access.Class, "waits", strings.NewReader(personal)); err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{"q=" + url.QueryEscape(canary+"@example.org"), "q=another"} {
			if err := n.Audit.Searched(t.Context(), asker, "threats", words); err != nil {
				t.Fatal(err)
			}
		}
		if got := searched(t, n); got[1].Name != ledger.Asked || !strings.Contains(got[1].Value, canary) {
			t.Errorf("the home log does not say what was searched for: %v", got)
		}
		if err := n.Live.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.Keep("ana", store.Kept{Kind: "search", Name: "x", Value: "q=" + canary + "@example.org"}); err != nil {
				return err
			}
			return tx.AddBackup(store.BackupMade{ID: "b1", Place: "tape 7", Until: tx.Now() + 1e12})
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Erasures.Ask(t.Context(), n.Live, asker, 0, object, "a person asked"); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody who may not see it asks: %v", err)
		}
		if _, err := n.Erasures.Ask(t.Context(), n.Live, asker, access.Class, object, " "); !fault.Is(err, fault.Invalid) {
			t.Errorf("without a reason: %v", err)
		}
		r, err := n.Erasures.Ask(t.Context(), n.Live, asker, access.Class, object, "a person asked")
		if err != nil {
			t.Fatal(err)
		}
		both := asker
		both.Roles = append(both.Roles, people.Administrator)
		if _, err := n.Erasures.Decide(t.Context(), n.Live, both, r.ID, true); !fault.Is(err, fault.Denied) {
			t.Errorf("one person alone: %v", err)
		}
		if _, err := n.Erasures.Decide(t.Context(), n.Live, asker, r.ID, true); !fault.Is(err, fault.Denied) {
			t.Errorf("who does not administer: %v", err)
		}
		if found := files(t, n.Dir); len(found) == 0 {
			t.Fatal("the canary is not there before: the test shows nothing")
		}
		done, err := n.Erasures.Decide(t.Context(), n.Live, boss, r.ID, true)
		if err != nil {
			t.Fatal(err)
		}
		if done.State != store.ErasureDone || done.Copies != 1 || len(done.Backups) != 1 || done.Backups[0].Place != "tape 7" || done.Backups[0].Until.IsZero() {
			t.Errorf("done: %+v", done)
		}
		if _, err := n.Erasures.Decide(t.Context(), n.Live, boss, r.ID, true); !fault.Is(err, fault.Conflict) {
			t.Errorf("twice: %v", err)
		}
		if found := files(t, n.Dir); len(found) > 0 {
			t.Errorf("%s still has it in %s", n.Side, strings.Join(found, ", "))
		}
		if got := searched(t, n); got[1].Name == ledger.Asked || len(got[1].Value) != 64 {
			t.Errorf("the home log has %v of what was searched for, want its digest", got)
		}
		if report, err := n.Ledger.VerifyHome(t.Context(), n.Live); err != nil || !report.OK {
			t.Errorf("the home log of %s: %+v, %v", n.Side, report, err)
		}
		if err := n.Ledger.CheckAll(t.Context(), n.Live); err != nil {
			t.Error(err)
		}
		if walk, found := seen(t, n.Node, canary+"@example.org"); walk != 6 || found != 0 {
			t.Errorf("%s walks over %d and finds %d", n.Side, walk, found)
		}
	}
	var told recall.Detail
	nodetest.Eventually(t, "the partner was asked to give it back, and answered", func() bool {
		acts, err := in.Recalls.List(t.Context(), in.Live, in.Operator(), recall.Query{Object: object})
		if err != nil || len(acts) != 1 {
			t.Fatalf("%d acts of calling it back, want one: %v", len(acts), err)
		}
		told, err = in.Recalls.Show(t.Context(), in.Live, in.Operator(), acts[0].ID)
		return err == nil && !told.Open()
	})
	if told.Code != "personal-data" || told.Partners[0].Outcomes[law.Erased] != 1 {
		t.Errorf("%+v", told)
	}
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
	for _, n := range []*nodetest.Node{in, jp} {
		dir := map[bool]string{true: store.Out, false: store.In}[n == in]
		proved := 0
		for number := int64(1); number <= 3; number++ {
			for p := range 4 {
				_, err := n.Exchange.Proved(t.Context(), n.Live, nodetest.InJp, dir, number, p)
				if err == nil {
					proved++
				} else if !fault.Is(err, fault.NotFound) {
					t.Errorf("%s, shipment %d, item %d: %v", n.Side, number, p, err)
				}
			}
		}
		if proved != 4 { // what this side sent, or received, but for the one
			t.Errorf("%s proves %d items, want the three that are left and the recall", n.Side, proved)
		}
	}
}

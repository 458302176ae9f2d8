package node_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const feedPassword = "correct horse battery"

// library makes a node with a collection of real objects, or many made ones,
// that an account may read, and returns how many there are.
func library(t *testing.T) (n *nodetest.Node, objects int) {
	t.Helper()
	n = nodetest.Start(t, "jp", nil)
	c, err := n.Collections.Create(t.Context(), n.Live, n.Operator(), store.Collection{Title: "All", Alias: "all"})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: "india", Roles: []people.Role{people.Analyst}, Password: feedPassword, Clearance: "green"}); err != nil {
		t.Fatal(err)
	}
	if err := n.People.Grant(t.Context(), n.Live, n.Operator(), store.Right{Account: "india", Collection: c.ID, Read: true}); err != nil {
		t.Fatal(err)
	}
	src := intake.Source{DefaultTLP: marking.Clear, Collection: c.ID}
	r := stream(0, 24_771)
	if f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "stix", "attack-enterprise.json")); err == nil {
		defer f.Close()
		rep, err := n.Intake.Stream(t.Context(), n.Live, src, f, nil)
		if err != nil {
			t.Fatal(err)
		}
		return n, rep.New
	}
	rep, err := n.Intake.Stream(t.Context(), n.Live, src, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n, rep.New
}

// A whole collection is pulled from one node by another, which is killed again
// and again on the way: nothing is lost or doubled.
func TestAPullThatIsKilledLosesAndDoublesNothing(t *testing.T) {
	jp, total := library(t)
	in := nodetest.Start(t, "in", nil)
	pem, err := os.ReadFile(jp.CertificateFile())
	if err != nil {
		t.Fatal(err)
	}
	set := feed.Settings{Kind: feed.TAXII, URL: jp.Run.URL, Remote: "all", User: "india", CA: string(pem), Private: true, Every: 3600, TLP: "clear"}
	if err := in.Feeds.Add(t.Context(), in.Live, in.Operator(), "jp", set, feedPassword); err != nil {
		t.Fatal(err)
	}
	in.Close()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))                      // picks moments, guards nothing
	desk, err := node.Open(t.Context(), in.Dir, node.Options{}) // looks on, does not serve
	if err != nil {
		t.Fatal(err)
	}
	pulled := func() int {
		n, _, err := desk.Objects(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return int(n)
	}
	const kills = 4
	for range kills {
		before := pulled()
		c := spawn(t, in.Dir, 0, 0)
		nodetest.Eventually(t, "the pull goes on", func() bool { return pulled() > before })
		time.Sleep(time.Duration(dice.IntN(60)) * time.Millisecond)
		c.kill()
		t.Logf("killed at %d", pulled())
	}
	if n := pulled(); n >= total {
		t.Errorf("all %d were there before the last was killed: the test shows nothing", n)
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	in.Open(in.Dir, nil)
	nodetest.Eventually(t, "all is pulled", func() bool {
		all, err := in.Feeds.List(t.Context(), in.Live, in.Operator())
		return err == nil && !all[0].Health.Succeeded.IsZero() && all[0].Failures == 0
	})
	if n, _, err := in.Objects(t.Context()); err != nil || int(n) != total {
		t.Errorf("%d versions were pulled of %d: %v", n, total, err)
	}
	if missing := missing(t, jp, in); missing != "" {
		t.Error(missing)
	}
	all, err := in.Feeds.List(t.Context(), in.Live, in.Operator())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d objects after %d kills; the last run: %+v", total, kills, all[0].Health.Last.Taken)
	// Twice more: a second look, and then nothing to look at.
	for range 2 {
		if out, err := in.Feeds.Run(t.Context(), in.Live, in.Operator(), "jp"); err != nil || out.Moved() {
			t.Errorf("%+v, %v", out, err)
		}
	}
	if out, err := in.Feeds.Run(t.Context(), in.Live, in.Operator(), "jp"); err != nil || out.Taken.Read != 0 {
		t.Errorf("with nothing new: %+v, %v", out, err)
	}
}

// missing says which version of one node another does not hold byte for byte,
// if any.
func missing(t *testing.T, from, to *nodetest.Node) (what string) {
	t.Helper()
	want := map[string]bool{}
	each := func(n *nodetest.Node, fn func(key string)) {
		if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
			return tx.Objects(0, store.AllLabels, func(o store.Object) error {
				fn(fmt.Sprint(o.ID, o.Version, o.Digest))
				return nil
			})
		}); err != nil {
			t.Fatal(err)
		}
	}
	each(from, func(key string) { want[key] = true })
	each(to, func(key string) {
		if !want[key] {
			what = key + " is there twice, or was never sent"
		}
		delete(want, key)
	})
	for key := range want {
		return key + " is missing"
	}
	return what
}

// What our own node published and gets back from a third party stays ours.
func TestWhatComesBackFromOutsideStaysOurs(t *testing.T) {
	jp := nodetest.Start(t, "jp", nil)
	in := nodetest.Start(t, "in", nil)
	in.Halt()
	c, err := jp.Collections.Create(t.Context(), jp.Live, jp.Operator(), store.Collection{Title: "All", Alias: "all"})
	if err != nil {
		t.Fatal(err)
	}
	in.Import(marking.Clear, indicators(0, 3))
	if _, err := jp.Intake.Stream(t.Context(), jp.Live, intake.Source{DefaultTLP: marking.Clear, Collection: c.ID}, stream(0, 5), nil); err != nil {
		t.Fatal(err)
	}
	if err := jp.People.AddAccount(t.Context(), jp.Operator(), people.Account{Name: "india", Roles: []people.Role{people.Analyst}, Password: feedPassword, Clearance: "green"}); err != nil {
		t.Fatal(err)
	}
	if err := jp.People.Grant(t.Context(), jp.Live, jp.Operator(), store.Right{Account: "india", Collection: c.ID, Read: true}); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(jp.CertificateFile())
	if err != nil {
		t.Fatal(err)
	}
	set := feed.Settings{Kind: feed.TAXII, URL: jp.Run.URL, Remote: "All", User: "india", CA: string(pem), Private: true, Every: 60, TLP: "red"}
	if err := in.Feeds.Add(t.Context(), in.Live, in.Operator(), "jp", set, feedPassword); err != nil {
		t.Fatal(err)
	}
	before := labels(t, in.Node)
	out, err := in.Feeds.Run(t.Context(), in.Live, in.Operator(), "jp")
	if err != nil || out.Taken.New+out.Taken.Updated != 2 && out.Taken.New != 5 {
		t.Fatalf("%+v, %v", out, err)
	}
	for id, label := range before {
		if got := labels(t, in.Node)[id]; got != label {
			t.Errorf("%s had label %d and has %d", id, label, got)
		}
	}
}

// labels returns the label of each object's newest version.
func labels(t *testing.T, n *node.Node) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			out[o.ID] = o.Label
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

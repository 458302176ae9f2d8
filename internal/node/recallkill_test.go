package node_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/hook"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// Each act of the kill test calls this many objects back.
const perAct = 30

// callBack has a child call back the next perAct indicators, unless it has made
// as many acts as are wanted.
func callBack(ctx context.Context, n *node.Node, acts int) error {
	made, err := n.Recalls.List(ctx, n.Live, n.Operator(), recall.Query{Direction: store.Out})
	if err != nil || len(made) >= acts {
		return err
	}
	_, err = n.Recalls.Send(ctx, n.Live, n.Operator(), recall.Ask{Kind: law.Spill, IDs: indicatorIDs(len(made)*perAct, perAct)}, ident.Digest{})
	return err
}

func indicatorIDs(from, n int) (out []string) {
	for i := from; i < from+n; i++ {
		out = append(out, fmt.Sprintf("indicator--00000000-0000-4000-8000-%012d", i))
	}
	return out
}

// hears has a program on n told of what is called back.
func hears(t *testing.T, n *nodetest.Node) *ear {
	t.Helper()
	e := &ear{}
	at := httptest.NewServer(e)
	t.Cleanup(at.Close)
	newTool(t, n)
	s := hook.Settings{URL: at.URL, Events: []hook.Event{hook.Recalled}, Account: "tool"}
	if _, err := n.Hooks.Add(t.Context(), n.Live, n.Operator(), "ear", s); err != nil {
		t.Fatal(err)
	}
	return e
}

// Kill -9 of either node at random points of recalls: while the act is made,
// crosses, is complied with, answered, told to a program, and while the answer
// crosses. Each act has one effect, one answer, and every edge done.
func TestKillingEitherNodeAtAnyPointOfARecallLeavesOneEffect(t *testing.T) {
	kills := 24
	if testing.Short() {
		kills = 8
	}
	in, jp := nodetest.IndiaJapan(t, func(c *node.Config) { c.HookPrivate = true })
	e := hears(t, jp)
	in.Import(marking.Clear, indicators(0, (kills+2)*perAct))
	nodetest.Converged(t, in, jp)
	sides := []*victim{{Node: in, dir: in.Dir}, {Node: jp, dir: jp.Dir}}
	acts := 0
	start := func(v *victim) {
		if v.Side == "in" {
			acts++
			v.child = spawn(t, v.dir, 0, 0, fmt.Sprintf("%s=%d", envRecall, acts))
			return
		}
		v.child = spawn(t, v.dir, 0, 0)
	}
	for _, v := range sides {
		v.Close()
		start(v)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0)) // picks moments, guards nothing
	for killed := 0; killed < kills; killed++ {
		time.Sleep(time.Duration(dice.IntN(120)) * time.Millisecond)
		v := sides[killed%2]
		v.child.kill()
		start(v)
	}
	sides[0].child.await(t, "recalled")
	for _, v := range sides {
		v.child.stop(t)
		v.Open(v.dir, nil)
	}
	total := acts * perAct
	oneEffect(t, in, jp, acts, perAct)
	nodetest.Converged(t, in, jp)
	if n := len(e.heard(string(hook.Recalled))); n < acts {
		t.Errorf("the program was told %d times of %d acts", n, acts)
	}
	for i := range acts {
		if id := indicatorIDs(i*perAct, 1)[0]; !strings.Contains(strings.Join(e.heard(string(hook.Recalled)), " "), id) {
			t.Errorf("the program was not told of %s", id)
		}
	}
	if walk, _ := seen(t, jp.Node, "45.0.0.1"); walk != (kills+2)*perAct-total {
		t.Errorf("the receiver reads %d, want %d", walk, (kills+2)*perAct-total)
	}
	t.Logf("%d kills, %d acts", kills, acts)
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
}

// oneEffect waits until every act of in is answered with every edge done, and
// wants each to have been made, complied with and answered once.
func oneEffect(t *testing.T, in, jp *nodetest.Node, acts, objects int) {
	t.Helper()
	nodetest.Eventually(t, "every act is answered and done", func() bool {
		open, err := in.Recalls.Open(t.Context(), in.Live)
		return err == nil && len(open) == 0
	})
	for _, n := range []*nodetest.Node{in, jp} {
		made, err := n.Recalls.List(t.Context(), n.Live, n.Operator(), recall.Query{})
		if err != nil || len(made) != acts {
			t.Fatalf("%s has %d acts, want %d: %v", n.Side, len(made), acts, err)
		}
		for _, l := range made {
			d, err := n.Recalls.Show(t.Context(), n.Live, n.Operator(), l.ID)
			if err != nil || len(d.Partners) != 1 {
				t.Fatalf("%s: %+v, %v", n.Side, d, err)
			}
			p := d.Partners[0]
			if p.Open || p.Answered.IsZero() || p.Outcomes[law.Quarantined] != objects {
				t.Errorf("%s: %+v", n.Side, p)
			}
			for _, e := range p.Edges {
				if e.State == law.Pending {
					t.Errorf("%s: %+v", n.Side, e)
				}
			}
		}
	}
	for act, n := range map[string]*nodetest.Node{"recall.send": in, "recall.received": jp} {
		p, err := n.Audit.Search(t.Context(), n.Operator(), audit.Query{Act: act})
		if err != nil || len(p.Entries) != acts {
			t.Errorf("the home log of %s has %d %s, want %d: %v", n.Side, len(p.Entries), act, acts, err)
		}
	}
}

// cutBy is how much further each connection gets than the one before.
const cutBy = 400

// The line is cut, again and again and each time a little later, while a recall
// goes over it with what waited before it: the recall has its one effect,
// and the rest comes.
func TestARecallGetsThroughALineCutAnywhere(t *testing.T) {
	var cutting atomic.Bool
	var after atomic.Int64
	listen := nodetest.FreePort(t)
	p := startProxy(t, func() int64 {
		if !cutting.Load() {
			return -1
		}
		return after.Add(cutBy)
	}, listen)
	in := nodetest.Start(t, "in", nil)
	jp := nodetest.Start(t, "jp", func(c *node.Config) { c.PeerListen, c.PeerURL = listen, "https://"+p.addr })
	nodetest.Join(t, jp, in)
	in.Import(marking.Clear, indicators(0, perAct))
	nodetest.Converged(t, in, jp)
	in.Halt()
	cutting.Store(true)
	in.Import(marking.Clear, indicators(perAct, 200)) // waits, and is in front
	if err := callBack(t.Context(), in.Node, 1); err != nil {
		t.Fatal(err)
	}
	failures := 0
	for end := time.Now().Add(time.Minute); ; {
		link := in.Peers.Client(peerOf(t, in, "jp"))
		_, err := in.Exchange.Deliver(t.Context(), in.Live, nodetest.InJp, link, nil)
		link.Close()
		if err == nil {
			break
		}
		if k := fault.KindOf(err); k != fault.Unavailable && k != fault.Invalid {
			t.Fatalf("a cut line is a %v: %v", k, err)
		}
		if failures++; time.Now().After(end) {
			t.Fatalf("not across after %d cuts: %v", p.cuts.Load(), err)
		}
	}
	cutting.Store(false)
	t.Logf("%d cuts, %d failed attempts", p.cuts.Load(), failures)
	if p.cuts.Load() < 5 {
		t.Error("the line was hardly cut: the test shows nothing")
	}
	in.Reopen(nil) // and listens again, for the answer
	oneEffect(t, in, jp, 1, perAct)
	if walk, _ := seen(t, jp.Node, "45.0.0.1"); walk != 200 {
		t.Errorf("the receiver reads %d, want 200", walk)
	}
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
}

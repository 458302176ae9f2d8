package node_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
)

// each process takes this many indicators in after each start, killed or not.
const perStart = 300

// victim is one side of the transfer under kills.
type victim struct {
	*nodetest.Node
	dir    string
	first  int // id of its first indicator
	starts int
	child  *child
}

func (v *victim) start(t *testing.T) {
	t.Helper()
	v.child = spawn(t, v.dir, v.first+v.starts*perStart, perStart)
	v.starts++
}

// Kill -9 of either node at random points of a transfer in both directions:
// while it starts, takes in, builds, ships, applies, answers, compares.
func TestKillingEitherNodeAtAnyPointLosesAndDoublesNothing(t *testing.T) {
	kills := 100
	if testing.Short() {
		kills = 12
	}
	in, jp := nodetest.IndiaJapan(t, nil)
	sides := []*victim{{Node: in, dir: in.Dir, first: 0}, {Node: jp, dir: jp.Dir, first: 1 << 20}}
	for _, v := range sides {
		v.Close()
	}
	for _, v := range sides {
		v.start(t)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0)) // picks moments, guards nothing
	for killed := 0; killed < kills; {
		time.Sleep(time.Duration(dice.IntN(120)) * time.Millisecond)
		who := sides[:]
		if p := dice.IntN(10); p < 9 {
			who = sides[p%2 : p%2+1]
		}
		for _, v := range who {
			v.child.kill()
			killed++
		}
		for _, v := range who {
			v.start(t)
		}
	}
	for _, v := range sides {
		v.child.await(t, "imported")
		v.child.stop(t)
	}
	for _, v := range sides {
		v.Open(v.dir, nil)
	}
	want := map[string]int{}
	for _, v := range sides { // what a kill kept out is taken in again; the rest is the same
		total := v.starts * perStart
		rep := v.Import(marking.Clear, indicators(v.first, total))
		if rep.New+rep.Same != total {
			t.Errorf("%s took in %+v of %d", v.Side, rep, total)
		}
		want[string(v.Side)] = total
	}
	nodetest.Converged(t, in, jp)
	for _, way := range [][2]*victim{{sides[0], sides[1]}, {sides[1], sides[0]}} {
		if n := nodetest.Crossed(t, way[0].Node.Node, way[1].Node.Node, 0); n != want[string(way[0].Side)] {
			t.Errorf("%d objects of %s crossed, want %d", n, way[0].Side, want[string(way[0].Side)])
		}
	}
	report := nodetest.VerifyLedgers(t, in.Node, jp.Node)
	t.Logf("%d starts, %d objects; %s", sides[0].starts+sides[1].starts, want["in"]+want["jp"], report.Summary())
	for _, f := range report.Findings {
		t.Log(f)
	}
}

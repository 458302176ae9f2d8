package node_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"twoseas/internal/act/intake"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store/storetest"
)

// twin makes another data directory for the node of dir: the same keys and the
// same shared store, addresses of its own.
func twin(t *testing.T, dir string) (string, node.Config) {
	t.Helper()
	c, err := node.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Listen, c.PeerListen = nodetest.FreePort(t), nodetest.FreePort(t)
	raw, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	for _, name := range []string{"seal.key", "tls.pem", "tls.key"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(other, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(other, "node.yaml"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return other, c
}

// Three processes of one node on one PostgreSQL. All but one are killed in the
// middle of a transfer; the last finishes it, exactly once.
func TestLosingProcessesOfANodeLosesNothing(t *testing.T) {
	source := storetest.PostgresSource(t)
	t.Setenv(envLease, sharedLease.String())
	never := func() int64 { return -1 }
	first := nodetest.FreePort(t)
	front := startProxy(t, never, first)
	in := nodetest.Start(t, "in", func(c *node.Config) { c.Store, c.PeerListen, c.PeerURL = source, first, "https://"+front.addr })
	jp := nodetest.Start(t, "jp", nil)
	nodetest.Join(t, in, jp)
	dirs := []string{in.Dir}
	in.Close()
	for range 2 {
		dir, c := twin(t, in.Dir)
		dirs = append(dirs, dir)
		front.also(c.PeerListen)
	}
	var processes []*child
	for _, dir := range dirs {
		processes = append(processes, spawn(t, dir, 0, 0))
	}
	desk, err := node.Open(t.Context(), in.Dir, node.Options{}) // takes in, does not serve
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	const total = 20_000
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0)) // picks moments, guards nothing
	dice.Shuffle(len(processes), func(i, j int) { processes[i], processes[j] = processes[j], processes[i] })
	taken := make(chan error, 1)
	go func() {
		rep, err := desk.Intake.Stream(t.Context(), desk.Live, intake.Source{DefaultTLP: marking.Clear}, stream(0, total), nil)
		if err == nil && rep.New != total {
			err = fmt.Errorf("took in %+v", rep)
		}
		taken <- err
	}()
	for _, p := range processes[1:] {
		before := inNumber(t, jp)
		nodetest.Eventually(t, "the transfer goes on", func() bool { return inNumber(t, jp) > before+2 })
		time.Sleep(time.Duration(dice.IntN(50)) * time.Millisecond)
		p.kill()
	}
	if n := inNumber(t, jp); n >= total/1000 {
		t.Errorf("all %d shipments were across before the last was killed: the test shows nothing", n)
	}
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "all is across", func() bool {
		st, err := desk.Exchange.State(t.Context(), desk.Live, nodetest.InJp)
		return err == nil && st.Compared() && st.Out > 0
	})
	nodetest.Converged(t, jp)
	if n := nodetest.Crossed(t, desk, jp.Node, 0); n != total {
		t.Errorf("%d crossed", n)
	}
	report := nodetest.VerifyLedgers(t, desk, jp.Node)
	t.Log(report.Summary())
	processes[0].stop(t)
}

func inNumber(t *testing.T, n *nodetest.Node) int64 {
	t.Helper()
	st, err := n.Exchange.State(t.Context(), n.Live, nodetest.InJp)
	if err != nil {
		t.Fatal(err)
	}
	return st.In
}

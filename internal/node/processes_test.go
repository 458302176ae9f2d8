package node_test

import (
	"errors"
	"testing"

	"twoseas/internal/act/health"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// TestEachProcessTellsWhatItDoes: whichever process is asked, it shows its own
// work as it is now, and that of the others as they told it.
func TestEachProcessTellsWhatItDoes(t *testing.T) {
	one := nodetest.Start(t, "in", nil)
	two, err := node.Open(t.Context(), one.Dir, node.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	processes := func(n *node.Node, want int) []health.Process {
		t.Helper()
		list, err := n.Processes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != want || !list[0].Here {
			t.Fatalf("%+v, want %d processes, the one that answers first", list, want)
		}
		return list
	}
	processes(one.Node, 1) // nobody told anything yet
	two.Board.Begin("feed", "x")
	two.Board.End("feed", "x", errors.New("the server hung up"), 0)
	if err := two.Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := processes(one.Node, 2)[1]
	if own := processes(two, 1)[0]; other.ID != own.ID || other.Host != own.Host || other.Here {
		t.Errorf("told as %+v, is %+v", other, own)
	}
	if len(other.Jobs) != 1 || other.Jobs[0].Subject != "x" || other.Jobs[0].Problem != "the server hung up" || other.Seen.IsZero() {
		t.Errorf("%+v", other)
	}
	if err := one.Live.Write(t.Context(), func(tx *store.Tx) error { // it was killed long ago
		_, err := tx.Exec("UPDATE process SET seen = seen - 301000000")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	processes(one.Node, 1)
}

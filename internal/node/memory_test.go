package node_test

import (
	"testing"
	"time"

	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// maxResident is what a node may use (issue §8), in bytes.
const maxResident = 300 << 20

// A transfer of 200,000 indicators, taken in, sent and received by two
// processes whose memory is measured.
func TestMemoryDoesNotGrowWithATransfer(t *testing.T) {
	if raced {
		t.Skip("the race detector is on: memory says nothing")
	}
	total := 200_000
	if testing.Short() {
		total = 20_000
	}
	in, jp := nodetest.IndiaJapan(t, nil)
	dirs := [2]string{in.Dir, jp.Dir}
	in.Close()
	jp.Close()
	receiver := spawn(t, dirs[1], 0, 0)
	sender := spawn(t, dirs[0], 0, total)
	began := time.Now()
	watch, err := node.Open(t.Context(), dirs[0], node.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	sender.await(t, "imported")
	for {
		out, err := watch.Exchange.State(t.Context(), watch.Live, nodetest.InJp)
		if err == nil && out.Compared() && out.Out > 0 {
			break
		}
		if time.Since(began) > 4*time.Minute {
			t.Fatalf("not across: %+v, %v", out, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	took := time.Since(began)
	sum, err := watch.Exchange.Totals(t.Context(), watch.Live, nodetest.InJp, store.Out)
	if err != nil || sum.Applied != int64(total) {
		t.Errorf("%+v, %v", sum, err)
	}
	for name, c := range map[string]*child{"sender": sender, "receiver": receiver} {
		used := c.resident(t)
		t.Logf("%s: %d MiB resident at most", name, used>>20)
		if used > maxResident {
			t.Errorf("the %s used %d MiB, at most %d are wanted", name, used>>20, maxResident>>20)
		}
	}
	t.Logf("%d objects taken in, sent and received in %s, %.0f a second", total, took.Round(time.Millisecond), float64(total)/took.Seconds())
}

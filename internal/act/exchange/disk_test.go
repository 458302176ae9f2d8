package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
	"twoseas/internal/store/db"
)

// pages returns how large a node's store is, in pages.
func pages(t *testing.T, n *nodetest.Node) (count int) {
	t.Helper()
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Get([]any{&count}, "PRAGMA page_count")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return count
}

// disk gives a node's store so many pages of disk: SQLite then fails as it does
// when the file system has no room.
func disk(t *testing.T, n *nodetest.Node, limit int) {
	t.Helper()
	var got int
	if err := n.Live.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Get([]any{&got}, fmt.Sprintf("PRAGMA max_page_count = %d", limit))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got < limit && got < pages(t, n) {
		t.Fatalf("the store is limited to %d pages, want %d", got, limit)
	}
}

const plenty = 1 << 30

// The disk of one node fills up at every point of a transfer in turn, a few
// pages later each time.
func TestAFullDiskLosesAndDoublesNothing(t *testing.T) {
	for _, full := range []string{"in", "jp"} {
		t.Run("at "+map[string]string{"in": "the sender", "jp": "the receiver"}[full], func(t *testing.T) {
			in, jp := pair(t, nil)
			if in.Store.DB.Engine() != db.SQLite {
				t.Fatal("want SQLite")
			}
			n := map[string]*nodetest.Node{"in": in, "jp": jp}[full]
			take(t, in, 0, 3000)
			failures := 0
			for room := 0; ; room += 6 {
				disk(t, n, pages(t, n)+room)
				_, err := in.Exchange.Deliver(t.Context(), in.Live, inJP, loop{to: jp}, nil)
				disk(t, n, plenty)
				if err == nil {
					break
				}
				refused(t, err, fault.Unavailable, "full")
				if failures++; failures > 500 {
					t.Fatal("no progress")
				}
			}
			t.Logf("%d failures", failures)
			if failures < 3 {
				t.Error("the disk was hardly full: the test shows nothing")
			}
			if c := nodetest.Crossed(t, in.Node, jp.Node, 0); c != 3000 {
				t.Errorf("%d crossed", c)
			}
			settled(t, in, jp)
		})
	}
}

func TestAnImportIntoAFullDiskKeepsWhatItCommittedAndSaysSo(t *testing.T) {
	in, jp := pair(t, nil)
	disk(t, in, pages(t, in)+20)
	var objects [][]byte
	for i := range 6000 {
		objects = append(objects, indicator(i, ""))
	}
	rep, err := in.Intake.Stream(t.Context(), in.Live, intake.Source{DefaultTLP: marking.Clear}, strings.NewReader(bundle(objects...)), nil)
	refused(t, err, fault.Unavailable, "full")
	if rep.New%2000 != 0 {
		t.Errorf("half a batch was kept: %+v", rep)
	}
	disk(t, in, plenty)
	if rep := in.Import(marking.Clear, bundle(objects...)); rep.New+rep.Same != 6000 || rep.Refused != 0 {
		t.Errorf("%+v", rep)
	}
	if d := deliver(t, in, jp); d.Applied != 6000 {
		t.Errorf("%+v", d)
	}
	settled(t, in, jp)
}

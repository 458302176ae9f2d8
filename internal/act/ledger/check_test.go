package ledger_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// cosignedNode is a node with logs of many sizes, of which some states are
// cosigned, and which has cosigned its partner's.
func cosignedNode(t *testing.T) *node {
	t.Helper()
	a, b := pair(t)
	for _, n := range []int{3, 510, 90} {
		a.add(memorandum, n)
		cosign(a, b, memorandum)
	}
	a.add(memorandum, 10) // 613: in three batches of CheckAll
	b.add(memorandum, 2)
	cosign(b, a, memorandum)
	a.write(func(tx *store.Tx) error { return a.ledger.Record(tx, "operator", "test") })
	return a
}

func TestCheckFindsWhatWasAltered(t *testing.T) {
	const size = 613
	last := tlog.StoredHashIndex(0, size-1)
	whole := cosignedNode(t)
	inner := tlog.StoredHashIndex(3, 17)
	for name, c := range map[string]struct {
		query string
		args  []any
		deep  bool // only CheckAll can know
	}{
		"the root cosigned for the partner":      {`UPDATE witnessed SET root = $1`, []any{make([]byte, 32)}, false},
		"a hash only the newest state needs":     {`UPDATE log_node SET hash = $1 WHERE log = 1 AND ix = $2`, []any{make([]byte, 32), edgeOf(size)[2]}, false},
		"the last hash of a batch gone":          {`DELETE FROM log_node WHERE log = 1 AND ix = $1`, []any{tlog.StoredHashCount(256) - 1}, true},
		"a byte of the newest leaf":              {`UPDATE log_leaf SET body = $1 WHERE log = 1 AND ix = $2`, []any{[]byte("x"), size - 1}, false},
		"a byte of an old leaf":                  {`UPDATE log_leaf SET body = $1 WHERE log = 1 AND ix = 400`, []any{[]byte("x")}, true},
		"two leaves changing places":             {`UPDATE log_leaf SET body = (SELECT x.body FROM log_leaf x WHERE x.log = 1 AND x.ix = 11 - log_leaf.ix) WHERE log = 1 AND ix IN (5, 6)`, nil, true},
		"an old leaf gone":                       {`DELETE FROM log_leaf WHERE log = 1 AND ix = 100`, nil, true},
		"the newest leaf gone":                   {`DELETE FROM log_leaf WHERE log = 1 AND ix = $1`, []any{size - 1}, false},
		"a leaf too many":                        {`INSERT INTO log_leaf (domain, log, ix, body) SELECT domain, log, $1, body FROM log_leaf WHERE log = 1 AND ix = 1`, []any{size}, false},
		"a hash of the right edge":               {`UPDATE log_node SET hash = $1 WHERE log = 1 AND ix = $2`, []any{make([]byte, 32), edgeOf(size)[0]}, false},
		"a hash of the right edge gone":          {`DELETE FROM log_node WHERE log = 1 AND ix = $1`, []any{edgeOf(size)[1]}, false},
		"the newest hash gone":                   {`DELETE FROM log_node WHERE log = 1 AND ix = $1`, []any{last}, false},
		"a hash too many":                        {`INSERT INTO log_node (domain, log, ix, hash) SELECT domain, log, $1, hash FROM log_node WHERE log = 1 AND ix = 1`, []any{tlog.StoredHashCount(size)}, false},
		"a hash inside the tree":                 {`UPDATE log_node SET hash = $1 WHERE log = 1 AND ix = $2`, []any{make([]byte, 32), inner}, true},
		"a hash inside the tree gone":            {`DELETE FROM log_node WHERE log = 1 AND ix = $1`, []any{inner}, true},
		"the root in the store":                  {`UPDATE log SET root = $1 WHERE id = 1`, []any{make([]byte, 32)}, false},
		"the size in the store":                  {`UPDATE log SET size = size - 1 WHERE id = 1`, nil, false},
		"the signed checkpoint":                  {`UPDATE log SET checkpoint = (SELECT note FROM log_cosigned WHERE log = 1 AND size = 3) WHERE id = 1`, nil, false},
		"the origin":                             {`UPDATE log SET origin = 'twoseas/in/in-us/live' WHERE id = 1`, nil, false},
		"the newest cosigned checkpoint gone":    {`DELETE FROM log_cosigned WHERE size = 603`, nil, false},
		"the newest cosigned checkpoint":         {`UPDATE log_cosigned SET note = (SELECT note FROM log_cosigned WHERE size = 3) WHERE size = 603`, nil, false},
		"an older cosigned checkpoint":           {`UPDATE log_cosigned SET note = (SELECT note FROM log_cosigned WHERE size = 3) WHERE size = 513`, nil, true},
		"the state cosigned for the partner":     {`UPDATE witnessed SET size = 1`, nil, false},
		"the cosignature of the partner's state": {`UPDATE witnessed SET note = (SELECT checkpoint FROM log WHERE id = 1)`, nil, false},
		"the home log":                           {`UPDATE log_leaf SET body = $1 WHERE log = 2`, []any{[]byte("x")}, false},
		"every key this side has had":            {`DELETE FROM peer_key WHERE side = 'in'`, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := whole.twin(t)
			if err := n.ledger.CheckAll(t.Context(), n.h); err != nil {
				t.Fatalf("before anything was altered: %v", err)
			}
			n.sabotage(c.query, c.args...)
			err := n.ledger.Check(t.Context(), n.h)
			if !c.deep {
				wantFault(t, err, fault.Conflict)
			} else if err != nil {
				t.Errorf("Check reads more than it says: %v", err)
			}
			err = n.ledger.CheckAll(t.Context(), n.h)
			wantFault(t, err, fault.Conflict)
			if name == "an old leaf gone" && !strings.Contains(fmt.Sprint(err), "leaf 100") {
				t.Errorf("%v does not say which", err)
			}
		})
	}
}

func TestCheckMissesItsOwnCosignature(t *testing.T) {
	n := cosignedNode(t)
	n.write(func(tx *store.Tx) error {
		w, err := tx.Witnessed("twoseas/jp/in-jp-2022/live")
		if err != nil {
			return err
		}
		lines := bytes.SplitAfter(w.Note, []byte("\n"))
		w.Note = bytes.Join(lines[:len(lines)-2], nil) // the last line is ours
		return tx.SaveWitnessed(w)
	})
	wantFault(t, n.ledger.Check(t.Context(), n.h), fault.Conflict)
}

func TestCheckOfAnEmptyStoreHolds(t *testing.T) {
	n := open(t, "in")
	if err := n.ledger.CheckAll(t.Context(), n.h); err != nil {
		t.Error(err)
	}
	n.write(func(tx *store.Tx) error { _, err := tx.OpenLog("twoseas/in/in-jp-2022/live"); return err })
	if err := n.ledger.CheckAll(t.Context(), n.h); err != nil {
		t.Error(err)
	}
}

func TestTile(t *testing.T) {
	n := open(t, "in")
	n.add(memorandum, 300)
	c := client{n, "twoseas/in/in-jp-2022/live"}
	for path, want := range map[string]int{
		"tile/0/000":           256 * 32,
		"tile/0/001.p/44":      44 * 32,
		"tile/0/001.p/7":       7 * 32, // of an older state
		"tile/1/000.p/1":       32,
		"tile/entries/000":     -1,
		"tile/entries/001.p/1": -1,
	} {
		got := c.get(path)
		if len(got) == 0 || want > 0 && len(got) != want {
			t.Errorf("%s has %d bytes, want %d", path, len(got), want)
		}
	}
	for _, path := range []string{
		"", "tile/0/001", "tile/0/001.p/45", "tile/1/000", "tile/2/000.p/1", "tile/entries/001", "tile/entries/001.p/45",
		"tile/8/0/000", "../checkpoint", "tile/0/x001/000", "tile/63/000.p/1",
	} {
		n.read(func(tx *store.Tx) error {
			_, err := n.ledger.Tile(tx, c.origin, path)
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%q: %v, want not found", path, err)
			}
			return nil
		})
	}
	n.sabotage(`DELETE FROM log_leaf WHERE ix IN (290, 298)`)
	n.read(func(tx *store.Tx) error {
		for path, want := range map[string]string{"tile/entries/001.p/44": "leaf 290 ", "tile/entries/001.p/35": "leaf 290 "} {
			_, err := n.ledger.Tile(tx, c.origin, path)
			wantFault(t, err, fault.Conflict)
			if !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%v does not name %s", err, want)
			}
		}
		_, err := n.ledger.Tile(tx, "twoseas/in/in-us/live", "checkpoint")
		wantFault(t, err, fault.NotFound)
		return nil
	})
}

func TestCheckReadsLittle(t *testing.T) {
	n := open(t, "in")
	n.add(memorandum, 3000)
	keep := fmt.Sprint(edgeOf(3000))
	n.sabotage(`DELETE FROM log_leaf WHERE ix < 2999`)
	n.sabotage(`DELETE FROM log_node WHERE ix < $1`, edgeOf(3000)[0])
	if err := n.ledger.Check(t.Context(), n.h); err != nil {
		t.Errorf("%v, with the right edge %s in place", err, keep)
	}
}

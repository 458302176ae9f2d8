package ledger_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/act/ledger"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

// say appends one leaf that says something.
func (n *node) say(kind, text string) {
	n.t.Helper()
	n.write(func(tx *store.Tx) error {
		s, err := n.ring.Signer(tx)
		if err != nil {
			return err
		}
		msg, err := s.Sign([]byte("twoseas/" + kind + "/v1\nabout " + text + "\n"))
		if err != nil {
			return err
		}
		return n.ledger.Append(tx, memorandum, msg)
	})
}

func (n *node) latest(f ledger.Filter, before int64, limit int) ledger.Latest {
	n.t.Helper()
	out, err := n.ledger.Latest(n.t.Context(), n.h, string(memorandum), f, before, limit)
	if err != nil {
		n.t.Fatal(err)
	}
	return out
}

func indexes(list []ledger.Leaf) []int64 {
	var out []int64
	for _, f := range list {
		out = append(out, f.Index)
	}
	return out
}

func TestLatestGoesBackwards(t *testing.T) {
	n := open(t, "in")
	for i := range 7 {
		n.say([]string{"shipment", "receipt"}[i%2], fmt.Sprintf("Number %d", i))
	}
	first := n.latest(ledger.Filter{}, 0, 3)
	if got := indexes(first.Leaves); !slices.Equal(got, []int64{6, 5, 4}) || first.Next != 4 {
		t.Errorf("the newest three are %v, next %d", got, first.Next)
	}
	last := n.latest(ledger.Filter{}, first.Next, 10)
	if got := indexes(last.Leaves); !slices.Equal(got, []int64{3, 2, 1, 0}) || last.Next != 0 {
		t.Errorf("the rest is %v, next %d", got, last.Next)
	}
	f := first.Leaves[0]
	if f.Title != "twoseas/shipment/v1" || f.Kind() != "shipment" || f.Value("about") != "Number 6" || f.Value("none") != "" || len(f.By) != 1 || f.By[0] != n.key().Short() {
		t.Errorf("reads as %+v", f)
	}
	if got := indexes(n.latest(ledger.Filter{Kind: "receipt"}, 0, 10).Leaves); !slices.Equal(got, []int64{5, 3, 1}) {
		t.Errorf("receipts are %v", got)
	}
	if got := indexes(n.latest(ledger.Filter{Kind: "receip"}, 0, 10).Leaves); got != nil {
		t.Errorf("half a kind finds %v", got)
	}
	if got := indexes(n.latest(ledger.Filter{Text: "number 3"}, 0, 10).Leaves); !slices.Equal(got, []int64{3}) {
		t.Errorf("a text finds %v", got)
	}
	if got := n.latest(ledger.Filter{}, 99, 1); got.Leaves[0].Index != 6 {
		t.Errorf("before a leaf to come: %+v", got)
	}
}

// TestLatestIsBounded puts the only leaf that fits far back: each page looks
// through so many leaves and no more, and following Next finds it.
func TestLatestIsBounded(t *testing.T) {
	n := open(t, "in")
	n.say("shipment", "needle")
	n.add(memorandum, 9000)
	f := ledger.Filter{Text: "needle"}
	page := n.latest(f, 0, 5)
	if len(page.Leaves) != 0 || page.Next == 0 {
		t.Fatalf("9,000 leaves were looked through at once: %+v", page)
	}
	if page = n.latest(f, page.Next, 5); !slices.Equal(indexes(page.Leaves), []int64{0}) || page.Next != 0 {
		t.Errorf("then %v, next %d", indexes(page.Leaves), page.Next)
	}
}

func TestStates(t *testing.T) {
	a, b := pair(t)
	a.add(memorandum, 3)
	cosign(a, b, memorandum)
	a.add(memorandum, 2)
	cosign(a, b, memorandum)
	a.add(memorandum, 1)
	b.add(memorandum, 4)
	cosign(b, a, memorandum)
	s, err := a.ledger.States(t.Context(), a.h, string(memorandum), 10)
	if err != nil {
		t.Fatal(err)
	}
	if s.Newest.Size != 6 || len(s.Newest.Cosigs) != 0 || s.Newest.By != a.key().Short() {
		t.Errorf("newest %+v", s.Newest)
	}
	if len(s.Cosigned) != 2 || s.Cosigned[0].Size != 5 || s.Cosigned[1].Size != 3 || s.Cosigned[0].Cosigs[0] != (ledger.CosignatureLine{By: "jp", At: start}) {
		t.Errorf("cosigned %+v", s.Cosigned)
	}
	if s.Theirs == nil || s.Theirs.Size != 4 || s.Theirs.Cosigs[0].By != "in" {
		t.Errorf("theirs %+v", s.Theirs)
	}
	if _, err := a.ledger.States(t.Context(), a.h, "in-gb", 1); !fault.Is(err, fault.NotFound) {
		t.Errorf("a ledger that is not there: %v", err)
	}
	// What stands under one agreement says nothing under another.
	a.add("in-gb", 1)
	if other, err := a.ledger.States(t.Context(), a.h, "in-gb", 1); err != nil || other.Theirs != nil {
		t.Errorf("under another agreement: %+v, %v", other.Theirs, err)
	}
}

// TestProofsVerify checks every proof as a stranger would, from its file.
func TestProofsVerify(t *testing.T) {
	a, b := pair(t)
	a.add(memorandum, 3)
	cosign(a, b, memorandum)
	a.add(memorandum, 4)
	keys := []note.Verifier{a.key(), b.key()}
	check := func(write func(io.Writer) error, says string) {
		t.Helper()
		var file, text bytes.Buffer
		if err := write(&file); err != nil {
			t.Fatal(err)
		}
		r, err := verify.Verify([]io.Reader{&file}, keys)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.WriteText(&text); err != nil || !r.OK || !strings.Contains(text.String(), says) {
			t.Errorf("want %q: %s", says, text.String())
		}
	}
	for i := range int64(7) {
		leaf, e, err := a.ledger.Entry(t.Context(), a.h, string(memorandum), i)
		if err != nil || leaf.Index != i {
			t.Fatal(leaf, err)
		}
		says := "at 3 leaves, signed by " + keys[0].Short() + ", cosigned by jp"
		if i >= 3 {
			says = "at 7 leaves, signed by " + keys[0].Short() + "\n"
		}
		check(e.Write, says)
	}
	g, err := a.ledger.Growth(t.Context(), a.h, string(memorandum), 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	check(g.Write, "it continues the ledger twoseas/in/in-jp-2022/live at 3 leaves")
	for _, bad := range [][2]int64{{0, 3}, {4, 3}, {3, 8}, {-1, 0}} {
		if _, err := a.ledger.Growth(t.Context(), a.h, string(memorandum), bad[0], bad[1]); !fault.Is(err, fault.Invalid) {
			t.Errorf("from %d to %d: %v", bad[0], bad[1], err)
		}
	}
	if _, err := a.ledger.Growth(t.Context(), a.h, string(memorandum), 2, 3); !fault.Is(err, fault.NotFound) {
		t.Errorf("from a state that was not kept: %v", err)
	}
	for _, ix := range []int64{-1, 7} {
		if _, _, err := a.ledger.Entry(t.Context(), a.h, string(memorandum), ix); !fault.Is(err, fault.NotFound) {
			t.Errorf("leaf %d: %v", ix, err)
		}
	}
}

func TestSinceContinuesWhatIsRemembered(t *testing.T) {
	n := open(t, "in")
	n.add(memorandum, 4)
	then := n.checkpoint(memorandum)
	n.add(memorandum, 5)
	body, err := n.ledger.Since(t.Context(), n.h, string(memorandum), 4)
	if err != nil {
		t.Fatal(err)
	}
	req, err := merkle.ParseAddCheckpoint(body)
	if err != nil {
		t.Fatal(err)
	}
	now, _, err := merkle.OpenCheckpoint(req.Note, n.ledger.Origin(memorandum, ident.Live), n.key())
	if err != nil || merkle.CheckConsistency(req.Proof, 4, then.Root, now) != nil {
		t.Errorf("%+v does not continue %+v: %v", now, then, err)
	}
	if _, err := n.ledger.Since(t.Context(), n.h, string(memorandum), 10); !fault.Is(err, fault.Conflict) {
		t.Errorf("more leaves than there are: %v", err)
	}
}

// TestAnAlteredLeafIsNotRead changes the store under the node.
func TestAnAlteredLeafIsNotRead(t *testing.T) {
	n := open(t, "in")
	n.say("shipment", "one")
	n.sabotage("UPDATE log_leaf SET body = CAST(replace(CAST(body AS TEXT), 'one', 'two') AS BLOB)")
	if _, err := n.ledger.Latest(t.Context(), n.h, string(memorandum), ledger.Filter{}, 0, 1); err == nil {
		t.Error("an altered leaf is shown")
	}
	if _, _, err := n.ledger.Entry(t.Context(), n.h, string(memorandum), 0); err == nil {
		t.Error("an altered leaf is proved")
	}
}

func TestTheHomeLogHasItsOwnName(t *testing.T) {
	a, b := pair(t)
	a.write(func(tx *store.Tx) error { return a.ledger.Record(tx, "officer@in", "read") })
	a.add(memorandum, 1)
	page, err := a.ledger.Latest(t.Context(), a.h, ledger.HomeName, ledger.Filter{}, 0, 10)
	if err != nil || len(page.Leaves) != 1 || page.Leaves[0].Value("by") != "officer@in" {
		t.Errorf("%+v, %v", page, err)
	}
	keys, err := a.ledger.Keys(t.Context(), a.h, ledger.HomeName, "jp")
	if err != nil || !slices.Equal(keys, []note.Verifier{a.key()}) {
		t.Errorf("keys of the home log %v, %v", keys, err)
	}
	keys, err = a.ledger.Keys(t.Context(), a.h, string(memorandum), "jp")
	if err != nil || !slices.Equal(keys, []note.Verifier{a.key(), b.key()}) {
		t.Errorf("keys of the exchange log %v, %v", keys, err)
	}
}

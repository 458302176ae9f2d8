package verify_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/law/verify"
)

// text returns a report as people read it.
func text(t testing.TB, r verify.Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wantSound fails unless the files hold and the report says each of the words.
func wantSound(t testing.TB, r verify.Report, says ...string) {
	t.Helper()
	if !r.OK {
		t.Errorf("not sound:\n%s", text(t, r))
	}
	wantText(t, r, says...)
}

// wantUnsound fails unless the files do not hold, and the report says why.
func wantUnsound(t testing.TB, r verify.Report, says ...string) {
	t.Helper()
	if r.OK {
		t.Errorf("sound:\n%s", text(t, r))
	}
	wantText(t, r, append(says, "NOT SOUND")...)
}

func wantText(t testing.TB, r verify.Report, says ...string) {
	t.Helper()
	got := text(t, r)
	for _, s := range says {
		if !strings.Contains(got, s) {
			t.Errorf("does not say %q:\n%s", s, got)
		}
	}
}

func TestTheUsualStoryVerifies(t *testing.T) {
	s := usual(t)
	r := s.check(s.export("in"), s.export("jp"))
	wantSound(t, r, "2 logs, 24 leaves, 8 shipments, 8 receipts, 4 agreement signatures, 2 key rotations, 2 twoseas/recall/v1, consistent",
		"ledger of in under in-jp-2022, live: 12 leaves", "cosigned by jp up to 12")
	if len(r.Findings) != 0 {
		t.Errorf("remarks on a finished story:\n%s", text(t, r))
	}
	if r.Logs[1].Cosigned != 12 || r.Logs[1].Owner != "jp" || r.Leaves != 24 {
		t.Errorf("summary %+v", r.Logs[1])
	}
	for _, side := range []ident.Side{"in", "jp"} {
		wantSound(t, s.check(s.export(side)), "1 log, 12 leaves, 4 shipments")
	}
}

func TestAnEmptyLedgerVerifies(t *testing.T) {
	s := newStory(t)
	wantSound(t, s.check(s.export("in"), s.export("jp")), "2 logs, consistent")
}

func TestAnyKeyTheSideHasHadIsEnough(t *testing.T) {
	s := usual(t)
	later := []note.Verifier{s.nodes["in"].first, s.nodes["jp"].key.Verifier()}
	wantSound(t, check(t, later, s.export("in"), s.export("jp")))
	wantUnsound(t, check(t, s.keys()[:1], s.export("in")), "none of the keys given is one that jp has here")
	wantUnsound(t, check(t, []note.Verifier{key(t, "in", "false").Verifier(), s.keys()[1]}, s.export("in")), "none of the keys given is one that in has here")
}

func TestALedgerUnderForeignKeysIsFound(t *testing.T) {
	genuine, forged := usual(t), newStory(t)
	for side, n := range forged.nodes {
		n.key = key(t, side, "forger")
		n.first, n.had = n.key.Verifier(), []note.Verifier{n.key.Verifier()}
	}
	forged.agree()
	forged.cross("in", 1)
	forged.witness("in")
	wantUnsound(t, check(t, genuine.keys(), forged.export("in")), "none of the keys given")
	if r := forged.check(forged.export("in")); !r.OK {
		t.Errorf("the forged story does not even hold on its own:\n%s", text(t, r))
	}
}

func TestWhatIsOnItsWayIsARemark(t *testing.T) {
	s := usual(t)
	before := s.export("jp")
	s.cross("in", 2)
	s.send("in", 1)
	s.send("in", 1)
	r := s.check(s.export("in"), before)
	wantSound(t, r,
		"jp has not yet cosigned leaves 12 to 15",
		"no receipt yet of shipments 4 to 5 of in",
		"shipments 3 to 5 of in not yet seen by jp",
		"receipt 3 of jp held by in, not yet in the file of jp",
		"receipt 3 of jp states a ledger longer than the file")
	wantSound(t, s.check(before, s.export("in")), "not yet seen by jp")

	inBefore := usual(t).export("in")
	wantSound(t, s.check(inBefore, s.export("jp")), "shipment 3 of in received by jp, not yet in the file of in", "receipt 3 of jp not yet seen by in")
}

func TestALedgerWithoutCosignaturesIsRemarkedOn(t *testing.T) {
	s := newStory(t)
	s.cross("in", 1)
	wantSound(t, s.check(s.export("in")), "not cosigned by jp", "jp has cosigned no checkpoint in this file",
		"shipment 1 of in rests on a version of in-jp-2022 that this ledger does not show signed by both sides")
}

// rewrite exports a ledger whose leaves were changed afterwards, and signed
// again by an owner who takes part in it.
func rewrite(t testing.TB, s *story, side ident.Side, change func([][]byte) [][]byte) []byte {
	t.Helper()
	forged := newStory(t)
	n := forged.nodes[side]
	n.key = s.nodes[side].key
	forged.nodes[other(side)].first = s.nodes[other(side)].first
	for _, leaf := range change(bytesClone(s.nodes[side].leaves)) {
		forged.logged(leaf, side)
	}
	return forged.export(side)
}

func bytesClone(in [][]byte) [][]byte {
	var out [][]byte
	for _, b := range in {
		out = append(out, bytes.Clone(b))
	}
	return out
}

// TestAnOwnerCannotRewriteItsLedger changes leaves and recomputes the tree
// and the checkpoint: what the other side signed gives it away.
func TestAnOwnerCannotRewriteItsLedger(t *testing.T) {
	s := newStory(t)
	s.agree()        // leaves 0, 1
	s.cross("in", 3) // leaves 2, 3
	s.cross("jp", 2) // leaves 4, 5
	s.cross("in", 2) // leaves 6, 7
	swap := func(i, j int) func([][]byte) [][]byte {
		return func(l [][]byte) [][]byte { l[i], l[j] = l[j], l[i]; return l }
	}
	signatures := func(i, j int) func([][]byte) [][]byte {
		return func(l [][]byte) [][]byte {
			a, b := bytes.SplitAfter(l[i], []byte("\n\n")), bytes.SplitAfter(l[j], []byte("\n\n"))
			l[i], l[j] = append(bytes.Clone(a[0]), b[1]...), append(bytes.Clone(b[0]), a[1]...)
			return l
		}
	}
	for _, tc := range []struct {
		name   string
		change func([][]byte) [][]byte
		says   string
	}{
		{"a shipment dropped", func(l [][]byte) [][]byte { return append(l[:2:2], l[3:]...) }, "leaf 2: a receipt of shipment 1 of in, which is not in the ledger before it"},
		{"a receipt before its shipment", swap(2, 3), "leaf 2: a receipt of shipment 1"},
		{"shipments in another order", swap(2, 6), "leaf 2: shipment 2 of in came while 1 is awaited"},
		{"older leaves in another order, under a receipt of ours", swap(0, 1), "leaf 5: the receipt of shipment 1 states another root"},
		{"signatures swapped", signatures(2, 6), "the signature by in"},
		{"a shipment twice", func(l [][]byte) [][]byte { return append(l, l[6]) }, "leaf 8: shipment 2 of in is logged twice"},
		{"a receipt twice", func(l [][]byte) [][]byte { return append(l, l[7]) }, "leaf 8: a second receipt of shipment 2 of in"},
		{"a leaf that is no note", func(l [][]byte) [][]byte { return append(l, []byte("hello")) }, "leaf 8: not a note of Twoseas"},
		{"a note of a kind unknown, signed by nobody known", func(l [][]byte) [][]byte {
			msg, err := key(t, "uk").Sign([]byte("twoseas/new/v1\n"))
			s.must(err)
			return append(l, msg)
		}, "leaf 8: note: none of the known keys signed it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantUnsound(t, s.check(rewrite(t, s, "in", tc.change)), tc.says)
		})
	}
}

func TestAnOwnerCannotDenyWhatItGaveAReceiptFor(t *testing.T) {
	s := newStory(t)
	s.agree()
	s.cross("jp", 2) // leaves 2, 3
	s.cross("in", 1)
	denied := rewrite(t, s, "in", func(l [][]byte) [][]byte { return append(l[:2:2], l[4:]...) })
	wantSound(t, s.check(denied))
	wantUnsound(t, s.check(denied, s.export("jp")), "in gave a receipt of shipment 1 of jp, and its ledger of 4 leaves does not have it",
		"the receipt of shipment 1 of jp states another root of 3 leaves than the ledger of in has")
}

func TestTwoHistoriesOfOneLedgerAreFound(t *testing.T) {
	s, forked := usual(t), newStory(t)
	forked.agree()
	forked.cross("in", 3)
	forked.cross("jp", 1) // 2 in the other history
	wantSound(t, forked.check(forked.export("in"), forked.export("jp")))
	wantUnsound(t, s.check(s.export("in"), forked.export("in")), "files 1 and 2 are two histories of the ledger of in: they part at leaf 4")
	wantUnsound(t, s.check(s.export("in"), forked.export("jp")), "shipment 1 of jp is not the same in both ledgers: sent sha256:")

	before := usual(t).export("in")
	s.cross("in", 1)
	wantSound(t, s.check(before, s.export("in")))
	wantSound(t, s.check(s.export("in"), before))
}

func TestReceiptsThatDifferAreFound(t *testing.T) {
	s := newStory(t)
	msg := s.send("in", 2)
	s.receive(msg)
	h, link, _, err := shipment.Open(msg, s.keys()...)
	s.must(err)
	second := newStory(t)
	second.logged(msg, "in", "jp")
	second.now = second.now.Add(time.Second)
	s.logged(second.answer(h, link), "in")
	wantUnsound(t, s.check(s.export("in"), s.export("jp")), "the receipt of shipment 1 of in is not the same in both ledgers")
}

func TestThePartnerCannotStateTwoLedgers(t *testing.T) {
	s := newStory(t)
	for range 2 { // each time the partner answers from a ledger that holds this shipment only
		msg := s.send("in", 1)
		h, link, _, err := shipment.Open(msg, s.keys()...)
		s.must(err)
		elsewhere := newStory(t)
		elsewhere.logged(msg, "jp")
		s.logged(elsewhere.answer(h, link), "in")
	}
	wantUnsound(t, s.check(s.export("in")), "jp states two different roots for 1 leaves of its ledger")
}

func TestAReceiptMustFitItsShipmentAndItsLedger(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*shipment.Receipt)
		says   string
	}{
		"an item unaccounted for":               {func(r *shipment.Receipt) { r.Applied-- }, "answers for 1 items of 2"},
		"a ledger that lacks the shipment yet":  {func(r *shipment.Receipt) { r.LedgerSize = 1 }, "states a ledger of 1 leaves"},
		"a ledger that has the receipt already": {func(r *shipment.Receipt) { r.LedgerSize = 4 }, "with the shipment and without the receipt it had 3 to 3"},
		"a ledger of another root":              {func(r *shipment.Receipt) { r.LedgerRoot[0]++ }, "states another root of 3 leaves"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.agree()
			msg := s.send("jp", 2)
			h, link, _, err := shipment.Open(msg, s.keys()...)
			s.must(err)
			s.logged(msg, "in")
			r := s.receipt(h, link)
			tc.change(&r)
			signed, err := r.Sign(s.nodes["in"].key)
			s.must(err)
			s.logged(signed, "in")
			wantUnsound(t, s.check(s.export("in")), tc.says)
		})
	}
}

package verify_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
)

// homeLog is a home log kept as plainly as can be.
type homeLog struct {
	*story
	key    note.Signer
	first  note.Verifier
	leaves [][]byte
}

func newHome(t testing.TB) *homeLog {
	k := key(t, "in")
	return &homeLog{story: newStory(t), key: k, first: k.Verifier()}
}

func (h *homeLog) did(lines string) {
	h.t.Helper()
	msg, err := h.key.Sign([]byte("twoseas/act/v1\n" + lines))
	h.must(err)
	h.leaves = append(h.leaves, msg)
}

func (h *homeLog) rotate() {
	h.t.Helper()
	next := key(h.t, "in", "next")
	msg, err := note.Rotate(h.key, next, h.now)
	h.must(err)
	h.leaves, h.key = append(h.leaves, msg), next
}

func (h *homeLog) export() []byte {
	h.t.Helper()
	var tree merkle.Tree
	for _, l := range h.leaves {
		h.must(tree.Append(l))
	}
	root, err := tree.Root(tree.Size())
	h.must(err)
	cp, err := h.key.Sign(merkle.Checkpoint{Origin: "twoseas/in/home/live", Size: tree.Size(), Root: root}.Text())
	h.must(err)
	var b bytes.Buffer
	w, err := verify.NewWriter(&b, h.head(cp))
	h.must(err)
	for _, l := range h.leaves {
		h.must(w.Leaf(l))
	}
	h.must(w.Close())
	return b.Bytes()
}

func (h *homeLog) head(cp []byte) verify.Ledger {
	return verify.Ledger{Agreement: verify.HomeAgreement, Domain: ident.Live, Owner: "in", OwnerKey: h.first, Checkpoint: cp}
}

const read = "at 2026-11-22T08:00:00Z\nby asha\nact read\nobject indicator--1\n"

func TestAHomeLogVerifies(t *testing.T) {
	h := newHome(t)
	h.did(read)
	h.rotate()
	h.did(read)
	file := h.export()
	keys := []note.Verifier{key(t, "in", "next").Verifier()}
	r := check(t, keys, file)
	wantSound(t, r, "home log of in, live: 3 leaves", "1 key rotation, 2 twoseas/act/v1, consistent")
	wantUnsound(t, check(t, []note.Verifier{key(t, "jp").Verifier()}, file), "none of the keys given")
	// It is read as it was written.
	reader, err := verify.NewReader(bytes.NewReader(file))
	h.must(err)
	if !reader.Home() || reader.Owner != "in" || reader.Partner != "" {
		t.Errorf("head: %+v", reader.Ledger)
	}
	// It stands beside exchange ledgers and is compared with none of them.
	s := usual(t)
	wantSound(t, check(t, s.keys(), s.export("in"), s.export("jp"), newHomeOf(t, read)))
}

func newHomeOf(t *testing.T, entries ...string) []byte {
	h := newHome(t)
	for _, e := range entries {
		h.did(e)
	}
	return h.export()
}

func TestAnyByteChangedInAHomeLogIsFound(t *testing.T) {
	good := newHomeOf(t, read, read)
	keys := []note.Verifier{key(t, "in").Verifier()}
	wantSound(t, check(t, keys, good))
	for i := range good {
		file := bytes.Clone(good)
		file[i] ^= 1 << (i % 8)
		if r := check(t, keys, file); r.OK {
			t.Errorf("byte %d, %q, changed to %q and nobody noticed", i, good[i], file[i])
		}
	}
}

func TestWhatHasNoPlaceInAHomeLog(t *testing.T) {
	sign := func(t *testing.T, side ident.Side, text string) []byte {
		msg, err := key(t, side).Sign([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return msg
	}
	for name, tc := range map[string]struct {
		side       ident.Side
		text, says string
	}{
		"a shipment":               {"in", "twoseas/shipment/v1\nagreement x\n", "twoseas/shipment/v1 in a home log"},
		"a receipt":                {"in", "twoseas/receipt/v1\nagreement x\n", "in a home log"},
		"an agreement":             {"in", "twoseas/agreement/v1\nagreement x\n", "in a home log"},
		"an act of another side's": {"jp", "twoseas/act/v1\n" + read, "no signature"},
		"an act of nobody":         {"in", "twoseas/act/v1\nat 2026-11-22T08:00:00Z\nact read\n", `"by" and a value`},
		"an act at no time":        {"in", "twoseas/act/v1\nat noon\nby asha\nact read\n", "want a time"},
		"something else":           {"in", "a letter\n", "not a note of Twoseas"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.leaves = append(h.leaves, sign(t, tc.side, tc.text))
			r := check(t, []note.Verifier{key(t, "in").Verifier(), key(t, "jp").Verifier()}, h.export())
			if r.OK || tc.says != "no signature" && !strings.Contains(text(t, r), tc.says) {
				t.Errorf("does not say %q:\n%s", tc.says, text(t, r))
			}
		})
	}
}

func TestTheTwoFormsAreNotMixed(t *testing.T) {
	h, s := newHome(t), usual(t)
	h.did(read)
	home, exchange := string(h.export()), string(s.export("in"))
	for name, file := range map[string]string{
		"a home log with the title of a ledger":     strings.Replace(home, "twoseas/home/v1", "twoseas/ledger/v1", 1),
		"a ledger with the title of a home log":     strings.Replace(exchange, "twoseas/ledger/v1", "twoseas/home/v1", 1),
		"a ledger under an agreement called home":   strings.Replace(exchange, "agreement in-jp-2022", "agreement home", 1),
		"a home log with a partner":                 strings.Replace(home, "owner in\n", "owner in\npartner jp\n", 1),
		"a home log whose key is of another side's": strings.Replace(home, h.first.String(), key(t, "jp").Verifier().String(), 1),
	} {
		if _, err := verify.NewReader(strings.NewReader(file)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s is read: %v", name, err)
		}
	}
	cp := h.head(nil)
	cp.Partner = "jp"
	if _, err := verify.NewWriter(io.Discard, cp); err == nil {
		t.Error("a home log with a partner is written")
	}
}

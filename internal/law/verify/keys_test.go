package verify_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
)

func TestNotesOnTheirWayDuringARotationVerify(t *testing.T) {
	s := newStory(t)
	s.agree()
	late := s.send("jp", 1) // signed with the first key, arrives after the rotation
	s.rotate("jp", "second")
	s.now = s.now.Add(time.Minute)
	receipt := s.receive(s.send("in", 1))
	s.logged(receipt, "in") // the second key overtakes
	s.logged(s.receive(late), "jp")
	s.cross("jp", 1)
	s.rotate("jp", "third")
	s.rotate("in", "second")
	s.cross("jp", 1)
	s.cross("in", 1)
	s.now = s.now.Add(time.Minute)
	s.witness("in")
	s.witness("jp")
	wantSound(t, s.check(s.export("in"), s.export("jp")), "6 key rotations, consistent")
}

func TestAKeyGivenUpSignsNothingMore(t *testing.T) {
	first := key(t, "jp")
	for name, tc := range map[string]struct {
		act  func(*story)
		file ident.Side
		says string
	}{
		"a shipment in its own ledger": {func(s *story) { s.nodes["jp"].key = first; s.send("jp", 1) }, "jp", "which jp had given up"},
		"a receipt in its own ledger":  {func(s *story) { msg := s.send("in", 1); s.nodes["jp"].key = first; s.receive(msg) }, "jp", "which jp had given up"},
		"a shipment in the partner's, after one with the new key": {func(s *story) {
			s.cross("jp", 1)
			s.nodes["jp"].key = first
			s.logged(s.send("jp", 1), "in")
		}, "in", "after jp had gone over to another key"},
		"a signature of the agreement": {func(s *story) { s.nodes["jp"].key = first; s.agree() }, "jp", "which jp had given up"},
		"a note of another kind": {func(s *story) {
			msg, err := first.Sign([]byte("twoseas/new/v1\n"))
			s.must(err)
			s.logged(msg, "jp")
		}, "jp", "which jp had given up"},
		"a checkpoint": {func(s *story) { s.nodes["jp"].key = first; s.witness("jp") }, "jp", "wants the signature of"},
		"a cosignature after the change": {func(s *story) {
			s.nodes["jp"].key = first
			s.now = s.now.Add(time.Second)
			s.witness("in")
		}, "in", "which is not or no longer a key of jp"},
		"another rotation from the first key": {func(s *story) {
			s.nodes["jp"].key = first
			s.rotate("jp", "third")
		}, "in", "key rotation: hands over from"},
		"a rotation back": {func(s *story) { s.rotate("jp") }, "in", "was given up before"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.agree()
			s.rotate("jp", "second")
			wantSound(t, s.check(s.export(tc.file)))
			tc.act(s)
			wantUnsound(t, s.check(s.export(tc.file)), tc.says)
		})
	}
}

// TestAWrongClockIsNotHeldAgainstASide: notes and cosignatures bear times, and
// no check depends on them.
func TestAWrongClockIsNotHeldAgainstASide(t *testing.T) {
	s := newStory(t)
	s.agree()
	s.now = s.now.Add(1000 * time.Hour)
	s.cross("jp", 1)
	s.witness("in")
	s.rotate("jp", "second")
	s.now = s.now.Add(-2000 * time.Hour)
	s.cross("jp", 1)
	s.witness("in")
	s.rotate("jp", "third")
	s.witness("in")
	s.witness("jp")
	r := s.check(s.export("in"), s.export("jp"))
	wantSound(t, r)
	if r.Logs[0].Cosigned != r.Logs[0].Size {
		t.Errorf("cosigned up to %d of %d", r.Logs[0].Cosigned, r.Logs[0].Size)
	}
}

// TestTheNewKeyMayCosignBeforeItsNoteArrives: the partner has rotated, and
// the owner's ledger has not yet been told.
func TestTheNewKeyMayCosignBeforeItsNoteArrives(t *testing.T) {
	s := newStory(t)
	s.agree()
	first := s.nodes["jp"].key
	next := key(t, "jp", "second")
	msg, err := note.Rotate(first, next, s.now)
	s.must(err)
	s.nodes["jp"].key = next
	s.witness("in")
	s.logged(msg, "in")
	wantSound(t, s.check(s.export("in")), "cosigned by jp up to 2", "jp has not yet cosigned leaf 2")
}

func TestTheTwoSidesMustBeToldTheSameKeys(t *testing.T) {
	s := newStory(t)
	first := s.nodes["jp"].key
	for side, word := range map[ident.Side]string{"in": "for in", "jp": "at home"} {
		msg, err := note.Rotate(first, key(t, "jp", word), s.now)
		s.must(err)
		s.logged(msg, side)
		s.nodes["jp"].key = key(t, "jp", "at home")
	}
	wantSound(t, s.check(s.export("in")))
	wantSound(t, s.check(s.export("jp")))
	wantUnsound(t, s.check(s.export("in"), s.export("jp")), "the two ledgers know different keys of jp")
}

// TestALogThatBeganAfterARotationKnowsFewerKeys: one side's log begins when
// it signs, the other's when the copy arrives, and in between jp went over to
// another key. The log that began later starts with the key of that day.
func TestALogThatBeganAfterARotationKnowsFewerKeys(t *testing.T) {
	for name, early := range map[string]ident.Side{
		"the side that rotates began first": "jp",
		"its partner began first":           "in",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.changeKey("jp", key(t, "jp", "second"), early)
			s.changeKey("jp", key(t, "jp", "third"), early)
			firsts := map[ident.Side]note.Verifier{early: s.nodes["jp"].first, other(early): s.nodes["jp"].key.Verifier()}
			s.agree()
			s.cross("jp", 2)
			s.rotate("jp", "fourth")
			s.cross("in", 1)
			in, jp := s.exportFrom("in", firsts["in"]), s.exportFrom("jp", firsts["jp"])
			keys := append(s.keys(), s.nodes["jp"].had...)
			wantSound(t, check(t, keys, in, jp), "consistent")
			wantSound(t, check(t, keys, jp, in), "consistent")
		})
	}
}

// TestLogsThatBeganApartMustMeetAndAgree: each ledger holds on its own.
func TestLogsThatBeganApartMustMeetAndAgree(t *testing.T) {
	for name, tc := range map[string]struct{ in, jp string }{
		"no key in common":                          {"a b", "c d"},
		"another key after the one where they meet": {"a b c", "b d"},
		"another key two after":                     {"a b c d", "b c e f"},
		"a key left out":                            {"a b c", "a c"},
		"a key put in":                              {"a b c", "a b d c"},
		"a key put in where only one has more":      {"b c", "a b d c"},
		"back to a key that the other saw given up": {"a b c", "c a"},
		"two keys in turn":                          {"a b", "b a"},
		"once round":                                {"a b c", "b c a"},
		"meets only at a later key":                 {"a c", "b c"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			in, jp, keys := s.told("in", tc.in), s.told("jp", tc.jp), s.keys()
			for _, word := range []string{"a", "b", "c", "d", "e", "f"} {
				keys = append(keys, key(t, "jp", word).Verifier())
			}
			wantSound(t, check(t, keys, in))
			wantSound(t, check(t, keys, jp))
			wantUnsound(t, check(t, keys, in, jp), "the two ledgers know different keys of jp")
			wantUnsound(t, check(t, keys, jp, in), "the two ledgers know different keys of jp")
		})
	}
}

// TestPartsOfOneSequenceOfKeysAreSound: wherever two logs begin and end, if
// they share a key at which one begins.
func TestPartsOfOneSequenceOfKeysAreSound(t *testing.T) {
	for _, tc := range []struct{ in, jp string }{
		{"a", "a"},
		{"a b c", "c"},
		{"c", "a b c"},
		{"a b c", "b"},
		{"a b", "b c"},
		{"b c", "a b"},
		{"a b c d", "c d e f"},
		{"a b c", "a b"},
	} {
		s := newStory(t)
		in, jp, keys := s.told("in", tc.in), s.told("jp", tc.jp), s.keys()
		keys = append(keys, key(t, "jp", "a").Verifier(), key(t, "jp", "b").Verifier(), key(t, "jp", "c").Verifier())
		wantSound(t, check(t, keys, in, jp), "consistent")
		wantSound(t, check(t, keys, jp, in), "consistent")
	}
}

// exportFrom writes owner's ledger, which knows jp from the key first on.
func (s *story) exportFrom(owner ident.Side, first note.Verifier) []byte {
	s.t.Helper()
	n := s.nodes["jp"]
	was := n.first
	n.first = first
	defer func() { n.first = was }()
	return s.export(owner)
}

// told writes the ledger of owner in which jp has had the keys of these words
// and nothing else happened.
func (s *story) told(owner ident.Side, words string) []byte {
	s.t.Helper()
	n := s.nodes["jp"]
	var first note.Verifier
	for i, word := range strings.Fields(words) {
		if next := key(s.t, "jp", word); i == 0 {
			n.key, first = next, next.Verifier()
		} else {
			s.changeKey("jp", next, owner)
		}
	}
	return s.exportFrom(owner, first)
}

// TestOneTextUnderTwoKeysIsFound: each ledger holds on its own, and the key
// that signed is not the same.
func TestOneTextUnderTwoKeysIsFound(t *testing.T) {
	for kind, says := range map[string]string{
		"shipment": "shipment 1 of jp is signed with",
		"receipt":  "the receipt of shipment 1 of in is signed with",
	} {
		t.Run(kind, func(t *testing.T) {
			s := newStory(t)
			first := s.nodes["jp"].key
			s.rotate("jp", "second")
			var atHome []byte
			if kind == "shipment" {
				atHome = s.send("jp", 1)
			} else {
				atHome = s.receive(s.send("in", 1))
			}
			text, err := note.Text(atHome)
			s.must(err)
			abroad, err := first.Sign(text)
			s.must(err)
			s.logged(abroad, "in")
			wantSound(t, s.check(s.export("in")))
			wantSound(t, s.check(s.export("jp")))
			wantUnsound(t, s.check(s.export("in"), s.export("jp")), says)
		})
	}
}

func TestStrangersHaveNoPlaceInALedger(t *testing.T) {
	uk := key(t, "uk")
	for name, tc := range map[string]struct {
		leaf func(*story) []byte
		says string
	}{
		"a rotation of a third side": {func(s *story) []byte {
			msg, err := note.Rotate(uk, key(t, "uk", "second"), s.now)
			s.must(err)
			return msg
		}, "a key of uk in a ledger of in and jp"},
		"an agreement signed by a third side too": {func(s *story) []byte {
			msg, err := note.Sign([]byte("twoseas/agreement/v1\nagreement in-jp-2022\nversion 1\nhash "+hash.String()+"\n"), s.nodes["in"].key, uk)
			s.must(err)
			return msg
		}, "signed by more than the keys of in and jp"},
		"a signature of another agreement": {func(s *story) []byte {
			msg, err := s.nodes["in"].key.Sign([]byte("twoseas/agreement/v1\nagreement in-uk-2026\nversion 1\nhash " + hash.String() + "\n"))
			s.must(err)
			return msg
		}, "a signature of in-uk-2026 in the ledger of in-jp-2022"},
		"a signature of no hash": {func(s *story) []byte {
			msg, err := s.nodes["in"].key.Sign([]byte("twoseas/agreement/v1\nagreement in-jp-2022\nversion 1\n"))
			s.must(err)
			return msg
		}, "agreement signature: line 4"},
		"a shipment of another domain": {func(s *story) []byte {
			play, err := ident.Exercise("x")
			s.must(err)
			s.nodes["in"].chain.Domain = play
			return s.send("in", 1)
		}, "of the domain exercise/x"},
		"a shipment of another agreement": {func(s *story) []byte {
			s.nodes["in"].chain.Agreement = "in-uk-2026"
			return s.send("in", 1)
		}, "under in-uk-2026"},
		"a shipment to a third side": {func(s *story) []byte {
			s.nodes["in"].chain.To = "uk"
			return s.send("in", 1)
		}, "from in to uk"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			leaf := tc.leaf(s)
			if n := s.nodes["in"]; len(n.leaves) == 0 {
				s.logged(leaf, "in")
			}
			wantUnsound(t, s.check(s.export("in")), tc.says)
		})
	}
}

func TestCheckpointsMustFitTheLeaves(t *testing.T) {
	s := usual(t)
	n := s.nodes["in"]
	for name, tc := range map[string]struct {
		change func(*verifyHeader)
		says   string
	}{
		"a newest one of other leaves":   {func(h *verifyHeader) { h.Checkpoint = s.state(n.key, h.size, ident.Sum([]byte("x"))) }, "the leaves do not have the root that in signed for 12 of them"},
		"an earlier one of other leaves": {func(h *verifyHeader) { h.Earlier = [][]byte{s.state(n.key, 4, ident.Sum([]byte("x")))} }, "signed for 4 of them"},
		"one signed by the partner": {func(h *verifyHeader) {
			h.Earlier = [][]byte{s.state(s.nodes["jp"].key, 6, s.root("in", 6))}
		}, "wants the signature of in"},
		"one signed by a stranger too": {func(h *verifyHeader) {
			text, err := note.Text(h.Checkpoint)
			s.must(err)
			h.Checkpoint, err = note.Sign(text, n.key, key(t, "uk"))
			s.must(err)
		}, "and no other"},
		"one the owner cosigned itself": {func(h *verifyHeader) {
			line, err := note.Cosign(h.Checkpoint, n.key, s.now)
			s.must(err)
			h.Checkpoint = append(bytes.Clone(h.Checkpoint), line...)
		}, "is cosigned with in"},
	} {
		t.Run(name, func(t *testing.T) {
			h := verifyHeader{s.header("in"), n.tree.Size()}
			tc.change(&h)
			wantUnsound(t, s.check(s.write(h.Ledger, n.leaves)), tc.says)
		})
	}
}

func (s *story) root(side ident.Side, size int64) ident.Digest {
	s.t.Helper()
	r, err := s.nodes[side].tree.Root(size)
	s.must(err)
	return r
}

// state signs any state of the ledger of in.
func (s *story) state(k note.Signer, size int64, root ident.Digest) []byte {
	s.t.Helper()
	msg, err := k.Sign(merkle.Checkpoint{Origin: merkle.Origin("in", agreement, ident.Live), Size: size, Root: root}.Text())
	s.must(err)
	return msg
}

// verifyHeader is a header and the size it is for.
type verifyHeader struct {
	verify.Ledger

	size int64
}

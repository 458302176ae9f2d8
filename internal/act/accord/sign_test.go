package accord_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

func TestAnAgreementIsInForceOnceBothHaveSigned(t *testing.T) {
	in, jp := pairOfNodes(t)
	_, err := in.inForce(t)
	wantFault(t, err, fault.NotFound)
	v, w := in.add(t, reference(1, "", "")), jp.add(t, reference(1, "", ""))
	if v != w {
		t.Fatalf("the nodes hold different texts: %v and %v", v, w)
	}
	_, err = in.inForce(t)
	wantSays(t, err, fault.Denied, "nobody has signed version 1")
	ours := in.sign(t, v)
	_, err = in.inForce(t)
	wantSays(t, err, fault.Denied, "waits for the signature of jp")
	if in.forced != 0 {
		t.Error("in force by one signature")
	}
	jp.countersign(t, "in", ours)
	_, err = jp.inForce(t)
	wantSays(t, err, fault.Denied, "waits for our signature")
	in.countersign(t, "jp", jp.sign(t, v))
	if again := in.sign(t, v); string(again) != string(ours) {
		t.Error("signing again gives another note")
	}
	for _, n := range []*node{in, jp} {
		terms := n.mustInForce(t)
		other := map[ident.Side]ident.Side{"in": "jp", "jp": "in"}[n.side]
		if terms.Hash != v.Hash || terms.Version != 1 || terms.Self != n.side || terms.Partner != other || terms.Table.Halted != "" {
			t.Errorf("%s carries out %+v", n.side, terms)
		}
		if n.forced != 1 || len(n.leaves(t)) != 2 {
			t.Errorf("%s: told %d times, %d leaves", n.side, n.forced, len(n.leaves(t)))
		}
		if list, err := n.Versions(t.Context(), n.h, inJP); err != nil || !list[0].InForce || !slices.Equal(list[0].Signed, []ident.Side{"in", "jp"}) {
			t.Errorf("%s: %+v, %v", n.side, list, err)
		}
	}
}

// approvals returns how many officers a rule asks for.
func approvals(terms accord.Terms, rule string) int {
	for _, r := range terms.Table.Rules {
		if r.ID == rule {
			return r.Then.Approvals
		}
	}
	return -1
}

// Acceptance test 24, clause 3(2).
func TestAnAmendmentSignedByOneSideOnlyChangesNothing(t *testing.T) {
	in, jp := pairOfNodes(t)
	v1 := agree(t, in, jp)
	before := in.mustInForce(t)
	v2 := in.add(t, stricter(2, v1))
	if jp.add(t, stricter(2, v1)) != v2 {
		t.Fatal("different texts")
	}
	ours := in.sign(t, v2)
	jp.countersign(t, "in", ours)
	for _, n := range []*node{in, jp} {
		terms := n.mustInForce(t)
		if terms.Hash != v1.Hash || approvals(terms, "sensitive") != 1 || n.forced != 1 {
			t.Errorf("%s carries out version %d", n.side, terms.Version)
		}
		if !terms.Life.Amendment {
			t.Errorf("%s does not show that an amendment is proposed", n.side)
		}
	}
	if now := in.mustInForce(t); now.Table != before.Table {
		t.Error("the rows were compiled anew for nothing")
	}
	in.countersign(t, "jp", jp.sign(t, v2))
	for _, n := range []*node{in, jp} {
		terms := n.mustInForce(t)
		if terms.Hash != v2.Hash || approvals(terms, "sensitive") != 2 || n.forced != 2 {
			t.Errorf("%s carries out version %d", n.side, terms.Version)
		}
		if terms.Life.Amendment || terms.Life.Version != 2 {
			t.Errorf("%s: the amendment is still open: %+v", n.side, terms.Life)
		}
		var hashes []ident.Digest
		n.write(t, func(tx *store.Tx) error {
			var err error
			hashes, err = n.SignedVersions(tx, inJP)
			return err
		})
		if !slices.Equal(hashes, []ident.Digest{v2.Hash, v1.Hash}) {
			t.Errorf("signed versions %v", hashes)
		}
	}
}

func TestADroppedAmendmentUsesUpItsNumber(t *testing.T) {
	in, jp := pairOfNodes(t)
	v1 := agree(t, in, jp)
	dropped := in.add(t, reference(2, v1.Hash.String(), "Dropped"))
	in.sign(t, dropped)
	_, err := in.Add(t.Context(), in.h, desk, []byte(stricter(2, v1)))
	wantSays(t, err, fault.Conflict, "signed")
	v3 := in.add(t, stricter(3, v1))
	jp.add(t, stricter(3, v1))
	signBoth(t, in, jp, v3)
	for _, n := range []*node{in, jp} {
		if terms := n.mustInForce(t); terms.Version != 3 || terms.Life.Amendment || terms.Life.Version != 3 {
			t.Errorf("%s carries out version %d, %+v", n.side, terms.Version, terms.Life)
		}
	}
	_, err = jp.Add(t.Context(), jp.h, desk, []byte(reference(2, v1.Hash.String(), "Dropped")))
	wantSays(t, err, fault.Conflict, "version 3 of in-jp-2022 is in force")
}

// Both sides sign each other's amendments at the same time.
func TestCrossedSignaturesEndAtTheSameVersion(t *testing.T) {
	in, jp := pairOfNodes(t)
	v1 := agree(t, in, jp)
	var v2, v3 accord.Version
	for _, n := range []*node{in, jp} {
		v2, v3 = n.add(t, stricter(2, v1)), n.add(t, reference(3, v1.Hash.String(), "Third"))
	}
	in2, jp3 := in.sign(t, v2), jp.sign(t, v3)
	in.countersign(t, "jp", jp3)
	jp.countersign(t, "in", in2)
	in3, jp2 := in.sign(t, v3), jp.sign(t, v2) // in carries out 3, jp carries out 2
	if a, b := in.mustInForce(t).Version, jp.mustInForce(t).Version; a != 3 || b != 2 {
		t.Fatalf("in force %d and %d", a, b)
	}
	in.countersign(t, "jp", jp2)
	jp.countersign(t, "in", in3)
	if a, b := in.mustInForce(t), jp.mustInForce(t); a.Hash != v3.Hash || b.Hash != v3.Hash {
		t.Errorf("in force %d and %d", a.Version, b.Version)
	}
}

func TestSignRefuses(t *testing.T) {
	in, _ := pairOfNodes(t)
	ctx := t.Context()
	v := in.add(t, reference(1, "", ""))
	replaced := in.add(t, reference(1, "", "Changed"))
	_, err := in.Sign(ctx, in.h, desk, v)
	wantSays(t, err, fault.Conflict, "changed after you read it")
	for _, by := range []people.Actor{{}, {Name: "a", Roles: []people.Role{people.Administrator, people.Analyst}}} {
		_, err = in.Sign(ctx, in.h, by, replaced)
		wantFault(t, err, fault.Denied)
		_, err = in.Add(ctx, in.h, by, []byte(reference(1, "", "")))
		wantFault(t, err, fault.Denied)
		_, err = in.Record(ctx, in.h, by, inJP, agreement.Event{Name: agreement.RaiseDifference})
		wantFault(t, err, fault.Denied)
	}
	_, err = in.Sign(ctx, in.h, desk, accord.Version{ID: inJP, Number: 7})
	wantFault(t, err, fault.NotFound)
	stranger, _ := note.Generate(rand.Reader, "jp")
	named := in.add(t, withKey(reference(1, "", ""), "jp", stranger.Verifier()))
	_, err = in.Sign(ctx, in.h, desk, named)
	wantSays(t, err, fault.Denied, "does not know as a key of jp")
	other, _ := note.Generate(rand.Reader, "in")
	named = in.add(t, withKey(reference(1, "", ""), "in", other.Verifier()))
	_, err = in.Sign(ctx, in.h, desk, named)
	wantSays(t, err, fault.Denied, "does not know as a key of in")
	if n := len(in.leaves(t)); n != 0 {
		t.Errorf("%d leaves", n)
	}
}

// withKey writes a key into the document for a side.
func withKey(yaml string, side string, v note.Verifier) string {
	return strings.Replace(yaml, "  - id: "+side+"\n", "  - id: "+side+"\n    key: "+v.String()+"\n", 1)
}

func TestASignatureInAnExerciseSaysNothingInTheLiveDomain(t *testing.T) {
	clk := clock.NewFake(storetest.Start)
	s := storetest.SQLite(t, clk)
	in, jp := newNode(t, "in", s, clk), newNode(t, "jp", storetest.SQLite(t, clk), clk)
	in.meet(t, jp, store.PeerActive)
	jp.meet(t, in, store.PeerActive)
	v := agree(t, in, jp)
	d, err := ident.Exercise("two-shores")
	if err != nil {
		t.Fatal(err)
	}
	play, err := s.Domain(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	err = play.Read(t.Context(), func(tx *store.Tx) error {
		_, err := in.InForce(tx, inJP)
		return err
	})
	wantFault(t, err, fault.NotFound)
	// The same document with the live keys, brought into the exercise: its
	// keys are none of the exercise's.
	yaml := withKey(withKey(reference(1, "", ""), "in", in.key(t).Verifier()), "jp", jp.key(t).Verifier())
	w, err := in.Add(t.Context(), play, desk, []byte(yaml))
	if err != nil || w.Hash != v.Hash {
		t.Fatalf("%v, %v", w, err)
	}
	_, err = in.Sign(t.Context(), play, desk, w)
	wantFault(t, err, fault.Denied)
	// Even the live signatures, copied over, bind nobody there.
	if in.mustInForce(t).Hash != v.Hash {
		t.Fatal("not in force in the live domain")
	}
	var sigs []store.AgreementSignature
	in.write(t, func(tx *store.Tx) error {
		sigs, err = tx.AgreementSignatures(inJP, 1)
		return err
	})
	err = play.Write(t.Context(), func(tx *store.Tx) error {
		for _, sig := range sigs {
			if err := tx.SignAgreement(sig); err != nil {
				return err
			}
		}
		_, err := in.InForce(tx, inJP)
		return err
	})
	wantFault(t, err, fault.Conflict)
}

// Whose key a document names is part of what both sign.
func TestADocumentThatNamesAnotherKeyBindsNobody(t *testing.T) {
	in, jp := pairOfNodes(t)
	stranger, err := note.Generate(rand.Reader, "jp")
	if err != nil {
		t.Fatal(err)
	}
	v := in.add(t, withKey(reference(1, "", ""), "jp", stranger.Verifier()))
	text := []byte(signingText(t, in, v))
	theirs := must(jp.key(t).Sign(text))
	wantSays(t, in.Countersign(t.Context(), in.h, "jp", theirs), fault.Denied, "does not know as a key of jp")
	in.write(t, func(tx *store.Tx) error {
		ours, err := in.ring.Signer(tx)
		if err != nil {
			return err
		}
		for side, msg := range map[ident.Side][]byte{"in": must(ours.Sign(text)), "jp": theirs} {
			s := store.AgreementSignature{Agreement: inJP, Version: 1, Side: side, Hash: v.Hash, Note: msg}
			if err := tx.SignAgreement(s); err != nil {
				return err
			}
		}
		return nil
	})
	_, err = in.inForce(t)
	wantFault(t, err, fault.Conflict)
}

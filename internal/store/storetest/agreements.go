package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

const memorandum = ident.Agreement("in-jp-2022")

func version(n int64, text string) store.AgreementVersion {
	return store.AgreementVersion{
		ID: memorandum, Version: n, Hash: ident.Sum([]byte(text)),
		Document: []byte(`{"text":"` + text + `"}`), Source: []byte("text: " + text),
	}
}

func write(t *testing.T, h *store.Handle, fn func(*store.Tx) error) {
	t.Helper()
	if err := h.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func wantFault(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("error %v, want one of kind %s", err, kind)
	}
}

func testAgreements(t *testing.T, open Opener) {
	t.Run("a version comes back as it was stored", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		write(t, h, func(tx *store.Tx) error { return tx.SaveAgreement(version(1, "a")) })
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.Agreement(memorandum, 1)
			if err != nil {
				return err
			}
			want := version(1, "a")
			want.Added = Start.UnixMicro()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			_, err = tx.Agreement(memorandum, 2)
			wantFault(t, err, fault.NotFound)
			_, err = tx.Agreement("jp-us", 1)
			wantFault(t, err, fault.NotFound)
			return nil
		})
	})
	t.Run("a version is replaced until somebody has signed it", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		write(t, h, func(tx *store.Tx) error { return tx.SaveAgreement(version(1, "a")) })
		write(t, h, func(tx *store.Tx) error { return tx.SaveAgreement(version(1, "b")) })
		sign(t, h, 1, "jp", "a") // of the text that was replaced: protects nothing
		write(t, h, func(tx *store.Tx) error { return tx.SaveAgreement(version(1, "b")) })
		sign(t, h, 1, "in", "b")
		err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveAgreement(version(1, "c")) })
		wantFault(t, err, fault.Conflict)
		write(t, h, func(tx *store.Tx) error { return tx.SaveAgreement(version(2, "c")) })
		read(t, h, func(tx *store.Tx) error {
			list, err := tx.AgreementVersions(memorandum)
			if err != nil {
				return err
			}
			if len(list) != 2 || list[0].Hash != version(1, "b").Hash || list[1].Hash != version(2, "c").Hash {
				t.Errorf("versions %v", list)
			}
			return nil
		})
	})
	t.Run("the signed versions are those that both sides signed", func(t *testing.T) { testSignedVersions(t, open) })
	t.Run("a signature is untold until the partner has that very one", func(t *testing.T) { testUntoldSignatures(t, open) })
	t.Run("an exercise sees nothing of the live agreements", func(t *testing.T) { testAgreementDomains(t, open) })
	t.Run("events are numbered in the order of recording", func(t *testing.T) { testAgreementEvents(t, open) })
}

func read(t *testing.T, h *store.Handle, fn func(*store.Tx) error) {
	t.Helper()
	if err := h.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// signature is a side's on the n-th version as version makes it of text.
func signature(n int64, side ident.Side, text string) store.AgreementSignature {
	return store.AgreementSignature{
		Agreement: memorandum, Version: n, Side: side, Hash: version(n, text).Hash,
		Note: fmt.Appendf(nil, "%s %d %s", side, n, text), At: Start.UnixMicro(),
	}
}

func sign(t *testing.T, h *store.Handle, n int64, side ident.Side, text string) {
	t.Helper()
	write(t, h, func(tx *store.Tx) error { return tx.SignAgreement(signature(n, side, text)) })
}

func testSignedVersions(t *testing.T, open Opener) {
	t.Helper()
	h := Live(t, open(t, clock.NewFake(Start)))
	want := func(numbers ...int64) {
		t.Helper()
		read(t, h, func(tx *store.Tx) error {
			list, err := tx.SignedVersions(memorandum, "in")
			var got []int64
			for _, v := range list {
				got = append(got, v.Version)
				if v.Hash != version(v.Version, "a").Hash {
					t.Errorf("version %d has the hash %s", v.Version, v.Hash)
				}
			}
			if !slices.Equal(got, numbers) {
				t.Errorf("signed versions %v, want %v", got, numbers)
			}
			return err
		})
	}
	for n := range int64(3) {
		write(t, h, func(tx *store.Tx) error { return tx.SaveAgreement(version(n+1, "a")) })
	}
	want()
	sign(t, h, 1, "in", "a")
	sign(t, h, 1, "in", "a")
	want()
	sign(t, h, 1, "jp", "b") // another text than is stored
	want()
	sign(t, h, 1, "jp", "a")
	want(1)
	sign(t, h, 3, "jp", "a")
	want(1)
	sign(t, h, 3, "in", "a")
	want(3, 1)
	sign(t, h, 2, "in", "a")
	sign(t, h, 2, "jp", "a")
	want(3, 2, 1)
	sign(t, h, 3, "in", "a") // once more: takes the place of the first
	read(t, h, func(tx *store.Tx) error {
		for side, n := range map[ident.Side]int{"jp": 1, "au": 0} {
			ids, err := tx.AgreementsSignedBy(side)
			if err != nil || len(ids) != n {
				t.Errorf("signed by %s: %v, %v", side, ids, err)
			}
		}
		got, err := tx.AgreementSignatures(memorandum, 3)
		if diff := cmp.Diff([]store.AgreementSignature{signature(3, "in", "a"), signature(3, "jp", "a")}, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

func testUntoldSignatures(t *testing.T, open Opener) {
	t.Helper()
	h := Live(t, open(t, clock.NewFake(Start)))
	want := func(wanted ...store.AgreementSignature) {
		t.Helper()
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.UntoldSignatures(memorandum, "in")
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
	}
	told := func(s store.AgreementSignature) {
		t.Helper()
		write(t, h, func(tx *store.Tx) error { return tx.SignatureTold(s) })
	}
	sign(t, h, 2, "in", "a")
	sign(t, h, 1, "in", "a")
	sign(t, h, 1, "jp", "a")
	want(signature(1, "in", "a"), signature(2, "in", "a"))
	told(signature(1, "in", "a"))
	want(signature(2, "in", "a"))
	sign(t, h, 1, "in", "b") // signed anew: the partner has the old one only
	told(signature(1, "in", "a"))
	want(signature(1, "in", "b"), signature(2, "in", "a"))
	told(signature(1, "in", "b"))
	told(signature(2, "in", "a"))
	want()
}

func testAgreementDomains(t *testing.T, open Opener) {
	t.Helper()
	s := open(t, clock.NewFake(Start))
	d, err := ident.Exercise("two-shores")
	if err != nil {
		t.Fatal(err)
	}
	live, play := Live(t, s), Handle(t, s, d)
	write(t, live, func(tx *store.Tx) error { return tx.SaveAgreement(version(1, "a")) })
	sign(t, live, 1, "in", "a")
	sign(t, live, 1, "jp", "a")
	write(t, live, func(tx *store.Tx) error {
		_, err := tx.AddAgreementEvent(store.AgreementEvent{Agreement: memorandum, Event: "sign"})
		return err
	})
	read(t, play, func(tx *store.Tx) error {
		ids, err := tx.Agreements()
		if err != nil || len(ids) != 0 {
			t.Errorf("agreements %v, %v", ids, err)
		}
		signed, err := tx.SignedVersions(memorandum, "in")
		if err != nil || len(signed) != 0 {
			t.Errorf("signed in the exercise: %v, %v", signed, err)
		}
		untold, err := tx.UntoldSignatures(memorandum, "in")
		if err != nil || len(untold) != 0 {
			t.Errorf("untold in the exercise: %v, %v", untold, err)
		}
		events, err := tx.AgreementEvents(memorandum)
		if err != nil || len(events) != 0 {
			t.Errorf("events %v, %v", events, err)
		}
		ids, err = tx.AgreementsSignedBy("in")
		if err != nil || len(ids) != 0 {
			t.Errorf("signed by in: %v, %v", ids, err)
		}
		sigs, err := tx.AgreementSignatures(memorandum, 1)
		if err != nil || len(sigs) != 0 {
			t.Errorf("signatures %v, %v", sigs, err)
		}
		return nil
	})
	// A signature in one domain does not protect or change the other's draft.
	write(t, play, func(tx *store.Tx) error { return tx.SaveAgreement(version(1, "b")) })
	write(t, play, func(tx *store.Tx) error { return tx.SaveAgreement(version(1, "c")) })
	read(t, live, func(tx *store.Tx) error {
		ids, err := tx.Agreements()
		if err != nil || len(ids) != 1 || ids[0] != memorandum {
			t.Errorf("agreements %v, %v", ids, err)
		}
		v, err := tx.Agreement(memorandum, 1)
		if v.Hash != version(1, "a").Hash {
			t.Error("the exercise changed the live agreement")
		}
		return err
	})
}

func testAgreementEvents(t *testing.T, open Opener) {
	t.Helper()
	h := Live(t, open(t, clock.NewFake(Start)))
	want := []store.AgreementEvent{
		{Agreement: memorandum, N: 1, Event: "sign", Side: "in", At: Start.UnixMicro(), Detail: "New Delhi"},
		{Agreement: memorandum, N: 2, Event: "extend", At: Start.Add(-time.Hour).UnixMicro()},
	}
	for _, e := range want {
		write(t, h, func(tx *store.Tx) error {
			n, err := tx.AddAgreementEvent(e)
			if n != e.N {
				t.Errorf("event %d, want %d", n, e.N)
			}
			return err
		})
	}
	write(t, h, func(tx *store.Tx) error {
		n, err := tx.AddAgreementEvent(store.AgreementEvent{Agreement: "jp-us", Event: "sign"})
		if n != 1 {
			t.Errorf("the first event of another agreement is %d", n)
		}
		return err
	})
	read(t, h, func(tx *store.Tx) error {
		got, err := tx.AgreementEvents(memorandum)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

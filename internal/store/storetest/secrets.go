package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func testSecrets(t *testing.T, open Opener) {
	t.Run("a secret is replaced in its own domain only", func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		drill, err := ident.Exercise("drill")
		if err != nil {
			t.Fatal(err)
		}
		live, play := Live(t, s), Handle(t, s, drill)
		write(t, live, func(tx *store.Tx) error { return tx.SetSecret("key", []byte("one")) })
		read(t, play, func(tx *store.Tx) error {
			_, err := tx.Secret("key")
			wantFault(t, err, fault.NotFound)
			return nil
		})
		write(t, play, func(tx *store.Tx) error { return tx.SetSecret("key", []byte("play")) })
		write(t, live, func(tx *store.Tx) error { return tx.SetSecret("key", []byte{0, 1, 255}) })
		read(t, live, func(tx *store.Tx) error {
			got, err := tx.Secret("key")
			if string(got) != "\x00\x01\xff" {
				t.Errorf("secret %q", got)
			}
			_, missing := tx.Secret("other")
			wantFault(t, missing, fault.NotFound)
			return err
		})
	})
	t.Run("a side's keys come back in the order they were added", func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		h := Live(t, s)
		// Later keys sort first and all have one time: only the order counts.
		want := []store.PeerKey{{VKey: "jp+z", Since: 7}, {VKey: "jp+m", Since: 7}, {VKey: "jp+a", Since: 7}}
		for _, k := range want {
			write(t, h, func(tx *store.Tx) error { return tx.AddPeerKey("jp", k) })
		}
		write(t, h, func(tx *store.Tx) error { return tx.AddPeerKey("in", store.PeerKey{VKey: "in+b", Since: 8}) })
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.PeerKeys("jp")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if err != nil {
				return err
			}
			all, err := tx.AllPeerKeys()
			if diff := cmp.Diff(append([]store.PeerKey{{VKey: "in+b", Since: 8}}, want...), all); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
	t.Run("no key serves twice, by any side or in any domain", func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		drill, err := ident.Exercise("drill")
		if err != nil {
			t.Fatal(err)
		}
		live, play := Live(t, s), Handle(t, s, drill)
		write(t, live, func(tx *store.Tx) error { return tx.AddPeerKey("jp", store.PeerKey{VKey: "jp+a"}) })
		for name, try := range map[string]struct {
			h    *store.Handle
			side ident.Side
		}{
			"the same side":  {live, "jp"},
			"another side":   {live, "in"},
			"another domain": {play, "jp"},
		} {
			err := try.h.Write(t.Context(), func(tx *store.Tx) error { return tx.AddPeerKey(try.side, store.PeerKey{VKey: "jp+a"}) })
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("%s may use the key again: %v", name, err)
			}
		}
		read(t, play, func(tx *store.Tx) error {
			if got, err := tx.PeerKeys("jp"); len(got) != 0 || err != nil {
				t.Errorf("the exercise knows the live keys %v (%v)", got, err)
			}
			if got, err := tx.AllPeerKeys(); len(got) != 0 || err != nil {
				t.Errorf("the exercise knows all live keys %v (%v)", got, err)
			}
			return nil
		})
	})
}

package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func peer(side ident.Side) store.Peer {
	return store.Peer{
		Side: side, State: store.PeerUnconfirmed, URL: "https://" + string(side) + ".example",
		SPKI: ident.Sum([]byte(side)), VKey: string(side) + "+1", SAS: "1234", Tries: 1, Told: 2, Pinned: 3, Changed: 4,
	}
}

func testPeers(t *testing.T, open Opener) {
	t.Run("a peer comes back as saved, until it is removed", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		write(t, h, func(tx *store.Tx) error { return tx.SavePeer(peer("jp")) })
		want := peer("jp")
		want.State, want.SAS, want.Next, want.Changed = store.PeerActive, "", ident.Sum([]byte("next")), 5
		write(t, h, func(tx *store.Tx) error { return tx.SavePeer(want) })
		write(t, h, func(tx *store.Tx) error { return tx.SavePeer(peer("au")) })
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.Peer("jp")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			list, _ := tx.Peers()
			if len(list) != 2 || list[0].Side != "au" || list[1].Side != "jp" {
				t.Errorf("peers %v", list)
			}
			return err
		})
		write(t, h, func(tx *store.Tx) error { return tx.RemovePeer("jp") })
		err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.RemovePeer("jp") })
		wantFault(t, err, fault.NotFound)
		read(t, h, func(tx *store.Tx) error {
			_, err := tx.Peer("jp")
			wantFault(t, err, fault.NotFound)
			return nil
		})
	})
	t.Run("a pin finds its peer and no other", func(t *testing.T) { testPins(t, open) })
	t.Run("two peers never have the same TLS key", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		write(t, h, func(tx *store.Tx) error { return tx.SavePeer(peer("jp")) })
		twin := peer("au")
		twin.SPKI = peer("jp").SPKI
		if err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.SavePeer(twin) }); err == nil {
			t.Error("two peers have the same TLS key")
		}
	})
	t.Run("key notes are numbered, and a domain has its own", func(t *testing.T) { testKeyNotes(t, open) })
	t.Run("invitations are kept until they expire", func(t *testing.T) { testInvitations(t, open) })
}

func testPins(t *testing.T, open Opener) {
	t.Helper()
	h := Live(t, open(t, clock.NewFake(Start)))
	byPin := func(pin ident.Digest, want ident.Side) {
		t.Helper()
		read(t, h, func(tx *store.Tx) error {
			p, err := tx.PeerByPin(pin)
			if p.Side != want || fault.Is(err, fault.NotFound) != (want == "") {
				t.Errorf("peer %q, %v; want %q", p.Side, err, want)
			}
			return nil
		})
	}
	in, jp, us := peer("in"), peer("jp"), peer("us")
	next := ident.Sum([]byte("next"))
	jp.Next = next
	for _, p := range []store.Peer{in, jp, us} {
		write(t, h, func(tx *store.Tx) error { return tx.SavePeer(p) })
	}
	byPin(in.SPKI, "in")
	byPin(jp.SPKI, "jp")
	byPin(next, "jp")
	byPin(ident.Sum([]byte("nobody")), "")
	byPin(ident.Digest{}, "") // peers that have announced none are not found by none
	us.Next = jp.SPKI
	write(t, h, func(tx *store.Tx) error { return tx.SavePeer(us) })
	byPin(jp.SPKI, "jp") // announcing another's key takes nothing from it
	us.Next = next
	write(t, h, func(tx *store.Tx) error { return tx.SavePeer(us) })
	byPin(next, "")
}

func testInvitations(t *testing.T, open Opener) {
	t.Helper()
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	want := store.Invitation{
		ID: "one", State: store.InvitationOpen, Secret: []byte("s"), Used: []byte{},
		Expires: Start.Add(time.Hour).UnixMicro(),
	}
	write(t, h, func(tx *store.Tx) error { return tx.SaveInvitation(want) })
	got := func() (store.Invitation, error) {
		var v store.Invitation
		err := h.Read(t.Context(), func(tx *store.Tx) error {
			var err error
			v, err = tx.Invitation("one")
			return err
		})
		return v, err
	}
	v, err := got()
	if diff := cmp.Diff(want, v, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Error(diff, err)
	}
	want.State, want.Secret, want.Used = store.InvitationUsed, []byte{}, []byte("m")
	write(t, h, func(tx *store.Tx) error {
		again := want
		again.Secret = nil
		return tx.SaveInvitation(again)
	})
	v, err = got()
	if diff := cmp.Diff(want, v, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, step := range []struct {
		wait time.Duration
		left bool
	}{{time.Hour - time.Second, true}, {time.Second, false}} {
		clk.Advance(step.wait)
		write(t, h, func(tx *store.Tx) error { _, err := tx.DropInvitations(); return err })
		if _, err := got(); fault.Is(err, fault.NotFound) == step.left {
			t.Errorf("%s later: %v", step.wait, err)
		}
	}
}

func testKeyNotes(t *testing.T, open Opener) {
	t.Helper()
	s := open(t, clock.NewFake(Start))
	d, err := ident.Exercise("two-shores")
	if err != nil {
		t.Fatal(err)
	}
	live, play := Live(t, s), Handle(t, s, d)
	for _, text := range []string{"a", "b", "c"} {
		write(t, live, func(tx *store.Tx) error { return tx.AddKeyNote([]byte(text)) })
	}
	write(t, play, func(tx *store.Tx) error { return tx.AddKeyNote([]byte("x")) })
	for _, c := range []struct {
		h     *store.Handle
		after int64
		want  string
	}{{live, 0, "abc"}, {live, 2, "c"}, {live, 3, ""}, {play, 0, "x"}} {
		read(t, c.h, func(tx *store.Tx) error {
			notes, err := tx.KeyNotes(c.after)
			if got := string(bytes.Join(notes, nil)); got != c.want {
				t.Errorf("notes after %d are %q, want %q", c.after, got, c.want)
			}
			return err
		})
	}
}

package pairing_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"twoseas/internal/act/pairing"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

func TestPairingGivesBothSidesTheSameStringAndEachOthersKeys(t *testing.T) {
	in, jp := pairOfNodes(t)
	exchange(t, in, jp)
	atIN, atJP := in.peer(t, "jp"), jp.peer(t, "in")
	if !regexp.MustCompile(`^\d{4} \d{4} \d{4} \d{4}$`).MatchString(atIN.SAS) || atIN.SAS != atJP.SAS {
		t.Errorf("strings %q and %q", atIN.SAS, atJP.SAS)
	}
	if atIN.State != store.PeerUnconfirmed || atJP.State != store.PeerUnconfirmed {
		t.Errorf("states %s and %s before anybody compared", atIN.State, atJP.State)
	}
	if atIN.VKey != jp.vkey(t) || atJP.VKey != in.vkey(t) || atIN.SPKI != jp.pin || atJP.SPKI != in.pin {
		t.Error("a node has another key than the partner's")
	}
	if atIN.URL != "https://jp.example:7443" {
		t.Errorf("address %s", atIN.URL)
	}
	confirm(t, in, jp)
	if in.peer(t, "jp").State != store.PeerActive || jp.peer(t, "in").State != store.PeerUnconfirmed {
		t.Error("one person's confirmation holds for one node, and for that one")
	}
	confirm(t, jp, in)
	in.read(t, func(tx *store.Tx) error {
		v, err := in.ring.PartnerKey(tx, "jp")
		if v.String() != jp.vkey(t) {
			t.Errorf("partner's key %s", v)
		}
		return err
	})
	wantFault(t, in.Confirm(t.Context(), officer, "jp", atIN.SAS), fault.Conflict)
}

func TestPairingTwiceGivesOtherStrings(t *testing.T) {
	in, jp := pairOfNodes(t)
	seen := map[string]bool{}
	for range 20 {
		exchange(t, in, jp)
		seen[in.peer(t, "jp").SAS] = true
		remove(t, in, "jp")
		remove(t, jp, "in")
	}
	if len(seen) != 20 {
		t.Errorf("%d strings in 20 pairings of the same keys", len(seen))
	}
}

func remove(t *testing.T, n *node, side ident.Side) {
	t.Helper()
	if err := n.Remove(t.Context(), officer, side); err != nil {
		t.Fatal(err)
	}
}

// Whoever sits between the nodes and speaks to each as the other is found by
// the people, whatever keys it uses.
func TestAManInTheMiddleShowsTheTwoPeopleDifferentStrings(t *testing.T) {
	in, jp := pairOfNodes(t)
	asJP, asIN := newNode(t, "jp", "mallory 1"), newNode(t, "in", "mallory 2")
	callToIN := asJP.accept(t, in.invite(t)) // the code was caught on its way
	callToFake := jp.accept(t, asIN.invite(t))
	jp.finish(t, asIN.answer(t, callToFake.Hello, jp.pin))
	asJP.finish(t, in.answer(t, callToIN.Hello, asJP.pin))
	atIN, atJP := in.peer(t, "jp").SAS, jp.peer(t, "in").SAS
	if atIN == "" || atJP == "" || atIN == atJP {
		t.Fatalf("strings %q and %q", atIN, atJP)
	}
	wantFault(t, in.Confirm(t.Context(), officer, "jp", atJP), fault.Denied)
	wantFault(t, jp.Confirm(t.Context(), officer, "in", atIN), fault.Denied)
}

func TestAChangedHelloShowsTheTwoPeopleDifferentStrings(t *testing.T) {
	other := newNode(t, "jp", "other")
	other.invite(t) // makes its key
	for name, change := range map[string]func(*pairing.Hello){
		"the signing key": func(h *pairing.Hello) { h.Guest.VKey = other.vkey(t) },
		"the TLS key":     func(h *pairing.Hello) { h.Guest.SPKI = other.pin.String() },
		"the address":     func(h *pairing.Hello) { h.Guest.URL = "https://jp.example.org" },
		"the nonce":       func(h *pairing.Hello) { h.Nonce = make([]byte, len(h.Nonce)) },
	} {
		t.Run(name, func(t *testing.T) {
			in, jp := pairOfNodes(t)
			call := jp.accept(t, in.invite(t))
			hello := call.Hello
			change(&hello)
			pin, _ := ident.ParseDigest(hello.Guest.SPKI)
			jp.finish(t, in.answer(t, hello, pin))
			if atIN, atJP := in.peer(t, "jp").SAS, jp.peer(t, "in").SAS; atIN == "" || atIN == atJP {
				t.Errorf("strings %q and %q", atIN, atJP)
			}
		})
	}
}

func TestAChangedCodeIsFoundByTheAnswer(t *testing.T) {
	other := newNode(t, "in", "other")
	other.invite(t)
	for name, change := range map[string]func(inviter map[string]any){
		"the signing key": func(c map[string]any) { c["vkey"] = other.vkey(t) },
		"the TLS key":     func(c map[string]any) { c["spki"] = other.pin.String() },
		"the address":     func(c map[string]any) { c["url"] = "https://in.example.org" },
	} {
		t.Run(name, func(t *testing.T) {
			in, jp := pairOfNodes(t)
			code := pairing.Recode(in.invite(t), func(v map[string]any) { change(v["inviter"].(map[string]any)) })
			call := jp.accept(t, code)
			_, err := jp.Finish(t.Context(), in.answer(t, call.Hello, jp.pin))
			wantFault(t, err, fault.Denied)
			if got := jp.peer(t, "in"); got.Side != "" {
				t.Errorf("kept %+v", got)
			}
		})
	}
	t.Run("the time it stands", func(t *testing.T) {
		in, jp := pairOfNodes(t)
		code := pairing.Recode(in.invite(t), func(v map[string]any) { v["expires"] = "2036-11-22T09:00:00Z" })
		_, err := jp.Finish(t.Context(), in.answer(t, jp.accept(t, code).Hello, jp.pin))
		wantFault(t, err, fault.Denied)
	})
}

// The string must depend on the inviter's nonce itself: who knows only its
// commitment must not be able to compute the string and choose a hello to fit.
func TestTheStringDependsOnAllThatWasSaid(t *testing.T) {
	in, jp := pairOfNodes(t)
	code := in.invite(t)
	hello := jp.accept(t, code).Hello
	a, b := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	moved, renamed := hello.Guest, hello.Guest
	moved.URL, renamed.Side = "https://x.example", "us"
	otherCode := pairing.Recode(code, func(v map[string]any) { v["commitment"] = ident.Sum(nil).String() })
	first := pairing.SAS(code, hello.Guest, a, b)
	for name, other := range map[string]string{
		"inviter's nonce": pairing.SAS(code, hello.Guest, b, b),
		"guest's nonce":   pairing.SAS(code, hello.Guest, a, a),
		"both, swapped":   pairing.SAS(code, hello.Guest, b, a),
		"commitment":      pairing.SAS(otherCode, hello.Guest, a, b),
		"address":         pairing.SAS(code, moved, a, b),
		"side":            pairing.SAS(code, renamed, a, b),
	} {
		if other == first {
			t.Errorf("the %s makes no difference", name)
		}
	}
	if pairing.SAS(code, hello.Guest, a, b) != first {
		t.Error("the same meeting gives two strings")
	}
}

func TestAnAnswerOpensOneCommitmentOnly(t *testing.T) {
	in, jp := pairOfNodes(t)
	call := jp.accept(t, in.invite(t))
	answer := in.answer(t, call.Hello, jp.pin)
	bad := pairing.Answer{Invitation: answer.Invitation, Nonce: make([]byte, 32)}
	_, err := jp.Finish(t.Context(), bad)
	wantFault(t, err, fault.Denied)
	first := jp.finish(t, answer) // the wrong one did no harm
	if again := jp.finish(t, answer); again != first {
		t.Errorf("the same answer again: %+v, want %+v", again, first)
	}
	_, err = jp.Finish(t.Context(), bad)
	wantFault(t, err, fault.Denied)
}

func TestAnInvitationIsForOneGuest(t *testing.T) {
	in, jp := pairOfNodes(t)
	thief := newNode(t, "jp", "thief")
	code := in.invite(t)
	hello := jp.accept(t, code).Hello
	answer := in.answer(t, hello, jp.pin)
	if again := in.answer(t, hello, jp.pin); string(again.Nonce) != string(answer.Nonce) {
		t.Error("the same hello, sent again after a lost answer, gets another one")
	}
	before := in.peer(t, "jp")
	_, err := in.Answer(t.Context(), thief.accept(t, code).Hello, thief.pin)
	wantFault(t, err, fault.Denied)
	if after := in.peer(t, "jp"); after != before {
		t.Errorf("a second guest changed the peer: %+v", after)
	}
}

func TestInspectTellsWhoInvites(t *testing.T) {
	in := newNode(t, "in", "in")
	code := in.invite(t)
	card, until, err := pairing.Inspect(code)
	if err != nil || card.Side != "in" || card.SPKI != in.pin.String() || card.VKey != in.vkey(t) || !until.Equal(storetest.Start.Add(pairing.Patience)) {
		t.Errorf("%+v until %s, %v", card, until, err)
	}
	if _, _, err := pairing.Inspect(code[1:]); !fault.Is(err, fault.Invalid) {
		t.Errorf("error %v", err)
	}
}

func TestTheSameCodeGivesTheSameHello(t *testing.T) {
	in, jp := pairOfNodes(t)
	code := in.invite(t)
	first := jp.accept(t, code).Hello
	if again := jp.accept(t, code).Hello; string(again.Nonce) != string(first.Nonce) {
		t.Error("a guest that asks twice offers a second nonce, and so a second guess")
	}
	same := pairing.Recode(code, func(v map[string]any) { v["commitment"] = ident.Sum(nil).String() })
	_, err := jp.Accept(t.Context(), officer, same)
	wantFault(t, err, fault.Conflict)
}

func TestAnInvitationExpires(t *testing.T) {
	in, jp := pairOfNodes(t)
	code := in.invite(t)
	call := jp.accept(t, code)
	wait(pairing.Patience-time.Second, in, jp)
	in.answer(t, call.Hello, jp.pin)
	wait(time.Second, in, jp)
	_, err := jp.Accept(t.Context(), officer, code)
	wantFault(t, err, fault.Denied)
	us := newNode(t, "us", "us")
	wait(pairing.Patience, us)
	_, err = us.Accept(t.Context(), officer, code) // which it never saw before
	wantFault(t, err, fault.Denied)
	_, err = in.Answer(t.Context(), call.Hello, jp.pin)
	wantFault(t, err, fault.Denied)
	in.invite(t) // which forgets what has expired
	_, err = in.Answer(t.Context(), call.Hello, jp.pin)
	wantFault(t, err, fault.NotFound)
}

func TestAPairingThatNobodyConfirmsMakesRoomForAnother(t *testing.T) {
	in, jp := pairOfNodes(t)
	exchange(t, in, jp)
	old := in.peer(t, "jp").SAS
	call := func() error {
		_, err := jp.Accept(t.Context(), officer, in.invite(t))
		return err
	}
	wantFault(t, call(), fault.Conflict)
	wait(pairing.Patience, in, jp)
	wantFault(t, in.Confirm(t.Context(), officer, "jp", old), fault.Denied)
	exchange(t, in, jp)
	confirm(t, in, jp)
}

func TestConfirm(t *testing.T) {
	in, jp := pairOfNodes(t)
	exchange(t, in, jp)
	right := jp.peer(t, "in").SAS
	wrong := "0000 0000 0000 0000"
	wantFault(t, in.Confirm(t.Context(), officer, "jp", right[:14]), fault.Invalid)
	wantFault(t, in.Confirm(t.Context(), officer, "us", right), fault.NotFound)
	for range 2 {
		wantFault(t, in.Confirm(t.Context(), officer, "jp", wrong), fault.Denied)
	}
	if got := in.peer(t, "jp").Tries; got != 2 {
		t.Errorf("%d tries counted, want 2: what is no string at all does not count", got)
	}
	if err := in.Confirm(t.Context(), officer, "jp", right); err != nil {
		t.Errorf("the right string after two wrong ones: %v", err)
	}
	for range 3 {
		wantFault(t, jp.Confirm(t.Context(), officer, "in", wrong), fault.Denied)
	}
	wantFault(t, jp.Confirm(t.Context(), officer, "in", right), fault.NotFound)
	remove(t, in, "jp")
	pair(t, in, jp) // and they may begin anew
}

func TestConfirmReadsWhatPeopleType(t *testing.T) {
	in, jp := pairOfNodes(t)
	exchange(t, in, jp)
	ascii := strings.ReplaceAll(jp.peer(t, "in").SAS, " ", "")
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, ascii)
	nagari := strings.Map(func(r rune) rune { return r - '0' + '०' }, ascii)
	for _, typed := range []string{ascii, " " + ascii[:8] + "-" + ascii[8:] + ".", wide, nagari} {
		if err := in.Confirm(t.Context(), officer, "jp", typed); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
		in.write(t, func(tx *store.Tx) error {
			p, err := tx.Peer("jp")
			p.State, p.SAS = store.PeerUnconfirmed, ascii
			return errors.Join(err, tx.SavePeer(p))
		})
	}
}

func TestAnActivePeerIsNotDisplaced(t *testing.T) {
	in, jp := pairOfNodes(t)
	pair(t, in, jp)
	before := in.peer(t, "jp")
	thief := newNode(t, "jp", "thief")
	_, err := in.Answer(t.Context(), thief.accept(t, in.invite(t)).Hello, thief.pin)
	wantFault(t, err, fault.Conflict)
	_, err = in.Accept(t.Context(), officer, thief.invite(t))
	wantFault(t, err, fault.Conflict)
	if !strings.Contains(fault.Message(err), "already") {
		t.Errorf("%v does not say what to do", err)
	}
	us := newNode(t, "us", "jp") // the TLS key of jp
	_, err = in.Answer(t.Context(), us.accept(t, in.invite(t)).Hello, us.pin)
	wantFault(t, err, fault.Denied)
	if after := in.peer(t, "jp"); after != before {
		t.Errorf("displaced: %+v", after)
	}
}

func TestWithoutTheRoleNobodyPairs(t *testing.T) {
	in, jp := pairOfNodes(t)
	code := in.invite(t)
	exchange(t, in, jp)
	ctx := t.Context()
	for _, by := range []people.Actor{{}, {Name: "a", Roles: []people.Role{people.Analyst, people.Auditor}}} {
		_, err := in.Invite(ctx, by, "")
		wantFault(t, err, fault.Denied)
		_, err = jp.Accept(ctx, by, code)
		wantFault(t, err, fault.Denied)
		wantFault(t, in.Confirm(ctx, by, "jp", in.peer(t, "jp").SAS), fault.Denied)
		wantFault(t, in.Remove(ctx, by, "jp"), fault.Denied)
		wantFault(t, in.Move(ctx, by, "jp", "https://jp.example"), fault.Denied)
		_, err = in.Rotate(ctx, by)
		wantFault(t, err, fault.Denied)
		_, err = in.Announce(ctx, by, jp.pin)
		wantFault(t, err, fault.Denied)
	}
}

func TestMove(t *testing.T) {
	in, jp := pairOfNodes(t)
	pair(t, in, jp)
	before := in.peer(t, "jp")
	if err := in.Move(t.Context(), officer, "jp", "https://[2001:db8::1]:7443/twoseas"); err != nil {
		t.Fatal(err)
	}
	before.URL = "https://[2001:db8::1]:7443/twoseas"
	if after := in.peer(t, "jp"); after != before {
		t.Errorf("moved: %+v", after)
	}
	wantFault(t, in.Move(t.Context(), officer, "jp", "https://jp.example/?q"), fault.Invalid)
	wantFault(t, in.Move(t.Context(), officer, "us", "https://us.example"), fault.NotFound)
}

func TestWhatPeopleDidIsInTheHomeLog(t *testing.T) {
	in, jp := pairOfNodes(t)
	pair(t, in, jp)
	in.read(t, func(tx *store.Tx) error {
		log, err := tx.Log(in.log.HomeOrigin(ident.Live))
		if err != nil {
			return err
		}
		var acts []string
		err = tx.LogLeaves(log.ID, 0, log.Size, func(_ int64, leaf []byte) error {
			acts = append(acts, strings.Fields(strings.Split(string(leaf), "\n")[3])[1])
			return nil
		})
		if got, want := strings.Join(acts, " "), "peer.invite peer.hello peer.confirm"; got != want {
			t.Errorf("home log of the inviter: %s, want %s", got, want)
		}
		return err
	})
}

func TestNothingIsKeptWhenThereIsNoRandomness(t *testing.T) {
	n := newNodeOn(t, "in", "in", storetest.SQLite, iotest.ErrReader(errors.New("no entropy")))
	if _, err := n.Invite(t.Context(), officer, ""); err == nil {
		t.Error("invited without randomness")
	}
}

func TestPairingOfTwoEngines(t *testing.T) {
	in, jp := newNodeOn(t, "in", "in", storetest.Postgres, rand.Reader), newNode(t, "jp", "jp")
	pair(t, in, jp)
	rotate(t, in)
	deliver(t, in, jp)
	if jp.peer(t, "in").VKey != in.vkey(t) {
		t.Error("the rotation did not arrive")
	}
}

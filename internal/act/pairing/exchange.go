package pairing

import (
	"context"
	"encoding/hex"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// kept is what one side of a pairing under way keeps to itself.
type kept struct {
	Invitation invitation `json:"invitation"`
	Guest      *Card      `json:"guest,omitempty"` // this node, when it is the guest
	Nonce      []byte     `json:"nonce"`           // ours
}

// Invite returns a code for the person of the other side to accept. It stands
// for Patience and for one guest. url, unless empty, is where the other side
// reaches this node's peer listener.
func (p *Pairing) Invite(ctx context.Context, by people.Actor, url string) (string, error) {
	if err := by.May(people.Exchange); err != nil {
		return "", err
	}
	id, err := p.random(idSize)
	if err != nil {
		return "", err
	}
	nonce, err := p.random(nonceSize)
	if err != nil {
		return "", err
	}
	v := invitation{ID: hex.EncodeToString(id)}
	err = p.live.Write(ctx, func(tx *store.Tx) error {
		if v.Inviter, err = p.card(tx, url); err != nil {
			return err
		}
		expires := p.clock.Now().Add(Patience).UTC().Truncate(time.Second)
		v.Expires = expires.Format(timeOfCode)
		seal, err := v.seal(nonce)
		if err != nil {
			return err
		}
		v.Commitment = seal.String()
		if err := p.keep(tx, kept{Invitation: v, Nonce: nonce}, store.Invitation{State: store.InvitationOpen}); err != nil {
			return err
		}
		return p.ledger.Record(tx, by.String(), "peer.invite", ledger.Field{Name: "invitation", Value: v.ID})
	})
	if err != nil {
		return "", err
	}
	return v.code()
}

// keep stores one side's part of a pairing, and forgets those that expired.
func (p *Pairing) keep(tx *store.Tx, k kept, v store.Invitation) error {
	secret, err := canon.Marshal(k)
	if err != nil {
		return err
	}
	if _, err := tx.DropInvitations(); err != nil {
		return err
	}
	v.ID, v.Secret, v.Expires = k.Invitation.ID, secret, k.Invitation.expiry().UnixMicro()
	return tx.SaveInvitation(v)
}

// kept returns a pairing under way that has not expired and is in one of two
// states: first before, then after the other side's message.
func (p *Pairing) kept(tx *store.Tx, id string, before, after store.InvitationState) (store.Invitation, kept, error) {
	v, err := tx.Invitation(id)
	if err != nil {
		return v, kept{}, err
	}
	if v.State != before && v.State != after {
		return v, kept{}, fault.New(fault.Denied, "the invitation is one that this node itself gave or took")
	}
	if p.clock.Now().UnixMicro() >= v.Expires {
		return v, kept{}, fault.New(fault.Denied, "the invitation has expired; ask for a new one")
	}
	var k kept
	return v, k, canon.UnmarshalStrict(v.Secret, &k)
}

// Inspect returns who made a code and until when it stands, to be shown before
// it is accepted. It proves nothing; comparing both keys in full with what came
// by a trusted way is as good as comparing the short string.
func Inspect(code string) (Card, time.Time, error) {
	v, err := parseCode(code)
	return v.Inviter, v.expiry(), err
}

// Accept takes a code from the other side's person and returns the call to
// make next. The same code again gives the same call.
func (p *Pairing) Accept(ctx context.Context, by people.Actor, code string) (Call, error) {
	if err := by.May(people.Exchange); err != nil {
		return Call{}, err
	}
	v, err := parseCode(code)
	if err != nil {
		return Call{}, err
	}
	if !p.clock.Now().Before(v.expiry()) {
		return Call{}, fault.New(fault.Denied, "the invitation has expired; ask for a new one")
	}
	nonce, err := p.random(nonceSize)
	if err != nil {
		return Call{}, err
	}
	var k kept
	err = p.live.Write(ctx, func(tx *store.Tx) error {
		if err := p.free(tx, v.Inviter); err != nil {
			return err
		}
		if k, err = p.accepted(tx, v); !fault.Is(err, fault.NotFound) {
			return err
		}
		card, err := p.card(tx, "")
		if err != nil {
			return err
		}
		k = kept{Invitation: v, Guest: &card, Nonce: nonce}
		if err := p.keep(tx, k, store.Invitation{State: store.InvitationAccepted}); err != nil {
			return err
		}
		return p.record(tx, by.String(), "peer.accept", v.Inviter.Side, ledger.Field{Name: "invitation", Value: v.ID})
	})
	if err != nil {
		return Call{}, err
	}
	return callOf(k)
}

// accepted returns what was kept when the same code was accepted before, or
// fault.NotFound.
func (p *Pairing) accepted(tx *store.Tx, v invitation) (kept, error) {
	_, k, err := p.kept(tx, v.ID, store.InvitationAccepted, store.InvitationFinished)
	if err != nil {
		return kept{}, err
	}
	if k.Invitation != v || k.Guest == nil {
		return kept{}, fault.New(fault.Conflict, "another invitation under the same id was accepted before; ask for a new one")
	}
	return k, p.current(tx, *k.Guest)
}

// Call is what the guest does next: send Hello to URL, over TLS to a node
// that shows the key Pin.
type Call struct {
	URL   string
	Pin   ident.Digest
	Side  ident.Side // whom it claims to be
	Hello Hello
}

func callOf(k kept) (Call, error) {
	pin, err := k.Invitation.Inviter.pin()
	return Call{
		URL: k.Invitation.Inviter.URL, Pin: pin, Side: k.Invitation.Inviter.Side,
		Hello: Hello{Invitation: k.Invitation.ID, Guest: *k.Guest, Nonce: k.Nonce},
	}, err
}

// Answer answers a guest's hello, which came over TLS from a client that
// showed the key pin. The guest is then an unconfirmed peer. The same hello
// again gets the same answer; any other for a used invitation is
// fault.Denied.
func (p *Pairing) Answer(ctx context.Context, hello Hello, pin ident.Digest) (Answer, error) {
	if err := hello.check(); err != nil {
		return Answer{}, err
	}
	if hello.Guest.SPKI != pin.String() {
		return Answer{}, fault.New(fault.Denied, "the hello names another TLS key than the connection has")
	}
	raw, err := canon.Marshal(hello)
	if err != nil {
		return Answer{}, err
	}
	// Strangers may call this: those without an invitation do not get as far
	// as the one write transaction.
	err = p.live.Query(ctx, func(tx *store.Tx) error { _, err := tx.Invitation(hello.Invitation); return err })
	if err != nil {
		return Answer{}, err
	}
	var answer Answer
	err = p.live.Write(ctx, func(tx *store.Tx) error {
		v, k, err := p.kept(tx, hello.Invitation, store.InvitationOpen, store.InvitationUsed)
		if err != nil {
			return err
		}
		answer = Answer{Invitation: v.ID, Nonce: k.Nonce}
		this := ident.Sum(raw)
		if v.State == store.InvitationUsed {
			if string(v.Used) != string(this[:]) {
				return fault.New(fault.Denied, "the invitation was used by another message; ask for a new one")
			}
			return nil
		}
		if err := p.current(tx, k.Invitation.Inviter); err != nil {
			return err
		}
		m := meeting{Invitation: k.Invitation, Guest: hello.Guest, InviterNonce: k.Nonce, GuestNonce: hello.Nonce}
		if _, err := p.meet(tx, m, hello.Guest); err != nil {
			return err
		}
		v.State, v.Used = store.InvitationUsed, this[:]
		if err := tx.SaveInvitation(v); err != nil {
			return err
		}
		return p.record(tx, "node "+string(hello.Guest.Side), "peer.hello", hello.Guest.Side, ledger.Field{Name: "invitation", Value: v.ID})
	})
	if err != nil {
		return Answer{}, err
	}
	return answer, nil
}

// Finish takes the inviter's answer and returns the unconfirmed peer. An
// answer that does not open the commitment in the code is fault.Denied: what
// answered is not what made the code, or the code was changed on its way.
func (p *Pairing) Finish(ctx context.Context, answer Answer) (store.Peer, error) {
	if err := answer.check(); err != nil {
		return store.Peer{}, err
	}
	var peer store.Peer
	err := p.live.Write(ctx, func(tx *store.Tx) error {
		v, k, err := p.kept(tx, answer.Invitation, store.InvitationAccepted, store.InvitationFinished)
		if err != nil {
			return err
		}
		if err := k.opens(answer.Nonce); err != nil {
			return err
		}
		inviter := k.Invitation.Inviter
		if v.State == store.InvitationFinished {
			peer, err = tx.Peer(inviter.Side)
			return err
		}
		if err := p.current(tx, *k.Guest); err != nil {
			return err
		}
		m := meeting{Invitation: k.Invitation, Guest: *k.Guest, InviterNonce: answer.Nonce, GuestNonce: k.Nonce}
		if peer, err = p.meet(tx, m, inviter); err != nil {
			return err
		}
		v.State = store.InvitationFinished
		if err := tx.SaveInvitation(v); err != nil {
			return err
		}
		return p.record(tx, "node "+string(inviter.Side), "peer.answer", inviter.Side, ledger.Field{Name: "invitation", Value: v.ID})
	})
	return peer, err
}

// opens checks the nonce of an answer against the commitment in the code.
func (k kept) opens(nonce []byte) error {
	seal, err := k.Invitation.seal(nonce)
	if err != nil {
		return err
	}
	if seal.String() != k.Invitation.Commitment || k.Guest == nil {
		return fault.New(fault.Denied, "the answer does not fit the invitation: somebody may have changed one of them; begin with a new invitation")
	}
	return nil
}

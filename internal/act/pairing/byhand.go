package pairing

import (
	"context"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// AnswerByHand is Answer for a hello that a person brought in a file: there is
// no connection whose key it could be held to. That the guest has the TLS key
// it names is then proven when it first calls; that nobody changed the hello
// on its way is proven, as on a line, by the string that people compare, which
// is made of both cards.
func (p *Pairing) AnswerByHand(ctx context.Context, by people.Actor, hello Hello) (Answer, error) {
	if err := by.May(people.Exchange); err != nil {
		return Answer{}, err
	}
	if err := hello.check(); err != nil {
		return Answer{}, err
	}
	pin, err := hello.Guest.pin()
	if err != nil {
		return Answer{}, err
	}
	return p.Answer(ctx, hello, pin)
}

// AnnounceRecipient returns the note by which this node says to what partners
// encrypt files for it, made anew when renew is set. Partners on a line are
// told by themselves; to others it is brought once, in the open: it holds no
// secret.
func (p *Pairing) AnnounceRecipient(ctx context.Context, by people.Actor, renew bool) (msg []byte, err error) {
	if err := by.May(people.Exchange); err != nil {
		return nil, err
	}
	err = p.live.Write(ctx, func(tx *store.Tx) error {
		if msg, err = p.ring.Recipient(tx, renew); err != nil {
			return err
		}
		if err := tx.AddKeyNote(msg); err != nil {
			return err
		}
		return p.ledger.Record(tx, by.String(), "recipient.announce", ledger.Field{Name: "note", Value: ident.Sum(msg).String()})
	})
	return msg, err
}

func (p *Pairing) hearRecipient(tx *store.Tx, from ident.Side, msg []byte) error {
	news, err := p.ring.AcceptRecipient(tx, from, msg)
	if err != nil || !news {
		return err
	}
	return p.record(tx, "node "+string(from), "recipient.announced", from, ledger.Field{Name: "note", Value: ident.Sum(msg).String()})
}

package library

import (
	"context"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// Crossing is a shipment that carried the object.
type Crossing struct {
	Agreement ident.Agreement
	Partner   ident.Side
	Out       bool // from here to the partner
	Number    int64
	Position  int
	At        time.Time // when it was sent, or came
	Answered  time.Time // zero while there is no receipt
	Link      ident.Digest
}

// Direction is the crossing's, as the store writes it.
func (c Crossing) Direction() string {
	if c.Out {
		return store.Out
	}
	return store.In
}

// maxCrossings bounds the shipments told of one version.
const maxCrossings = 10

// Crossings returns the shipments that carried a version, as far as the index
// has followed.
func Crossings(tx *store.Tx, seq int64) ([]Crossing, error) {
	found, err := tx.Crossings(seq)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]store.Channel, len(channels))
	for _, ch := range channels {
		byID[ch.ID] = ch
	}
	var out []Crossing
	for _, f := range found[:min(len(found), maxCrossings)] {
		s, err := tx.Shipment(f.Channel, f.Direction, f.Number)
		if err != nil {
			return nil, err
		}
		c := Crossing{
			Agreement: byID[f.Channel].Agreement, Partner: byID[f.Channel].Partner, Out: f.Direction == store.Out,
			Number: f.Number, Position: f.Position, At: instant(s.At), Link: s.Link,
		}
		if s.Answered != 0 {
			c.Answered = instant(s.Answered)
		}
		out = append(out, c)
	}
	return out, nil
}

// Prove proves, and verifies now, that a version of the object id was in the
// shipment: only for who may read it, and only where it was.
func (l *Library) Prove(ctx context.Context, h *store.Handle, by people.Actor, class int64, id string, seq int64, number int64, direction string, a ident.Agreement) (exchange.Proof, Crossing, error) {
	o, err := l.Object(ctx, h, by, class, id, seq)
	if err != nil {
		return exchange.Proof{}, Crossing{}, err
	}
	for _, c := range o.Crossings {
		if c.Agreement == a && c.Number == number && c.Direction() == direction {
			p, err := l.c.Exchange.Proved(ctx, h, a, direction, number, c.Position)
			return p, c, err
		}
	}
	return exchange.Proof{}, Crossing{}, fault.New(fault.NotFound, "this version was not in that shipment")
}

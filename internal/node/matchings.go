package node

import (
	"context"
	"log/slog"
	"time"

	"twoseas/internal/act/matching"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/peer"
	"twoseas/internal/store"
)

// matchEvery is how often questions of private matching are looked at without
// being told: one that could not be handed over is tried again.
const matchEvery = 30 * time.Second

// matchings answers what was approved and hands over what was asked, until ctx
// ends.
func (n *Node) matchings(ctx context.Context) {
	questions := n.listen(ctx, store.TopicMatching)
	for {
		n.Board.Begin("matching", "")
		err := n.Matchings.Work(ctx, n.Live, partners{n})
		n.Board.End("matching", "", err, matchEvery)
		if err != nil && ctx.Err() == nil {
			n.Log.WarnContext(ctx, "private matching", slog.String("kind", fault.KindOf(err).String()), slog.String("error", err.Error()))
		}
		if !questions.wait(ctx, matchEvery) {
			return
		}
	}
}

// Line opens a line to the confirmed partner of an agreement.
func (n *Node) Line(ctx context.Context, a ident.Agreement) (*peer.Client, error) {
	side, err := n.Accords.Partner(ctx, n.Live, a)
	if err != nil {
		return nil, err
	}
	var p store.Peer
	err = n.Live.Query(ctx, func(tx *store.Tx) error {
		p, err = tx.Peer(side)
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && p.State != store.PeerActive {
		return nil, fault.Errorf(fault.Unavailable, "%s is not a confirmed partner of this node", side)
	}
	if err != nil {
		return nil, err
	}
	return n.Peers.Client(p), nil
}

// Line is what edges ask the partner by.
func (p partners) Line(ctx context.Context, a ident.Agreement) (matching.Link, func(), error) {
	c, err := p.n.Line(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	return c, c.Close, nil
}

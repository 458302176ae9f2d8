package node

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// Accept takes a partner's invitation, greets its node and returns the peer
// that now waits for two people to compare its short authentication string.
func (n *Node) Accept(ctx context.Context, code string) (store.Peer, error) {
	return n.accept(ctx, n.Operator(), code)
}

func (n *Node) accept(ctx context.Context, by people.Actor, code string) (store.Peer, error) {
	call, err := n.Pairing.Accept(ctx, by, code)
	if err != nil {
		return store.Peer{}, err
	}
	answer, err := n.Peers.Greet(ctx, call)
	if err != nil {
		return store.Peer{}, err
	}
	return n.Pairing.Finish(ctx, answer)
}

// Pair makes two nodes that are both at hand known to each other: what two
// people do with an invitation and a telephone. It returns the code both read
// aloud. a must be serving.
func Pair(ctx context.Context, a, b *Node) (sas string, err error) {
	code, err := a.Pairing.Invite(ctx, a.Operator(), "")
	if err != nil {
		return "", err
	}
	if _, err := b.Accept(ctx, code); err != nil {
		return "", err
	}
	seenByA, err := a.sas(ctx, b.Config.Side)
	if err != nil {
		return "", err
	}
	seenByB, err := b.sas(ctx, a.Config.Side)
	if err != nil {
		return "", err
	}
	// Each types what the other reads out.
	if err := a.Pairing.Confirm(ctx, a.Operator(), b.Config.Side, seenByB); err != nil {
		return "", err
	}
	return seenByA, b.Pairing.Confirm(ctx, b.Operator(), a.Config.Side, seenByA)
}

// sas returns what this node shows for a peer, to be read aloud.
func (n *Node) sas(ctx context.Context, side ident.Side) (string, error) {
	peers, err := n.Pairing.Peers(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range peers {
		if p.Side == side {
			return p.SAS, nil
		}
	}
	return "", fault.Errorf(fault.NotFound, "no peer %s", side)
}

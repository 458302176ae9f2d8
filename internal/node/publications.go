package node

import (
	"context"
	"log/slog"

	"twoseas/internal/store"
)

// publications publishes what was coordinated at the agreed instants, whether
// partners can be reached or not.
func (n *Node) publications(ctx context.Context) {
	changes := n.listen(ctx, store.TopicCoordination)
	for {
		n.Board.Begin("publish", "")
		done, err := n.Coordinations.Publish(ctx, n.Live)
		wait := turnLatest
		if err == nil && !done.Next.IsZero() {
			wait = min(wait, max(0, done.Next.Sub(n.Clock.Now())))
		}
		n.Board.End("publish", "", err, wait)
		switch {
		case err != nil && ctx.Err() == nil:
			n.Log.ErrorContext(ctx, "an advisory that both sides agreed to cannot be published", slog.String("error", err.Error()))
		case done.Count > 0:
			n.Log.InfoContext(ctx, "advisories were published at their instants", slog.Int("advisories", done.Count))
		}
		if !changes.wait(ctx, wait) {
			return
		}
	}
}

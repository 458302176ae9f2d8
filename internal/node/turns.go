package node

import (
	"context"
	"log/slog"
	"time"

	"twoseas/internal/store"
)

// turnLatest is how long the node waits at most before it looks whether
// anything is due: clocks get corrected, and news may be lost.
const turnLatest = time.Minute

// turns lets embargoes end and expiries take effect at their instants.
func (n *Node) turns(ctx context.Context) {
	dates := n.listen(ctx, store.TopicTurn)
	if err := n.Intake.Schedule(ctx, n.Live); err != nil && ctx.Err() == nil {
		n.Log.ErrorContext(ctx, "embargoes and expiries cannot be listed", slog.String("error", err.Error()))
	}
	for {
		n.Board.Begin("turn", "")
		done, err := n.Intake.Turn(ctx, n.Live)
		wait := turnLatest
		if err == nil && !done.Next.IsZero() {
			wait = min(wait, max(0, done.Next.Sub(n.Clock.Now())))
		}
		n.Board.End("turn", "", err, wait)
		switch {
		case err != nil && ctx.Err() == nil:
			n.Log.ErrorContext(ctx, "an embargo or expiry cannot take effect", slog.String("error", err.Error()))
		case done.Labels+done.Objects > 0:
			n.Log.InfoContext(ctx, "embargoes and expiries took effect", slog.Int("labels", done.Labels), slog.Int("objects", done.Objects))
		}
		if !dates.wait(ctx, wait) {
			return
		}
	}
}

package node

import (
	"context"
	"log/slog"
	"time"

	"twoseas/internal/store"
	"twoseas/internal/store/db"
)

// turnLatest is how long the node waits at most before it looks whether
// anything is due: clocks get corrected, and news may be lost.
const turnLatest = time.Minute

// turns lets embargoes end and expiries take effect at their instants.
func (n *Node) turns(ctx context.Context) {
	topics := n.Store.Listen(ctx)
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
		if !turned(ctx, topics, wait) {
			return
		}
	}
}

// turned waits for the next instant, or for news of an earlier one. It is false
// at the end.
func turned(ctx context.Context, topics <-chan string, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case topic, open := <-topics:
			if !open {
				return false
			}
			if topic == store.TopicTurn || topic == db.Everything {
				return true
			}
		}
	}
}

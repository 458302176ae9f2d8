package node

import (
	"context"
	"log/slog"
	"time"

	"twoseas/internal/store"
	"twoseas/internal/store/db"
)

// importEvery is how often the node looks for imports without being told: one
// that a lost process left waits for its lease to run out.
const importEvery = 5 * time.Second

// imports works at what people uploaded, one import at a time.
func (n *Node) imports(ctx context.Context) {
	topics := n.Store.Listen(ctx)
	tick := time.NewTicker(importEvery)
	defer tick.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			var err error
			n.Board.Begin("import", "")
			more, err = n.Imports.Work(ctx, n.Live)
			n.Board.End("import", "", err, importEvery)
			if err != nil && ctx.Err() == nil {
				n.Log.ErrorContext(ctx, "an import failed", slog.String("error", err.Error()))
			}
		}
		if !n.woken(ctx, topics, tick.C) {
			return
		}
	}
}

// woken waits until there may be something to import. It is false at the end.
func (n *Node) woken(ctx context.Context, topics <-chan string, tick <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick:
			return true
		case topic, open := <-topics:
			if !open {
				return false
			}
			if topic == store.TopicImport || topic == db.Everything {
				return true
			}
		}
	}
}

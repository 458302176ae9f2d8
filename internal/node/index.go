package node

import (
	"context"
	"log/slog"
	"time"
)

// The search index follows behind intake: it waits until nothing arrives for a
// moment, since both write, but not for long.
const (
	indexEvery = 500 * time.Millisecond
	indexAfter = 20 * time.Second
)

// index keeps what can be searched up to what is stored.
func (n *Node) index(ctx context.Context) {
	var before int64
	waited := time.Duration(0)
	for rest(ctx, indexEvery) {
		late, shipments, err := n.Library.Behind(ctx, n.Live)
		if err == nil && late > before && waited < indexAfter { // something is arriving
			before, waited = late, waited+indexEvery
			continue
		}
		before, waited = 0, 0
		if err != nil || late+shipments > 0 {
			n.Board.Begin("index", "")
			if err == nil {
				err = n.Library.CatchUp(ctx, n.Live)
			}
			n.Board.End("index", "", err, indexEvery)
		}
		if err != nil && ctx.Err() == nil {
			n.Log.ErrorContext(ctx, "indexing for search failed", slog.String("error", err.Error()))
		}
	}
}

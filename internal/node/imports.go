package node

import (
	"context"
	"log/slog"
	"time"

	"twoseas/internal/store"
)

// importEvery is how often the node looks for imports without being told: one
// that a lost process left waits for its lease to run out.
const importEvery = 5 * time.Second

// imports works at what people uploaded, one import at a time.
func (n *Node) imports(ctx context.Context) {
	uploads := n.listen(ctx, store.TopicImport)
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
		if !uploads.wait(ctx, importEvery) {
			return
		}
	}
}

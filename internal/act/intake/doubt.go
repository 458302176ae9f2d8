package intake

import (
	"context"
	"runtime"
	"sync"

	"twoseas/internal/store"
)

// Doubt notes which of this side's own items a warning list names. What a
// partner sent is the partner's to doubt. Everything that comes in by Stream,
// Objects and the like is held up against the lists by itself.
func (in *Intake) Doubt(ctx context.Context, h *store.Handle, src Source, items []Item) error {
	if in.lists == nil || src.side(in.self) != in.self {
		return nil
	}
	set, err := in.lists.Lists(ctx, h)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), len(items)/64+1)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(items); i += workers {
				items[i].Listed = set.Doubts(items[i].Values)
			}
		})
	}
	wg.Wait()
	return nil
}

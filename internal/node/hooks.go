package node

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"twoseas/internal/act/hook"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// How often subscriptions are looked at without being told to, and how many
// send at once: one that hangs takes one place for as long as a message may
// take, and keeps nobody else waiting.
const (
	hookEvery   = 5 * time.Second
	hooksAtOnce = 32
)

// hooks sends what subscribers are to be told, until ctx ends.
func (n *Node) hooks(ctx context.Context) {
	changes := n.listen(ctx, store.TopicSender, store.TopicArrived, store.TopicRelease, store.TopicFeed, store.TopicRecall)
	w := &hookWork{n: n, running: map[string]bool{}}
	defer w.wg.Wait()
	for {
		if err := n.Recalls.Follow(ctx, n.Live); err != nil && ctx.Err() == nil {
			n.Log.ErrorContext(ctx, "answers to recalls cannot be renewed", slog.String("error", err.Error()))
		}
		due, err := n.Hooks.Due(ctx, n.Live)
		if err != nil && ctx.Err() == nil {
			n.Log.ErrorContext(ctx, "webhooks cannot run", slog.String("error", err.Error()))
		}
		for _, name := range due {
			w.start(ctx, name)
		}
		if !changes.wait(ctx, hookEvery) {
			return
		}
	}
}

// hookWork is what this process sends now.
type hookWork struct {
	n       *Node
	wg      sync.WaitGroup
	mu      sync.Mutex
	running map[string]bool // guarded by mu
}

// start runs a subscription beside the others, unless it runs already or too
// many do.
func (w *hookWork) start(ctx context.Context, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running[name] || len(w.running) >= hooksAtOnce {
		return
	}
	w.running[name] = true
	w.wg.Go(func() {
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.running, name)
		}()
		w.n.Board.Begin("hook", "")
		_, err := w.n.Hooks.Run(ctx, w.n.Live, name)
		w.n.Board.End("hook", "", err, hookEvery)
		if failed, ok := errors.AsType[*hook.Failure](err); ok && ctx.Err() == nil {
			w.n.Log.WarnContext(ctx, "webhook failed", slog.String("hook", failed.Hook), slog.String("kind", fault.KindOf(err).String()), slog.String("error", failed.Err.Error()))
		} else if err != nil && ctx.Err() == nil {
			w.n.Log.ErrorContext(ctx, "webhook cannot run", slog.String("hook", name), slog.String("error", err.Error()))
		}
	})
}

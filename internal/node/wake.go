package node

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/store/db"
)

// news wakes a work of the node: when something changed that it listens to, and
// after a while at the latest. It is for one goroutine.
type news struct {
	topics <-chan string
	of     []string
}

// listen hears of changes to topics from now on, until ctx ends.
func (n *Node) listen(ctx context.Context, topics ...string) *news {
	return &news{topics: n.Store.Listen(ctx), of: append(topics, db.Everything)}
}

// wait waits for news, but not longer than latest. It is false at the end.
func (w *news) wait(ctx context.Context, latest time.Duration) bool {
	timer := time.NewTimer(latest)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case topic, open := <-w.topics:
			if !open {
				return false
			}
			if slices.Contains(w.of, topic) {
				return true
			}
		}
	}
}

// rest waits. It is false at the end.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

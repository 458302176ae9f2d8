package node

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// How often feeds are looked at without being told to, and how many run at
// once.
const (
	feedEvery   = 2 * time.Second
	feedsAtOnce = 4
)

// feedFolder is the folder of a data directory that feeds may read without
// being named in the configuration.
const feedFolder = "feeds"

// folders returns those that feeds may read below.
func (n *Node) folders() []string {
	own := filepath.Join(n.Dir, feedFolder)
	if abs, err := filepath.Abs(own); err == nil {
		own = abs
	}
	return append([]string{own}, n.Config.FeedFolders...)
}

// bundleFolder is where files lie that go through a browser.
func (n *Node) bundleFolder() string {
	if n.Config.BundleFolder != "" {
		return n.Config.BundleFolder
	}
	dir := filepath.Join(n.Dir, "bundles")
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// feeds runs what is due of the sources outside, until ctx ends.
func (n *Node) feeds(ctx context.Context) {
	due := n.listen(ctx, store.TopicFeed)
	wake := make(chan struct{}, feedsAtOnce)
	done := make(chan struct{})
	for range feedsAtOnce {
		go n.runFeeds(ctx, wake, done)
	}
	defer func() {
		for range feedsAtOnce {
			<-done
		}
	}()
	for {
		for range feedsAtOnce {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
		if !due.wait(ctx, feedEvery) {
			return
		}
	}
}

// runFeeds runs one due source after the other each time it is woken.
func (n *Node) runFeeds(ctx context.Context, wake <-chan struct{}, done chan<- struct{}) {
	defer func() { done <- struct{}{} }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		}
		for ctx.Err() == nil {
			n.Board.Begin("feed", "")
			ran, err := n.Feeds.RunDue(ctx, n.Live)
			n.Board.End("feed", "", err, feedEvery)
			if failed, ok := errors.AsType[*feed.Failure](err); ok && ctx.Err() == nil {
				n.Log.WarnContext(ctx, "feed failed", slog.String("feed", failed.Feed), slog.String("kind", fault.KindOf(err).String()), slog.String("error", failed.Err.Error()))
				continue
			}
			if err != nil && ctx.Err() == nil {
				n.Log.ErrorContext(ctx, "feeds cannot run", slog.String("error", err.Error()))
			}
			if err != nil || !ran {
				break
			}
		}
	}
}

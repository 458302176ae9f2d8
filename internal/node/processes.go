package node

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"twoseas/internal/act/health"
	"twoseas/internal/base/canon"
	"twoseas/internal/store"
)

// A process tells the others what it does so often, is shown as long as it was
// heard of, and is forgotten after a while.
const (
	processEvery = 15 * time.Second
	heardOf      = 5 * time.Minute
	forgetAfter  = time.Hour
)

// shared reports whether several processes may work on the store.
func (n *Node) shared() bool { return strings.Contains(n.Config.Store, "://") }

// hostName is what operators know this process by.
func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s (process %d)", host, os.Getpid())
}

// tell has the other processes on the store know what this one does.
func (n *Node) tell(ctx context.Context) {
	if !n.shared() {
		return
	}
	tick := time.NewTicker(processEvery)
	defer tick.Stop()
	for {
		if err := n.Tell(ctx); err != nil && ctx.Err() == nil {
			n.Log.WarnContext(ctx, "the other processes could not be told of this one", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			if err := n.leave(context.WithoutCancel(ctx)); err != nil {
				n.Log.WarnContext(ctx, "the other processes could not be told that this one ends", slog.String("error", err.Error()))
			}
			return
		case <-tick.C:
		}
	}
}

// Tell writes what this process has running where the other processes of the
// node read it.
func (n *Node) Tell(ctx context.Context) error {
	jobs, err := canon.Write(n.Board.Jobs())
	if err != nil {
		return err
	}
	return n.Live.Write(ctx, func(tx *store.Tx) error {
		return tx.SeeProcess(store.Process{ID: n.process.ID, Host: n.process.Host, Started: n.process.Started.UnixMicro(), Jobs: jobs})
	})
}

func (n *Node) leave(ctx context.Context) error {
	return n.Live.Write(ctx, func(tx *store.Tx) error {
		return tx.EndProcess(n.process.ID, n.Clock.Now().Add(-forgetAfter).UnixMicro())
	})
}

// Processes returns what each process of the node does in the background, this
// one first (health.Source).
func (n *Node) Processes(ctx context.Context) ([]health.Process, error) {
	own := n.process
	own.Here, own.Seen, own.Jobs = true, n.Clock.Now().UTC(), n.Board.Jobs()
	out := []health.Process{own}
	err := n.Live.Query(ctx, func(tx *store.Tx) error {
		rows, err := tx.Processes(n.Clock.Now().Add(-heardOf).UnixMicro())
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.ID == own.ID {
				continue
			}
			p := health.Process{ID: row.ID, Host: row.Host, Started: time.UnixMicro(row.Started).UTC(), Seen: time.UnixMicro(row.Seen).UTC()}
			if err := canon.Unmarshal(row.Jobs, &p.Jobs); err != nil {
				return fmt.Errorf("read what process %s does: %w", row.ID, err)
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

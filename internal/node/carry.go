package node

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/peer"
	"twoseas/internal/store"
	"twoseas/internal/store/db"
)

// How often the carrier looks without being told to, and how it waits after a
// failure.
const (
	carryEvery   = 15 * time.Second
	firstBackOff = 500 * time.Millisecond
	maxBackOff   = time.Minute
)

// carrier brings to the partners what waits for them: signatures, key notes,
// shipments, checkpoints. One goroutine a channel, woken by the store.
type carrier struct {
	n       *Node
	wg      sync.WaitGroup
	mu      sync.Mutex
	wake    map[ident.Agreement]chan struct{} // guarded by mu
	hurry   map[ident.Agreement]chan struct{} // guarded by mu: ends the wait after a failure
	told    map[ident.Agreement]time.Time     // guarded by mu: when success was recorded last
	clients map[ident.Side]*line              // guarded by mu
}

// line is an open client and the peer row it was made from.
type line struct {
	peer   store.Peer
	client *peer.Client
}

func newCarrier(n *Node) *carrier {
	return &carrier{n: n, wake: map[ident.Agreement]chan struct{}{}, hurry: map[ident.Agreement]chan struct{}{}, told: map[ident.Agreement]time.Time{}, clients: map[ident.Side]*line{}}
}

// run carries until ctx ends.
func (c *carrier) run(ctx context.Context) {
	topics := c.n.Store.Listen(ctx)
	tick := time.NewTicker(carryEvery)
	defer tick.Stop()
	c.wakeAll(ctx)
	for {
		select {
		case topic, ok := <-topics:
			if !ok {
				c.wg.Wait()
				return
			}
			if topic == store.TopicRelease || topic == store.TopicConfig || topic == store.TopicArrived || topic == db.Everything {
				c.wakeAll(ctx)
			}
			if topic == store.TopicCarry {
				c.wakeAll(ctx)
				c.hurryAll()
			}
		case <-tick.C:
			c.wakeAll(ctx)
		}
	}
}

// wakeAll makes the goroutine of each agreement look again, and starts those
// of new ones.
func (c *carrier) wakeAll(ctx context.Context) {
	ids, err := c.n.Accords.Agreements(ctx, c.n.Live)
	if err != nil {
		if ctx.Err() == nil {
			c.n.Log.ErrorContext(ctx, "carrier cannot read agreements", slog.String("error", err.Error()))
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range ids {
		w, ok := c.wake[a]
		if !ok {
			w = make(chan struct{}, 1)
			c.wake[a] = w
			hurry := make(chan struct{}, 1)
			c.hurry[a] = hurry
			c.wg.Go(func() { c.serve(ctx, a, w, hurry) })
		}
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// hurryAll ends the wait after a failure.
func (c *carrier) hurryAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.hurry {
		select {
		case h <- struct{}{}:
		default:
		}
	}
}

// tellEvery bounds how often it is recorded that all is well.
const tellEvery = 10 * time.Second

// tell records how an attempt went, for every process to show. That all is
// still well is recorded now and then only.
func (c *carrier) tell(ctx context.Context, a ident.Agreement, t exchange.Attempt) {
	now := c.n.Clock.Now()
	c.mu.Lock()
	quiet := t.Err == nil && now.Sub(c.told[a]).Abs() < tellEvery
	switch {
	case t.Err != nil:
		delete(c.told, a) // the next success is news
	case !quiet:
		c.told[a] = now
	}
	c.mu.Unlock()
	if quiet {
		return
	}
	if err := c.n.Exchange.Attempted(ctx, c.n.Live, a, t); err != nil && ctx.Err() == nil {
		c.n.Log.WarnContext(ctx, "the attempt to carry cannot be recorded", slog.String("agreement", string(a)), slog.String("error", err.Error()))
	}
}

// serve carries for one agreement each time it is woken.
func (c *carrier) serve(ctx context.Context, a ident.Agreement, wake, hurry <-chan struct{}) {
	backOff := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		}
		c.n.Board.Begin("carry", string(a))
		err := c.n.Carry(ctx, a, c)
		switch {
		case err == nil || fault.Is(err, fault.Held): // a person has paused it
			c.n.Board.End("carry", string(a), nil, 0)
			backOff = 0
			c.tell(ctx, a, exchange.Attempt{})
			continue
		case ctx.Err() != nil:
			return
		case errors.Is(err, exchange.ErrLeased): // another process is at it, or was lost and its lease runs out
			backOff = firstBackOff / 2
		case fault.Is(err, fault.NotFound): // the partner has not got that far
			c.n.Log.InfoContext(ctx, "the partner is not ready", slog.String("agreement", string(a)), slog.String("error", err.Error()))
		default:
			c.n.Log.WarnContext(ctx, "carrying failed", slog.String("agreement", string(a)), slog.String("kind", fault.KindOf(err).String()), slog.String("error", err.Error()))
		}
		backOff = min(maxBackOff, max(firstBackOff, 2*backOff))
		wait := backOff/2 + rand.N(backOff/2+1) //nolint:gosec // spreads retries, guards nothing
		c.n.Board.End("carry", string(a), err, wait)
		if !errors.Is(err, exchange.ErrLeased) {
			c.tell(ctx, a, exchange.Attempt{Err: err, Next: c.n.Clock.Now().Add(wait).UnixMicro()})
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-hurry:
			timer.Stop()
			backOff = 0
		}
		// What woke it in between is still waiting in wake; look again in any
		// case, since this time nothing got across.
		c.again(a)
	}
}

func (c *carrier) again(a ident.Agreement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.wake[a] <- struct{}{}:
	default:
	}
}

// line returns the client of a side, made anew when its address or key
// changed.
func (c *carrier) line(p store.Peer) *peer.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	have, ok := c.clients[p.Side]
	if ok && have.peer.URL == p.URL && have.peer.SPKI == p.SPKI {
		return have.client
	}
	if ok {
		have.client.Close()
	}
	l := &line{peer: p, client: c.n.Peers.Client(p)}
	c.clients[p.Side] = l
	return l.client
}

// Carry brings everything that waits for the partner of one agreement across,
// once. Nothing waits when there is no confirmed partner.
func (n *Node) Carry(ctx context.Context, a ident.Agreement, c *carrier) error {
	partner, err := n.Accords.Partner(ctx, n.Live, a)
	if err != nil {
		return err
	}
	var p store.Peer
	err = n.Live.Query(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.Peer(partner)
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && p.State != store.PeerActive {
		return nil // nobody to carry to yet
	}
	if err != nil {
		return err
	}
	link := c.line(p)
	for _, step := range []func() error{
		func() error { return n.followDates(ctx, a) },
		func() error { return n.Members.Renew(ctx, n.Live, a) },
		func() error { return n.Contacts.Schedule(ctx, n.Live, a) },
		func() error { return n.tellKeys(ctx, partner, link) },
		func() error { return n.tellSignatures(ctx, a, link) },
		func() error { return n.ship(ctx, a, link) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) tellKeys(ctx context.Context, side ident.Side, link *peer.Client) error {
	news, err := n.Pairing.News(ctx, side)
	if err != nil || len(news.Notes) == 0 {
		return err
	}
	for _, msg := range news.Notes {
		if err := link.TellKey(ctx, msg); err != nil {
			return err
		}
	}
	return n.Pairing.Told(ctx, side, news.UpTo)
}

func (n *Node) tellSignatures(ctx context.Context, a ident.Agreement, link *peer.Client) error {
	pending, err := n.Accords.Pending(ctx, n.Live, a)
	if err != nil {
		return err
	}
	for _, s := range pending {
		if err := link.Sign(ctx, ident.Live, a, s.Note); err != nil {
			return err
		}
		if err := n.Accords.Told(ctx, n.Live, s); err != nil {
			return err
		}
	}
	return nil
}

// ship delivers, has the ledger cosigned, and compares when anything moved
// since the last comparison.
func (n *Node) ship(ctx context.Context, a ident.Agreement, link *peer.Client) error {
	before, err := n.Exchange.State(ctx, n.Live, a)
	if fault.Is(err, fault.NotFound) {
		return nil // not in force yet
	}
	if err != nil {
		return err
	}
	if before.Waiting > 0 || before.Unanswered > 0 {
		done, err := n.Exchange.Deliver(ctx, n.Live, a, link, nil)
		if done.Shipments > 0 {
			n.Log.InfoContext(ctx, "delivered", slog.String("agreement", string(a)), slog.Int("shipments", done.Shipments),
				slog.Int("applied", done.Applied), slog.Int("already", done.Already), slog.Int("refused", done.Refused), slog.Int("failed", done.Failed))
		}
		if fault.Is(err, fault.Held) { // paused by a person: what was sent before is cosigned all the same
			return n.Exchange.Cosign(ctx, n.Live, a, link)
		}
		if err != nil {
			return err
		}
	}
	if err := n.Exchange.Cosign(ctx, n.Live, a, link); err != nil {
		return err
	}
	now, err := n.Exchange.State(ctx, n.Live, a)
	if err != nil || now.Compared() {
		return err
	}
	_, err = n.Exchange.Compare(ctx, n.Live, a, link, false)
	return err
}

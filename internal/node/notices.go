package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"twoseas/internal/act/health"
	"twoseas/internal/act/notice"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/store"
)

// How often it is looked at what waits for whom, at most and at least, and how
// often messages are looked for that are due.
const (
	lookRest  = 10 * time.Second
	lookEvery = time.Minute
	sendEvery = 5 * time.Second
)

// When somebody should look at a mail server that takes nothing, and when it is
// late.
const (
	mailWatch = 15 * time.Minute
	mailBad   = 24 * time.Hour
)

func (n *Node) wireNotices(seal [32]byte, opt Options) error {
	server, err := n.mailServer()
	if err != nil {
		return err
	}
	c := notice.Config{
		People: n.People, Clock: n.Clock, Rand: rand.Reader, Journal: n.journal, Owner: processName(), Lease: opt.Lease,
		Secret: derive(seal, "notices"), URL: n.DeskURL(), Host: n.noticeHost(), Places: n.places, Dates: n.noticeDates,
	}
	if server != nil {
		c.Outside, c.ReadKey = server, server.ReadKey
	}
	n.Notices = notice.New(c)
	n.Notices.Sources = []notice.Source{n.tasks, n.assistance, n.directory, n.dates, n.troubles, n.Notices.KeyEnds}
	return nil
}

// lookForNotices finds out what waits for people, until ctx ends: when something
// changed, but not all the time.
func (n *Node) lookForNotices(ctx context.Context) {
	changes := n.listen(ctx, store.TopicConfig, store.TopicAssist, store.TopicRelease, store.TopicArrived, store.TopicRecall, store.TopicFeed)
	for {
		n.Board.Begin("look", "")
		err := n.Notices.Look(ctx, n.Live)
		n.Board.End("look", "", err, lookEvery)
		if err != nil && ctx.Err() == nil {
			n.Log.ErrorContext(ctx, "it cannot be found out what waits for people", slog.String("error", err.Error()))
		}
		if !rest(ctx, lookRest) || !changes.wait(ctx, lookEvery) {
			return
		}
	}
}

// sendNotices hands messages over that are due, until ctx ends.
func (n *Node) sendNotices(ctx context.Context) {
	messages := n.listen(ctx, store.TopicNotice)
	for {
		n.Board.Begin("mail", "")
		_, err := n.Notices.Send(ctx, n.Live)
		n.Board.End("mail", "", err, sendEvery)
		if err != nil && ctx.Err() == nil {
			n.Log.WarnContext(ctx, "messages cannot be handed over", slog.String("kind", fault.KindOf(err).String()), slog.String("error", err.Error()))
		}
		if !messages.wait(ctx, sendEvery) {
			return
		}
	}
}

// documents calls fn for each agreement in force.
func (n *Node) documents(tx *store.Tx, fn func(id ident.Agreement, d *agreement.Document) error) error {
	ids, err := tx.Agreements()
	if err != nil {
		return err
	}
	for _, id := range ids {
		terms, err := n.Accords.InForce(tx, id)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
			continue // not in force: nothing follows from it
		}
		if err != nil {
			return err
		}
		if err := fn(id, terms.Doc); err != nil {
			return err
		}
	}
	return nil
}

// places are the capitals of both sides of the first agreement, the own first.
func (n *Node) places(tx *store.Tx) (out []notice.Place, err error) {
	err = n.documents(tx, func(_ ident.Agreement, d *agreement.Document) error {
		if len(out) > 0 {
			return nil
		}
		for _, s := range d.Sides {
			zone, err := time.LoadLocation(s.Zone)
			if err != nil || s.Zone == "" {
				continue // said by the other clocks
			}
			p := notice.Place{Name: s.Capital, Zone: zone}
			if ident.Side(s.ID) == n.Config.Side {
				out = append([]notice.Place{p}, out...)
			} else {
				out = append(out, p)
			}
		}
		return nil
	})
	return out, err
}

// checkMail says whether people can be written to.
func (n *Node) checkMail(ctx context.Context) health.Check {
	c := health.Check{Name: "mail", State: health.Good}
	s, counts, err := n.Notices.Doing(ctx, n.Live)
	if err != nil {
		c.State, c.Detail = health.Bad, err.Error()
		return c
	}
	c.Numbers = map[string]int64{"waiting": counts[store.MailWaiting], "refused": counts[store.MailRefused]}
	c.Detail = fmt.Sprintf("%d messages wait, %d were refused", counts[store.MailWaiting], counts[store.MailRefused])
	if s.Failures == 0 {
		return c
	}
	c.Detail = fmt.Sprintf("%d messages wait, %d were refused; the server cannot be used since %s UTC: %s",
		counts[store.MailWaiting], counts[store.MailRefused], s.Since.UTC().Format(time.DateTime), cmp.Or(s.Problem, "no reason known"))
	switch since := n.Clock.Now().Sub(s.Since); {
	case since >= mailBad:
		c.State = health.Bad
	case since >= mailWatch:
		c.State = health.Watch
	}
	return c
}

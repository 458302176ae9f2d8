package node

import (
	"context"
	"slices"
	"strconv"
	"time"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// tasks is what the page of what waits shows, as notices (notice.Source).
func (n *Node) tasks(ctx context.Context, h *store.Handle, by people.Actor) ([]notice.Waits, error) {
	t, err := n.Releases.Mine(ctx, h, by)
	if err != nil {
		return nil, err
	}
	var out []notice.Waits
	add := func(cause string, kind notice.Kind, count int64) {
		if count > 0 {
			out = append(out, notice.Waits{Cause: cause, Kind: kind, Count: count, Page: "/waiting"})
		}
	}
	for _, q := range t.Queues {
		add("release "+string(q.Agreement), notice.Release, q.Count)
	}
	add("review", notice.Reviewing, t.Reviews)
	add("sign", notice.Signing, t.Signatures)
	add("partner", notice.Partner, t.Invitations)
	add("question", notice.Question, t.Questions)
	asked, err := n.Onwards.Waiting(ctx, h, by)
	if err != nil {
		return nil, err
	}
	add("onward", notice.Onward, int64(len(asked)))
	open, err := n.Recalls.Waiting(ctx, h, by)
	for _, c := range open { // each rung is told; from the nodal ministry on at once
		out = append(out, notice.Waits{
			Cause: "recall " + string(c.Agreement) + " " + c.Direction + " " + c.Recall, Step: rungName(c.Rung), Kind: notice.Recall, Count: 1,
			Urgent: c.Rung >= recall.Nodal, Due: c.Next, Page: "/waiting",
		})
	}
	return out, err
}

func rungName(rung int) string {
	names := []string{"first", "contact", "nodal", "agenda"}
	return names[min(max(rung, 0), len(names)-1)]
}

// remindFor is how many days a date's reminder is told after its day, to who
// could not be told on it.
const remindFor = 7

// dates is the dates of agreements that their documents have reminded of, for
// who keeps the agreements (notice.Source).
func (n *Node) dates(ctx context.Context, h *store.Handle, by people.Actor) (out []notice.Waits, err error) {
	if by.May(people.Agree) != nil {
		return nil, nil //nolint:nilerr // nothing waits for who may not
	}
	ids, err := n.Accords.Agreements(ctx, h)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		list, err := n.Accords.Calendar(ctx, h, id)
		if err != nil {
			return nil, err
		}
		for back := range remindFor {
			for _, e := range agreement.Due(list, n.Clock.Now().AddDate(0, 0, -back)) {
				step := "reminder " + string(latest(e.Reminders, n.Clock.Now()))
				w := notice.Waits{Cause: "date " + string(id) + " " + e.ID + " " + string(e.Date), Step: step, Kind: notice.Date, Count: 1, Due: e.Date.Time(), Page: "/agreements/" + string(id)}
				if !slices.Contains(out, w) {
					out = append(out, w)
				}
			}
		}
	}
	return out, nil
}

// latest returns the last reminder that is not ahead.
func latest(all []agreement.Date, now time.Time) (last agreement.Date) {
	for _, d := range all {
		if !d.Time().After(now) {
			last = d
		}
	}
	return last
}

// directory is what waits in the directory of contacts (notice.Source).
func (n *Node) directory(ctx context.Context, h *store.Handle, by people.Actor) (out []notice.Waits, err error) {
	tasks, err := n.Contacts.Waiting(ctx, h, by)
	for _, t := range tasks {
		w := notice.Waits{Kind: notice.ContactKey, Count: 1, Page: "/contacts/" + t.Contact}
		switch t.Kind {
		case contact.TaskAnswer:
			w.Cause, w.Step, w.Kind, w.Due = "check "+t.Check, "answer", notice.Check, t.Due
		case contact.TaskKey:
			w.Cause, w.Step = "key of "+t.Contact+" "+t.Key.Fingerprint, "second"
		case contact.TaskExpiry:
			w.Cause, w.Step = "key of "+t.Contact+" "+t.Key.Fingerprint, "ends "+strconv.Itoa(t.Step)
			if end, err := time.Parse(time.DateOnly, t.Key.Expires); err == nil {
				w.Due = end
			}
		}
		out = append(out, w)
	}
	return out, err
}

// noticeDates are the dates of agreements as entries of calendars, which
// everybody here may read, and until when others hope for something.
func (n *Node) noticeDates(tx *store.Tx) (out []notice.Entry, err error) {
	err = n.documents(tx, func(id ident.Agreement, _ *agreement.Document) error {
		list, err := n.Accords.Dates(tx, id)
		for _, e := range list {
			if e.Date == "" {
				continue
			}
			day := e.Date.Time()
			out = append(out, notice.Entry{ID: string(id) + " " + e.ID, Kind: notice.Date, Page: "/agreements/" + string(id), Start: day, End: day, WholeDay: true})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	hoped, err := n.deadlines(tx)
	if err != nil {
		return nil, err
	}
	asked, err := n.assistanceDates(tx)
	return append(append(out, hoped...), asked...), err
}

// deadlines are until when checks are to be answered, when contacts are checked
// next, and when what was called back climbs.
func (n *Node) deadlines(tx *store.Tx) (out []notice.Entry, err error) {
	list, err := n.Contacts.Deadlines(tx)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		out = append(out, notice.Entry{
			ID: d.ID, Reader: notice.Reader{Account: d.Account, May: d.Act}, Kind: notice.Check, Page: "/contacts/" + d.Contact, Start: d.At, End: d.At,
		})
	}
	open, err := n.Recalls.Climbing(tx)
	for _, c := range open {
		if !c.Next.IsZero() {
			out = append(out, notice.Entry{
				ID: "recall " + string(c.Agreement) + " " + c.Direction + " " + c.Recall, Reader: notice.Reader{May: people.Recall}, Kind: notice.Recall,
				Page: "/recalls/" + c.Recall, Start: c.Next, End: c.Next,
			})
		}
	}
	return out, err
}

// When a source outside or a partner's node is worth telling of.
const (
	feedFails = 3
	linkFails = 15 * time.Minute
)

// troubles is what cannot be reached, for who looks after it (notice.Source).
func (n *Node) troubles(ctx context.Context, h *store.Handle, by people.Actor) (out []notice.Waits, err error) {
	feeds, links := by.May(people.Administer) == nil, by.May(people.Exchange) == nil
	if !feeds && !links {
		return nil, nil
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		if feeds {
			all, err := tx.Feeds()
			if err != nil {
				return err
			}
			for _, f := range all {
				if f.Failures >= feedFails && !f.Paused {
					out = append(out, notice.Waits{Cause: "feed " + f.Name, Kind: notice.Feed, Count: 1, Page: "/feeds"})
				}
			}
		}
		if !links {
			return nil
		}
		channels, err := tx.Channels()
		if err != nil {
			return err
		}
		for _, ch := range channels {
			c, err := tx.Carriage(ch.ID)
			if err != nil {
				return err
			}
			paused, err := tx.Paused(ch.ID)
			if err != nil {
				return err
			}
			since := n.Clock.Now().Sub(time.UnixMicro(c.Done))
			if c.Failures > 0 && paused.At == 0 && c.Done > 0 && since > linkFails {
				out = append(out, notice.Waits{Cause: "link " + string(ch.Agreement), Kind: notice.Link, Count: 1, Page: "/exchange"})
			}
		}
		return nil
	})
	return out, err
}

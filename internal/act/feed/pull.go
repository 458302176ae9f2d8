package feed

import (
	"context"
	"crypto/sha256"
	"errors"
	"strconv"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// overlap is how far back a collection is looked at a second time after it
// brought something: a server may commit what it dated a moment earlier.
const overlap = 10 * time.Second

// maxEmpty bounds the pages in a row that hold nothing and say that there is
// more.
const maxEmpty = 20

// pullCursor is where a TAXII collection goes on. Times are RFC 3339.
type pullCursor struct {
	After time.Time `json:"after,omitzero"` // everything dated until then was asked for, to the end
	Look  time.Time `json:"look,omitzero"`  // from then on it is to be looked at again
	Walk  *walk     `json:"walk,omitempty"`
}

// walk is a way through a collection that is not finished.
type walk struct {
	From time.Time `json:"from,omitzero"` // added_after of the page to come
	Next string    `json:"next,omitempty"`
	Last time.Time `json:"last,omitzero"` // the newest date seen
	News bool      `json:"news,omitempty"`
}

// pageFactor is how many times more objects than it was asked for a server may
// send at once.
const pageFactor = 50

// maxNext bounds what a server may give as "next", in bytes.
const maxNext = 8 << 10

// pull walks a collection to its end, from where the last walk ended, or
// stopped.
func (j *job) pull(ctx context.Context) error {
	src, err := j.s.source(j.f.Ring.Side())
	if err != nil {
		return err
	}
	var c pullCursor
	if err := canon.Unmarshal(j.row.Cursor, &c); err != nil {
		return err
	}
	resumed := c.Walk != nil
	if !resumed {
		c.Walk = &walk{From: c.from()}
	}
	seen := map[[sha256.Size]byte]bool{}
	for empty := 0; ; {
		page, more, err := j.page(ctx, src, c.Walk)
		if err != nil && resumed && c.Walk.Next != "" && (fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound)) {
			c.Walk, resumed = &walk{From: c.from()}, false // it does not know that "next" any more
			continue
		}
		if err != nil {
			return err
		}
		resumed = false
		c.Walk.saw(page)
		if !more.More {
			c.finish()
			return j.save(ctx, c)
		}
		if err := c.Walk.turn(more.Next, page.last, seen); err != nil {
			return err
		}
		if err := j.save(ctx, c); err != nil {
			return err
		}
		if empty++; page.rep.Read > 0 {
			empty = 0
		}
		if empty >= maxEmpty {
			return fault.Errorf(fault.Invalid, "the server sent %d pages with nothing in them and says that there is more", empty)
		}
		if j.out.Pages >= j.f.MaxPages {
			return fault.Errorf(fault.TooLarge, "the server says that there is more after %d pages; left there, to go on from there", j.out.Pages)
		}
	}
}

// from returns where the next walk begins.
func (c *pullCursor) from() time.Time {
	if !c.Look.IsZero() && c.Look.Before(c.After) {
		return c.Look
	}
	return c.After
}

// finish ends a walk: what was seen in it need not be asked for again, once a
// second look has found nothing.
func (c *pullCursor) finish() {
	if c.Walk.Last.After(c.After) {
		c.After = c.Walk.Last
	}
	c.Look = time.Time{}
	if c.Walk.News && !c.After.IsZero() {
		c.Look = c.After.Add(-overlap)
	}
	c.Walk = nil
}

func (w *walk) saw(p pulled) {
	w.News = w.News || p.rep.New+p.rep.Updated > 0
	if p.last.After(w.Last) {
		w.Last = p.last
	}
}

// turn goes on to the next page: by "next", or where a server gives none, by
// date. It refuses to go round in circles.
func (w *walk) turn(next string, last time.Time, seen map[[sha256.Size]byte]bool) error {
	if next == "" && last.IsZero() {
		return fault.New(fault.Invalid, `the server says that there is more and gives neither "next" nor X-TAXII-Date-Added-Last to ask for it by`)
	}
	if next != "" {
		key := sha256.Sum256([]byte(next))
		if len(next) > maxNext || seen[key] {
			return fault.Errorf(fault.Invalid, "the server goes round in circles: it gave the same next %.60q before", next)
		}
		seen[key] = true
		w.Next = next
		return nil
	}
	// added_after is exclusive, and a page may end among objects of one date.
	w.Next = ""
	before := last.Add(-time.Microsecond)
	switch {
	case before.After(w.From):
		w.From = before
	case last.After(w.From):
		w.From = last
	default:
		return fault.Errorf(fault.Invalid, "the server goes round in circles: it says that there is more, but nothing was added after %s", w.From.Format(time.RFC3339Nano))
	}
	return nil
}

// pulled is what became of a page.
type pulled struct {
	rep  intake.Report
	last time.Time
}

// beside is what stands beside the objects of an envelope.
type beside struct {
	More bool
	Next string
}

func (j *job) page(ctx context.Context, src intake.Source, w *walk) (p pulled, b beside, err error) {
	page, err := j.f.Outside.Page(ctx, j.at, Ask{After: w.From, Next: w.Next, Types: j.s.Types, Limit: j.f.Limit})
	if err != nil {
		return p, b, err
	}
	rep, head, err := j.f.Intake.Page(ctx, j.h, src, page.Body, pageFactor*j.f.Limit)
	err = errors.Join(err, page.Body.Close())
	j.out.Taken.Add(rep)
	if err != nil {
		return p, b, err
	}
	j.out.Pages++
	b, err = readBeside(head)
	return pulled{rep, page.Last}, b, err
}

func readBeside(head map[string][]byte) (b beside, err error) {
	if raw, ok := head["more"]; ok {
		if b.More, err = strconv.ParseBool(string(raw)); err != nil {
			return b, fault.Errorf(fault.Invalid, `the server's "more" is %.20q, not true or false`, raw)
		}
	}
	raw, ok := head["next"]
	if !ok || !b.More {
		return b, nil
	}
	if err := canon.Unmarshal(raw, &b.Next); err != nil {
		return b, fault.Errorf(fault.Invalid, `the server's "next" is %.20q, not a text`, raw)
	}
	return b, nil
}

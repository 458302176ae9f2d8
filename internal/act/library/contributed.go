package library

import (
	"context"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/store"
)

// What became of a contribution.
const (
	FateSent    = "sent"    // it left, as it is or what was made of it
	FateWaiting = "waiting" // it waits for an officer
	FateRefused = "refused" // an officer keeps it back
	FateHome    = "home"    // it has stayed here so far
)

// Contribution is what somebody of the reader's organisation brought, and what
// became of it: without a word on who decided, or on who else knows it.
type Contribution struct {
	Row
	Fate string
	Sent time.Time // of the first shipment; zero when it has not left
	// Sightings and Opinions are what partners said of it that the reader may
	// read, opinions by their verdict.
	Sightings int
	Opinions  map[string]int
}

// maxFates bounds what partners said of one contribution that is counted.
const maxFates = 500

// Contributed returns at most limit versions that accounts of the organisation
// of by brought in, numbered below before (0 begins), newest first. An account
// of no organisation has its own. next is where what is older begins, 0 when
// there is nothing.
func (l *Library) Contributed(ctx context.Context, h *store.Handle, by people.Actor, class, before int64, limit int) (out []Contribution, next int64, err error) {
	if err := by.May(people.Read); err != nil {
		return nil, 0, err
	}
	if by.Room() != nil { // what is one organisation's own is not shown in a meeting
		return nil, 0, nil
	}
	if before == 0 {
		before = 1 << 62
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		accounts, err := colleagues(tx, by)
		if err != nil {
			return err
		}
		seqs, err := tx.Brought(accounts, before, limit)
		if err != nil {
			return err
		}
		if len(seqs) == limit {
			next = seqs[limit-1]
		}
		shown, err := tx.Shown(class, seqs)
		if err != nil {
			return err
		}
		for _, s := range shown {
			c := Contribution{Fate: FateHome, Opinions: map[string]int{}}
			if c.Row, err = l.row(s); err != nil {
				return err
			}
			if err := l.fate(tx, class, &c); err != nil {
				return err
			}
			out = append(out, c)
		}
		return nil
	})
	return out, next, err
}

// colleagues returns the account of by and those of its organisation.
func colleagues(tx *store.Tx, by people.Actor) ([]string, error) {
	names := []string{by.Name}
	if by.Org == "" {
		return names, nil
	}
	all, err := tx.Accounts()
	for _, a := range all {
		if a.Org == by.Org && a.Name != by.Name {
			names = append(names, a.Name)
		}
	}
	return names, err
}

// fate finds what became of a version and of all that was made of it.
func (l *Library) fate(tx *store.Tx, class int64, c *Contribution) error {
	seqs, ids, err := made(tx, c.Seq, c.ID)
	if err != nil {
		return err
	}
	channels, err := tx.Channels()
	if err != nil {
		return err
	}
	for _, ch := range channels {
		for _, seq := range seqs {
			if err := c.follow(tx, ch.ID, seq); err != nil {
				return err
			}
		}
	}
	for _, id := range ids {
		if err := l.said(tx, class, id, channels, c); err != nil {
			return err
		}
	}
	return nil
}

// made returns a version with all that redactions made of it, and their ids.
func made(tx *store.Tx, seq int64, id string) (seqs []int64, ids []string, err error) {
	seqs, ids = []int64{seq}, []string{id}
	for from := 0; from < len(seqs); {
		list, err := tx.MadeOf(seqs[from:])
		if err != nil {
			return nil, nil, err
		}
		from = len(seqs)
		for _, m := range list {
			seqs, ids = append(seqs, m.Object), append(ids, m.ID)
		}
	}
	return seqs, ids, nil
}

// weight orders fates: the furthest anything made of a contribution came counts.
var weight = map[string]int{FateHome: 0, FateRefused: 1, FateWaiting: 2, FateSent: 3}

func (c *Contribution) become(fate string) {
	if weight[fate] > weight[c.Fate] {
		c.Fate = fate
	}
}

func (c *Contribution) follow(tx *store.Tx, channel, seq int64) error {
	sent, err := tx.Crossed(channel, seq)
	if err != nil {
		return err
	}
	if sent.Number != 0 {
		c.become(FateSent)
		if at := instant(sent.At); c.Sent.IsZero() || at.Before(c.Sent) {
			c.Sent = at
		}
		return nil
	}
	state, err := tx.HoldState(channel, seq)
	switch state {
	case store.HoldWaiting:
		c.become(FateWaiting)
	case store.HoldRefused:
		c.become(FateRefused)
	}
	return err
}

// said counts what partners said of an id.
func (l *Library) said(tx *store.Tx, class int64, id string, channels []store.Channel, c *Contribution) error {
	m, err := tx.Match(store.Sought{Class: class, Order: store.Received, Limit: maxFates, Groups: []store.Group{{Terms: []int64{store.Term(byRef, id)}}}})
	if err != nil {
		return err
	}
	shown, err := tx.Shown(class, m.Seqs)
	if err != nil {
		return err
	}
	for _, s := range shown {
		label, err := l.label(s.Terms)
		if err != nil {
			return err
		}
		for _, ch := range channels {
			if label.Origin == ch.Partner {
				if err := c.count(s); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

func (c *Contribution) count(s store.Shown) error {
	switch s.Type {
	case "sighting":
		c.Sightings++
	case "opinion":
		props, err := canon.View(s.Body)
		if err != nil {
			return err
		}
		for _, word := range texts(props["labels"]) {
			if _, known := verdicts[word]; known {
				c.Opinions[word]++
				return nil
			}
		}
		c.Opinions["other"]++
	}
	return nil
}

// verdicts are the words in which partners say what they think.
var verdicts = map[string]bool{"useful": true, "known": true, "false-positive": true, "too-late": true}

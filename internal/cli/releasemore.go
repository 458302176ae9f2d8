package cli

import (
	"context"
	"strconv"

	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/ident"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type releaseGroups struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
	By        string          `default:"rule" enum:"rule,label,type,collection" help:"What to put together."`
	Refused   bool            `help:"What was refused instead of what waits."`
}

type groupRow struct {
	Key   string   `json:"key"`
	Items int64    `json:"items"`
	Types []string `json:"types,omitempty"`
	Why   string   `json:"why"`
}

// Run shows the queue in groups.
func (c *releaseGroups) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		state := store.HoldWaiting
		if c.Refused {
			state = store.HoldRefused
		}
		how, err := release.ParseGrouping(c.By)
		if err != nil {
			return err
		}
		groups, err := n.Releases.Groups(a.ctx, n.Live, n.Operator(), c.Agreement, state, how)
		if err != nil {
			return err
		}
		rows := []groupRow{}
		for _, g := range groups {
			r := groupRow{Key: g.Key, Items: g.Count, Types: g.Types}
			if len(g.Decisions) > 0 {
				r.Why = g.Decisions[0].Sentence
			}
			rows = append(rows, r)
		}
		return a.say(map[string]any{"groups": rows}, func() {
			if len(rows) == 0 {
				a.printf("Nothing waits.\n")
			}
			for _, r := range rows {
				a.printf("%8s  %s  %s\n", number(r.Items), r.Key, r.Why)
			}
		})
	})
}

type releaseReopen struct{ officerWord }

// Run puts a refused item back.
func (c *releaseReopen) Run(a *app) error { return c.say(a, (*release.Releases).Reopen) }

type releaseEmergency struct{ officerWord }

// Run releases in an emergency.
func (c *releaseEmergency) Run(a *app) error { return c.say(a, (*release.Releases).Emergency) }

// officerWord is a word of an officer with a reason.
type officerWord struct {
	heldItem
	As     string       `required:"" placeholder:"USER" help:"Releasing officer who decides; the password is asked for."`
	Digest ident.Digest `required:"" help:"Digest that twoseas release show printed."`
	Reason string       `required:"" help:"Why."`
}

type wordFunc func(*release.Releases, context.Context, *store.Handle, people.Actor, ident.Agreement, int64, ident.Digest, string) (release.Preview, error)

func (c officerWord) say(a *app, word wordFunc) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		p, err := word(n.Releases, a.ctx, n.Live, by, c.Agreement, c.Item, c.Digest, c.Reason)
		if err != nil {
			return err
		}
		return a.say(rowOf(p), func() { a.printf("%s: %s\n", p.Object.ID, p.Hold.State) })
	})
}

type releaseReviews struct {
	Closed bool `help:"Those that were reviewed instead of the open ones."`
}

type reviewRow struct {
	Review  int64  `json:"review"`
	Object  string `json:"object"`
	By      string `json:"released_by"`
	At      string `json:"at"`
	Reason  string `json:"reason"`
	Closer  string `json:"reviewed_by,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	Finding string `json:"finding,omitempty"`
}

// Run lists emergency releases.
func (c *releaseReviews) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Releases.Reviews(a.ctx, n.Live, n.Operator(), !c.Closed, 0, 1000)
		if err != nil {
			return err
		}
		rows := []reviewRow{}
		for _, v := range list {
			rows = append(rows, reviewRow{v.ID, v.Item.ID, v.Officer, moment(v.Opened), v.Reason, v.Closer, v.Outcome, v.Finding})
		}
		return a.say(map[string]any{"reviews": rows}, func() {
			if len(rows) == 0 {
				a.printf("None.\n")
			}
			for _, r := range rows {
				a.printf("%4s  %s  %s by %s: %s %s\n", strconv.FormatInt(r.Review, 10), r.At, r.Object, r.By, r.Reason, r.Finding)
			}
		})
	})
}

type releaseReview struct {
	Review  int64  `arg:"" help:"Number of the review."`
	Outcome string `arg:"" enum:"right,wait,wrong" help:"right, wait (it could have waited) or wrong."`
	Finding string `required:"" help:"What you found."`
	As      string `required:"" placeholder:"USER" help:"Releasing officer who reviews; the password is asked for."`
}

// Run closes a review.
func (c *releaseReview) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		v, err := n.Releases.CloseReview(a.ctx, n.Live, by, c.Review, c.Outcome, c.Finding)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"review": v.ID, "object": v.Item.ID}, func() { a.printf("Review %d of %s is closed.\n", v.ID, v.Item.ID) })
	})
}

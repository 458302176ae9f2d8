package request

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/members"
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// compartment is the code of the caveat that the law-enforcement channel has.
const compartment = "LES"

// Roll is who is in the law-enforcement compartment on one side.
type Roll struct {
	Agreement ident.Agreement
	Side      ident.Side
	Members   []string // ids of organisations; none before there is a list
}

// Compartment is the law-enforcement compartment as those in it see it.
type Compartment struct {
	Rolls    []Roll
	Kept     []Entry  // data that is preserved, what ends first first
	Passages []Passed // between the compartments
}

// Compartment returns the law-enforcement compartment to a liaison.
func (r *Requests) Compartment(ctx context.Context, h *store.Handle, by people.Actor) (c Compartment, err error) {
	if err := by.May(people.Liaise); err != nil {
		return c, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		if c.Rolls, err = rolls(tx, r.Self); err != nil {
			return err
		}
		found, err := tx.Assistances(store.AssistanceQuery{Open: true, Police: true, Kept: true, Limit: MaxPage})
		if err != nil {
			return err
		}
		if c.Kept, err = entries(tx, found); err != nil {
			return err
		}
		c.Passages, err = r.passages(tx, by, "")
		return err
	})
	return c, err
}

// rolls returns both sides' lists under every agreement.
func rolls(tx *store.Tx, self ident.Side) (out []Roll, err error) {
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	for _, ch := range channels {
		lists, err := tx.NewestMemberLists(ch.Agreement)
		if err != nil {
			return nil, err
		}
		for _, side := range []ident.Side{self, ch.Partner} {
			roll := Roll{Agreement: ch.Agreement, Side: side}
			for _, l := range lists {
				if l.Compartment != compartment || l.Side != side {
					continue
				}
				said, err := members.Claimed(l.Note)
				if err != nil {
					return nil, err
				}
				roll.Members = said.Members
			}
			out = append(out, roll)
		}
	}
	return out, nil
}

// Ends says how the end of a period comes near: how many warnings are due.
func Ends(a store.Assistance, now int64) int {
	return request.KeepWarning(clock.At(a.Kept), clock.At(now))
}

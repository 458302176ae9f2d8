package contact

import (
	"context"
	"slices"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/contact"
	"twoseas/internal/store"
)

// Set adds a contact of this side, when c has no ID, or changes one. Its keys
// and whether somebody holds it stay as they are: see Hear, Assign and Leave.
// Returns fault.Denied unless by may Appoint, fault.NotFound, or fault.Invalid
// with what is wrong.
func (x *Contacts) Set(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, c contact.Contact) (contact.Contact, error) {
	if err := by.May(people.Appoint); err != nil {
		return c, err
	}
	clean(&c)
	err := h.Write(ctx, func(tx *store.Tx) (err error) {
		terms, err := x.Accords.InForce(tx, a)
		if err != nil {
			return err
		}
		c.Keys, c.Vacant, c.Revoked = nil, false, false
		if c.ID == "" {
			c.ID, err = x.newID(contact.Type)
		} else {
			err = x.keep(tx, a, &c)
		}
		if err != nil {
			return err
		}
		if err := x.fits(tx, terms.Doc, c); err != nil {
			return err
		}
		if c, err = x.save(tx, a, c); err != nil {
			return err
		}
		return x.record(tx, by.String(), "contact.set", "contact", c.ID, "agreement", string(a), "agency", c.Agency, "post", c.Post)
	})
	return c, err
}

// clean puts what people write in the form a record has.
func clean(c *contact.Contact) {
	for _, s := range []*string{&c.Agency, &c.Post, &c.Person, &c.Handling, &c.BackupOf, &c.ValidFrom, &c.ReviewDue, &c.Hours.Zone} {
		*s = strings.Join(strings.Fields(*s), " ")
	}
	c.Areas, c.Languages = sorted(c.Areas), sorted(c.Languages)
	c.Hours.Days, c.Hours.Holidays = sorted(c.Hours.Days), sorted(c.Hours.Holidays)
	if c.Hours.Always {
		c.Hours = contact.Hours{Zone: c.Hours.Zone, Always: true}
	}
	c.Channels = slices.Clone(c.Channels)
	for i := range c.Channels {
		c.Channels[i].Address = strings.Join(strings.Fields(c.Channels[i].Address), " ")
	}
}

// keep gives c what is not changed with the record.
func (x *Contacts) keep(tx *store.Tx, a ident.Agreement, c *contact.Contact) error {
	row, before, err := x.own(tx, c.ID)
	if err != nil {
		return err
	}
	if row.Agreement != a {
		return fault.New(fault.NotFound, "there is no such contact")
	}
	c.Keys, c.Vacant, c.Created, c.Modified = before.Keys, before.Vacant, before.Created, before.Modified
	return nil
}

// fits refuses areas the agreement does not have, and deputies of nobody.
func (x *Contacts) fits(tx *store.Tx, d *agreement.Document, c contact.Contact) error {
	for _, area := range c.Areas {
		if !slices.ContainsFunc(d.Areas, func(a agreement.Area) bool { return a.Ref == area }) {
			return fault.Errorf(fault.Invalid, "%.40q is not an area of the agreement", area)
		}
	}
	if c.BackupOf == "" {
		return nil
	}
	row, _, err := x.own(tx, c.BackupOf)
	if err == nil && row.Agreement == d.ID() {
		posts, err := all(tx, d.ID())
		if err == nil && slices.Contains(contact.Succession(c.ID, ofSide(posts, x.Self)), c.BackupOf) {
			err = fault.New(fault.Invalid, "two contacts cannot stand in for each other")
		}
		return err
	}
	return fault.Errorf(fault.Invalid, "%.80q is no contact of this side that somebody could stand in for", c.BackupOf)
}

// Retire says that a post is no more; who held it loses what went with it.
// Returns fault.Denied unless by may Appoint, and as Leave does.
func (x *Contacts) Retire(ctx context.Context, h *store.Handle, by people.Actor, id string) error {
	if err := by.May(people.Appoint); err != nil {
		return err
	}
	err := h.Write(ctx, func(tx *store.Tx) error {
		row, c, err := x.own(tx, id)
		if err != nil {
			return err
		}
		if err := x.vacate(tx, by, id); err != nil {
			return err
		}
		c.Revoked, c.Vacant, c.Person = true, true, ""
		if _, err := x.save(tx, row.Agreement, c); err != nil {
			return err
		}
		return x.record(tx, by.String(), "contact.retire", "contact", id, "agreement", string(row.Agreement))
	})
	x.People.Forget()
	return err
}

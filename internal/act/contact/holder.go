package contact

import (
	"context"
	"slices"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/contact"
	"twoseas/internal/store"
)

// Assign says which account holds a post of this side, and which of its roles
// go with the post: all when roles is empty. Returns fault.Denied unless by may
// Administer: whoever holds a post loses with it what went with it; fault.Conflict
// when somebody holds the post; fault.NotFound, or fault.Invalid.
func (x *Contacts) Assign(ctx context.Context, h *store.Handle, by people.Actor, id, account string, roles []people.Role) error {
	if err := by.May(people.Administer); err != nil {
		return err
	}
	name, err := people.ParseName(account)
	if err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		row, c, err := x.own(tx, id)
		if err != nil {
			return err
		}
		with, err := goesWith(tx, name, roles)
		if err != nil {
			return err
		}
		if err := tx.AddHolder(store.Holder{Contact: id, Account: name, Roles: with, By: by.String()}); err != nil {
			return err
		}
		if c.Vacant {
			c.Vacant = false
			if _, err := x.save(tx, row.Agreement, c); err != nil {
				return err
			}
		}
		return x.record(tx, by.String(), "contact.assign", "contact", id, "account", name, "roles", with)
	})
}

// goesWith returns which roles of an account go with a post.
func goesWith(tx *store.Tx, name string, roles []people.Role) (string, error) {
	who, row, err := people.Admit(tx, name)
	if err != nil {
		return "", fault.Errorf(fault.Invalid, "there is no account %q that is open", name)
	}
	if len(roles) == 0 {
		return row.Roles, nil
	}
	var out []string
	for _, r := range roles {
		if !slices.Contains(who.Roles, r) {
			return "", fault.Errorf(fault.Invalid, "%s does not have the role %.40q", name, string(r))
		}
		out = append(out, string(r))
	}
	return strings.Join(sorted(out), ","), nil
}

// Leave says that whoever held a post of this side has left it: from this
// transaction on the account is without the sessions, the tokens and the roles
// that went with the post, and closed when no role is left; the name leaves the
// record, and who stands in for the post takes over. Returns fault.Denied unless
// by may Appoint or Administer, when the account is by's own, and when it
// administers the node and by does not; fault.NotFound, or fault.Conflict when
// nobody holds the post.
func (x *Contacts) Leave(ctx context.Context, h *store.Handle, by people.Actor, id string) error {
	if by.May(people.Administer) != nil && by.May(people.Appoint) != nil {
		return by.May(people.Appoint)
	}
	err := h.Write(ctx, func(tx *store.Tx) error {
		row, c, err := x.own(tx, id)
		if err != nil {
			return err
		}
		if c.Vacant {
			return fault.New(fault.Conflict, "nobody holds the post")
		}
		if err := x.vacate(tx, by, id); err != nil {
			return err
		}
		return x.leftBy(tx, by, row, c)
	})
	x.People.Forget()
	return err
}

// leftBy says in a record that nobody holds its post any more.
func (x *Contacts) leftBy(tx *store.Tx, by people.Actor, row store.Contact, c contact.Contact) error {
	c.Vacant, c.Person = true, ""
	if _, err := x.save(tx, row.Agreement, c); err != nil {
		return err
	}
	posts, err := all(tx, row.Agreement)
	if err != nil {
		return err
	}
	next := contact.OnDuty(row.ID, ofSide(posts, x.Self), now(tx))
	return x.record(tx, by.String(), "contact.leave", "contact", row.ID, "agreement", string(row.Agreement), "deputy", next.Contact)
}

// disabled ends the posts of an account that was disabled: who stands in for
// them takes over.
func (x *Contacts) disabled(tx *store.Tx, by people.Actor, account string) error {
	held, err := tx.PostsOf(account)
	if err != nil {
		return err
	}
	for _, h := range held {
		if err := tx.EndHolder(h.Contact, by.String()); err != nil {
			return err
		}
		row, c, err := x.own(tx, h.Contact)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
			continue // the record was erased, or the post is no more
		}
		if err != nil {
			return err
		}
		if err := x.leftBy(tx, by, row, c); err != nil {
			return err
		}
	}
	return nil
}

// vacate takes from who holds a post what goes with it and with no other post
// of theirs.
func (x *Contacts) vacate(tx *store.Tx, by people.Actor, id string) error {
	held, err := holder(tx, id)
	if err != nil || held.Account == "" {
		return err
	}
	account, err := tx.Account(held.Account)
	if fault.Is(err, fault.NotFound) {
		return tx.EndHolder(id, by.String())
	}
	if err != nil {
		return err
	}
	if held.Account == by.Name && !by.IsSystem() {
		return fault.New(fault.Denied, "nobody ends his or her own post: ask another")
	}
	if by.May(people.Administer) != nil && slices.Contains(strings.Split(account.Roles, ","), string(people.Administrator)) {
		return fault.Errorf(fault.Denied, "%s administers the node: only another administrator ends that post", held.Account)
	}
	gone, err := goes(tx, held)
	if err != nil {
		return err
	}
	if _, err := x.People.Vacate(tx, by, held.Account, gone); err != nil {
		return err
	}
	return tx.EndHolder(id, by.String())
}

// holder returns who holds a post now; without an account, nobody does.
func holder(tx *store.Tx, id string) (store.Holder, error) {
	list, err := tx.Holders(id)
	if err != nil || len(list) == 0 || list[0].Left != 0 {
		return store.Holder{}, err
	}
	return list[0], nil
}

// goes returns the roles that go with a post and with no other of its holder.
func goes(tx *store.Tx, held store.Holder) ([]people.Role, error) {
	posts, err := tx.PostsOf(held.Account)
	if err != nil {
		return nil, err
	}
	var stay []string
	for _, p := range posts {
		if p.Contact != held.Contact {
			stay = append(stay, strings.Split(p.Roles, ",")...)
		}
	}
	var out []people.Role
	for r := range strings.SplitSeq(held.Roles, ",") {
		if !slices.Contains(stay, r) {
			out = append(out, people.Role(r))
		}
	}
	return out, nil
}

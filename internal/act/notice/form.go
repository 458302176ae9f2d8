package notice

import (
	"context"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// form makes messages of the notices whose time has come.
func (n *Notices) form(ctx context.Context, h *store.Handle) error {
	var after store.Addressee
	for {
		var some, now []store.Addressee
		if err := h.Query(ctx, func(tx *store.Tx) (err error) {
			if some, err = tx.NoticesWaiting(after, formAtOnce); err != nil {
				return err
			}
			for _, to := range some {
				yes, err := n.comes(tx, to)
				if err != nil {
					return err
				}
				if yes {
					now = append(now, to)
				}
			}
			return nil
		}); err != nil {
			return err
		}
		if len(now) > 0 {
			if err := h.Write(ctx, func(tx *store.Tx) error { return n.formFor(tx, now) }); err != nil {
				return err
			}
		}
		if len(some) < formAtOnce {
			return nil
		}
		after = some[len(some)-1]
	}
}

// comes reports whether something is to be done now about what waits for to:
// written, or put aside because nobody is written to.
func (n *Notices) comes(tx *store.Tx, to store.Addressee) (bool, error) {
	if to.Urgent || to.Person == "" || n.Outside == nil {
		return true, nil
	}
	w, err := n.wish(tx, to.Person)
	if err != nil || !w.Mail {
		return true, err
	}
	now := time.UnixMicro(tx.Now())
	return !now.Before(ready(w, time.UnixMicro(to.Oldest))) && !now.Before(awake(w, now)), nil
}

// formFor makes the messages of some, what is urgent apart from what could
// wait.
func (n *Notices) formFor(tx *store.Tx, some []store.Addressee) error {
	for _, to := range some {
		mail, address, err := n.reach(tx, to)
		if err != nil {
			return err
		}
		m := store.Mail{Person: to.Person, Address: address, Urgent: true}
		if err := n.formOne(tx, to, m, mail); err != nil {
			return err
		}
		to.Urgent, m.Urgent = false, false
		yes, err := n.comes(tx, to)
		if err == nil && yes {
			err = n.formOne(tx, to, m, mail)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// formOne makes one message of what waits, or puts it aside.
func (n *Notices) formOne(tx *store.Tx, to store.Addressee, m store.Mail, mail bool) error {
	list, err := tx.NoticesFor(to, m.Urgent)
	if err != nil || len(list) == 0 {
		return err
	}
	m.ID = store.NoMail
	if mail {
		m.ID = n.name(to, list)
		if err := tx.AddMail(m); err != nil {
			return err
		}
	}
	for _, x := range list {
		if err := tx.PutNotice(x.ID, m.ID); err != nil {
			return err
		}
	}
	return nil
}

// reach says whether somebody is written to, and where.
func (n *Notices) reach(tx *store.Tx, to store.Addressee) (mail bool, address string, err error) {
	if n.Outside == nil || to.Person == "" {
		return n.Outside != nil, to.Address, nil
	}
	a, err := tx.Account(to.Person)
	if fault.Is(err, fault.NotFound) || err == nil && (a.Disabled || a.Shut) {
		return false, "", nil // left the post
	}
	if err != nil {
		return false, "", err
	}
	w, err := n.wish(tx, to.Person)
	if err != nil || !w.Mail {
		return false, "", err
	}
	who, err := tx.Person(to.Person)
	if err != nil {
		return false, "", err
	}
	address, wrong := Address(who.Email)
	return wrong == nil, address, nil
}

package contact

import (
	"context"
	"slices"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/contact"
	"twoseas/internal/store"
)

// Heard is a fingerprint as somebody heard it out of band.
type Heard struct {
	Kind, Fingerprint, Expires string
	Means                      string // one of contact.Means
}

// Hear records that by heard a fingerprint of a contact out of band. It takes
// two people who heard the same: then the key goes into a record of this side
// and to the partner; of a partner's contact it counts as verified here. It
// reports whether by was the second. Returns fault.Denied unless by is a person
// who may Appoint, and to the same person twice; fault.Conflict when the second
// heard another end of the key, fault.NotFound, or fault.Invalid.
func (x *Contacts) Hear(ctx context.Context, h *store.Handle, by people.Actor, id string, heard Heard) (both bool, err error) {
	if err := by.May(people.Appoint); err != nil {
		return false, err
	}
	name, err := person(by)
	if err != nil {
		return false, err
	}
	key, err := contact.ParseKey(heard.Kind, heard.Fingerprint, heard.Expires)
	if err != nil {
		return false, err
	}
	if !slices.Contains(contact.Means(), heard.Means) {
		return false, fault.Errorf(fault.Invalid, "say how the fingerprint was heard: in-person, telephone, video, diplomatic-note or paper; not %.40q", heard.Means)
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		row, c, err := x.hearable(tx, id, key)
		if err != nil {
			return err
		}
		k, err := next(tx, row.ID, key, name, heard.Means)
		if err != nil {
			return err
		}
		both = k.Second != ""
		if err := tx.SetHeardKey(k); err != nil {
			return err
		}
		if both && row.Side == x.Self {
			key.Verified = contact.Verified{On: now(tx).Format("2006-01-02"), Means: []string{k.FirstMeans, k.SecondMeans}, People: 2}
			c.Keys = contact.WithKey(c.Keys, key)
			if _, err := x.save(tx, row.Agreement, c); err != nil {
				return err
			}
		}
		act := "contact.key.first"
		if both {
			act = "contact.key.second"
		}
		return x.record(tx, by.String(), act, "contact", id, "kind", string(key.Kind), "fingerprint", key.Fingerprint, "means", heard.Means)
	})
	return both, err
}

// hearable returns a contact whose key may be heard: any of this side, and of
// the partner's what its record says.
func (x *Contacts) hearable(tx *store.Tx, id string, key contact.Key) (store.Contact, contact.Contact, error) {
	row, c, err := open(tx, id)
	if err != nil {
		return row, c, err
	}
	if c.Revoked {
		return row, c, fault.New(fault.Conflict, "the post is no more")
	}
	if row.Side == x.Self {
		return row, c, nil
	}
	said := slices.ContainsFunc(c.Keys, func(k contact.Key) bool {
		return k.Kind == key.Kind && k.Fingerprint == key.Fingerprint
	})
	if !said {
		return row, c, fault.New(fault.Invalid, "the record of the contact has no key with this fingerprint: do not use it, and ask the other side")
	}
	return row, c, nil
}

// next returns what is known of a fingerprint after name heard it too.
func next(tx *store.Tx, id string, key contact.Key, name, means string) (store.HeardKey, error) {
	had, err := tx.HeardKeys(id)
	if err != nil {
		return store.HeardKey{}, err
	}
	k := store.HeardKey{
		Contact: id, Fingerprint: key.Fingerprint, Kind: string(key.Kind), Expires: key.Expires,
		First: name, FirstMeans: means, FirstAt: tx.Now(),
	}
	i := slices.IndexFunc(had, func(o store.HeardKey) bool { return o.Fingerprint == key.Fingerprint })
	if i < 0 || had[i].Second != "" && had[i].Expires != key.Expires {
		return k, nil // the first, or the end of the key is another: two people again
	}
	before := had[i]
	switch {
	case before.Second != "":
		return k, fault.New(fault.Conflict, "two people have verified this key already")
	case before.First == name:
		return k, fault.New(fault.Denied, "you were the first: another person has to hear the fingerprint too")
	case before.Kind != k.Kind || before.Expires != k.Expires:
		return k, fault.New(fault.Conflict, "the first person wrote another kind or end of the key: compare what you heard")
	}
	before.Second, before.SecondMeans, before.SecondAt = name, means, tx.Now()
	return before, nil
}

// DropKey takes a key out of a record of this side, and forgets what was heard
// of it: one person is enough to stop trusting it. Of a partner's contact it
// counts as verified here no more. Returns fault.Denied unless by may Appoint;
// fault.NotFound when there is no such key.
func (x *Contacts) DropKey(ctx context.Context, h *store.Handle, by people.Actor, id, fingerprint string) error {
	if err := by.May(people.Appoint); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		row, c, err := open(tx, id)
		if err != nil {
			return err
		}
		heard, err := tx.HeardKeys(id)
		if err != nil {
			return err
		}
		inRecord := slices.ContainsFunc(c.Keys, func(k contact.Key) bool { return k.Fingerprint == fingerprint }) && row.Side == x.Self && !c.Revoked
		known := slices.ContainsFunc(heard, func(k store.HeardKey) bool { return k.Fingerprint == fingerprint })
		if !inRecord && !known {
			return fault.New(fault.NotFound, "there is no such key")
		}
		if err := tx.DropHeardKey(id, fingerprint); err != nil {
			return err
		}
		if inRecord {
			c.Keys = contact.WithoutKey(c.Keys, fingerprint)
			if _, err := x.save(tx, row.Agreement, c); err != nil {
				return err
			}
		}
		return x.record(tx, by.String(), "contact.key.drop", "contact", id, "fingerprint", fingerprint)
	})
}

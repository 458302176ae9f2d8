package session

import (
	"context"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// LinkLife is how long a one-time link is good for.
const LinkLife = 24 * time.Hour

// Link makes a link's secret that lets whoever has it set up the ways in of
// account, once: an invitation, or the way back in. An earlier one is worthless
// from then on. Returns fault.Denied unless by may change the account;
// fault.NotFound.
func (s *Sessions) Link(ctx context.Context, by people.Actor, account string) (string, error) {
	account, err := people.ParseName(account)
	if err != nil {
		return "", err
	}
	secret, hash, err := s.draw()
	if err != nil {
		return "", err
	}
	err = s.c.Store.Write(ctx, func(tx *store.Tx) error {
		if _, err := people.Handle(tx, by, account); err != nil {
			return err
		}
		if _, _, err := people.Admit(tx, account); err != nil {
			return err
		}
		if err := people.Tend(tx, by, account); err != nil {
			return err
		}
		k := store.Link{Hash: hash, Account: account, By: by.String(), Expires: tx.Now() + LinkLife.Microseconds()}
		if err := tx.SetLink(k); err != nil {
			return err
		}
		return s.journal(tx, by, "make one-time link", "account", account)
	})
	return secret, err
}

func errLink() error {
	return fault.New(fault.Denied, "this link was used, has expired or never was: ask an administrator for another")
}

// LinkFor returns whose link this is, without using it up; fault.Denied when
// it is none.
func (s *Sessions) LinkFor(ctx context.Context, secret string) (string, error) {
	hash, ok := digest(secret)
	if !ok {
		return "", errLink()
	}
	var account string
	err := s.c.Store.Query(ctx, func(tx *store.Tx) error {
		k, err := tx.LinkOf(hash)
		if fault.Is(err, fault.NotFound) {
			return errLink()
		}
		account = k.Account
		return err
	})
	return account, err
}

// UseLink uses a link up and returns a session in which the account's ways in
// are set up. It fails as LinkFor does, or with fault.Busy after too many
// links that are none.
func (s *Sessions) UseLink(ctx context.Context, secret string, at At) (string, error) {
	hash, _ := digest(secret) // nil is nobody's
	var out string
	err := s.c.People.Guess(ctx, "link", "?", at.Address, fault.Message(errLink()), func(tx *store.Tx) (bool, error) {
		k, err := tx.LinkOf(hash)
		if fault.Is(err, fault.NotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		by, _, err := people.Admit(tx, k.Account)
		if err != nil {
			return false, err
		}
		if err := tx.DropLinks(k.Account); err != nil {
			return false, err
		}
		out, err = s.begin(tx, by, Enrol, ByLink, at)
		return err == nil, err
	})
	return out, err
}

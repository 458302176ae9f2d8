package session

import (
	"context"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// wrongCode is said to everybody whose second factor is not taken.
const wrongCode = "wrong or used code"

// Password signs in with a password. What it returns is good for Full when
// that is enough, for Half when a second factor is still to be shown, and for
// Enrol when one has to be set up first. It fails as people.Login does.
func (s *Sessions) Password(ctx context.Context, name, password string, at At) (string, Stage, error) {
	by, more, err := s.c.People.Password(ctx, name, password, at.Address)
	if err != nil {
		return "", 0, err
	}
	stage := Enrol
	switch {
	case more:
		stage = Half
	case s.c.OneFactor:
		stage = Full
	}
	var secret string
	err = s.c.Store.Write(ctx, func(tx *store.Tx) error {
		if _, _, err := people.Admit(tx, by.Name); err != nil {
			return err
		}
		var err error
		secret, err = s.begin(tx, by, stage, ByPassword, at)
		return err
	})
	return secret, stage, err
}

// Second shows the code of a code generator, or a recovery code, in a session
// that is Half, and returns its new secret. Returns fault.Denied when the code
// is wrong or used, or the session is no such one; fault.Busy after too many
// failures.
func (s *Sessions) Second(ctx context.Context, x Session, code string, at At) (string, error) {
	if x.Stage != Half {
		return "", errOver()
	}
	var secret string
	err := s.c.People.Guess(ctx, people.Code, x.Account, at.Address, wrongCode, func(tx *store.Tx) (bool, error) {
		by, _, err := people.Admit(tx, x.Account)
		if err != nil {
			return false, err
		}
		method, err := s.take(tx, x.Account, code)
		if err != nil || method == "" {
			return false, err
		}
		secret, err = s.raise(tx, by, x.hash, method)
		return err == nil, err
	})
	return secret, err
}

// take uses a code up and returns how that is called, "" when it is wrong.
func (s *Sessions) take(tx *store.Tx, account, code string) (string, error) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code)
	if len(code) == digits {
		ok, err := s.takeTOTP(tx, account, code)
		if err != nil || !ok {
			return "", err
		}
		return ByCode, nil
	}
	hash, ok := recoveryHash(code)
	if !ok {
		return "", nil
	}
	there, err := tx.TakeRecovery(account, hash)
	if err != nil || !there {
		return "", err
	}
	return ByRecovery, nil
}

// Confirm authenticates the person of a Full session again by password, and
// returns its new secret. It fails as people.Login does.
func (s *Sessions) Confirm(ctx context.Context, x Session, password string, at At) (string, error) {
	if x.Stage != Full {
		return "", errOver()
	}
	by, _, err := s.c.People.Password(ctx, x.Account, password, at.Address)
	if err != nil {
		return "", err
	}
	var secret string
	err = s.c.Store.Write(ctx, func(tx *store.Tx) error {
		secret, err = s.raise(tx, by, x.hash, x.Method)
		return err
	})
	return secret, err
}

// Provider signs in whom an OpenID Connect provider vouches for: the account
// linked with the subject, or the only one invited under the e-mail address
// when the provider verified that and knows the account by nobody else, which
// is linked then. With again not zero the person of that session is
// authenticated again instead, and it must be the same one. Returns
// fault.Denied when nobody here is meant.
func (s *Sessions) Provider(ctx context.Context, id Identity, again Session, at At) (string, error) {
	var secret string
	err := s.c.Store.Write(ctx, func(tx *store.Tx) error {
		account, err := s.identify(tx, id)
		if err != nil {
			return err
		}
		by, _, err := people.Admit(tx, account)
		if err != nil {
			return err
		}
		if again.ID == "" {
			secret, err = s.begin(tx, by, Full, ByProvider, at)
			return err
		}
		if again.Account != account || again.Stage != Full {
			return fault.New(fault.Denied, "the provider signed somebody else in")
		}
		secret, err = s.raise(tx, by, again.hash, ByProvider)
		return err
	})
	if fault.Is(err, fault.Denied) {
		s.c.People.TurnAway("", ByProvider, at.Address)
	}
	return secret, err
}

// Identity is what an OpenID Connect provider says of a person. Roles never
// come from it.
type Identity struct {
	Issuer, Subject, Email string
	Verified               bool // the e-mail address
}

func (s *Sessions) identify(tx *store.Tx, id Identity) (string, error) {
	account, err := tx.AccountOf(id.Issuer, id.Subject)
	if err != nil || account != "" {
		return account, err
	}
	none := fault.New(fault.Denied, "no account of this node is meant by that sign-on: ask an administrator to put your e-mail address into your account")
	if !id.Verified || id.Email == "" || id.Subject == "" {
		return "", none
	}
	invited, err := tx.Invited(strings.ToLower(id.Email))
	if err != nil {
		return "", err
	}
	if len(invited) != 1 {
		return "", none
	}
	taken, err := tx.Identified(id.Issuer, invited[0])
	if err != nil {
		return "", err
	}
	if taken {
		return "", none
	}
	if err := tx.Identify(id.Issuer, id.Subject, invited[0]); err != nil {
		return "", err
	}
	return invited[0], s.journal(tx, people.Actor{Name: invited[0]}, "link sign-on", "issuer", line(id.Issuer, 200))
}

// SignOut ends the session.
func (s *Sessions) SignOut(ctx context.Context, by people.Actor, x Session) error {
	return s.c.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.EndSession(x.Account, x.ID); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		return s.journal(tx, by, "sign out", "account", x.Account)
	})
}

package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// maxPasskeys bounds the passkeys of one account.
const maxPasskeys = 20

// Passkey is a WebAuthn credential of an account. Data is what edge/auth made
// of it.
type Passkey struct {
	ID            string // in hexadecimal
	Account, Name string
	Data          []byte
	Created, Used time.Time
}

func passkeyOf(k store.Passkey) Passkey {
	return Passkey{
		ID: hex.EncodeToString(k.ID), Account: k.Account, Name: k.Name, Data: k.Data,
		Created: time.UnixMicro(k.Created).UTC(), Used: time.UnixMicro(k.Used).UTC(),
	}
}

// Handle returns the bytes by which authenticators know account, which tell
// nobody else anything (WebAuthn §14.6.1).
func (s *Sessions) Handle(account string) []byte {
	m := hmac.New(sha256.New, s.c.Seal[:])
	m.Write([]byte("twoseas/webauthn/v1\n" + account))
	return m.Sum(nil)
}

// AddPasskey adds a credential that was verified to the account of x and ends
// its other sessions. Returns fault.Conflict when it is registered already.
func (s *Sessions) AddPasskey(ctx context.Context, x Session, id []byte, name string, data []byte) (Enrolled, error) {
	if err := s.mayEnrol(x); err != nil {
		return Enrolled{}, err
	}
	if name = line(name, 64); name == "" {
		name = "passkey"
	}
	var out Enrolled
	err := s.changed(ctx, func(tx *store.Tx) error {
		have, err := tx.Passkeys(x.Account)
		if err != nil {
			return err
		}
		if len(have) >= maxPasskeys {
			return fault.Errorf(fault.TooLarge, "an account has at most %d passkeys: remove one first", maxPasskeys)
		}
		if err := tx.AddPasskey(store.Passkey{ID: id, Account: x.Account, Name: name, Data: data}); err != nil {
			return err
		}
		out.Secret, out.Stage, err = s.enrolled(tx, x, "add passkey", func(store.Account) bool { return true })
		return err
	})
	return out, err
}

// RemovePasskey removes a credential from the account of x. Returns
// fault.NotFound; fault.Conflict when nothing else would let the person in.
func (s *Sessions) RemovePasskey(ctx context.Context, by people.Actor, x Session, id string) error {
	if err := s.mayEnrol(x); err != nil {
		return err
	}
	raw, err := hex.DecodeString(id)
	if err != nil {
		return fault.New(fault.NotFound, "there is no such passkey")
	}
	return s.changed(ctx, func(tx *store.Tx) error {
		if err := tx.RemovePasskey(x.Account, raw); err != nil {
			return err
		}
		if err := s.stillIn(tx, x.Account); err != nil {
			return err
		}
		return s.journal(tx, by, "remove passkey", "account", x.Account)
	})
}

// RemoveGenerator takes the code generator and the recovery codes from the
// account of x. It fails as RemovePasskey does.
func (s *Sessions) RemoveGenerator(ctx context.Context, by people.Actor, x Session) error {
	if err := s.mayEnrol(x); err != nil {
		return err
	}
	return s.changed(ctx, func(tx *store.Tx) error {
		if err := tx.RemoveTOTP(x.Account); err != nil {
			return err
		}
		if err := tx.SetRecovery(x.Account, nil); err != nil {
			return err
		}
		if err := s.stillIn(tx, x.Account); err != nil {
			return err
		}
		return s.journal(tx, by, "remove code generator", "account", x.Account)
	})
}

// stillIn returns fault.Conflict when the account could not get in any more.
func (s *Sessions) stillIn(tx *store.Tx, account string) error {
	row, err := tx.Account(account)
	if err != nil {
		return err
	}
	keys, err := tx.Passkeys(account)
	if err != nil {
		return err
	}
	if len(keys) > 0 || row.Password != "" && (row.Second || s.c.OneFactor) {
		return nil
	}
	return fault.New(fault.Conflict, "this is the last way into the account: set up another one first")
}

// wrongPasskey is said whatever is wrong with one.
const wrongPasskey = "this passkey is not of an account here"

// Passkey signs in with the credential that has this id when verify, given the
// account and what is stored of the credential, takes the assertion and returns
// what to store of it from now on. With again not zero the person of that
// session is authenticated again instead, or shows the second factor, and must
// be the same one. Returns fault.Denied; fault.Busy after too many failures.
func (s *Sessions) Passkey(ctx context.Context, id []byte, verify func(account string, data []byte) ([]byte, error), again Session, at At) (string, error) {
	var secret string
	err := s.c.People.Guess(ctx, "passkey", hex.EncodeToString(id[:min(len(id), 16)]), at.Address, wrongPasskey, func(tx *store.Tx) (bool, error) {
		k, err := tx.Passkey(id)
		if fault.Is(err, fault.NotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		by, _, err := people.Admit(tx, k.Account)
		if fault.Is(err, fault.Denied) || again.ID != "" && again.Account != k.Account {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		data, bad := verify(k.Account, k.Data)
		if bad != nil {
			return false, nil //nolint:nilerr // why does not matter to who guesses
		}
		if err := tx.UsePasskey(id, data); err != nil {
			return false, err
		}
		if again.ID == "" {
			secret, err = s.begin(tx, by, Full, ByPasskey, at)
		} else {
			secret, err = s.raise(tx, by, again.hash, ByPasskey)
		}
		return err == nil, err
	})
	return secret, err
}

// ceremonyLife is how long a challenge waits for its answer.
const ceremonyLife = 10 * time.Minute

// Keep remembers data for one Take of the same kind within ten minutes, and
// returns the secret that takes it.
func (s *Sessions) Keep(ctx context.Context, kind, account string, data []byte) (string, error) {
	secret, hash, err := s.draw()
	if err != nil {
		return "", err
	}
	return secret, s.c.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.AddCeremony(store.Ceremony{
			Hash: hash, Kind: kind, Account: account, Data: data, Expires: tx.Now() + ceremonyLife.Microseconds(),
		})
	})
}

// Take returns what was kept under secret, once, or fault.NotFound.
func (s *Sessions) Take(ctx context.Context, kind, secret string) (account string, data []byte, err error) {
	hash, _ := digest(secret) // nil is nobody's
	err = s.c.Store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.TakeCeremony(hash, kind)
		account, data = c.Account, c.Data
		return err
	})
	return account, data, err
}

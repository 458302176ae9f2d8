package session

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// What code generators make (RFC 6238 with the parameters every generator
// knows): a code of six digits every 30 seconds, from 160 bits.
const (
	digits      = 6
	period      = 30
	totpBytes   = 20
	recoveries  = 10
	recoverySum = 16 // bytes of a recovery code
)

var b32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// mayEnrol returns nil when the person of x may change its ways in: while they
// are being set up, or with a recent authentication.
func (s *Sessions) mayEnrol(x Session) error {
	if x.Stage == Enrol || s.Recent(x) {
		return nil
	}
	return fault.New(fault.Denied, "confirm that it is you first")
}

// Generator is the secret of a code generator as people type it, and as a QR
// code says it.
type Generator struct{ Secret, URL string }

// BeginGenerator returns the code generator that waits for its first code in
// this session, made when there is none: another session, which may be
// somebody's who knows the password too, is never shown it. The one in use stays
// in use.
func (s *Sessions) BeginGenerator(ctx context.Context, x Session) (Generator, error) {
	if err := s.mayEnrol(x); err != nil {
		return Generator{}, err
	}
	var secret []byte
	err := s.c.Store.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.TOTP(x.Account)
		if err != nil {
			return err
		}
		secret, err = s.open(x.waits(), row.Pending)
		if err == nil {
			return nil
		}
		secret = make([]byte, totpBytes)
		if _, err := io.ReadFull(s.c.Rand, secret); err != nil {
			return fmt.Errorf("draw a secret: %w", err)
		}
		if row.Pending, err = s.seal(x.waits(), secret); err != nil {
			return err
		}
		return tx.SetTOTP(row)
	})
	if err != nil {
		return Generator{}, err
	}
	text := b32.EncodeToString(secret)
	u := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/" + s.c.Issuer + ":" + x.Account,
		RawQuery: url.Values{"secret": {text}, "issuer": {s.c.Issuer}}.Encode(),
	}
	return Generator{Secret: text, URL: strings.ReplaceAll(u.String(), "+", "%20")}, nil
}

// Enrolled is what setting up a way in gives.
type Enrolled struct {
	Secret string   // what the browser holds from now on
	Codes  []string // new recovery codes, shown once
	Stage  Stage    // what the session is good for now
}

// SetGenerator takes the code generator that waits into use when code is its
// current one, makes new recovery codes and ends the account's other sessions.
// Returns fault.Denied when the code is wrong; fault.Busy after too many wrong
// ones.
func (s *Sessions) SetGenerator(ctx context.Context, x Session, code string, at At) (Enrolled, error) {
	if err := s.mayEnrol(x); err != nil {
		return Enrolled{}, err
	}
	codes, hashes, err := s.recoveryCodes()
	if err != nil {
		return Enrolled{}, err
	}
	out := Enrolled{Codes: codes}
	err = s.c.People.Guess(ctx, people.Code, x.Account, at.Address, wrongCode, func(tx *store.Tx) (bool, error) {
		row, err := tx.TOTP(x.Account)
		if err != nil {
			return false, err
		}
		secret, err := s.open(x.waits(), row.Pending)
		if err != nil {
			return false, nil //nolint:nilerr // none waits, or another session's
		}
		step, ok := matching(secret, strings.TrimSpace(code), tx.Now(), 0)
		if !ok {
			return false, nil
		}
		if row.Sealed, err = s.seal(place(x.Account), secret); err != nil {
			return false, err
		}
		row.Pending, row.Step = nil, step
		if err := tx.SetTOTP(row); err != nil {
			return false, err
		}
		if err := tx.SetRecovery(x.Account, hashes); err != nil {
			return false, err
		}
		out.Secret, out.Stage, err = s.enrolled(tx, x, "set up code generator", func(a store.Account) bool { return a.Password != "" })
		return err == nil, err
	})
	if err != nil {
		return Enrolled{}, err
	}
	s.c.People.Forget()
	return out, nil
}

// SetPassword gives the account a password while its ways in are being set up,
// and ends its other sessions. Returns fault.Invalid when it will not do.
func (s *Sessions) SetPassword(ctx context.Context, x Session, password string) (Enrolled, error) {
	if x.Stage != Enrol {
		return Enrolled{}, errOver()
	}
	phc, err := s.c.People.Hash(ctx, password)
	if err != nil {
		return Enrolled{}, err
	}
	var out Enrolled
	err = s.changed(ctx, func(tx *store.Tx) error {
		_, row, err := people.Admit(tx, x.Account)
		if err != nil {
			return err
		}
		row.Password = phc
		if err := tx.UpdateAccount(row); err != nil {
			return err
		}
		out.Secret, out.Stage, err = s.enrolled(tx, x, "set own password", func(a store.Account) bool { return s.c.OneFactor && !a.Second })
		return err
	})
	return out, err
}

// enrolled records that a way in was set up: it journals act, ends the other
// sessions and moves the session out of Enrol when enough says that this is
// enough to get in.
func (s *Sessions) enrolled(tx *store.Tx, x Session, act string, enough func(store.Account) bool) (string, Stage, error) {
	by, row, err := people.Admit(tx, x.Account)
	if err != nil {
		return "", 0, err
	}
	if _, err := s.valid(tx, x.hash); err != nil {
		return "", 0, err
	}
	if err := s.journal(tx, by, act, "account", x.Account); err != nil {
		return "", 0, err
	}
	if _, err := tx.EndSessions(x.Account, x.ID); err != nil {
		return "", 0, err
	}
	tx.Notify(store.TopicConfig)
	stage := x.Stage
	if stage == Enrol && enough(row) {
		stage = Full
	}
	secret, hash, err := s.draw()
	if err != nil {
		return "", 0, err
	}
	return secret, stage, tx.RaiseSession(x.hash, hash, int64(stage), x.Method)
}

// ToldFor is how long a person is told that everything was taken back.
const ToldFor = 30 * 24 * time.Hour

// Ways says how an account can get in.
type Ways struct {
	Password, Generator bool
	Recovery            int64 // codes left
	Passkeys            []Passkey
	// Renewed is when everything there was before was taken back, zero when
	// that never happened.
	Renewed time.Time
}

// Ways returns how account can get in, under the conditions of List.
func (s *Sessions) Ways(ctx context.Context, by people.Actor, account string) (Ways, error) {
	var out Ways
	err := s.c.Store.Read(ctx, func(tx *store.Tx) error {
		if err := reach(tx, by, account); err != nil {
			return err
		}
		row, err := tx.Account(account)
		if err != nil {
			return err
		}
		totp, err := tx.TOTP(account)
		if err != nil {
			return err
		}
		if row.Renewed > 0 {
			out.Renewed = time.UnixMicro(row.Renewed).UTC()
		}
		out.Password, out.Generator = row.Password != "", len(totp.Sealed) > 0
		if out.Recovery, err = tx.RecoveryLeft(account); err != nil {
			return err
		}
		keys, err := tx.Passkeys(account)
		for _, k := range keys {
			out.Passkeys = append(out.Passkeys, passkeyOf(k))
		}
		return err
	})
	return out, err
}

// takeTOTP reports whether code is one of the account's generator, of this
// half minute or one beside it, that was not taken before; it takes it.
func (s *Sessions) takeTOTP(tx *store.Tx, account, code string) (bool, error) {
	row, err := tx.TOTP(account)
	if err != nil || len(row.Sealed) == 0 {
		return false, err
	}
	secret, err := s.open(place(account), row.Sealed)
	if err != nil {
		return false, err
	}
	step, ok := matching(secret, code, tx.Now(), row.Step)
	if !ok {
		return false, nil
	}
	row.Step = step
	return true, tx.SetTOTP(row)
}

// matching returns the time step after the last taken one that code is of.
func matching(secret []byte, code string, now, last int64) (int64, bool) {
	at := time.UnixMicro(now).Unix() / period
	opts := hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
	found, ok := int64(0), false
	for step := max(0, at-1); step <= at+1; step++ {
		want, err := hotp.GenerateCodeCustom(b32.EncodeToString(secret), uint64(step), opts)
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > last {
			found, ok = step, true
		}
	}
	return found, ok
}

// recoveryCodes draws codes of 128 bits and returns what is stored of them.
func (s *Sessions) recoveryCodes() (codes []string, hashes [][]byte, err error) {
	for range recoveries {
		var raw [recoverySum]byte
		if _, err := io.ReadFull(s.c.Rand, raw[:]); err != nil {
			return nil, nil, fmt.Errorf("draw recovery codes: %w", err)
		}
		text := strings.ToLower(b32.EncodeToString(raw[:]))
		var parts []string
		for i := 0; i < len(text); i += 5 {
			parts = append(parts, text[i:min(i+5, len(text))])
		}
		sum := sha256.Sum256(raw[:])
		codes, hashes = append(codes, strings.Join(parts, "-")), append(hashes, sum[:])
	}
	return codes, hashes, nil
}

// recoveryHash returns what is stored of a code without its hyphens.
func recoveryHash(code string) ([]byte, bool) {
	raw, err := b32.DecodeString(strings.ToUpper(code))
	if err != nil || len(raw) != recoverySum {
		return nil, false
	}
	sum := sha256.Sum256(raw)
	return sum[:], true
}

// sealVersion is the first byte of a sealed secret: AES-256-GCM with a random
// nonce in front.
const sealVersion = 0x01

// place is where the secret of a generator in use belongs, waits where that of
// one does that waits for its first code.
func place(account string) []byte { return []byte("twoseas/totp/v1\n" + account + "\n") }

func (x Session) waits() []byte {
	return []byte("twoseas/totp-waits/v1\n" + x.Account + "\n" + x.ID + "\n")
}

func (s *Sessions) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.c.Seal[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s *Sessions) seal(at, secret []byte) ([]byte, error) {
	a, err := s.aead()
	if err != nil {
		return nil, err
	}
	return a.Seal([]byte{sealVersion}, nil, secret, at), nil //nolint:gosec // it makes the nonce itself
}

func (s *Sessions) open(at, sealed []byte) ([]byte, error) {
	a, err := s.aead()
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(sealed, []byte{sealVersion})
	if !ok {
		return nil, fault.New(fault.Conflict, "the code generator was set up by a newer twoseas")
	}
	secret, err := a.Open(nil, nil, rest, at)
	if err != nil {
		return nil, fault.New(fault.Conflict, "the node's sealing key does not open the code generator of this account: it belongs to another store")
	}
	return secret, nil
}

// OwnWays is Ways of the account that x is a session of, whatever it is good
// for.
func (s *Sessions) OwnWays(ctx context.Context, x Session) (Ways, error) {
	return s.Ways(ctx, people.Actor{Name: x.Account}, x.Account)
}

// Package session lets people in: with a password and a code, a passkey, a
// one-time link or the word of an OpenID Connect provider; and knows who is in.
//
// Invariants: what a browser holds is stored only as its SHA-256, and is drawn
// anew whenever it is good for more than before; a password alone opens
// nothing where a second factor is set up, and leads nowhere but to setting one
// up where there is none (unless the node admits one factor); a code, a link
// and a challenge are good once; secrets of code generators are sealed with a
// key that is not in the store; a session ends in the transaction that changes
// the password, the roles or the state of its account, so that no process
// answers to it any more.
package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Stage is what a session is good for.
type Stage int64

// The stages.
const (
	// Half: the password was right, the second factor is still to be shown.
	Half Stage = iota + 1
	// Enrol: whoever it is has to set up the ways in before anything else.
	Enrol
	// Full: whatever the account may do.
	Full
)

// The ways to sign in, as lists and the home log name them.
const (
	ByPassword = "password"
	ByCode     = "password and code"
	ByRecovery = "password and recovery code"
	ByPasskey  = "passkey"
	ByLink     = "one-time link"
	ByProvider = "single sign-on"
)

// Default limits.
const (
	DefaultIdle     = 30 * time.Minute
	DefaultAbsolute = 12 * time.Hour
	DefaultRecent   = 5 * time.Minute
)

// seeEvery is how old the time a session was last seen may get: it is written
// no more often.
const seeEvery = time.Minute

// Config is what Sessions work with.
type Config struct {
	Store   *store.Handle // of the live domain; people belong to no domain
	People  *people.People
	Seal    [32]byte // seals the secrets of code generators
	Clock   clock.Clock
	Rand    io.Reader
	Journal people.Journal // or nil
	Issuer  string         // names the node in people's code generators
	// Idle and Absolute bound a session, Recent is how long an authentication
	// counts as recent. 0 means the default.
	Idle, Absolute, Recent time.Duration
	// OneFactor lets a password alone open accounts without a second factor.
	OneFactor bool
}

// Sessions is the ways in of one node. It is safe for concurrent use.
type Sessions struct{ c Config }

// New returns the ways in of the accounts of c.People.
func New(c Config) *Sessions {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&c.Idle, DefaultIdle)
	set(&c.Absolute, DefaultAbsolute)
	set(&c.Recent, DefaultRecent)
	return &Sessions{c}
}

// OneFactor reports whether the node admits a password alone.
func (s *Sessions) OneFactor() bool { return s.c.OneFactor }

// Limits returns how long a session lasts unused, at all, and how long an
// authentication counts as recent.
func (s *Sessions) Limits() (idle, absolute, recent time.Duration) {
	return s.c.Idle, s.c.Absolute, s.c.Recent
}

// At is where a request comes from: a description of the browser and an
// address.
type At struct{ Device, Address string }

// Session is a signed-in browser.
type Session struct {
	ID, Account, Method, Device, Address string
	Stage                                Stage
	Created, Seen, Authenticated         time.Time

	hash []byte
}

func sessionOf(row store.Session) Session {
	at := func(us int64) time.Time { return time.UnixMicro(us).UTC() }
	return Session{
		ID: row.ID, Account: row.Account, Method: row.Method, Device: row.Device, Address: row.Address, Stage: Stage(row.Stage),
		Created: at(row.Created), Seen: at(row.Seen), Authenticated: at(row.Authenticated), hash: row.Hash,
	}
}

// Recent reports whether the person was authenticated a short while ago.
func (s *Sessions) Recent(x Session) bool {
	age := s.c.Clock.Now().Sub(x.Authenticated)
	return x.Stage == Full && age >= 0 && age < s.c.Recent
}

func errOver() error { return fault.New(fault.Denied, "sign in first") }

// Open returns whose session the browser that shows secret is in. It returns
// fault.Denied when there is none, it has run out or the account is shut.
func (s *Sessions) Open(ctx context.Context, secret string, at At) (people.Actor, Session, error) {
	hash, ok := digest(secret)
	if !ok {
		return people.Actor{}, Session{}, errOver()
	}
	var by people.Actor
	var row store.Session
	err := s.c.Store.Query(ctx, func(tx *store.Tx) error {
		var err error
		if row, err = s.valid(tx, hash); err != nil {
			return err
		}
		if by, _, err = people.Admit(tx, row.Account); err != nil {
			return err
		}
		by.Session = row.ID
		by, err = s.meeting(tx, by)
		return err
	})
	if err != nil {
		return people.Actor{}, Session{}, err
	}
	now := s.c.Clock.Now().UnixMicro()
	if now-row.Seen >= seeEvery.Microseconds() || row.Address != at.Address {
		if err := s.c.Store.Write(ctx, func(tx *store.Tx) error { return tx.SeeSession(hash, at.Address) }); err != nil {
			return people.Actor{}, Session{}, fmt.Errorf("record that a session is in use: %w", err)
		}
		row.Seen, row.Address = now, at.Address
	}
	return by, sessionOf(row), nil
}

// valid returns the session with the given hash unless it has run out.
func (s *Sessions) valid(tx *store.Tx, hash []byte) (store.Session, error) {
	row, err := tx.Session(hash)
	if fault.Is(err, fault.NotFound) {
		return row, errOver()
	}
	if err == nil && s.over(row, tx.Now()) {
		return row, errOver()
	}
	return row, err
}

func (s *Sessions) over(row store.Session, now int64) bool {
	return now-row.Seen >= s.c.Idle.Microseconds() || now-row.Created >= s.c.Absolute.Microseconds()
}

// secrets are 256 bits.
const secretBytes = 32

// draw returns a new secret and its digest.
func (s *Sessions) draw() (string, []byte, error) {
	var raw [secretBytes]byte
	if _, err := io.ReadFull(s.c.Rand, raw[:]); err != nil {
		return "", nil, fmt.Errorf("draw a secret: %w", err)
	}
	sum := sha256.Sum256(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:]), sum[:], nil
}

// digest returns the hash by which the store knows a secret.
func digest(secret string) ([]byte, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	if err != nil || len(raw) != secretBytes || len(secret) != base64.RawURLEncoding.EncodedLen(secretBytes) { // the decoder skips line ends
		return nil, false
	}
	sum := sha256.Sum256(raw)
	return sum[:], true
}

// begin adds a session of account within tx and returns its secret.
func (s *Sessions) begin(tx *store.Tx, by people.Actor, stage Stage, method string, at At) (string, error) {
	secret, hash, err := s.draw()
	if err != nil {
		return "", err
	}
	var id [8]byte
	if _, err := io.ReadFull(s.c.Rand, id[:]); err != nil {
		return "", fmt.Errorf("draw a session's name: %w", err)
	}
	row := store.Session{
		Hash: hash, ID: hex.EncodeToString(id[:]), Account: by.Name, Stage: int64(stage), Method: method,
		Device: line(at.Device, 200), Address: line(at.Address, 64),
	}
	if err := tx.AddSession(row); err != nil {
		return "", err
	}
	if stage == Half {
		return secret, nil
	}
	return secret, s.journal(tx, by, "sign in", "method", method)
}

// raise puts the session behind old under a new secret, good for everything.
func (s *Sessions) raise(tx *store.Tx, by people.Actor, old []byte, method string) (string, error) {
	secret, hash, err := s.draw()
	if err != nil {
		return "", err
	}
	if err := tx.RaiseSession(old, hash, int64(Full), method); err != nil {
		return "", err
	}
	return secret, s.journal(tx, by, "sign in", "method", method)
}

// line returns at most n characters of s, on one line.
func line(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > n {
		s = string(r[:n])
	}
	return s
}

// journal writes into the home log within tx.
func (s *Sessions) journal(tx *store.Tx, by people.Actor, act string, fields ...string) error {
	if s.c.Journal == nil {
		return nil
	}
	return s.c.Journal(tx, by, act, fields...)
}

// changed is write for what accounts are cached by: everybody is told.
func (s *Sessions) changed(ctx context.Context, fn func(*store.Tx) error) error {
	err := s.c.Store.Write(ctx, func(tx *store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		tx.Notify(store.TopicConfig)
		return nil
	})
	if err == nil {
		s.c.People.Forget()
	}
	return err
}

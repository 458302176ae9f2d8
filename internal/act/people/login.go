package people

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"hash"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// ttl is how long a verified credential, or rights once read, are good for
// when no news about them arrives.
const ttl = time.Minute

// loginKey names what the cache holds one verified credential for. A password
// is good at the address it was shown from and nowhere else: an entry that
// answered other addresses would let them guess as fast as the node can
// answer.
type loginKey struct {
	name, remote string // as they came; of a token its id and ""
	token        bool
}

// login is a verified credential.
type login struct {
	actor Actor
	proof [sha256.Size]byte // of what was shown, see People.proof and token.go
	phc   string            // the stored hash a password was compared with
	more  bool              // a password alone does not open the account
	epoch uint64            // People.epoch from before the store was read
	from  int64             // when it was verified, microseconds
	until int64
}

// wrong is said to everybody who does not get in by a password.
const wrong = "wrong account name or password"

// Login returns who name and password are. remote is the address of the
// client, or "" for somebody at this machine. It returns fault.Denied when
// there is no such account, it is disabled, has no password or another one, and
// does not say which; fault.Busy (with a TooSoon) after too many failures; and
// fault.Denied in other words when the account has a second factor, which this
// does not ask for.
func (p *People) Login(ctx context.Context, name, password, remote string) (Actor, error) {
	l, err := p.login(ctx, name, password, remote)
	if err == nil && l.more {
		return Actor{}, fault.New(fault.Denied, "this account has a second factor, which a program cannot show: use an API token of the account")
	}
	return l.actor, err
}

// Password returns who name and password are, as Login does, and whether a
// second factor is still to be shown.
func (p *People) Password(ctx context.Context, name, password, remote string) (Actor, bool, error) {
	l, err := p.login(ctx, name, password, remote)
	return l.actor, l.more, err
}

func (p *People) login(ctx context.Context, name, password, remote string) (login, error) {
	key, proof := loginKey{name: name, remote: remote}, p.proof(password)
	if l, ok := p.cached(ctx, key, proof); ok {
		return l, nil
	}
	account, err := ParseName(name)
	if err != nil {
		account = "?" // which no account is called
	}
	who := subjectsOf(account, remote)
	if err := p.store.Query(ctx, who.admit); err != nil { // cheap, before queueing
		return login{}, err
	}
	give, err := p.hashing.take(ctx)
	if err != nil {
		return login{}, err
	}
	defer give()
	if l, ok := p.cached(ctx, key, proof); ok { // somebody else was verified meanwhile
		return l, nil
	}
	l, err := p.verify(ctx, account, password, who, remote)
	if err != nil {
		return login{}, err
	}
	l.proof = proof
	p.logins.put(key, l)
	return l, nil
}

// verify compares password with what is stored. It takes the same steps and
// time whether there is such an account or not.
func (p *People) verify(ctx context.Context, account, password string, who subjects, remote string) (login, error) {
	epoch := p.epoch.Load()
	var row store.Account
	err := p.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if err := who.reserve(tx); err != nil {
			return err
		}
		row, err = tx.Account(account)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return login{}, err
	}
	if !opens(row, password) {
		p.TurnAway(row.Name, "password", remote)
		return login{}, fault.New(fault.Denied, wrong)
	}
	// The password was right: that is recorded even if the client has gone.
	if err := p.store.Write(context.WithoutCancel(ctx), who.forgive); err != nil {
		return login{}, fmt.Errorf("forgive failed logins: %w", err)
	}
	now := p.clock.Now()
	return login{
		actor: actorOf(row, ""), phc: row.Password, more: row.Second, epoch: epoch,
		from: now.UnixMicro(), until: now.Add(ttl).UnixMicro(),
	}, nil
}

// opens reports whether password opens the account in row, in the time it
// takes whether it does or not.
func opens(row store.Account, password string) bool {
	h, err := parseHash(row.Password)
	usable := err == nil && !shut(row) && len(password) <= maxPassword
	if !usable {
		h, password = decoy, password[:min(len(password), maxPassword)]
	}
	return h.matches(password) && usable
}

// proof returns the digest by which the cache knows a password: an HMAC whose
// key lives in this process only, so that it is of no use outside.
func (p *People) proof(password string) [sha256.Size]byte {
	m := p.macs.Get().(hash.Hash) // nothing else is put in
	defer p.macs.Put(m)
	m.Reset()
	var buf [128]byte
	m.Write(append(buf[:0], password...)) // never fails
	return [sha256.Size]byte(m.Sum(buf[:0]))
}

// cached returns the login that was verified under key a short while ago with
// the same proof. Another proof drops it: the next one has to pass the limit
// on failed logins, whatever it is.
func (p *People) cached(ctx context.Context, key loginKey, proof [sha256.Size]byte) (login, bool) {
	l, ok := p.logins.get(key)
	if !ok || p.deaf.Load() {
		return login{}, false
	}
	now := p.clock.Now().UnixMicro()
	if subtle.ConstantTimeCompare(l.proof[:], proof[:]) != 1 || now < l.from || now >= l.until {
		p.logins.drop(key)
		return login{}, false
	}
	epoch := p.epoch.Load()
	if l.epoch == epoch {
		return l, true
	}
	if key.token {
		return login{}, false // asking again costs no more than renewing
	}
	return p.renew(ctx, key, l, epoch)
}

// renew looks up again what l stands on, because something changed since. It
// spares the hash when the password is the same.
func (p *People) renew(ctx context.Context, key loginKey, l login, epoch uint64) (login, bool) {
	var row store.Account
	err := p.store.Query(ctx, func(tx *store.Tx) error {
		var err error
		row, err = tx.Account(l.actor.Name)
		return err
	})
	if err != nil || shut(row) || row.Password != l.phc {
		p.logins.drop(key)
		return login{}, false // Login asks again and says what is wrong
	}
	l.actor, l.more, l.epoch = actorOf(row, ""), row.Second, epoch
	p.logins.put(key, l)
	return l, true
}

package people

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Failed logins are counted for three subjects: the remote address, the account
// at that address, and the account anywhere. The third one weighs only on
// addresses that have themselves failed on the account, so that nobody can lock
// a person out who logs in from elsewhere, while a crowd of addresses gets one
// free guess each and then no more than one a minute.
var (
	remoteLimit  = limit{free: 20, longest: 15 * time.Minute}
	pairLimit    = limit{free: 5, longest: 15 * time.Minute}
	accountLimit = limit{free: 50, longest: time.Minute}
)

// forgetAfter is how long after the newest one failures are forgotten. It is
// longer than any wait.
const forgetAfter = time.Hour

// limit lets free failures pass; each one more doubles the wait from a second
// up to the longest.
type limit struct {
	free    int64
	longest time.Duration
}

func (l limit) wait(count int64) time.Duration {
	over := count - l.free
	if over < 0 {
		return 0
	}
	if over > 20 {
		return l.longest
	}
	return min(time.Second<<over, l.longest)
}

// subjects names who is counted for one login, and whether the secret is short.
type subjects struct {
	remote, pair, account string
	short                 bool
}

// subjectsOf returns the subjects of a login. An IPv6 address counts with its
// /64, which one customer has all of.
func subjectsOf(name, remote string) subjects {
	where := remote
	if a, err := netip.ParseAddr(remote); err == nil {
		a = a.Unmap().WithZone("")
		where = a.String()
		if a.Is6() {
			where = netip.PrefixFrom(a, 64).Masked().String()
		}
	}
	if len(where) > 64 {
		where = where[:64]
	}
	return subjects{
		remote:  "remote " + where,
		pair:    "account " + name + " remote " + where,
		account: "account " + name,
	}
}

// standing is what is counted against one login. With short the account's
// failures weigh on every address: the secret is so short that a free guess for
// each address of a crowd would find it, and only who has shown something else
// before can guess at all, so that nobody locks a stranger out.
type standing struct {
	remote, pair, account store.Failures
	short                 bool
}

// wait returns how long the login must wait at now.
func (s standing) wait(now time.Time) time.Duration {
	left := func(l limit, count int64, last int64) time.Duration {
		w := l.wait(count)
		return min(w, time.UnixMicro(last).Add(w).Sub(now)) // a clock set back makes no wait longer
	}
	w := max(0, left(remoteLimit, s.remote.Count, s.remote.Last), left(pairLimit, s.pair.Count, s.pair.Last))
	switch {
	case s.short:
		w = max(w, left(accountLimit, s.account.Count, s.account.Last))
	case s.pair.Count > 0:
		w = max(w, left(accountLimit, s.account.Count, s.pair.Last))
	}
	return w
}

func since(tx *store.Tx) int64 { return tx.Now() - forgetAfter.Microseconds() }

// admit returns fault.Busy with a TooSoon when the login must wait.
func (s subjects) admit(tx *store.Tx) error {
	have := standing{short: s.short}
	for subject, f := range map[string]*store.Failures{s.remote: &have.remote, s.pair: &have.pair, s.account: &have.account} {
		var err error
		if *f, err = tx.LoginFailures(subject, since(tx)); err != nil {
			return err
		}
	}
	if w := have.wait(time.UnixMicro(tx.Now())); w > 0 {
		return fault.Errorf(fault.Busy, "%w", &TooSoon{Wait: w})
	}
	return nil
}

// reserve counts the login as failed before it is tried, so that many at once
// get no more tries than one after another.
func (s subjects) reserve(tx *store.Tx) error {
	if err := s.admit(tx); err != nil {
		return err
	}
	for _, subject := range []string{s.account, s.pair, s.remote} {
		if err := tx.CountLogin(subject, since(tx)); err != nil {
			return err
		}
	}
	return tx.ForgetLogins(since(tx))
}

// forgive takes back the reservation and whatever this address had failed on
// this account before.
func (s subjects) forgive(tx *store.Tx) error {
	pair, err := tx.LoginFailures(s.pair, 0)
	if err != nil {
		return err
	}
	for _, subject := range []string{s.account, s.pair, s.remote} {
		if err := tx.ForgiveLogin(subject, pair.Count); err != nil {
			return err
		}
	}
	return nil
}

// Code is the kind of secret that is six digits long, see Guess.
const Code = "code"

// Guess lets try look, in a write transaction, at a secret of another kind than
// a password that somebody at remote shows for account, under limits of its own
// that are as strict as a password's, and stricter for a Code: all addresses
// together get no more of that than one does. When try says no, and then it must have
// written nothing, the failure is counted and the error is fault.Denied with
// the words of no; an error of try is not counted. Returns fault.Busy (with a
// TooSoon) after too many failures.
func (p *People) Guess(ctx context.Context, kind, account, remote, no string, try func(*store.Tx) (bool, error)) error {
	who := subjectsOf(account+" "+kind, remote)
	who.short = kind == Code
	good := false
	err := p.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.reserve(tx); err != nil {
			return err
		}
		var err error
		if good, err = try(tx); err != nil || !good {
			return err
		}
		return who.forgive(tx)
	})
	if err == nil && !good {
		if kind != Code {
			account = "" // a guess at something that has no account
		}
		p.TurnAway(account, kind, remote)
		return fault.New(fault.Denied, no)
	}
	return err
}

// TooSoon says how long to wait before the next login.
type TooSoon struct{ Wait time.Duration }

// Error returns the sentence for people.
func (e *TooSoon) Error() string {
	return fmt.Sprintf("too many failed logins; try again in %s", e.Seconds())
}

// Seconds returns the wait, rounded up to a second.
func (e *TooSoon) Seconds() time.Duration {
	return (e.Wait + time.Second - 1).Truncate(time.Second)
}

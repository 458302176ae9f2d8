package audit

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/law/note"
)

// maxAddresses bounds the addresses that are told of one account's minute.
const maxAddresses = 4

// knock is whose account somebody failed to get into, and how; account is ""
// where no account here was meant.
type knock struct{ account, how string }

// turned counts the failures of one knock within a minute.
type turned struct {
	knock
	from      time.Time
	times     int64
	addresses []string // the first few
	more      bool     // there were others
}

// TurnedAway counts that somebody at an address failed to sign in: by a
// password, a code, a link, a passkey or a provider. It writes nothing: what
// was counted is written by Flush once a minute is over, an entry for each
// account and way and one for all that is no account here, so that who guesses
// fills no log. What was typed is never part of it. Should the node be lost,
// the numbers of the last minute are lost with it.
func (l *Log) TurnedAway(account, how, address string) {
	key, now := knock{account, how}, l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.turned[key]
	if ok && (now.Sub(t.from) >= window || now.Before(t.from)) {
		l.away = append(l.away, t)
		ok = false
	}
	if !ok {
		t = &turned{knock: key, from: now}
		l.turned[key] = t
	}
	t.times++
	switch {
	case address == "" || slices.Contains(t.addresses, address):
	case len(t.addresses) < maxAddresses:
		t.addresses = append(t.addresses, oneLine(address))
	default:
		t.more = true
	}
}

// settleTurned commits what was counted in minutes that are over, or all of
// it; it stays when it fails.
func (l *Log) settleTurned(ctx context.Context, all bool) error {
	now := l.clock.Now()
	l.mu.Lock()
	for key, t := range l.turned {
		if all || now.Sub(t.from) >= window || now.Before(t.from) {
			l.away = append(l.away, t)
			delete(l.turned, key)
		}
	}
	due := l.away
	l.away = nil
	l.mu.Unlock()
	slices.SortFunc(due, func(a, b *turned) int {
		return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.account, b.account), cmp.Compare(a.how, b.how))
	})
	for len(due) > 0 {
		n := min(len(due), maxBatch)
		entries := make([]ledger.Entry, n)
		for i, t := range due[:n] {
			entries[i] = t.entry()
		}
		if err := l.commit(context.WithoutCancel(ctx), entries...); err != nil {
			l.mu.Lock()
			l.away = append(due, l.away...)
			l.mu.Unlock()
			return err
		}
		due = due[n:]
	}
	return nil
}

// entry says who was turned away, and how often.
func (t *turned) entry() ledger.Entry {
	e := ledger.Entry{By: "nobody", Act: "turn away"}
	add := func(name, value string) { e.Fields = append(e.Fields, ledger.Field{Name: name, Value: value}) }
	if t.account != "" {
		add("account", t.account)
	}
	add("way", t.how)
	add("times", strconv.FormatInt(t.times, 10))
	add("since", note.FormatTime(t.from))
	for _, a := range t.addresses {
		add("from", a)
	}
	if t.more {
		add("from", "others")
	}
	return e
}

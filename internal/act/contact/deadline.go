package contact

import (
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/contact"
	"twoseas/internal/store"
)

// Deadline is a time that belongs in calendars. It says when, and of which
// contact, nothing else.
type Deadline struct {
	ID      string     // the same as long as it is the same thing
	Account string     // whose calendar; "" for everybody who may Act
	Act     people.Act // "" with an Account
	Contact string
	At      time.Time
}

// Deadlines returns until when the checks of this side's posts are to be
// answered, for whoever may answer each, and when the partners' contacts are
// checked next.
func (x *Contacts) Deadlines(tx *store.Tx) ([]Deadline, error) {
	out, err := x.answerBy(tx)
	if err != nil {
		return nil, err
	}
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	for _, ch := range channels {
		terms, err := x.sends(tx, ch.Agreement)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) || fault.Is(err, fault.Conflict) {
			continue // nothing crosses now
		}
		if err != nil {
			return nil, err
		}
		posts, err := all(tx, ch.Agreement)
		if err != nil {
			return nil, err
		}
		latest, err := latestOf(tx, ch.Agreement)
		if err != nil {
			return nil, err
		}
		for _, p := range posts {
			if p.Side != x.Self && !p.Revoked {
				out = append(out, Deadline{ID: "next check " + p.ID, Act: people.Appoint, Contact: p.ID, At: nextCheck(terms, p.Contact, latest[p.ID])})
			}
		}
	}
	return out, nil
}

// answerBy returns the ends of the windows of open checks, once for each account
// that may answer.
func (x *Contacts) answerBy(tx *store.Tx) (out []Deadline, err error) {
	open, err := tx.OpenChecks()
	if err != nil {
		return nil, err
	}
	for _, k := range open {
		posts, err := all(tx, k.Agreement)
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, id := range contact.Succession(k.Contact, ofSide(posts, x.Self)) {
			held, err := holder(tx, id)
			if err != nil {
				return nil, err
			}
			if held.Account != "" && !seen[held.Account] {
				seen[held.Account] = true
				out = append(out, Deadline{ID: "check " + k.ID + " " + held.Account, Account: held.Account, Contact: k.Contact, At: clock.At(k.Due)})
			}
		}
	}
	return out, nil
}

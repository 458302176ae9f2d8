package contact

import (
	"context"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/contact"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

const contactKind = marking.Contact

// place is an agreement in a domain.
type place struct {
	domain    ident.Domain
	agreement ident.Agreement
}

// lookEvery bounds how often Schedule looks.
const lookEvery = time.Minute

// Schedule sends the checks that are due by the agreement's interval to the
// partner's contacts. It may be called at any time and by several processes.
func (x *Contacts) Schedule(ctx context.Context, h *store.Handle, a ident.Agreement) error {
	at, here := x.Clock.Now(), place{h.Domain(), a}
	x.mu.Lock()
	last, ok := x.looked[here]
	quiet := ok && at.Sub(last).Abs() < lookEvery
	x.mu.Unlock()
	if quiet {
		return nil
	}
	due := 0
	if err := h.Query(ctx, func(tx *store.Tx) error {
		rows, _, err := x.due(tx, a)
		due = len(rows)
		return err
	}); err != nil {
		return err
	}
	if due > 0 {
		if err := h.Write(ctx, func(tx *store.Tx) error { return x.askDue(tx, a) }); err != nil {
			return err
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.looked[here] = at
	return nil
}

func (x *Contacts) askDue(tx *store.Tx, a ident.Agreement) error {
	rows, terms, err := x.due(tx, a) // another process may have been first
	if err != nil {
		return err
	}
	for _, row := range rows {
		if _, err := x.ask(tx, "node", row, terms, true); err != nil {
			return err
		}
	}
	return nil
}

// due returns the partner's contacts whose next check is due.
func (x *Contacts) due(tx *store.Tx, a ident.Agreement) (out []store.Contact, terms accord.Terms, err error) {
	terms, err = x.sends(tx, a)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) || fault.Is(err, fault.Conflict) {
		return nil, terms, nil // nothing crosses now
	}
	if err != nil {
		return nil, terms, err
	}
	rows, err := tx.Contacts(a)
	if err != nil || len(rows) == 0 {
		return nil, terms, err
	}
	latest, err := latestOf(tx, a)
	if err != nil {
		return nil, terms, err
	}
	for _, row := range rows {
		if row.Side == x.Self || row.Body == nil {
			continue
		}
		c, err := contact.Parse(row.Body)
		if err != nil {
			return nil, terms, err
		}
		k, had := latest[row.ID]
		if had && stateOf(k, now(tx)) == contact.Sent {
			continue
		}
		if next := nextCheck(terms, c, k); c.In(now(tx)) && !next.After(now(tx)) {
			out = append(out, row)
		}
	}
	return out, terms, nil
}

// latestOf returns the newest check of each contact under an agreement.
func latestOf(tx *store.Tx, a ident.Agreement) (map[string]store.ContactCheck, error) {
	list, err := tx.LatestChecks(a)
	out := make(map[string]store.ContactCheck, len(list))
	for _, k := range list {
		out[k.Contact] = k
	}
	return out, err
}

// nextCheck returns when a contact is checked next by the calendar; last is the
// newest check, zero for none.
func nextCheck(terms accord.Terms, c contact.Contact, last store.ContactCheck) time.Time {
	from := c.Created
	if begin, err := time.Parse(time.DateOnly, c.ValidFrom); err == nil && begin.After(from) {
		from = begin
	}
	if last.Sent != 0 {
		from = clock.At(last.Sent)
	}
	return terms.Doc.Targets.CheckEvery().After(from)
}

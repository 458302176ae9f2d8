package request

import (
	"context"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// maxCustody bounds a side's entries about one request.
const maxCustody = 500

// Evidence is what a person writes into a request's chain of custody.
type Evidence struct {
	Handling   request.Handling
	Item       string
	Digest     ident.Digest
	Holder, To string
	On         time.Time // now when zero
}

// Enter writes the next entry of this side into the chain of custody of a
// request, which crosses to the partner. Nothing takes one out again.
func (r *Requests) Enter(ctx context.Context, h *store.Handle, by people.Actor, id string, e Evidence) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		a, err := find(tx, by, id)
		if err != nil {
			return err
		}
		if a.Refused != "" {
			return fault.New(fault.Conflict, "the other side's node did not take the request")
		}
		c, _, err := chain(tx, id)
		if err != nil {
			return err
		}
		n, last := c.Last(r.Self)
		if n >= maxCustody {
			return fault.Errorf(fault.Conflict, "%d entries, and no more about one request", maxCustody)
		}
		entry := request.Custody{
			Request: id, By: r.Self, N: n + 1, Previous: last, Handling: e.Handling, Item: line(e.Item), Evidence: e.Digest, Holder: line(e.Holder), To: line(e.To),
			On: e.On.UTC().Truncate(time.Microsecond), Created: now(tx),
		}
		if e.On.IsZero() {
			entry.On = entry.Created
		}
		if entry.ID, err = r.newID(request.CustodyType); err != nil {
			return err
		}
		raw, err := entry.Encode()
		if err != nil {
			return err
		}
		if _, err := c.With(entry, raw); err != nil {
			return err
		}
		seq, err := r.say(tx, a.Agreement, a.Police, raw)
		if err != nil {
			return err
		}
		return r.entered(tx, by.String(), a, entry, store.Custody{Side: r.Self, N: int64(entry.N), Object: seq, Digest: ident.Sum(raw), Person: by.String()})
	})
}

// line is a text without what nobody meant to write, on one line.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }

// entered records an entry that is stored.
func (r *Requests) entered(tx *store.Tx, by string, a store.Assistance, e request.Custody, c store.Custody) error {
	if err := tx.AddCustody(a.ID, c); err != nil {
		return err
	}
	return r.record(tx, by, "request.custody", "request", a.ID, "agreement", string(a.Agreement), "evidence", e.Evidence.String())
}

// kept takes an entry of the partner's list.
func (r *Requests) kept(tx *store.Tx, m exchange.Message) error {
	e, err := request.ParseCustody(m.Object)
	if err != nil {
		return err
	}
	a, err := tx.Assistance(e.Request)
	if err != nil {
		return err
	}
	if a.Agreement != m.Channel.Agreement || e.By != m.Channel.Partner {
		return fault.New(fault.Denied, "it is an entry of another side, or about a request under another agreement")
	}
	c, _, err := chain(tx, e.Request)
	if err != nil {
		return err
	}
	if n, _ := c.Last(e.By); n >= maxCustody {
		return fault.Errorf(fault.Conflict, "%d entries, and no more about one request", maxCustody)
	}
	if _, err := c.With(e, m.Object); err != nil {
		return err
	}
	return r.entered(tx, "node "+string(e.By), a, e, store.Custody{Side: e.By, N: int64(e.N), Object: m.Seq, Digest: ident.Sum(m.Object)})
}

// chain folds the chain of custody of a request from the stored objects.
func chain(tx *store.Tx, id string) (c request.Chain, stored []store.Custody, err error) {
	if stored, err = tx.Custody(id); err != nil {
		return c, nil, err
	}
	for _, s := range stored {
		obj, err := tx.Object(s.Object)
		if err != nil {
			return c, nil, err
		}
		e, err := request.ParseCustody(obj.Body)
		if err != nil {
			return c, nil, err
		}
		if c, err = c.With(e, obj.Body); err != nil {
			return c, nil, err
		}
	}
	return c, stored, nil
}

// Held is one entry of a chain of custody as pages show it.
type Held struct {
	request.Custody
	Person string // who of this side wrote it; "" for the other side's
}

// custody returns the entries of both sides, by when it was done.
func custody(tx *store.Tx, id string) (out []Held, err error) {
	c, stored, err := chain(tx, id)
	for _, e := range c.Entries() {
		held := Held{Custody: e}
		if i := slices.IndexFunc(stored, func(s store.Custody) bool { return s.Side == e.By && s.N == int64(e.N) }); i >= 0 {
			held.Person = stored[i].Person
		}
		out = append(out, held)
	}
	return out, err
}

package request

import (
	"context"
	"strings"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// Pass passes the newest version of a request to the other compartment of this
// side, on a legal basis, and returns the passage's id. What this side asked
// passes at once; what another side asked waits for its consent. Whoever is in
// the compartment that has the request may do it.
func (r *Requests) Pass(ctx context.Context, h *store.Handle, by people.Actor, id, basis, purpose string) (passage string, err error) {
	err = h.Write(ctx, func(tx *store.Tx) error {
		a, err := find(tx, by, id)
		if err != nil {
			return err
		}
		earlier, err := tx.Passages(r.Self, true, true, id, maxPassages)
		if err != nil {
			return err
		}
		for _, e := range earlier {
			if e.Side == r.Self && e.Version == a.Object && e.Answer != store.PassageRefused {
				return fault.New(fault.Conflict, "this version of the request has been passed on already, or waits for the other side's consent")
			}
		}
		obj, err := tx.Object(a.Object)
		if err != nil {
			return err
		}
		p := request.Passage{
			Request: id, Side: r.Self, From: channelOf(a), Matter: ident.Sum(obj.Body), Originator: a.Asker,
			Basis: text(basis), Purpose: text(purpose), Created: now(tx),
		}
		if p.ID, err = r.newID(request.PassageType); err != nil {
			return err
		}
		raw, err := p.Encode()
		if err != nil {
			return err
		}
		row := store.Passage{
			ID: p.ID, Request: id, Agreement: a.Agreement, Side: r.Self, Police: a.Police, Version: a.Object, At: tx.Now(), Person: by.String(),
		}
		if a.Asker == r.Self {
			row.Answer, row.Answered = store.PassageGiven, tx.Now()
			row.Object, err = r.keep(tx, a.Agreement, a.Police, raw)
		} else {
			row.Object, err = r.say(tx, a.Agreement, a.Police, raw)
		}
		if err != nil {
			return err
		}
		if err := tx.SavePassage(row); err != nil {
			return err
		}
		passage = p.ID
		return r.record(tx, by.String(), "request.pass", "passage", p.ID, "request", id, "agreement", string(a.Agreement), "matter", p.Matter.String())
	})
	return passage, err
}

func text(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

func channelOf(a store.Assistance) request.Channel {
	if a.Police {
		return request.LawEnforcement
	}
	return request.Technical
}

// keep stores an object of this node that stays at home.
func (r *Requests) keep(tx *store.Tx, a ident.Agreement, police bool, raw []byte) (int64, error) {
	marks := limits(a, police)
	marks.Caveats = append(marks.Caveats, "NOFORN")
	return r.put(tx, marks, raw)
}

// maxPassages bounds lists of passages.
const maxPassages = 200

// passed takes a partner's question whether what this side asked may pass to
// the other compartment there.
func (r *Requests) passed(tx *store.Tx, m exchange.Message) error {
	p, err := request.ParsePassage(m.Object)
	if err != nil {
		return err
	}
	a, err := tx.Assistance(p.Request)
	if err != nil {
		return err
	}
	if a.Agreement != m.Channel.Agreement || p.Side != m.Channel.Partner || a.Asker != r.Self || p.Originator != r.Self || p.From != channelOf(a) {
		return fault.New(fault.Denied, "only what this side asked needs its consent, and its asked side asks for it")
	}
	version, err := versionOf(tx, p)
	if err != nil {
		return err
	}
	if err := tx.SavePassage(store.Passage{
		ID: p.ID, Request: p.Request, Agreement: a.Agreement, Side: p.Side, Police: a.Police, Version: version, Object: m.Seq, At: clock.Micro(p.Created),
	}); err != nil {
		return err
	}
	return r.record(tx, "node "+string(p.Side), "request.pass", "passage", p.ID, "request", p.Request, "agreement", string(a.Agreement), "matter", p.Matter.String())
}

// versionOf returns where the version is stored that a passage names.
func versionOf(tx *store.Tx, p request.Passage) (seq int64, err error) {
	err = tx.Versions(p.Request, func(o store.Object) error {
		if ident.Sum(o.Body) == p.Matter {
			seq = o.Seq
		}
		return nil
	})
	if err == nil && seq == 0 {
		err = fault.New(fault.Conflict, "no version of the request has this digest")
	}
	return seq, err
}

// Consent answers a partner that asks whether what this side asked may pass to
// the other compartment there. A refusal needs no reason. Whoever is in the
// compartment that has the request here may do it.
func (r *Requests) Consent(ctx context.Context, h *store.Handle, by people.Actor, id string, given bool, words string) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.Passage(id)
		if err != nil {
			return err
		}
		if by.May(act(p.Police)) != nil {
			return errNoPassage
		}
		if p.Side == r.Self {
			return fault.New(fault.Conflict, "this side asks for the consent, and the other one gives it")
		}
		if p.Answer != store.PassageWaits {
			return fault.New(fault.Conflict, "the other side has its answer already")
		}
		c := request.Consent{Passage: id, By: r.Self, Given: given, Text: text(words), Created: now(tx)}
		if c.ID, err = r.newID(request.ConsentType); err != nil {
			return err
		}
		raw, err := c.Encode()
		if err != nil {
			return err
		}
		if _, err := r.say(tx, p.Agreement, p.Police, raw); err != nil {
			return err
		}
		return r.consented(tx, by.String(), p, c)
	})
}

var errNoPassage = fault.New(fault.NotFound, "there is no such passage, or it is not for you")

// agreed takes the originator's word.
func (r *Requests) agreed(tx *store.Tx, m exchange.Message) error {
	c, err := request.ParseConsent(m.Object)
	if err != nil {
		return err
	}
	p, err := tx.Passage(c.Passage)
	if err != nil {
		return err
	}
	if p.Agreement != m.Channel.Agreement || c.By != m.Channel.Partner || p.Side != r.Self {
		return fault.New(fault.Denied, "it is about a passage that is not this side's, or of another agreement")
	}
	if p.Answer != store.PassageWaits {
		return fault.New(fault.Conflict, "the passage has its answer already")
	}
	return r.consented(tx, "node "+string(c.By), p, c)
}

func (r *Requests) consented(tx *store.Tx, by string, p store.Passage, c request.Consent) error {
	p.Answer, p.Answered = store.PassageRefused, tx.Now()
	what := "request.pass.refuse"
	if c.Given {
		p.Answer, what = store.PassageGiven, "request.pass.consent"
	}
	if err := tx.SavePassage(p); err != nil {
		return err
	}
	return r.record(tx, by, what, "passage", p.ID, "request", p.Request, "agreement", string(p.Agreement))
}

// mayKnow reports whether by may know of a passage, and whether what passed is
// for by to read: who is in the compartment that it comes from may, and on the
// side inside which it passes, with the originator's word, who is in the other.
func (r *Requests) mayKnow(by people.Actor, p store.Passage) bool {
	if by.May(act(p.Police)) == nil {
		return true
	}
	return p.Side == r.Self && p.Answer == store.PassageGiven && by.May(act(!p.Police)) == nil
}

// Passed is a passage with what passed.
type Passed struct {
	Row     store.Passage
	Said    request.Passage
	Asks    request.Asked // the version that passed, as it was then
	Mine    bool          // the reader is in the compartment it comes from
	Answers bool          // the reader may give this side's consent
	Gone    bool          // what passed is not here any more as it was
}

// OpenPassage returns a passage; one that is not for by is not there.
func (r *Requests) OpenPassage(ctx context.Context, h *store.Handle, by people.Actor, id string) (out Passed, err error) {
	if err := mayRead(by); err != nil {
		return out, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		p, err := tx.Passage(id)
		if err != nil {
			return err
		}
		if !r.mayKnow(by, p) {
			return errNoPassage
		}
		out, err = r.openPassage(tx, by, p)
		return err
	})
	return out, err
}

// Passages returns the passages that by may know of, newest first.
func (r *Requests) Passages(ctx context.Context, h *store.Handle, by people.Actor) (out []Passed, err error) {
	if err := mayRead(by); err != nil {
		return nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		out, err = r.passages(tx, by, "")
		return err
	})
	return out, err
}

// passages returns those of one request, or all.
func (r *Requests) passages(tx *store.Tx, by people.Actor, id string) (out []Passed, err error) {
	rows, err := tx.Passages(r.Self, by.May(people.Assist) == nil, by.May(people.Liaise) == nil, id, maxPassages)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		p, err := r.openPassage(tx, by, row)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// openPassage reads what passed, and holds it against its digest: what was
// erased since is gone.
func (r *Requests) openPassage(tx *store.Tx, by people.Actor, p store.Passage) (out Passed, err error) {
	out = Passed{Row: p, Mine: by.May(act(p.Police)) == nil}
	out.Answers = out.Mine && p.Side != r.Self && p.Answer == store.PassageWaits
	said, err := tx.Object(p.Object)
	if err != nil {
		return out, err
	}
	if out.Said, err = request.ParsePassage(said.Body); err != nil {
		return out, err
	}
	matter, err := tx.Object(p.Version)
	if err != nil {
		return out, err
	}
	if out.Gone = ident.Sum(matter.Body) != out.Said.Matter; out.Gone {
		return out, nil
	}
	out.Asks, err = request.Parse(matter.Body)
	return out, err
}

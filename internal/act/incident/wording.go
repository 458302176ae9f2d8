package incident

import (
	"context"
	"slices"
	"strings"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/incident"
	"twoseas/internal/store"
)

// Propose words an attribution for an audience, and returns the id of the
// proposal. It stays at home until as many officers as the audience asks for,
// none of them its author, have approved these words.
func (i *Incidents) Propose(ctx context.Context, h *store.Handle, by people.Actor, class int64, w incident.Wording) (id string, err error) {
	if err := by.May(people.Incidents); err != nil {
		return "", err
	}
	w.Text = tidy(w.Text)
	err = h.Write(ctx, func(tx *store.Tx) error {
		of, err := i.head(tx, class, w.Incident)
		if err != nil {
			return err
		}
		if _, err := of.under(); err != nil && w.Audience != incident.Internal {
			return err
		}
		if w.ID, err = i.newID(incident.OwnWordingType); err != nil {
			return err
		}
		w.Created = now(tx)
		raw, err := w.Encode()
		if err != nil {
			return err
		}
		if _, err := i.keep(tx, by, raw); err != nil {
			return err
		}
		if err := tx.ApproveWording(w.ID, store.WordingApproval{Person: by.String(), At: tx.Now(), Author: true}); err != nil {
			return err
		}
		return i.record(tx, by, "incident.word", "incident", w.Incident, "wording", w.ID, "audience", string(w.Audience))
	})
	return w.ID, err
}

// Approve records that an officer agrees to a proposed wording. With the last
// approval that it needs the same words become an object of this side, marked as
// the incident, which takes the ordinary way to the partner. The author's own
// approval is fault.Denied; one of words that a later proposal for the same
// audience replaced is fault.Conflict.
func (i *Incidents) Approve(ctx context.Context, h *store.Handle, by people.Actor, class int64, id, wording string) error {
	if err := by.May(people.Approve); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		of, err := i.head(tx, class, id)
		if err != nil {
			return err
		}
		all, err := i.proposals(tx, id)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(p Proposal) bool { return p.ID == wording })
		switch {
		case at < 0:
			return fault.New(fault.NotFound, "there is no such wording, or it is not for you")
		case all[at].Approved():
			return fault.New(fault.Conflict, "this wording is approved already")
		case all[at].Replaced:
			return fault.New(fault.Conflict, "another wording was proposed after this one")
		case all[at].Author == by.String():
			return fault.New(fault.Denied, "whoever proposed a wording does not approve it")
		case slices.Contains(all[at].Approvals, by.String()):
			return nil // an officer counts once
		}
		if err := tx.ApproveWording(wording, store.WordingApproval{Person: by.String(), At: tx.Now()}); err != nil {
			return err
		}
		p := all[at]
		if p.Approvals = append(p.Approvals, by.String()); p.Approved() {
			if err := i.share(tx, by, of, p.Wording); err != nil {
				return err
			}
		}
		return i.record(tx, by, "incident.approve-wording", "incident", id, "wording", wording, "audience", string(p.Audience))
	})
}

// share makes an object for the partner of approved words. Its id is that of the
// proposal but for the type, so that home knows which became which.
func (i *Incidents) share(tx *store.Tx, by people.Actor, of head, w incident.Wording) error {
	a, err := of.under()
	if err != nil {
		return err
	}
	_, uuid, _ := strings.Cut(w.ID, "--")
	w.ID, w.Created = incident.WordingType+"--"+uuid, now(tx)
	raw, err := w.Encode()
	if err != nil {
		return err
	}
	_, err = i.put(tx, by, a, of.label.TLP, raw)
	return err
}

// Proposal is a wording as it was proposed here.
type Proposal struct {
	incident.Wording
	Author    string
	Approvals []string // of others, in order
	Replaced  bool     // there is a later one for the same audience
}

// Approved reports whether it has the approvals that its audience asks for.
func (p Proposal) Approved() bool { return len(p.Approvals) >= p.Audience.Approvals() }

// proposals returns the wordings proposed here for an incident, in order.
func (i *Incidents) proposals(tx *store.Tx, id string) (out []Proposal, err error) {
	parts, err := tx.IncidentParts(id)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if part.Type != incident.OwnWordingType {
			continue
		}
		obj, err := tx.Object(part.Object)
		if err != nil {
			return nil, err
		}
		if obj.Type == "erased" {
			continue
		}
		w, err := incident.ParseWording(obj.Body)
		if err != nil {
			return nil, err
		}
		p := Proposal{Wording: w}
		words, err := tx.WordingApprovals(w.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range words {
			if a.Author {
				p.Author = a.Person
			} else {
				p.Approvals = append(p.Approvals, a.Person)
			}
		}
		for k := range out {
			out[k].Replaced = out[k].Replaced || out[k].Audience == w.Audience
		}
		out = append(out, p)
	}
	return out, nil
}

func (i *Incidents) termsOf(tx *store.Tx, class int64, id string) (accord.Terms, error) {
	of, err := i.head(tx, class, id)
	if err != nil {
		return accord.Terms{}, err
	}
	a, err := of.under()
	if err != nil {
		return accord.Terms{}, err
	}
	return i.Accords.InForce(tx, a)
}

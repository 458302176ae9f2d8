package incident

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Notify makes an incident of this side, as n says but for its id, times and
// state, marked tlp, and returns its id. It goes to the partner of n.Agreement
// as the gate and, where the agreement wants it, officers decide. What the
// writer may not see is not named (fault.NotFound), nor what the partner could
// not get (fault.Denied). class is the writer's.
func (i *Incidents) Notify(ctx context.Context, h *store.Handle, by people.Actor, class int64, tlp marking.TLP, n incident.Notification) (id string, err error) {
	if err := by.May(people.Incidents); err != nil {
		return "", err
	}
	if tlp == marking.NoTLP {
		return "", fault.New(fault.Invalid, "say by a TLP who may read it")
	}
	tidyNotification(&n)
	err = h.Write(ctx, func(tx *store.Tx) error {
		if _, err := i.Accords.InForce(tx, n.Agreement); err != nil {
			return err
		}
		if n.ID, err = i.newID(incident.Type); err != nil {
			return err
		}
		n.Created, n.State = now(tx), incident.Open
		n.Modified = n.Created
		if err := i.store(tx, by, class, tlp, n); err != nil {
			return err
		}
		return i.record(tx, by, "incident.notify", "incident", n.ID, "agreement", string(n.Agreement))
	})
	return n.ID, err
}

// Correct makes another version of an incident of this side: everything of n
// but its agreement and its times. NoTLP leaves it marked as it is.
func (i *Incidents) Correct(ctx context.Context, h *store.Handle, by people.Actor, class int64, tlp marking.TLP, n incident.Notification) error {
	if err := by.May(people.Incidents); err != nil {
		return err
	}
	tidyNotification(&n)
	return h.Write(ctx, func(tx *store.Tx) error {
		before, err := i.head(tx, class, n.ID)
		if err != nil {
			return err
		}
		if before.label.Origin != i.Self || !before.ours {
			return fault.New(fault.Conflict, "only an incident that this side notified is corrected here: contribute to it instead")
		}
		if tlp == marking.NoTLP {
			tlp = before.label.TLP
		}
		n.Agreement, n.Created, n.Modified = before.Agreement, before.Created, now(tx)
		if !n.Modified.After(before.Modified) {
			n.Modified = before.Modified.Add(time.Microsecond)
		}
		if err := i.store(tx, by, class, tlp, n); err != nil {
			return err
		}
		return i.record(tx, by, "incident.correct", "incident", n.ID, "agreement", string(n.Agreement), "state", string(n.State))
	})
}

func (i *Incidents) store(tx *store.Tx, by people.Actor, class int64, tlp marking.TLP, n incident.Notification) error {
	if err := i.Releases.Nameable(tx, n.Agreement, class, n.Objects); err != nil {
		return err
	}
	raw, err := n.Encode()
	if err != nil {
		return err
	}
	_, err = i.put(tx, by, n.Agreement, tlp, raw)
	return err
}

func tidyNotification(n *incident.Notification) {
	n.Title, n.Text, n.Assets = line(n.Title), tidy(n.Text), lines(n.Assets)
	n.Objects, n.Sectors = sorted(n.Objects), sorted(n.Sectors)
}

func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

// Contribute adds to an incident of either side, as e says but for its id and
// time, and returns the contribution's id. It crosses as an object of this side.
// NoTLP marks it as the incident is; more open is fault.Denied. A task is
// answered by the side whose it is, or fault.Conflict.
func (i *Incidents) Contribute(ctx context.Context, h *store.Handle, by people.Actor, class int64, tlp marking.TLP, e incident.Entry) (id string, err error) {
	if err := by.May(people.Incidents); err != nil {
		return "", err
	}
	e.Text, e.Objects = tidy(e.Text), sorted(e.Objects)
	err = h.Write(ctx, func(tx *store.Tx) error {
		of, err := i.head(tx, class, e.Incident)
		if err != nil {
			return err
		}
		a, err := of.under()
		if err != nil {
			return err
		}
		if tlp, err = strict(tlp, of.label); err != nil {
			return err
		}
		if err := i.checkTask(tx, class, &e); err != nil {
			return err
		}
		if err := i.Releases.Nameable(tx, a, class, e.Objects); err != nil {
			return err
		}
		if e.ID, err = i.newID(incident.EntryType); err != nil {
			return err
		}
		e.Created = now(tx)
		raw, err := e.Encode()
		if err != nil {
			return err
		}
		if _, err := i.put(tx, by, a, tlp, raw); err != nil {
			return err
		}
		return i.record(tx, by, "incident."+string(e.Kind), "incident", e.Incident, "agreement", string(a), "entry", e.ID)
	})
	return e.ID, err
}

// checkTask refuses a task for somebody who takes no part, and an answer to what
// is no task of this side's.
func (i *Incidents) checkTask(tx *store.Tx, class int64, e *incident.Entry) error {
	if e.Kind == incident.Task {
		terms, err := i.termsOf(tx, class, e.Incident)
		if err != nil {
			return err
		}
		if e.For != i.Self && e.For != terms.Partner {
			return fault.Errorf(fault.Invalid, "%.40s takes no part in this incident", string(e.For))
		}
		return nil
	}
	if e.Kind != incident.Answer {
		return nil
	}
	heads, err := tx.Heads(class, []string{e.Task})
	if err != nil {
		return err
	}
	s, ok := heads[e.Task]
	if !ok {
		return fault.New(fault.NotFound, "there is no such task, or it is not for you")
	}
	task, err := incident.ParseEntry(s.Body)
	if err != nil {
		return err
	}
	if task.Kind != incident.Task || task.Incident != e.Incident || task.For != i.Self {
		return fault.New(fault.Conflict, "it is no task of this side's in this incident")
	}
	return nil
}

// Keep writes a note for this side only, and returns its id. Nobody of the
// other side ever reads it.
func (i *Incidents) Keep(ctx context.Context, h *store.Handle, by people.Actor, class int64, n incident.OwnNote) (id string, err error) {
	if err := by.May(people.Incidents); err != nil {
		return "", err
	}
	n.Text = tidy(n.Text)
	err = h.Write(ctx, func(tx *store.Tx) error {
		if _, err := i.head(tx, class, n.Incident); err != nil {
			return err
		}
		if n.ID, err = i.newID(incident.OwnNoteType); err != nil {
			return err
		}
		n.Created = now(tx)
		raw, err := n.Encode()
		if err != nil {
			return err
		}
		if _, err := i.keep(tx, by, raw); err != nil {
			return err
		}
		return i.record(tx, by, "incident.own-note", "incident", n.Incident, "note", n.ID)
	})
	return n.ID, err
}

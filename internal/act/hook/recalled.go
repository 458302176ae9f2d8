package hook

import (
	"slices"
	"strings"

	"twoseas/internal/base/canon"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// calledBack is what is told of objects that were called back: one act's.
type calledBack struct {
	Recall  string   `json:"recall"`
	Kind    string   `json:"kind"` // why, as law/recall has it
	Count   int      `json:"count"`
	Objects []object `json:"objects"`
	Link    string   `json:"link,omitzero"`
}

// recalled reads what was withheld after one mark and up to another: some of
// one act, each id once, and how far that goes. It is nil when the account is
// told of none of it.
func (l *look) recalled(from, end int64) (out *calledBack, to int64, err error) {
	seen := map[string]bool{}
	to = end
	err = l.tx.CalledBack(l.class, from, end, func(c store.CalledBack) error {
		if out == nil {
			out = &calledBack{Recall: c.Recall, Kind: c.Kind, Objects: []object{}, Link: l.link("/recalls/" + c.Recall)}
		}
		if c.Recall != out.Recall || len(out.Objects) == maxObjects && !seen[c.ID] {
			return store.Stop
		}
		if to = c.N; !seen[c.ID] {
			seen[c.ID] = true
			typ, _, _ := strings.Cut(c.ID, "--") // the row of what was erased says no type
			out.Count++
			out.Objects = append(out.Objects, object{ID: c.ID, Type: typ})
		}
		return nil
	})
	return out, to, err
}

func (l *look) calledBack(p pending) ([]byte, error) {
	out, _, err := l.recalled(p.From, p.To)
	if err != nil || out == nil {
		return nil, err
	}
	return canon.Write(out)
}

// Name is what webhooks are called in the answer to a recall.
func (k *Hooks) Name() string { return recall.EdgeWebhooks }

// Recalled says, in the transaction that withholds versions because of a
// message, how many receivers will be told, and how many may have heard of
// them that will not.
func (k *Hooks) Recalled(tx *store.Tx, message string, versions []store.Brief) ([]recall.Edge, error) {
	rows, err := tx.Senders(store.SenderHook)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	seqs := make([]int64, len(versions))
	for i, v := range versions {
		seqs[i] = v.Seq
	}
	had, err := joined(tx, seqs)
	if err != nil {
		return nil, err
	}
	left, err := tx.LeftWith(seqs)
	if err != nil {
		return nil, err
	}
	return k.standing(tx, message, func(row store.Sender, s Settings, c cursor) bool {
		upTo := c.Marks[mark(Arrived, s.Collection)]
		return slices.Contains(s.Events, Arrived) && slices.ContainsFunc(had[s.Collection], func(added int64) bool { return row.Created <= added && added <= upTo }) ||
			len(left) > 0 && slices.Contains(s.Events, Released)
	})
}

// Stands says how far a message has come: what is still pending, is so.
func (k *Hooks) Stands(tx *store.Tx, message string) ([]recall.Edge, error) {
	return k.standing(tx, message, func(store.Sender, Settings, cursor) bool { return false })
}

// standing counts subscriptions by what they were told of what a message
// withheld. told reports whether one that does not hear of recalls may have
// heard of the objects.
func (k *Hooks) standing(tx *store.Tx, message string, told func(store.Sender, Settings, cursor) bool) (out []recall.Edge, err error) {
	rows, err := tx.Senders(store.SenderHook)
	if err != nil {
		return nil, err
	}
	end, since, err := tx.WithheldBy(message)
	if err != nil {
		return nil, err
	}
	var done, pending, cannot int
	for _, row := range rows {
		s, err := keptOf(row)
		if err != nil {
			return nil, err
		}
		c, err := cursorOf(row)
		if err != nil {
			return nil, err
		}
		hears := slices.Contains(s.Events, Recalled)
		switch {
		case row.Created > since: // it never heard of them
		case hears && c.Marks[mark(Recalled, "")] >= end:
			done++
		case hears && !row.Paused:
			pending++
		case hears || told(row, s.Settings, c):
			cannot++
		}
	}
	for _, e := range []recall.Edge{
		{State: recall.Done, Count: done, Note: recall.NoteTold},
		{State: recall.Pending, Count: pending, Note: recall.NoteTelling},
		{State: recall.Cannot, Count: cannot, Note: recall.NoteUntold},
	} {
		if e.Name = k.Name(); e.Count > 0 {
			out = append(out, e)
		}
	}
	return out, nil
}

// joined returns when versions joined each collection, by its id.
func joined(tx *store.Tx, seqs []int64) (map[string][]int64, error) {
	members, err := tx.MembersOf(seqs)
	if err != nil || len(members) == 0 {
		return nil, err
	}
	all, err := tx.Collections()
	if err != nil {
		return nil, err
	}
	id := map[int64]string{}
	for _, c := range all {
		id[c.N] = c.ID
	}
	out := map[string][]int64{}
	for _, m := range members {
		out[id[m.Collection]] = append(out[id[m.Collection]], m.Added)
	}
	return out, nil
}

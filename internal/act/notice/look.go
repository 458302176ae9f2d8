package notice

import (
	"context"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Waits is something that waits for one person. With a Step it is told once for
// each step; without, whenever Count is greater than at the last look.
type Waits struct {
	Cause, Step string
	Kind        Kind
	Count       int64
	Urgent      bool
	Due         time.Time
	Page        string
}

// Source says what waits for by, as far as by may do something about it.
type Source func(ctx context.Context, h *store.Handle, by people.Actor) ([]Waits, error)

// Look finds out what waits for everybody who can be told and has them told
// what is new, and keeps the calendar of the agreements.
func (n *Notices) Look(ctx context.Context, h *store.Handle) error {
	who, err := n.listeners(ctx, h)
	if err != nil {
		return err
	}
	for _, name := range who {
		by, err := n.People.As(ctx, people.System("notice"), name)
		if fault.Is(err, fault.Denied) || fault.Is(err, fault.NotFound) {
			continue // shut meanwhile
		}
		if err == nil {
			err = n.lookFor(ctx, h, by)
		}
		if err != nil {
			return err
		}
	}
	return n.lookAtDates(ctx, h)
}

// listeners returns the accounts that are looked after: those that have an
// address, and nobody who is shut out.
func (n *Notices) listeners(ctx context.Context, h *store.Handle) (out []string, err error) {
	err = h.Query(ctx, func(tx *store.Tx) error {
		known, err := tx.People()
		if err != nil {
			return err
		}
		all, err := tx.Accounts()
		for _, a := range all {
			if !a.Disabled && !a.Shut && known[a.Name].Email != "" {
				out = append(out, a.Name)
			}
		}
		return err
	})
	return out, err
}

func (n *Notices) lookFor(ctx context.Context, h *store.Handle, by people.Actor) error {
	var all []Waits
	for _, ask := range n.Sources {
		some, err := ask(ctx, h, by)
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	var marks map[string]store.NoticeMark
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		marks, err = tx.NoticeMarks(by.Name)
		return err
	}); err != nil {
		return err
	}
	if !changed(all, marks) {
		return nil
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		marks, err := tx.NoticeMarks(by.Name) // another process may have looked
		if err != nil {
			return err
		}
		return n.tell(tx, by.Name, all, marks)
	})
}

// changed reports whether a look has anything to record, as far as can be said
// without writing.
func changed(all []Waits, marks map[string]store.NoticeMark) bool {
	seen := map[string]bool{}
	for _, w := range all {
		seen[w.mark()] = true
		if m, known := marks[w.mark()]; !known || m.Waits != w.Count {
			return true
		}
	}
	for cause, m := range marks {
		if !seen[cause] && m.Waits != 0 {
			return true
		}
	}
	return false
}

// stepMark stands between cause and step where a count is kept.
const stepMark = " / "

// mark is what the count of w is kept under.
func (w Waits) mark() string {
	if w.Step == "" {
		return w.Cause
	}
	return w.Cause + stepMark + w.Step
}

func (n *Notices) tell(tx *store.Tx, person string, all []Waits, marks map[string]store.NoticeMark) error {
	for _, w := range all {
		m := marks[w.mark()]
		delete(marks, w.mark())
		if m.Waits == w.Count {
			continue
		}
		more := w.Count > m.Waits
		m.Person, m.Cause, m.Waits = person, w.mark(), w.Count
		if more {
			m.Told++
			step := w.Step
			if step == "" {
				step = strconv.FormatInt(m.Told, 10)
			}
			x := Notice{To: To{Account: person}, Cause: w.Cause, Step: step, Kind: w.Kind, Urgent: w.Urgent, Due: w.Due, Page: w.Page}
			if _, err := n.Post(tx, x); err != nil {
				return err
			}
		}
		if err := tx.SaveNoticeMark(m); err != nil {
			return err
		}
	}
	for _, m := range marks { // what is left waits no more
		if m.Waits == 0 {
			continue
		}
		m.Waits = 0
		if err := tx.SaveNoticeMark(m); err != nil {
			return err
		}
		cause, step, _ := strings.Cut(m.Cause, stepMark)
		if err := tx.WithdrawNotices(cause, step, person); err != nil {
			return err
		}
	}
	return nil
}

package coordination

import (
	"fmt"
	"slices"
	"time"

	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/store"
)

// folded is a coordination with what both sides did about it.
type folded struct {
	store.Coordination
	course law.Course
	steps  []store.CoordinationStep
}

// find returns a coordination that by may handle; another's is not there.
func (x *Coordinations) find(tx *store.Tx, by people.Actor, id string) (folded, error) {
	if err := by.May(Reader); err != nil {
		return folded{}, err
	}
	c, err := tx.Coordination(id)
	if err != nil {
		return folded{}, err
	}
	return fold(tx, c)
}

// fold reads a course from the stored objects.
func fold(tx *store.Tx, c store.Coordination) (f folded, err error) {
	f = folded{Coordination: c, course: law.New(c.Opener, c.Partner)}
	if f.steps, err = tx.CoordinationSteps(c.ID); err != nil {
		return f, err
	}
	for _, s := range f.steps {
		if s.N == 0 {
			continue
		}
		obj, err := tx.Object(s.Object)
		if err != nil {
			return f, err
		}
		_, step, err := law.ParseStep(obj.Body)
		if err != nil {
			return f, err
		}
		if f.course, err = f.course.With(step); err != nil {
			return f, fmt.Errorf("fold %s: %w", c.ID, err)
		}
	}
	return f, nil
}

// opening returns what is coordinated, as its newest version says.
func opening(tx *store.Tx, c store.Coordination) (law.Opening, error) {
	obj, err := tx.Object(c.Object)
	if err != nil {
		return law.Opening{}, err
	}
	return law.Parse(obj.Body)
}

// refused says why the other node did not take something of this side, "" when
// it took everything: then both nodes have the same course.
func (f folded) refused() string {
	for _, s := range f.steps {
		if s.Refused != "" {
			return s.Refused
		}
	}
	return ""
}

// may is what a side may do next. Once this node has published, what was agreed
// is not changed any more; and nothing follows on what the other node does not
// have.
func (f folded) may(side ident.Side) []law.Move {
	if f.refused() != "" {
		return nil
	}
	moves := f.course.May(side)
	if f.Published != 0 {
		moves = slices.DeleteFunc(moves, func(m law.Move) bool { return m != law.Report && m != law.Close })
	}
	return moves
}

// took records a step that is stored.
func (x *Coordinations) took(tx *store.Tx, f *folded, s store.CoordinationStep, by string) error {
	if err := tx.SaveCoordinationStep(f.ID, s); err != nil {
		return err
	}
	f.steps = append(f.steps, s)
	if err := x.save(tx, f); err != nil {
		return err
	}
	steps := f.course.Steps(s.Side)
	return x.record(tx, by, string(steps[len(steps)-1].Move), f.Coordination)
}

// save brings the view of a coordination, and people's calendars, up to its
// course.
func (x *Coordinations) save(tx *store.Tx, f *folded) error {
	state := f.course.State()
	f.State, f.Live, f.Changed, f.Instant = string(state), state.Live(), tx.Now(), 0
	if a, ok := f.course.Agreement(); ok && f.refused() == "" {
		f.Instant = a.At.UnixMicro()
	}
	if err := tx.SaveCoordination(f.Coordination); err != nil || f.Published != 0 {
		return err
	}
	at, ok := f.course.Date()
	if !ok || !f.Live {
		return x.Notices.Cancel(tx, cause(f.ID))
	}
	return x.Notices.Enter(tx, notice.Entry{
		ID: cause(f.ID), Reader: notice.Reader{May: Reader}, Kind: notice.Coordination, Page: Path(f.ID), Start: at, End: at,
	})
}

// cause is what notices and calendars know a coordination by.
func cause(id string) string { return "coordination " + id }

// tell has people told that something was done, and never what.
func (x *Coordinations) tell(tx *store.Tx, f *folded, step string, due time.Time) error {
	_, err := x.Notices.Post(tx, notice.Notice{
		To: notice.To{May: Reader}, Cause: cause(f.ID), Step: step, Kind: notice.Coordination, Due: due, Page: Path(f.ID),
	})
	return err
}

var errForeign = fault.New(fault.Denied, "it is a step of another side, or about a coordination under another agreement")

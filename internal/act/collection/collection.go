// Package collection is what people who may write to a collection do with it:
// they add objects, ask what became of them, and take objects out.
//
// Invariants: each act needs the right on the collection as well as the role;
// a status is its author's alone; an object that is taken out of a collection
// stays in the store, and what its remover may not see is not touched.
package collection

import (
	"fmt"
	"io"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// StatusLife is how long a status can be asked for (TAXII 2.1 §4.3).
const StatusLife = 24 * time.Hour

// Collections is the acts on collections. It is safe for concurrent use.
type Collections struct {
	intake  *intake.Intake
	journal people.Journal
	rand    io.Reader
}

// New returns the acts. journal, which may be nil, is told in each act's own
// transaction; rand draws the ids of statuses.
func New(in *intake.Intake, journal people.Journal, rand io.Reader) *Collections {
	return &Collections{intake: in, journal: journal, rand: rand}
}

func (c *Collections) note(tx *store.Tx, by people.Actor, act string, fields ...string) error {
	if c.journal == nil {
		return nil
	}
	return c.journal(tx, by, act, fields...)
}

// Source says where what by adds to a collection comes from: this side, and
// from industry when by is an industry member (DESIGN §5, contributor).
func Source(by people.Actor, to store.Collection) (intake.Source, error) {
	s := intake.Source{Collection: to.ID}
	if !by.IsSystem() {
		s.By = by.Name
	}
	for _, r := range by.Roles {
		if r == people.Member {
			s.Contributor = marking.Member
		}
	}
	var err error
	if to.DefaultTLP != "" {
		if s.DefaultTLP, err = marking.ParseTLP(to.DefaultTLP); err != nil {
			return s, fmt.Errorf("default TLP of collection %s: %w", to.ID, err)
		}
	}
	if to.Ceiling != "" {
		if s.Ceiling, err = marking.ParseTLP(to.Ceiling); err != nil {
			return s, fmt.Errorf("ceiling of collection %s: %w", to.ID, err)
		}
	}
	return s, nil
}

// MayWrite returns fault.Denied unless by may write to the collection.
func MayWrite(by people.Actor, access people.Access, to store.Collection) error {
	if err := by.May(people.Write); err != nil {
		return err
	}
	if !access.Right(to.ID).Write {
		return fault.Errorf(fault.Denied, "%s may not write to this collection", by)
	}
	return nil
}

package coordination

import (
	"context"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/store"
)

// Open opens a coordination with the partner of o.Agreement, as o says but for
// its id and times, and returns its id. An instant at is proposed with it; zero
// proposes none.
func (x *Coordinations) Open(ctx context.Context, h *store.Handle, by people.Actor, o law.Opening, at time.Time) (id string, err error) {
	if err := by.May(Reader); err != nil {
		return "", err
	}
	tidyOpening(&o)
	err = h.Write(ctx, func(tx *store.Tx) error {
		partner, err := x.permitted(tx, o.Agreement)
		if err != nil {
			return err
		}
		if o.ID, err = x.newID(law.Type); err != nil {
			return err
		}
		o.Created = now(tx)
		o.Modified = o.Created
		c := store.Coordination{ID: o.ID, Agreement: o.Agreement, Opener: x.Self, Partner: partner, Opened: o.Created.UnixMicro()}
		if err := x.sayOpening(tx, by, &c, o); err != nil {
			return err
		}
		f := folded{Coordination: c, course: law.New(c.Opener, c.Partner)}
		if err := x.save(tx, &f); err != nil {
			return err
		}
		if err := x.record(tx, by.String(), "open", c); err != nil || at.IsZero() {
			return err
		}
		return x.move(tx, by, &f, law.Step{Move: law.ProposeDate, At: at})
	})
	return o.ID, err
}

// Correct sends another version of what this side opened: its title and the
// names of vulnerabilities.
func (x *Coordinations) Correct(ctx context.Context, h *store.Handle, by people.Actor, o law.Opening) error {
	tidyOpening(&o)
	return h.Write(ctx, func(tx *store.Tx) error {
		f, err := x.find(tx, by, o.ID)
		if err != nil {
			return err
		}
		if f.Opener != x.Self || !f.Live || f.Published != 0 {
			return fault.New(fault.Conflict, "only what this side opened, and is not over, is corrected")
		}
		before, err := opening(tx, f.Coordination)
		if err != nil {
			return err
		}
		before.Title, before.Language, before.Vulnerabilities, before.Modified = o.Title, o.Language, o.Vulnerabilities, after(tx, before.Modified)
		if err := x.sayOpening(tx, by, &f.Coordination, before); err != nil {
			return err
		}
		if err := x.save(tx, &f); err != nil {
			return err
		}
		return x.record(tx, by.String(), "corrected", f.Coordination)
	})
}

// sayOpening stores a version of what is coordinated, as step 0.
func (x *Coordinations) sayOpening(tx *store.Tx, by people.Actor, c *store.Coordination, o law.Opening) error {
	raw, err := o.Encode()
	if err != nil {
		return err
	}
	if c.Object, err = x.say(tx, o.Agreement, raw); err != nil {
		return err
	}
	return tx.SaveCoordinationStep(c.ID, store.CoordinationStep{Side: x.Self, Object: c.Object, Person: by.String()})
}

// Known is what a person had seen when moving: how many steps of either side.
// When there are others meanwhile, nothing is done and the error is
// fault.Conflict. A negative number does not look.
type Known struct{ Ours, Theirs int }

// Step makes the next step of this side, of which s says the move and what goes
// with it. To agree is to agree to the other side's newest date, which must be
// s.At, or to its newest draft, whose digest must be s.Digest.
func (x *Coordinations) Step(ctx context.Context, h *store.Handle, by people.Actor, id string, s law.Step, k Known) error {
	tidy(&s)
	return h.Write(ctx, func(tx *store.Tx) error {
		f, err := x.find(tx, by, id)
		if err != nil {
			return err
		}
		if ours, theirs := len(f.course.Steps(x.Self)), len(f.course.Steps(f.other(x.Self))); k.Ours >= 0 && k.Ours != ours || k.Theirs >= 0 && k.Theirs != theirs {
			return fault.New(fault.Conflict, "something was done about the coordination after you opened it: look at it again")
		}
		return x.move(tx, by, &f, s)
	})
}

func (x *Coordinations) move(tx *store.Tx, by people.Actor, f *folded, s law.Step) error {
	if !slices.Contains(f.may(x.Self), s.Move) {
		return fault.Errorf(fault.Conflict, "%.40s is not possible now", string(s.Move))
	}
	own := f.course.Steps(x.Self)
	s.By, s.N, s.Seen, s.On = x.Self, len(own)+1, len(f.course.Steps(f.other(x.Self))), now(tx)
	if len(own) > 0 && s.On.Before(own[len(own)-1].On) {
		s.On = own[len(own)-1].On
	}
	if err := agree(f.course, &s); err != nil {
		return err
	}
	grown, err := f.course.With(s)
	if err != nil {
		return err
	}
	objectID, err := x.newID(law.StepType)
	if err != nil {
		return err
	}
	raw, err := law.EncodeStep(objectID, f.ID, s)
	if err != nil {
		return err
	}
	seq, err := x.say(tx, f.Agreement, raw)
	if err != nil {
		return err
	}
	f.course = grown
	return x.took(tx, f, store.CoordinationStep{Side: x.Self, N: int64(s.N), Object: seq, Person: by.String()}, by.String())
}

// agree fills in what is agreed to, which must be what the person saw.
func agree(c law.Course, s *law.Step) error {
	switch s.Move { //nolint:exhaustive // the others agree to nothing
	case law.AgreeDate:
		of, ok := c.Offer(s.By, law.ProposeDate)
		if !ok || !of.At.Equal(s.At) {
			return fault.New(fault.Conflict, "the other side has proposed another date after you opened it: look at it again")
		}
		s.Of = of.N
	case law.AgreeDraft:
		of, ok := c.Offer(s.By, law.Write)
		if !ok {
			return fault.New(fault.Conflict, "there is no draft to agree to")
		}
		digest, err := of.Draft.Digest()
		if err != nil {
			return err
		}
		if digest != s.Digest {
			return fault.New(fault.Conflict, "the other side has sent another draft after you opened it: read it first")
		}
		s.Of = of.N
	}
	return nil
}

func tidyOpening(o *law.Opening) {
	o.Title = line(o.Title)
	o.Vulnerabilities = lines(o.Vulnerabilities)
}

// tidy takes what nobody meant to write out of texts.
func tidy(s *law.Step) {
	s.Text, s.Draft.Text, s.Draft.Title, s.Vendor.Name = text(s.Text), text(s.Draft.Text), line(s.Draft.Title), line(s.Vendor.Name)
	s.Draft.Products, s.Draft.Vulnerabilities, s.Vendor.Products = lines(s.Draft.Products), lines(s.Draft.Vulnerabilities), lines(s.Vendor.Products)
	s.At, s.Vendor.On = s.At.UTC().Truncate(time.Microsecond), s.Vendor.On.UTC().Truncate(time.Microsecond)
}

func line(s string) string { return strings.Join(strings.Fields(s), " ") }

func text(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

func lines(list []string) (out []string) {
	for _, s := range list {
		if s = line(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// other is the other side of a coordination.
func (f folded) other(side ident.Side) ident.Side {
	if side == f.Opener {
		return f.Partner
	}
	return f.Opener
}

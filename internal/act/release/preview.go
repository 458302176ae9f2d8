package release

import (
	"context"
	"slices"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Verdicts of an officer.
const (
	VerdictApprove   = "approve"
	VerdictRefuse    = "refuse"
	VerdictEmergency = "emergency" // approves, and alone where two are asked for
	VerdictReopen    = "reopen"    // has a refused item wait again
)

// Preview is a held item exactly as the recipient will get it, with what was
// said of it so far.
type Preview struct {
	Object    store.Object
	Label     marking.Label
	Decision  gate.Decision
	Digest    ident.Digest // what an officer approves
	Hold      store.Hold
	Approvals []store.Approval // each officer's newest word
	Importer  string           // the account that brought it in, "" for none
	// Said is what it says that an officer took out of another object by hand.
	Said []string
	// Sponsor is the organisation that looks at it first, "" for none; Looked
	// says that an officer of it has approved these very bytes.
	Sponsor string
	Looked  bool
}

// Given returns how many officers have approved these very bytes.
func (p Preview) Given() int {
	n := 0
	for _, a := range p.Approvals {
		if a.Verdict != VerdictRefuse && a.Digest == p.Digest {
			n++
		}
	}
	return n
}

// Emergency reports whether an officer released these very bytes in an
// emergency.
func (p Preview) Emergency() bool {
	return slices.ContainsFunc(p.Approvals, func(a store.Approval) bool { return a.Verdict == VerdictEmergency && a.Digest == p.Digest })
}

// Void returns what officers said of other bytes than these: it does not count
// any more.
func (p Preview) Void() []store.Approval {
	var out []store.Approval
	for _, a := range p.Approvals {
		if a.Digest != p.Digest {
			out = append(out, a)
		}
	}
	return out
}

// SignedBy reports whether an officer has approved these very bytes.
func (p Preview) SignedBy(officer string) bool {
	return slices.ContainsFunc(p.Approvals, func(a store.Approval) bool {
		return a.Officer == officer && a.Verdict != VerdictRefuse && a.Digest == p.Digest
	})
}

// Approvable says why by may not approve the item now, or nothing. It is what
// Approve asks, in words for a page.
func (p Preview) Approvable(by people.Actor) error {
	return p.admits(by, store.Approval{Verdict: VerdictApprove, Digest: p.Digest})
}

// Urgent says why by may not release the item in an emergency, or nothing.
func (p Preview) Urgent(by people.Actor) error {
	word := store.Approval{Verdict: VerdictEmergency, Digest: p.Digest}
	if err := p.open(by, word); err != nil {
		return err
	}
	return p.admitsRelease(by, word)
}

// Detail is a Preview with everything its page shows.
type Detail struct {
	Preview
	Source store.Object // what it was redacted from; Seq is 0 when it was not, or by may not see that
	Hidden bool         // it was redacted from something that by may not see
	Words  []store.Word // everything officers said, oldest first
	Review store.Review // ID is 0 when it was not released in an emergency
	Sent   store.Fact   // the shipment it left in; Number is 0 when none
	Before store.Object // the version of the same object that left last; Seq is 0 when none did
}

// Preview returns one held item. What by may not see is not there:
// fault.NotFound.
func (r *Releases) Preview(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64) (p Preview, err error) {
	err = r.read(ctx, h, by, func(tx *store.Tx, class int64) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		p, err = r.preview(tx, ch, class, object)
		return err
	})
	return p, err
}

// Detail is Preview with what was said and done before.
func (r *Releases) Detail(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64) (d Detail, err error) {
	err = r.read(ctx, h, by, func(tx *store.Tx, class int64) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		if d.Preview, err = r.preview(tx, ch, class, object); err != nil {
			return err
		}
		if d.Words, err = tx.Words(ch.ID, object); err != nil {
			return err
		}
		if d.Review, err = tx.ReviewOf(ch.ID, object); err != nil {
			return err
		}
		if d.Sent, err = tx.Crossed(ch.ID, object); err != nil {
			return err
		}
		return d.earlier(tx, ch, class)
	})
	return d, err
}

// earlier finds what the item is to be compared with.
func (d *Detail) earlier(tx *store.Tx, ch store.Channel, class int64) error {
	source, err := tx.SourceOf(d.Object.Seq)
	if err != nil {
		return err
	}
	if source != 0 {
		o, err := tx.Object(source)
		if err != nil {
			return err
		}
		may, err := tx.Permits(class, o.Label)
		if err != nil {
			return err
		}
		if d.Hidden = !may; may {
			d.Source = o
		}
	}
	var versions []store.Object
	if err := tx.Versions(d.Object.ID, func(o store.Object) error {
		if o.Seq != d.Object.Seq && o.Type != "erased" {
			versions = append(versions, o)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, o := range slices.Backward(versions) {
		sent, err := tx.Crossed(ch.ID, o.Seq)
		if err != nil {
			return err
		}
		may, err := tx.Permits(class, o.Label)
		if err != nil {
			return err
		}
		if sent.Number != 0 && may {
			d.Before = o
			return nil
		}
	}
	return nil
}

// read runs fn with the class of by, who may see the queue.
func (r *Releases) read(ctx context.Context, h *store.Handle, by people.Actor, fn func(tx *store.Tx, class int64) error) error {
	if err := by.May(people.Review); err != nil {
		return err
	}
	class, err := r.class(ctx, h, by)
	if err != nil {
		return err
	}
	return h.Read(ctx, func(tx *store.Tx) error { return fn(tx, class) })
}

var errNoHold = fault.New(fault.NotFound, "no such held item")

func (r *Releases) preview(tx *store.Tx, ch store.Channel, class, object int64) (Preview, error) {
	g, err := r.Gate(tx, ch.Agreement)
	if err != nil {
		return Preview{}, err
	}
	return r.previewBy(tx, g, ch, class, object)
}

// previewBy is preview with the agreement's gate at hand.
func (r *Releases) previewBy(tx *store.Tx, g *Gate, ch store.Channel, class, object int64) (p Preview, err error) {
	if p.Hold, err = tx.Hold(ch.ID, object); err != nil {
		return p, err
	}
	if p.Object, err = tx.Object(object); err != nil {
		return p, err
	}
	may, err := tx.Permits(class, p.Object.Label)
	if err != nil {
		return p, err
	}
	if !may {
		return Preview{}, errNoHold
	}
	l, err := tx.Label(p.Object.Label)
	if err != nil {
		return p, err
	}
	if p.Label, err = marking.ParseLabel(l.Resolved); err != nil {
		return p, err
	}
	if p.Said, err = g.said(tx, p.Object, p.Label); err != nil {
		return p, err
	}
	if p.Decision = g.Decide(p.Label); len(p.Said) > 0 {
		p.Decision = g.decideSaying(p.Label)
	}
	p.Digest = Digest(l.Resolved, p.Object.Body)
	if p.Importer, err = tx.Importer(object); err != nil {
		return p, err
	}
	if p.Approvals, err = tx.Approvals(ch.ID, object); err != nil {
		return p, err
	}
	return p, r.sponsor(tx, &p)
}

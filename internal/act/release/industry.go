package release

import (
	"slices"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Industry says what releases have to know of industry members.
type Industry interface {
	// KnownAs returns the names and domains of every member.
	KnownAs(tx *store.Tx) ([]string, error)
	// MembersOf returns how many members each sector has now.
	MembersOf(tx *store.Tx) (map[string]int, error)
	// SponsorOf returns the organisation whose officer sees first what an
	// account contributes, "" for none.
	SponsorOf(tx *store.Tx, account string) (string, error)
}

// UseIndustry sets who is asked of members. It is called once, before anything
// else; without it every sector of a member's is taken out.
func (r *Releases) UseIndustry(i Industry) { r.industry = i }

// Shown returns l as the partner may see it: of what a member contributed, the
// sectors that fewer members share than the agreement asks for are gone.
func (r *Releases) Shown(tx *store.Tx, g *Gate, l marking.Label) (marking.Label, error) {
	if l.Contributor != marking.Member || l.Origin != r.self || len(l.Sectors) == 0 {
		return l, nil
	}
	few, err := r.few(tx, g)
	if err != nil {
		return l, err
	}
	if l.Sectors = slices.DeleteFunc(slices.Clone(l.Sectors), few); len(l.Sectors) == 0 {
		l.Sectors = nil
	}
	return l, nil
}

// few returns a function that says which sectors too few members share.
func (r *Releases) few(tx *store.Tx, g *Gate) (func(sector string) bool, error) {
	of := map[string]int{}
	if r.industry != nil {
		var err error
		if of, err = r.industry.MembersOf(tx); err != nil {
			return nil, err
		}
	}
	k := g.Terms.Doc.Industry.AtLeast()
	return func(s string) bool { return of[s] < k }, nil
}

// guard finishes a redaction job of a member's contributions: its sectors and
// what finds names in what would leave.
func (r *Releases) guard(tx *store.Tx, g *Gate, job *redaction) (err error) {
	if job.terms.Contributor != marking.Member || job.terms.Origin != r.self {
		return nil
	}
	if job.few, err = r.few(tx, g); err != nil {
		return err
	}
	if job.terms, err = r.Shown(tx, g, job.terms); err != nil {
		return err
	}
	var known []string
	if r.industry != nil {
		if known, err = r.industry.KnownAs(tx); err != nil {
			return err
		}
	}
	names := intake.NewNames(known)
	job.known = &names
	return nil
}

// veil takes the sectors that would give a member away out of an object.
func (j redaction) veil(props map[string]any) {
	list, ok := props["sectors"].([]any)
	if j.few == nil || !ok {
		return
	}
	list = slices.DeleteFunc(list, func(s any) bool {
		name, ok := s.(string)
		return !ok || j.few(name)
	})
	if len(list) == 0 {
		delete(props, "sectors")
		return
	}
	props["sectors"] = list
}

// wire returns the label of a redacted object: named anew, since what named a
// member may have been taken out.
func (j redaction) wire(wire marking.Label, it *intake.Item) []byte {
	if j.known != nil {
		wire.Named = it.Err == nil && j.known.In(it.Object.Type, it.Object.Raw)
	}
	return wire.Canonical()
}

// sponsor finds out whether the sponsor of the member who contributed an item
// wants to see it, and has.
func (r *Releases) sponsor(tx *store.Tx, p *Preview) (err error) {
	if !p.Label.Look || r.industry == nil {
		return nil
	}
	if p.Sponsor, err = r.industry.SponsorOf(tx, p.Importer); err != nil || p.Sponsor == "" {
		return err
	}
	for _, a := range p.Approvals {
		officer, err := tx.Account(a.Officer)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		p.Looked = p.Looked || a.Digest == p.Digest && a.Verdict == VerdictApprove && officer.Org == p.Sponsor
	}
	return nil
}

// sponsorFirst reports whether the word of by would let an item go that the
// sponsor of the member who contributed it has not approved.
func (p Preview) sponsorFirst(by people.Actor, word store.Approval) bool {
	last := word.Verdict != VerdictApprove || p.Given()+1 >= p.Decision.Approvals
	return p.Sponsor != "" && !p.Looked && by.Org != p.Sponsor && last
}

// Outlook is what the gate of an agreement would do with what an industry member
// brings, as the member is told before anything is stored.
type Outlook struct {
	Goes  int64 `json:"goes"`  // objects that leave by themselves
	Waits int64 `json:"waits"` // that wait for an officer
	Stays int64 `json:"stays"` // that do not leave
	Named int64 `json:"named"` // that seem to name a member, and wait for that
	// Cut names what is taken out of what leaves, such as contributor and victim.
	Cut []string `json:"cut,omitempty"`
	// AtLeast is how many members share a sector before the partner is shown it.
	AtLeast int `json:"at_least"`
}

// Outlook says what would become of a member's objects that are not stored;
// fault.NotFound or fault.Denied when no version of the agreement is in force.
func (r *Releases) Outlook(tx *store.Tx, a ident.Agreement, labels []Counted) (Outlook, error) {
	g, err := r.Gate(tx, a)
	if err != nil {
		return Outlook{}, err
	}
	out := Outlook{AtLeast: g.Terms.Doc.Industry.AtLeast()}
	for _, c := range labels {
		d := g.Decide(c.Label)
		switch d.Outcome {
		case gate.Deny:
			out.Stays += c.Objects
			continue
		case gate.Hold:
			out.Waits += c.Objects
		case gate.Redact, gate.Release:
			out.Goes += c.Objects
		}
		if c.Label.Named {
			out.Named += c.Objects
		}
		out.Cut = append(out.Cut, d.Redact...)
	}
	slices.Sort(out.Cut)
	out.Cut = slices.Compact(out.Cut)
	return out, nil
}

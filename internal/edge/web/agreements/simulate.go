package agreements

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// maxPasted bounds an object that is pasted into the simulator.
const maxPasted = 1 << 20

// question is the simulator's form: may I send this, marked so, to them?
type question struct {
	ID      ident.Agreement
	Partner string // the other side's name
	Version int64  // 0 for the one in force
	// Object is the id of something stored here, Pasted a STIX object; with
	// either, the markings are read from it.
	Object, Pasted string
	Kind, TLP, PAP string
	Class          string
	Origin         string // own, partner, other
	Contributor    string
	Consent        string // given or none: whether a third side's may go on
	Sector, Caveat []string
	Sectors        []string // that the agreement knows
	Versions       []accord.Status

	Asked    bool
	Answer   accord.Answer
	Read     string // what was read from an object
	Problems []page.Problem
}

// simulate asks the gate, and stores and sends nothing.
func (p *pages) simulate(w http.ResponseWriter, r *http.Request) error {
	id, err := subject(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxPasted)
	if err := r.ParseForm(); err != nil {
		return err
	}
	q, x := page.Of(r), asked(r)
	x.ID = id
	if err := p.offer(r, &x); err != nil {
		return err
	}
	if x.Asked {
		if err := p.answer(r, &x); err != nil {
			return err
		}
	}
	head := page.Head{Title: q.T("agreement.sim.title"), Lead: q.T("agreement.sim.lead", x.Partner), Area: "agreements"}
	if len(x.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	if x.Asked && len(x.Problems) == 0 {
		head.Rail = page.Rail(q, simulateWhy(q, x), simulateEvidence(q, x))
	}
	return p.desk.Render(w, r, head, simulateBody(q, x))
}

// asked reads the form.
func asked(r *http.Request) question {
	f := r.Form
	x := question{
		Object: strings.TrimSpace(f.Get("object")), Pasted: strings.TrimSpace(f.Get("pasted")),
		Kind: f.Get("kind"), TLP: f.Get("tlp"), PAP: f.Get("pap"), Class: f.Get("class"), Origin: f.Get("origin"),
		Contributor: f.Get("contributor"), Consent: f.Get("consent"), Sector: f["sector"], Caveat: f["caveat"], Asked: f.Has("kind") || f.Has("object"),
	}
	if n, err := strconv.ParseInt(f.Get("version"), 10, 32); err == nil && n > 0 {
		x.Version = n
	}
	return x
}

// offer fills in what the form offers.
func (p *pages) offer(r *http.Request, x *question) error {
	q := page.Of(r)
	var err error
	if x.Versions, err = p.Accords.Versions(r.Context(), q.Handle, x.ID); err != nil {
		return err
	}
	d, _, err := p.Accords.Document(r.Context(), q.Handle, x.ID, shownVersion(x.Versions))
	if err != nil {
		return err
	}
	x.Sectors = d.Sectors.InPhase
	partner, err := d.OtherSide(p.Self)
	x.Partner = nameOf(q, d, partner)
	return err
}

// answer puts the question to the gate.
func (p *pages) answer(r *http.Request, x *question) error {
	q := page.Of(r)
	label, err := p.label(r, x)
	if err != nil || len(x.Problems) > 0 {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "ask the gate", "agreement", string(x.ID), "object", x.Object); err != nil {
		return err
	}
	x.Answer, err = p.Accords.Ask(r.Context(), q.Handle, x.ID, x.Version, label)
	if k := fault.KindOf(err); err != nil && (k == fault.Denied || k == fault.NotFound) {
		x.Problems = append(x.Problems, q.Wrong("version", err))
		return nil
	}
	return err
}

// label is what is asked about: as the form says, as a stored object has it,
// or as a pasted one would.
func (p *pages) label(r *http.Request, x *question) (marking.Label, error) {
	switch {
	case x.Object != "":
		return p.stored(r, x)
	case x.Pasted != "":
		return p.pasted(r, x)
	}
	l := marking.Label{Kind: x.Kind, Origin: p.Self, Sectors: x.Sector}
	l.Caveats, l.Contributor = x.Caveat, x.Contributor
	switch gate.Origin(x.Origin) {
	case gate.Partner:
		side, err := p.Accords.Partner(r.Context(), page.Of(r).Handle, x.ID)
		if err != nil {
			return l, err
		}
		l.Origin = side
	case gate.Other:
		l.Origin = marking.OtherSide
		side, err := p.Accords.Partner(r.Context(), page.Of(r).Handle, x.ID)
		if err != nil {
			return l, err
		}
		l = l.Consented(side, time.Time{}, x.Consent == gate.ConsentGiven, nil)
	case gate.Own:
	}
	x.markings(page.Of(r), &l)
	return l, nil
}

// markings reads the markings of the form; a word that is none is a problem.
func (x *question) markings(q *page.Request, l *marking.Label) {
	var err error
	if x.TLP != "" {
		if l.TLP, err = marking.ParseTLP(x.TLP); err != nil {
			x.Problems = append(x.Problems, q.Wrong("tlp", err))
		}
	}
	if x.PAP != "" {
		if l.PAP, err = marking.ParsePAP(x.PAP); err != nil {
			x.Problems = append(x.Problems, q.Wrong("pap", err))
		}
	}
	l.Classification = x.Class
	for _, c := range x.Caveat {
		if _, ok := marking.CaveatOf(c); !ok {
			x.Problems = append(x.Problems, page.Problem{Field: "caveats", Text: q.T("gate.why.caveat", c)})
		}
	}
}

// stored returns the label of something in the store that the reader may see.
// What the reader may not see is not there.
func (p *pages) stored(r *http.Request, x *question) (marking.Label, error) {
	q := page.Of(r)
	var label marking.Label
	found := false
	err := q.Handle.Read(r.Context(), func(tx *store.Tx) error {
		var versions []store.Object
		if err := tx.Versions(x.Object, func(o store.Object) error {
			versions = append(versions, o)
			return nil
		}); err != nil {
			return err
		}
		slices.SortFunc(versions, func(a, b store.Object) int { return cmp.Compare(b.Seq, a.Seq) })
		for _, o := range versions { // the newest that the reader may see
			may, err := tx.Permits(q.Access.Class, o.Label)
			if err != nil {
				return err
			}
			if may {
				found = true
				return readLabel(tx, o.Label, &label)
			}
		}
		return nil
	})
	if err == nil && !found {
		x.Problems = append(x.Problems, page.Problem{Field: "object", Text: q.T("agreement.sim.object.none")})
	}
	x.Read = x.Object
	return label, err
}

func readLabel(tx *store.Tx, id int64, into *marking.Label) error {
	s, err := tx.Label(id)
	if err != nil {
		return err
	}
	*into, err = marking.ParseLabel(s.Resolved)
	return err
}

// pasted returns the label that a pasted object would get.
func (p *pages) pasted(r *http.Request, x *question) (marking.Label, error) {
	q := page.Of(r)
	src := intake.Source{Contributor: x.Contributor, Sectors: x.Sector}
	if x.TLP != "" {
		var err error
		if src.DefaultTLP, err = marking.ParseTLP(x.TLP); err != nil {
			x.Problems = append(x.Problems, q.Wrong("tlp", err))
			return marking.Label{}, nil
		}
	}
	it, label, err := p.Intake.Imagine(r.Context(), q.Handle, src, []byte(x.Pasted))
	if k := fault.KindOf(err); err != nil && (k == fault.Invalid || k == fault.TooLarge) {
		x.Problems = append(x.Problems, q.Wrong("pasted", err))
		return label, nil
	}
	x.Read = it.Object.ID
	return label, err
}

// has reports whether a choice of several is on.
func has(list []string, v string) bool { return slices.Contains(list, v) }

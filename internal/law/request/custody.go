package request

import (
	"slices"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// CustodyType is an entry of the chain of custody of a request's evidence.
const CustodyType = "x-twoseas-custody"

// Handling is what was done with a piece of evidence.
type Handling string

// The handlings. Whoever hands over says to whom, and nobody else does.
const (
	Took      Handling = "took"
	Copied    Handling = "copied"
	HandedOn  Handling = "handed-on"
	Returned  Handling = "returned"
	Destroyed Handling = "destroyed"
)

// Handlings returns every handling, in the order people are offered them.
func Handlings() []Handling { return []Handling{Took, Copied, HandedOn, Returned, Destroyed} }

// hands reports whether a handling has somebody who receives.
func (h Handling) hands() bool { return h == HandedOn || h == Returned }

// maxHolder bounds the names in a chain of custody, in characters.
const maxHolder = 200

// Custody is one entry: who had which evidence, known by its digest alone, and
// when. N counts the entries of By from 1, and Previous is the digest of the
// one before, so that none is taken out or changed without being seen.
type Custody struct {
	ID, Request string
	By          ident.Side
	N           int
	Previous    ident.Digest
	Handling    Handling
	Item        string       // what it is, in a few words
	Evidence    ident.Digest // SHA-256 of it
	Holder      string       // who had it: a body or a post
	To          string       // who got it
	On          time.Time    // when
	Created     time.Time    // when it was said
}

type custodyWire struct {
	By          string `json:"by"`
	Created     string `json:"created"`
	Evidence    string `json:"evidence"`
	Handling    string `json:"handling"`
	Holder      string `json:"holder"`
	ID          string `json:"id"`
	Item        string `json:"item"`
	Modified    string `json:"modified"`
	N           int    `json:"n"`
	On          string `json:"on"`
	Previous    string `json:"previous,omitempty"`
	Request     string `json:"request"`
	SpecVersion string `json:"spec_version"`
	To          string `json:"to,omitempty"`
	Type        string `json:"type"`
}

// Encode returns e as an object, or fault.Invalid.
func (e Custody) Encode() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	w := custodyWire{
		By: string(e.By), Created: stamp(e.Created), Evidence: e.Evidence.String(), Handling: string(e.Handling), Holder: e.Holder, ID: e.ID,
		Item: e.Item, Modified: stamp(e.Created), N: e.N, On: stamp(e.On), Request: e.Request, SpecVersion: "2.1", To: e.To, Type: CustodyType,
	}
	if !e.Previous.IsZero() {
		w.Previous = e.Previous.String()
	}
	return canon.Marshal(w)
}

// ParseCustody reads an entry strictly, or returns fault.Invalid. Whether it
// follows is for Chain.With to say.
func ParseCustody(raw []byte) (e Custody, err error) {
	var w custodyWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return e, fault.Errorf(fault.Invalid, "custody: %w", err)
	}
	e = Custody{ID: w.ID, Request: w.Request, By: ident.Side(w.By), N: w.N, Handling: Handling(w.Handling), Item: w.Item, Holder: w.Holder, To: w.To}
	if err := instants([]instant{{"created", w.Created, false, &e.Created}, {"on", w.On, false, &e.On}}); err != nil {
		return e, err
	}
	if e.Evidence, err = ident.ParseDigest(w.Evidence); err != nil {
		return e, fault.Errorf(fault.Invalid, "evidence: %w", err)
	}
	if w.Previous != "" {
		if e.Previous, err = ident.ParseDigest(w.Previous); err != nil {
			return e, fault.Errorf(fault.Invalid, "previous: %w", err)
		}
	}
	if w.Type != CustodyType || w.SpecVersion != "2.1" || w.Modified != w.Created {
		return e, fault.Errorf(fault.Invalid, "custody: type %.40q, version %.10q", w.Type, w.SpecVersion)
	}
	return e, e.check()
}

func (e Custody) check() error {
	switch {
	case !ident.IsObjectOf(e.ID, CustodyType) || !ident.IsObjectOf(e.Request, Type):
		return fault.New(fault.Invalid, "custody: its id, or its request's, is none")
	case e.By == "" || e.N < 1 || e.On.IsZero() || e.Created.IsZero():
		return fault.New(fault.Invalid, "custody: it does not say whose it is, which and when")
	case e.On.After(e.Created):
		return fault.New(fault.Invalid, "what was done with evidence is written down after it was done")
	case (e.N == 1) != e.Previous.IsZero():
		return fault.New(fault.Invalid, "custody: every entry but the first names the one before")
	case !slices.Contains(Handlings(), e.Handling):
		return fault.Errorf(fault.Invalid, "handling %.40q: want one of those offered", string(e.Handling))
	case e.Evidence.IsZero():
		return fault.New(fault.Invalid, "evidence is named by its SHA-256 digest")
	case e.Item == "" || e.Holder == "":
		return fault.New(fault.Invalid, "say what it is and who had it")
	case e.Handling.hands() != (e.To != ""):
		return fault.New(fault.Invalid, "say to whom it was handed, and only then")
	}
	for name, s := range map[string]string{"item": e.Item, "holder": e.Holder, "to": e.To} {
		if err := checkText(name, s, maxHolder); err != nil {
			return err
		}
	}
	return nil
}

// Chain is what both sides wrote down about a request's evidence. It is a
// value: With returns a new one.
type Chain struct {
	entries map[ident.Side][]Custody
	last    map[ident.Side]ident.Digest
}

// With returns the chain with one more entry, whose bytes are raw. A gap, a
// second entry with a number that is taken, and one that does not name the
// entry before are fault.Conflict: both nodes refuse them alike.
func (c Chain) With(e Custody, raw []byte) (Chain, error) {
	own := c.entries[e.By]
	if e.N != len(own)+1 {
		return c, fault.Errorf(fault.Conflict, "entry %d of %s comes after entry %d", e.N, e.By, len(own))
	}
	if e.Previous != c.last[e.By] {
		return c, fault.Errorf(fault.Conflict, "entry %d of %s does not name the one before it", e.N, e.By)
	}
	out := Chain{map[ident.Side][]Custody{}, map[ident.Side]ident.Digest{}}
	for side, list := range c.entries {
		out.entries[side], out.last[side] = list, c.last[side]
	}
	out.entries[e.By] = append(slices.Clip(slices.Clone(own)), e)
	out.last[e.By] = ident.Sum(raw)
	return out, nil
}

// Last returns the number and the digest of a side's last entry.
func (c Chain) Last(side ident.Side) (int, ident.Digest) {
	return len(c.entries[side]), c.last[side]
}

// Entries returns what both sides wrote down, by when it was done.
func (c Chain) Entries() []Custody {
	var out []Custody
	for _, list := range c.entries {
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b Custody) int {
		switch {
		case !a.On.Equal(b.On):
			return a.On.Compare(b.On)
		case a.By != b.By && a.By < b.By:
			return -1
		case a.By != b.By:
			return 1
		}
		return a.N - b.N
	})
	return out
}

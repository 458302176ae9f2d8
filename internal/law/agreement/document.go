// Package agreement is the memorandum as a document: parsed from strict YAML,
// canonicalised to JSON (RFC 8785), hashed, signed by both sides, compiled to
// the rows of the gate, and followed through its life (DESIGN §5).
//
// Invariants: a Document that Parse or FromCanonical returned is complete,
// consistent and passes its own tests; two documents that say the same have
// the same canonical bytes and hash; reminders never block.
package agreement

import (
	"cmp"
	"slices"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Text is a text by language code.
type Text map[string]string

// In returns the text in a language, else in the fallback, else in any.
func (t Text) In(lang, fallback string) string {
	for _, l := range []string{lang, fallback} {
		if s, ok := t[l]; ok {
			return s
		}
	}
	first := ""
	for l := range t {
		if first == "" || l < first {
			first = l
		}
	}
	return t[first]
}

// Document is one version of an agreement. Its fields are read only.
type Document struct {
	Agreement     string       `json:"agreement"`
	Version       int          `json:"version"`
	Previous      string       `json:"previous,omitempty"` // hash of the version before
	Title         Text         `json:"title"`
	Authoritative string       `json:"authoritative"` // language that prevails
	Sides         []Side       `json:"sides"`
	Dates         Dates        `json:"dates"`
	Areas         []Area       `json:"areas"`
	Sectors       Sectors      `json:"sectors,omitzero"`
	Ceilings      Ceilings     `json:"ceilings"`
	Precedence    []Instrument `json:"precedence,omitempty"`
	Rules         []Rule       `json:"rules"`
	Targets       Targets      `json:"targets,omitzero"`
	Matching      Matching     `json:"matching,omitzero"`
	Industry      Industry     `json:"industry,omitzero"`
	// Expiry is when an object lapses that does not say so itself.
	Expiry Expiry `json:"expiry,omitempty"`
	// Equivalence is which levels of the two sides protect alike; none does
	// unless it stands here.
	Equivalence []Equivalence `json:"equivalence,omitempty"`
	Calendar    []DateRule    `json:"calendar,omitempty"`
	Tests       []Test        `json:"tests,omitempty"`

	lines map[string]int // JSON pointer to line, when parsed from YAML
}

// Side is one of the two participants.
type Side struct {
	ID       string   `json:"id"`
	Name     Text     `json:"name"`
	Nodal    string   `json:"nodal"` // the nodal ministry, one of Agencies when there are any
	Agencies []Agency `json:"agencies,omitempty"`
	// Codes are other names of the side in releasable-to lists.
	Codes List `json:"codes,omitempty"`
	// Capital is where the side's time is told, in Zone of the IANA database,
	// such as Asia/Tokyo. Both may be left out.
	Capital Text   `json:"capital,omitempty"`
	Zone    string `json:"zone,omitempty"`
	// Work is when the side works; round the clock when left out.
	Work Work `json:"work,omitzero"`
	// Key is the side's C2SP verifier key, whose name is the side's id.
	Key string `json:"key,omitempty"`
}

// Agency is a body under a side.
type Agency struct {
	ID   string `json:"id"`
	Name Text   `json:"name"`
}

// Dates are the dates and periods of the agreement.
type Dates struct {
	Signed Date   `json:"signed"`
	Place  string `json:"place,omitempty"`
	// Operative is when it takes effect; OperativeAssumed says that the text
	// itself does not say so.
	Operative        Date   `json:"operative"`
	OperativeAssumed bool   `json:"operative_assumed,omitzero"`
	Term             Period `json:"term"` // counted from signature
	// Renewal is how long before the end of the term the window to extend
	// opens; six months when absent.
	Renewal Period `json:"renewal,omitempty"`
}

// Area is one area of cooperation, such as 1(1).
type Area struct {
	Ref   string `json:"ref"`
	Title Text   `json:"title"`
	Kinds List   `json:"kinds,omitempty"` // kinds of object that cross under it
}

// Sectors names the sector scheme in use and the sectors of this phase.
type Sectors struct {
	Scheme  string `json:"scheme,omitempty"`
	InPhase List   `json:"in_phase,omitempty"`
}

// Ceilings bound what may cross at all.
type Ceilings struct {
	Classification List   `json:"classification"` // "none", or one code a scheme
	TLP            string `json:"tlp"`
}

// Instrument is another agreement that goes before this one.
type Instrument struct {
	ID      string `json:"id"`
	Title   Text   `json:"title"`
	Governs When   `json:"governs"`
}

// Rule is one row of the policy.
type Rule struct {
	ID     string `json:"id"`
	Clause string `json:"clause"`
	When   When   `json:"when"`
	Then   Then   `json:"then"`
}

// When is the conditions of a row. All must hold; of a list, one must.
type When struct {
	Kind           List `json:"kind,omitempty"`
	TLP            List `json:"tlp,omitempty"`
	PAP            List `json:"pap,omitempty"`
	Classification List `json:"classification,omitempty"`
	Origin         List `json:"origin,omitempty"`
	Contributor    List `json:"contributor,omitempty"`
	Sector         List `json:"sector,omitempty"`
	Caveat         List `json:"caveat,omitempty"`
	// Consent is whether its originators have agreed that it goes on to the
	// recipient: given or none.
	Consent List `json:"consent,omitempty"`
}

// Targets are the times both sides aim at. Missing one is never blocked.
type Targets struct {
	Assistance AssistanceTargets `json:"assistance,omitzero"`
	Receipt    Period            `json:"receipt,omitempty"`
	// Recall is how long a recall may be open before the next who looks at it.
	Recall Period `json:"recall,omitempty"`
	// Members is how long a list of who belongs to an audience counts without
	// being confirmed; see Confirmed.
	Members Period `json:"members,omitempty"`
	// Contacts is about communication checks of points of contact.
	Contacts ContactTargets `json:"contacts,omitzero"`
}

// Confirmed is how long a list of members counts: seven days when the document
// does not say.
func (t Targets) Confirmed() Period { return cmp.Or(t.Members, "P7D") }

// ContactTargets are the times of communication checks; see CheckEvery and
// CheckWithin.
type ContactTargets struct {
	Every  Period `json:"every,omitempty"`
	Answer Period `json:"answer,omitempty"`
}

// CheckEvery is how often a point of contact is checked: every six months when
// the document does not say.
func (t Targets) CheckEvery() Period { return cmp.Or(t.Contacts.Every, "P6M") }

// CheckWithin is how long a check waits for its answer: a day when the document
// does not say.
func (t Targets) CheckWithin() Period { return cmp.Or(t.Contacts.Answer, "PT24H") }

// AssistanceTargets are the times for answering a request.
type AssistanceTargets struct {
	Acknowledge Period `json:"acknowledge,omitempty"`
	Urgent      Period `json:"urgent,omitempty"`
}

// DateRule is what the text says about a date, or that it gives none.
type DateRule struct {
	ID   string `json:"id"`
	Ref  string `json:"ref"`
	Kind string `json:"kind"` // one of the DateKinds
	Text Text   `json:"text"`
	// From and After compute the date: "signed" or "operative" plus a period.
	From  string `json:"from,omitempty"`
	After Period `json:"after,omitempty"`
	// Every is a cadence this link chose where the text gives none.
	Every Period `json:"every,omitempty"`
	// Remind lists how long before the date to remind; P0D is the day itself.
	Remind []Period `json:"remind,omitempty"`
}

// Test is a case the document must decide as its authors expect.
type Test struct {
	Name   string `json:"name,omitempty"`
	From   string `json:"from,omitempty"` // sending side; both are tried when absent
	Item   Item   `json:"item"`
	Expect Expect `json:"expect"`
}

// Item is the label of a test, in the words of When.
type Item struct {
	Kind           string `json:"kind"`
	TLP            string `json:"tlp,omitempty"`
	PAP            string `json:"pap,omitempty"`
	Classification string `json:"classification,omitempty"`
	Origin         string `json:"origin,omitempty"` // own when absent
	Contributor    string `json:"contributor,omitempty"`
	Sector         List   `json:"sector,omitempty"`
	Caveat         List   `json:"caveat,omitempty"`
	Consent        string `json:"consent,omitempty"` // none when absent
	Exercise       bool   `json:"exercise,omitzero"`
}

// Canonical returns the document's RFC 8785 bytes.
func (d *Document) Canonical() ([]byte, error) {
	raw, err := canon.Marshal(d)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "agreement: %w", err)
	}
	return raw, nil
}

// Hash returns the SHA-256 of the canonical bytes, which both sides sign. A
// document that cannot be written has the zero digest, which nobody can sign.
func (d *Document) Hash() ident.Digest {
	raw, err := d.Canonical()
	if err != nil {
		return ident.Digest{}
	}
	return ident.Sum(raw)
}

// ID returns the agreement's name.
func (d *Document) ID() ident.Agreement { return ident.Agreement(d.Agreement) }

// SideIDs returns the ids of the two sides, in the document's order.
func (d *Document) SideIDs() [2]ident.Side {
	var ids [2]ident.Side
	for i := range min(len(d.Sides), 2) {
		ids[i] = ident.Side(d.Sides[i].ID)
	}
	return ids
}

// OtherSide returns the partner of a side, or fault.NotFound when s is
// neither.
func (d *Document) OtherSide(s ident.Side) (ident.Side, error) {
	ids := d.SideIDs()
	i := slices.Index(ids[:], s)
	if i < 0 {
		return "", fault.Errorf(fault.NotFound, "%s is not a side of %s", s, d.Agreement)
	}
	return ids[1-i], nil
}

// WithKeys returns the document with the sides' verifier keys put in, as it
// will be hashed and signed.
func (d *Document) WithKeys(keys map[ident.Side]string) (*Document, error) {
	out := *d
	out.lines = nil
	out.Sides = slices.Clone(d.Sides)
	for side, key := range keys {
		i := slices.IndexFunc(out.Sides, func(s Side) bool { return s.ID == string(side) })
		if i < 0 {
			return nil, fault.Errorf(fault.Invalid, "%s is not a side of %s", side, d.Agreement)
		}
		out.Sides[i].Key = key
	}
	return out.checked()
}

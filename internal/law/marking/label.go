package marking

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Member is the Label.Contributor of what an industry member of the
// originating side contributed.
const Member = "member"

// OtherSide is the origin of what belongs to neither side of an agreement.
const OtherSide ident.Side = "other"

// Why an object is withheld.
const (
	Recalled  = "recalled"  // its originator has called it back
	Erroneous = "erroneous" // its originator has withdrawn it as wrong
	Lapsed    = "lapsed"    // it is past the time until which it is valid
)

// Label is everything a decision depends on. Every object version has exactly
// one; a node with millions of objects has a few hundred. The zero Label has
// no kind, no origin and no TLP, and nothing releases it.
type Label struct {
	// Kind is one of Kinds.
	Kind string
	Terms
	// Origin is the side whose object this is, or OtherSide.
	Origin ident.Side
	// Contributor is "" or Member.
	Contributor string
	// Sectors holds the codes of the sectors it concerns.
	Sectors []string
	// Redacted names the redactions that were already made on the object.
	Redacted []string
	// Approved is how many officers approved the release. It is recorded on
	// the wire and at the receiver, and counts there only.
	Approved int
	// Consent holds the sides to which every originator in the chain has agreed
	// that it may go on, each written by Consenting; it counts for what belongs
	// to neither side.
	Consent []string
	// Without names the redactions on which that consent depends.
	Without []string
	// Withheld is why this node keeps the object back, "" when it does not: one
	// of Recalled, Erroneous and Lapsed. It is this node's own word and never on the wire.
	Withheld string
	// Listed says that a value of it was on a warning list when it came in: it
	// may be harmless, so no rule alone lets it go.
	Listed bool
	// Named says that a text of it seems to name an industry member, and Look
	// that the sponsor of the member who contributed it wants to see it first.
	// No rule alone lets either go. Both are this node's own words and never on
	// the wire.
	Named, Look bool
	// Members holds the industry members who contributed it. Of industry nobody
	// else reads it before who they are was taken out. It is this node's own word
	// and never on the wire.
	Members []string
	// Emergency says that it was released with fewer approvals than the
	// agreement asks for, but at least one. Like Approved, it is recorded on
	// the wire and counts at the receiver only.
	Emergency bool
}

// Facts is what a label is made of besides the object's markings.
type Facts struct {
	Kind        string
	Origin      ident.Side
	Contributor string
	Sectors     []string
	// DefaultTLP is what the importer says of objects without a TLP.
	DefaultTLP TLP
	// DefaultPAP is what the importer says of objects without a PAP.
	DefaultPAP PAP
	// Limits is what the importer adds to whatever the object says.
	Limits Terms
}

// MakeLabel returns the label of an object. The importer's default applies
// only where no TLP is stated and everything else was understood; without a
// default the label stays NoTLP, which nothing releases.
func MakeLabel(t Terms, f Facts) Label {
	t = Combine(t, f.Limits)
	if t.TLP == NoTLP && len(t.Unknown) == 0 {
		t.TLP = f.DefaultTLP
	}
	if t.PAP == NoPAP { // no PAP limits nothing, so a default only ever adds
		t.PAP = f.DefaultPAP
	}
	return Label{Kind: f.Kind, Terms: t, Origin: f.Origin, Contributor: f.Contributor, Sectors: union(f.Sectors, nil)}
}

// Canonical returns the label's RFC 8785 bytes. Members that are zero are
// left out, lists are sorted, and equal labels give equal bytes.
func (l Label) Canonical() []byte {
	w := members{buf: make([]byte, 0, 160)}
	w.number("approved", l.Approved)
	w.list("areas", sorted(l.Areas))
	w.list("caveats", union(l.Caveats, nil))
	w.text("classification", l.Classification)
	w.list("consent", union(l.Consent, nil))
	w.text("contributor", l.Contributor)
	w.truth("emergency", l.Emergency)
	w.truth("exercise", l.Exercise)
	if !l.Expires.IsZero() {
		w.text("expires", wholeSecond(l.Expires).Format(time.RFC3339))
	}
	w.text("kind", l.Kind)
	w.truth("listed", l.Listed)
	w.truth("look", l.Look)
	w.list("members", union(l.Members, nil))
	w.truth("named", l.Named)
	if !l.NotBefore.IsZero() {
		w.text("not_before", nextSecond(l.NotBefore).Format(time.RFC3339))
	}
	w.text("origin", string(l.Origin))
	if l.PAP != NoPAP {
		w.text("pap", l.PAP.Name())
	}
	w.list("redacted", union(l.Redacted, nil))
	w.list("releasable_to", sorted(l.ReleasableTo))
	w.list("sectors", union(l.Sectors, nil))
	if l.TLP != NoTLP {
		w.text("tlp", l.TLP.Name())
	}
	w.list("unknown", union(l.Unknown, nil))
	w.text("withheld", l.Withheld)
	w.list("without", union(l.Without, nil))
	return w.end()
}

// members writes a JSON object whose members come in RFC 8785 order.
type members struct{ buf []byte }

func (w *members) name(n string) {
	if len(w.buf) == 0 {
		w.buf = append(w.buf, '{')
	} else {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(canon.AppendString(w.buf, n), ':')
}

func (w *members) text(n, v string) {
	if v != "" {
		w.name(n)
		w.buf = canon.AppendString(w.buf, v)
	}
}

func (w *members) truth(n string, v bool) {
	if v {
		w.name(n)
		w.buf = append(w.buf, "true"...)
	}
}

func (w *members) number(n string, v int) {
	if v != 0 {
		w.name(n)
		w.buf = strconv.AppendInt(w.buf, int64(v), 10)
	}
}

// list leaves a nil list out and writes an empty one: for releasable_to they
// mean everybody and nobody.
func (w *members) list(n string, v []string) {
	if v == nil {
		return
	}
	w.name(n)
	sep := byte('[')
	for _, s := range v {
		w.buf = canon.AppendString(append(w.buf, sep), s)
		sep = ','
	}
	if sep == '[' {
		w.buf = append(w.buf, '[')
	}
	w.buf = append(w.buf, ']')
}

func (w *members) end() []byte {
	if len(w.buf) == 0 {
		return []byte("{}")
	}
	return append(w.buf, '}')
}

// labelJSON is the label as ParseLabel reads it.
type labelJSON struct {
	Approved       int      `json:"approved"`
	Areas          []string `json:"areas"`
	Caveats        []string `json:"caveats"`
	Classification string   `json:"classification"`
	Consent        []string `json:"consent"`
	Contributor    string   `json:"contributor"`
	Emergency      bool     `json:"emergency"`
	Exercise       bool     `json:"exercise"`
	Expires        string   `json:"expires"`
	Kind           string   `json:"kind"`
	Listed         bool     `json:"listed"`
	Look           bool     `json:"look"`
	Members        []string `json:"members"`
	Named          bool     `json:"named"`
	NotBefore      string   `json:"not_before"`
	Origin         string   `json:"origin"`
	PAP            string   `json:"pap"`
	Redacted       []string `json:"redacted"`
	ReleasableTo   []string `json:"releasable_to"`
	Sectors        []string `json:"sectors"`
	TLP            string   `json:"tlp"`
	Unknown        []string `json:"unknown"`
	Withheld       string   `json:"withheld"`
	Without        []string `json:"without"`
}

// MaxLabel bounds the bytes of a label.
const MaxLabel = 16 << 10

// ParseLabel reads canonical bytes as Canonical writes them. A member or value
// that is not known, and any other way of writing the same label, is
// fault.Invalid: both sides must intern the same bytes.
func ParseLabel(raw []byte) (Label, error) {
	if len(raw) > MaxLabel {
		return Label{}, fault.Errorf(fault.TooLarge, "label of %d bytes, want at most %d", len(raw), MaxLabel)
	}
	var j labelJSON
	if err := canon.UnmarshalStrict(raw, &j); err != nil {
		return Label{}, fault.Errorf(fault.Invalid, "label: %w", err)
	}
	l, err := j.label()
	if err != nil {
		return Label{}, err
	}
	if err := l.check(); err != nil {
		return Label{}, err
	}
	if !bytes.Equal(l.Canonical(), raw) {
		return Label{}, fault.New(fault.Invalid, "label: not in its canonical form")
	}
	return l, nil
}

func (j labelJSON) label() (Label, error) {
	l := Label{
		Kind: j.Kind, Origin: ident.Side(j.Origin), Contributor: j.Contributor,
		Sectors: j.Sectors, Redacted: j.Redacted, Approved: j.Approved, Emergency: j.Emergency,
		Consent: j.Consent, Withheld: j.Withheld, Without: j.Without, Listed: j.Listed, Named: j.Named, Look: j.Look, Members: j.Members,
		Terms: Terms{
			Classification: j.Classification, Caveats: j.Caveats, ReleasableTo: j.ReleasableTo,
			Exercise: j.Exercise, Unknown: j.Unknown, Areas: j.Areas,
		},
	}
	var err error
	if j.TLP != "" {
		if l.TLP, err = ParseTLP(j.TLP); err != nil {
			return Label{}, err
		}
	}
	if j.PAP != "" {
		if l.PAP, err = ParsePAP(j.PAP); err != nil {
			return Label{}, err
		}
	}
	if j.Expires != "" {
		if l.Expires, err = time.Parse(time.RFC3339, j.Expires); err != nil {
			return Label{}, fault.Errorf(fault.Invalid, "label: expires %.40q is not a time", j.Expires)
		}
	}
	if j.NotBefore != "" {
		if l.NotBefore, err = time.Parse(time.RFC3339, j.NotBefore); err != nil {
			return Label{}, fault.Errorf(fault.Invalid, "label: not_before %.40q is not a time", j.NotBefore)
		}
	}
	return l, nil
}

// ParseTerms reads the terms of a label that need have nothing else.
func ParseTerms(raw []byte) (Terms, error) {
	var j labelJSON
	if err := canon.UnmarshalStrict(raw, &j); err != nil {
		return Terms{}, fault.Errorf(fault.Invalid, "terms: %w", err)
	}
	l, err := j.label()
	return l.Terms, err
}

// check refuses values outside the vocabularies.
func (l Label) check() error {
	if !IsKind(l.Kind) {
		return fault.Errorf(fault.Invalid, "label: kind %.40q, want one of %s", l.Kind, strings.Join(Kinds(), ", "))
	}
	if _, err := ident.ParseSide(string(l.Origin)); err != nil {
		return fault.Errorf(fault.Invalid, "label: origin: %w", err)
	}
	if l.Contributor != "" && l.Contributor != Member {
		return fault.Errorf(fault.Invalid, "label: contributor %.40q, want member or nothing", l.Contributor)
	}
	if l.Withheld != "" && l.Withheld != Recalled && l.Withheld != Erroneous && l.Withheld != Lapsed {
		return fault.Errorf(fault.Invalid, "label: withheld %.40q is not known", l.Withheld)
	}
	for _, s := range l.Consent {
		if _, _, err := ParseConsent(s); err != nil {
			return fault.Errorf(fault.Invalid, "label: %w", err)
		}
	}
	if i := slices.IndexFunc(l.Without, func(r string) bool { _, ok := RedactionOf(r); return !ok }); i >= 0 {
		return fault.Errorf(fault.Invalid, "label: redaction %.40q is not known", l.Without[i])
	}
	if l.Approved < 0 {
		return fault.New(fault.Invalid, "label: approved is negative")
	}
	if l.Emergency && l.Approved < 1 {
		return fault.New(fault.Invalid, "label: an emergency release has one approval at least")
	}
	if _, ok := Levels(l.Classification); !ok || combineLevels(l.Classification, "") != l.Classification {
		return fault.Errorf(fault.Invalid, "label: classification %.40q is not known", l.Classification)
	}
	if i := slices.IndexFunc(l.Caveats, func(c string) bool { _, ok := CaveatOf(c); return !ok }); i >= 0 {
		return fault.Errorf(fault.Invalid, "label: caveat %.40q is not known", l.Caveats[i])
	}
	if i := slices.IndexFunc(l.Redacted, func(r string) bool { return !made(r) }); i >= 0 {
		return fault.Errorf(fault.Invalid, "label: redaction %.40q is not known", l.Redacted[i])
	}
	return nil
}

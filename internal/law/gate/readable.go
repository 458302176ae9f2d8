package gate

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
)

// Clearance is what a reader on one's own node may see. The zero Clearance
// sees nothing.
type Clearance struct {
	// Side is the node's own, and Codes its other names in releasable-to
	// lists, in lower case.
	Side  ident.Side
	Codes []string
	// TLP is the highest level that may be read.
	TLP marking.TLP
	// Unmarked admits to what has no TLP or terms that were not understood.
	Unmarked bool
	// Classification is the highest level of each scheme, as in Terms.
	Classification string
	// Compartments holds the reader's places in audiences.
	Compartments []Compartment
	// Members holds the industry members of whom those are who read, by the ids
	// of Label.Members; none of them reads what another contributed before who
	// that is was taken out.
	Members []string
	// ScreenOnly says that the reader takes no copy, as DISPLAY ONLY demands.
	ScreenOnly bool
	// With holds the sides of others in the room, who see what the reader sees.
	With []Party
	// Domain is where the reader reads.
	Domain ident.Domain
	// Now is needed for labels that expire.
	Now time.Time
}

// Compartment is a place in the audience of a caveat that has one (LES, LIMDIS,
// PROPIN): on the list under one agreement, on one with a partner, on all there
// are, or, with nothing but the caveat, on some list.
type Compartment struct {
	Caveat    string
	Agreement ident.Agreement
	Partner   ident.Side
	All       bool
}

// within reports whether a reader belongs to the audience of a caveat for what
// carries a label. What is meant for the areas of certain agreements is for
// their audiences' common part; what is one's own otherwise for who is on some
// list; a partner's for who is on one with it; and of a third side's it is not
// known under which agreement it came, so it is for who is on all. Two readers
// together see what each sees, since no two places make up for a third.
func within(in []Compartment, l marking.Label, own bool, code string) bool {
	if len(in) == 0 {
		return false
	}
	has := func(k Compartment) bool { return slices.Contains(in, k) }
	for _, area := range l.Areas {
		agreement, _, _ := strings.Cut(area, ":")
		if !has(Compartment{Caveat: code, Agreement: ident.Agreement(agreement)}) {
			return false
		}
	}
	if own || len(l.Areas) > 0 {
		return has(Compartment{Caveat: code})
	}
	return has(Compartment{Caveat: code, All: true}) || l.Origin != "" && has(Compartment{Caveat: code, Partner: l.Origin})
}

// Readable reports whether an object labelled l may be shown to a reader,
// and why not. Whatever is unknown is for those only who see unmarked
// objects; nothing else is.
func Readable(l marking.Label, c Clearance) (bool, Phrase) {
	own := c.Side != "" && l.Origin == c.Side
	switch {
	case c.Domain.IsZero() || l.Exercise != c.Domain.IsExercise():
		return false, because("read-domain")
	case l.Kind == marking.Request:
		return false, because("read-desk")
	case l.Kind == marking.Coordination:
		return false, because("read-joint")
	case marking.IsDesk(l.Kind):
		return false, because("read-control")
	case l.Withheld == marking.Lapsed, expired(&l, &Context{Now: c.Now}):
		return false, because("expired")
	case l.Withheld != "":
		return false, because("read-withheld")
	case len(l.Unknown) > 0 && !c.Unmarked:
		return false, because("read-unknown")
	case !known(l.TLP) && !c.Unmarked:
		return false, because("no-tlp")
	case known(l.TLP) && l.TLP > c.TLP:
		return false, because("read-tlp", l.TLP.String())
	case !marking.WithinLevel(l.Classification, c.Classification):
		return false, because("read-class", l.Classification)
	case !own && l.ReleasableTo != nil && !named(l.ReleasableTo, c.Side, c.Codes):
		return false, because("read-listed")
	}
	if others(l, c, own) {
		return false, because("read-member")
	}
	for _, p := range c.With {
		if !showable(l, c, p) {
			return false, because("read-room", string(p.Side))
		}
	}
	return admitted(l, c, own)
}

// others reports whether an object still says which industry member contributed
// it, and somebody of another member reads.
func others(l marking.Label, c Clearance, own bool) bool {
	if !own || l.Contributor != marking.Member || slices.Contains(l.Redacted, redactedContributor) {
		return false
	}
	return slices.ContainsFunc(c.Members, func(m string) bool { return !slices.Contains(l.Members, m) })
}

// redactedContributor names the redaction that takes out who contributed.
const redactedContributor = "contributor"

// showable reports whether somebody of another side may be shown what carries
// the label: what may not be released to that side may not be shown to it, and
// neither is what an agreement would have taken out first.
func showable(l marking.Label, c Clearance, p Party) bool {
	theirs := p.Side != "" && l.Origin == p.Side
	switch {
	case theirs:
		return true
	case l.ReleasableTo != nil && !named(l.ReleasableTo, p.Side, p.Codes):
		return false
	case l.Origin != c.Side && (len(l.Without) > 0 || !slices.Contains(l.Consent, string(p.Side))):
		return false // a consent that depends on a redaction is for what was made by it
	case embargoed(&l, &Context{Now: c.Now}), l.Contributor != "":
		return false
	}
	return !slices.ContainsFunc(l.Caveats, func(code string) bool {
		caveat, ok := marking.CaveatOf(code)
		return !ok || code != "DISPLAY ONLY" && (caveat.Bars != "" && (!caveat.Listed || l.ReleasableTo == nil) || caveat.Approvals > 0 || len(caveat.Redact) > 0)
	})
}

// admitted looks at each caveat.
func admitted(l marking.Label, c Clearance, own bool) (bool, Phrase) {
	for _, code := range l.Caveats {
		caveat, ok := marking.CaveatOf(code)
		switch {
		case !ok && !c.Unmarked:
			return false, because("caveat", code)
		case caveat.Audience && !within(c.Compartments, l, own, code):
			return false, because("read-audience", code)
		case code == "DISPLAY ONLY" && !c.ScreenOnly:
			return false, because("read-copy")
		case (code == "NOFORN" || code == "UK EYES ONLY") && !own:
			return false, because("read-nation")
		}
	}
	return true, Phrase{}
}

package gate

import (
	"slices"
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
	// Audiences holds the caveats with an audience of their own (LES, LIMDIS,
	// PROPIN) the reader belongs to.
	Audiences []string
	// ScreenOnly says that the reader takes no copy, as DISPLAY ONLY demands.
	ScreenOnly bool
	// Domain is where the reader reads.
	Domain ident.Domain
	// Now is needed for labels that expire.
	Now time.Time
}

// Readable reports whether an object labelled l may be shown to a reader,
// and why not. Whatever is unknown is for those only who see unmarked
// objects; nothing else is.
func Readable(l marking.Label, c Clearance) (bool, Phrase) {
	own := c.Side != "" && l.Origin == c.Side
	switch {
	case c.Domain.IsZero() || l.Exercise != c.Domain.IsExercise():
		return false, because("read-domain")
	case l.Kind == marking.Control:
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
	return admitted(l, c, own)
}

// admitted looks at each caveat.
func admitted(l marking.Label, c Clearance, own bool) (bool, Phrase) {
	for _, code := range l.Caveats {
		caveat, ok := marking.CaveatOf(code)
		switch {
		case !ok && !c.Unmarked:
			return false, because("caveat", code)
		case caveat.Audience && !slices.Contains(c.Audiences, code):
			return false, because("read-audience", code)
		case code == "DISPLAY ONLY" && !c.ScreenOnly:
			return false, because("read-copy")
		case (code == "NOFORN" || code == "UK EYES ONLY") && !own:
			return false, because("read-nation")
		}
	}
	return true, Phrase{}
}

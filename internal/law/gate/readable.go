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
func Readable(l marking.Label, c Clearance) (bool, string) {
	own := c.Side != "" && l.Origin == c.Side
	switch {
	case c.Domain.IsZero() || l.Exercise != c.Domain.IsExercise():
		return false, "it belongs to another domain"
	case l.Kind == marking.Control:
		return false, "it is between the two nodes"
	case l.Withheld != "":
		return false, "it was called back"
	case len(l.Unknown) > 0 && !c.Unmarked:
		return false, "a handling marking on it is not understood"
	case !known(l.TLP) && !c.Unmarked:
		return false, "it has no TLP marking"
	case known(l.TLP) && l.TLP > c.TLP:
		return false, "it is " + l.TLP.String()
	case !marking.WithinLevel(l.Classification, c.Classification):
		return false, "it is classified " + l.Classification
	case !own && l.ReleasableTo != nil && !named(l.ReleasableTo, c.Side, c.Codes):
		return false, "it may not be released to this side"
	case !own && expired(&l, &Context{Now: c.Now}):
		return false, "it expired"
	}
	return admitted(l, c, own)
}

// admitted looks at each caveat.
func admitted(l marking.Label, c Clearance, own bool) (bool, string) {
	for _, code := range l.Caveats {
		caveat, ok := marking.CaveatOf(code)
		switch {
		case !ok && !c.Unmarked:
			return false, "its caveat " + code + " is not known"
		case caveat.Audience && !slices.Contains(c.Audiences, code):
			return false, "it is for the audience of " + code
		case code == "DISPLAY ONLY" && !c.ScreenOnly:
			return false, "it may be shown but not copied"
		case (code == "NOFORN" || code == "UK EYES ONLY") && !own:
			return false, "it is for its own nation's eyes only"
		}
	}
	return true, ""
}

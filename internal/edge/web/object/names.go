// Package object is the page of one object: what it says, who may see it and
// why, what the partner would get, and the answers of both sides.
package object

import (
	"net/url"
	"strings"

	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
)

// TypeName is what a STIX type is called in the reader's language; a type that
// no catalogue knows is shown as it is.
func TypeName(q *page.Request, typ string) string {
	if key := "stix.type." + typ; q.Has(key) {
		return q.T(key)
	}
	return strings.TrimPrefix(typ, "x-")
}

// Path is the address of the page of an object.
func Path(id string) string { return "/objects/" + url.PathEscape(id) }

// Level is the TLP of a label as the frame shows it, "" for none.
func Level(l marking.Label) string {
	if l.TLP == marking.NoTLP {
		return ""
	}
	return l.TLP.Name()
}

// PAPLevel is the PAP of a label as the frame shows it, "" for none.
func PAPLevel(l marking.Label) string {
	if l.PAP == marking.NoPAP {
		return ""
	}
	return l.PAP.Name()
}

// Self is the own side in the chosen agreement, "" without one.
func Self(q *page.Request) ident.Side {
	link, ok := q.Link()
	if !ok {
		return ""
	}
	for s := range link.Sides {
		if s != link.Partner {
			return s
		}
	}
	return ""
}

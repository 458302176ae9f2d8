package imports

import (
	"slices"

	"twoseas/internal/act/release"
	"twoseas/internal/edge/web/page"
)

// outlook says in sentences what happens with what a member brings: how much of
// it goes, waits or stays, who looks at it first, and what is taken out before
// anything crosses. An agreement that leaves the contributor's name in says so.
func outlook(q *page.Request, sponsor string, o release.Outlook) (out []string) {
	for _, x := range []struct {
		key string
		n   int64
	}{{"goes", o.Goes}, {"waits", o.Waits}, {"named", o.Named}, {"stays", o.Stays}} {
		if x.n > 0 {
			out = append(out, q.N("imports.outlook."+x.key, x.n))
		}
	}
	if o.Goes+o.Waits == 0 {
		return append(out, q.T("imports.outlook.nothing"))
	}
	if sponsor != "" {
		out = append(out, q.T("imports.outlook.sponsor", sponsor))
	}
	if slices.Contains(o.Cut, "contributor") {
		out = append(out, q.T("imports.outlook.unnamed"))
	} else {
		out = append(out, q.T("imports.outlook.shown"))
	}
	if slices.Contains(o.Cut, "victim") {
		out = append(out, q.T("imports.outlook.victim"))
	}
	return append(out, q.T("imports.outlook.sector", o.AtLeast))
}

package admin

import "twoseas/internal/edge/web/page"

// sponsorChoices offers the organisations that may sponsor a member.
func sponsorChoices(f bodyForm) []page.Choice {
	out := []page.Choice{{Text: f.T("people.sponsor.none")}}
	for _, o := range f.Sponsors {
		out = append(out, page.Choice{Value: o.ID, Text: o.Name})
	}
	return out
}

package admin

import (
	"slices"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
)

// levels are the clearances that forms offer; labels of TLP are not
// translated.
func levels() []page.Choice {
	var out []page.Choice
	for _, l := range []marking.TLP{marking.Clear, marking.Green, marking.Amber, marking.AmberStrict, marking.Red} {
		out = append(out, page.Choice{Value: l.String(), Text: l.String()})
	}
	return out
}

func roleChoices(q *page.Request) []page.Choice {
	out := []page.Choice{{Text: q.T("people.filter.all")}}
	for _, r := range people.Roles() {
		out = append(out, page.Choice{Value: string(r), Text: q.T("people.role." + string(r))})
	}
	return out
}

func kindChoices(q *page.Request) []page.Choice {
	var out []page.Choice
	for _, k := range people.Kinds() {
		out = append(out, page.Choice{Value: string(k), Text: q.T("people.kind." + string(k))})
	}
	return out
}

func bodyChoices(q *page.Request, all map[string]people.Organisation) []page.Choice {
	var out []page.Choice
	for _, o := range all {
		out = append(out, page.Choice{Value: o.ID, Text: o.Name})
	}
	slices.SortFunc(out, func(a, b page.Choice) int { return strings.Compare(a.Text, b.Text) })
	return append([]page.Choice{{Text: q.T("people.filter.all")}}, out...)
}

// organisations are the ones an account may be put under.
func (f edit) organisations() []page.Choice {
	var out []page.Choice
	if administers(f.Request) {
		out = append(out, page.Choice{Text: f.T("people.organisation.none")})
	}
	for _, o := range f.Choices {
		out = append(out, page.Choice{Value: o.ID, Text: o.Name})
	}
	return out
}

func roleNames(q *page.Request, roles []people.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = q.T("people.role." + string(r))
	}
	return strings.Join(names, ", ")
}

// may says what a role may do, in words.
func may(q *page.Request, r people.Role) string {
	var out []string
	for _, act := range people.Offered() {
		if r.May(act) {
			out = append(out, actName(q, act))
		}
	}
	return strings.Join(out, " · ")
}

// waysIn says how an account gets in.
func waysIn(q *page.Request, a people.Account) string {
	switch {
	case a.HasPassword && a.HasSecond:
		return q.T("people.ways.both")
	case a.HasSecond:
		return q.T("people.ways.second")
	case a.HasPassword:
		return q.T("people.ways.password")
	}
	return q.T("people.ways.none")
}

// actName is an act in the reader's language.
func actName(q *page.Request, act people.Act) string {
	return q.T("people.act." + strings.ReplaceAll(strings.ReplaceAll(string(act), ",", ""), " ", "-"))
}

package agreements

import (
	"cmp"
	"slices"
	"strings"

	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

func kindChoices(q *page.Request) []page.Choice {
	kinds := marking.Kinds()
	slices.SortStableFunc(kinds, func(a, b string) int { // what is asked most comes first
		return cmp.Compare(rank(a), rank(b))
	})
	out := make([]page.Choice, len(kinds))
	for i, k := range kinds {
		out[i] = page.Choice{Value: k, Text: kindName(q, k)}
	}
	return out
}

func rank(kind string) int {
	if kind == marking.Threat {
		return 0
	}
	return 1
}

func tlpChoices(q *page.Request) []page.Choice {
	out := []page.Choice{{Text: q.T("page.tlp.none")}}
	for _, l := range marking.TLPs() {
		out = append(out, page.Choice{Value: l.Name(), Text: l.String()})
	}
	return out
}

func papChoices(q *page.Request) []page.Choice {
	out := []page.Choice{{Text: q.T("agreement.none")}}
	for _, l := range []marking.PAP{marking.PAPClear, marking.PAPGreen, marking.PAPAmber, marking.PAPRed} {
		out = append(out, page.Choice{Value: l.Name(), Text: l.String()})
	}
	return out
}

func classChoices(q *page.Request) []page.Choice {
	out := []page.Choice{{Text: q.T("agreement.class.none")}}
	for _, code := range marking.LevelCodes() {
		l, _ := marking.LevelOf(code)
		out = append(out, page.Choice{Value: code, Text: code + " " + l.Name})
	}
	return out
}

func originChoices(q *page.Request) []page.Choice {
	var out []page.Choice
	for _, o := range []gate.Origin{gate.Own, gate.Partner, gate.Other} {
		out = append(out, page.Choice{Value: string(o), Text: q.T("agreement.origin." + string(o))})
	}
	return out
}

func contributorChoices(q *page.Request) []page.Choice {
	return []page.Choice{
		{Text: q.T("agreement.contributor.none")},
		{Value: marking.Member, Text: q.T("agreement.contributor.member")},
	}
}

func consentChoices(q *page.Request) []page.Choice {
	return []page.Choice{
		{Text: q.T("agreement.consent.none")},
		{Value: gate.ConsentGiven, Text: q.T("agreement.consent.given")},
	}
}

// versionValue is the choice of version that is on.
func versionValue(x question) string {
	if x.Version == 0 {
		return ""
	}
	return itoa(x.Version)
}

func versionChoices(q *page.Request, x question) []page.Choice {
	out := []page.Choice{{Text: q.T("agreement.force")}}
	for _, v := range slices.Backward(x.Versions) {
		out = append(out, page.Choice{Value: itoa(v.Number), Text: itoa(v.Number)})
	}
	return out
}

func caveats() []string { return marking.CaveatCodes() }

func eventChoices(q *page.Request) []page.Choice {
	var out []page.Choice
	for _, name := range recordable() {
		out = append(out, page.Choice{Value: name, Text: eventName(q, name)})
	}
	return out
}

func sideChoices(q *page.Request, v view) []page.Choice {
	var out []page.Choice
	for _, s := range v.Doc.Sides {
		out = append(out, page.Choice{Value: s.ID, Text: q.Text(s.Name)})
	}
	return out
}

// hasRule reports whether a calendar entry is a date rule of the document,
// which can be marked as done; the renewal window is none.
func hasRule(v view, id string) bool {
	return slices.ContainsFunc(v.Doc.Calendar, func(d agreement.DateRule) bool { return d.ID == id })
}

func kindNames(q *page.Request, kinds []string) string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = kindName(q, k)
	}
	return strings.Join(out, ", ")
}

func tlpWord(l marking.TLP) string {
	if l == marking.NoTLP {
		return ""
	}
	return l.Name()
}

// stepWords says one thing that would have to be otherwise.
func stepWords(q *page.Request, s gate.Step) string {
	from, to := s.From, s.To
	switch s.What {
	case gate.StepTLP:
		from, to = tlpName(from), tlpName(to)
	case gate.StepKind:
		from, to = kindName(q, from), kindName(q, to)
	}
	return q.T("agreement.step."+s.What, from, to)
}

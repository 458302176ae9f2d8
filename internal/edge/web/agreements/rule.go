package agreements

import (
	"strings"

	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// condition is one condition of a rule in the reader's words.
type condition struct{ Name, Values string }

// conditions says a rule's conditions; a rule without any holds for all.
func conditions(q *page.Request, w agreement.When) []condition {
	var out []condition
	add := func(key string, list agreement.List, word func(string) string) {
		if len(list) == 0 {
			return
		}
		names := make([]string, len(list))
		for i, v := range list {
			names[i] = word(v)
		}
		out = append(out, condition{Name: q.T("agreement.when." + key), Values: strings.Join(names, " "+q.T("agreement.or")+" ")})
	}
	add("kind", w.Kind, func(s string) string { return kindName(q, s) })
	add("tlp", w.TLP, tlpName)
	add("pap", w.PAP, papName)
	add("classification", w.Classification, func(s string) string { return classWord(q, s) })
	add("origin", w.Origin, func(s string) string { return q.T("agreement.origin." + s) })
	add("contributor", w.Contributor, func(s string) string { return q.T("agreement.contributor." + s) })
	add("sector", w.Sector, same)
	add("caveat", w.Caveat, same)
	add("consent", w.Consent, func(s string) string { return q.T("agreement.consent." + s) })
	return out
}

func same(s string) string { return s }

func tlpName(s string) string {
	if l, err := marking.ParseTLP(s); err == nil {
		return l.String()
	}
	return s
}

func papName(s string) string {
	if l, err := marking.ParsePAP(s); err == nil {
		return l.String()
	}
	return s
}

// classWord translates the two words that are no code.
func classWord(q *page.Request, s string) string {
	if s == gate.AnyClass || s == gate.NoClass {
		return q.T("agreement.class." + s)
	}
	return s
}

func kindName(q *page.Request, kind string) string {
	if key := "agreement.kind." + kind; q.Has(key) {
		return q.T(key)
	}
	return kind
}

// effect says what a rule does.
func effect(q *page.Request, t agreement.Then) string {
	switch {
	case t.Deny != "":
		return q.T("agreement.then.deny")
	case t.Approve > 0:
		return q.N("agreement.then.approve", int64(t.Approve))
	case len(t.Redact) > 0:
		return q.T("agreement.then.redact", redactions(q, t.Redact))
	}
	return q.T("agreement.then.release")
}

func redactions(q *page.Request, names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n
		if key := "agreement.redact." + n; q.Has(key) {
			out[i] = q.T(key)
		}
	}
	return strings.Join(out, " "+q.T("agreement.and")+" ")
}

// effectColour of a rule: state colours, and never red.
func effectColour(t agreement.Then) string {
	switch {
	case t.Deny != "":
		return "grey"
	case t.Approve > 0:
		return "amber"
	case len(t.Redact) > 0:
		return "blue"
	}
	return "green"
}

func outcomeColour(o gate.Outcome) string {
	switch o {
	case gate.Release:
		return "green"
	case gate.Redact:
		return "blue"
	case gate.Hold:
		return "amber"
	case gate.Deny:
	}
	return "grey"
}

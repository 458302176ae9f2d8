package marking

import (
	"slices"
	"strings"
)

// Caveat is one dissemination caveat and what it does to a crossing, whatever
// an agreement says.
type Caveat struct {
	Code  string
	Short string
	// Bars is why the caveat alone keeps an object from crossing; "" when it
	// does not.
	Bars string
	// Listed allows a crossing only to recipients named by a releasable-to
	// list; without such a list, Bars applies.
	Listed bool
	// Goes is the one kind that Bars does not hold for.
	Goes string
	// Approvals is how many officers must agree, at least.
	Approvals int
	// Redact names what must be taken out first.
	Redact []string
	// Releasable narrows the recipients to these.
	Releasable []string
	// Audience says that only readers admitted to the caveat may read.
	Audience bool
}

// caveats is the vocabulary. REL TO and EXERCISE are read as caveats too but
// become Terms.ReleasableTo and Terms.Exercise.
var caveats = []Caveat{
	{Code: "CHR", Short: "TLP:EX:CHR", Redact: []string{"contributor"}},
	{Code: "DISPLAY ONLY", Short: "DISPLAYONLY", Bars: "it may be shown but not handed over"},
	{Code: "LES", Short: "LES", Bars: "it goes only by the law-enforcement channel", Goes: Request, Audience: true},
	{Code: "LIMDIS", Short: "DS", Bars: "it has a limited distribution and names no recipients", Listed: true, Audience: true},
	{Code: "NOFORN", Short: "NF", Bars: "it may not be released to foreign nationals or governments"},
	{Code: "ORCON", Short: "OC"},
	{Code: "PROPIN", Short: "PR", Bars: "it holds a company's own information: needs the owner's consent", Audience: true},
	{Code: "RELIDO", Short: "RELIDO", Approvals: 1},
	{Code: "THIRD-PARTY", Short: "3P", Bars: "it holds a third party's information: needs the third party's consent"},
	{Code: "UK EYES ONLY", Short: "UKEO", Bars: "it is for one nation's eyes only", Releasable: []string{"gb"}},
}

// CaveatOf returns the caveat of a code as Terms.Caveats holds it.
func CaveatOf(code string) (Caveat, bool) {
	i := slices.IndexFunc(caveats, func(c Caveat) bool { return c.Code == code })
	if i < 0 {
		return Caveat{}, false
	}
	return caveats[i], true
}

// CaveatCodes returns every code, sorted.
func CaveatCodes() []string {
	codes := make([]string, len(caveats))
	for i, c := range caveats {
		codes[i] = c.Code
	}
	return codes
}

// caveatTerms reads one caveat as markings write it: a code or its short
// form, "REL TO X, Y", or EXERCISE.
func caveatTerms(s string) (Terms, bool) {
	s = strings.Join(strings.Fields(strings.ToUpper(s)), " ")
	if list, ok := strings.CutPrefix(s, "REL TO "); ok {
		return Terms{ReleasableTo: recipients(list)}, true
	}
	if s == "EXERCISE" || s == "EX" {
		return Terms{Exercise: true}, true
	}
	for _, c := range caveats {
		if s == c.Code || s == c.Short {
			return Terms{Caveats: []string{c.Code}, ReleasableTo: slices.Clone(c.Releasable)}, true
		}
	}
	return Terms{}, false
}

// recipients reads a list separated by commas, semicolons or spaces. A list
// that names nobody releases to nobody.
func recipients(s string) []string {
	sep := func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' }
	out := strings.FieldsFunc(strings.ToLower(s), sep)
	if out == nil {
		return []string{}
	}
	return sorted(out)
}

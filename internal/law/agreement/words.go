package agreement

import (
	"cmp"
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/gate"
)

// List is one word or several; a single word may be written without a list.
// Its canonical form is a list.
type List []string

// UnmarshalJSON reads a text or a list of texts.
func (l *List) UnmarshalJSON(raw []byte) error {
	var one string
	if canon.Unmarshal(raw, &one) == nil {
		*l = List{one}
		return nil
	}
	var many []string
	if canon.Unmarshal(raw, &many) != nil {
		return fault.New(fault.Invalid, "want a word or a list of words")
	}
	*l = many
	return nil
}

// Then is the effect of a row: "release", or exactly one of approve, redact
// and deny.
type Then struct {
	Release bool
	Approve int
	Redact  List
	Deny    string
}

type thenFields struct {
	Approve int    `json:"approve,omitzero"`
	Deny    string `json:"deny,omitempty"`
	Redact  List   `json:"redact,omitempty"`
}

// UnmarshalJSON reads "release" or an object with one member.
func (t *Then) UnmarshalJSON(raw []byte) error {
	var word string
	if canon.Unmarshal(raw, &word) == nil {
		if word != "release" {
			return fault.Errorf(fault.Invalid, "%.40q: want release, {approve: n}, {redact: [...]} or {deny: reason}", word)
		}
		*t = Then{Release: true}
		return nil
	}
	var f thenFields
	if err := canon.UnmarshalStrict(raw, &f); err != nil {
		at, text := canon.Where(err)
		return fault.Errorf(fault.Invalid, "%s%s", at, " "+text)
	}
	*t = Then{Approve: f.Approve, Redact: f.Redact, Deny: f.Deny}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (t Then) MarshalJSON() ([]byte, error) {
	if t.Release {
		return []byte(`"release"`), nil
	}
	return canon.Marshal(thenFields{Approve: t.Approve, Redact: t.Redact, Deny: t.Deny})
}

// effect returns the row's effect for the gate.
func (t Then) effect() gate.Effect {
	switch {
	case t.Deny != "":
		return gate.Effect{Outcome: gate.Deny, Reason: t.Deny}
	case t.Approve > 0:
		return gate.Effect{Outcome: gate.Hold, Approvals: t.Approve}
	case len(t.Redact) > 0:
		return gate.Effect{Outcome: gate.Redact, Redact: t.Redact}
	case t.Release:
		return gate.Effect{Outcome: gate.Release}
	}
	return gate.Effect{Reason: "the rule has no effect"}
}

// String says the effect as the document does.
func (t Then) String() string {
	switch {
	case t.Release:
		return "release"
	case t.Approve > 0:
		return "approve " + strconv.Itoa(t.Approve)
	case len(t.Redact) > 0:
		return "redact " + strings.Join(t.Redact, ", ")
	}
	return "deny: " + t.Deny
}

// Expect is what a test expects: the words "release" or "deny", or an object:
// release or deny, or approvals and redactions; and the rule it rests on.
type Expect struct {
	Release bool
	Deny    bool
	Approve int
	Redact  List
	Rule    string
}

type expectFields struct {
	Approve int    `json:"approve,omitzero"`
	Deny    bool   `json:"deny,omitzero"`
	Redact  List   `json:"redact,omitempty"`
	Release bool   `json:"release,omitzero"`
	Rule    string `json:"rule,omitempty"`
}

// UnmarshalJSON reads a word or an object.
func (e *Expect) UnmarshalJSON(raw []byte) error {
	var word string
	if canon.Unmarshal(raw, &word) == nil {
		*e = Expect{Release: word == "release", Deny: word == "deny"}
		if !e.Release && !e.Deny {
			return fault.Errorf(fault.Invalid, "%.40q: want release, deny or a group of fields", word)
		}
		return nil
	}
	var f expectFields
	if err := canon.UnmarshalStrict(raw, &f); err != nil {
		at, text := canon.Where(err)
		return fault.Errorf(fault.Invalid, "%s %s", at, text)
	}
	*e = Expect{Release: f.Release, Deny: f.Deny, Approve: f.Approve, Redact: f.Redact, Rule: f.Rule}
	return nil
}

// MarshalJSON writes the object form, which is the canonical one.
func (e Expect) MarshalJSON() ([]byte, error) {
	return canon.Marshal(expectFields{Approve: e.Approve, Deny: e.Deny, Redact: e.Redact, Release: e.Release, Rule: e.Rule})
}

// String says what is expected.
func (e Expect) String() string {
	var parts []string
	add := func(ok bool, s string) {
		if ok {
			parts = append(parts, s)
		}
	}
	add(e.Release, "release")
	add(e.Deny, "deny")
	add(e.Approve > 0, "approve "+strconv.Itoa(e.Approve))
	add(len(e.Redact) > 0, "redact "+strings.Join(e.Redact, ", "))
	out := strings.Join(parts, " and ")
	if e.Rule != "" {
		out += " by rule " + e.Rule
	}
	return out
}

// Date is a civil date, YYYY-MM-DD.
type Date string

// Time returns the date's first moment in UTC; zero when it is no date.
func (d Date) Time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// dateOf returns the civil date of a moment in UTC.
func dateOf(t time.Time) Date {
	if t.IsZero() {
		return ""
	}
	return Date(t.UTC().Format(time.DateOnly))
}

// Period is an ISO 8601 duration such as P5Y, P60D or PT24H.
type Period string

var periodRE = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?$`)

// Valid reports whether p is a duration.
func (p Period) Valid() bool {
	s := string(p)
	return periodRE.MatchString(s) && s != "P" && !strings.HasSuffix(s, "T")
}

// Parts returns years, months, days and the rest.
func (p Period) Parts() (int, int, int, time.Duration) {
	m := periodRE.FindStringSubmatch(string(p))
	if m == nil {
		return 0, 0, 0, 0
	}
	n := make([]int, 8)
	for i := 1; i < len(m); i++ {
		n[i], _ = strconv.Atoi(cmp.Or(m[i], "0")) // digits only, by the expression
	}
	clock := time.Duration(n[5])*time.Hour + time.Duration(n[6])*time.Minute + time.Duration(n[7])*time.Second
	return n[1], n[2], 7*n[3] + n[4], clock
}

// After returns the moment p after t. A month that is too short ends on its
// last day: 31 January plus P1M is 28 February.
func (p Period) After(t time.Time) time.Time { return p.shift(t, 1) }

// Before returns the moment p before t.
func (p Period) Before(t time.Time) time.Time { return p.shift(t, -1) }

func (p Period) shift(t time.Time, sign int) time.Time {
	years, months, days, clock := p.Parts()
	first := time.Date(t.Year()+sign*years, t.Month()+time.Month(sign*months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1+sign*days).Add(time.Duration(sign) * clock)
}

var keyRE = regexp.MustCompile(`^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$`)

// keyName returns the name of a C2SP verifier key, or "" when it is none. The
// key itself is the business of package note.
func keyName(key string) string {
	m := keyRE.FindStringSubmatch(key)
	if m == nil {
		return ""
	}
	if raw, err := base64.StdEncoding.DecodeString(m[3]); err != nil || len(raw) < 2 {
		return ""
	}
	return m[1]
}

package agreement

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// maxProblems bounds how many problems one error names.
const maxProblems = 20

// checker collects what is wrong with a document.
type checker struct {
	d        *Document
	problems []string
}

func (c *checker) bad(pointer, format string, a ...any) {
	c.problems = append(c.problems, place(c.d.lineOf(pointer), pointer)+fmt.Sprintf(format, a...))
}

// check returns everything that is wrong with the document as one error, a
// line each.
func (d *Document) check() error {
	c := &checker{d: d}
	c.head()
	c.sides()
	c.dates()
	c.areas()
	c.policy()
	c.matching()
	c.industry()
	c.expiry()
	c.equivalences()
	c.calendar()
	if len(c.problems) == 0 { // a table of wrong rows proves nothing
		c.tests()
	}
	if len(c.problems) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "agreement: "+strings.Join(c.problems[:min(len(c.problems), maxProblems)], "\nagreement: "))
}

func (c *checker) head() {
	d := c.d
	if _, err := ident.ParseAgreement(d.Agreement); err != nil {
		c.bad("/agreement", "%v", err)
	}
	if d.Version < 1 {
		c.bad("/version", "want 1 or more")
	}
	switch _, err := ident.ParseDigest(d.Previous); {
	case d.Version > 1 && err != nil:
		c.bad("/previous", "version %d needs the hash of the version before", d.Version)
	case d.Version == 1 && d.Previous != "":
		c.bad("/previous", "the first version has none before it")
	}
	if !langRE.MatchString(d.Authoritative) {
		c.bad("/authoritative", "want the code of the language that prevails, such as en")
	}
	c.text("/title", d.Title)
}

var langRE = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// text wants a text in the authoritative language.
func (c *checker) text(at string, t Text) {
	if t[c.d.Authoritative] == "" {
		c.bad(at, "want a text in the authoritative language %q", c.d.Authoritative)
	}
	for lang := range t {
		if !langRE.MatchString(lang) {
			c.bad(at, "%.20q is not the code of a language", lang)
		}
	}
}

func (c *checker) sides() {
	if len(c.d.Sides) != 2 {
		c.bad("/sides", "an agreement has two sides, not %d", len(c.d.Sides))
		return
	}
	if c.d.Sides[0].ID == c.d.Sides[1].ID {
		c.bad("/sides/1/id", "both sides are called %q", c.d.Sides[0].ID)
	}
	for i, s := range c.d.Sides {
		c.side("/sides/"+strconv.Itoa(i), s)
	}
}

// zoneName is how zones of the IANA database are written.
var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]{1,13}(/[A-Z][A-Za-z0-9_+-]{1,13}){0,2}$`)

func (c *checker) side(at string, s Side) {
	if _, err := ident.ParseSide(s.ID); err != nil {
		c.bad(at+"/id", "%v", err)
	}
	if s.ID == string(marking.OtherSide) {
		c.bad(at+"/id", "%q is the word for those who are no side", s.ID)
	}
	c.text(at+"/name", s.Name)
	if s.Nodal == "" {
		c.bad(at+"/nodal", "want the nodal ministry")
	}
	ids := make([]string, len(s.Agencies))
	for i, a := range s.Agencies {
		ids[i] = a.ID
		c.text(at+"/agencies/"+strconv.Itoa(i)+"/name", a.Name)
	}
	if len(ids) > 0 && !slices.Contains(ids, s.Nodal) {
		c.bad(at+"/nodal", "%q is not among the side's agencies", s.Nodal)
	}
	c.unique(at+"/agencies", ids)
	for i, code := range s.Codes {
		if code == "" || code != strings.ToLower(code) || strings.ContainsAny(code, " ,;\t") {
			c.bad(at+"/codes/"+strconv.Itoa(i), "%.40q: want one word in lower case", code)
		}
	}
	if len(s.Capital) > 0 {
		c.text(at+"/capital", s.Capital)
	}
	if s.Zone != "" && !zoneName.MatchString(s.Zone) {
		c.bad(at+"/zone", "%.40q: want a zone of the IANA database such as Asia/Tokyo", s.Zone)
	}
	c.work(at+"/work", s)
	if s.Key != "" && keyName(s.Key) != s.ID {
		c.bad(at+"/key", "want a verifier key whose name is %s: %s+<8 hex digits>+<base64>", s.ID, s.ID)
	}
}

func (c *checker) unique(at string, ids []string) {
	for i, id := range ids {
		if id == "" {
			c.bad(at+"/"+strconv.Itoa(i), "has no name")
		}
		if slices.Index(ids, id) < i {
			c.bad(at+"/"+strconv.Itoa(i), "%q appears twice", id)
		}
	}
}

func (c *checker) dates() {
	d := c.d.Dates
	for at, date := range map[string]Date{"/dates/signed": d.Signed, "/dates/operative": d.Operative} {
		if date.Time().IsZero() {
			c.bad(at, "%.40q: want a date, YYYY-MM-DD", date)
		}
	}
	if d.Operative.Time().Before(d.Signed.Time()) {
		c.bad("/dates/operative", "is before the signature")
	}
	years, months, days, clock := d.Term.Parts()
	if !d.Term.Valid() || years+months+days == 0 || clock != 0 {
		c.bad("/dates/term", "%.40q: want a duration of whole days or more, such as P5Y", d.Term)
	}
	c.period("/dates/renewal", d.Renewal)
	c.period("/targets/receipt", c.d.Targets.Receipt)
	c.period("/targets/recall", c.d.Targets.Recall)
	c.period("/targets/members", c.d.Targets.Members)
	c.period("/targets/contacts/every", c.d.Targets.Contacts.Every)
	c.period("/targets/contacts/answer", c.d.Targets.Contacts.Answer)
	c.period("/targets/assistance/acknowledge", c.d.Targets.Assistance.Acknowledge)
	c.period("/targets/assistance/urgent", c.d.Targets.Assistance.Urgent)
}

// period accepts an absent one.
func (c *checker) period(at string, p Period) {
	if p != "" && !p.Valid() {
		c.bad(at, "%.40q: want an ISO 8601 duration such as P60D or PT24H", p)
	}
}

func (c *checker) areas() {
	refs := make([]string, len(c.d.Areas))
	for i, a := range c.d.Areas {
		at := "/areas/" + strconv.Itoa(i)
		refs[i] = a.Ref
		c.text(at+"/title", a.Title)
		c.words(at+"/kinds", a.Kinds, marking.Kinds())
	}
	if len(refs) == 0 {
		c.bad("/areas", "want at least one area of cooperation")
	}
	c.unique("/areas", refs)
}

// words wants each word of a list to be known and to appear once.
func (c *checker) words(at string, list, vocabulary []string) {
	for i, w := range list {
		if !slices.Contains(vocabulary, w) {
			c.bad(at+"/"+strconv.Itoa(i), "%.40q: want one of %s", w, strings.Join(vocabulary, ", "))
		}
		if slices.Index(list, w) < i {
			c.bad(at+"/"+strconv.Itoa(i), "%.40q appears twice", w)
		}
	}
}

func (c *checker) calendar() {
	ids := make([]string, len(c.d.Calendar))
	for i, r := range c.d.Calendar {
		at := "/calendar/" + strconv.Itoa(i)
		ids[i] = r.ID
		c.words(at+"/kind", List{r.Kind}, dateKinds)
		c.text(at+"/text", r.Text)
		c.period(at+"/after", r.After)
		c.period(at+"/every", r.Every)
		if (r.From == "") != (r.After == "") {
			c.bad(at, "a date needs both from and after")
		}
		if r.From != "" {
			c.words(at+"/from", List{r.From}, []string{fromOperative, fromSigned})
		}
		for j, p := range r.Remind {
			if !p.Valid() {
				c.bad(at+"/remind/"+strconv.Itoa(j), "%.40q: want an ISO 8601 duration", p)
			}
		}
		if r.Kind == KindTerm && r.After != "" {
			c.bad(at+"/after", "the term's length stands under dates")
		}
	}
	c.unique("/calendar", ids)
}

// tests runs the document's own tests.
func (c *checker) tests() {
	for i := range c.d.Tests {
		if err := c.d.runTest(i); err != nil {
			c.bad("/tests/"+strconv.Itoa(i), "%s", fault.Message(err))
		}
	}
}

// condition is one key of When and the words it may use.
type condition struct {
	key   string
	list  List
	words []string
}

// conditions returns the keys that have a vocabulary; sector has none.
func conditions(w When) []condition {
	return []condition{
		{"kind", w.Kind, append(marking.Kinds(), gate.Matching)},
		{"tlp", w.TLP, tlpWords()},
		{"pap", w.PAP, []string{"clear", "green", "amber", "red", "none"}},
		{"classification", w.Classification, append([]string{gate.AnyClass, gate.NoClass}, marking.LevelCodes()...)},
		{"origin", w.Origin, []string{string(gate.Own), string(gate.Partner), string(gate.Other)}},
		{"contributor", w.Contributor, []string{marking.Member, gate.NoContributor}},
		{"caveat", w.Caveat, marking.CaveatCodes()},
		{"consent", w.Consent, []string{gate.ConsentGiven, gate.ConsentNone}},
	}
}

func tlpWords() []string {
	var out []string
	for _, l := range marking.TLPs() {
		out = append(out, l.Name())
	}
	return out
}

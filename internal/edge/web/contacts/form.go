package contacts

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/contact"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
	law "twoseas/internal/law/contact"
)

// formView is the form of a new or changed contact of this side.
type formView struct {
	*page.Request
	law.Contact
	From, To string           // as a form has them
	Of       []agreement.Area // of the agreement
	Others   []contact.Entry  // of this side, whom this one may stand in for
	Problems []page.Problem
}

// in gives the agreement a contact is under.
func (p *pages) in(r *http.Request, id string) (ident.Agreement, error) {
	q := page.Of(r)
	if id == "" {
		return q.Agreement, nil
	}
	d, err := p.Contacts.Contact(r.Context(), q.Handle, q.Actor, id)
	return d.Agreement, err
}

func (p *pages) addForm(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	c := law.Contact{Role: law.Technical, ValidFrom: q.Now.UTC().Format(time.DateOnly), Hours: law.Hours{Days: []int{1, 2, 3, 4, 5}, From: 9 * 60, To: 18 * 60}}
	if l, ok := q.Link(); ok && l.Own.Zone != nil {
		c.Hours.Zone = l.Own.Zone.String()
	}
	return p.showForm(w, r, formView{Contact: c, From: clockOf(c.Hours.From), To: clockOf(c.Hours.To)})
}

func (p *pages) changeForm(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	d, err := p.Contacts.Contact(r.Context(), q.Handle, q.Actor, r.PathValue("contact"))
	if err != nil {
		return err
	}
	if !d.Own {
		return fault.New(fault.Denied, "the contact is the other side's, which alone changes it")
	}
	return p.showForm(w, r, formView{Contact: d.Contact, From: clockOf(d.Hours.From), To: clockOf(d.Hours.To)})
}

func (p *pages) showForm(w http.ResponseWriter, r *http.Request, v formView) error {
	q := page.Of(r)
	a, err := p.in(r, v.ID)
	if err != nil {
		return err
	}
	v.Request = q.Under(a)
	d, err := p.Contacts.Directory(r.Context(), q.Handle, q.Actor, a)
	if err != nil {
		return err
	}
	v.Of = d.Areas
	for _, e := range d.Entries {
		if e.Own && e.ID != v.ID {
			v.Others = append(v.Others, e)
		}
	}
	head := page.Head{Title: v.T("contacts.add"), Lead: v.T("contacts.form.lead"), Area: area}
	if v.ID != "" {
		head.Title = v.T("contacts.change")
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, formPage(v))
}

func (p *pages) add(w http.ResponseWriter, r *http.Request) error { return p.set(w, r, "") }

func (p *pages) change(w http.ResponseWriter, r *http.Request) error {
	return p.set(w, r, r.PathValue("contact"))
}

// set records what the form says.
func (p *pages) set(w http.ResponseWriter, r *http.Request, id string) error {
	q := page.Of(r)
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	a, err := p.in(r, id)
	if err != nil {
		return err
	}
	v := formView{From: r.PostForm.Get("from"), To: r.PostForm.Get("to")}
	if v.Contact, err = written(r.PostForm); err == nil {
		v.ID = id
		var made law.Contact
		if made, err = p.Contacts.Set(r.Context(), q.Handle, q.Actor, a, v.Contact); err == nil {
			return page.See(w, r, Path(made.ID))
		}
	}
	if !page.Refused(err) || fault.Is(err, fault.NotFound) {
		return err
	}
	v.ID = id
	v.Problems = []page.Problem{q.Wrong(fieldOf(err), err)}
	return p.showForm(w, r, v)
}

// written is the record that a form names, or fault.Invalid with what could be
// read of it.
func written(f url.Values) (law.Contact, error) {
	c := law.Contact{
		Agency: f.Get("agency"), Post: f.Get("post"), Person: f.Get("person"), Role: law.Role(f.Get("role")), Areas: f["area"], BackupOf: f.Get("backup"),
		Languages: strings.FieldsFunc(f.Get("languages"), func(r rune) bool { return r == ',' || r == ' ' || r == '、' }),
		Hours:     law.Hours{Zone: f.Get("zone"), Always: f.Get("always") != ""},
		ValidFrom: f.Get("valid-from"), ReviewDue: f.Get("review-due"), Handling: f.Get("handling"),
	}
	for _, kind := range law.ChannelKinds() {
		for line := range strings.Lines(f.Get(string(kind))) {
			if line = strings.TrimSpace(line); line != "" {
				c.Channels = append(c.Channels, law.Channel{Kind: kind, Address: line})
			}
		}
	}
	if c.Hours.Always {
		return c, nil
	}
	for _, d := range f["day"] {
		if n, err := strconv.Atoi(d); err == nil && n >= 1 && n <= 7 {
			c.Hours.Days = append(c.Hours.Days, n)
		}
	}
	c.Hours.Holidays = strings.Fields(f.Get("holidays"))
	var err error
	if c.Hours.From, err = minute(f.Get("from")); err != nil {
		return c, err
	}
	if c.Hours.To, err = minute(f.Get("to")); err != nil {
		return c, err
	}
	if c.Hours.To == 0 { // midnight ends the day
		c.Hours.To = 24 * 60
	}
	return c, nil
}

// minute reads a time of day as a form has it.
func minute(s string) (int, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fault.Errorf(fault.Invalid, "time of day %.20q: want one such as 22:00", s)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// clockOf writes a minute of the day; the last of it is written as midnight.
func clockOf(minute int) string {
	return time.Date(1, 1, 1, 0, minute, 0, 0, time.UTC).Format("15:04")
}

// fields are the inputs that what a record is refused for begins with.
var fields = []struct{ says, field string }{
	{"agency", "agency"},
	{"post", "post"},
	{"person", "person"},
	{"handling", "handling"},
	{"role", "role"},
	{"a deputy", "backup"},
	{"two contacts", "backup"},
	{"area", "areas"},
	{"language", "languages"},
	{"time zone", "zone"},
	{"working days", "days"},
	{"hours", "from"},
	{"time of day", "from"},
	{"holidays", "holidays"},
	{"e-mail address", string(law.Email)},
	{"channel", string(law.PhoneAlways)},
	{"address of the channel", string(law.PhoneAlways)},
}

// fieldOf is the input that a refusal is about.
func fieldOf(err error) string {
	text := fault.Message(err)
	i := slices.IndexFunc(fields, func(f struct{ says, field string }) bool { return strings.HasPrefix(text, f.says) })
	if i < 0 {
		return "agency"
	}
	return fields[i].field
}

// lines are the addresses of a kind of channel, one a line.
func (v formView) lines(kind law.ChannelKind) string {
	var out []string
	for _, c := range v.Channels {
		if c.Kind == kind {
			out = append(out, c.Address)
		}
	}
	return strings.Join(out, "\n")
}

// action is where the form goes.
func (v formView) action() string {
	if v.ID == "" {
		return "/add-contact"
	}
	return Path(v.ID) + "/change"
}

func (v formView) languages() string { return strings.Join(v.Languages, ", ") }

func (v formView) holidays() string { return strings.Join(v.Hours.Holidays, "\n") }

// posts are whom the contact may stand in for.
func (v formView) posts() []page.Choice {
	out := []page.Choice{{Text: v.T("contacts.backup.none")}}
	for _, e := range v.Others {
		out = append(out, page.Choice{Value: e.ID, Text: e.Post + " · " + e.Agency})
	}
	return out
}

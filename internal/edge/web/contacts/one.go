package contacts

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/contact"
	"twoseas/internal/store"
)

// showView is one contact.
type showView struct {
	*page.Request
	contact.Detail
	Heard    contact.Heard // as typed into the form
	Account  string
	Reason   string
	Problems []page.Problem
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.showOne(w, r, showView{})
}

func (p *pages) showOne(w http.ResponseWriter, r *http.Request, v showView) (err error) {
	q := page.Of(r)
	if v.Detail, err = p.Contacts.Contact(r.Context(), q.Handle, q.Actor, r.PathValue("contact")); err != nil {
		return err
	}
	v.Request = q.Under(v.Detail.Agreement)
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "contact", v.ID); err != nil {
		return err
	}
	head := page.Head{
		Title: v.Post, Lead: v.T("contacts.one.lead", v.Agency, v.SideName(v.Side)), Area: area, Chips: chips(v.Request, v.Entry), Styles: []string{"object.css"},
	}
	if v.keeps() {
		head.Action = changeButton(v)
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, showPage(v))
}

// keeps reports whether the reader may change the record.
func (v showView) keeps() bool { return v.Own && !v.Revoked && v.Actor.May(people.Appoint) == nil }

// ends reports whether the reader may say that its person left.
func (v showView) ends() bool {
	return v.Own && !v.Revoked && !v.Vacant && (v.Actor.May(people.Appoint) == nil || v.Actor.May(people.Administer) == nil)
}

// open is the check that waits for its answer, nil without one.
func (v showView) open() *contact.Check {
	for i := range v.Checks {
		if c := &v.Checks[i]; c.State == law.Sent || (c.State == law.Missed || c.State == law.Failed) && i == 0 {
			return c
		}
	}
	return nil
}

// keyRow is one key: as the record has it, and as people here heard it.
type keyRow struct {
	law.Key
	InRecord bool
	Heard    *store.HeardKey // nil when nobody here did
	Warning  *law.Warning
}

// keys are the keys of the record and those that one person heard.
func (v showView) keys() (out []keyRow) {
	for _, k := range v.Keys {
		row := keyRow{Key: k, InRecord: true}
		for i := range v.Detail.Heard {
			if v.Detail.Heard[i].Fingerprint == k.Fingerprint {
				row.Heard = &v.Detail.Heard[i]
			}
		}
		for i := range v.Warnings {
			if v.Warnings[i].Fingerprint == k.Fingerprint {
				row.Warning = &v.Warnings[i]
			}
		}
		out = append(out, row)
	}
	for i := range v.Detail.Heard {
		h := &v.Detail.Heard[i]
		if !slices.ContainsFunc(out, func(k keyRow) bool { return k.Fingerprint == h.Fingerprint }) {
			out = append(out, keyRow{Key: law.Key{Kind: law.KeyKind(h.Kind), Fingerprint: h.Fingerprint, Expires: h.Expires}, Heard: h})
		}
	}
	return out
}

// grouped is a fingerprint as people read it to each other.
func grouped(k law.Key) string {
	if k.Kind == law.Age {
		return k.Fingerprint
	}
	return strings.Join(slices.Collect(func(yield func(string) bool) {
		for chunk := range slices.Chunk([]byte(k.Fingerprint), 4) {
			if !yield(string(chunk)) {
				return
			}
		}
	}), " ")
}

// act does what a form asks for and shows the contact again, with what is wrong
// beside field.
func (p *pages) act(w http.ResponseWriter, r *http.Request, v showView, field string, do func(q *page.Request, id string) error) error {
	q, id := page.Of(r), r.PathValue("contact")
	err := do(q, id)
	if page.Refused(err) && !fault.Is(err, fault.NotFound) {
		v.Problems = []page.Problem{q.Wrong(field, err)}
		return p.showOne(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, Path(id))
}

func (p *pages) assign(w http.ResponseWriter, r *http.Request) error {
	v := showView{Account: strings.TrimSpace(r.PostFormValue("account"))}
	return p.act(w, r, v, "account", func(q *page.Request, id string) error {
		var roles []people.Role
		for _, name := range r.PostForm["role"] {
			role, err := people.ParseRole(name)
			if err != nil {
				return err
			}
			roles = append(roles, role)
		}
		return p.Contacts.Assign(r.Context(), q.Handle, q.Actor, id, v.Account, roles)
	})
}

func (p *pages) leave(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, showView{}, "leave", func(q *page.Request, id string) error {
		return p.Contacts.Leave(r.Context(), q.Handle, q.Actor, id)
	})
}

func (p *pages) retire(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, showView{}, "retire", func(q *page.Request, id string) error {
		return p.Contacts.Retire(r.Context(), q.Handle, q.Actor, id)
	})
}

func (p *pages) hear(w http.ResponseWriter, r *http.Request) error {
	v := showView{Heard: contact.Heard{
		Kind: r.PostFormValue("kind"), Fingerprint: r.PostFormValue("fingerprint"), Expires: r.PostFormValue("expires"), Means: r.PostFormValue("means"),
	}}
	return p.act(w, r, v, "fingerprint", func(q *page.Request, id string) error {
		_, err := p.Contacts.Hear(r.Context(), q.Handle, q.Actor, id, v.Heard)
		return err
	})
}

func (p *pages) drop(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, showView{}, "keys", func(q *page.Request, id string) error {
		return p.Contacts.DropKey(r.Context(), q.Handle, q.Actor, id, r.PostFormValue("fingerprint"))
	})
}

func (p *pages) check(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, showView{}, "checks", func(q *page.Request, id string) error {
		_, err := p.Contacts.Ask(r.Context(), q.Handle, q.Actor, id)
		return err
	})
}

func (p *pages) answer(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, showView{}, "checks", func(q *page.Request, _ string) error {
		_, err := p.Contacts.Answer(r.Context(), q.Handle, q.Actor, r.PathValue("check"))
		return err
	})
}

func (p *pages) waive(w http.ResponseWriter, r *http.Request) error {
	v := showView{Reason: r.PostFormValue("reason")}
	return p.act(w, r, v, "reason", func(q *page.Request, _ string) error {
		return p.Contacts.Waive(r.Context(), q.Handle, q.Actor, r.PathValue("check"), v.Reason)
	})
}

// window is the hours of a contact in a capital, on the next day they are worked.
type window struct{ Place, Hours string }

// windows says a contact's hours by the clock of UTC and of each capital; none
// for a post that is held around the clock.
func windows(q *page.Request, h law.Hours) []window {
	zone, err := time.LoadLocation(h.Zone)
	next := h.Next(q.Now)
	if h.Always || err != nil || next.IsZero() {
		return nil
	}
	day := next.In(zone)
	at := func(minute int) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), minute/60, minute%60, 0, 0, zone)
	}
	from, to := at(h.From), at(h.To)
	say := func(in *time.Location) string {
		a, b := from.In(in), to.In(in)
		if a.Day() == day.Day() && b.Day() == day.Day() {
			return a.Format("15:04") + "–" + b.Format("15:04")
		}
		return weekday(q, a) + " " + a.Format("15:04") + " – " + weekday(q, b) + " " + b.Format("15:04")
	}
	out := []window{{"UTC", say(time.UTC)}}
	for _, c := range q.Capitals() {
		out = append(out, window{q.Text(c.Name), say(c.Zone)})
	}
	return out
}

// weekday is the day of t in words.
func weekday(q *page.Request, t time.Time) string {
	return q.T("contacts.day." + string('0'+rune((int(t.Weekday())+6)%7+1)))
}

// hours is when a contact is there, by its own clock.
func hours(q *page.Request, h law.Hours) string {
	if h.Always {
		return q.T("contacts.always")
	}
	days := make([]string, len(h.Days))
	for i, d := range h.Days {
		days[i] = q.T("contacts.day." + strconv.Itoa(d))
	}
	return strings.Join(days, " ") + " · " + clockOf(h.From) + "–" + clockOf(h.To)
}

// duty says who is asked for a contact now; name is what the one is called who
// stands in for it.
func duty(q *page.Request, e contact.Entry, name string) string {
	switch {
	case e.Duty.Contact == "":
		return q.T("contacts.duty.nobody")
	case e.Duty.Contact == e.ID && e.Duty.There:
		return q.T("contacts.duty.there")
	case e.Duty.Contact == e.ID:
		return q.T("contacts.duty.away", q.Ago(e.Hours.Next(q.Now)))
	case e.Duty.There:
		return q.T("contacts.duty.deputy", name)
	}
	return q.T("contacts.duty.deputy.away", name)
}

// deputy is what the one is called who stands in now.
func (v showView) deputy() string {
	if v.OnDuty == nil {
		return ""
	}
	return v.OnDuty.Post
}

// ends in words: when a key ends, or that it has.
func expiry(q *page.Request, w law.Warning) string {
	switch {
	case w.Days < 0:
		return q.N("contacts.key.ended", int64(-w.Days))
	case w.Days == 0:
		return q.T("contacts.key.today")
	}
	return q.N("contacts.key.left", int64(w.Days))
}

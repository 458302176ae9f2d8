package hooks

import (
	"net/http"
	"slices"
	"strings"

	"twoseas/internal/act/hook"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/store"
)

// formView is the form of a new webhook, or of one that is changed, with what
// was typed.
type formView struct {
	*page.Request
	Name        string
	New         bool
	Typed       hook.Settings
	Collections []store.Collection
	Accounts    []string
	Problems    []page.Problem
}

func (p *pages) form(w http.ResponseWriter, r *http.Request) error {
	return p.showForm(w, r, formView{New: true})
}

func (p *pages) showForm(w http.ResponseWriter, r *http.Request, v formView) error {
	q := page.Of(r)
	v.Request = q
	if err := q.Handle.Query(r.Context(), func(tx *store.Tx) (err error) {
		v.Collections, err = tx.Collections()
		return err
	}); err != nil {
		return err
	}
	accounts, err := p.People.List(r.Context(), q.Actor)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		v.Accounts = append(v.Accounts, a.Name)
	}
	h := page.Head{Title: q.T("hooks.add"), Lead: q.T("hooks.add.lead"), Area: "operate", Styles: []string{"operate.css"}}
	if !v.New {
		h.Title, h.Lead = q.T("hooks.change.title", v.Name), q.T("hooks.change.lead")
	}
	if len(v.Problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, formPage(v))
}

func (p *pages) changeForm(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	h, err := p.Hooks.Find(r.Context(), q.Handle, q.Actor, r.PathValue("hook"))
	if err != nil {
		return err
	}
	return p.showForm(w, r, formView{Name: h.Name, Typed: h.Settings})
}

// typed reads the form.
func typed(r *http.Request) (formView, error) {
	if err := r.ParseForm(); err != nil {
		return formView{}, fault.Errorf(fault.Invalid, "the form could not be read: %v", err)
	}
	text := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	v := formView{Name: text("name"), Typed: hook.Settings{
		URL: text("url"), CA: text("ca"), Account: text("account"), Collection: text("collection"), Content: r.PostFormValue("content") != "",
	}}
	for _, e := range r.PostForm["event"] {
		v.Typed.Events = append(v.Typed.Events, hook.Event(e))
	}
	return v, nil
}

// hears reports whether an event is ticked.
func (v formView) hears(e hook.Event) bool { return slices.Contains(v.Typed.Events, e) }

// fields are the inputs by what an act says of them.
var fields = []struct{ says, field string }{
	{"say which events", "event-" + string(hook.Arrived)},
	{"event ", "event-" + string(hook.Arrived)},
	{string(hook.Arrived) + " is about", "collection"},
	{"no collection", "collection"},
	{"there is no collection", "collection"},
	{"name ", "name"},
	{"hook ", "name"},
	{"certificates", "ca"},
	{"account", "account"},
	{"there is no account", "account"},
	{"there is no such account", "account"},
}

// wrong returns what the form says when an act did not take it, nil when that
// is not the form's fault.
func (v formView) wrong(q *page.Request, err error) []page.Problem {
	if !slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.NotFound, fault.TooLarge, fault.Unavailable}, fault.KindOf(err)) {
		return nil
	}
	field := "url"
	for _, f := range fields {
		if strings.HasPrefix(fault.Message(err), f.says) {
			field = f.field
			break
		}
	}
	return []page.Problem{q.Wrong(field, err)}
}

func (p *pages) add(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v, err := typed(r)
	if err != nil {
		return err
	}
	v.New = true
	secret, err := p.Hooks.Add(r.Context(), q.Handle, q.Actor, v.Name, v.Typed)
	if v.Problems = v.wrong(q, err); v.Problems != nil {
		return p.showForm(w, r, v)
	}
	if err != nil {
		return err
	}
	return p.showOne(w, r, v.Name, secret)
}

func (p *pages) change(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v, err := typed(r)
	if err != nil {
		return err
	}
	h, err := p.Hooks.Find(r.Context(), q.Handle, q.Actor, r.PathValue("hook"))
	if err != nil {
		return err
	}
	v.Name = h.Name
	err = p.Hooks.Change(r.Context(), q.Handle, q.Actor, v.Name, v.Typed)
	if v.Problems = v.wrong(q, err); v.Problems != nil {
		return p.showForm(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, at(v.Name))
}

func collections(v formView) []page.Choice {
	out := []page.Choice{{Value: "", Text: v.T("hooks.collection.none")}}
	for _, c := range v.Collections {
		out = append(out, page.Choice{Value: c.ID, Text: c.Title})
	}
	return out
}

func accounts(v formView) []page.Choice {
	var out []page.Choice
	for _, name := range v.Accounts {
		out = append(out, page.Choice{Value: name, Text: name})
	}
	return out
}

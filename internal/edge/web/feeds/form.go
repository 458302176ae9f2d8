package feeds

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/table"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// formView is the form of a new feed, or of one that is changed, with what was
// typed.
type formView struct {
	*page.Request
	Name        string
	New         bool
	Kept        bool // a secret is kept
	Forget      bool
	Typed       feed.Settings
	Every       string // minutes
	Columns     string // roles, with commas between
	Offered     []feed.Offer
	Asked       bool // what the server offers was asked
	Collections []store.Collection
	Accounts    []string
	Self        ident.Side
	Problems    []page.Problem
}

func (p *pages) form(w http.ResponseWriter, r *http.Request) error {
	return p.showForm(w, r, formView{New: true, Every: "60", Typed: feed.Settings{Kind: feed.TAXII}})
}

func (p *pages) showForm(w http.ResponseWriter, r *http.Request, v formView) error {
	q := page.Of(r)
	v.Request, v.Self = q, p.Self
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
	h := page.Head{Title: q.T("feeds.add"), Lead: q.T("feeds.add.lead"), Area: area(q), Styles: []string{"operate.css"}}
	if !v.New {
		h.Title, h.Lead = q.T("feeds.change.title", v.Name), q.T("feeds.change.lead")
	}
	if len(v.Problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, formPage(v))
}

// changeForm is the form of a feed as it is. A folder's is on the machine.
func (p *pages) changeForm(w http.ResponseWriter, r *http.Request) error {
	f, err := p.find(r)
	if err != nil {
		return err
	}
	if err := notHere(f.Settings); err != nil {
		return err
	}
	return p.showForm(w, r, filled(f))
}

func filled(f feed.Feed) formView {
	v := formView{Name: f.Name, Kept: f.Secret, Typed: f.Settings, Every: strconv.FormatInt(f.Settings.Every/60, 10)}
	if l := f.Settings.Layout; l != nil {
		roles := slices.Clone(l.Roles)
		for i, role := range roles {
			if role == table.Ignore {
				roles[i] = "-"
			}
		}
		v.Columns = strings.Join(roles, ", ")
	}
	return v
}

// notHere refuses a folder.
func notHere(s feed.Settings) error {
	if _, ok := feed.Folder(s.URL); ok {
		return fault.New(fault.Denied, "a folder of the node's machine is named there, with the command twoseas feed")
	}
	return nil
}

// typed reads the form.
func typed(r *http.Request) formView {
	text := func(name string) string { return strings.TrimSpace(r.FormValue(name)) }
	v := formView{Name: text("name"), Every: text("every"), Columns: text("columns"), Forget: r.FormValue("forget") != ""}
	v.Typed = feed.Settings{
		Kind: feed.Kind(text("kind")), URL: text("url"), Remote: text("remote"), User: text("user"), CA: text("ca"), Private: r.FormValue("private") != "",
		Types: list(text("types")), Sectors: list(text("sectors")), TLP: text("tlp"), Ceiling: text("ceiling"),
		Origin: ident.Side(text("origin")), Contributor: text("contributor"), Collection: text("collection"), Account: text("account"),
	}
	if minutes, err := strconv.ParseInt(v.Every, 10, 32); err == nil {
		v.Typed.Every = minutes * int64(time.Minute/time.Second)
	}
	if v.Typed.Kind == feed.Push { // what comes in is not asked of what is sent
		s := &v.Typed
		s.Origin, s.Contributor, s.Sectors, s.TLP, s.Ceiling = "", "", nil, "", ""
	} else {
		v.Typed.Account = ""
	}
	if v.Typed.Kind == feed.CSV && v.Columns != "" {
		v.Typed.Layout = layout(v.Columns, r.FormValue("comma"), r.FormValue("header") != "")
	}
	return v
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' || c == ';' || c == '、' || c == '\n' || c == '\r' })
}

// separators by what the form calls them; some are hard to see.
var separators = map[string]string{"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}

func separator(l *table.Layout) string {
	if l != nil {
		for name, s := range separators {
			if s == l.Comma {
				return name
			}
		}
	}
	return "comma"
}

func layout(columns, comma string, header bool) *table.Layout {
	l := &table.Layout{Comma: cmp.Or(separators[comma], ","), Header: header}
	for i, role := range list(columns) {
		if role == "-" {
			role = table.Ignore
		}
		l.Columns, l.Roles = append(l.Columns, strconv.Itoa(i+1)), append(l.Roles, role)
	}
	return l
}

// wrong returns what the form says when an act did not take it, nil when that
// is not the form's fault.
func wrong(q *page.Request, v formView, err error) []page.Problem {
	if !slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.NotFound, fault.TooLarge, fault.Unavailable}, fault.KindOf(err)) {
		return nil
	}
	field, text := "url", fault.Message(err)
	for prefix, id := range map[string]string{
		"name": "name", "feed": "name", "kind": "kind", "every": "every", "no column": "columns", "separator": "columns", "a push": "collection",
		"the password": "secret", "a password": "secret", "no collection": "collection", "TLP": "tlp",
	} {
		if strings.HasPrefix(text, prefix) {
			field = id
		}
	}
	if v.Columns != "" && strings.Contains(text, "a column can hold") {
		field = "columns"
	}
	return []page.Problem{q.Problem(field, text)}
}

func (p *pages) add(w http.ResponseWriter, r *http.Request) error {
	q, v := page.Of(r), typed(r)
	v.New = true
	err := notHere(v.Typed)
	if err == nil {
		err = p.Feeds.Add(r.Context(), q.Handle, q.Actor, v.Name, v.Typed, r.FormValue("secret"))
	}
	if v.Problems = wrong(q, v, err); v.Problems != nil {
		return p.showForm(w, r, v)
	}
	if err != nil {
		return err
	}
	p.await(r, feed.Feed{Name: v.Name})
	return page.See(w, r, at(v.Name))
}

func (p *pages) change(w http.ResponseWriter, r *http.Request) error {
	q, v := page.Of(r), typed(r)
	f, err := p.find(r)
	if err != nil {
		return err
	}
	v.Name, v.Kept = f.Name, f.Secret
	var secret *string
	if s := r.FormValue("secret"); s != "" || v.Forget {
		secret = new(s)
	}
	if err = notHere(v.Typed); err == nil {
		v.Typed.Layout = keptLayout(f.Settings.Layout, v.Typed.Layout)
		err = p.Feeds.Change(r.Context(), q.Handle, q.Actor, v.Name, v.Typed, secret)
	}
	if v.Problems = wrong(q, v, err); v.Problems != nil {
		return p.showForm(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, at(v.Name))
}

// keptLayout is now with what the form does not ask about as it was.
func keptLayout(was, now *table.Layout) *table.Layout {
	if was != nil && now != nil {
		now.Charset, now.Zone = was.Charset, was.Zone
	}
	return now
}

// offered asks a TAXII server what collections it has for us, and shows the
// form with them.
func (p *pages) offered(w http.ResponseWriter, r *http.Request) error {
	q, v := page.Of(r), typed(r)
	v.New, v.Asked = true, true
	s := v.Typed
	err := notHere(s)
	if err == nil {
		v.Offered, err = p.Feeds.Offered(r.Context(), q.Handle, q.Actor, feed.Remote{URL: s.URL, User: s.User, Secret: r.FormValue("secret"), CA: s.CA, Private: s.Private})
	}
	if v.Problems = wrong(q, v, err); v.Problems != nil {
		return p.showForm(w, r, v)
	}
	if err != nil {
		return err
	}
	return p.showForm(w, r, v)
}

func kinds(q *page.Request) (out []page.Choice) {
	for _, k := range feed.Kinds() {
		out = append(out, page.Choice{Value: string(k), Text: q.T("feeds.kind." + string(k))})
	}
	return out
}

func levels(none string) []page.Choice {
	out := []page.Choice{{Value: "", Text: none}}
	for _, t := range marking.TLPs() {
		out = append(out, page.Choice{Value: t.Name(), Text: t.String()})
	}
	return out
}

// origins are the sides whose data it may be; without one it is a third
// party's.
func origins(v formView) []page.Choice {
	out := []page.Choice{{Value: "", Text: v.T("imports.origin.other")}, {Value: string(v.Self), Text: v.T("imports.origin.own")}}
	seen := map[ident.Side]bool{v.Self: true}
	for _, l := range v.Links {
		if !seen[l.Partner] && l.Partner != "" {
			seen[l.Partner] = true
			out = append(out, page.Choice{Value: string(l.Partner), Text: v.Text(l.Sides[l.Partner])})
		}
	}
	if o := v.Typed.Origin; o != "" && !seen[o] {
		out = append(out, page.Choice{Value: string(o), Text: string(o)})
	}
	return out
}

func collections(v formView) []page.Choice {
	out := []page.Choice{{Value: "", Text: v.T("imports.collection.none")}}
	for _, c := range v.Collections {
		out = append(out, page.Choice{Value: c.ID, Text: c.Title})
	}
	return out
}

func accounts(v formView) []page.Choice {
	out := []page.Choice{{Value: "", Text: v.T("feeds.account.none")}}
	for _, name := range v.Accounts {
		out = append(out, page.Choice{Value: name, Text: name})
	}
	return out
}

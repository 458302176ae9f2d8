package imports

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/table"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// jobView is the page of one import.
type jobView struct {
	importing.Job
	opt         importing.Options // as typed, after a form that did not do
	collections []page.Choice
	areas       []page.Choice
	problems    []page.Problem
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.showJob(w, r, nil, nil)
}

func (p *pages) showJob(w http.ResponseWriter, r *http.Request, typed *importing.Options, problems []page.Problem) error {
	q := page.Of(r)
	j, err := p.m.Job(r.Context(), q.Handle, q.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := p.saw(r, j); err != nil {
		return err
	}
	v := jobView{Job: j, opt: j.Options, problems: problems}
	if typed != nil {
		v.opt = *typed
	}
	if v.collections, err = p.collections(r); err != nil {
		return err
	}
	if v.areas, err = p.areas(r); err != nil {
		return err
	}
	h := page.Head{
		Title: titleOf(q, j), Lead: q.T("imports.state." + j.State + ".lead"), Area: "imports", Styles: []string{"imports.css"},
		Chips: page.Chip(colours[j.State], q.T("imports.state."+j.State)),
	}
	if len(problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, jobPage(q, v))
}

var colours = map[string]string{
	store.UploadStaging: "grey", store.UploadExamine: "blue", store.UploadReady: "amber", store.UploadImport: "blue",
	store.UploadDone: "green", store.UploadFailed: "red", store.UploadCancelled: "grey",
}

func titleOf(q *page.Request, j importing.Job) string {
	if j.Name != "" {
		return j.Name
	}
	return q.T("imports.pasted")
}

// collections are those the person may write to.
func (p *pages) collections(r *http.Request) ([]page.Choice, error) {
	q := page.Of(r)
	out := []page.Choice{{Value: "", Text: q.T("imports.collection.none")}}
	var all []store.Collection
	if err := q.Handle.Query(r.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.Collections()
		return err
	}); err != nil {
		return nil, err
	}
	for _, c := range all {
		if q.Access.Right(c.ID).Write {
			out = append(out, page.Choice{Value: c.ID, Text: c.Title})
		}
	}
	return out, nil
}

// areas are those under which something may cross.
func (p *pages) areas(r *http.Request) ([]page.Choice, error) {
	q := page.Of(r)
	list, err := p.m.Areas(r.Context(), q.Handle, q.Actor)
	var out []page.Choice
	for _, a := range list {
		out = append(out, page.Choice{Value: a.Value(), Text: a.Ref + " " + q.Text(a.Title) + " (" + string(a.Agreement) + ")"})
	}
	return out, err
}

// correct takes the form of options.
func (p *pages) correct(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	id := r.PathValue("id")
	j, err := p.m.Job(r.Context(), q.Handle, q.Actor, id)
	if err != nil {
		return err
	}
	opt := typed(r, j.Options)
	if opt.Kind == importing.CSV && len(opt.Layout.Roles) == 0 {
		if opt.Layout, err = p.layout(r, id); err != nil {
			return err
		}
	}
	_, err = p.m.Correct(r.Context(), q.Handle, q.Actor, q.Access, id, opt)
	if fault.Is(err, fault.Invalid) {
		return p.showJob(w, r, &opt, []page.Problem{q.Wrong("kind", err)})
	}
	if err != nil {
		return err
	}
	p.await(r, id)
	return page.See(w, r, path(id))
}

// layout guesses how an upload is to be read as a table.
func (p *pages) layout(r *http.Request, id string) (table.Layout, error) {
	q := page.Of(r)
	guess, err := p.m.Detect(r.Context(), q.Handle, q.Actor, id)
	if err != nil || guess.Kind == importing.CSV {
		return guess.Layout, err
	}
	return table.Layout{Comma: ",", Columns: []string{"1"}, Roles: []string{table.Value}}, nil
}

// typed reads the form of options; what it does not show stays as it was.
func typed(r *http.Request, was importing.Options) importing.Options {
	opt := was
	opt.Kind = importing.Kind(r.FormValue("kind"))
	opt.TLP, opt.PAP, opt.Collection = r.FormValue("tlp"), r.FormValue("pap"), r.FormValue("collection")
	if !importing.Member(page.Of(r).Actor) {
		opt.Origin, opt.Contributor, opt.Sectors = r.FormValue("origin"), r.FormValue("contributor"), listed(r.FormValue("sectors"))
	}
	opt.SkipListed = r.FormValue("skip_listed") != ""
	opt.ReleasableTo = listed(r.FormValue("releasable_to"))
	opt.Areas, opt.NotBefore, opt.Expires = r.Form["areas"], r.FormValue("not_before"), r.FormValue("expires")
	if r.FormValue("comma") == "" { // the form had no table in it
		return opt
	}
	l := &opt.Layout
	l.Comma, l.Charset, l.Header = separators[r.FormValue("comma")], r.FormValue("charset"), r.FormValue("header") != ""
	l.Roles = slices.Clone(l.Roles)
	for i := range l.Roles {
		l.Roles[i] = r.FormValue("role-" + strconv.Itoa(i))
	}
	if n, err := strconv.Atoi(r.FormValue("zone")); err == nil {
		l.Zone = n
	}
	return opt
}

// listed reads words with commas or spaces between them.
func listed(s string) []string {
	words := strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' || c == ';' })
	slices.Sort(words)
	return slices.Compact(words)
}

// separators by what the form calls them; some are hard to see.
var separators = map[string]string{"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}

func separator(comma string) string {
	for name, s := range separators {
		if s == comma {
			return name
		}
	}
	return "comma"
}

func (p *pages) confirm(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	id := r.PathValue("id")
	if _, err := p.m.Confirm(r.Context(), q.Handle, q.Actor, q.Access.Class, id); err != nil {
		return err
	}
	p.await(r, id)
	return page.See(w, r, path(id))
}

func (p *pages) cancel(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if _, err := p.m.Cancel(r.Context(), q.Handle, q.Actor, r.PathValue("id")); err != nil {
		return err
	}
	return page.See(w, r, path(r.PathValue("id")))
}

func (p *pages) retry(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	id := r.PathValue("id")
	if _, err := p.m.Retry(r.Context(), q.Handle, q.Actor, id); err != nil {
		return err
	}
	p.await(r, id)
	return page.See(w, r, path(id))
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.m.Remove(r.Context(), q.Handle, q.Actor, r.PathValue("id")); err != nil {
		return err
	}
	return page.See(w, r, "/imports")
}

// place says where in the input something is, in the words of its format.
func place(q *page.Request, kind importing.Kind, r intake.Refusal) string {
	switch kind {
	case importing.STIX:
		return "objects[" + strconv.Itoa(r.Position) + "]"
	case importing.MISP:
		return q.T("imports.place.element", r.Position)
	case importing.CSV, importing.Text: // read line by line
	}
	return q.T("imports.place.line", r.Position)
}

// origins are the sides an import may be of: one's own, the partners', others.
func origins(q *page.Request, self ident.Side) []page.Choice {
	out := []page.Choice{{Value: "", Text: q.T("imports.origin.own")}}
	seen := map[ident.Side]bool{self: true}
	for _, l := range q.Links {
		if !seen[l.Partner] && l.Partner != "" {
			seen[l.Partner] = true
			out = append(out, page.Choice{Value: string(l.Partner), Text: q.SideName(l.Partner)})
		}
	}
	return append(out, page.Choice{Value: string(marking.OtherSide), Text: q.T("imports.origin.other")})
}

// agreement is what an agreement is called.
func agreement(q *page.Request, id ident.Agreement) string {
	for _, l := range q.Links {
		if l.Agreement == id && len(l.Title) > 0 {
			return q.Text(l.Title) + " (" + string(id) + ")"
		}
	}
	return string(id)
}

// partner is what who would be asked is called.
func partner(q *page.Request, l importing.Loss) string {
	for _, link := range q.Links {
		if names := link.Sides[l.Partner]; link.Agreement == l.Agreement && len(names) > 0 {
			return q.Text(names)
		}
	}
	return string(l.Partner)
}

// zones are the time zones that are offered, in minutes ahead of UTC: UTC, and
// those of the capitals.
func zones(q *page.Request) []page.Choice {
	out := []page.Choice{{Value: "0", Text: "UTC"}}
	seen := map[string]bool{"0": true}
	for _, l := range q.Links {
		for _, at := range []page.Place{l.Own, l.Far} {
			if at.Zone == nil {
				continue
			}
			_, seconds := q.Now.In(at.Zone).Zone()
			value := strconv.Itoa(seconds / 60)
			if !seen[value] {
				seen[value] = true
				out = append(out, page.Choice{Value: value, Text: q.Text(at.Name) + " (" + q.Now.In(at.Zone).Format("UTC-07:00") + ")"})
			}
		}
	}
	return out
}

func kinds(q *page.Request) (out []page.Choice) {
	for _, k := range importing.Kinds() {
		out = append(out, page.Choice{Value: string(k), Text: q.T("imports.kind." + string(k))})
	}
	return out
}

func tlps(q *page.Request) []page.Choice {
	out := []page.Choice{{Value: "", Text: q.T("imports.tlp.none")}}
	for _, t := range marking.TLPs() {
		out = append(out, page.Choice{Value: t.Name(), Text: t.String()})
	}
	return out
}

func paps(q *page.Request) []page.Choice {
	out := []page.Choice{{Value: "", Text: q.T("imports.pap.none")}}
	for _, t := range []marking.PAP{marking.PAPClear, marking.PAPGreen, marking.PAPAmber, marking.PAPRed} {
		out = append(out, page.Choice{Value: t.Name(), Text: t.String()})
	}
	return out
}

// roles are what a column may hold.
func roles(q *page.Request) (out []page.Choice) {
	for _, r := range table.Roles() {
		text := r
		switch r {
		case table.Ignore:
			text = q.T("imports.role.ignore")
		case table.Value, table.FirstSeen, table.Name, table.Description, table.Tags:
			text = q.T("imports.role." + r)
		case table.TLP, table.PAP:
			text = strings.ToUpper(r)
		}
		out = append(out, page.Choice{Value: r, Text: text})
	}
	return out
}

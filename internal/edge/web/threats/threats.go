// Package threats is the page on which threat data is searched: filters that
// stand in the address, columns a reader chose, searches kept under a name,
// and what can be done with many objects at once.
package threats

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"twoseas/internal/act/answer"
	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/object"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

type pages struct {
	*page.Desk
	object.Acts
}

// Routes is the pages and forms of the area.
func Routes(d *page.Desk, acts object.Acts) []page.Route {
	p := &pages{d, acts}
	return []page.Route{
		{Pattern: "GET /threats", Act: people.Read, Serve: p.list},
		{Pattern: "GET /find", Act: people.Read, Serve: p.find},
		{Pattern: "GET /contributions", Act: people.Read, Serve: p.contributed},
		{Pattern: "POST /threats/columns", Act: people.Read, Serve: p.saveColumns},
		{Pattern: "POST /threats/searches", Act: people.Read, Serve: p.saveSearch},
		{Pattern: "POST /threats/searches/remove", Act: people.Read, Serve: p.removeSearch},
		{Pattern: "GET /threats/export", Act: people.Export, Serve: p.export},
		{Pattern: "POST /threats/chosen", Act: people.Export, Serve: p.exportChosen},
		{Pattern: "POST /threats/opinion", Act: people.Respond, Serve: p.opine},
	}
}

const pageSize = 50

// list is one page of a search.
type list struct {
	asked
	found    library.Page
	next     string
	columns  []string
	searches []store.Kept
	names    map[string]string // of creators, by id
	export   bool              // whether the reader may
	respond  bool
	problems []page.Problem
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	l := list{asked: parse(r.URL.Query()), export: q.Actor.May(people.Export) == nil, respond: q.Actor.May(people.Respond) == nil}
	f, problems := l.filter(q)
	f.Also = true
	l.problems = problems
	if err := p.Audit.Searched(r.Context(), q.Actor, "threats", cmp.Or(l.encode(), "everything")); err != nil {
		return err
	}
	var err error
	if len(problems) == 0 {
		if l.found, err = p.Library.Search(r.Context(), q.Handle, q.Actor, q.Access.Class, f, l.after(), pageSize); err != nil {
			return err
		}
	}
	if !l.found.Next.IsZero() {
		l.next = l.address(l.found.Next)
	}
	if err := p.kept(r, &l); err != nil {
		return err
	}
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	head := page.Head{Title: q.T("threats.title"), Lead: q.T("threats.lead"), Area: "threats", Scripts: []string{"threats.js"}, Styles: []string{"threats.css"}, Status: status, Mark: mark(l.found.Rows)}
	return p.Render(w, r, head, listPage(q, l))
}

// mark is the highest level among rows.
func mark(rows []library.Row) string {
	levels := make([]marking.TLP, len(rows))
	for i, r := range rows {
		levels[i] = r.Label.TLP
	}
	return page.Highest(levels...)
}

// kept reads what the account keeps for this page.
func (p *pages) kept(r *http.Request, l *list) error {
	q := page.Of(r)
	if err := q.Handle.Query(r.Context(), func(tx *store.Tx) (err error) {
		columns, err := tx.Kept(q.Actor.Name, library.KeptColumns)
		if err != nil {
			return err
		}
		l.columns = chosenColumns(columns)
		l.searches, err = tx.Kept(q.Actor.Name, library.KeptSearches)
		return err
	}); err != nil {
		return err
	}
	if !slices.Contains(l.columns, "creator") {
		return nil
	}
	var ids []string
	for _, row := range l.found.Rows {
		if row.Creator != "" && !slices.Contains(ids, row.Creator) {
			ids = append(ids, row.Creator)
		}
	}
	var err error
	l.names, err = p.Library.Names(r.Context(), q.Handle, q.Actor, q.Access.Class, ids)
	return err
}

// find leads from whatever somebody typed in the top bar to the object or to
// the search.
func (p *pages) find(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	typed := strings.TrimSpace(r.URL.Query().Get("q"))
	if strings.Contains(typed, "--") {
		names, err := p.Library.Names(r.Context(), q.Handle, q.Actor, q.Access.Class, []string{typed})
		if err != nil {
			return err
		}
		if _, ok := names[typed]; ok {
			return page.See(w, r, object.Path(typed))
		}
	}
	return page.See(w, r, asked{values: map[string][]string{"q": {typed}}}.path())
}

// opine gives one opinion on all objects that are marked, and leads to it.
func (p *pages) opine(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "form: %w", err)
	}
	ids := r.PostForm["id"]
	if len(ids) == 0 {
		return fault.New(fault.Invalid, "mark at least one object")
	}
	id, err := p.Answers.Opine(r.Context(), q.Handle, q.Actor, q.Access.Class, answer.About{IDs: ids}, answer.Verdict(r.PostFormValue("verdict")), "")
	if err != nil {
		return err
	}
	return page.See(w, r, object.Path(id))
}

func (p *pages) saveSearch(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	name := strings.Join(strings.Fields(r.PostFormValue("name")), " ")
	search := parse(queryOf(r.PostFormValue("search")))
	if name == "" || len([]rune(name)) > library.MaxName {
		return fault.Errorf(fault.Invalid, "a search is kept under a name of at most %d characters", library.MaxName)
	}
	if err := p.Library.Keep(r.Context(), q.Handle, q.Actor, store.Kept{Kind: library.KeptSearches, Name: name, Value: search.encode()}); err != nil {
		return err
	}
	return page.See(w, r, search.path())
}

func (p *pages) removeSearch(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.Library.Forget(r.Context(), q.Handle, q.Actor, library.KeptSearches, r.PostFormValue("name")); err != nil {
		return err
	}
	return page.See(w, r, parse(queryOf(r.PostFormValue("search"))).path())
}

func (p *pages) saveColumns(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "form: %w", err)
	}
	var chosen []string
	for _, c := range library.Columns() {
		if slices.Contains(r.PostForm["column"], c) {
			chosen = append(chosen, c)
		}
	}
	kept := store.Kept{Kind: library.KeptColumns, Name: library.KeptPage, Value: strings.Join(chosen, " ")}
	if err := p.Library.Keep(r.Context(), q.Handle, q.Actor, kept); err != nil {
		return err
	}
	return page.See(w, r, parse(queryOf(r.PostFormValue("search"))).path())
}

func chosenColumns(kept []store.Kept) []string {
	if len(kept) == 0 {
		return library.FirstColumns()
	}
	return slices.DeleteFunc(strings.Fields(kept[0].Value), func(c string) bool { return !slices.Contains(library.Columns(), c) })
}

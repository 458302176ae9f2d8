package imports

import (
	"io"
	"net/http"

	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/store"
)

// listsView is the page of warning lists.
type listsView struct {
	added    []store.WarningList
	builtIn  []warninglist.List
	problems []page.Problem
}

func (p *pages) lists(w http.ResponseWriter, r *http.Request) error {
	return p.showLists(w, r, nil)
}

func (p *pages) showLists(w http.ResponseWriter, r *http.Request, problems []page.Problem) error {
	q := page.Of(r)
	v := listsView{problems: problems}
	var err error
	if v.added, v.builtIn, err = p.m.WarningLists(r.Context(), q.Handle, q.Actor); err != nil {
		return err
	}
	h := page.Head{Title: q.T("imports.lists"), Lead: q.T("imports.lists.lead"), Area: "imports", Styles: []string{"imports.css"}}
	if len(problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, listsPage(q, v))
}

// addList takes the file of a list.
func (p *pages) addList(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	_, body, err := uploaded(r)
	if err != nil {
		return err
	}
	if body == nil {
		return p.showLists(w, r, []page.Problem{{Field: "file", Text: q.T("imports.nothing")}})
	}
	raw, err := io.ReadAll(body) // bounded above
	if err != nil {
		return err
	}
	_, err = p.m.AddWarningList(r.Context(), q.Handle, q.Actor, raw)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) || fault.Is(err, fault.Conflict) {
		return p.showLists(w, r, []page.Problem{q.Wrong("file", err)})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/imports/warninglists")
}

func (p *pages) removeList(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.m.RemoveWarningList(r.Context(), q.Handle, q.Actor, r.FormValue("name")); err != nil {
		return err
	}
	return page.See(w, r, "/imports/warninglists")
}

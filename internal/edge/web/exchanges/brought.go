package exchanges

import (
	"net/http"
	"slices"

	"twoseas/internal/act/offline/shelf"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
)

// broughtView is one file of the partner that lies here.
type broughtView struct {
	*page.Request
	shelf.Brought
	On ident.Agreement
}

// mine reports whether the reader has confirmed the file.
func (v broughtView) mine() bool {
	return v.Preview != nil && slices.Contains(v.Preview.Confirmed, v.Actor.Name)
}

// stateOf returns in which of its steps a file is: "parts", "look", "busy", "obstacle",
// "confirm", "second" or "taken".
func stateOf(b shelf.Brought, mine bool) string {
	switch {
	case b.Work != nil && b.Work.Running:
		return "busy"
	case b.Work != nil && b.Work.Taken != nil && b.Work.Taken.Applied && b.Of == 0:
		return "taken"
	case !b.Whole():
		return "parts"
	case b.Preview == nil:
		return "look"
	case b.Preview.Obstacle != "":
		return "obstacle"
	case mine:
		return "second"
	}
	return "confirm"
}

var fileColours = map[string]string{
	"busy": "blue", "taken": "green", "parts": "grey", "look": "grey", "obstacle": "amber", "second": "blue", "confirm": "amber",
}

func (p *pages) brought(w http.ResponseWriter, r *http.Request) (err error) {
	q := page.Of(r)
	v := broughtView{Request: q}
	if v.On, err = agreementOf(r); err != nil {
		return err
	}
	if v.Brought, err = p.Shelf.One(r.Context(), q.Handle, q.Actor, r.PathValue("file")); err != nil {
		return err
	}
	if v.Preview != nil {
		if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "files", "file", v.File); err != nil {
			return err
		}
	}
	state := stateOf(v.Brought, v.mine())
	return p.Render(w, r, page.Head{
		Title: broughtTitle(v), Lead: q.T("files.brought.lead." + state), Area: area,
		Chips: page.Chip(fileColours[state], q.T("files.state."+state)), Rail: page.Rail(q, broughtWhy(v), broughtEvidence(v)),
		Styles: []string{"operate.css"},
	}, broughtPage(v, state))
}

func broughtTitle(v broughtView) string {
	switch {
	case v.Preview != nil:
		return v.T("files.brought.title", v.Int(v.Preview.Number), v.SideName(v.Preview.From))
	case v.Work != nil && v.Work.Taken != nil:
		return v.T("files.brought.title", v.Int(v.Work.Taken.Number), v.SideName(v.Work.Taken.From))
	}
	return v.T("files.brought.unopened")
}

// onBrought does something to a file that was brought and leads back to it.
func (p *pages) onBrought(w http.ResponseWriter, r *http.Request, act func(q *page.Request, file string) error) error {
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	file := r.PathValue("file")
	if err := act(page.Of(r), file); err != nil {
		return err
	}
	p.Shelf.AwaitFile(r.Context(), file, awhile)
	return page.See(w, r, broughtPath(a, file))
}

func (p *pages) look(w http.ResponseWriter, r *http.Request) error {
	return p.onBrought(w, r, func(q *page.Request, file string) error {
		return p.Shelf.Look(r.Context(), q.Handle, q.Actor, file)
	})
}

func (p *pages) confirmFile(w http.ResponseWriter, r *http.Request) error {
	return p.onBrought(w, r, func(q *page.Request, file string) error {
		return p.Shelf.Confirm(q.Handle, q.Actor, file)
	})
}

func (p *pages) dropBrought(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	if err := p.Shelf.Remove(r.Context(), q.Handle, q.Actor, r.PathValue("file")); err != nil {
		return err
	}
	return page.See(w, r, at(a, "files"))
}

// Package hooks is the desk's pages of webhooks: programs elsewhere that are
// told what happens here, how each is doing, and the forms that say so.
//
// Invariants: a secret is shown in the answer to the form that made it and
// never again; the pages are for who administers the node alone, since what an
// address holds after the question mark may be a key.
package hooks

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/hook"
	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/page"
)

// Acts is what the pages ask and do.
type Acts struct {
	Hooks  *hook.Hooks
	People *people.People
	Audit  *audit.Log
}

type pages struct {
	*page.Desk
	Acts
}

// Path is where the area begins.
const Path = "/hooks"

// Routes is the pages and forms of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	return []page.Route{
		{Pattern: "GET " + Path, Act: people.Administer, Serve: p.list},
		{Pattern: "GET /hooks/{hook}", Act: people.Administer, Serve: p.show},
		{Pattern: "POST /hooks/{hook}/test", Act: people.Administer, Serve: p.test},
		{Pattern: "POST /hooks/{hook}/pause", Act: people.Administer, Serve: p.on(acts.pause)},
		{Pattern: "POST /hooks/{hook}/resume", Act: people.Administer, Serve: p.on(acts.resume)},
		{Pattern: "POST /hooks/{hook}/rotate", Act: people.Administer, Fresh: true, Serve: p.rotate},
		{Pattern: "POST /hooks/{hook}/remove", Act: people.Administer, Fresh: true, Serve: p.remove},
		{Pattern: "GET /add-hook", Act: people.Administer, Serve: p.form},
		{Pattern: "POST /add-hook", Act: people.Administer, Fresh: true, Serve: p.add},
		{Pattern: "GET /hooks/{hook}/change", Act: people.Administer, Serve: p.changeForm},
		{Pattern: "POST /hooks/{hook}/change", Act: people.Administer, Fresh: true, Serve: p.change},
	}
}

func at(name string, more ...string) string {
	return strings.Join(append([]string{Path, url.PathEscape(name)}, more...), "/")
}

var colours = map[string]string{"new": "grey", "well": "green", "failing": "amber", "paused": "grey", "stopped": "amber"}

// listView is every webhook.
type listView struct {
	*page.Request
	Hooks []hook.Hook
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "hooks"); err != nil {
		return err
	}
	all, err := p.Hooks.List(r.Context(), q.Handle, q.Actor)
	if err != nil {
		return err
	}
	h := page.Head{Title: q.T("hooks.title"), Lead: q.T("hooks.lead"), Area: "operate", Action: addButton(q), Styles: []string{"operate.css"}}
	return p.Render(w, r, h, listPage(listView{q, all}))
}

// oneView is one webhook, with its secret in the answer to the form that made
// it.
type oneView struct {
	*page.Request
	hook.Hook
	Secret string
}

// address is the URL up to what may be a key, and whether there is more.
func (v oneView) address() (plain string, more bool) {
	plain, _, more = strings.Cut(v.Settings.URL, "?")
	return plain, more
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.showOne(w, r, r.PathValue("hook"), "")
}

func (p *pages) showOne(w http.ResponseWriter, r *http.Request, name, secret string) error {
	q := page.Of(r)
	h, err := p.Hooks.Find(r.Context(), q.Handle, q.Actor, name)
	if err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "hooks", "hook", h.Name); err != nil {
		return err
	}
	if secret != "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	v := oneView{q, h, secret}
	return p.Render(w, r, page.Head{
		Title: h.Name, Lead: q.T("hooks.one.lead"), Area: "operate", Chips: stateChip(q, h), Action: oneAction(v),
		Rail: page.Rail(q, oneWhy(v), oneEvidence(v)), Styles: []string{"operate.css"},
	}, onePage(v))
}

func (a Acts) pause(ctx context.Context, q *page.Request, name string) error {
	return a.Hooks.Pause(ctx, q.Handle, q.Actor, name)
}

func (a Acts) resume(ctx context.Context, q *page.Request, name string) error {
	return a.Hooks.Resume(ctx, q.Handle, q.Actor, name)
}

// on does something to a webhook and leads back to it.
func (p *pages) on(act func(context.Context, *page.Request, string) error) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("hook")
		if err := act(r.Context(), page.Of(r), name); err != nil {
			return err
		}
		return page.See(w, r, at(name))
	}
}

// How long a form waits for the attempt that it asked for, so that the next
// page says what came of it also where there are no scripts.
const (
	awaitSteps = 30
	awaitStep  = 50 * time.Millisecond
)

// test has a message go out and waits a moment for what comes of it.
func (p *pages) test(w http.ResponseWriter, r *http.Request) error {
	q, name := page.Of(r), r.PathValue("hook")
	was, err := p.Hooks.Find(r.Context(), q.Handle, q.Actor, name)
	if err != nil {
		return err
	}
	if err := p.Hooks.Try(r.Context(), q.Handle, q.Actor, name); err != nil {
		return err
	}
	for range awaitSteps {
		now, err := p.Hooks.Find(r.Context(), q.Handle, q.Actor, name)
		if err != nil || !slices.Equal(now.Health.Attempts, was.Health.Attempts) {
			break // the page says what is wrong
		}
		select {
		case <-r.Context().Done():
		case <-time.After(awaitStep):
		}
	}
	return page.See(w, r, at(name))
}

func (p *pages) rotate(w http.ResponseWriter, r *http.Request) error {
	q, name := page.Of(r), r.PathValue("hook")
	secret, err := p.Hooks.Rotate(r.Context(), q.Handle, q.Actor, name)
	if err != nil {
		return err
	}
	return p.showOne(w, r, name, secret)
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.Hooks.Remove(r.Context(), q.Handle, q.Actor, r.PathValue("hook")); err != nil {
		return err
	}
	return page.See(w, r, Path)
}

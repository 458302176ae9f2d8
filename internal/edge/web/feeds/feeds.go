// Package feeds is the desk's pages of sources outside: what is taken from
// them and sent to them on a schedule, how each is doing, and the forms that
// say so.
//
// Invariants: a secret is typed and never shown; what follows the question mark
// of an address may be a key and is shown to who administers alone; a folder
// of the node's machine is named on that machine, with the command.
package feeds

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/feed"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
)

// Acts is what the pages ask and do.
type Acts struct {
	Feeds  *feed.Feeds
	People *people.People
	Audit  *audit.Log
	Self   ident.Side
}

type pages struct {
	*page.Desk
	Acts
}

// Readers are the acts of which any admits to the pages.
func Readers() []people.Act { return []people.Act{people.Import, people.Administer} }

// Path is where the area begins.
const Path = "/feeds"

// Routes is the pages and forms of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	return []page.Route{
		{Pattern: "GET " + Path, OneOf: Readers(), Serve: p.list},
		{Pattern: "GET /feeds/{feed}", OneOf: Readers(), Serve: p.show},
		{Pattern: "POST /feeds/{feed}/pause", OneOf: Readers(), Serve: p.on(acts.pause)},
		{Pattern: "POST /feeds/{feed}/resume", OneOf: Readers(), Serve: p.on(acts.resume)},
		{Pattern: "POST /feeds/{feed}/hasten", OneOf: Readers(), Serve: p.on(acts.hasten)},
		{Pattern: "POST /feeds/{feed}/remove", Act: people.Administer, Fresh: true, Serve: p.remove},
		{Pattern: "GET /add-feed", Act: people.Administer, Serve: p.form},
		{Pattern: "POST /add-feed", Act: people.Administer, Fresh: true, Serve: p.add},
		{Pattern: "POST /add-feed/offered", Act: people.Administer, Serve: p.offered},
		{Pattern: "GET /feeds/{feed}/change", Act: people.Administer, Serve: p.changeForm},
		{Pattern: "POST /feeds/{feed}/change", Act: people.Administer, Fresh: true, Serve: p.change},
	}
}

func at(name string, more ...string) string {
	return strings.Join(append([]string{Path, url.PathEscape(name)}, more...), "/")
}

func administers(q *page.Request) bool { return q.Actor.May(people.Administer) == nil }

// area is under which desk the reader finds the pages.
func area(q *page.Request) string {
	if administers(q) {
		return "operate"
	}
	return "imports"
}

// States a feed may be in, as the list can be narrowed to.
const (
	stateNew     = "new"
	stateWell    = "well"
	stateFailing = "failing"
	statePaused  = "paused"
)

func stateOf(f feed.Feed) string {
	switch {
	case f.Paused:
		return statePaused
	case f.Failures > 0:
		return stateFailing
	case f.Health.Runs == 0:
		return stateNew
	}
	return stateWell
}

var colours = map[string]string{stateNew: "grey", stateWell: "green", stateFailing: "amber", statePaused: "grey"}

// listView is every feed, or those in one state.
type listView struct {
	*page.Request
	Feeds []feed.Feed
	Count map[string]int // by state
	All   int
	State string
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "feeds"); err != nil {
		return err
	}
	all, err := p.Feeds.List(r.Context(), q.Handle, q.Actor)
	if err != nil {
		return err
	}
	v := listView{Request: q, Count: map[string]int{}, All: len(all), State: r.URL.Query().Get("state")}
	for _, f := range all {
		v.Count[stateOf(f)]++
	}
	v.Feeds = slices.DeleteFunc(all, func(f feed.Feed) bool { return v.State != "" && stateOf(f) != v.State })
	h := page.Head{Title: q.T("feeds.title"), Lead: q.T("feeds.lead"), Area: area(q), Styles: []string{"operate.css"}}
	if administers(q) {
		h.Action = addButton(q)
	}
	return p.Render(w, r, h, listPage(v))
}

// find returns the feed of the path as the reader may see it.
func (p *pages) find(r *http.Request) (feed.Feed, error) {
	q := page.Of(r)
	all, err := p.Feeds.List(r.Context(), q.Handle, q.Actor)
	if err != nil {
		return feed.Feed{}, err
	}
	i := slices.IndexFunc(all, func(f feed.Feed) bool { return f.Name == r.PathValue("feed") })
	if i < 0 {
		return feed.Feed{}, fault.New(fault.NotFound, "there is nothing at this address")
	}
	return all[i], nil
}

// address is where a feed is, as the reader may see it.
func address(q *page.Request, s feed.Settings) string {
	if administers(q) {
		return s.URL
	}
	plain, _, _ := strings.Cut(s.URL, "?")
	return plain
}

// oneView is one feed.
type oneView struct {
	*page.Request
	feed.Feed
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := p.find(r)
	if err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "feeds", "feed", f.Name); err != nil {
		return err
	}
	v := oneView{q, f}
	return p.Render(w, r, page.Head{
		Title: f.Name, Lead: q.T("feeds.one.lead." + way(f.Settings.Kind)), Area: area(q), Chips: stateChip(q, f),
		Action: oneAction(v), Rail: page.Rail(q, oneWhy(v), oneEvidence(v)), Styles: []string{"operate.css"},
	}, onePage(v))
}

// way says whether a kind takes or sends.
func way(k feed.Kind) string {
	if k == feed.Push {
		return "out"
	}
	return "in"
}

func (a Acts) pause(ctx context.Context, q *page.Request, name string) error {
	return a.Feeds.Pause(ctx, q.Handle, q.Actor, name)
}

func (a Acts) resume(ctx context.Context, q *page.Request, name string) error {
	return a.Feeds.Resume(ctx, q.Handle, q.Actor, name)
}

func (a Acts) hasten(ctx context.Context, q *page.Request, name string) error {
	return a.Feeds.Hasten(ctx, q.Handle, q.Actor, name)
}

// on does something to a feed and leads back to it.
func (p *pages) on(act func(context.Context, *page.Request, string) error) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, err := p.find(r)
		if err != nil {
			return err
		}
		if err := act(r.Context(), page.Of(r), f.Name); err != nil {
			return err
		}
		p.await(r, f)
		return page.See(w, r, at(f.Name))
	}
}

// How long a form waits for the run that it asked for, so that the next page
// says what came of it also where there are no scripts.
const (
	awaitSteps = 30
	awaitStep  = 50 * time.Millisecond
)

// await waits a moment for a feed to have been run since it was as was says.
func (p *pages) await(r *http.Request, was feed.Feed) {
	q := page.Of(r)
	for range awaitSteps {
		all, err := p.Feeds.List(r.Context(), q.Handle, q.Actor)
		i := slices.IndexFunc(all, func(f feed.Feed) bool { return f.Name == was.Name })
		if err != nil || i < 0 || all[i].Paused || !all[i].Health.Ended.Equal(was.Health.Ended) {
			return // the page says what is wrong
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(awaitStep):
		}
	}
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.Feeds.Remove(r.Context(), q.Handle, q.Actor, r.PathValue("feed")); err != nil {
		return err
	}
	return page.See(w, r, Path)
}

// Package waiting is the desk's page of what waits for the one who asks: items
// to approve, emergency releases to review, agreements to sign, partners to
// confirm.
//
// Invariant: it counts and lists only what the reader may do something about.
package waiting

import (
	"io"
	"net/http"
	"net/url"
	"strconv"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/offline"
	"twoseas/internal/act/onward"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/act/release"
	"twoseas/internal/act/request"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/store"
)

// Acts is what the page asks.
type Acts struct {
	Releases *release.Releases
	Onwards  *onward.Onwards
	Recalls  *recall.Recalls
	Requests *request.Requests
	Contacts *contact.Contacts
	Offline  *offline.Offline
}

type pages struct {
	*page.Desk
	Acts
}

// Readers are the acts of which any may leave something waiting for a person.
func Readers() []people.Act {
	return []people.Act{people.Approve, people.Agree, people.Exchange, people.Recall, people.Assist, people.Liaise, people.Reach}
}

// Routes is the page.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	return []page.Route{
		{Pattern: "GET /waiting", OneOf: Readers(), Serve: p.show},
		{Pattern: "GET /waiting/count", Any: true, Serve: count},
	}
}

// count says how much waits for the reader, for the title of pages that are open.
func count(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, strconv.FormatInt(page.Of(r).Waiting, 10))
	return err
}

// view is what waits for one person.
type view struct {
	*page.Request
	release.Task
	Onward  []store.Onward // partners' requests to pass something on
	Recalls []recall.Climbing
	Help    []request.Reminder // requests for assistance
	Posts   []contact.Task     // of the directory
	Files   int64              // of the exchange by file, which another officer wants imported
}

// total is how many things wait.
func (v view) total() int64 {
	return v.Total() + int64(len(v.Onward)+len(v.Recalls)+len(v.Help)+len(v.Posts)) + v.Files
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	task, err := p.Releases.Mine(r.Context(), q.Handle, q.Actor)
	if err != nil {
		return err
	}
	asked, err := p.Onwards.Waiting(r.Context(), q.Handle, q.Actor)
	if err != nil {
		return err
	}
	v := view{Request: q, Task: task, Onward: asked}
	if v.Recalls, err = p.Recalls.Waiting(r.Context(), q.Handle, q.Actor); err != nil {
		return err
	}
	if v.Help, err = p.Requests.Waiting(r.Context(), q.Handle, q.Actor); err != nil {
		return err
	}
	if v.Posts, err = p.Contacts.Waiting(r.Context(), q.Handle, q.Actor); err != nil {
		return err
	}
	if v.Files, err = p.Offline.Waiting(r.Context(), q.Handle, q.Actor); err != nil {
		return err
	}
	return p.Render(w, r, page.Head{Title: q.T("waiting.title"), Lead: q.T("waiting.lead"), Area: "waiting"}, body(v))
}

// queuePath is the queue of one agreement.
func queuePath(q release.Queue) string {
	return "/releases/items?" + url.Values{"agreement": {string(q.Agreement)}, "state": {"waiting"}}.Encode()
}

// filesPath is where the files of the chosen agreement are.
func filesPath(q *page.Request) string {
	return "/exchange/" + url.PathEscape(string(q.Agreement)) + "/files"
}

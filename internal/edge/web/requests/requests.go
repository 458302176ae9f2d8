// Package requests is the desk's pages of requests for assistance: what the
// other side asks, first what waits for a word, one request with what both
// sides did about it, and the form by which one asks.
//
// Invariants: whoever deals with a channel sees its requests and no others; to
// open one says to the other side that it was seen; every instant stands in UTC
// and in both capitals of its agreement.
package requests

import (
	"net/http"
	"net/url"
	"slices"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/people"
	"twoseas/internal/act/request"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/request"
	"twoseas/internal/store"
)

// Acts is what the pages ask and do.
type Acts struct {
	Requests *request.Requests
	Audit    *audit.Log
	Self     ident.Side
}

type pages struct {
	*page.Desk
	Acts
}

// Routes is every page and form of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	readers := request.Readers()
	return []page.Route{
		{Pattern: "GET /requests", OneOf: readers, Serve: p.list},
		{Pattern: "GET /requests/{assistance}", OneOf: readers, Serve: p.show},
		{Pattern: "POST /requests/{assistance}", OneOf: readers, Serve: p.step},
		{Pattern: "GET /requests/{assistance}/correct", OneOf: readers, Serve: p.correcting},
		{Pattern: "POST /requests/{assistance}/correct", OneOf: readers, Serve: p.correct},
		{Pattern: "POST /requests/{assistance}/custody", OneOf: readers, Serve: p.custody},
		{Pattern: "POST /requests/{assistance}/pass", OneOf: readers, Serve: p.pass},
		{Pattern: "GET /passages/{passage}", OneOf: readers, Serve: p.passage},
		{Pattern: "POST /passages/{passage}", OneOf: readers, Serve: p.consent},
		{Pattern: "GET /compartment", Act: people.Liaise, Serve: p.compartment},
		{Pattern: "GET /ask", OneOf: readers, Serve: p.form},
		{Pattern: "POST /ask", OneOf: readers, Serve: p.ask},
	}
}

const area = "requests"

// Path is the page of a request.
func Path(id string) string { return "/requests/" + url.PathEscape(id) }

// maxForm bounds a form of these pages.
const maxForm = 256 << 10

// listView is a page of requests.
type listView struct {
	*page.Request
	By, Kind, Urgency, State string
	Ended                    bool
	request.Listing
	first, next string
	self        ident.Side
}

// pageSize is how many requests a page of the list has.
const pageSize = 50

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	f := r.URL.Query()
	v := listView{Request: page.Of(r), By: f.Get("by"), Kind: f.Get("kind"), Urgency: f.Get("urgency"), State: f.Get("state"), Ended: f.Get("ended") != "", self: p.Self}
	after, err := request.ParsePlace(f.Get("after"))
	if err != nil {
		return err
	}
	if v.Listing, err = p.Requests.List(r.Context(), v.Handle, v.Actor, request.Filter{
		Closed: v.Ended, Ours: v.By == "us", Theirs: v.By != "us", Kind: law.Kind(v.Kind), Urgency: law.Urgency(v.Urgency), State: law.State(v.State),
		After: after, Limit: pageSize,
	}); err != nil {
		return err
	}
	if after != (request.Place{}) {
		v.first = v.address("")
	}
	if next := v.Next.String(); next != "" {
		v.next = v.address(next)
	}
	if err := p.Audit.Saw(r.Context(), v.Actor, "read", "list", "requests"); err != nil {
		return err
	}
	return p.Render(w, r, page.Head{Title: v.T("requests.title"), Lead: v.T("requests.lead"), Area: area, Action: askButton(v.Request), Styles: []string{"object.css"}}, listPage(v))
}

// address is the list with the same filter from a place on.
func (v listView) address(after string) string {
	q := url.Values{}
	for _, f := range []struct{ name, value string }{{"by", v.By}, {"kind", v.Kind}, {"urgency", v.Urgency}, {"state", v.State}, {"after", after}} {
		if f.value != "" {
			q.Set(f.name, f.value)
		}
	}
	if v.Ended {
		q.Set("ended", "1")
	}
	if len(q) == 0 {
		return "/requests"
	}
	return "/requests?" + q.Encode()
}

// filtered reports whether the reader has narrowed the list down.
func (v listView) filtered() bool { return v.Ended || v.Kind+v.Urgency+v.State != "" }

// partner is the other side of a request.
func (v listView) partner(a store.Assistance) ident.Side {
	if a.Asker == v.self {
		return a.Asked
	}
	return a.Asker
}

// Waits says in words what a request waits for, "" when for nothing.
func Waits(q *page.Request, a store.Assistance) string {
	q = q.Under(a.Agreement)
	switch {
	case a.Refused != "":
		return q.T("requests.wait.refused", q.SideName(a.Asked))
	case !a.Open:
		return ""
	case a.Received == 0:
		return q.T("requests.wait.undelivered", q.SideName(a.Asked), q.Ago(page.Micro(a.Sent)))
	case a.Word == 0 && a.Due == 0:
		return q.T("requests.wait.word", q.SideName(a.Asked), q.Ago(page.Micro(a.Received)))
	case a.Word == 0:
		return q.T("requests.wait.target", q.SideName(a.Asked), q.Ago(page.Micro(a.Received)), q.Ago(page.Micro(a.Due)))
	case a.Renewal != 0:
		return q.T("requests.wait.renewal", q.SideName(a.Asker))
	case a.Kept != 0 && request.Ends(a, q.Now.UnixMicro()) > 0:
		return q.T("requests.wait.kept", q.Ago(page.Micro(a.Kept)))
	case a.State == string(law.Done):
		return q.T("requests.wait.verify", q.SideName(a.Asker))
	}
	return ""
}

// colour is that of a state: no partner's lateness is red.
func colour(a store.Assistance) string {
	switch law.State(a.State) { //nolint:exhaustive // the others wait
	case law.Accepted, law.PartlyAgreed, law.InWork, law.Preserved:
		return "blue"
	case law.Done, law.Verified:
		return "green"
	}
	return "grey"
}

// Reminded says whom a reminder goes to, "" when to nobody.
func Reminded(q *page.Request, l law.Level) string {
	return map[law.Level]string{
		law.Contact: q.T("requests.remind.contact"), law.Deputy: q.T("requests.remind.deputy"),
		law.Ministry: q.T("requests.remind.ministry"), law.Agenda: q.T("requests.remind.agenda"),
	}[l]
}

// choices makes the options of a list of words, the first for any when named.
func choices[T ~string](q *page.Request, key, anything string, list []T) []page.Choice {
	out := page.Choices(q, key, list)
	if anything != "" {
		out = slices.Insert(out, 0, page.Choice{Text: anything})
	}
	return out
}

// channels are those that the reader deals with.
func channels(by people.Actor) []law.Channel {
	var out []law.Channel
	for _, c := range law.Channels() {
		if act := map[law.Channel]people.Act{law.Technical: people.Assist, law.LawEnforcement: people.Liaise}[c]; by.May(act) == nil {
			out = append(out, c)
		}
	}
	return out
}

// Package exchanges is the desk's pages of what crosses: each partner's
// channel, its shipments with their receipts both ways, what was not taken and
// why, and where the two sides differ.
//
// Invariants: the numbers are those of the signed receipts; a channel is
// paused, resumed and tried by who manages channels only; an object is named
// to nobody who may not see it.
package exchanges

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/offline"
	"twoseas/internal/act/offline/shelf"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/plot"
	"twoseas/internal/store"
)

// Acts is what the pages ask and do.
type Acts struct {
	Exchange *exchange.Exchange
	Recalls  *recall.Recalls
	Audit    *audit.Log
	Offline  *offline.Offline
	Shelf    *shelf.Shelf
}

type pages struct {
	*page.Desk
	Acts
}

// Readers are the acts of which any admits to the pages.
func Readers() []people.Act { return []people.Act{people.Review, people.Exchange} }

// Routes is every page and form of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	return append([]page.Route{
		{Pattern: "GET /exchange", OneOf: Readers(), Serve: p.all},
		{Pattern: "GET /exchange/{agreement}", OneOf: Readers(), Serve: p.channel},
		{Pattern: "GET /exchange/{agreement}/" + untaken, OneOf: Readers(), Serve: p.untaken},
		{Pattern: "GET /exchange/{agreement}/{direction}", OneOf: Readers(), Serve: p.legs},
		{Pattern: "GET /exchange/{agreement}/{direction}/{number}", OneOf: Readers(), Serve: p.leg},
		{Pattern: "POST /exchange/{agreement}/pause", Act: people.Exchange, Serve: p.pause},
		{Pattern: "POST /exchange/{agreement}/resume", Act: people.Exchange, Serve: p.resume},
		{Pattern: "POST /exchange/{agreement}/try", Act: people.Exchange, Serve: p.try},
	}, p.fileRoutes()...)
}

const area = "exchange"

// untaken is the list of why items were not taken, in the address.
const untaken = "untaken"

// shown is how many shipments a channel's page shows of each direction, and
// perPage how many a list does.
const (
	shown   = 5
	perPage = 50
)

var errNowhere = fault.New(fault.NotFound, "there is nothing at this address")

func agreementOf(r *http.Request) (ident.Agreement, error) {
	a, err := ident.ParseAgreement(r.PathValue("agreement"))
	if err != nil {
		err = errNowhere
	}
	return a, err
}

func directionOf(r *http.Request) (string, error) {
	d := r.PathValue("direction")
	if d != store.In && d != store.Out {
		return "", errNowhere
	}
	return d, nil
}

func at(a ident.Agreement, more ...string) string {
	return strings.Join(append([]string{"/exchange", url.PathEscape(string(a))}, more...), "/")
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func manages(q *page.Request) bool { return q.Actor.May(people.Exchange) == nil }

// overview is every channel of the node.
type overview struct {
	*page.Request
	Channels []exchange.Standing
	// None are the agreements that have no channel yet.
	None []page.Link
}

func (p *pages) all(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := overview{Request: q}
	for _, l := range q.Links {
		s, err := p.Exchange.Standing(r.Context(), q.Handle, q.Actor, l.Agreement)
		if fault.Is(err, fault.NotFound) {
			v.None = append(v.None, l)
			continue
		}
		if err != nil {
			return err
		}
		v.Channels = append(v.Channels, s)
	}
	if len(v.Channels) == 1 && len(v.None) == 0 {
		return page.See(w, r, at(v.Channels[0].Agreement))
	}
	return p.Render(w, r, page.Head{Title: q.T("exchange.title"), Lead: q.T("exchange.lead"), Area: area}, allPage(v))
}

// channel is one of them.
type channel struct {
	*page.Request
	exchange.Standing
	Out, In []exchange.Leg
	Untaken exchange.Untaken
	self    ident.Side
	week    plot.Lane // what crossed in seven days
	// Typed is the reason in a form that was not taken, Problems why.
	Typed    string
	Problems []page.Problem
}

func (p *pages) channel(w http.ResponseWriter, r *http.Request) error {
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	return p.showChannel(w, r, a, channel{})
}

func (p *pages) showChannel(w http.ResponseWriter, r *http.Request, a ident.Agreement, v channel) (err error) {
	q := page.Of(r)
	v.Request = q
	if v.Standing, err = p.Exchange.Standing(r.Context(), q.Handle, q.Actor, a); err != nil {
		return err
	}
	if v.Out, _, err = p.Exchange.Legs(r.Context(), q.Handle, q.Actor, a, store.Out, 0, shown+1); err != nil {
		return err
	}
	if v.In, _, err = p.Exchange.Legs(r.Context(), q.Handle, q.Actor, a, store.In, 0, shown+1); err != nil {
		return err
	}
	if v.Untaken, err = p.Exchange.Untaken(r.Context(), q.Handle, q.Actor, a, "", 2*shown); err != nil {
		return err
	}
	v.self = p.Side
	if v.week, err = p.week(r.Context(), q, a); err != nil {
		return err
	}
	head := page.Head{
		Styles: []string{"plot.css"},
		Title:  q.T("exchange.channel.title", q.SideName(v.Partner)), Lead: q.T("exchange.channel.lead", string(a)), Area: area,
		Chips: channelChips(v), Action: action(v), Rail: page.Rail(q, channelWhy(v), channelEvidence(v)),
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, channelPage(v))
}

func (p *pages) pause(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	reason := r.PostFormValue("reason")
	err = p.Exchange.Pause(r.Context(), q.Handle, q.Actor, a, reason)
	if fault.Is(err, fault.Invalid) {
		return p.showChannel(w, r, a, channel{Typed: reason, Problems: []page.Problem{q.Wrong("pause-reason", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, at(a))
}

func (p *pages) resume(w http.ResponseWriter, r *http.Request) error {
	return p.on(w, r, p.Exchange.Resume)
}

func (p *pages) try(w http.ResponseWriter, r *http.Request) error {
	return p.on(w, r, p.Exchange.TryNow)
}

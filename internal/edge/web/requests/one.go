package requests

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/request"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/cacao"
	law "twoseas/internal/law/request"
)

// showView is one request.
type showView struct {
	*page.Request
	request.Detail
	Reason, Until, Text string // as typed into the form
	Untold              string // why the other side could not be told that it was seen
	custody             custodyInput
	playbook            *cacao.Playbook
	pass                passInput
	Problems            []page.Problem
}

// reasoned reports whether a move takes a reason code.
func reasoned(m law.Move) bool {
	return m == law.Decline || m == law.AcceptPartly || m == law.Postpone
}

// reasons reports whether the form asks for a reason.
func (v showView) reasons() bool { return slices.ContainsFunc(v.May, reasoned) }

// dated reports whether a step may name a day.
func (v showView) dated() bool {
	return v.reasons() || slices.ContainsFunc(v.May, func(m law.Move) bool { return m == law.Preserve || m == law.Renew })
}

// corrects reports whether this side may say better what it asks.
func (v showView) corrects() bool { return slices.Contains(v.May, law.Withdraw) }

// untilHint says which day holds when none is named.
func (v showView) untilHint() string {
	for _, m := range []law.Move{law.Preserve, law.Renew} {
		if slices.Contains(v.May, m) {
			return v.T("requests.step.until.kept", v.Course.KeepDefault(m, v.Now).UTC().Format(time.DateOnly))
		}
	}
	return v.T("requests.step.until.hint")
}

// when says in words when a step of a playbook leads on.
func when(q *page.Request, s string) string {
	if key := "requests.playbook.when." + s; q.Has(key) {
		return q.T(key)
	}
	return s
}

// ends reports whether a step ends the request for this side.
func ends(m law.Move) bool { return m == law.Withdraw || m == law.Decline }

// moves are the steps that buttons offer: that it was seen is said by opening.
func (v showView) moves() []law.Move {
	return slices.DeleteFunc(slices.Clone(v.May), func(m law.Move) bool { return m == law.See })
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.showOne(w, r, showView{})
}

func (p *pages) showOne(w http.ResponseWriter, r *http.Request, v showView) (err error) {
	q := page.Of(r)
	id := r.PathValue("assistance")
	if err := p.Requests.Seen(r.Context(), q.Handle, q.Actor, id); err != nil {
		if !page.Refused(err) || fault.Is(err, fault.NotFound) {
			return err
		}
		v.Untold = fault.Message(err) // the request is shown all the same
	}
	if v.Detail, err = p.Requests.Open(r.Context(), q.Handle, q.Actor, q.Access.Class, id); err != nil {
		return err
	}
	if v.playbook, err = v.Playbook(); err != nil {
		return err
	}
	v.Request = q.Under(v.Detail.Agreement)
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "request", v.ID); err != nil {
		return err
	}
	head := page.Head{
		Title: v.Asks.Title, Lead: v.T("requests.one.lead", v.SideName(v.Asker), v.SideName(v.Asked), v.T("requests.kind."+v.Kind)),
		Area: area, Chips: chips(v.Request, v.Assistance, v.Level), Styles: []string{"object.css"},
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, showPage(v))
}

func (p *pages) step(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	id := r.PathValue("assistance")
	v := showView{Reason: f.Get("reason"), Until: f.Get("until"), Text: f.Get("text")}
	m := request.Move{Move: law.Move(f.Get("move")), Text: v.Text}
	if reasoned(m.Move) {
		m.Reason = law.Reason(v.Reason)
	}
	if !reasoned(m.Move) && m.Move != law.Preserve && m.Move != law.Renew {
		v.Until = "" // such a step names no day
	}
	if m.After, err = strconv.Atoi(f.Get("after")); err != nil {
		return fault.New(fault.Invalid, "the form is not whole: open the request again")
	}
	if m.Until, err = page.DayEnd(v.Until); err == nil {
		err = p.Requests.Step(r.Context(), q.Handle, q.Actor, id, m)
	}
	if page.Refused(err) && !fault.Is(err, fault.NotFound) {
		v.Problems = []page.Problem{q.Wrong("step-text", err)}
		return p.showOne(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, Path(id))
}

// askView is the form by which one asks.
type askView struct {
	*page.Request
	Asks       law.Asked
	Objects    string
	By         string
	Agreements []ident.Agreement
	Ways       waysView
	Problems   []page.Problem
}

// preserving is the form for asking that data be preserved, by the last channel
// that the reader deals with: a liaison's is law enforcement.
func (v askView) preserving() string {
	c := channels(v.Actor)
	return "/ask?" + url.Values{"kind": {string(law.Preservation)}, "channel": {string(c[len(c)-1])}}.Encode()
}

// wrongField is where the form says what is wrong: at the way of law when none
// was named, or one that the two sides do not have.
func (v askView) wrongField(err error) string {
	if law.NeedsWay(v.Asks.Kind, v.Asks.Channel) && (v.Asks.Way == "" || fault.Is(err, fault.Denied)) {
		return "way"
	}
	return "title"
}

func (p *pages) form(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	return p.showForm(w, r, askView{
		Objects: strings.Join(r.URL.Query()["object"], "\n"),
		Asks: law.Asked{
			Agreement: q.Agreement, Kind: law.Kind(r.URL.Query().Get("kind")), Channel: law.Channel(r.URL.Query().Get("channel")),
			Urgency: law.Routine, Language: string(q.Tag),
		},
	})
}

func (p *pages) showForm(w http.ResponseWriter, r *http.Request, v askView) (err error) {
	v.Request = page.Of(r)
	if v.Agreements, err = p.Requests.Agreements(r.Context(), v.Handle, v.Actor); err != nil {
		return err
	}
	if v.Asks.Channel == "" {
		v.Asks.Channel = channels(v.Actor)[0] // as the form's list begins
	}
	if v.Ways, err = p.ways(r, v.Request, v.Asks); err != nil {
		return err
	}
	head := page.Head{Title: v.T("requests.ask.title"), Lead: v.T("requests.ask.lead"), Area: area}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, askPage(v))
}

func (p *pages) ask(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	v := askView{Objects: f.Get("objects"), By: f.Get("asked-by"), Asks: law.Asked{
		Agreement: ident.Agreement(f.Get("agreement")), Kind: law.Kind(f.Get("kind")), Urgency: law.Urgency(f.Get("urgency")),
		Channel: law.Channel(f.Get("channel")), Way: f.Get("way"), Playbook: f.Get("playbook"), Language: f.Get("language"), Title: f.Get("title"), Text: f.Get("text"), Basis: f.Get("basis"), Done: f.Get("done"),
	}}
	asks := v.Asks
	if !law.NeedsWay(asks.Kind, asks.Channel) {
		asks.Way = "" // chosen before the kind was changed
	}
	asks.Objects = strings.Fields(v.Objects)
	if asks.By, err = page.DayEnd(v.By); err == nil {
		var id string
		if id, err = p.Requests.Send(r.Context(), q.Handle, q.Actor, q.Access.Class, asks); err == nil {
			return page.See(w, r, Path(id))
		}
	}
	if page.Refused(err) {
		v.Problems = []page.Problem{q.Wrong(v.wrongField(err), err)}
		return p.showForm(w, r, v)
	}
	return err
}

package incidents

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"twoseas/internal/act/incident"
	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
)

// showView is one incident.
type showView struct {
	*page.Request
	incident.Detail
	f        url.Values // as typed into a form that was refused
	now      string
	Problems []page.Problem
	self     ident.Side
	clocks   []law.Clock
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.showOne(w, r, showView{f: url.Values{}})
}

func (p *pages) showOne(w http.ResponseWriter, r *http.Request, v showView) (err error) {
	q := page.Of(r)
	if v.Detail, err = p.Incidents.Open(r.Context(), q.Handle, q.Actor, q.Access.Class, r.PathValue("incident")); err != nil {
		return err
	}
	v.Request, v.self, v.clocks, v.now = q.Under(v.Notification.Agreement), p.Self, p.Incidents.Clocks(), p.now()
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "incident", v.Notification.ID); err != nil {
		return err
	}
	head := page.Head{
		Title: v.Title, Lead: v.T("incidents.one.lead", v.SideName(v.Origin)), Area: area, Chips: chips(v), Styles: []string{"object.css"},
	}
	if v.Origin == v.self && v.handles() {
		head.Action = correctButton(v)
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, showPage(v))
}

// handles reports whether the reader handles incidents.
func (v showView) handles() bool { return v.Actor.May(people.Incidents) == nil }

// approves reports whether the reader may approve a proposal.
func (v showView) approves(p incident.Proposal) bool {
	return v.Actor.May(people.Approve) == nil && !p.Replaced && !p.Approved() && p.Author != v.Actor.String()
}

// sides are those a task can be of.
func (v showView) sides() []page.Choice {
	return []page.Choice{{Value: "", Text: "–"}, {Value: string(v.Partner), Text: v.SideName(v.Partner)}, {Value: string(v.self), Text: v.SideName(v.self)}}
}

// parts is everything of the incident that can have crossed.
func (v showView) parts() []incident.Part {
	out := []incident.Part{v.Part}
	for _, list := range [][]incident.Contribution{v.Events, v.Notes, v.Finds} {
		for _, c := range list {
			out = append(out, c.Part)
		}
	}
	for _, j := range v.Jobs {
		out = append(out, j.Part)
		for _, a := range j.Answers {
			out = append(out, a.Part)
		}
	}
	for _, s := range v.Said {
		out = append(out, s.Part)
	}
	return append(out, v.Other...)
}

func (v showView) anyCrossed() bool {
	for _, p := range v.parts() {
		if len(p.Crossed) > 0 {
			return true
		}
	}
	return false
}

func proofPath(p incident.Part, c library.Crossing) string {
	return "/objects/" + url.PathEscape(p.ID) + "/proof?agreement=" + string(c.Agreement) + "&direction=" + c.Direction() +
		"&number=" + strconv.FormatInt(c.Number, 10) + "&version=" + strconv.FormatInt(p.Seq, 10)
}

// after does an act of a form, and shows the incident anew or the form again.
func (p *pages) after(w http.ResponseWriter, r *http.Request, field string, act func(q *page.Request, id string, f url.Values) error) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	id := r.PathValue("incident")
	if err = act(q, id, f); err == nil {
		return page.See(w, r, Path(id))
	}
	if page.Refused(err) {
		if _, gone := p.Incidents.Open(r.Context(), q.Handle, q.Actor, q.Access.Class, id); gone != nil {
			return err
		}
		return p.showOne(w, r, showView{f: f, Problems: []page.Problem{q.Wrong(field, err)}})
	}
	return err
}

func (p *pages) contribute(w http.ResponseWriter, r *http.Request) error {
	return p.after(w, r, "add-text", func(q *page.Request, id string, f url.Values) error {
		e := law.Entry{
			Incident: id, Kind: law.EntryKind(f.Get("kind")), Text: f.Get("text"), Language: f.Get("language"), Objects: strings.Fields(f.Get("objects")),
			Task: f.Get("task"), Progress: law.Progress(f.Get("progress")),
		}
		var err error
		if e.Kind == law.Event || e.Kind == law.Task {
			if e.When, err = when(f.Get("when"), law.Precision(f.Get("precision"))); err != nil {
				return err
			}
		}
		if e.Kind == law.Task {
			e.For = ident.Side(f.Get("for"))
		}
		tlp := marking.NoTLP
		if s := f.Get("tlp"); s != "" {
			if tlp, err = marking.ParseTLP(s); err != nil {
				return err
			}
		}
		_, err = p.Incidents.Contribute(r.Context(), q.Handle, q.Actor, q.Access.Class, tlp, e)
		return err
	})
}

func (p *pages) word(w http.ResponseWriter, r *http.Request) error {
	return p.after(w, r, "words-text", func(q *page.Request, id string, f url.Values) error {
		_, err := p.Incidents.Propose(r.Context(), q.Handle, q.Actor, q.Access.Class, law.Wording{
			Incident: id, Audience: law.Audience(f.Get("audience")), Text: f.Get("words"), Language: f.Get("language"),
		})
		return err
	})
}

func (p *pages) approve(w http.ResponseWriter, r *http.Request) error {
	return p.after(w, r, "words", func(q *page.Request, id string, f url.Values) error {
		return p.Incidents.Approve(r.Context(), q.Handle, q.Actor, q.Access.Class, id, f.Get("wording"))
	})
}

// own does what stays on this side: notes and clocks.
func (p *pages) own(w http.ResponseWriter, r *http.Request) error {
	return p.after(w, r, "own", func(q *page.Request, id string, f url.Values) error {
		ctx, class, clock := r.Context(), q.Access.Class, f.Get("clock")
		at, err := marking.ParseInstant(f.Get("at"))
		if err != nil {
			return err
		}
		switch f.Get("do") {
		case "note":
			_, err = p.Incidents.Keep(ctx, q.Handle, q.Actor, class, law.OwnNote{Incident: id, Text: f.Get("note"), Language: f.Get("language")})
			return err
		case "start":
			return p.Incidents.Start(ctx, q.Handle, q.Actor, class, id, clock, at)
		case "stop":
			return p.Incidents.Stop(ctx, q.Handle, q.Actor, class, id, clock)
		case "report":
			return p.Incidents.Report(ctx, q.Handle, q.Actor, class, id, clock, f.Get("step"), at)
		}
		return fault.New(fault.Invalid, "the form is not whole: open the incident again")
	})
}

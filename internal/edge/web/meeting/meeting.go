// Package meeting is the page on which a person turns the own session to what
// everybody in the room may see.
//
// Invariant: nothing here widens what a session shows but the end of its
// meeting, which takes who it is proved again.
package meeting

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

const home = "/meeting"

type area struct {
	*page.Desk
	parties Parties
}

// Parties returns the sides of the agreements in force, with their other names.
type Parties func(r *http.Request) ([]gate.Party, error)

// Routes is the page and its forms.
func Routes(d *page.Desk, parties Parties) []page.Route {
	a := area{d, parties}
	return []page.Route{
		{Pattern: "GET " + home, Any: true, Serve: a.show},
		{Pattern: "POST " + home, Act: people.Read, Serve: a.begin},
		{Pattern: "POST /meeting/end", Any: true, Fresh: true, Serve: a.end},
	}
}

// view is the page.
type view struct {
	*page.Request
	Room     *people.Room // of the meeting that is on
	With     string       // as typed
	Guests   bool
	TLP      string
	Chosen   []string
	Hours    string
	Sides    []page.Choice
	Problems []page.Problem
}

// hours are the lengths that are offered.
func hours() []string { return []string{"1", "2", "4", "8"} }

func (a area) show(w http.ResponseWriter, r *http.Request) error {
	return a.page(w, r, view{TLP: marking.Green.Name(), Hours: "2"})
}

func (a area) page(w http.ResponseWriter, r *http.Request, v view) error {
	v.Request = page.Of(r)
	v.Room = v.Actor.Room()
	list, err := a.parties(r)
	if err != nil {
		return err
	}
	for _, p := range list {
		v.Sides = append(v.Sides, page.Choice{Value: string(p.Side), Text: v.SideName(p.Side)})
	}
	head := page.Head{Title: v.T("meeting.title"), Lead: v.T("meeting.lead")}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, meetingPage(v))
}

func (a area) begin(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	v := view{With: r.PostFormValue("with"), Guests: r.PostFormValue("guests") != "", TLP: r.PostFormValue("tlp"), Chosen: r.PostForm["sides"], Hours: r.PostFormValue("hours")}
	m, err := a.meeting(r, v)
	if err == nil {
		if q.Actor.Session == "" {
			return fault.New(fault.Denied, "a meeting is of a browser's session; programs begin one with POST /api/v1/meetings")
		}
		_, err = a.Auth.Sessions().Meet(r.Context(), q.Actor, m)
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) {
		v.Problems = []page.Problem{page.Of(r).Wrong("with", err)}
		return a.page(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/")
}

// meeting reads the form.
func (a area) meeting(r *http.Request, v view) (session.Meeting, error) {
	m := session.Meeting{With: strings.FieldsFunc(v.With, func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\n' || c == '\r' })}
	n, err := strconv.Atoi(v.Hours)
	if err != nil || !slices.Contains(hours(), v.Hours) {
		return m, fault.Errorf(fault.Invalid, "%.20q hours are not offered", v.Hours)
	}
	m.For = time.Duration(n) * time.Hour
	if !v.Guests {
		return m, nil
	}
	m.Guests = &people.Guests{}
	if m.Guests.TLP, err = marking.ParseTLP(v.TLP); err != nil {
		return m, err
	}
	list, err := a.parties(r)
	if err != nil {
		return m, err
	}
	for _, s := range v.Chosen {
		i := slices.IndexFunc(list, func(p gate.Party) bool { return p.Side == ident.Side(s) })
		if i < 0 {
			return m, fault.Errorf(fault.Invalid, "%.40q is no side of an agreement", s)
		}
		m.Guests.Sides = append(m.Guests.Sides, list[i])
	}
	return m, nil
}

func (a area) end(w http.ResponseWriter, r *http.Request) error {
	err := a.Auth.Sessions().EndMeeting(r.Context(), page.Of(r).Actor, "")
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return page.See(w, r, home)
}

// tlps are the levels that guests may be shown.
func tlps() (out []page.Choice) {
	for _, t := range marking.TLPs() {
		out = append(out, page.Choice{Value: t.Name(), Text: t.String()})
	}
	return out
}

package api

import (
	"context"
	"net/http"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/auth"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

func (a *api) meetings() {
	at := func(method, path, id, summary string) op {
		return op{tag: "meetings", method: method, path: "/meetings" + path, id: id, summary: summary, act: people.Read}
	}
	list := at(http.MethodGet, "", "meetings", "Your meetings that are on")
	list.saw = "read"
	add(a, list, a.listMeetings)
	begin := at(http.MethodPost, "", "begin-meeting", "Begin a meeting: requests that name it with the header "+auth.MeetingHeader+" are shown only what everybody in the room may see")
	begin.status = http.StatusCreated
	add(a, begin, a.beginMeeting)
	add(a, at(http.MethodDelete, "/{meeting}", "end-meeting", "End a meeting of yours"), a.endMeeting)
}

// guestsBody are people in the room who have no account here.
type guestsBody struct {
	TLP   string   `json:"tlp" maxLength:"20" doc:"The highest TLP they may be shown"`
	Sides []string `json:"sides,omitempty" maxItems:"20" doc:"Sides of agreements they are of, besides this one: what may not be released to one of them is not shown"`
}

type meetingBody struct {
	ID     string      `json:"id"`
	With   []string    `json:"with"`
	Guests *guestsBody `json:"guests,omitempty"`
	Began  time.Time   `json:"began"`
	Until  time.Time   `json:"until"`
}

type meetingsOutput struct {
	Body struct {
		Meetings []meetingBody `json:"meetings"`
	}
}

func (a *api) listMeetings(ctx context.Context, c caller, _ *struct{}) (*meetingsOutput, error) {
	list, err := a.Auth.Sessions().Meetings(ctx, c.Actor)
	out := &meetingsOutput{}
	out.Body.Meetings = []meetingBody{}
	for _, m := range list {
		out.Body.Meetings = append(out.Body.Meetings, meetingOf(m))
	}
	return out, err
}

func meetingOf(m session.MeetingOn) meetingBody {
	b := meetingBody{ID: m.ID, With: append([]string{}, m.With...), Began: m.Began, Until: m.Until}
	if m.Guests != nil {
		b.Guests = &guestsBody{TLP: m.Guests.TLP.Name()}
		for _, p := range m.Guests.Sides {
			b.Guests.Sides = append(b.Guests.Sides, string(p.Side))
		}
	}
	return b
}

type meetingOutput struct{ Body meetingBody }

func (a *api) beginMeeting(ctx context.Context, c caller, in *struct {
	Body struct {
		With    []string    `json:"with,omitempty" maxItems:"50" doc:"Accounts of this node besides yours"`
		Guests  *guestsBody `json:"guests,omitempty"`
		Minutes int         `json:"minutes" minimum:"1" maximum:"720" doc:"How long; afterwards requests that name it are refused"`
	}
},
) (*meetingOutput, error) {
	m := session.Meeting{With: in.Body.With, For: time.Duration(in.Body.Minutes) * time.Minute}
	if g := in.Body.Guests; g != nil {
		guests, err := a.guests(ctx, *g)
		if err != nil {
			return nil, err
		}
		m.Guests = guests
	}
	id, err := a.Auth.Sessions().Meet(ctx, c.Actor, m)
	if err != nil {
		return nil, err
	}
	list, err := a.Auth.Sessions().Meetings(ctx, c.Actor)
	for _, on := range list {
		if on.ID == id {
			return &meetingOutput{meetingOf(on)}, err
		}
	}
	return nil, err
}

func (a *api) guests(ctx context.Context, g guestsBody) (*people.Guests, error) {
	tlp, err := marking.ParseTLP(g.TLP)
	if err != nil {
		return nil, err
	}
	out := &people.Guests{TLP: tlp}
	all, err := a.Releases.Parties(ctx, a.Handle)
	if err != nil {
		return nil, err
	}
	for _, s := range g.Sides {
		p, ok := partyOf(all, ident.Side(s))
		if !ok {
			return nil, fault.Errorf(fault.Invalid, "%.40q is no side of an agreement", s)
		}
		out.Sides = append(out.Sides, p)
	}
	return out, nil
}

func partyOf(all []gate.Party, side ident.Side) (gate.Party, bool) {
	for _, p := range all {
		if p.Side == side {
			return p, true
		}
	}
	return gate.Party{}, false
}

func (a *api) endMeeting(ctx context.Context, c caller, in *struct {
	Meeting string `path:"meeting" maxLength:"64"`
},
) (*struct{}, error) {
	return nil, a.Auth.Sessions().EndMeeting(ctx, c.Actor, in.Meeting)
}

package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
)

func (a *api) organisations() {
	at := func(method, path, id, summary string, act people.Act) op {
		return op{tag: "people", method: method, path: path, id: id, summary: summary, act: act}
	}
	list := at(http.MethodGet, "/organisations", "organisations", "The organisations of this side; your own for who manages one", people.Manage)
	list.saw = "read"
	add(a, list, a.listOrganisations)
	create := at(http.MethodPost, "/organisations", "add-organisation", "Add an organisation", people.Administer)
	create.status, create.person = http.StatusCreated, true
	add(a, create, a.addOrganisation)
	change := at(http.MethodPut, "/organisations/{organisation}", "change-organisation", "Change all of an organisation but its id; its people sign in again when it takes something from them", people.Administer)
	change.person = true
	add(a, change, a.changeOrganisation)
	sessions := at(http.MethodGet, "/sessions", "sessions", "Where your account is signed in; another's for who may change it", "")
	sessions.any, sessions.saw = true, "read"
	add(a, sessions, a.listSessions)
	others := at(http.MethodDelete, "/sessions", "end-sessions", "Sign every session of your account out but the one you ask with; another's for who may change it", "")
	others.any = true
	add(a, others, a.endSessions)
	end := at(http.MethodDelete, "/sessions/{session}", "end-session", "Sign a session out", "")
	end.any = true
	add(a, end, a.endSession)
	link := at(http.MethodPost, "/accounts/{account}/link", "account-link", "Make a one-time link for an account: an invitation, or the way back in", people.Manage)
	link.person, link.secret = true, true
	add(a, link, a.accountLink)
}

// OrganisationFields is what an administrator says of an organisation.
type OrganisationFields struct {
	Name    string   `json:"name" minLength:"1" maxLength:"128"`
	Kind    string   `json:"kind" enum:"ministry,cert,police,regulator,operator,vendor,sector-body,academia"`
	Sectors []string `json:"sectors,omitempty" maxItems:"32"`
	Ceiling string   `json:"ceiling,omitempty" maxLength:"40" doc:"The highest clearance that counts for its people"`
	Closed  bool     `json:"closed,omitempty" doc:"Shuts every account of it"`
	Sponsor string   `json:"sponsor,omitempty" maxLength:"64" doc:"The ministry, CERT or regulator under which an industry member contributes"`
	Look    bool     `json:"look,omitempty" doc:"An officer of the sponsor sees what the member contributes before it goes"`
	Aliases []string `json:"aliases,omitempty" maxItems:"50" doc:"Other names and the domains it is known by; what would cross and names it waits for an officer"`
}

func (f OrganisationFields) organisation(id string) people.Organisation {
	return people.Organisation{ID: id, Name: f.Name, Kind: people.Kind(f.Kind), Sectors: f.Sectors, Ceiling: f.Ceiling, Closed: f.Closed, Sponsor: f.Sponsor, Look: f.Look, Aliases: f.Aliases}
}

type organisationBody struct {
	OrganisationFields
	ID      string `json:"id"`
	Created string `json:"created" format:"date-time"`
}

func organisationOf(o people.Organisation) organisationBody {
	return organisationBody{
		OrganisationFields{o.Name, string(o.Kind), texts(o.Sectors), o.Ceiling, o.Closed, o.Sponsor, o.Look, texts(o.Aliases)}, o.ID, moment(o.Created),
	}
}

type organisationsOutput struct {
	Body struct {
		Organisations []organisationBody `json:"organisations"`
	}
}

func (a *api) listOrganisations(ctx context.Context, c caller, _ *struct{}) (*organisationsOutput, error) {
	list, err := a.People.Organisations(ctx, c.Actor)
	out := &organisationsOutput{}
	out.Body.Organisations = []organisationBody{}
	for _, o := range list {
		out.Body.Organisations = append(out.Body.Organisations, organisationOf(o))
	}
	return out, err
}

type organisationOutput struct{ Body organisationBody }

func (a *api) oneOrganisation(ctx context.Context, c caller, id string) (*organisationOutput, error) {
	o, err := a.People.Organisation(ctx, c.Actor, id)
	return &organisationOutput{organisationOf(o)}, err
}

func (a *api) addOrganisation(ctx context.Context, c caller, in *struct {
	Body struct {
		OrganisationFields
		ID string `json:"id" minLength:"1" maxLength:"64"`
	}
},
) (*organisationOutput, error) {
	if err := a.People.AddOrganisation(ctx, c.Actor, in.Body.organisation(in.Body.ID)); err != nil {
		return nil, err
	}
	return a.oneOrganisation(ctx, c, in.Body.ID)
}

func (a *api) changeOrganisation(ctx context.Context, c caller, in *struct {
	Organisation string `path:"organisation" maxLength:"64"`
	Body         OrganisationFields
},
) (*organisationOutput, error) {
	if err := a.People.ChangeOrganisation(ctx, c.Actor, in.Body.organisation(in.Organisation)); err != nil {
		return nil, err
	}
	return a.oneOrganisation(ctx, c, in.Organisation)
}

type sessionBody struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	Method  string `json:"method" doc:"How it was opened"`
	Device  string `json:"device"`
	Address string `json:"address"`
	Created string `json:"created" format:"date-time"`
	Seen    string `json:"seen" format:"date-time"`
}

func sessionOf(s session.Session) sessionBody {
	return sessionBody{s.ID, s.Account, s.Method, s.Device, s.Address, moment(s.Created), moment(s.Seen)}
}

type sessionsOutput struct {
	Body struct {
		Sessions []sessionBody `json:"sessions"`
	}
}

type ownOrInput struct {
	Account string `query:"account" maxLength:"64" doc:"Another account than your own"`
}

func (in ownOrInput) account(c caller) string {
	if in.Account == "" {
		return c.Name
	}
	return in.Account
}

func (a *api) listSessions(ctx context.Context, c caller, in *ownOrInput) (*sessionsOutput, error) {
	list, err := a.Sessions.List(ctx, c.Actor, in.account(c))
	out := &sessionsOutput{}
	out.Body.Sessions = []sessionBody{}
	for _, s := range list {
		out.Body.Sessions = append(out.Body.Sessions, sessionOf(s))
	}
	return out, err
}

func (a *api) endSession(ctx context.Context, c caller, in *struct {
	Session string `path:"session" maxLength:"64"`
	Account string `query:"account" maxLength:"64" doc:"Whose it is, when it is not your own"`
},
) (*struct{}, error) {
	err := a.Sessions.End(ctx, c.Actor, ownOrInput{in.Account}.account(c), in.Session)
	return nil, err
}

type endedOutput struct {
	Body struct {
		Ended int64 `json:"ended" doc:"How many there were"`
	}
}

func (a *api) endSessions(ctx context.Context, c caller, in *ownOrInput) (*endedOutput, error) {
	out := &endedOutput{}
	var err error
	out.Body.Ended, err = a.Sessions.EndAll(ctx, c.Actor, in.account(c))
	return out, err
}

type linkOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"Shown once: the last part of the link's address"`
		Path   string `json:"path" doc:"The link, from this node's address on"`
	}
}

func (a *api) accountLink(ctx context.Context, c caller, in *AccountInput) (*linkOutput, error) {
	secret, err := a.Sessions.Link(ctx, c.Actor, in.Account)
	if err != nil {
		return nil, err
	}
	if secret == "" {
		return nil, fault.New(fault.NotFound, "no link was made")
	}
	out := &linkOutput{}
	out.Body.Secret, out.Body.Path = secret, "/welcome?link="+secret
	return out, nil
}

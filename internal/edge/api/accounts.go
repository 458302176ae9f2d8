package api

import (
	"context"
	"net/http"
	"time"

	"twoseas/internal/act/people"
)

func (a *api) accounts() {
	at := func(method, path, id, summary string, act people.Act) op {
		return op{tag: "people", method: method, path: path, id: id, summary: summary, act: act}
	}
	me := at(http.MethodGet, "/me", "me", "Who you are and what you may do", "")
	me.any, me.saw = true, "read"
	add(a, me, a.me)
	own := at(http.MethodPut, "/me/password", "change-own-password", "Change your own password; your sessions end", "")
	own.any, own.person, own.status = true, true, http.StatusNoContent
	add(a, own, a.ownPassword)
	roles := at(http.MethodGet, "/roles", "roles", "What each role may do", "")
	roles.any, roles.saw = true, "read"
	add(a, roles, a.roles)
	list := at(http.MethodGet, "/accounts", "accounts", "Every account; those of your organisation for who manages one", people.Manage)
	list.saw = "read"
	add(a, list, a.listAccounts)
	create := at(http.MethodPost, "/accounts", "add-account", "Add an account", people.Manage)
	create.status, create.person = http.StatusCreated, true
	add(a, create, a.addAccount)
	change := at(http.MethodPut, "/accounts/{account}", "change-account", "Change all of an account but its name and ways in", people.Manage)
	change.person = true
	add(a, change, a.changeAccount)
	disable := at(http.MethodPost, "/accounts/{account}/disable", "disable-account", "Shut an account and its tokens out", people.Manage)
	disable.person = true
	add(a, disable, a.disable)
	enable := at(http.MethodPost, "/accounts/{account}/enable", "enable-account", "Open a closed account again", people.Manage)
	enable.person = true
	add(a, enable, a.enable)
	tokens := at(http.MethodGet, "/tokens", "tokens", "Your own tokens; those of an account for who administers or audits", "")
	tokens.any, tokens.saw = true, "read"
	add(a, tokens, a.tokens)
	issue := at(http.MethodPost, "/tokens", "issue-token", "Make a token; it is shown once", "")
	issue.any, issue.person, issue.secret, issue.status = true, true, true, http.StatusCreated
	add(a, issue, a.issueToken)
	revoke := at(http.MethodDelete, "/tokens/{token}", "revoke-token", "Make a token worthless", "")
	revoke.any = true
	add(a, revoke, a.revokeToken)
}

type meOutput struct {
	Body struct {
		Account      string   `json:"account"`
		Organisation string   `json:"organisation"`
		Roles        []string `json:"roles"`
		Clearance    string   `json:"clearance"`
		Token        string   `json:"token,omitempty" doc:"Id of the token that was shown"`
		May          []string `json:"may"`
	}
}

func (a *api) me(_ context.Context, c caller, _ *struct{}) (*meOutput, error) {
	out := &meOutput{}
	b := &out.Body
	b.Account, b.Organisation, b.Roles, b.Clearance, b.Token = c.Name, c.Org, texts(c.Roles), c.Clearance.String(), c.Token
	b.May = []string{}
	for _, act := range people.Offered() {
		if c.May(act) == nil {
			b.May = append(b.May, string(act))
		}
	}
	return out, nil
}

func (a *api) ownPassword(ctx context.Context, c caller, in *struct {
	Body struct {
		Old string `json:"old" maxLength:"1000"`
		New string `json:"new" maxLength:"1000"`
	}
},
) (*struct{}, error) {
	return nil, a.People.ChangePassword(ctx, c.Name, in.Body.Old, in.Body.New, c.remote, c.Session)
}

type roleBody struct {
	Role string   `json:"role"`
	May  []string `json:"may"`
}

type rolesOutput struct {
	Body struct {
		Roles []roleBody `json:"roles"`
	}
}

func (a *api) roles(context.Context, caller, *struct{}) (*rolesOutput, error) {
	out := &rolesOutput{}
	for _, r := range people.Roles() {
		b := roleBody{Role: string(r), May: []string{}}
		for _, act := range people.Offered() {
			if r.May(act) {
				b.May = append(b.May, string(act))
			}
		}
		out.Body.Roles = append(out.Body.Roles, b)
	}
	return out, nil
}

type accountBody struct {
	Account      string   `json:"account"`
	Organisation string   `json:"organisation"`
	Roles        []string `json:"roles"`
	Clearance    string   `json:"clearance"`
	Effective    string   `json:"effective" doc:"What the organisation's ceiling leaves of the clearance"`
	FullName     string   `json:"full_name,omitempty"`
	Email        string   `json:"email,omitempty"`
	Disabled     bool     `json:"disabled"`
	Created      string   `json:"created" format:"date-time"`
	// Audiences is left out of lists.
	Audiences []people.Audience `json:"audiences,omitempty" doc:"Caveats whose newest list of this side names the organisation; not in lists"`
}

func accountOf(u people.Account) accountBody {
	return accountBody{u.Name, u.Org, texts(u.Roles), u.Clearance, u.Effective, u.FullName, u.Email, u.Disabled, moment(u.Created), u.Audiences}
}

func (a *api) listAccounts(ctx context.Context, c caller, in *PageInput) (*listOutput[accountBody], error) {
	after, err := in.place(c)
	if err != nil {
		return nil, err
	}
	list, err := a.People.List(ctx, c.Actor)
	if err != nil {
		return nil, err
	}
	var items []accountBody
	next := ""
	for _, u := range list {
		if u.Name <= after {
			continue
		}
		if len(items) == in.size() {
			next = after
			break
		}
		after = u.Name
		items = append(items, accountOf(u))
	}
	return listed(c, items, next), nil
}

// AccountFields is what an administrator says of an account.
type AccountFields struct {
	Organisation string   `json:"organisation,omitempty" maxLength:"128" doc:"Id of an organisation"`
	FullName     string   `json:"full_name,omitempty" maxLength:"128"`
	Email        string   `json:"email,omitempty" maxLength:"254"`
	Roles        []string `json:"roles" minItems:"1"`
	Clearance    string   `json:"clearance,omitempty" maxLength:"200" doc:"Highest TLP, with +UNMARKED or not, and codes of classification levels after it; TLP:GREEN when left out"`
}

func (f AccountFields) account(name string) (people.Account, error) {
	u := people.Account{Name: name, Org: f.Organisation, Clearance: f.Clearance, FullName: f.FullName, Email: f.Email}
	for _, r := range f.Roles {
		role, err := people.ParseRole(r)
		if err != nil {
			return u, err
		}
		u.Roles = append(u.Roles, role)
	}
	return u, nil
}

type accountOutput struct{ Body accountBody }

func (a *api) addAccount(ctx context.Context, c caller, in *struct {
	Body struct {
		AccountFields
		Account  string `json:"account" maxLength:"64"`
		Password string `json:"password,omitempty" maxLength:"1000" doc:"Left out: only tokens open the account"`
	}
},
) (*accountOutput, error) {
	u, err := in.Body.account(in.Body.Account)
	if err != nil {
		return nil, err
	}
	u.Password = in.Body.Password
	if err := a.People.AddAccount(ctx, c.Actor, u); err != nil {
		return nil, err
	}
	return a.found(ctx, c, u.Name)
}

func (a *api) found(ctx context.Context, c caller, name string) (*accountOutput, error) {
	u, err := a.People.Get(ctx, c.Actor, name)
	return &accountOutput{accountOf(u)}, err
}

// AccountInput names an account.
type AccountInput struct {
	Account string `path:"account" maxLength:"64"`
}

func (a *api) changeAccount(ctx context.Context, c caller, in *struct {
	AccountInput
	Body AccountFields
},
) (*accountOutput, error) {
	u, err := in.Body.account(in.Account)
	if err != nil {
		return nil, err
	}
	if err := a.People.Change(ctx, c.Actor, u); err != nil {
		return nil, err
	}
	return a.found(ctx, c, in.Account)
}

func (a *api) disable(ctx context.Context, c caller, in *AccountInput) (*accountOutput, error) {
	if err := a.People.Disable(ctx, c.Actor, in.Account); err != nil {
		return nil, err
	}
	return a.found(ctx, c, in.Account)
}

func (a *api) enable(ctx context.Context, c caller, in *AccountInput) (*accountOutput, error) {
	if err := a.People.Enable(ctx, c.Actor, in.Account); err != nil {
		return nil, err
	}
	return a.found(ctx, c, in.Account)
}

type tokenBody struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	Note    string `json:"note"`
	Created string `json:"created" format:"date-time"`
	Expires string `json:"expires" format:"date-time"`
}

type tokensOutput struct {
	Body struct {
		Tokens []tokenBody `json:"tokens"`
	}
}

func (a *api) tokens(ctx context.Context, c caller, in *struct {
	Account string `query:"account" maxLength:"64" doc:"Another account than your own"`
},
) (*tokensOutput, error) {
	name := in.Account
	if name == "" {
		name = c.Name
	}
	list, err := a.People.Tokens(ctx, c.Actor, name)
	out := &tokensOutput{}
	out.Body.Tokens = []tokenBody{}
	for _, k := range list {
		out.Body.Tokens = append(out.Body.Tokens, tokenBody{k.ID, k.Account, k.Note, k.Created.Format(time.RFC3339), k.Expires.Format(time.RFC3339)})
	}
	return out, err
}

type issuedOutput struct {
	Body struct {
		Token string `json:"token" doc:"Kept nowhere: note it now"`
	}
}

func (a *api) issueToken(ctx context.Context, c caller, in *struct {
	Body struct {
		Account string `json:"account,omitempty" maxLength:"64" doc:"Another account than your own, for who administers"`
		Note    string `json:"note,omitempty" maxLength:"200" doc:"What it is for"`
		Days    int    `json:"days,omitempty" minimum:"1" maximum:"1825" doc:"How long it is good for; 365 when left out"`
	}
},
) (*issuedOutput, error) {
	name := in.Body.Account
	if name == "" {
		name = c.Name
	}
	token, err := a.People.IssueToken(ctx, c.Actor, name, in.Body.Note, time.Duration(in.Body.Days)*24*time.Hour)
	out := &issuedOutput{}
	out.Body.Token = token
	return out, err
}

func (a *api) revokeToken(ctx context.Context, c caller, in *struct {
	Token string `path:"token" maxLength:"64"`
},
) (*struct{}, error) {
	return nil, a.People.RevokeToken(ctx, c.Actor, in.Token)
}

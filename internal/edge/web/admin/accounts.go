package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/account"
	"twoseas/internal/edge/web/page"
)

// perPage is how many accounts a page lists.
const perPage = 100

// accounts is the list, filtered by what the address says.
type accounts struct {
	*page.Request
	Query, Org, Role, State string
	Accounts                []people.Account
	Bodies                  map[string]people.Organisation
	Total                   int64
	First, Next             string
}

func (a area) list(w http.ResponseWriter, r *http.Request) error {
	q, v := page.Of(r), r.URL.Query()
	f := accounts{Request: q, Query: v.Get("q"), Org: v.Get("organisation"), Role: v.Get("role"), State: v.Get("state")}
	all, err := a.People.List(r.Context(), q.Actor)
	if err != nil {
		return err
	}
	if f.Bodies, err = a.bodies(r); err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(x people.Account) bool { return !f.takes(x) })
	f.Total = int64(len(all))
	after := v.Get("after")
	from, _ := slices.BinarySearchFunc(all, after, func(x people.Account, name string) int { return strings.Compare(x.Name, name+"\x00") })
	if after != "" {
		f.First = address(v, "")
	} else {
		from = 0
	}
	f.Accounts = all[from:min(from+perPage, len(all))]
	if from+perPage < len(all) {
		f.Next = address(v, f.Accounts[perPage-1].Name)
	}
	head := page.Head{Title: q.T("people.title"), Lead: q.T("people.lead"), Area: navigation, Action: add(q)}
	return a.Render(w, r, head, accountsPage(f))
}

// opens reports whether the one who asks may open the page of an account: an
// organisation's own administrator not where a role is of the whole node.
func (f accounts) opens(x people.Account) bool {
	return administers(f.Request) || !slices.ContainsFunc(x.Roles, func(r people.Role) bool { return !r.Local() })
}

// address is the list's own, from after an account on.
func address(v url.Values, after string) string {
	out := url.Values{}
	for _, name := range []string{"q", "organisation", "role", "state"} {
		if s := v.Get(name); s != "" {
			out.Set(name, s)
		}
	}
	if after != "" {
		out.Set("after", after)
	}
	return list + "?" + out.Encode()
}

// takes reports whether the filters let an account through.
func (f accounts) takes(x people.Account) bool {
	if f.Query != "" {
		text := strings.ToLower(x.Name + "\n" + x.FullName + "\n" + x.Email)
		if !strings.Contains(text, strings.ToLower(f.Query)) {
			return false
		}
	}
	closed := x.Disabled || x.OrgClosed
	return (f.Org == "" || x.Org == f.Org) && (f.Role == "" || slices.Contains(x.Roles, people.Role(f.Role))) &&
		(f.State == "" || (f.State == "closed") == closed)
}

func (a area) bodies(r *http.Request) (map[string]people.Organisation, error) {
	all, err := a.People.Organisations(r.Context(), page.Of(r).Actor)
	out := map[string]people.Organisation{}
	for _, o := range all {
		out[o.ID] = o
	}
	return out, err
}

// edit is the form of an account: a new one, or one that is there.
type edit struct {
	*page.Request
	Account people.Account
	New     bool
	Choices []people.Organisation
	Bound   string // what the node may hold at most, in words
	Failed  string // in the act's words, which are English
}

// roles returns the roles the one who asks may give.
func (f edit) roles() []people.Role {
	return slices.DeleteFunc(people.Roles(), func(r people.Role) bool { return !administers(f.Request) && !r.Local() })
}

// bound is the highest classification the node may hold, in words.
func (a area) bound(q *page.Request) string {
	if c := a.People.Ceiling(); c != "" {
		return c
	}
	return q.T("people.levels.none")
}

// level, unmarked and classified take a clearance apart, for its three inputs.
func level(clearance string) string {
	l, _, _ := strings.Cut(clearance, " ")
	l, _ = strings.CutSuffix(l, "+UNMARKED")
	return l
}

func unmarked(clearance string) bool {
	l, _, _ := strings.Cut(clearance, " ")
	return strings.HasSuffix(l, "+UNMARKED")
}

func classified(clearance string) string {
	_, codes, _ := strings.Cut(clearance, " ")
	return codes
}

// clearance puts the three inputs together.
func clearance(r *http.Request, level string) string {
	c := r.PostFormValue(level)
	if r.PostFormValue("unmarked") != "" {
		c += "+UNMARKED"
	}
	for code := range strings.FieldsFuncSeq(r.PostFormValue("levels"), func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '+' }) {
		c += " " + code
	}
	return c
}

// typed returns the account that the form describes.
func typed(r *http.Request, name string) people.Account {
	x := people.Account{
		Name: name, Org: r.PostFormValue("organisation"), FullName: r.PostFormValue("full-name"), Email: r.PostFormValue("email"),
		Clearance: clearance(r, "clearance"),
	}
	for _, role := range r.PostForm["role"] {
		x.Roles = append(x.Roles, people.Role(role))
	}
	return x
}

func (a area) newAccount(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	org := r.FormValue("organisation")
	if !administers(q) {
		org = q.Actor.Org
	}
	return a.newPage(w, r, edit{Account: people.Account{Org: org, Clearance: "TLP:GREEN"}})
}

func (a area) newPage(w http.ResponseWriter, r *http.Request, f edit) error {
	f.Request, f.New = page.Of(r), true
	f.Bound = a.bound(f.Request)
	var err error
	if f.Choices, err = a.People.Organisations(r.Context(), f.Actor); err != nil {
		return err
	}
	head := page.Head{Title: f.T("people.add"), Lead: f.T("people.add.lead"), Area: navigation}
	if f.Failed != "" {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, newAccountPage(f))
}

func (a area) addAccount(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	x := typed(r, strings.TrimSpace(r.PostFormValue("name")))
	if err := a.People.AddAccount(r.Context(), page.Of(r).Actor, x); err != nil {
		text, err := told(err)
		if err != nil {
			return err
		}
		return a.newPage(w, r, edit{Account: x, Failed: text})
	}
	return page.See(w, r, one+url.PathEscape(strings.ToLower(x.Name)))
}

// person is the page of one account.
type person struct {
	edit
	Body     people.Organisation
	Ways     session.Ways
	Sessions []session.Session
	Tokens   []people.Token
	Link     string // a new one, shown once
	Token    string // a new one, shown once
	Mine     bool   // the account of the one who asks
}

func (p person) path(what string) string { return one + url.PathEscape(p.Account.Name) + what }

func (a area) account(w http.ResponseWriter, r *http.Request) error {
	return a.personPage(w, r, person{})
}

func (a area) personPage(w http.ResponseWriter, r *http.Request, p person) error {
	q := page.Of(r)
	p.Request, p.Bound = q, a.bound(q)
	if err := a.fill(r, &p); err != nil {
		return err
	}
	head := page.Head{Title: p.Account.Name, Lead: p.Account.FullName, Area: navigation, Chips: state(q, p.Account)}
	if p.Failed != "" {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, personPage(p))
}

// fill reads everything about the account that the address names; what is not
// the reader's to change is not there.
func (a area) fill(r *http.Request, p *person) error {
	ctx, by, name := r.Context(), p.Actor, r.PathValue("account")
	now, err := a.People.Get(ctx, by, name)
	if err != nil {
		return err
	}
	if p.Ways, err = a.Auth.Sessions().Ways(ctx, by, now.Name); err != nil {
		return err
	}
	if p.Sessions, err = a.Auth.Sessions().List(ctx, by, now.Name); err != nil {
		return err
	}
	if p.Tokens, err = a.People.Tokens(ctx, by, now.Name); err != nil {
		return err
	}
	if p.Choices, err = a.People.Organisations(ctx, by); err != nil {
		return err
	}
	if i := slices.IndexFunc(p.Choices, func(o people.Organisation) bool { return o.ID == now.Org }); i >= 0 {
		p.Body = p.Choices[i]
	}
	if p.Failed != "" { // what was typed stays
		typed := p.Account
		now.Org, now.FullName, now.Email, now.Roles, now.Clearance = typed.Org, typed.FullName, typed.Email, typed.Roles, typed.Clearance
	}
	p.Account, p.Mine = now, now.Name == by.Name
	return nil
}

func (a area) changeAccount(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	x := typed(r, r.PathValue("account"))
	if err := a.People.Change(r.Context(), page.Of(r).Actor, x); err != nil {
		text, err := told(err)
		if err != nil {
			return err
		}
		return a.personPage(w, r, person{edit: edit{Account: x, Failed: text}})
	}
	return page.See(w, r, one+url.PathEscape(x.Name))
}

func (a area) link(w http.ResponseWriter, r *http.Request) error {
	secret, err := a.Auth.Sessions().Link(r.Context(), page.Of(r).Actor, r.PathValue("account"))
	if err != nil {
		return err
	}
	origin, err := a.Auth.Origin(r)
	if err != nil {
		return err
	}
	return a.personPage(w, r, person{Link: origin.String() + "/welcome?link=" + secret})
}

// then sends the browser back to the account's page when err is nil.
func then(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil {
		return err
	}
	return page.See(w, r, one+url.PathEscape(r.PathValue("account")))
}

func (a area) disable(w http.ResponseWriter, r *http.Request) error {
	return then(w, r, a.People.Disable(r.Context(), page.Of(r).Actor, r.PathValue("account")))
}

func (a area) enable(w http.ResponseWriter, r *http.Request) error {
	return then(w, r, a.People.Enable(r.Context(), page.Of(r).Actor, r.PathValue("account")))
}

func (a area) endSession(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	return then(w, r, a.Auth.Sessions().End(r.Context(), page.Of(r).Actor, r.PathValue("account"), r.PostFormValue("session")))
}

func (a area) endSessions(w http.ResponseWriter, r *http.Request) error {
	_, err := a.Auth.Sessions().EndAll(r.Context(), page.Of(r).Actor, r.PathValue("account"))
	return then(w, r, err)
}

func (a area) issue(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	life, err := account.Life(r.PostFormValue("life"))
	if err != nil {
		return err
	}
	token, err := a.People.IssueToken(r.Context(), page.Of(r).Actor, r.PathValue("account"), r.PostFormValue("note"), life)
	if err != nil {
		return err
	}
	return a.personPage(w, r, person{Token: token})
}

// revoke takes a token of the account in the address and of no other, whatever
// the form says.
func (a area) revoke(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	by, id := page.Of(r).Actor, r.PostFormValue("token")
	tokens, err := a.People.Tokens(r.Context(), by, strings.ToLower(r.PathValue("account")))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(tokens, func(k people.Token) bool { return k.ID == id }) {
		return fault.New(fault.NotFound, "the account has no such token")
	}
	return then(w, r, a.People.RevokeToken(r.Context(), by, id))
}

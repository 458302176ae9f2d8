package admin_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/formtest"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery"

type site struct {
	*nodetest.Node
	t *testing.T
}

// open starts a node with two organisations and people of both.
func open(t *testing.T) *site {
	t.Helper()
	s := &site{nodetest.Start(t, "in", func(c *node.Config) { c.OneFactor = true }), t}
	for _, o := range []people.Organisation{
		{ID: "grid", Name: "Grid", Kind: people.Operator, Ceiling: "TLP:AMBER"},
		{ID: "bank", Name: "Bank", Kind: people.Operator, Ceiling: "TLP:RED"},
	} {
		s.must(s.People.AddOrganisation(t.Context(), s.Operator(), o))
	}
	for name, a := range map[string]people.Account{
		"boss":       {Roles: []people.Role{people.Administrator}},
		"auditor":    {Roles: []people.Role{people.Auditor}},
		"grid-admin": {Org: "grid", Roles: []people.Role{people.OrganisationAdministrator}},
		"grid-one":   {Org: "grid", Roles: []people.Role{people.Member}},
		"grid-cert":  {Org: "grid", Roles: []people.Role{people.Member, people.Analyst}},
		"bank-one":   {Org: "bank", Roles: []people.Role{people.Member}},
		"lost-admin": {Roles: []people.Role{people.OrganisationAdministrator}},
	} {
		a.Name, a.Password = name, password
		s.must(s.People.AddAccount(t.Context(), s.Operator(), a))
	}
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) as(name string) *formtest.Browser {
	return formtest.New(s.t, s.Run.URL).SignIn(name, password)
}

func (s *site) get(name string) people.Account {
	s.t.Helper()
	a, err := s.People.Get(s.t.Context(), s.Operator(), name)
	s.must(err)
	return a
}

var linkRE = regexp.MustCompile(`<code class="digest">(https://[^<]*)</code>`)

func TestAnAdministratorLooksAfterPeople(t *testing.T) {
	s := open(t)
	b := s.as("boss")
	b.Get("/people").Want(200, "/people", "7 accounts", "grid-one", "bank-one")
	b.Get("/people?organisation=grid&q=ONE").Want(200, "", "1 account", "grid-one").Lacks("bank-one")
	b.Get("/people?role=administrator").Want(200, "", "1 account").Lacks("grid-one")
	b.Get("/people?q=nobody").Want(200, "", "No account fits")
	b.Get("/people?after=grid-admin").Want(200, "", "grid-cert", "First page").Lacks(`account/boss"`)
	b.Get("/people/add?organisation=bank").Want(200, "/people/add")
	b.Submit("/people/add", url.Values{"name": {"x y"}, "full-name": {"X <i>Y</i>"}, "role": {"auditor"}, "clearance": {"TLP:RED"}, "organisation": {"bank"}}).
		Want(422, "/people/add", "account name", "X &lt;i&gt;Y&lt;/i&gt;", `value="auditor" checked`)
	b.Submit("/people/add", url.Values{"name": {"New.One"}, "full-name": {"X"}, "email": {"x@example.in"}, "role": {"auditor"}, "clearance": {"TLP:RED"}, "unmarked": {"1"}, "organisation": {"bank"}}).
		Want(200, "/people/account/new.one", "No way in yet", "ceiling of Bank")
	if a := s.get("new.one"); a.Clearance != "TLP:RED+UNMARKED" || a.Effective != "TLP:RED" || a.Email != "x@example.in" || a.Org != "bank" {
		t.Errorf("%+v", a)
	}
	b.Submit("/people/account/new.one/link", nil).Want(200, "", "The one-time link")
	link := linkRE.FindStringSubmatch(b.Body)
	if link == nil {
		t.Fatal("no link: " + b.Words())
	}
	formtest.New(t, s.Run.URL).Get(strings.TrimPrefix(link[1], s.Run.URL)).Want(200, "", "Welcome, new.one")

	victim := s.as("bank-one").Get("/account").Want(200, "/account")
	b.Get("/people/account/bank-one").Want(200, "", "Firefox, Linux")
	b.Submit("/people/account/bank-one", url.Values{"role": {"member", "analyst"}, "organisation": {"bank"}, "clearance": {"TLP:GREEN"}}).Want(200, "/people/account/bank-one")
	victim.Get("/account").Want(200, "/sign-in") // at once
	if a := s.get("bank-one"); len(a.Roles) != 2 {
		t.Errorf("%+v", a)
	}
	b.Submit("/people/account/bank-one", url.Values{"role": {"emperor"}, "organisation": {"bank"}, "clearance": {"TLP:GREEN"}}).Want(422, "", "emperor")
	b.Get("/people/account/bank-one").Submit("/people/account/bank-one/disable", nil).Want(200, "", "Closed")
	s.as("bank-one").Want(403, "/sign-in")
	b.Submit("/people/account/bank-one/enable", nil).Want(200, "", "Open")

	b.Submit("/people/account/bank-one/tokens", url.Values{"note": {"SIEM"}, "life": {"30"}}).Want(200, "", "The new token", "tws_")
	tokens, err := s.People.Tokens(t.Context(), s.Operator(), "bank-one")
	s.must(err)
	b.Post("/people/account/grid-one/tokens/revoke", url.Values{"token": {tokens[0].ID}}).Want(404, "")
	b.Get("/people/account/bank-one").Lacks("tws_").Submit("/people/account/bank-one/tokens/revoke", url.Values{"token": {tokens[0].ID}}).Want(200, "").Lacks(tokens[0].ID)
	b.Post("/people/account/bank-one/tokens", url.Values{"life": {"9999"}}).Want(422, "")

	b.Get("/people/account/boss").Want(200, "", "your own account").Lacks("Close the account")
	b.Post("/people/account/boss", url.Values{"role": {"administrator", "releasing-officer"}, "clearance": {"TLP:RED"}}).Want(422, "", "nobody changes the rights")
	b.Post("/people/account/boss/disable", nil).Want(403, "")
	b.Get("/people/account/nobody").Want(404, "")
}

// TestAPromotionOutOfAnOrganisationIsSaid: before, what it takes back; after,
// that the person needs a link; and to the person, in it and for a while after.
func TestAPromotionOutOfAnOrganisationIsSaid(t *testing.T) {
	s := open(t)
	own := s.as("grid-admin")
	own.Get("/people/account/grid-one").Submit("/people/account/grid-one/tokens", url.Values{"note": {"collector of his"}, "life": {"30"}}).Want(200, "", "The new token")
	own.Get("/people/account/grid-one").Want(200, "", "collector of his").Lacks("takes back everything")
	b := s.as("boss")
	b.Get("/people/account/grid-one").Want(200, "", "takes back everything that opens it").Lacks("was taken back")
	b.Submit("/people/account/grid-one", url.Values{"role": {"analyst"}, "organisation": {"grid"}, "clearance": {"TLP:GREEN"}}).
		Want(200, "/people/account/grid-one", "was taken back", "No way in yet").Lacks("collector of his")
	b.Submit("/people/account/grid-one/link", nil).Want(200, "", "The one-time link")
	link := linkRE.FindStringSubmatch(b.Body)
	if link == nil {
		t.Fatal("no link: " + b.Words())
	}
	p := formtest.New(t, s.Run.URL).Get(strings.TrimPrefix(link[1], s.Run.URL)).Want(200, "", "Welcome, grid-one")
	p.Submit("/welcome", nil).Want(200, "/enrol", "somebody else may have set it up")
}

func TestOrganisationsAndTheirCeiling(t *testing.T) {
	s := open(t)
	b := s.as("boss")
	b.Get("/people/organisations").Want(200, "", "Grid", "Operator of infrastructure")
	b.Get("/people/add-organisation").Submit("/people/add-organisation", url.Values{"body-id": {"a b"}, "body-name": {"X"}, "kind": {"cert"}, "ceiling": {"TLP:RED"}}).Want(422, "", "organisation")
	b.Submit("/people/add-organisation", url.Values{"body-id": {"CERT"}, "body-name": {"Computer"}, "kind": {"cert"}, "ceiling": {"TLP:RED"}, "sectors": {"Energy, finance、 telecom"}}).
		Want(200, "/people/organisations", "Computer", "energy, finance, telecom")
	b.Get("/people/add-organisation").Submit("/people/add-organisation", url.Values{"body-id": {"cert"}, "body-name": {"Again"}, "kind": {"cert"}, "ceiling": {"TLP:RED"}}).Want(422, "", "exists already")

	member := s.as("bank-one").Get("/account").Want(200, "/account", "TLP:GREEN")
	b.Get("/people/organisation/bank").Submit("/people/organisation/bank", url.Values{"kind": {"operator"}, "ceiling": {"TLP:CLEAR"}}).Want(200, "/people/organisation/bank")
	member.Get("/account").Want(200, "/sign-in")
	if a := s.get("bank-one"); a.Effective != "TLP:CLEAR" || a.Clearance != "TLP:GREEN" {
		t.Errorf("under the new ceiling: %+v", a)
	}
	by, err := s.People.As(t.Context(), s.Operator(), "bank-one")
	s.must(err)
	if got := by.Clearance.String(); got != "TLP:CLEAR" {
		t.Errorf("the actor's clearance is %s", got)
	}
	b.Submit("/people/organisation/bank", url.Values{"kind": {"operator"}, "ceiling": {"TLP:RED"}, "closed": {"1"}}).Want(200, "")
	s.as("bank-one").Want(403, "/sign-in", "Wrong account name or password")
	b.Get("/people/account/bank-one").Want(200, "", "Organisation closed")
	b.Get("/people/organisation/none").Want(404, "")
}

func TestAnOrganisationsOwnAdministratorStaysInIt(t *testing.T) {
	s := open(t)
	b := s.as("grid-admin")
	b.Get("/people").Want(200, "/people", "3 accounts", "grid-one", "grid-cert").Lacks("bank-one", "boss", "account/grid-cert")
	b.Get("/people?organisation=bank").Want(200, "", "No account fits")
	b.Get("/people/organisations").Want(200, "", "Grid").Lacks("Bank")
	missing := b.Get("/people/account/nobody").Want(404, "").Words()
	for _, name := range []string{"boss", "bank-one", "grid-cert", "lost-admin"} {
		path := "/people/account/" + name
		if got := b.Get(path).Want(404, "").Words(); strings.ReplaceAll(got, name, "nobody") != missing {
			t.Errorf("%s looks otherwise than what is not there:\n%s\n%s", name, got, missing)
		}
		for _, act := range []string{"/link", "/disable", "/enable", "/sessions/end-all", "/tokens"} {
			b.Post(path+act, url.Values{"life": {"30"}}).Want(404, "")
		}
		b.Post(path, url.Values{"role": {"member"}, "organisation": {"grid"}, "clearance": {"TLP:GREEN"}}).Want(404, "")
	}
	for _, path := range []string{"/people/organisation/bank", "/people/organisation/none"} {
		b.Get(path).Want(404, "")
	}
	for _, path := range []string{"/people/add-organisation", "/people/organisation/grid"} {
		b.Post(path, url.Values{"body-id": {"x"}, "body-name": {"X"}, "kind": {"cert"}, "ceiling": {"TLP:RED"}}).Want(403, "")
	}
	b.Get("/people/add").Want(200, "", "Member (industry)").Lacks("Releasing officer", "Bank")
	add := func(org, role, clearance string) *formtest.Browser {
		return b.Post("/people/add", url.Values{"name": {"new"}, "role": {role}, "organisation": {org}, "clearance": {clearance}})
	}
	for _, c := range [][3]string{
		{"bank", "member", "TLP:GREEN"},
		{"", "member", "TLP:GREEN"},
		{"grid", "analyst", "TLP:GREEN"},
		{"grid", "administrator", "TLP:GREEN"},
		{"grid", "auditor", "TLP:GREEN"},
		{"grid", "member", "TLP:RED"},
		{"grid", "member", "TLP:AMBER+STRICT"},
		{"grid", "member", "TLP:GREEN+UNMARKED"},
	} {
		add(c[0], c[1], c[2]).Want(422, "")
		if _, err := s.People.Get(t.Context(), s.Operator(), "new"); !fault.Is(err, fault.NotFound) {
			t.Fatalf("%v was added: %v", c, err)
		}
	}
	add("grid", "member", "TLP:AMBER").Want(200, "/people/account/new")
	change := func(form url.Values) *formtest.Browser { return b.Post("/people/account/new", form) }
	change(url.Values{"role": {"member", "releasing-officer"}, "organisation": {"grid"}, "clearance": {"TLP:AMBER"}}).Want(422, "")
	change(url.Values{"role": {"member"}, "organisation": {"bank"}, "clearance": {"TLP:AMBER"}}).Want(422, "")
	change(url.Values{"role": {"member"}, "organisation": {"grid"}, "clearance": {"TLP:RED"}}).Want(422, "")
	change(url.Values{"role": {"organisation-administrator"}, "organisation": {"grid"}, "clearance": {"TLP:CLEAR"}}).Want(200, "/people/account/new")
	b.Get("/people/account/new").Submit("/people/account/new/link", nil).Want(200, "", "The one-time link")
	b.Get("/people/account/new").Submit("/people/account/new/disable", nil).Want(200, "", "Closed")
	if a := s.get("grid-cert"); a.Disabled || len(a.Roles) != 2 {
		t.Errorf("grid-cert was changed: %+v", a)
	}

	lost := s.as("lost-admin") // of no organisation: nobody is his
	lost.Get("/people").Want(200, "", "No account fits")
	lost.Get("/people/account/boss").Want(404, "")
	lost.Post("/people/add", url.Values{"name": {"x"}, "role": {"member"}, "clearance": {"TLP:GREEN"}}).Want(422, "")
}

func TestTheTableOfRolesIsForEverybody(t *testing.T) {
	s := open(t)
	b := s.as("grid-one").Get("/people/roles").Want(200, "", "Approve or refuse a release", "Law-enforcement liaison")
	if got := strings.Count(b.Body, "✓"); got != marks() {
		t.Errorf("%d marks, want %d", got, marks())
	}
	for _, path := range []string{"/people", "/people/add", "/people/account/grid-one", "/people/organisations"} {
		b.Get(path).Want(403, "")
	}
}

// marks is how many acts all roles have.
func marks() (n int) {
	for _, r := range people.Roles() {
		for _, a := range people.Offered() {
			if r.May(a) {
				n++
			}
		}
	}
	return n
}

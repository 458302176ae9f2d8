package requests_test

import (
	"net/url"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/formtest"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery staple"

// TestARequestIsAskedAndWithdrawn: nothing typed is lost when it is refused,
// what is sent is listed on the right side, filters stand in the address, and
// a step after another than the last is refused.
func TestARequestIsAskedAndWithdrawn(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, func(c *node.Config) { c.OneFactor = true })
	as := func(name string, role people.Role) *formtest.Browser {
		if err := in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Clearance: "TLP:RED", Password: password}); err != nil {
			t.Fatal(err)
		}
		return formtest.New(t, in.Run.URL).SignIn(name, password)
	}
	as("mem", people.Member).Get("/requests").Want(403, "")
	duty := as("duty", people.DutyOfficer)
	duty.Get("/requests").Want(200, "/requests", `href="/ask"`)
	duty.Get("/ask").Submit("/ask", url.Values{"title": {"A <i>page</i>"}, "text": {"Please look."}, "asked-by": {"18 March"}}).
		Want(422, "/ask", "A &lt;i&gt;page&lt;/i&gt;", "Please look.", "Something needs your attention")
	asks := url.Values{
		"agreement": {string(nodetest.InJp)}, "kind": {"information"}, "urgency": {"routine"}, "channel": {"technical"}, "language": {"en"},
		"title": {"A <i>page</i>"}, "text": {"Please look."}, "asked-by": {""},
	}
	duty.Submit("/ask", asks).Want(200, "", "A &lt;i&gt;page&lt;/i&gt;", "Withdraw the request").Lacks("<i>page")
	duty.Get("/requests").Lacks("A &lt;i&gt;page")
	duty.Get("/requests?by=us&kind=takedown").Lacks("A &lt;i&gt;page")
	duty.Get("/requests?by=us&after=rubbish").Want(422, "")
	duty.Get("/requests?by=us").Want(200, "", "A &lt;i&gt;page&lt;/i&gt;")
	duty.Get("/requests/none").Want(404, "")
}

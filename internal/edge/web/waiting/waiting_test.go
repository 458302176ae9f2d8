package waiting_test

import (
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/formtest"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery staple"

// TestWhatWaitsIsWhatOneMayDo: an officer is shown what the clearance admits
// to, the badge says the same number as the page, on the overview too, and
// nobody else is told of any.
func TestWhatWaitsIsWhatOneMayDo(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, func(c *node.Config) { c.OneFactor = true })
	as := func(name, clearance string, role people.Role) *formtest.Browser {
		t.Helper()
		if err := in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Clearance: clearance, Password: password}); err != nil {
			t.Fatal(err)
		}
		return formtest.New(t, in.Run.URL).SignIn(name, password)
	}
	cleared, green := as("ravi", "TLP:RED", people.ReleasingOfficer), as("gita", "TLP:GREEN", people.ReleasingOfficer)
	cleared.Get("/waiting").Want(200, "/waiting", "Nothing waits").Lacks(`id="waiting-count"`)
	in.Import(marking.Amber, string(st.Bundle(st.Indicator(st.Name("one")), st.Indicator(st.Name("two")))))
	cleared.Get("/waiting").Want(200, "", "2 items to approve or refuse", "/releases/items?agreement=in-jp-2022&amp;state=waiting", `id="waiting-count">2<`)
	cleared.Get("/").Want(200, "/", "2 items to approve or refuse", `id="waiting-count">2<`).Lacks("others ask of you")
	green.Get("/waiting").Want(200, "", "Nothing waits").Lacks(`id="waiting-count"`)
	as("ana", "TLP:RED", people.Analyst).Get("/").Want(200, "/", "Nothing waits for you").Lacks(`id="waiting-count"`)
	as("mem", "TLP:RED", people.Member).Get("/waiting").Want(403, "")
}

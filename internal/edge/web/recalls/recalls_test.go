package recalls_test

import (
	"net/url"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/formtest"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery staple"

// TestNothingIsCalledBackUnseen: the form shows what would happen and keeps
// what was typed, what is not there is refused in the reader's language, and
// the act of another plan than the shown one is not done.
func TestNothingIsCalledBackUnseen(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, func(c *node.Config) { c.OneFactor = true })
	id := st.NewID("indicator")
	in.Import(marking.Green, string(st.Bundle(st.Indicator(st.ID(id), st.Name("by mistake")))))
	nodetest.Converged(t, in, jp)
	as := func(name string, role people.Role) *formtest.Browser {
		if err := in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Clearance: "TLP:RED", Password: password}); err != nil {
			t.Fatal(err)
		}
		return formtest.New(t, in.Run.URL).SignIn(name, password)
	}
	as("mem", people.Member).Get("/call-back").Want(403, "")
	duty := as("duty", people.DutyOfficer)
	duty.Get("/recalls").Want(200, "/recalls", "Call something back")
	nobody := st.NewID("indicator")
	duty.Get("/call-back").Submit("/call-back", url.Values{"ids": {nobody}, "reason": {"a <b>slip</b>"}}).
		Want(422, "/call-back", nobody, "a &lt;b&gt;slip&lt;/b&gt;")
	duty.Get("/call-back?ids="+id).Submit("/call-back", url.Values{"ids": {id}, "kind": {"recall"}, "reason": {"a slip"}}).Want(200, "/call-back", `name="digest"`, "Japan")
	if _, _, ok := strings.Cut(duty.Body, `action="/recalls"`); !ok {
		t.Fatal("the plan cannot be carried out: " + duty.Words())
	}
	shown := *duty
	for _, digit := range []string{"0", "1"} {
		duty.Submit("/recalls", url.Values{"digest": {"sha256:" + strings.Repeat(digit, 64)}}).Want(422, "/recalls")
		duty.Get("/recalls").Lacks("we call back")
		*duty = shown
	}
	duty.Submit("/recalls", nil).Want(200, "", "1 object called back", "we call back")
	duty.Get("/recalls").Want(200, "", "we call back", "Japan")
	duty.Get("/recalls?before=x").Want(422, "")
	duty.Get("/recalls/nothing").Want(404, "")
}

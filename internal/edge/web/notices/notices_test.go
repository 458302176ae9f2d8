package notices_test

import (
	"net/url"
	"regexp"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/formtest"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery staple"

func open(t *testing.T) func(name string) *formtest.Browser {
	t.Helper()
	n := nodetest.Start(t, "in", func(c *node.Config) { c.OneFactor = true })
	for name, role := range map[string]people.Role{"ana": people.Analyst, "ravi": people.Analyst, "boss": people.Administrator} {
		if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	return func(name string) *formtest.Browser { return formtest.New(t, n.Run.URL).SignIn(name, password) }
}

// TestAWishIsKeptOrShownAgain: what was typed is not lost when it is refused,
// and is nobody else's when it is taken.
func TestAWishIsKeptOrShownAgain(t *testing.T) {
	as := open(t)
	ana := as("ana")
	ana.Get("/notices").Want(200, "/notices", "You have not been told of anything yet")
	ana.Get("/notices/settings").Submit("/notices/settings", url.Values{"zone": {"Atlantis/Deep"}, "digest": {"hourly"}, "language": {"ja"}, "quiet_from": {"22:00"}, "quiet_to": {"06:00"}}).
		Want(422, "/notices/settings", `value="Atlantis/Deep"`, `value="22:00"`, "Something needs your attention")
	ana.Get("/notices/settings").Lacks("Atlantis")
	ana.Submit("/notices/settings", url.Values{"zone": {"Asia/Tokyo"}, "language": {"ja"}, "digest": {"hourly"}, "quiet_from": {"22:00"}, "quiet_to": {"06:00"}}).
		Want(200, "/notices/settings", `value="Asia/Tokyo"`, `value="22:00"`)
	as("ravi").Get("/notices/settings").Want(200, "").Lacks(`value="Asia/Tokyo"`, "22:00")
	ana.Get("/notices/settings").Submit("/notices/key", url.Values{"key": {"no key at all"}}).Want(422, "/notices/key")
}

var calendar = regexp.MustCompile(`/calendar/[A-Za-z0-9_-]+\.ics`)

// TestTheAddressOfACalendarIsShownOnce: in the answer to the form that made it.
func TestTheAddressOfACalendarIsShownOnce(t *testing.T) {
	ana := open(t)("ana")
	ana.Get("/notices/settings").Submit("/notices/calendar", nil).Want(200, "")
	if !calendar.MatchString(ana.Body) {
		t.Fatal("no address: " + ana.Words())
	}
	if ana.Get("/notices/settings").Want(200, ""); calendar.MatchString(ana.Body) {
		t.Error("the address is shown again")
	}
}

func TestMailIsTheAdministrators(t *testing.T) {
	as := open(t)
	as("ana").Get("/operate/mail").Want(403, "")
	boss := as("boss")
	boss.Get("/operate/mail").Want(200, "/operate/mail", "No mail server is named")
	boss.Post("/operate/mail", url.Values{"address": {"not an address"}}).Want(422, "", "Something needs your attention")
}

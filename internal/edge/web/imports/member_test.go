package imports_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"twoseas/internal/act/people"
)

// industry adds a member of an operator whose sponsor looks first, and one whose
// sponsor does not.
func (d *desk) industry() {
	d.t.Helper()
	for _, o := range []people.Organisation{
		{ID: "power", Name: "Ministry of Power", Kind: people.Ministry},
		{ID: "grid", Name: "Eastern Grid", Kind: people.Operator, Sponsor: "power", Look: true, Sectors: []string{"energy"}, Ceiling: "TLP:AMBER"},
		{ID: "rail", Name: "Coast Rail", Kind: people.Operator, Sponsor: "power", Sectors: []string{"transport"}, Ceiling: "TLP:AMBER"},
	} {
		if err := d.People.AddOrganisation(d.t.Context(), d.Operator(), o); err != nil {
			d.t.Fatal(err)
		}
	}
	for name, org := range map[string]string{"mia": "grid", "max": "grid", "rai": "rail"} {
		if err := d.People.AddAccount(d.t.Context(), d.Operator(), people.Account{
			Name: name, Org: org, Roles: []people.Role{people.Member}, Clearance: "TLP:AMBER+UNMARKED", Password: password,
		}); err != nil {
			d.t.Fatal(err)
		}
	}
}

// A member contributes over the form, and reads in its own words what will
// happen; what is not its own to say is not asked and not taken.
func TestAMemberContributesOverTheForm(t *testing.T) {
	d := open(t)
	d.industry()
	if body := d.page("mia", "/imports", "Contribute threat data of your organisation"); strings.Contains(body, `href="/imports/warninglists"`) || strings.Contains(body, `href="/feeds"`) {
		t.Error("a member is led to what is not for it")
	}
	_, to, _ := d.upload("mia", "/imports", "when,what,who\n2026-12-02 03:04,evil.shop,x\n2026-12-03 03:04,mail of Eastern Grid at vile.shop,y\n", "")
	seen := d.page("mia", to, "Waits for you")
	if strings.Contains(seen, `id="origin"`) || strings.Contains(seen, `id="contributor"`) {
		t.Error("a member is asked whose data it is")
	}
	form := options("kind", "text", "tlp", "green", "origin", "jp", "contributor", "", "sectors", "finance")
	if status, _, body := d.send("mia", to+"/options", form); status != http.StatusSeeOther {
		t.Fatalf("options: %d\n%s", status, body)
	}
	d.page("mia", to, "TLP:GREEN", "An officer of Ministry of Power looks at it first", "Your organisation is not named", "Details of the victim are taken out",
		"at least 3 members share it", "wait for an officer", `href="/contributions"`)
	for who, want := range map[string]int{"max": http.StatusNotFound, "rai": http.StatusNotFound, "ana": http.StatusNotFound} {
		if status, _, _ := d.ask(who, http.MethodGet, to, "", nil); status != want {
			t.Errorf("%s reads it: %d", who, status)
		}
	}
	if status, _, _ := d.send("mia", to+"/confirm", url.Values{}); status != http.StatusSeeOther {
		t.Fatalf("confirm: %d", status)
	}
	d.page("mia", to, "Imported", "Result")
	d.page("mia", "/contributions", "evil.shop")
	if status, _, body := d.ask("rai", http.MethodGet, "/contributions", "", nil); status != http.StatusOK || strings.Contains(body, "evil.shop") {
		t.Errorf("another member: %d, or it sees what is not its own", status)
	}
}

// Where no sponsor looks first, and the marking lets it go, it goes; where the
// marking is missing, the member is told that it stays.
func TestAMemberIsToldWhatGoesAndWhatStays(t *testing.T) {
	d := open(t)
	d.industry()
	_, to, _ := d.upload("rai", "/imports", "", "evil[.]shop")
	if body := d.page("rai", to, "Waits for you", "object stays here", "Nothing of it crosses"); strings.Contains(body, "Ministry of Power") {
		t.Error("a sponsor that does not look is said to")
	}
	if status, _, _ := d.send("rai", to+"/options", options("tlp", "green")); status != http.StatusSeeOther {
		t.Fatal("not looked at again")
	}
	if body := d.page("rai", to, "by itself once you confirm", "Your organisation is not named"); strings.Contains(body, "looks at it first") {
		t.Error("somebody is said to look first")
	}
	_, to, _ = d.upload("ana", "/imports", "", "evil[.]shop")
	if body := d.page("ana", to, "Waits for you"); strings.Contains(body, "Your organisation is not named") {
		t.Error("an analyst is told what members are told")
	}
}

// Lists of values that are rarely malicious, and feeds, are not a member's.
func TestAMemberKeepsNoLists(t *testing.T) {
	d := open(t)
	d.industry()
	for _, path := range []string{"/imports/warninglists", "/feeds"} {
		if status, _, _ := d.ask("mia", http.MethodGet, path, "", nil); status != http.StatusForbidden {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _, _ := d.upload("mia", "/imports/warninglists", `{"name":"Our own","type":"hostname","version":7,"list":["ours.shop"]}`, ""); status != http.StatusForbidden {
		t.Errorf("add a list: %d", status)
	}
}

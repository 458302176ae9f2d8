package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
)

const open = "indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02"

// role adds an account of one role, cleared for everything.
func (c *client) role(name string, r people.Role) {
	c.t.Helper()
	if err := c.node.People.AddAccount(c.t.Context(), c.node.Operator(), people.Account{
		Name: name, Roles: []people.Role{r}, Clearance: "TLP:RED", Password: pass,
	}); err != nil {
		c.t.Fatal(err)
	}
}

// want sends a request and wants a status and texts in the answer.
func (c *client) want(user, method, path, body string, status int, texts ...string) string {
	c.t.Helper()
	got, raw, _ := c.do(user, method, path, body)
	if got != status {
		c.t.Errorf("%s %s as %s: %d, want %d\n%s", method, path, user, got, status, raw)
	}
	for _, text := range texts {
		if !strings.Contains(raw, text) {
			c.t.Errorf("%s %s as %s: no %s in %s", method, path, user, text, raw)
		}
	}
	return raw
}

// TestOfficersWorkOverTheInterface is the main job: look at what is held,
// approve it twice, see it leave, prove it.
func TestOfficersWorkOverTheInterface(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	c := at(t, in)
	c.role("analyst", people.Analyst)
	c.role("first", people.ReleasingOfficer)
	c.role("second", people.ReleasingOfficer)
	c.role("duty", people.DutyOfficer)
	c.want("analyst", http.MethodPost, "/api/v1/imports?tlp=red", two, http.StatusOK, `"new":2`)
	base := "/api/v1/agreements/in-jp-2022"
	list := c.want("first", http.MethodGet, base+"/holds", "", http.StatusOK, `"needed":2`)
	item := regexp.MustCompile(`"item":(\d+)`).FindStringSubmatch(list)
	digest := regexp.MustCompile(`"digest":"([^"]+)"`).FindStringSubmatch(list)
	if item == nil || digest == nil {
		t.Fatalf("nothing waits: %s", list)
	}
	hold := base + "/holds/" + item[1]
	c.want("first", http.MethodGet, hold, "", http.StatusOK, `"bytes":"{`)
	other := `{"digest":"sha256:` + strings.Repeat("0", 64) + `"}`
	c.want("first", http.MethodPost, hold+"/approve", other, http.StatusConflict)
	body := `{"digest":"` + digest[1] + `"}`
	c.want("first", http.MethodPost, hold+"/approve", body, http.StatusOK, `"given":1`)
	c.want("first", http.MethodPost, hold+"/approve", body, http.StatusOK, `"given":1`) // two people means two people
	c.want("analyst", http.MethodPost, hold+"/approve", body, http.StatusForbidden)
	c.want("second", http.MethodPost, hold+"/approve", body, http.StatusOK, `"given":2`)
	nodetest.Converged(t, in, jp)
	c.want("first", http.MethodGet, base+"/shipments", "", http.StatusOK, `"applied":1`)
	c.want("first", http.MethodGet, base+"/shipments/1", "", http.StatusOK, `twoseas/shipment/v1`, `twoseas/receipt/v1`)
	c.want("first", http.MethodGet, base+"/ledger", "", http.StatusOK, `"origin":"twoseas/in/in-jp-2022/live"`)
	c.want("first", http.MethodGet, base+"/ledger/entries?kind=shipment", "", http.StatusOK, `"title":"twoseas/shipment/v1"`)
	c.want("first", http.MethodGet, base+"/ledger/entries/0", "", http.StatusOK, `"proof":[`, `"checkpoint":"twoseas/in`)
	c.want("duty", http.MethodPost, base+"/channel/pause", `{"reason":"maintenance"}`, http.StatusOK)
	c.want("duty", http.MethodPost, base+"/channel/resume", "", http.StatusOK)
	c.want("analyst", http.MethodPost, base+"/channel/pause", `{"reason":"x"}`, http.StatusForbidden)
	c.want("first", http.MethodGet, base+"/explain?tlp=red", "", http.StatusOK, `"outcome":"hold"`, `"approvals":2`)
	c.want("first", http.MethodGet, base+"/versions/1", "", http.StatusOK, "agreement: in-jp-2022")
	c.want("first", http.MethodGet, base+"/calendar", "", http.StatusOK, `"dates":[{`)
}

func TestObjectsAreFoundAnsweredAndExplained(t *testing.T) {
	c := start(t)
	c.node.Import(marking.Clear, two)
	if err := c.node.Library.CatchUp(t.Context(), c.node.Live); err != nil {
		t.Fatal(err)
	}
	c.want(low, http.MethodGet, "/api/v1/objects?text=open.example", "", http.StatusOK, open, `"count":1`)
	c.want(low, http.MethodGet, "/api/v1/objects?tlp=nonsense", "", http.StatusUnprocessableEntity)
	c.want(low, http.MethodGet, "/api/v1/objects/"+open, "", http.StatusOK, `"tlp":"TLP:CLEAR"`)
	c.want(low, http.MethodGet, "/api/v1/objects/"+open+"/raw", "", http.StatusOK, `"pattern":"[domain-name:value = 'open.example']"`)
	c.want(low, http.MethodGet, "/api/v1/objects/"+open+"/versions", "", http.StatusOK, `"items":[{`)
	sighting := c.want(low, http.MethodPost, "/api/v1/objects/"+open+"/sightings", `{"count":3}`, http.StatusCreated, `"id":"sighting--`)
	c.want(low, http.MethodPost, "/api/v1/objects/"+open+"/opinions", `{"verdict":"useful"}`, http.StatusCreated, `"id":"opinion--`)
	c.want(low, http.MethodPost, "/api/v1/objects/"+open+"/notes", `{"text":"seen at two operators"}`, http.StatusCreated, `"id":"note--`)
	c.want(low, http.MethodPost, "/api/v1/objects/"+open+"/opinions", `{"verdict":"splendid"}`, http.StatusUnprocessableEntity)
	if err := c.node.Library.CatchUp(t.Context(), c.node.Live); err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`sighting--[0-9a-f-]+`).FindString(sighting)
	c.want(low, http.MethodGet, "/api/v1/objects/"+open+"/relations", "", http.StatusOK, id)
	c.want(low, http.MethodGet, "/api/v1/objects/"+open+"/access", "", http.StatusOK, `"here":[{`)
	c.want(low, http.MethodGet, "/api/v1/objects/"+open+"/crossings", "", http.StatusOK, `"crossings":[]`)
	bundle := c.want(low, http.MethodGet, "/api/v1/export", "", http.StatusOK, open, `"type":"bundle"`)
	if strings.Contains(bundle, "secret.example") {
		t.Error("an export holds what the reader may not see")
	}
	c.want(low, http.MethodGet, "/api/v1/export?text=open.example", "", http.StatusOK, open)
	if body := c.want(low, http.MethodGet, "/api/v1/export?text=nowhere.example", "", http.StatusOK); strings.Contains(body, open) {
		t.Error("an export holds what was not asked for")
	}
	c.want(low, http.MethodPost, "/api/v1/export", `{"objects":["`+open+`"]}`, http.StatusOK, open, `"type":"bundle"`)
}

func TestUploadsAreLookedAtFirst(t *testing.T) {
	c := start(t)
	raw := c.want(high, http.MethodPost, "/api/v1/uploads?name=list.txt", "evil[.]example\n", http.StatusCreated, `"name":"list.txt"`)
	id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(raw)[1]
	c.want(high, http.MethodGet, "/api/v1/uploads", "", http.StatusOK, id)
	c.want(low, http.MethodGet, "/api/v1/uploads/"+id, "", http.StatusNotFound)
	if body := c.want(low, http.MethodGet, "/api/v1/uploads", "", http.StatusOK); strings.Contains(body, id) {
		t.Error("an upload is shown to another")
	}
	nodetest.Eventually(t, "it was looked at", func() bool {
		_, body, _ := c.do(high, http.MethodGet, "/api/v1/uploads/"+id, "")
		return strings.Contains(body, `"state":"ready"`)
	})
	c.want(high, http.MethodPut, "/api/v1/uploads/"+id+"/options", `{"kind":"text","tlp":"green"}`, http.StatusOK)
	nodetest.Eventually(t, "it was looked at again", func() bool {
		_, body, _ := c.do(high, http.MethodGet, "/api/v1/uploads/"+id, "")
		return strings.Contains(body, `"state":"ready"`)
	})
	c.want(high, http.MethodPost, "/api/v1/uploads/"+id+"/confirm", "", http.StatusOK)
	nodetest.Eventually(t, "it was taken in", func() bool {
		_, body, _ := c.do(high, http.MethodGet, "/api/v1/lookup?value=evil.example", "")
		return strings.Contains(body, "indicator--")
	})
	c.want(high, http.MethodGet, "/api/v1/warninglists", "", http.StatusOK, `"built_in":true`)
}

func TestPeopleAndTheirOrganisations(t *testing.T) {
	c := start(t)
	c.want(desk, http.MethodPost, "/api/v1/organisations", `{"id":"cert","name":"CERT","kind":"cert","ceiling":"TLP:AMBER"}`, http.StatusCreated, `"id":"cert"`)
	c.want(desk, http.MethodPost, "/api/v1/accounts", `{"account":"asha","roles":["analyst"],"clearance":"TLP:RED","organisation":"cert","full_name":"Asha","email":"asha@cert.example"}`, http.StatusCreated, `"effective":"TLP:AMBER"`)
	c.want(desk, http.MethodPut, "/api/v1/accounts/asha", `{"roles":["member"],"organisation":"cert","full_name":"Asha","email":"asha@cert.example"}`, http.StatusOK, `"roles":["member"]`, `"email":"asha@cert.example"`)
	c.want(desk, http.MethodPost, "/api/v1/accounts/asha/disable", "", http.StatusOK, `"disabled":true`)
	c.want(desk, http.MethodPost, "/api/v1/accounts/asha/enable", "", http.StatusOK, `"disabled":false`)
	c.want(desk, http.MethodPost, "/api/v1/accounts/asha/link", "", http.StatusOK, `"path":"/welcome?link=`)
	c.want(desk, http.MethodGet, "/api/v1/sessions", "", http.StatusOK, `"sessions":[]`)
	c.want(desk, http.MethodPut, "/api/v1/organisations/cert", `{"name":"CERT","kind":"cert","closed":true}`, http.StatusOK, `"closed":true`)
	c.want(low, http.MethodGet, "/api/v1/me", "", http.StatusOK, `"clearance":"TLP:CLEAR"`)
	c.want(low, http.MethodGet, "/api/v1/roles", "", http.StatusOK, `"role":"auditor"`)
	at := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(c.want(desk, http.MethodPost, "/api/v1/collections", `{"title":"T"}`, http.StatusCreated))[1]
	c.want(desk, http.MethodPut, "/api/v1/collections/"+at+"/rights/"+low, `{"read":true,"write":false}`, http.StatusNoContent)
	c.want(low, http.MethodGet, "/api/v1/collections", "", http.StatusOK, at)
	if body := c.want(high, http.MethodGet, "/api/v1/collections", "", http.StatusOK); strings.Contains(body, at) {
		t.Error("a collection is shown to who has no right on it")
	}
	c.want(desk, http.MethodGet, "/api/v1/collections/"+at+"/rights", "", http.StatusOK, low)
	c.want(desk, http.MethodDelete, "/api/v1/collections/"+at+"/rights/"+low, "", http.StatusNoContent)
	c.want(desk, http.MethodGet, "/api/v1/health", "", http.StatusOK, `"name":"ledger","state":"good"`)
	c.want(desk, http.MethodGet, "/api/v1/settings", "", http.StatusOK, `"name":"listen"`)
	c.want(desk, http.MethodGet, "/api/v1/jobs", "", http.StatusOK, `"processes":[{`, `"here":true`, `"jobs":[`)
}

package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const membersTip = `{"type":"indicator","spec_version":"2.1","id":"indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c09","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'members-own.tokyo']","name":"seen at Alpha Power"}`

// What a member contributed is read by its own organisation and by the state's
// people, and by no other member, on any path: no object, no value, no number.
func TestAMemberReadsNothingThatNamesAnother(t *testing.T) {
	c := start(t)
	operator := c.node.Operator()
	for _, o := range []people.Organisation{
		{ID: "cert", Name: "CERT", Kind: people.CERT, Ceiling: "TLP:RED"},
		{ID: "alpha", Name: "Alpha Power", Kind: people.Operator, Ceiling: "TLP:RED"},
		{ID: "beta", Name: "Beta Rail", Kind: people.Operator, Ceiling: "TLP:RED"},
	} {
		if err := c.node.People.AddOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
	for name, org := range map[string]string{"alpha1": "alpha", "alpha2": "alpha", "beta1": "beta", "alone": "", "analyst": "cert"} {
		roles := []people.Role{people.Member}
		if name == "analyst" {
			roles = []people.Role{people.Analyst}
		}
		if err := c.node.People.AddAccount(t.Context(), operator, people.Account{Name: name, Org: org, Roles: roles, Clearance: "TLP:RED", Password: pass}); err != nil {
			t.Fatal(err)
		}
	}
	const shared = "7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c0a"
	if err := c.node.Live.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.AddCollection(&store.Collection{ID: shared, Title: "shared"}); err != nil {
			return err
		}
		for _, name := range []string{"alpha1", "alpha2", "beta1", "alone", "analyst"} {
			if err := tx.Grant(store.Right{Account: name, Collection: shared, Read: true}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	src := intake.Source{DefaultTLP: marking.Green, DefaultPAP: marking.PAPGreen, By: "alpha1", Collection: shared}
	if rep, err := c.node.Intake.Objects(t.Context(), c.node.Live, src, [][]byte{[]byte(membersTip)}); err != nil || rep.New != 1 {
		t.Fatal(rep, err)
	}
	const object = "indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c09"
	paths := []string{
		"/api/v1/objects/" + object, "/api/v1/objects/" + object + "/raw", "/api/v1/objects/" + object + "/versions",
		"/api/v1/lookup?value=members-own.tokyo", "/api1/collections/" + shared + "/objects/", "/api1/collections/" + shared + "/manifest/",
		"/api1/collections/" + shared + "/objects/" + object + "/", "/out/" + shared + "/domain.txt", "/out/" + shared + "/bundle.json",
		"/objects/" + object,
	}
	for user, reads := range map[string]bool{"alpha1": true, "alpha2": true, "analyst": true, "beta1": false, "alone": false} {
		for _, path := range paths {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.node.Run.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth(user, pass)
			if strings.Contains(path, "/collections/") {
				req.Header.Set("Accept", "application/taxii+json;version=2.1")
			}
			status, body, _ := c.send(req)
			found := status == http.StatusOK && strings.Contains(strings.ReplaceAll(body, `:"members-own.tokyo"`, ""), "members-own") || strings.Contains(body, `"`+object+`"`)
			if found != reads {
				t.Errorf("%s reads %s: %v, status %d: %.300s", user, path, found, status, body)
			}
		}
	}
	own := c.want("alpha2", http.MethodGet, "/api/v1/contributions", "", 200, object, `"fate":"home"`)
	for _, other := range []string{"beta1", "alone", "analyst"} {
		if body := c.want(other, http.MethodGet, "/api/v1/contributions", "", 200); strings.Contains(body, object) || body == own {
			t.Errorf("%s is told what became of another's: %s", other, body)
		}
	}
}

// A member contributes over the interface: what is its own, of its own side, and
// looked at by nobody else.
func TestAMemberContributesOverTheInterface(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	c := at(t, in)
	for _, o := range []people.Organisation{
		{ID: "power", Name: "Ministry of Power", Kind: people.Ministry},
		{ID: "alpha", Name: "Alpha Power", Kind: people.Operator, Sponsor: "power", Look: true, Ceiling: "TLP:RED"},
	} {
		if err := in.People.AddOrganisation(t.Context(), in.Operator(), o); err != nil {
			t.Fatal(err)
		}
	}
	for name, role := range map[string]people.Role{"alpha1": people.Member, "alpha2": people.Member, "asha": people.Analyst} {
		org := map[bool]string{true: "", false: "alpha"}[role == people.Analyst]
		if err := in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: name, Org: org, Roles: []people.Role{role}, Clearance: "TLP:RED", Password: pass}); err != nil {
			t.Fatal(err)
		}
	}
	c.want("alpha1", http.MethodPost, "/api/v1/imports?tlp=green&origin=jp", "["+membersTip+"]", http.StatusForbidden, "what is its own")
	c.want("alpha1", http.MethodPost, "/api/v1/imports?tlp=green&origin=in", "["+membersTip+"]", http.StatusOK, `"new":1`)
	c.want("asha", http.MethodPost, "/api/v1/imports?tlp=green", "["+strings.ReplaceAll(membersTip, "7f1c09", "7f1c0b")+"]", http.StatusOK, `"new":1`)
	newer := strings.ReplaceAll(strings.ReplaceAll(membersTip, "7f1c09", "7f1c0b"), `"modified":"2026-11-01`, `"modified":"2026-11-02`)
	c.want("alpha1", http.MethodPost, "/api/v1/imports?tlp=green", "["+newer+"]", http.StatusOK, `"refused":1`, "only its owner changes it")

	raw := c.want("alpha1", http.MethodPost, "/api/v1/uploads?name=list.txt", "evil[.]tokyo\n", http.StatusCreated, `"name":"list.txt"`)
	id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(raw)[1]
	ready := func() {
		t.Helper()
		nodetest.Eventually(t, "it was looked at", func() bool {
			_, body, _ := c.do("alpha1", http.MethodGet, "/api/v1/uploads/"+id, "")
			return strings.Contains(body, `"state":"ready"`)
		})
	}
	ready()
	c.want("alpha1", http.MethodPut, "/api/v1/uploads/"+id+"/options", `{"kind":"text","tlp":"green","origin":"jp"}`, http.StatusForbidden)
	c.want("alpha1", http.MethodPut, "/api/v1/uploads/"+id+"/options", `{"kind":"text","tlp":"green"}`, http.StatusOK)
	ready()
	c.want("alpha1", http.MethodGet, "/api/v1/uploads/"+id, "", http.StatusOK, `"sponsor":"Ministry of Power"`, `"waits":1`, `"goes":0`, `"cut":["contributor","victim"]`)
	for _, other := range []string{"alpha2", "asha"} {
		c.want(other, http.MethodGet, "/api/v1/uploads/"+id, "", http.StatusNotFound)
		c.want(other, http.MethodPost, "/api/v1/uploads/"+id+"/confirm", "", http.StatusNotFound)
	}
	c.want("alpha1", http.MethodPost, "/api/v1/uploads/"+id+"/confirm", "", http.StatusOK)
	nodetest.Eventually(t, "it waits for the sponsor", func() bool {
		_, body, _ := c.do("alpha2", http.MethodGet, "/api/v1/contributions", "")
		return strings.Contains(body, "evil.tokyo") && strings.Contains(body, `"fate":"waiting"`)
	})
	c.want("alpha1", http.MethodGet, "/api/v1/warninglists", "", http.StatusForbidden)
	c.want("alpha1", http.MethodPost, "/api/v1/warninglists", `{"name":"Ours","type":"hostname","version":1,"list":["ours.shop"]}`, http.StatusForbidden)
}

package api_test

import (
	"net/http"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
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

package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// TestAnImportJoinsOnlyACollectionOneMayWriteTo holds the import to what the
// upload's form asks: a right on the collection.
func TestAnImportJoinsOnlyACollectionOneMayWriteTo(t *testing.T) {
	c := start(t)
	made := c.want(desk, http.MethodPost, "/api/v1/collections", `{"title":"T","alias":"theirs"}`, http.StatusCreated)
	id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(made)[1]
	c.want(desk, http.MethodPut, "/api/v1/collections/"+id+"/rights/"+high, `{"read":true,"write":true}`, http.StatusNoContent)
	hidden := c.want(low, http.MethodPost, "/api/v1/imports?tlp=clear&collection=theirs", two, http.StatusNotFound)
	absent := c.want(low, http.MethodPost, "/api/v1/imports?tlp=clear&collection=absent", two, http.StatusNotFound)
	if strings.ReplaceAll(hidden, "theirs", "absent") != absent {
		t.Errorf("what is another's and what is not there differ:\n%s\n%s", hidden, absent)
	}
	if c.joined(id) {
		t.Error("something joined a collection of others")
	}
	c.want(high, http.MethodPost, "/api/v1/imports?tlp=clear&collection=theirs", two, http.StatusOK, `"new":2`)
	if !c.joined(id) {
		t.Error("nothing joined the own collection")
	}
}

// joined reports whether anything is in a collection.
func (c *client) joined(id string) (some bool) {
	c.t.Helper()
	if err := c.node.Live.Read(c.t.Context(), func(tx *store.Tx) error {
		x, err := tx.Collection(id)
		some = x.LastAdded != 0
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	return some
}

// TestAnAnswerThatIsGivenAgainIsRecordedAgain reads twice under one key.
func TestAnAnswerThatIsGivenAgainIsRecordedAgain(t *testing.T) {
	c := start(t)
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.node.Run.URL+"/api/v1/lookup", strings.NewReader(`{"values":["x.example"]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(high, pass)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", "k")
		if status, body, _ := c.send(req); status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
	}
	auditor := people.Actor{Name: "a", Roles: []people.Role{people.Auditor}}
	p, err := c.node.Audit.Search(t.Context(), auditor, audit.Query{Account: high, Act: "lookup", Limit: 10})
	if err != nil || len(p.Entries) != 2 {
		t.Errorf("%d entries of two readings, %v", len(p.Entries), err)
	}
}

// TestWhatAVersionWouldChangeIsToldOfWhatOneMaySee has a reader compare two
// versions before and after something comes in that is not theirs to see.
func TestWhatAVersionWouldChangeIsToldOfWhatOneMaySee(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	c := at(t, in)
	if err := in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: low, Roles: []people.Role{people.Member}, Clearance: "TLP:CLEAR", Password: pass}); err != nil {
		t.Fatal(err)
	}
	nodetest.Converged(t, in, jp)
	const diff = "/api/v1/agreements/in-jp-2022/diff?from=1&to=1"
	before := c.want(low, http.MethodGet, diff, "", http.StatusOK)
	if rep := in.Import(marking.Red, two); rep.New != 2 {
		t.Fatalf("import: %+v", rep)
	}
	if after := c.want(low, http.MethodGet, diff, "", http.StatusOK); after != before {
		t.Errorf("the comparison tells of what the reader may not see:\n%s\n%s", before, after)
	}
}

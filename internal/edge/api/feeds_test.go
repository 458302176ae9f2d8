package api_test

import (
	"net/http"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/nodetest"
)

func TestFeedsAreKeptOverTheInterface(t *testing.T) {
	c := start(t)
	settings := `{"kind":"csv","url":"https://feeds.example/list.csv?key=k1","every":3600}`
	feed := "/api/v1/feeds/watch"
	c.want(desk, http.MethodPost, "/api/v1/feeds", `{"name":"watch","settings":`+settings+`,"secret":"hush hush"}`, http.StatusCreated, `"name":"watch"`, `"secret":true`)
	c.want(desk, http.MethodPost, "/api/v1/feeds", `{"name":"watch","settings":`+settings+`}`, http.StatusConflict)
	c.want(high, http.MethodPost, "/api/v1/feeds", `{"name":"other","settings":`+settings+`}`, http.StatusForbidden)
	if body := c.want(high, http.MethodGet, "/api/v1/feeds", "", http.StatusOK, "feeds.example/list.csv"); strings.Contains(body, "k1") {
		t.Error("a key in an address is shown to who does not administer")
	}
	for _, url := range []string{"folder:/etc", "FOLDER:/etc"} {
		if status, body, _ := c.do(desk, http.MethodPost, "/api/v1/feeds", `{"name":"files","settings":{"kind":"text","url":"`+url+`","every":3600}}`); status < 400 {
			t.Errorf("%s: %d %s", url, status, body)
		}
	}
	c.want(desk, http.MethodPost, feed+"/pause", "", http.StatusOK, `"paused":true`)
	c.want(desk, http.MethodPost, feed+"/hasten", "", http.StatusConflict)
	c.want(desk, http.MethodPut, feed, `{"settings":{"kind":"csv","url":"https://feeds.example/list.csv","every":7200}}`, http.StatusOK, `"every":7200`, `"secret":true`)
	c.want(desk, http.MethodPut, feed, `{"settings":{"kind":"csv","url":"https://elsewhere.example/list.csv","every":7200}}`, http.StatusUnprocessableEntity)
	list := c.want(desk, http.MethodGet, "/api/v1/feeds", "", http.StatusOK, `"paused":true`)
	if strings.Contains(list, "hush") {
		t.Error("a secret is shown")
	}
	c.want(desk, http.MethodDelete, feed, "", http.StatusNoContent)
	c.want(desk, http.MethodPost, feed+"/pause", "", http.StatusNotFound)
}

func TestTheGateIsAskedAndFilesAreListed(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	c := at(t, in)
	c.role("analyst", people.Analyst)
	c.role("first", people.ReleasingOfficer)
	c.want("analyst", http.MethodPost, "/api/v1/imports?tlp=red", two, http.StatusOK, `"new":2`)
	base := "/api/v1/agreements/in-jp-2022"
	c.want("analyst", http.MethodGet, base+"/explain?tlp=red", "", http.StatusOK, `"in_force":true`, `"steps":[{`, `"tlp":"TLP:RED"`)
	c.want("analyst", http.MethodGet, base+"/explain?object="+open, "", http.StatusOK, `"object":"`+open+`"`)
	c.want("analyst", http.MethodGet, base+"/explain?object=indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c99", "", http.StatusNotFound)
	c.want("analyst", http.MethodGet, base+"/explain?caveat=nonsense", "", http.StatusUnprocessableEntity)
	one := `{"type":"indicator","spec_version":"2.1","id":"indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c44","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'imagined.example']"}`
	c.want("analyst", http.MethodPost, base+"/explain?tlp=green", one, http.StatusOK, `"tlp":"TLP:GREEN"`, `"outcome":"`)
	if _, body, _ := c.do("analyst", http.MethodGet, "/api/v1/lookup?value=imagined.example", ""); strings.Contains(body, "7f1c44") {
		t.Error("what was asked about is stored")
	}
	c.want("first", http.MethodGet, base+"/bundles", "", http.StatusOK, `"written":[]`, `"imported":[]`)
	c.want("first", http.MethodGet, base+"/matchings", "", http.StatusOK, `"matchings":[]`)
	c.want("first", http.MethodPost, "/api/v1/matchings/none/approve", "", http.StatusNotFound)
	c.want("first", http.MethodPost, "/api/v1/matchings/none/refuse", `{"reason":"not ours"}`, http.StatusNotFound)
}

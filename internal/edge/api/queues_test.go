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

// TestAQueueIsWorkedThroughTogether: what waits, in groups, and all of a group
// approved at once; what was not shown as it is now is left.
func TestAQueueIsWorkedThroughTogether(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	c := at(t, in)
	c.role("analyst", people.Analyst)
	c.role("first", people.ReleasingOfficer)
	c.role("second", people.ReleasingOfficer)
	c.want("analyst", http.MethodPost, "/api/v1/imports?tlp=red", two, http.StatusOK, `"new":2`)
	base := "/api/v1/agreements/in-jp-2022"
	c.want("first", http.MethodGet, "/api/v1/waiting", "", http.StatusOK, `"agreement":"in-jp-2022"`, `"unsigned":[]`)
	c.want("analyst", http.MethodGet, "/api/v1/waiting", "", http.StatusForbidden)
	groups := c.want("first", http.MethodGet, base+"/hold-groups?by=type", "", http.StatusOK, `"key":"indicator"`, `"rules":[{`)
	count := regexp.MustCompile(`"count":(\d+)`).FindStringSubmatch(groups)
	list := c.want("first", http.MethodGet, base+"/holds?by=type&key=indicator", "", http.StatusOK, `"state":"waiting"`)
	c.want("first", http.MethodGet, base+"/holds?by=type&key=malware", "", http.StatusOK, `"items":[]`)
	c.want("first", http.MethodGet, base+"/holds?state=refused", "", http.StatusOK, `"items":[]`)
	if count == nil || strings.Count(list, `"item":`) != int(count[1][0]-'0') {
		t.Fatalf("the group counts otherwise than its list: %s\n%s", groups, list)
	}
	items := regexp.MustCompile(`"item":(\d+)`).FindAllStringSubmatch(list, -1)
	digests := regexp.MustCompile(`"digest":"([^"]+)"`).FindAllStringSubmatch(list, -1)
	var marks []string
	for i := range items {
		marks = append(marks, `{"item":`+items[i][1]+`,"digest":"`+digests[i][1]+`"}`)
	}
	stale := `{"item":` + items[0][1] + `,"digest":"sha256:` + strings.Repeat("0", 64) + `"}`
	all := `{"items":[` + strings.Join(marks, ",") + `]}`
	c.want("first", http.MethodPost, base+"/holds/approve", `{"items":[`+stale+`]}`, http.StatusOK, `"approved":0`, `"why":"`)
	c.want("analyst", http.MethodPost, base+"/holds/approve", all, http.StatusForbidden)
	c.want("first", http.MethodPost, base+"/holds/approve", all, http.StatusOK, `"approved":`+count[1])
	c.want("second", http.MethodPost, base+"/holds/approve", all, http.StatusOK, `"approved":`+count[1], `"state":"released"`)
	nodetest.Converged(t, in, jp)
	proved(t, c, at(t, jp))
	c.want("first", http.MethodGet, base+"/flow?period=day", "", http.StatusOK, `"step_seconds":3600`, `"direction":"out"`, `"timeliness":[`)
	c.want("first", http.MethodGet, base+"/channel/standing", "", http.StatusOK, `"status":"open"`, `"sent":{`)
	if body := c.want("first", http.MethodGet, base+"/channel/standing", "", http.StatusOK); strings.Contains(body, `"bytes":0,"applied":1`) {
		t.Errorf("what was sent has no bytes: %s", body)
	}
	c.want("first", http.MethodGet, base+"/channel/untaken", "", http.StatusOK, `"items":[]`, `"uncounted":0`)
	c.want("first", http.MethodGet, "/api/v1/dates?days=3660", "", http.StatusOK, `"agreement":"in-jp-2022"`, `"when":"ahead"`)
}

func TestSearchesColumnsAndOneOpinionOnMany(t *testing.T) {
	c := start(t)
	c.node.Import(marking.Clear, two)
	search := `{"text":"open.example","tlp":["clear","none"],"from":"2026-01-01","oldest":true}`
	c.want(low, http.MethodPut, "/api/v1/searches/my%20watch", search, http.StatusNoContent)
	c.want(low, http.MethodGet, "/api/v1/searches", "", http.StatusOK, `"name":"my watch"`, `"text":"open.example"`, `"tlp":["clear","none"]`, `"from":"2026-01-01"`, `"oldest":true`)
	if body := c.want(high, http.MethodGet, "/api/v1/searches", "", http.StatusOK); strings.Contains(body, "watch") {
		t.Error("a search is shown to another account")
	}
	for _, wrong := range []string{`{"tlp":["nonsense"]}`, `{"order":"size"}`, `{"from":"yesterday"}`} {
		c.want(low, http.MethodPut, "/api/v1/searches/wrong", wrong, http.StatusUnprocessableEntity)
	}
	c.want(low, http.MethodDelete, "/api/v1/searches/my%20watch", "", http.StatusNoContent)
	c.want(low, http.MethodGet, "/api/v1/searches", "", http.StatusOK, `"searches":[]`)
	c.want(low, http.MethodPut, "/api/v1/columns", `{"columns":["modified","type"]}`, http.StatusOK, `"columns":["type","modified"]`)
	c.want(low, http.MethodGet, "/api/v1/columns", "", http.StatusOK, `"columns":["type","modified"]`)
	c.want(low, http.MethodPut, "/api/v1/columns", `{"columns":["size"]}`, http.StatusUnprocessableEntity)
	c.want(low, http.MethodPost, "/api/v1/opinions", `{"objects":["`+open+`"],"verdict":"known"}`, http.StatusCreated, `"id":"opinion--`)
	c.want(low, http.MethodPost, "/api/v1/opinions", `{"objects":["`+open+`","indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c99"],"verdict":"known"}`, http.StatusNotFound)
}

package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/nodetest"
)

// Two sides agree over the interface to the same words and the same instant; who
// did not see what was done meanwhile does nothing.
func TestAVulnerabilityIsDisclosedTogetherOverTheInterface(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	ours, theirs := at(t, in), at(t, jp)
	ours.role("asha", people.DutyOfficer)
	ours.role("reader", people.Auditor)
	theirs.role("kenji", people.DutyOfficer)
	const list = "/api/v1/coordinations"
	instant := in.Clock.Now().AddDate(0, 1, 0).UTC().Format("2006-01-02T15:04:05Z")

	ours.want("reader", http.MethodGet, list, "", http.StatusForbidden)
	ours.want("asha", http.MethodPost, list, `{"agreement":"in-jp-2022","title":"Router","language":"en","vulnerabilities":["a name"]}`, http.StatusUnprocessableEntity, "a name")
	raw := ours.want("asha", http.MethodPost, list, `{"agreement":"in-jp-2022","title":"Router","language":"en","vulnerabilities":["CVE-2027-1234"],"at":"`+instant+`"}`, http.StatusOK)
	id := regexp.MustCompile(`x-twoseas-coordination--[0-9a-f-]+`).FindString(raw)
	one := list + "/" + id
	arrives := func(c *client, user, text string) string {
		t.Helper()
		var body string
		nodetest.Eventually(t, text+" arrives", func() bool {
			_, body, _ = c.do(user, http.MethodGet, one, "")
			return strings.Contains(body, text)
		})
		return body
	}
	arrives(theirs, "kenji", `"propose-date"`)
	theirs.want("kenji", http.MethodPost, one+"/steps", `{"move":"agree-date","at":"`+instant+`"}`, http.StatusConflict, "not possible now")
	theirs.want("kenji", http.MethodPost, one+"/steps", `{"move":"join"}`, http.StatusOK, `"state":"open"`)
	theirs.want("kenji", http.MethodPost, one+"/steps", `{"move":"vendor","vendor":{"name":"Maker","status":"to-notify"},"ours":0}`, http.StatusConflict, "look at it again")
	theirs.want("kenji", http.MethodPost, one+"/steps", `{"move":"vendor","vendor":{"name":"Maker","status":"to-notify"},"ours":1}`, http.StatusOK, `"name":"Maker"`)
	arrives(ours, "asha", `"name":"Maker"`)
	ours.want("asha", http.MethodPut, one, `{"title":"A router","language":"en"}`, http.StatusOK, `"title":"A router"`)
	ours.want("asha", http.MethodPost, one+"/steps", `{"move":"draft","draft":{"title":"Router","language":"en","text":"Change the password.","products":["Firmware"],"vulnerabilities":["CVE-2027-1234"]}}`, http.StatusOK)
	draft := regexp.MustCompile(`"draft_digest":"(sha256:[0-9a-f]{64})"`).FindStringSubmatch(arrives(theirs, "kenji", `"draft_digest"`))[1]
	theirs.want("kenji", http.MethodPost, one+"/steps", `{"move":"agree-draft","digest":"sha256:`+strings.Repeat("0", 64)+`"}`, http.StatusConflict)
	theirs.want("kenji", http.MethodPost, one+"/steps", `{"move":"agree-draft","digest":"`+draft+`"}`, http.StatusOK)
	theirs.want("kenji", http.MethodPost, one+"/steps", `{"move":"agree-date","at":"`+instant+`"}`, http.StatusOK, `"state":"agreed"`, `"instant":"`)
	arrives(ours, "asha", `"state":"agreed"`)
	ours.want("asha", http.MethodPost, one+"/steps", `{"move":"withhold"}`, http.StatusUnprocessableEntity)
	ours.want("asha", http.MethodPost, one+"/steps", `{"move":"withhold","text":"another week"}`, http.StatusOK, `"state":"withheld"`)
	arrives(theirs, "kenji", `"state":"withheld"`)
	theirs.want("kenji", http.MethodGet, list, "", http.StatusOK, id)
	theirs.want("kenji", http.MethodGet, list+"?over=true", "", http.StatusOK, `"items":[]`)
}

package api_test

import (
	"net/http"
	"regexp"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/nodetest"
)

// What people ask and tell on pages, programs ask and tell over the interface.
func TestAskingAndTellingOverTheInterface(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	c := at(t, in)
	c.role("asha", people.DutyOfficer)
	c.role("desk", people.DeskOfficer)

	raw := c.want("asha", http.MethodPost, "/api/v1/requests", `{"agreement":"in-jp-2022","kind":"takedown","urgency":"urgent","channel":"technical","title":"Two pages","text":"Please have them taken down.","language":"en","done_already":"Blocked."}`, http.StatusOK)
	request := "/api/v1/requests/" + regexp.MustCompile(`x-twoseas-request--[0-9a-f-]+`).FindString(raw)
	c.want("asha", http.MethodGet, request, "", http.StatusOK, `"title":"Two pages"`, `"done_already":"Blocked."`)
	c.want("asha", http.MethodPut, request, `{"title":"Three pages","text":"Please have them taken down.","language":"en"}`, http.StatusOK, `"title":"Three pages"`)
	c.want("asha", http.MethodPost, request+"/steps", `{"move":"withdraw"}`, http.StatusOK, `"state":"withdrawn"`)

	raw = c.want("asha", http.MethodPost, "/api/v1/incidents", `{"agreement":"in-jp-2022","title":"Ransomware","language":"en","type":"system-compromise","tlp":"green"}`, http.StatusOK)
	incident := "/api/v1/incidents/" + regexp.MustCompile(`incident--[0-9a-f-]+`).FindString(raw)
	c.want("asha", http.MethodGet, incident, "", http.StatusOK, `"title":"Ransomware"`)
	c.want("asha", http.MethodPut, incident, `{"title":"Ransomware at a port","language":"en","state":"open"}`, http.StatusOK, `"title":"Ransomware at a port"`)

	raw = c.want("desk", http.MethodPost, "/api/v1/agreements/in-jp-2022/contacts", `{"agency":"CERT","post":"Duty officer","role":"technical","areas":["1(1)"],"hours":{"zone":"Asia/Kolkata","always":true},"channels":[{"kind":"email","address":"duty@cert.example"}],"valid_from":"2027-03-18"}`, http.StatusCreated, `"post":"Duty officer"`)
	contact := "/api/v1/contacts/" + regexp.MustCompile(`x-twoseas-contact--[0-9a-f-]+`).FindString(raw)
	c.want("desk", http.MethodGet, contact, "", http.StatusOK, `"agency":"CERT"`)
}

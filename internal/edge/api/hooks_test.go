package api_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestWebhooksAreKeptOverTheInterface(t *testing.T) {
	c := start(t)
	settings := `{"url":"https://soc.example/in?key=k1","account":"` + high + `","events":["feed.failing"]}`
	hook := "/api/v1/hooks/soc"
	made := c.want(desk, http.MethodPost, "/api/v1/hooks", `{"name":"soc","settings":`+settings+`}`, http.StatusCreated, `"secret":"whsec_`)
	secret := made[strings.Index(made, "whsec_"):]
	secret = secret[:strings.IndexByte(secret, '"')]
	c.want(desk, http.MethodPost, "/api/v1/hooks", `{"name":"soc","settings":`+settings+`}`, http.StatusConflict)
	c.want(high, http.MethodPost, "/api/v1/hooks", `{"name":"other","settings":`+settings+`}`, http.StatusForbidden)
	c.want(high, http.MethodGet, "/api/v1/hooks", "", http.StatusForbidden)
	c.want(desk, http.MethodPost, "/api/v1/hooks", `{"name":"here","settings":{"url":"http://127.0.0.1/","account":"`+high+`","events":["feed.failing"]}}`, http.StatusUnprocessableEntity)
	if list := c.want(desk, http.MethodGet, "/api/v1/hooks", "", http.StatusOK, `"state":"new"`); strings.Contains(list, secret) {
		t.Error("a secret is shown again")
	}
	c.want(desk, http.MethodPost, hook+"/pause", "", http.StatusOK, `"state":"paused"`)
	c.want(desk, http.MethodPost, hook+"/test", "", http.StatusConflict)
	c.want(desk, http.MethodPut, hook, `{"settings":{"url":"https://soc.example/other","account":"`+high+`","events":["feed.failing"],"content":true}}`, http.StatusOK, "soc.example/other")
	if again := c.want(desk, http.MethodPost, hook+"/rotate", "", http.StatusOK, `"secret":"whsec_`); strings.Contains(again, secret) {
		t.Error("the new secret is the old one")
	}
	c.want(desk, http.MethodDelete, hook, "", http.StatusNoContent)
	c.want(desk, http.MethodPost, hook+"/resume", "", http.StatusNotFound)
}

package node_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"twoseas/internal/act/hook"
	"twoseas/internal/act/people"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/format/webhook"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

// What happens on a line between two nodes is told to a program beside one of
// them, as far as its account may know.
func TestAProgramIsToldWhatHappensOnTheLine(t *testing.T) {
	var mu sync.Mutex
	var secret []byte
	types := map[string]int{}
	var bodies strings.Builder
	ts := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		raw, err := io.ReadAll(r.Body)
		var m struct {
			Type string         `json:"type"`
			Data map[string]any `json:"data"`
		}
		if err != nil || json.Unmarshal(raw, &m) != nil {
			t.Errorf("%v: %s", err, raw)
		}
		bodies.Write(raw)
		types[m.Type]++
		if len(secret) == 0 || webhook.Verify(r.Header.Get, raw, time.Now(), secret) != nil {
			t.Errorf("not signed: %s", raw)
		}
	}))
	t.Cleanup(ts.Close)
	in, jp := nodetest.IndiaJapan(t, func(c *node.Config) { c.HookPrivate = true })
	if err := in.People.AddAccount(t.Context(), in.Operator(), people.Account{
		Name: "siem", Roles: []people.Role{people.ReleasingOfficer}, Clearance: "amber+strict",
	}); err != nil {
		t.Fatal(err)
	}
	text, err := in.Hooks.Add(t.Context(), in.Live, in.Operator(), "soc", hook.Settings{
		URL: ts.URL, Account: "siem", Events: []hook.Event{hook.Released, hook.Receipt, hook.Waiting},
	})
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	secret, err = webhook.ParseSecret(text)
	mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	in.Import(marking.Green, `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[`+string(st.Indicator(st.Name("Open one")))+`]}`)
	in.Import(marking.Amber, `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000002","objects":[`+string(st.Indicator(st.Name("Held one")))+`]}`)
	in.Import(marking.Red, `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000003","objects":[`+string(st.Indicator(st.Name("Unseen one")))+`]}`)
	nodetest.Converged(t, in, jp)
	nodetest.Eventually(t, "all three are told", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return types["object.released"] > 0 && types["receipt.received"] > 0 && types["hold.waiting"] > 0
	})
	mu.Lock()
	defer mu.Unlock()
	if got := bodies.String(); strings.Contains(got, " one") || !strings.Contains(got, `"waiting":1`) || !strings.Contains(got, `"applied":1`) || !strings.Contains(got, `"agreement":"in-jp-2022"`) {
		t.Errorf("%s", got)
	}
}

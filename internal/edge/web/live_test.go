package web_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/nodetest"
)

// TestAnAccountHoldsOnlySoManyLivePages: one more is answered with nothing,
// another account's are its own, and a page that is left makes room.
func TestAnAccountHoldsOnlySoManyLivePages(t *testing.T) {
	n := nodetest.Start(t, "in", nil)
	const password = "a long enough password"
	for _, name := range []string{"asha", "ben"} {
		if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Roles: []people.Role{people.Analyst}, Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // the node of the test
	live := func(name string) (status int, leave func()) {
		t.Helper()
		ctx, leave := context.WithCancel(t.Context())
		t.Cleanup(leave)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Run.URL+"/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(name, password)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() }) // it was cut
		return resp.StatusCode, leave
	}
	var last func()
	for i := range 8 {
		var status int
		if status, last = live("asha"); status != http.StatusOK {
			t.Fatalf("stream %d: %d", i, status)
		}
	}
	if status, _ := live("asha"); status != http.StatusNoContent {
		t.Errorf("one more: %d", status)
	}
	if status, _ := live("ben"); status != http.StatusOK {
		t.Errorf("somebody else's: %d", status)
	}
	last()
	if status, _ := live("asha"); status != http.StatusOK {
		t.Errorf("after one was left: %d", status)
	}
}

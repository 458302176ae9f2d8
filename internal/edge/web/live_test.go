package web_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
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

// TestWhatChangedBeforeTheStreamOpenedIsTold: a page that was made before a
// change is told of it when its stream opens, one that was made after is not.
func TestWhatChangedBeforeTheStreamOpenedIsTold(t *testing.T) {
	n := nodetest.Start(t, "in", nil)
	const password = "a long enough password"
	if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: "asha", Roles: []people.Role{people.Analyst}, Password: password}); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // the node of the test
	ask := func(path string) (http.Header, io.ReadCloser) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.Run.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("asha", password)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() }) // it never ends
		return resp.Header, resp.Body
	}
	seen := func() string {
		t.Helper()
		head, _ := ask("/")
		_, text, ok := strings.Cut(head.Get("Server-Timing"), `desc="`)
		if !ok {
			t.Fatal("the page does not say what it has seen")
		}
		return strings.TrimSuffix(text, `"`)
	}
	// first returns what the stream says first, up to the event that follows.
	follow := func(body io.ReadCloser) string {
		defer func() { _ = body.Close() }() // it never ends
		lines := bufio.NewScanner(body)
		text := ""
		for lines.Scan() {
			text += lines.Text() + "\n"
			if strings.HasPrefix(lines.Text(), "data: ") {
				return text
			}
		}
		return text + "the stream ended"
	}
	first := func(seen string) string {
		t.Helper()
		_, stream := ask("/live?seen=" + seen)
		return follow(stream)
	}
	change := func() {
		t.Helper()
		if err := n.Live.Write(t.Context(), func(tx *store.Tx) error { tx.Notify("something"); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	before := seen()
	change()
	if got := first(before); !strings.HasSuffix(got, "event: changed\ndata: *\n") {
		t.Errorf("what came before the stream: %q", got)
	}
	if got := first(""); !strings.HasSuffix(got, "data: *\n") {
		t.Errorf("a page that says nothing: %q", got)
	}
	if got := first("elsewhere-" + before); !strings.HasSuffix(got, "data: *\n") {
		t.Errorf("a page of another process: %q", got)
	}
	// Up to date: the first thing told is what changes from now on.
	nodetest.Eventually(t, "a page that is up to date is told nothing but what comes", func() bool {
		done := make(chan string, 1)
		_, stream := ask("/live?seen=" + seen())
		go func() { done <- follow(stream) }()
		for {
			select {
			case got := <-done:
				return strings.Contains(got, "something") && !strings.Contains(got, "data: *")
			case <-time.After(20 * time.Millisecond):
				change()
			}
		}
	})
}

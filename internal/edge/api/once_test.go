package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
)

// keyed sends a write under an idempotency key.
func (c *client) keyed(user, method, path, body, key string) (int, string, http.Header) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.node.Run.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.SetBasicAuth(user, pass)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	return c.send(req)
}

func TestAWriteWithAKeyHappensOnce(t *testing.T) {
	c := start(t)
	body := `{"title":"For operators","alias":"ops"}`
	status, first, h := c.keyed(desk, http.MethodPost, "/api/v1/collections", body, "one")
	if status != http.StatusCreated || h.Get("Idempotency-Replayed") != "" {
		t.Fatalf("%d %s", status, first)
	}
	status, again, h := c.keyed(desk, http.MethodPost, "/api/v1/collections", body, "one")
	if status != http.StatusCreated || again != first || h.Get("Idempotency-Replayed") != "true" || h.Get("Content-Type") != "application/json" {
		t.Errorf("again: %d %s, want the first answer %s; %v", status, again, first, h)
	}
	for name, tc := range map[string]struct {
		user, path, body string
		want             int
	}{
		"another body":                     {desk, "/api/v1/collections", `{"title":"Another"}`, http.StatusUnprocessableEntity},
		"another operation":                {desk, "/api/v1/peers/invite", body, http.StatusUnprocessableEntity},
		"another query":                    {desk, "/api/v1/collections?x=1", body, http.StatusUnprocessableEntity},
		"somebody else's key is not known": {high, "/api/v1/collections", body, http.StatusForbidden},
	} {
		if status, raw, _ := c.keyed(tc.user, http.MethodPost, tc.path, tc.body, "one"); status != tc.want {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
	// An error that says something about the request is an answer too.
	status, first, _ = c.keyed(desk, http.MethodPost, "/api/v1/collections", `{"title":"Same alias","alias":"ops"}`, "two")
	if s, again, h := c.keyed(desk, http.MethodPost, "/api/v1/collections", `{"title":"Same alias","alias":"ops"}`, "two"); status != http.StatusConflict || s != status || again != first || h.Get("Idempotency-Replayed") != "true" {
		t.Errorf("a conflict again: %d %s then %d %s", status, first, s, again)
	}
	if status, _, _ := c.keyed(desk, http.MethodPost, "/api/v1/collections", body, strings.Repeat("k", 201)); status != http.StatusUnprocessableEntity {
		t.Errorf("a key too long: %d", status)
	}
}

func TestManyAtOnceUnderOneKeyHappenOnce(t *testing.T) {
	c := start(t)
	statuses := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			status, _, _ := c.keyed(desk, http.MethodPost, "/api/v1/collections", `{"title":"Once"}`, "all")
			mu.Lock()
			statuses[status]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if statuses[http.StatusCreated]+statuses[http.StatusConflict] != 8 || statuses[http.StatusCreated] == 0 {
		t.Errorf("statuses %v, want 201 and 409 only", statuses)
	}
	_, body, _ := c.do(desk, http.MethodGet, "/api/v1/collections", "")
	if strings.Count(body, `"title":"Once"`) != 1 {
		t.Errorf("it happened more than once: %s", body)
	}
}

func TestASecretIsNotKeptForAKey(t *testing.T) {
	c := start(t)
	status, first, _ := c.keyed(high, http.MethodPost, "/api/v1/tokens", `{"note":"siem"}`, "t")
	if status != http.StatusCreated || !strings.Contains(first, "tws_") {
		t.Fatalf("%d %s", status, first)
	}
	status, again, _ := c.keyed(high, http.MethodPost, "/api/v1/tokens", `{"note":"siem"}`, "t")
	if status != http.StatusConflict || strings.Contains(again, "tws_") {
		t.Errorf("again: %d %s", status, again)
	}
	if _, body, _ := c.do(high, http.MethodGet, "/api/v1/tokens", ""); strings.Count(body, `"note":"siem"`) != 1 {
		t.Errorf("tokens %s", body)
	}
}

func TestDecisionsOfAPersonTakeNoToken(t *testing.T) {
	c := start(t)
	token, err := c.node.People.IssueToken(t.Context(), c.node.Operator(), desk, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/api/v1/keys/rotate": http.StatusForbidden, "/api/v1/peers/jp/confirm": http.StatusForbidden} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.node.Run.URL+path, strings.NewReader(`{"code":"1"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		if status, body, _ := c.send(req); status != want || !strings.Contains(body, "a token will not do") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestListsComeInPagesThatMissNothing(t *testing.T) {
	c := start(t)
	for i := range 7 {
		if err := c.node.People.AddAccount(t.Context(), c.node.Operator(), people.Account{Name: fmt.Sprintf("p%d", i), Roles: []people.Role{people.Member}}); err != nil {
			t.Fatal(err)
		}
	}
	path, seen, pages := "/api/v1/accounts?limit=4", 0, 0
	for path != "" {
		status, body, h := c.do(desk, http.MethodGet, path, "")
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, body)
		}
		seen += strings.Count(body, `"account":"`)
		pages++
		path = ""
		if link := h.Get("Link"); link != "" {
			path = strings.TrimSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
			if !strings.Contains(body, `"next":"`) {
				t.Error("a Link and no next")
			}
		}
	}
	if seen != 10 || pages != 3 {
		t.Errorf("%d accounts on %d pages, want 10 on 3", seen, pages)
	}
	for _, cursor := range []string{"x", "AAAA", "L2FwaS92MS9hdWRpdAB4"} {
		if status, body, h := c.do(desk, http.MethodGet, "/api/v1/accounts?cursor="+cursor, ""); status != http.StatusUnprocessableEntity || !strings.HasPrefix(h.Get("Content-Type"), "application/problem+json") {
			t.Errorf("cursor %q: %d %s", cursor, status, body)
		}
	}
}

func TestWhatIsReadIsRecordedAndFound(t *testing.T) {
	c := start(t)
	if err := c.node.People.AddAccount(t.Context(), c.node.Operator(), people.Account{Name: "tara", Roles: []people.Role{people.Auditor}, Clearance: "TLP:GREEN", Password: pass}); err != nil {
		t.Fatal(err)
	}
	c.do(high, http.MethodGet, "/api/v1/lookup?value=evil.example", "")
	c.do(high, http.MethodGet, "/api/v1/objects/indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02", "")
	if _, body, _ := c.do("tara", http.MethodGet, "/api/v1/audit?who="+high, ""); !strings.Contains(body, "value=evil.example") || !strings.Contains(body, `"act":"read"`) {
		t.Errorf("the log: %s", body)
	}
	if _, body, _ := c.do("tara", http.MethodGet, "/api/v1/audit?about=indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02", ""); strings.Count(body, `"entry":`) != 1 {
		t.Errorf("about the object: %s", body)
	}
	if status, body, _ := c.do("tara", http.MethodPost, "/api/v1/audit-verify", ""); status != http.StatusOK || !strings.Contains(body, `"sound":true`) {
		t.Errorf("verify: %d %s", status, body)
	}
}

// TestAnAnswerIsNotShownAgainToWhoMaySeeLess: what was answered under a key is
// of the rights of that time, and what only reads is read anew.
func TestAnAnswerIsNotShownAgainToWhoMaySeeLess(t *testing.T) {
	c := start(t)
	if rep := c.node.Import(marking.Clear, two); rep.New != 2 {
		t.Fatalf("import: %+v", rep)
	}
	note, body := "/api/v1/objects/"+red+"/notes", `{"text":"seen"}`
	export, both := "/api/v1/export", `{"objects":["`+open+`","`+red+`"]}`
	lookup, value := "/api/v1/lookup", `{"values":["secret.example"]}`
	first := func(path, body, key string) {
		t.Helper()
		if status, raw, _ := c.keyed(high, http.MethodPost, path, body, key); status >= 300 || !strings.Contains(raw, "--") {
			t.Fatalf("%s: %d %s", path, status, raw)
		}
	}
	first(note, body, "n")
	first(export, both, "e")
	first(lookup, value, "l")
	if _, _, h := c.keyed(high, http.MethodPost, note, body, "n"); h.Get("Idempotency-Replayed") != "true" {
		t.Error("the same rights are not shown the first answer again")
	}
	if err := c.node.People.Change(t.Context(), c.node.Operator(), people.Account{Name: high, Roles: []people.Role{people.Analyst}, Clearance: "TLP:CLEAR"}); err != nil {
		t.Fatal(err)
	}
	if status, raw, h := c.keyed(high, http.MethodPost, note, body, "n"); status != http.StatusConflict || h.Get("Idempotency-Replayed") != "" || strings.Contains(raw, "note--") {
		t.Errorf("the note: %d %s", status, raw)
	}
	for _, again := range [][3]string{{export, both, "e"}, {lookup, value, "l"}} {
		if status, raw, h := c.keyed(high, http.MethodPost, again[0], again[1], again[2]); status != http.StatusOK || h.Get("Idempotency-Replayed") != "" || strings.Contains(raw, red) {
			t.Errorf("%s: %d %s", again[0], status, raw)
		}
	}
}

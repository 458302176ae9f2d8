package taxii_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/edge/taxii"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

var errorID = regexp.MustCompile(`"error_id":"[0-9a-f]{16}"`)

// plain returns an error's body without what is its own.
func (a answer) plain() string { return errorID.ReplaceAllString(string(a.body), "") }

func TestEveryRouteSaysWhatItNeeds(t *testing.T) {
	s := newServer(t)
	one := identity(1, 0, "one", marking.Clear)
	s.post("wendy", mainID, one)
	for _, r := range taxii.Routes(taxii.Root) {
		if r.Need == 0 {
			t.Errorf("%s %s: nothing is needed", r.Method, r.Path)
			continue
		}
		body := ""
		if r.Method == http.MethodPost {
			body = `{"objects":[` + one + `]}`
		}
		ask := func(name, collection string) answer {
			path := strings.NewReplacer("{collection}", collection, "{object}", id("identity", 1), "{status}", absent).Replace(r.Path)
			return s.as(name, r.Method, path, body)
		}
		if a := ask("", mainID); a.status != http.StatusUnauthorized || len(a.header.Values("WWW-Authenticate")) != 2 {
			t.Errorf("%s %s without credentials: got %d %v, want 401 with two challenges", r.Method, r.Path, a.status, a.header)
		}
		if r.Need == taxii.Account {
			continue
		}
		// What one has no right on is answered, in every byte that is not the
		// answer's own, like what does not exist.
		there, not := ask("nora", mainID), ask("nora", absent)
		if there.status != http.StatusNotFound || there.status != not.status || there.plain() != not.plain() {
			t.Errorf("%s %s: got %d %s for a collection of others, %d %s for none", r.Method, r.Path, there.status, there.body, not.status, not.body)
		}
		if h, g := there.header, not.header; len(h) != len(g) || h.Get("Content-Length") != g.Get("Content-Length") {
			t.Errorf("%s %s: headers differ: %v, %v", r.Method, r.Path, h, g)
		}
	}
	if got := s.get("wendy", mainObjects+id("identity", 1)+"/").names(); len(got) != 1 {
		t.Errorf("after all this the object is gone: got %q", got)
	}
}

func TestAnUnreadableObjectIsLikeNone(t *testing.T) {
	s := newServer(t)
	s.post("wendy", mainID, identity(1, 0, "one", marking.Red))
	for _, rest := range []string{"/", "/versions/", "/?match[version]=all", "/?added_after=2030-01-01T00:00:00Z"} {
		there, not := s.get("gus", mainObjects+id("identity", 1)+rest), s.get("gus", mainObjects+id("identity", 2)+rest)
		if there.status != http.StatusNotFound || not.status != http.StatusNotFound || there.plain() != not.plain() {
			t.Errorf("%s: got %d %s for what gus may not see, %d %s for nothing", rest, there.status, there.body, not.status, not.body)
		}
	}
	for _, path := range []string{mainObjects, mainObjects + "?match[id]=" + id("identity", 1), strings.Replace(mainObjects, "objects", "manifest", 1)} {
		if a := s.get("gus", path); string(a.body) != "{}" || a.header.Get("X-TAXII-Date-Added-First") != "" {
			t.Errorf("%s: got %s %v, want an empty object", path, a.body, a.header)
		}
	}
}

func TestATokenOpensWhatItsAccountMay(t *testing.T) {
	s := newServer(t)
	gus, err := s.people.Login(t.Context(), "gus", password, "")
	s.must(err)
	token, err := s.people.IssueToken(t.Context(), gus, "gus", "SIEM", 0)
	s.must(err)
	with := func(path string) answer { return s.as("", "GET", path, "", "Authorization", "Bearer "+token) }
	with(mainObjects).want(http.StatusOK)
	with("/api1/collections/" + hidden + "/objects/").want(http.StatusNotFound)
	s.must(s.people.RevokeToken(t.Context(), gus, token[4:20]))
	with(mainObjects).want(http.StatusUnauthorized)
}

func TestARightThatIsTakenIsGoneAtOnce(t *testing.T) {
	s := newServer(t)
	s.get("gus", mainObjects).want(http.StatusOK)
	s.must(s.people.RevokeGrant(t.Context(), s.live, operator, mainID, "gus"))
	s.get("gus", mainObjects).want(http.StatusNotFound)
}

func TestANewCollectionIsThereAtOnce(t *testing.T) {
	s := newServer(t)
	s.get("gus", mainObjects).want(http.StatusOK)
	s.addCollection(absent, "gus")
	s.get("gus", "/api1/collections/"+absent+"/objects/").want(http.StatusOK)
	s.get("gus", "/api1/collections/"+absent+"/").want(http.StatusOK)
}

func TestFailuresOfTheNodeAreLoggedAndNotTold(t *testing.T) {
	s := newServer(t)
	s.get("gus", mainObjects).want(http.StatusOK)
	s.must(s.live.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("DROP TABLE permit")
		return err
	}))
	a := s.get("gus", mainObjects)
	if a.status != http.StatusInternalServerError || bytes.Contains(a.body, []byte("permit")) || a.json()["http_status"] != "500" {
		t.Errorf("got %d %s, want 500 and no detail", a.status, a.body)
	}
	if id, _ := a.json()["error_id"].(string); len(id) != 16 || !strings.Contains(s.log.String(), id) {
		t.Errorf("error_id %q is not in the log:\n%s", id, s.log)
	}
}

func TestAcceptLists(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                                    false, // a header that accepts nothing
		"application/taxii+json;q=0.001":      true,
		"application/taxii+json;q=0":          false,
		"application/taxii+json;q=2":          false,
		"application/taxii+json;q=x":          false,
		"application/taxii+json;version=2.10": false,
		"application/taxii+json;version=3, application/taxii+json": true,
		"a/b;;;, application/taxii+json;version=2.1":               true,
		"*/*;q=0":                false,
		"application/*;q=0":      false,
		"*/*, application/*;q=0": false,
		"application/*, application/taxii+json;version=2.1;q=0, application/taxii+json": false,
		"application/*;q=0, application/taxii+json;version=2.1":                         true,
		"application/taxii+xml": false,
	} {
		if got := taxii.Acceptable([]string{accept}); got != want {
			t.Errorf("Accept: %s: got %v, want %v", accept, got, want)
		}
	}
	if !taxii.Acceptable([]string{"text/html", "application/taxii+json"}) {
		t.Error("two headers are one list")
	}
}

func TestLargeBodies(t *testing.T) {
	const limit = 20_000
	s := newServer(t, func(c *taxii.Config) { c.MaxContentLength = limit })
	pad := func(n int) string {
		body := `{"objects":[` + identity(1, 0, "one", marking.Clear) + `]}`
		return body + strings.Repeat(" ", n-len(body))
	}
	s.as("wendy", "POST", mainObjects, pad(limit)).want(http.StatusAccepted)
	declared := s.as("wendy", "POST", mainObjects, pad(limit+1)).want(http.StatusRequestEntityTooLarge)
	if declared.json()["http_status"] != "413" || !strings.Contains(string(declared.body), "20000") {
		t.Errorf("got %s", declared.body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+mainObjects, io.MultiReader(strings.NewReader(pad(limit+1)))) // no length declared
	s.must(err)
	req.SetBasicAuth("wendy", password)
	req.Header.Set("Content-Type", "application/taxii+json")
	resp, err := s.client.Do(req)
	s.must(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of unknown length: got %d, want 413", resp.StatusCode)
	}
}

// A body that is refused is read, within bounds, so that its sender gets to
// see why; one who did not log in is not listened to for long.
func TestRefusedBodiesAreRead(t *testing.T) {
	const limit = 4 << 20
	s := newServer(t, func(c *taxii.Config) { c.MaxContentLength = limit })
	for _, tc := range []struct {
		who    string
		size   int64
		status int
		read   bool
	}{
		{"gus", limit, http.StatusForbidden, true},
		{"wendy", 2*limit - 1, http.StatusRequestEntityTooLarge, true},
		{"wendy", 100 * limit, http.StatusRequestEntityTooLarge, false},
		{"", limit, http.StatusUnauthorized, true},
		{"", limit + 1, http.StatusUnauthorized, false},
	} {
		body := &io.LimitedReader{R: spaces{}, N: tc.size}
		r := httptest.NewRequest(http.MethodPost, mainObjects, body)
		r.ContentLength = tc.size
		r.Header.Set("Content-Type", "application/taxii+json")
		if tc.who != "" {
			r.SetBasicAuth(tc.who, password)
		}
		w := httptest.NewRecorder()
		s.taxii.ServeHTTP(w, r)
		if w.Code != tc.status || (body.N == 0) != tc.read {
			t.Errorf("%q sends %d bytes: got %d and %d bytes left, want %d and read %v", tc.who, tc.size, w.Code, body.N, tc.status, tc.read)
		}
	}
}

// spaces is a body without end.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

package api_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/api"
	"twoseas/internal/rightstest"
)

// routes returns every operation as the walk needs it, with a body that would
// do something.
func routes(t *testing.T) []rightstest.Route {
	t.Helper()
	doc := api.Describe(http.NewServeMux())
	var out []rightstest.Route
	for _, o := range api.Operations(doc) {
		r := rightstest.Route{Method: o.Method, Path: o.Path}
		acts, _ := o.Extensions["x-acts"].([]string)
		for _, act := range acts {
			r.Acts = append(r.Acts, people.Act(act))
		}
		r.Any = len(acts) == 0
		if o.RequestBody != nil {
			for media, m := range o.RequestBody.Content {
				r.Media, r.Body = media, instance(doc, m.Schema, "")
			}
		}
		for _, p := range o.Parameters {
			if p.In == "query" && p.Required {
				r.Path += "?" + p.Name + "=" + strings.Trim(instance(doc, p.Schema, p.Name), `"`)
			}
		}
		out = append(out, r)
	}
	if len(out) < 50 {
		t.Fatalf("only %d operations", len(out))
	}
	return out
}

// instance makes a text that a schema takes.
func instance(doc *huma.OpenAPI, s *huma.Schema, name string) string {
	if s.Ref != "" {
		s = doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	switch {
	case name == "digest" || name == "hash":
		return `"sha256:` + strings.Repeat("0", 64) + `"`
	case len(s.Enum) > 0:
		return `"` + s.Enum[0].(string) + `"`
	case s.Type == "object":
		var members []string
		for _, n := range s.Required {
			members = append(members, `"`+n+`":`+instance(doc, s.Properties[n], n))
		}
		return "{" + strings.Join(members, ",") + "}"
	case s.Type == "array":
		return "[" + instance(doc, s.Items, name) + "]"
	case s.Type == "integer" || s.Type == "number":
		return "1"
	case s.Type == "boolean":
		return "true"
	}
	return `"x"`
}

func TestNoOperationServesWhatTheTableDoesNotAllow(t *testing.T) {
	w := rightstest.NewWorld(t)
	all := routes(t)
	w.Refused(t, all)
	w.Foreigners(t, all)
}

func TestEveryOperationNamesAnActOrIsForAnyAccount(t *testing.T) {
	forAny := map[string]bool{}
	for _, r := range routes(t) {
		if r.Any {
			forAny[r.Method+" "+r.Path] = true
		}
	}
	for _, want := range []string{"GET /api/v1/me", "GET /api/v1/roles", "GET /api/v1/keys", "GET /api/v1/collections", "GET /api/v1/tokens", "GET /api/v1/sessions", "DELETE /api/v1/sessions/{session}", "DELETE /api/v1/sessions", "PUT /api/v1/me/password", "GET /api/v1/agreements/{agreement}/versions/{version}/{file}", "GET /api/v1/agreements", "GET /api/v1/agreements/{agreement}/versions", "GET /api/v1/agreements/{agreement}/versions/{version}", "GET /api/v1/agreements/{agreement}/calendar", "GET /api/v1/agreements/{agreement}/flow", "GET /api/v1/dates", "GET /api/v1/reference-agreement", "GET /api/v1/agreements/{agreement}/diff?to=1", "POST /api/v1/tokens", "DELETE /api/v1/tokens/{token}"} {
		if !forAny[want] {
			t.Errorf("%s is not for any account", want)
		}
		delete(forAny, want)
	}
	for r := range forAny {
		t.Errorf("%s is for any account: say here that it should be", r)
	}
}

func TestTheReadablePageNeedsNobodyElse(t *testing.T) {
	mux := http.NewServeMux()
	api.Describe(mux)
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/docs", nil))
	body := rec.Body.String()
	if rec.Code != http.StatusOK || strings.Contains(body, "<script") || strings.Contains(body, "://") || strings.Contains(body, "style=") {
		t.Errorf("%d, or it asks something of another host", rec.Code)
	}
	for range 10 { // it is made of maps
		again := httptest.NewRecorder()
		mux.ServeHTTP(again, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/docs", nil))
		if again.Body.String() != body {
			t.Fatal("it is not the same twice")
		}
	}
	for _, want := range []string{"GET /api/v1/lookup", "Idempotency-Key", "approve or refuse a release", "op-audit-search", "<h2 id=\"ledger\">"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q on the page", want)
		}
	}
	if !strings.Contains(rec.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("no policy")
	}
}

// TestEveryActThatIsOfferedOpensSomething: over the interface or in the desk's
// pages, and what is still to come opens nothing.
func TestEveryActThatIsOfferedOpensSomething(t *testing.T) {
	opened := map[people.Act]bool{}
	for _, r := range routes(t) {
		for _, act := range r.Acts {
			opened[act] = true
		}
	}
	elsewhere := []people.Act{people.Write, people.Recall, people.Onward} // over TAXII, and at the command line
	for _, act := range people.Acts() {
		offered := slices.Contains(people.Offered(), act)
		if opened[act] && !offered {
			t.Errorf("%q opens an operation and is offered to nobody", act)
		}
		if !opened[act] && offered && !slices.Contains(elsewhere, act) {
			t.Errorf("%q is offered and opens no operation", act)
		}
	}
}

package misp_test

import (
	"net/http"
	"strings"
	"testing"

	"twoseas/internal/edge/misp"
	"twoseas/internal/rightstest"
)

// TestNoCallServesWhatTheTableDoesNotAllow walks every call with every role and
// with what is somebody else's.
func TestNoCallServesWhatTheTableDoesNotAllow(t *testing.T) {
	w := rightstest.NewWorld(t)
	owner, err := w.People.As(t.Context(), w.Operator(), "owner")
	if err != nil {
		t.Fatal(err)
	}
	access, err := w.People.Access(t.Context(), w.Live, owner)
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.Events.List(t.Context(), w.Live, access.Class)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	w.Foreign["event"], w.Absent["event"] = list[0].UUID, "00000000-0000-5000-8000-000000000000"
	w.Foreign["object"], w.Absent["object"] = "7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03", "7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c99"
	w.Foreign["organisation"], w.Absent["organisation"] = "7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03", "7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c99"
	w.Foreign["attribute"], w.Absent["attribute"] = "7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03", "7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c99"
	var routes []rightstest.Route
	for _, r := range misp.Routes() {
		out := rightstest.Route{Method: r.Method, Path: r.Path, Acts: r.Acts, Any: r.Acts == nil, Media: "application/json"}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			out.Body = `{"uuid":"` + w.Foreign["event"] + `","value":"secret.example","values":["secret.example"],"eventid":"` + w.Foreign["event"] + `"}`
		}
		if strings.HasSuffix(r.Path, "/checkvalue") { // the answer holds what was asked for
			out.Body = `["192.0.2.1"]`
		}
		routes = append(routes, out)
	}
	if len(routes) < 25 {
		t.Fatalf("only %d calls", len(routes))
	}
	w.Refused(t, routes)
	w.Foreigners(t, routes)
}

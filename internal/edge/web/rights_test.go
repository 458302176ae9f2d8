package web_test

import (
	"strings"
	"testing"

	"twoseas/internal/rightstest"
)

// TestNoPageServesWhatTheTableDoesNotAllow walks every page and form with every
// role and with what is somebody else's.
func TestNoPageServesWhatTheTableDoesNotAllow(t *testing.T) {
	w := rightstest.NewWorld(t)
	var routes []rightstest.Route
	for _, r := range w.Run.Desk.Routes() {
		method, path, ok := strings.Cut(r.Pattern, " ")
		if !ok {
			continue // what is nobody's
		}
		out := rightstest.Route{Method: method, Path: path, Acts: r.OneOf, Any: r.Any, Open: r.Open}
		if r.Act != "" {
			out.Acts = append(out.Acts, r.Act)
		}
		if method == "POST" {
			out.Media = "application/x-www-form-urlencoded"
		}
		routes = append(routes, out)
	}
	if len(routes) < 30 {
		t.Fatalf("only %d routes", len(routes))
	}
	w.Refused(t, routes)
	w.Foreigners(t, routes)
}

package rightstest_test

import (
	"net/http"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/feed"
	"twoseas/internal/edge/taxii"
	"twoseas/internal/rightstest"
	"twoseas/internal/store"
)

// TestNoFeedAndNoCollectionServesWhatIsNotTheReaders walks the feeds, in every
// layout, and the endpoints of TAXII with every role, as the other interfaces
// are walked by their own tests.
func TestNoFeedAndNoCollectionServesWhatIsNotTheReaders(t *testing.T) {
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
	c, err := w.Collections.Create(t.Context(), w.Live, w.Operator(), store.Collection{Title: "Operation Secret"})
	if err != nil {
		t.Fatal(err)
	}
	w.Foreign["event"], w.Absent["event"] = list[0].UUID, "00000000-0000-5000-8000-000000000000"
	w.Foreign["collection"], w.Absent["collection"] = c.ID, "00000000-0000-4000-8000-000000000000"
	var feeds []rightstest.Route
	for _, path := range feed.Paths() {
		feeds = append(feeds, rightstest.Route{Method: http.MethodGet, Path: path, Acts: []people.Act{people.Read}})
	}
	if len(feeds) < 20 {
		t.Fatalf("only %d feeds", len(feeds))
	}
	w.Refused(t, feeds)
	w.Foreigners(t, feeds)
	var endpoints []rightstest.Route
	for _, r := range taxii.Routes(taxii.Root) {
		endpoints = append(endpoints, rightstest.Route{Method: r.Method, Path: r.Path, Any: true, Media: "application/taxii+json;version=2.1", Body: `{"objects":[]}`})
	}
	w.Refused(t, endpoints)
	w.Foreigners(t, endpoints)
}

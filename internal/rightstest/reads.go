package rightstest

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/edge/api"
	"twoseas/internal/edge/feed"
	"twoseas/internal/edge/misp"
	"twoseas/internal/edge/taxii"
	"twoseas/internal/nodetest"
)

// Thing is what reads ask for: an object, the value it names, the
// collection it is in, and events.
type Thing struct {
	Object, Value, Collection string
	Events                    []string // one or more
}

// Read is one request that reads.
type Read struct {
	Method, Path, Body, Media string
}

// String names the read, for people who look for a hole.
func (r Read) String() string { return r.Method + " " + r.Path }

// Said is what a read answered: headers too, where they are of the content.
type Said struct {
	Status int
	Text   string
}

// Reads returns every request that reads anything of a node, over every
// interface: what the routes say by themselves, and the searches.
func Reads(n *nodetest.Node, of Thing) []Read {
	fill := func(path string) string {
		for _, keys := range named(path) {
			v := value(map[string]string{
				"object": of.Object, "objects/id": of.Object, "id": of.Object, "attribute": strings.TrimPrefix(of.Object, "indicator--"),
				"collection": of.Collection, "event": of.Events[0], "agreement": string(nodetest.InJp), "agreements/id": string(nodetest.InJp),
				"version": "1", "number": "1", "entry": "0", "side": "jp", "direction": "in", "file": "bundle.json", "item": "1", "log": string(nodetest.InJp),
			}, keys)
			if v == "" {
				v = "none"
			}
			path = strings.Replace(path, parameter.FindString(path), url.PathEscape(v), 1)
		}
		return strings.TrimSuffix(path, "{$}")
	}
	get := func(paths ...string) (out []Read) {
		for _, p := range paths {
			out = append(out, Read{Method: http.MethodGet, Path: fill(p)})
		}
		return out
	}
	post := func(path, body string) Read {
		return Read{http.MethodPost, path, body, "application/json"}
	}
	var out []Read
	for _, r := range n.Run.Desk.Routes() {
		if path, ok := strings.CutPrefix(r.Pattern, "GET "); ok && path != "/live" {
			out = append(out, get(path)...)
		}
	}
	for _, o := range api.Operations(api.Describe(http.NewServeMux())) {
		if o.Method == http.MethodGet {
			out = append(out, get(o.Path)...)
		}
	}
	for _, r := range taxii.Routes(taxii.Root) {
		if r.Method == http.MethodGet {
			out = append(out, get(r.Path)...)
		}
	}
	for _, r := range misp.Routes() {
		if !strings.HasSuffix(r.Path, "add") && !strings.Contains(r.Path, "edit") && !strings.Contains(r.Path, "push") && !strings.Contains(r.Path, "save") {
			out = append(out, Read{r.Method, fill(r.Path), map[string]string{"POST": "{}"}[r.Method], "application/json"})
		}
	}
	out = append(out, get(feed.Paths()...)...)
	out = append(out, get("/healthz", "/readyz", "/metrics", api.Prefix+"/docs", api.Prefix+"/openapi.json", api.Prefix+"/openapi.yaml")...)
	for _, e := range of.Events[1:] {
		out = append(out, get(misp.Prefix+"events/view/"+e, feed.MISPPrefix+e+".json")...)
	}
	return append(out, searches(of, get, post)...)
}

// searches returns what is asked with a query or a body.
func searches(of Thing, get func(...string) []Read, post func(path, body string) Read) []Read {
	v := url.QueryEscape(of.Value)
	return append(
		get("/threats?q="+v, "/find?q="+v, "/find?q="+of.Object, "/threats/export?format=csv", "/threats/export?format=stix&q="+v,
			"/api/v1/objects?limit=100", "/api/v1/objects?q="+v, "/api/v1/lookup?value="+v, "/api/v1/export?format=csv", "/api/v1/export?format=stix",
			taxii.Root+"collections/"+of.Collection+"/objects/?match[id]="+of.Object,
			feed.Prefix+of.Collection+"/domain.txt?pap=none", feed.Prefix+of.Collection+"/values.csv?pap=none", feed.Prefix+of.Collection+"/suricata.rules?pap=none"),
		post("/api/v1/lookup", `{"values":["`+of.Value+`"]}`), post("/api/v1/export", `{"ids":["`+of.Object+`"]}`),
		post("/misp/attributes/restSearch", `{"value":"`+of.Value+`"}`), post("/misp/events/restSearch", `{"value":"`+of.Value+`"}`),
		post("/misp/attributes/restSearch", `{"returnFormat":"csv"}`), post("/misp/attributes/restSearch", `{"returnFormat":"text"}`),
		post("/misp/sightings/filterSightingUuidsForPush/"+of.Events[0], `{}`),
	)
}

// Reader asks a node as an account, with headers of its own.
type Reader struct {
	Node    *nodetest.Node
	Account string // with Password
	Header  http.Header
}

// All answers reads, by their names.
func (x Reader) All(t *testing.T, reads []Read) map[string]Said {
	t.Helper()
	out := make(map[string]Said, len(reads))
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the node of the test
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	for _, r := range reads {
		req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), r.Method, x.Node.Run.URL+r.Path, strings.NewReader(r.Body))
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range x.Header {
			req.Header[name] = slices.Clone(values)
		}
		if r.Media != "" {
			req.Header.Set("Content-Type", r.Media)
		}
		req.SetBasicAuth(x.Account, Password)
		out[r.String()+" "+r.Body] = answer(t, client, req)
	}
	return out
}

func answer(t *testing.T, client *http.Client, req *http.Request) Said {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		t.Fatal(err)
	}
	return Said{resp.StatusCode, string(raw)}
}

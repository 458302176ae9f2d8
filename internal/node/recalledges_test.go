package node_test

import (
	"crypto/md5"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"twoseas/internal/act/hook"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/ident"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// ear is a program that takes webhooks, or refuses to.
type ear struct {
	mu   sync.Mutex
	deaf bool
	said []string
}

func (e *ear) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.deaf || err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	e.said = append(e.said, string(raw))
}

func (e *ear) heard(typ string) (out []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.said {
		if strings.Contains(s, `"type":"`+typ+`"`) {
			out = append(out, s)
		}
	}
	return out
}

func (e *ear) hear(yes bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deaf = !yes
}

// tool is a program with an account on a node.
type tool struct {
	t      *testing.T
	url    string
	client *http.Client
}

func newTool(t *testing.T, n *nodetest.Node) tool {
	t.Helper()
	if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: "tool", Roles: []people.Role{people.Analyst}, Password: feedPassword, Clearance: "green"}); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(n.CertificateFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(tr.CloseIdleConnections)
	return tool{t, n.Run.URL, &http.Client{Transport: tr}}
}

func (c tool) get(path, accept string) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.SetBasicAuth("tool", feedPassword)
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	raw, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %d, %v, %s", path, resp.StatusCode, err, raw)
	}
	return string(raw)
}

// layouts is everything that a program fetches of a collection, by name.
func (c tool) layouts(collection string) map[string]string {
	out := map[string]string{}
	for _, file := range []string{"bundle.json", "objects.csv", "atom.xml", "feed.json"} {
		out[file] = c.get("/out/"+collection+"/"+file, "")
	}
	for _, file := range []string{"suricata.rules", "rpz.zone", "domain.txt"} {
		out[file] = c.get("/out/"+collection+"/"+file+"?pap=none", "")
	}
	out["hashes.csv"] = c.get("/misp-feed/hashes.csv", "")
	manifest := c.get("/misp-feed/manifest.json", "")
	for _, m := range regexp.MustCompile(`"([0-9a-f-]{36})":\{`).FindAllStringSubmatch(manifest, -1) {
		out["misp-feed"] += c.get("/misp-feed/"+m[1]+".json", "")
	}
	out["taxii"] = c.get("/api1/collections/"+collection+"/objects/", "application/taxii+json;version=2.1")
	return out
}

// What was called back is in no layout of any edge any more, and the answer
// names each edge: what it did, and who had it before.
func TestEachEdgeDropsWhatWasCalledBackAndSaysSo(t *testing.T) {
	ear, deaf := &ear{}, &ear{}
	at := []*httptest.Server{httptest.NewServer(ear), httptest.NewServer(deaf)}
	for _, s := range at {
		t.Cleanup(s.Close)
	}
	in, jp := nodetest.IndiaJapan(t, func(c *node.Config) { c.HookPrivate = true })
	const back, stays = "calledback.tokyo", "stays.tokyo"
	id := st.NewID("indicator")
	past := st.Set("valid_from", "2026-01-01T00:00:00Z")
	in.Import(marking.Green, string(st.Bundle(st.Indicator(st.ID(id), st.Name(back), st.Pattern("[domain-name:value = '"+back+"']"), past),
		st.Indicator(st.Name(stays), st.Pattern("[domain-name:value = '"+stays+"']"), past))))
	nodetest.Converged(t, in, jp)
	var collection string
	if err := jp.Live.Query(t.Context(), func(tx *store.Tx) error {
		found, err := tx.Collection("from-in-in-jp-2022")
		collection = found.ID
		return err
	}); err != nil {
		t.Fatal(err)
	}
	c := newTool(t, jp)
	if err := jp.People.Grant(t.Context(), jp.Live, jp.Operator(), store.Right{Account: "tool", Collection: collection, Read: true}); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]hook.Settings{
		"ear":  {URL: at[0].URL, Events: []hook.Event{hook.Arrived, hook.Recalled}},
		"deaf": {URL: at[1].URL, Events: []hook.Event{hook.Arrived}},
	} {
		s.Account, s.Collection = "tool", collection
		if _, err := jp.Hooks.Add(t.Context(), jp.Live, jp.Operator(), name, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := jp.Library.CatchUp(t.Context(), jp.Live); err != nil { // the index that hashes.csv is made by
		t.Fatal(err)
	}
	digest := func(v string) string {
		sum := md5.Sum([]byte(v))
		return hex.EncodeToString(sum[:])
	}
	says := func(name, text, value string) bool {
		if name == "hashes.csv" {
			value = digest(value)
		}
		return strings.Contains(text, value)
	}
	for name, text := range c.layouts(collection) {
		if !says(name, text, back) || !says(name, text, stays) {
			t.Errorf("%s does not have it before: the test shows nothing: %s", name, text)
		}
	}
	ear.hear(false)
	act, err := in.Recalls.Send(t.Context(), in.Live, in.Operator(), recall.Ask{Kind: law.Spill, IDs: []string{id}}, ident.Digest{})
	if err != nil {
		t.Fatal(err)
	}
	standing := func() recall.Partner {
		d, err := in.Recalls.Show(t.Context(), in.Live, in.Operator(), act)
		if err != nil {
			t.Fatal(err)
		}
		return d.Partners[0]
	}
	nodetest.Eventually(t, "it is answered", func() bool { return !standing().Answered.IsZero() })
	for name, text := range c.layouts(collection) {
		if says(name, text, back) || !says(name, text, stays) {
			t.Errorf("%s afterwards: %s", name, text)
		}
	}
	told := func(p recall.Partner) []string {
		var out []string
		for _, e := range p.Edges {
			raw, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(raw))
		}
		return out
	}
	want := func(got []string, edges ...law.Edge) {
		t.Helper()
		if w := told(recall.Partner{Edges: edges}); !slices.Equal(got, w) {
			t.Errorf("edges\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(w, "\n"))
		}
	}
	common := []law.Edge{
		{Name: law.EdgeFeeds, State: law.Done, Count: 1, Note: law.NoteFetch},
		{Name: law.EdgeFeeds, State: law.Cannot, Count: 1, Note: law.NoteFetched},
		{Name: law.EdgeMISP, State: law.Done, Count: 1, Note: law.NoteFetch},
		{Name: law.EdgeMISP, State: law.Cannot, Count: 1, Note: law.NoteFetched},
		{Name: law.EdgeSearch, State: law.Done, Count: 1, Note: law.NoteRemoved},
		{Name: law.EdgeTAXII, State: law.Cannot, Count: 1, Note: law.NoteFetched},
		{Name: law.EdgeTAXII, State: law.Done, Count: 1, Note: law.NoteRevoked},
	}
	p := standing()
	if !p.Open {
		t.Error("it is said to be done while a receiver is not told")
	}
	untold := law.Edge{Name: law.EdgeWebhooks, State: law.Pending, Count: 1, Note: law.NoteTelling}
	want(told(p), append(slices.Clone(common), untold)...)
	ear.hear(true)
	if err := jp.Hooks.Resume(t.Context(), jp.Live, jp.Operator(), "ear"); err != nil { // rather than wait for the next attempt
		t.Fatal(err)
	}
	nodetest.Eventually(t, "the receiver is told, and the originator that it is", func() bool { return !standing().Open })
	want(told(standing()), append(slices.Clone(common), law.Edge{Name: law.EdgeWebhooks, State: law.Done, Count: 1, Note: law.NoteTold})...)
	heard := ear.heard(string(hook.Recalled))
	if len(heard) != 1 || !strings.Contains(heard[0], id) || !strings.Contains(heard[0], `"kind":"recall"`) || strings.Contains(heard[0], back) {
		t.Errorf("the receiver is told %q", heard)
	}
	if len(deaf.heard(string(hook.Recalled))) > 0 {
		t.Error("who did not ask for it is told")
	}
}

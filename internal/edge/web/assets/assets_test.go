package assets

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func made(t *testing.T) *Assets {
	t.Helper()
	a, err := load(fstest.MapFS{
		"manifest.json":   {Data: []byte(`{"desk.css": "desk.0a.css"}`)},
		"desk.0a.css":     {Data: []byte("plain")},
		"desk.0a.css.gz":  {Data: []byte("gzipped")},
		"desk.0a.css.br":  {Data: []byte("brotli")},
		"secret/file.css": {Data: []byte("x")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func get(a *Assets, path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

func TestAFileIsServedUnderItsHashAsSmallAsTheBrowserTakesIt(t *testing.T) {
	a := made(t)
	if got := a.URL("desk.css"); got != "/static/desk.0a.css" {
		t.Fatalf("got %s", got)
	}
	cases := []struct{ accept, encoding, body string }{
		{"", "", "plain"}, {"gzip", "gzip", "gzipped"}, {"gzip, deflate, br", "br", "brotli"}, {"zstd", "", "plain"},
	}
	for _, c := range cases {
		w := get(a, a.URL("desk.css"), c.accept)
		h := w.Header()
		if w.Code != http.StatusOK || w.Body.String() != c.body || h.Get("Content-Encoding") != c.encoding {
			t.Errorf("%q: got %d %q %q", c.accept, w.Code, w.Body, h.Get("Content-Encoding"))
		}
		if h.Get("Content-Type") != "text/css; charset=utf-8" || h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: headers %v", c.accept, h)
		}
	}
}

func TestWhatIsNoFileIsNotFound(t *testing.T) {
	a := made(t)
	for _, path := range []string{"/static/", "/static/manifest.json", "/static/none.css", "/static/../assets.go", "/static/secret", "/static//etc/passwd"} {
		if w := get(a, path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	if got := a.URL("none.css"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestWithoutABuildNothingIsMade(t *testing.T) {
	a, err := load(fstest.MapFS{".gitkeep": {}})
	if err != nil || a.Made() {
		t.Errorf("got %v, made %v", err, a.Made())
	}
	if _, err := load(fstest.MapFS{"manifest.json": {Data: []byte("[]")}}); err == nil {
		t.Error("a broken manifest is taken")
	}
}

package page_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/auth"
	"twoseas/internal/edge/web/assets"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/edge/web/words"
	"twoseas/internal/store"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// desk is a frame over a real store with an account of each role, named like it.
type desk struct {
	*page.Desk
	mux    *http.ServeMux
	log    *bytes.Buffer
	tokens map[people.Role]string
}

func open(t *testing.T, routes ...page.Route) desk {
	t.Helper()
	clk := clock.NewFake(start)
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "twoseas.db"), clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	live, err := s.Domain(t.Context(), ident.Live)
	if err != nil {
		t.Fatal(err)
	}
	p, err := people.New(t.Context(), live, people.Home{Side: "in"}, clk, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := desk{mux: http.NewServeMux(), log: &bytes.Buffer{}, tokens: map[people.Role]string{}}
	by := people.System("test")
	for _, r := range people.Roles() {
		if err := p.AddAccount(t.Context(), by, people.Account{Name: string(r), Roles: []people.Role{r}, Password: "correct horse battery"}); err != nil {
			t.Fatal(err)
		}
		if d.tokens[r], err = p.IssueToken(t.Context(), by, string(r), "", 0); err != nil {
			t.Fatal(err)
		}
	}
	texts, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	files, err := assets.Load()
	if err != nil {
		t.Fatal(err)
	}
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	d.Desk = page.New(page.Config{
		Handle: live, People: p, Auth: auth.New(p, false), Clock: clk, Log: slog.New(slog.NewTextHandler(d.log, nil)), Texts: texts, Assets: files,
		Title: "Node <of> in", Side: "in",
		Links: func(context.Context) ([]page.Link, error) {
			return []page.Link{
				{Agreement: "in-jp-2022", Partner: "jp", State: "behind", Since: start, Waiting: 77, Own: page.Place{Name: map[string]string{"en": "New Delhi"}, Zone: zone("Asia/Kolkata")}, Far: page.Place{Name: map[string]string{"en": "Tokyo", "ja": "東京"}, Zone: zone("Asia/Tokyo")}},
				{Agreement: "in-uk-2020", Partner: "uk", State: "never"},
			}, nil
		},
	}, []page.Area{{Name: "overview", Path: "/"}, {Name: "audit", Path: "/audit", Acts: []people.Act{people.Audit}}})
	d.Mount(d.mux, append(routes, d.Choose()))
	return d
}

func (d desk) ask(r *http.Request, role people.Role) *httptest.ResponseRecorder {
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+d.tokens[role])
	}
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	return w
}

func (d desk) get(path string, role people.Role) *httptest.ResponseRecorder {
	return d.ask(httptest.NewRequest(http.MethodGet, path, nil), role)
}

func says(text string) page.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestARouteServesWhomItsActAdmits(t *testing.T) {
	d := open(t,
		page.Route{Pattern: "GET /audit", Act: people.Audit, Serve: says("secret")},
		page.Route{Pattern: "GET /any", Any: true, Serve: says("any")},
		page.Route{Pattern: "GET /open", Open: true, Serve: says("open")},
		page.Route{Pattern: "GET /forgotten", Serve: says("secret")},
	)
	for _, role := range append(people.Roles(), "") {
		for path, want := range map[string]int{
			"/audit": status(role == people.Auditor, role), "/any": status(role != "", role), "/open": http.StatusOK, "/forgotten": missing(role),
		} {
			w := d.get(path, role)
			if w.Code != want {
				t.Errorf("%s for %q: got %d, want %d", path, role, w.Code, want)
			}
			if want != http.StatusOK && strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%s for %q serves what it must not", path, role)
			}
			if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; script-src 'self'") || strings.Contains(got, "unsafe") {
				t.Errorf("%s: policy %q", path, got)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s: Cache-Control %q", path, got)
			}
		}
	}
}

func status(may bool, role people.Role) int {
	switch {
	case may:
		return http.StatusOK
	case role == "":
		return http.StatusSeeOther
	}
	return http.StatusForbidden
}

func missing(role people.Role) int {
	if role == "" {
		return http.StatusSeeOther
	}
	return http.StatusNotFound
}

func TestWhoHasNotSignedInIsSentThereAndBack(t *testing.T) {
	d := open(t, page.Route{Pattern: "/any", Any: true, Serve: says("any")})
	w := d.get("/any?q=a%26b", "")
	if got := w.Header().Get("Location"); got != "/sign-in?back=%2Fany%3Fq%3Da%2526b" {
		t.Errorf("got %s", got)
	}
	w = d.ask(httptest.NewRequest(http.MethodPost, "/any", nil), "")
	if got := w.Header().Get("Location"); got != "/sign-in" {
		t.Errorf("a form is not come back to: got %s", got)
	}
}

// TestNobodySendsWithoutEnd sends a file without end to forms that look for a
// field of theirs in it, without having signed in.
func TestNobodySendsWithoutEnd(t *testing.T) {
	const most = 3 << 20
	d := open(t,
		page.Route{Pattern: "GET /open", Open: true, Serve: func(w http.ResponseWriter, r *http.Request) error {
			return page.See(w, r, page.Back(r, "/"))
		}},
		page.Route{Pattern: "POST /large", Open: true, Body: 2 << 20, Serve: func(_ http.ResponseWriter, r *http.Request) error {
			_, err := io.Copy(io.Discard, r.Body)
			return err
		}},
	)
	for path, bound := range map[string]int64{"POST /choose": 1 << 20, "GET /open": 1 << 20, "POST /large": 2 << 20} {
		method, path, _ := strings.Cut(path, " ")
		head := "--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"x\"\r\n\r\n"
		sent := &io.LimitedReader{R: io.MultiReader(strings.NewReader(head), zeros{}), N: most}
		r := httptest.NewRequest(method, path, sent)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		d.ask(r, "")
		if read := most - sent.N; read > bound+64<<10 {
			t.Errorf("%s: %d bytes were read of what has no end, want no more than %d", path, read, bound)
		}
	}
}

// zeros is a file without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestTheWayBackStaysOnTheNode(t *testing.T) {
	cases := map[string]string{
		"/x?y=1": "/x?y=1", "": "/", "https://evil.example/": "/", "//evil.example": "/", "/\\evil.example": "/", "x": "/", "/a\r\nb": "/", "/\tevil": "/",
	}
	for back, want := range cases {
		r := httptest.NewRequest(http.MethodGet, "/?"+url.Values{"back": {back}}.Encode(), nil)
		if got := page.Back(r, "/"); got != want {
			t.Errorf("%q: got %q, want %q", back, got, want)
		}
	}
}

func TestAFailureIsAPageThatSaysNoMoreThanItMay(t *testing.T) {
	cases := []struct {
		err    error
		status int
		see    string
	}{
		{fault.New(fault.NotFound, "no such <object>"), http.StatusNotFound, "no such &lt;object&gt;"},
		{fault.New(fault.Invalid, "wrong"), http.StatusUnprocessableEntity, "wrong"},
		{fault.New(fault.Denied, "no"), http.StatusForbidden, "no"},
		{fault.New(fault.Conflict, "changed"), http.StatusConflict, "changed"},
		{fault.New(fault.Held, "held"), http.StatusConflict, "held"},
		{fault.New(fault.Busy, "busy"), http.StatusServiceUnavailable, "busy"},
		{fault.New(fault.Unavailable, "away"), http.StatusServiceUnavailable, "away"},
		{fault.New(fault.TooLarge, "large"), http.StatusRequestEntityTooLarge, "large"},
		{fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 5}), http.StatusRequestEntityTooLarge, "larger than this form takes"},
		{errors.New("password hunter2 in SELECT secret"), http.StatusInternalServerError, "Reference for the operator"},
	}
	var failing error
	d := open(t, page.Route{Pattern: "GET /fail", Any: true, Serve: func(http.ResponseWriter, *http.Request) error { return failing }})
	for _, c := range cases {
		failing = c.err
		w := d.get("/fail", people.Analyst)
		body := w.Body.String()
		if w.Code != c.status || !strings.Contains(body, c.see) {
			t.Errorf("%v: got %d, want %d and %q", c.err, w.Code, c.status, c.see)
		}
		if strings.Contains(body, "hunter2") {
			t.Errorf("%v: shown to a reader", c.err)
		}
		if strings.Contains(body, "page.failed.") {
			t.Errorf("%v: a text is missing", c.err)
		}
	}
	if !strings.Contains(d.log.String(), "hunter2") {
		t.Error("what went wrong is not in the log")
	}
}

func TestNothingIsSentOfAPageThatFails(t *testing.T) {
	var d desk
	broken := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, "half a page"); err != nil {
			return err
		}
		return fault.New(fault.Unavailable, "away")
	})
	d = open(t, page.Route{Pattern: "GET /half", Any: true, Serve: func(w http.ResponseWriter, r *http.Request) error {
		return d.Render(w, r, page.Head{Title: "x"}, broken)
	}})
	if w := d.get("/half", people.Analyst); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "half a page") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func frame(d *desk) page.Route {
	return page.Route{Pattern: "GET /frame", Any: true, Serve: func(w http.ResponseWriter, r *http.Request) error {
		return d.Render(w, r, page.Head{Title: "Title <b>", Area: "overview"}, templ.Raw("<p>body</p>"))
	}}
}

func TestTheFrameShowsWhatTheRoleUses(t *testing.T) {
	var d desk
	d = open(t, frame(&d))
	for role, want := range map[people.Role]bool{people.Auditor: true, people.Analyst: false} {
		body := d.get("/frame", role).Body.String()
		if got := strings.Contains(body, `href="/audit"`); got != want {
			t.Errorf("%s: audit log shown: %v", role, got)
		}
		for _, part := range []string{"77 waiting", "Title &lt;b&gt; · Node &lt;of&gt; in", "New Delhi", "14:30", "Tokyo", "18:00", `aria-current="page"`, `<option value="in-uk-2020">`} {
			if !strings.Contains(body, part) {
				t.Errorf("%s: the frame lacks %s", role, part)
			}
		}
	}
}

func TestHowMuchWaitsIsNotForMembers(t *testing.T) {
	var d desk
	d = open(t, frame(&d))
	for _, role := range people.Roles() {
		want := role != people.Member && role != people.OrganisationAdministrator && role != people.Liaison
		if got := strings.Contains(d.get("/frame", role).Body.String(), "77 waiting"); got != want {
			t.Errorf("%s: told how much waits: %v", role, got)
		}
	}
}

func TestAReadersChoiceIsKept(t *testing.T) {
	var d desk
	d = open(t, frame(&d))
	choose := func(form string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/choose", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return d.ask(r, people.Analyst)
	}
	w := choose("lang=ja&theme=dark&agreement=in-uk-2020&back=/frame")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/frame" {
		t.Fatalf("got %d to %s", w.Code, w.Header().Get("Location"))
	}
	r := httptest.NewRequest(http.MethodGet, "/frame", nil)
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %s", c)
		}
		r.AddCookie(c)
	}
	body := d.ask(r, people.Analyst).Body.String()
	for _, part := range []string{`lang="ja"`, `data-theme="dark"`, `<option value="in-uk-2020" selected>`, "概況"} {
		if !strings.Contains(body, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	for _, form := range []string{"lang=fr", "theme=pink", "agreement=none", "lang=en%0d%0aSet-Cookie:x"} {
		if w := choose(form); w.Code != http.StatusUnprocessableEntity || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: got %d", form, w.Code)
		}
	}
}

func TestTimesAreSaidInWordsAndExactly(t *testing.T) {
	var q *page.Request
	d := open(t, page.Route{Pattern: "GET /q", Any: true, Serve: func(_ http.ResponseWriter, r *http.Request) error {
		q = page.Of(r)
		return nil
	}})
	d.get("/q", people.Analyst)
	cases := map[time.Duration]string{
		0: "now", -9 * time.Second: "now", -59 * time.Second: "59 s ago", -time.Minute: "1 min ago", -time.Hour: "1 hour ago",
		-47 * time.Hour: "47 hours ago", -48 * time.Hour: "2 days ago", 3 * time.Hour: "in 3 hours", 116 * 24 * time.Hour: "in 116 days",
	}
	for d, want := range cases {
		if got := q.Ago(start.Add(d)); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
	if got, want := q.Exact(start), "2026-11-22 09:00:00 UTC · 2026-11-22 14:30 New Delhi · 2026-11-22 18:00 Tokyo"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

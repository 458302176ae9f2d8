package feeds_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/formtest"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery staple"

// desk is a node with an administrator, an analyst and a duty officer signed
// in.
func desk(t *testing.T) (n *nodetest.Node, adm, ana, duty *formtest.Browser) {
	t.Helper()
	n = nodetest.Start(t, "in", func(c *node.Config) { c.OneFactor = true })
	sign := func(name string, role people.Role) *formtest.Browser {
		if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Clearance: "TLP:GREEN", Password: password}); err != nil {
			t.Fatal(err)
		}
		b := formtest.New(t, n.Run.URL)
		b.SignIn(name, password).Want(200, "/")
		return b
	}
	return n, sign("adm", people.Administrator), sign("ana", people.Analyst), sign("duty", people.DutyOfficer)
}

// source serves a text with indicators; broken, it answers with an error.
func source(t *testing.T) (at string, broken *bool) {
	t.Helper()
	broken = new(false)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if *broken || r.URL.Query().Get("key") != "k3y" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte("hxxps://evil[.]shop/a\n")) // the client has gone, if anything
	}))
	t.Cleanup(s.Close)
	return s.URL + "/list.txt?key=k3y", broken
}

func settings(address string) url.Values {
	return url.Values{"name": {"evil-shops"}, "kind": {"text"}, "url": {address}, "every": {"60"}, "tlp": {"green"}, "private": {"1"}, "origin": {""}}
}

func TestAFeedIsAddedAskedChangedPausedAndForgotten(t *testing.T) {
	n, adm, ana, _ := desk(t)
	at, broken := source(t)
	adm.Get("/feeds").Want(200, "/feeds", "takes nothing from outside", "/add-feed")
	ana.Get("/feeds").Want(200, "/feeds", "An administrator adds feeds").Lacks("/add-feed")
	adm.Get("/add-feed").Submit("/add-feed", settings(at)).Want(200, "/feeds/evil-shops")
	nodetest.Eventually(t, "the feed was asked", func() bool { return strings.Contains(adm.Get("/feeds/evil-shops").Body, "Works") })
	adm.Want(200, "", "key=k3y", "Last run", "Change the feed")
	// The analyst sees how it is doing, and neither the key nor what is an administrator's.
	ana.Get("/feeds/evil-shops").Want(200, "", "Works", "/list.txt").Lacks("k3y", "Change the feed", "Remove the feed")
	ana.Get("/feeds/evil-shops/change").Want(403, "")
	ana.Post("/feeds/evil-shops/remove", nil).Want(403, "")
	ana.Post("/add-feed", settings(at)).Want(403, "")
	// Who imports may pause, resume and hasten.
	ana.Post("/feeds/evil-shops/pause", url.Values{}).Want(200, "/feeds/evil-shops", "Paused")
	ana.Post("/feeds/evil-shops/hasten", url.Values{}).Want(409, "")
	ana.Get("/feeds?state=paused").Want(200, "", "evil-shops")
	ana.Get("/feeds?state=well").Want(200, "", "No feed is in this state").Lacks(">evil-shops<")
	*broken = true
	ana.Post("/feeds/evil-shops/resume", url.Values{}).Want(200, "/feeds/evil-shops")
	nodetest.Eventually(t, "the failure is shown", func() bool { return strings.Contains(ana.Get("/feeds/evil-shops").Body, "The last attempt failed") })
	ana.Want(200, "", "Nothing is lost").Lacks("k3y")
	// A change keeps what it does not name, and loses nothing typed when it does not do.
	change := settings(at)
	change.Set("every", "0")
	adm.Get("/feeds/evil-shops/change").Submit("/feeds/evil-shops/change", change).Want(422, "", "every 0 seconds", `value="0"`)
	change.Set("every", "120")
	change.Set("secret", "s3cret-w0rd")
	adm.Get("/feeds/evil-shops/change").Submit("/feeds/evil-shops/change", change).Want(200, "/feeds/evil-shops", "2 h", "Kept").Lacks("s3cret-w0rd")
	adm.Get("/feeds/evil-shops/change").Want(200, "", "One is kept").Lacks("s3cret-w0rd")
	adm.Post("/feeds/evil-shops/remove", url.Values{}).Want(200, "/feeds", "takes nothing from outside")
	adm.Get("/feeds/evil-shops").Want(404, "")
	if list, err := n.Feeds.List(t.Context(), n.Live, n.Operator()); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

func TestWhatAFeedFormRefuses(t *testing.T) {
	_, adm, _, duty := desk(t)
	for name, c := range map[string]struct {
		key, value, says string
		status           int
	}{
		"a bad name":         {"name", "Evil Shops", "lower-case letters", 422},
		"no address":         {"url", "ftp://x", "want https://", 422},
		"a folder":           {"url", "folder:/etc", "with the command", 403},
		"no kind":            {"kind", "smoke", "want taxii", 422},
		"a password in it":   {"url", "https://u:p@x.example/", "holds no password", 422},
		"a strange interval": {"every", "soon", "every 0 seconds", 422},
	} {
		form := settings("https://x.example/list")
		form.Set(c.key, c.value)
		adm.Get("/add-feed").Submit("/add-feed", form)
		if adm.Status != c.status || !strings.Contains(adm.Words(), c.says) {
			t.Errorf("%s: %d %s", name, adm.Status, adm.Words())
		}
	}
	form := settings("http://127.0.0.1:1/")
	form.Set("kind", "csv")
	form.Set("columns", "value, nonsense")
	adm.Get("/add-feed").Submit("/add-feed", form).Want(422, "", "value, nonsense", "a column can hold")
	form = settings("http://127.0.0.1:1/")
	form.Set("kind", "taxii")
	adm.Get("/add-feed").Want(200, "", "Ask what the server offers")
	adm.Post("/add-feed/offered", form).Want(422, "/add-feed/offered", `value="http://127.0.0.1:1/"`)
	duty.Get("/feeds").Want(403, "")
	duty.Post("/add-feed/offered", form).Want(403, "")
}

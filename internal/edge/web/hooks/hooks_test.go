package hooks_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/formtest"
	"twoseas/internal/format/webhook"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery staple"

// desk is a node with an administrator and an analyst signed in.
func desk(t *testing.T) (n *nodetest.Node, adm, ana *formtest.Browser) {
	t.Helper()
	n = nodetest.Start(t, "in", func(c *node.Config) { c.OneFactor, c.HookPrivate = true, true })
	sign := func(name string, role people.Role) *formtest.Browser {
		if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Clearance: "TLP:GREEN", Password: password}); err != nil {
			t.Fatal(err)
		}
		b := formtest.New(t, n.Run.URL)
		b.SignIn(name, password).Want(200, "/")
		return b
	}
	return n, sign("adm", people.Administrator), sign("ana", people.Analyst)
}

// receiver answers 200, or 500 while broken, and keeps the last message.
type receiver struct {
	broken  atomic.Bool
	last    chan received
	address string
}

type received struct {
	http.Header
	body []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{last: make(chan received, 100)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if r.broken.Load() {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.last <- received{q.Header, body}
	}))
	t.Cleanup(s.Close)
	r.address = s.URL + "/in?key=k3y"
	return r
}

var secretText = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`)

// secret is the one that the page shows.
func secret(t *testing.T, b *formtest.Browser) string {
	t.Helper()
	s := secretText.FindString(strings.ReplaceAll(b.Body, "&#43;", "+"))
	if s == "" {
		t.Fatalf("no secret: %s", b.Words())
	}
	return s
}

func TestAWebhookIsAddedTriedChangedAndForgotten(t *testing.T) {
	n, adm, ana := desk(t)
	to := newReceiver(t)
	adm.Get("/hooks").Want(200, "", "Nobody elsewhere is told yet", "/add-hook")
	typed := url.Values{"name": {"soc"}, "url": {to.address}, "account": {"ana"}, "event": {"feed.failing"}}
	adm.Get("/add-hook").Submit("/add-hook", typed).Want(200, "/add-hook", "it is not shown again")
	first := secret(t, adm)
	if adm.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page with the secret may be kept: %q", adm.Header.Get("Cache-Control"))
	}
	// It is shown once, and what may be a key of the address not at all.
	adm.Get("/hooks/soc").Want(200, "", "Nothing sent yet", "feed.failing").Lacks("whsec_", "k3y")
	adm.Submit("/hooks/soc/test", nil).Want(200, "/hooks/soc")
	m := <-to.last
	nodetest.Eventually(t, "the attempt is shown", func() bool { return strings.Contains(adm.Get("/hooks/soc").Body, "hook.test") })
	adm.Want(200, "", "Works", m.Get(webhook.HeaderID))
	if !signed(t, first, m) {
		t.Error("the message is not signed with the secret that was shown")
	}
	// A new secret: both sign for a day.
	adm.Submit("/hooks/soc/rotate", nil).Want(200, "/hooks/soc/rotate", "it is not shown again", "The old secret signs too until")
	second := secret(t, adm)
	adm.Get("/hooks/soc").Lacks("whsec_").Submit("/hooks/soc/test", nil).Want(200, "/hooks/soc")
	if m = <-to.last; second == first || !signed(t, first, m) || !signed(t, second, m) {
		t.Errorf("%q and %q do not both sign %+v", first, second, m)
	}
	// What fails is said, with what comes next.
	to.broken.Store(true)
	nodetest.Eventually(t, "the second test is over", func() bool { return strings.Contains(adm.Get("/hooks/soc").Body, "/hooks/soc/test") })
	adm.Submit("/hooks/soc/test", nil).Want(200, "/hooks/soc")
	nodetest.Eventually(t, "the failure is shown", func() bool { return strings.Contains(adm.Get("/hooks/soc").Body, "the same message is tried again") })
	adm.Want(200, "", "Failing", "500").Lacks("/hooks/soc/test", "k3y")
	// Paused, it goes nowhere, and a test says why.
	adm.Submit("/hooks/soc/pause", nil).Want(200, "/hooks/soc", "it is sent nothing until somebody resumes it")
	adm.Post("/hooks/soc/test", nil).Want(409, "", "resume it first")
	to.broken.Store(false)
	adm.Get("/hooks/soc").Submit("/hooks/soc/resume", nil).Want(200, "/hooks/soc")
	<-to.last
	// Changed: what was said is in the form, and the key of the address with it.
	adm.Get("/hooks/soc/change").Want(200, "", "key=k3y", `value="feed.failing" checked`)
	adm.Submit("/hooks/soc/change", url.Values{"account": {"adm"}, "event": {"hold.waiting", "receipt.received"}}).Want(200, "/hooks/soc", "hold.waiting", "adm").Lacks("feed.failing")
	ana.Get("/hooks").Want(403, "")
	ana.Get("/hooks/soc").Want(403, "")
	ana.Post("/hooks/soc/rotate", nil).Want(403, "").Lacks("whsec_")
	adm.Post("/hooks/soc/remove", nil).Want(200, "/hooks", "Nobody elsewhere is told yet")
	adm.Get("/hooks/soc").Want(404, "")
	adm.Post("/hooks/soc/test", nil).Want(404, "")
	if list, err := n.Hooks.List(t.Context(), n.Live, n.Operator()); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

// signed reports whether a message bears the signature of a secret.
func signed(t *testing.T, secret string, m received) bool {
	t.Helper()
	raw, err := webhook.ParseSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return webhook.Verify(m.Get, m.body, time.Now(), raw) == nil
}

func TestWhatAWebhookFormRefuses(t *testing.T) {
	_, adm, ana := desk(t)
	good := func() url.Values {
		return url.Values{"name": {"soc"}, "url": {"https://soc.example/in"}, "account": {"ana"}, "event": {"feed.failing"}}
	}
	for name, c := range map[string]struct {
		key   string
		value []string
		field string
		says  string
	}{
		"a bad name":                {"name", []string{"So C"}, "name", "lower-case letters"},
		"no address":                {"url", []string{"ftp://x"}, "url", "want https://"},
		"a password in it":          {"url", []string{"https://u:p@x.example/"}, "url", "no password"},
		"no events":                 {"event", nil, "event-object.arrived", "say which events"},
		"an event nobody knows":     {"event", []string{"rain"}, "event-object.arrived", "want each of some of"},
		"an event twice":            {"event", []string{"feed.failing", "feed.failing"}, "event-object.arrived", "once"},
		"arrivals without where":    {"event", []string{"object.arrived"}, "collection", "about a collection"},
		"a collection for no event": {"collection", []string{"x"}, "collection", "about a collection"},
		"nobody":                    {"account", []string{"ghost"}, "account", "account"},
	} {
		form := good()
		form[c.key] = c.value
		adm.Get("/add-hook").Submit("/add-hook", form)
		if adm.Status != 422 || !strings.Contains(adm.Words(), c.says) || !strings.Contains(adm.Body, `href="#`+c.field+`"`) {
			t.Errorf("%s: %d %s", name, adm.Status, adm.Words())
		}
		if len(c.value) == 1 && c.key != "account" && c.key != "event" && c.key != "collection" && !strings.Contains(adm.Body, `value="`+c.value[0]+`"`) {
			t.Errorf("%s: what was typed is lost", name)
		}
	}
	adm.Get("/add-hook").Submit("/add-hook", good()).Want(200, "/add-hook", "whsec_")
	adm.Get("/add-hook").Submit("/add-hook", good()).Want(422, "/add-hook", `href="#name"`).Lacks("whsec_")
	adm.Get("/hooks/soc/change").Submit("/hooks/soc/change", url.Values{"url": {"x"}}).Want(422, "", `value="x"`)
	adm.Get("/hooks/none/change").Want(404, "")
	ana.Post("/add-hook", good()).Want(403, "")
}

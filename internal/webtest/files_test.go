package webtest_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

const filesPassword = "correct horse battery staple"

// island is a node that no partner reaches, with two officers at its desk.
type island struct {
	*nodetest.Node
	duty, officer *webtest.Tab
}

func newIsland(t *testing.T, b *webtest.Browser, side ident.Side) *island {
	t.Helper()
	n := nodetest.Start(t, side, func(c *node.Config) { c.OneFactor, c.PeerURL = true, "https://127.0.0.1:9" }) // the discard port: nobody
	return &island{n, signIn(t, b, n, "duty", people.DutyOfficer), signIn(t, b, n, "officer", people.ReleasingOfficer)}
}

// signIn adds an account at a node where a password is enough and opens its
// tab.
func signIn(t *testing.T, b *webtest.Browser, n *nodetest.Node, name string, role people.Role) *webtest.Tab {
	t.Helper()
	return signInOf(t, b, n, name, "", role)
}

// signInOf is signIn of somebody who belongs to an organisation.
func signInOf(t *testing.T, b *webtest.Browser, n *nodetest.Node, name, org string, role people.Role) *webtest.Tab {
	t.Helper()
	if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Org: org, Roles: []people.Role{role}, Clearance: "TLP:RED", Password: filesPassword}); err != nil {
		t.Fatal(err)
	}
	tab := b.Tab(t, n.Run.URL)
	tab.Look(1366, false)
	tab.Go("/sign-in")
	tab.Type("#name", name)
	tab.Type("#password", filesPassword)
	tab.Submit("main form button[type=submit]")
	return tab
}

// sent sends the form a selector finds and returns what the browser would
// save.
func sent(t *webtest.Tab, form string) string {
	return webtest.Eval[string](t, fmt.Sprintf("(f => fetch(f.action, {method: 'POST', body: new URLSearchParams(new FormData(f))}).then(r => r.ok ? r.text() : Promise.reject(r.status)))(document.querySelector(%q))", form))
}

// meet has two duty officers make their nodes known to each other by messages
// that people carry, and say to what files are encrypted.
func meet(t *testing.T, a, b *island) {
	t.Helper()
	a.duty.Go("/operate/partners")
	a.duty.Submit("form[action$='/invite'] button")
	invitation := webtest.Eval[string](a.duty, "document.querySelector('.invitation code').dataset.copy")
	b.duty.Go("/operate/partners")
	b.duty.Click("#by-hand")
	b.duty.Set("#hello", invitation)
	hello := sent(b.duty, "form[action$='/hello']")
	a.duty.Click("#by-hand")
	a.duty.Set("#answer", hello)
	answer := sent(a.duty, "form[action$='/answer']")
	b.duty.Set("#finish", answer)
	b.duty.Submit("form[action$='/finish'] button")
	a.duty.Go("/operate/partners/" + string(b.Side))
	digits := map[*island]string{a: a.duty.Text(".read-out"), b: b.duty.Text(".read-out")}
	for _, way := range [][2]*island{{a, b}, {b, a}} {
		way[0].duty.Type("#code", digits[way[1]])
		way[0].duty.Submit("form[action$='/confirm'] button")
	}
	for _, way := range [][2]*island{{a, b}, {b, a}} {
		way[0].duty.Go("/operate/partners/" + string(way[1].Side))
		note := sent(way[0].duty, "form[action='/operate/recipient']")
		way[1].duty.Go("/operate/partners/" + string(way[0].Side))
		way[1].duty.Set("#note", note)
		way[1].duty.Submit("form[action$='/recipient'][action*='partners'] button")
	}
}

// cross carries one file: written and fetched at one desk, looked into and
// confirmed by two officers of the other, who read its receipt code back. It
// returns where the file is on the stick.
func cross(t *testing.T, from, to *island) string {
	t.Helper()
	const files = "/exchange/in-jp-2022/files"
	from.officer.Go(files)
	from.officer.Submit("form[action$='/files'] button")
	from.officer.Go(files)
	from.officer.Submit("#written-list tbody th a")
	number := from.officer.Path()
	raw := webtest.Eval[string](from.officer, `fetch(document.querySelector("section[aria-labelledby=fetch] li a").href).then(r => r.arrayBuffer()).then(b => { let s = ""; for (const c of new Uint8Array(b)) s += String.fromCharCode(c); return btoa(s); })`)
	whole, err := base64.StdEncoding.DecodeString(raw)
	if err != nil || !strings.HasPrefix(string(whole), "twoseas-bundle-file/1 ") {
		t.Fatalf("the browser saved %.60q: %v", whole, err)
	}
	stick := filepath.Join(t.TempDir(), "stick.bundle")
	if err := os.WriteFile(stick, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	to.duty.Go(files)
	to.duty.Upload("#file", stick)
	to.duty.Submit("form[action$='/upload'] button")
	here := to.duty.Path()
	to.duty.Submit("form[action$='/look'] button")
	to.duty.Submit("form[action$='/confirm'] button")
	to.duty.See("Waits for a second officer")
	to.officer.Go("/waiting")
	to.officer.See("1 file waits for a second officer")
	to.officer.Go(here)
	if to.officer.Has("form[action$='/confirm']") {
		t.Error("who has not looked may confirm")
	}
	to.officer.Submit("form[action$='/look'] button")
	to.officer.Submit("form[action$='/confirm'] button")
	to.officer.Until("the receipt code", "!!document.querySelector('.read-out')")
	code := to.officer.Text(".read-out")
	// The first officer's page follows without a reload.
	to.duty.Until("the import at the first officer's", "!!document.querySelector('.read-out')")
	from.duty.Go(files)
	from.duty.Type("#code", code)
	from.duty.Submit("form[action$='/code'] button")
	if at := from.duty.Path(); at != number || !strings.Contains(from.duty.Text("main"), "Arrived") {
		t.Errorf("the code %q led to %s, want %s: %s", code, at, number, from.duty.Text("main"))
	}
	return stick
}

// byFile has the first side write two files for the second, which imports one and
// looks into the other.
func (w *world) byFile(t *testing.T) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	duty := people.Actor{Name: "duty", Roles: []people.Role{people.DutyOfficer}}
	officer := people.Actor{Name: "officer", Roles: []people.Role{people.ReleasingOfficer}}
	for _, way := range [][2]*node.Node{{w.In.Node, w.Jp.Node}, {w.Jp.Node, w.In.Node}} {
		msg, err := way[0].Pairing.AnnounceRecipient(t.Context(), duty, false)
		must(err)
		must(way[1].Pairing.Hear(t.Context(), way[0].Config.Side, msg))
	}
	for n := int64(1); n <= 2; n++ {
		must(w.In.Shelf.Write(w.In.Live, officer, nodetest.InJp, false, 0))
		w.In.Shelf.AwaitWriting(t.Context(), nodetest.InJp, time.Minute)
		f, _, err := w.In.Shelf.Fetch(t.Context(), w.In.Live, officer, nodetest.InJp, n, 1)
		must(err)
		file, err := w.Jp.Shelf.Put(t.Context(), w.Jp.Live, duty, f)
		must(err)
		must(f.Close())
		for _, by := range []people.Actor{duty, officer} {
			must(w.Jp.Shelf.Look(t.Context(), w.Jp.Live, by, file))
			w.Jp.Shelf.AwaitFile(t.Context(), file, time.Minute)
			if n == 1 {
				must(w.Jp.Shelf.Confirm(w.Jp.Live, by, file))
				w.Jp.Shelf.AwaitFile(t.Context(), file, time.Minute)
			}
		}
	}
}

// TestAPairExchangesByFileInTheBrowser: two nodes without a line, two officers
// each, and nothing but browsers and a stick: paired, in force, exchanged,
// converged.
func TestAPairExchangesByFileInTheBrowser(t *testing.T) {
	b := webtest.Open(t)
	in, jp := newIsland(t, b, "in"), newIsland(t, b, "jp")
	meet(t, in, jp)
	for _, n := range []*island{in, jp} {
		v, err := n.Accords.Add(t.Context(), n.Live, n.Operator(), agreement.Reference())
		if err == nil {
			_, err = n.Accords.Sign(t.Context(), n.Live, n.Operator(), v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var objects [][]byte
	for range 40 {
		objects = append(objects, stixtest.Indicator())
	}
	if rep := in.Import(marking.Clear, string(stixtest.Bundle(objects...))); rep.New != 40 {
		t.Fatalf("%+v", rep)
	}
	converged := func(n *island) bool {
		st, err := n.Exchange.State(t.Context(), n.Live, nodetest.InJp)
		return err == nil && st.Compared()
	}
	stick := ""
	for round := 0; !converged(in) || !converged(jp); round++ {
		if round == 4 {
			t.Fatal("four rounds, and the two sides do not know that they hold the same")
		}
		stick = cross(t, in, jp)
		cross(t, jp, in)
	}
	jp.officer.Go("/exchange/in-jp-2022")
	jp.officer.See("Converged")
	// A replay is explained, and cannot be confirmed.
	jp.officer.Go("/exchange/in-jp-2022/files")
	jp.officer.Upload("#file", stick)
	jp.officer.Submit("form[action$='/upload'] button")
	jp.officer.Submit("form[action$='/look'] button")
	jp.officer.See("was imported already")
	if jp.officer.Has("form[action$='/confirm']") {
		t.Error("a replay may be confirmed")
	}
	for _, n := range []*island{in, jp} {
		for _, tab := range []*webtest.Tab{n.duty, n.officer} {
			for _, p := range tab.Problems() {
				t.Error(p)
			}
		}
	}
	nodetest.VerifyLedgers(t, in.Node.Node, jp.Node.Node)
}

package webtest_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"twoseas/internal/webtest"
)

// view is one page as somebody sees it. A path that ends in a selector after a
// space is the first link of that page which the selector finds; further ones,
// each after " | ", lead on.
type view struct{ name, side, account, path string }

// views is every kind of page of the desk.
var views = []view{
	{"sign-in", "in", "", "/sign-in"},
	{"threats", "in", "analyst", "/threats"},
	{"contributions", "in", "analyst", "/contributions"},
	{"threats-found", "in", "analyst", "/threats?type=indicator"},
	{"threats-none", "in", "analyst", "/threats?q=zzyzx&from=never"},
	{"object-indicator", "in", "analyst", "/threats?type=indicator .results tbody a"},
	{"object-malware", "in", "analyst", "/threats?type=malware .results tbody a"},
	{"object-answered", "in", "analyst", "/threats?type=opinion .results tbody a | .facts ul a"},
	{"object-access", "in", "analyst", "/threats?type=malware .results tbody a | .tabs a:nth-child(2)"},
	{"object-proof", "jp", "analyst", "/threats?type=indicator .results tbody a | .rail a[href*='/proof']"},
	{"matching", "in", "analyst", "/matching"},
	{"overview", "in", "analyst", "/"},
	{"overview-day", "jp", "officer", "/?period=day"},
	{"overview-quarter", "in", "desk", "/?period=quarter"},
	{"waiting", "in", "officer", "/waiting"},
	{"releases", "in", "officer", "/releases"},
	{"releases-by-marking", "in", "officer", "/releases?by=label"},
	{"releases-refused", "in", "officer", "/releases?state=refused"},
	{"release-items", "in", "officer", "/releases/items"},
	{"release-item", "in", "officer", "/releases/items main tbody th a"},
	{"reviews", "in", "officer", "/reviews"},
	{"onward", "in", "officer", "/onward"},
	{"onward-ask", "in", "officer", "/onward/ask"},
	{"members", "in", "officer", "/members/in-jp-2022"},
	{"exchange", "in", "duty", "/exchange"},
	{"exchange-sent", "in", "duty", "/exchange/in-jp-2022/out"},
	{"exchange-untaken", "in", "duty", "/exchange/in-jp-2022/untaken"},
	{"exchange-shipment", "in", "duty", "/exchange/in-jp-2022/out main tbody th a"},
	{"files", "in", "duty", "/exchange/in-jp-2022/files"},
	{"files-brought", "jp", "duty", "/exchange/in-jp-2022/files"},
	{"file-written", "in", "officer", "/exchange/in-jp-2022/files/out/1"},
	{"file-imported", "jp", "officer", "/exchange/in-jp-2022/files/in/1"},
	{"file-inside", "jp", "officer", "/exchange/in-jp-2022/files #brought-list tbody a"},
	{"incidents", "in", "duty", "/incidents"},
	{"incident", "in", "duty", "/incidents article h2 a"},
	{"incident-correct", "in", "duty", "/incidents article h2 a | a[href$='/correct']"},
	{"incident-notify", "in", "duty", "/notify"},
	{"requests", "in", "duty", "/requests"},
	{"requests-by-us", "in", "duty", "/requests?by=us"},
	{"request", "in", "duty", "/requests?by=us article h2 a"},
	{"coordinations", "in", "duty", "/coordinations"},
	{"coordination", "in", "duty", "/coordinations article h2 a"},
	{"compartment", "in", "police", "/compartment"},
	{"request-correct", "in", "duty", "/requests?by=us article h2 a | a[href$='/correct']"},
	{"request-ask", "in", "duty", "/ask"},
	{"request-ask-preserve", "in", "duty", "/ask?kind=preservation"},
	{"contacts", "in", "duty", "/contacts"},
	{"contact", "in", "duty", "/contacts #side-jp ~ .cards article h3 a"},
	{"contact-own", "in", "administrator", "/contacts #side-in ~ .cards article h3 a"},
	{"contact-add", "in", "desk", "/add-contact"},
	{"contact-change", "in", "desk", "/contacts #side-in ~ .cards article h3 a | .page-action a"},
	{"recalls", "in", "duty", "/recalls"},
	{"recall", "in", "duty", "/recalls main tbody th a"},
	{"recall-came", "jp", "duty", "/recalls main tbody th a"},
	{"recall-timeline", "in", "duty", "/recalls main tbody th a | .tabs a:nth-child(2)"},
	{"recall-quarantine", "in", "duty", "/recalls main tbody th a | .tabs a:nth-child(3)"},
	{"recall-notice", "in", "duty", "/recalls main tbody th a | .tabs a:nth-child(4)"},
	{"call-back", "in", "duty", "/call-back"},
	{"agreements", "in", "desk", "/agreements"},
	{"agreement", "in", "desk", "/agreements/in-jp-2022"},
	{"agreement-diff", "in", "desk", "/agreements/in-jp-2022/diff?from=1&to=1"},
	{"agreement-add", "in", "desk", "/agreements/add"},
	{"simulator", "in", "analyst", "/agreements/in-jp-2022/simulate?kind=threat&tlp=red&caveat=NOFORN"},
	{"imports", "in", "analyst", "/imports"},
	{"imports-member", "in", "member", "/imports"},
	{"imports-found", "in", "analyst", "/imports main tbody a"},
	{"imports-lists", "in", "analyst", "/imports/warninglists"},
	{"feeds", "in", "administrator", "/feeds"},
	{"feed", "in", "analyst", "/feeds/evil-shops"},
	{"feed-add", "in", "administrator", "/add-feed"},
	{"feed-change", "in", "administrator", "/feeds/evil-shops/change"},
	{"hooks", "in", "administrator", "/hooks"},
	{"hook", "in", "administrator", "/hooks/soc"},
	{"hook-add", "in", "administrator", "/add-hook"},
	{"hook-change", "in", "administrator", "/hooks/soc/change"},
	{"ledger", "in", "desk", "/ledger"},
	{"verifying", "in", "desk", "/verifying"},
	{"ledger-entry", "in", "desk", "/ledger/in-jp-2022/entries/0"},
	{"audit", "in", "auditor", "/audit"},
	{"audit-entry", "in", "auditor", "/audit main tbody a"},
	{"people", "in", "administrator", "/people"},
	{"people-account", "in", "administrator", "/people main tbody a"},
	{"people-add", "in", "administrator", "/people/add"},
	{"people-add-organisation", "in", "administrator", "/people/add-organisation"},
	{"people-roles", "in", "administrator", "/people/roles"},
	{"people-organisations", "in", "administrator", "/people/organisations"},
	{"people-organisation", "in", "administrator", "/people/organisations main tbody a"},
	{"people-of-one", "in", "grid-admin", "/people"},
	{"operate", "in", "administrator", "/operate"},
	{"operate-work", "in", "administrator", "/operate/work"},
	{"operate-settings", "in", "administrator", "/operate/settings"},
	{"operate-partners", "in", "administrator", "/operate/partners"},
	{"operate-partner", "in", "administrator", "/operate/partners/jp"},
	{"operate-collections", "in", "administrator", "/operate/collections"},
	{"operate-collection", "in", "administrator", "/operate/collections main tbody a"},
	{"account", "in", "analyst", "/account"},
	{"notices", "in", "officer", "/notices"},
	{"notices-settings", "in", "officer", "/notices/settings"},
	{"operate-mail", "in", "administrator", "/operate/mail"},
	{"meeting", "in", "analyst", "/meeting"},
	{"erasures", "in", "analyst", "/erasures"},
	{"account-generator", "in", "analyst", "/account/generator"},
	{"account-passkey", "in", "analyst", "/account/passkey"},
	{"confirm", "in", "analyst", "/confirm"},
	{"welcome-none", "in", "", "/welcome"},
	{"not-there", "in", "analyst", "/none"},
	{"denied", "in", "analyst", "/ledger/home"},
}

// go to the page of a view.
func (w *world) open(tb testing.TB, v view) *webtest.Tab {
	tb.Helper()
	t := w.as(tb, v.side, v.account)
	path, selectors, follow := strings.Cut(v.path, " ")
	t.Go(path)
	for selector := range strings.SplitSeq(selectors, " | ") {
		if follow {
			t.Go(webtest.Eval[string](t, "(u => u.pathname + u.search)(new URL(document.querySelector("+quote(selector)+").href))"))
		}
	}
	return t
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

// TestEveryPageIsFitForEverybody looks at every page in both colours and three
// widths, and in each language: axe-core finds nothing, nothing is wider than
// the window, the policy refuses nothing, no script fails, no request leaves
// the node. With TWOSEAS_SCREENSHOTS it also takes the pictures, and with
// TWOSEAS_SCREENSHOTS_MORE those of the other widths and languages.
func TestEveryPageIsFitForEverybody(t *testing.T) {
	w := newWorld(t)
	w.stage(t)
	w.feed(t)
	w.hook(t)
	w.byFile(t)
	w.callBack(t)
	w.name(t)
	w.incident(t)
	w.coordinate(t)
	shots, further := os.Getenv("TWOSEAS_SCREENSHOTS"), os.Getenv("TWOSEAS_SCREENSHOTS_MORE")
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			tab := w.open(t, v)
			for _, look := range []struct {
				width int64
				dark  bool
			}{{1366, false}, {1366, true}, {360, false}, {2560, true}} {
				tab.Look(look.width, look.dark)
				for _, f := range tab.Axe() {
					t.Errorf("%d px, dark %v: %s", look.width, look.dark, f)
				}
				if name := map[bool]string{false: "light", true: "dark"}[look.dark]; shots != "" && look.width == 1366 {
					tab.Shot(filepath.Join(shots, v.name+"-"+name+".png"))
				} else if further != "" {
					tab.Shot(filepath.Join(further, v.name+"-"+strconv.FormatInt(look.width, 10)+".png"))
				}
			}
			inEveryLanguage(t, tab, further, v.name)
			tab.Look(1366, false)
			for _, p := range tab.Problems() {
				t.Error(p)
			}
			if h1 := webtest.Eval[int](tab, "document.querySelectorAll('h1').length"); h1 != 1 {
				t.Errorf("%d h1", h1)
			}
		})
	}
}

// inEveryLanguage reads the page that a tab shows in Japanese and Hindi on a
// telephone: it fits, and no key of a catalogue stands where its text should.
func inEveryLanguage(t *testing.T, tab *webtest.Tab, shots, name string) {
	t.Helper()
	path := tab.Path()
	tab.Look(360, false)
	for _, tag := range []string{"ja", "hi", "en"} {
		for try := 0; webtest.Eval[string](tab, "document.documentElement.lang") != tag; try++ { // a cookie set by a script may come late
			if try == 5 {
				t.Fatalf("the page does not come in %s", tag)
			}
			webtest.Eval[string](tab, `document.cookie = "lang=`+tag+`; path=/; secure; samesite=lax"`)
			tab.Go(path)
		}
		if shots != "" && tag != "en" {
			tab.Shot(filepath.Join(shots, name+"-"+tag+".png"))
		}
		if keys := webtest.Eval[[]string](tab, `(document.body.innerText.match(/\b(page|nav|signin|account|people|threats|object|imports|release|exchange|agreements?|ledger|verifying|audit|operate|overview|waiting|feeds|matching|files|hooks|onward|members|recalls|requests|incidents|coordinations|contacts|erasures|meeting)\.[a-z][a-z-]*(\.[a-z-]+)+/g) || []).filter(key => !key.endsWith(".example"))`); len(keys) > 0 {
			t.Errorf("%s: no text for %q", tag, keys)
		}
		if webtest.Eval[bool](tab, "document.documentElement.scrollWidth > window.innerWidth + 1") {
			t.Errorf("%s: wider than a telephone", tag)
		}
	}
}

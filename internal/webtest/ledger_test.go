package webtest_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// TestLedgerPages reads every page and file of a ledger and checks the files as
// a stranger would.
func TestLedgerPages(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	desk := read(t, in, "desk", people.DeskOfficer)
	nodetest.Eventually(t, "the ledger is cosigned", func() bool {
		s, err := in.Ledger.States(t.Context(), in.Live, "in-jp-2022", 1)
		return err == nil && len(s.Cosigned) > 0 && s.Cosigned[0].Size == s.Newest.Size
	})
	page := desk.get("/ledger/in-jp-2022", "twoseas/in/in-jp-2022/live", "Cosigned to the last entry", "Version 1 signed by", "data-verify=\"/ledger/in-jp-2022\"")
	if strings.Contains(page, "/ledger/home") {
		t.Error("the home log is offered to one who does not audit")
	}
	desk.get("/ledger/in-jp-2022/entries/0", "Entry 0", "c2sp.org/tlog-proof@v1", "twoseas-verify")
	desk.get("/ledger/in-jp-2022?kind=shipment&text=none-such", "No entry fits")

	var keys []note.Verifier
	for line := range strings.Lines(desk.get("/ledger/in-jp-2022/keys")) {
		v, err := note.ParseVerifier(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, v)
	}
	if len(keys) != 2 || keys[0].Side() != "in" || keys[1].Side() != ident.Side("jp") {
		t.Fatalf("keys %v", keys)
	}
	size := strings.Split(desk.get("/ledger/in-jp-2022/checkpoint"), "\n")[1]
	var files []io.Reader
	for _, path := range []string{"/entries/0/proof", "/growth?from=" + size + "&to=" + size, "/file"} {
		files = append(files, bytes.NewBufferString(desk.get("/ledger/in-jp-2022"+path)))
	}
	report, err := verify.Verify(files, keys)
	if err != nil || !report.OK || report.Entries != 1 || report.Growths != 1 || len(report.Logs) != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// TestWhoReadsTheLedgers asks as each role for each kind of log.
func TestWhoReadsTheLedgers(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	for _, role := range people.Roles() {
		r := read(t, in, string(role), role)
		exchange, home := http.StatusOK, http.StatusForbidden
		if role == people.Member || role == people.OrganisationAdministrator || role == people.Liaison {
			exchange = http.StatusForbidden
		}
		if role == people.Auditor {
			home = http.StatusOK
		}
		for _, path := range []string{"", "/entries/0", "/entries/0/proof", "/checkpoint", "/keys", "/since/1", "/file"} {
			r.status("/ledger/in-jp-2022"+path, exchange)
			if path != "/file" { // the home log is exported where that is recorded
				r.status("/ledger/home"+path, home)
			}
		}
	}
	auditor := read(t, in, "second", people.Auditor)
	auditor.status("/ledger/home/file", http.StatusNotFound)
	auditor.status("/ledger/%68ome", http.StatusOK)
	read(t, in, "other", people.DeskOfficer).status("/ledger/%68ome", http.StatusForbidden)
	for _, path := range []string{"/ledger/in-gb", "/ledger/..%2Fhome", "/ledger/in-jp-2022/entries/999999", "/ledger/in-jp-2022/entries/-1", "/ledger/in-jp-2022/entries/x", "/ledger/jp"} {
		auditor.status(path, http.StatusNotFound)
	}
	if text := auditor.get("/ledger/home?text=read+the+audit+log"); !strings.Contains(text, "second: Read the audit log (read the audit log)") {
		t.Error("looking at the home log is not an entry of it")
	}
	for _, what := range []string{"entry+0", "the+proof+of+entry+0"} {
		if text := auditor.get("/ledger/home?text=what+" + what); !strings.Contains(text, "auditor: Read the audit log (read the audit log)") {
			t.Errorf("reading %s of the home log is not an entry of it", what)
		}
	}
}

// TestTheBrowserVerifies has a real browser check both kinds of log, twice, and
// find a state that was never there.
func TestTheBrowserVerifies(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	auditor := read(t, in, "auditor", people.Auditor)
	tab := webtest.Open(t).Tab(t, in.Run.URL)
	tab.Basic(auditor.name, readerPassword)
	for _, path := range []string{"/ledger/in-jp-2022", "/ledger/in-jp-2022/entries/1", "/ledger/home"} {
		tab.Go(path)
		tab.Click("[data-verify] button")
		tab.Until("verified", `document.querySelector("[data-verify]").dataset.result === "sound"`)
		for _, f := range append(tab.Axe(), tab.Problems()...) {
			t.Errorf("%s: %s", path, f)
		}
	}
	tab.Go("/ledger/in-jp-2022")
	tab.Click("[data-verify] button")
	tab.See("are still there, unchanged")

	webtest.Eval[string](tab, `(localStorage.setItem("twoseas.ledger:twoseas/in/in-jp-2022/live", JSON.stringify({size: 1, root: btoa("x".repeat(32))})), "")`)
	tab.Click("[data-verify] button")
	tab.Until("found", `document.querySelector("[data-verify]").dataset.result === "unsound"`)
	tab.See("something was changed or taken out")
}

package webtest_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/request"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// stage uploads a table for the analyst of a side and waits until it was
// looked at.
func (w *world) stage(t *testing.T) {
	t.Helper()
	by := people.Actor{Name: "analyst", Roles: []people.Role{people.Analyst}, Clearance: people.Clearance{TLP: marking.Amber}}
	access, err := w.In.People.Access(t.Context(), w.In.Live, by)
	if err != nil {
		t.Fatal(err)
	}
	const table = "date,URL,description\n2026-01-02 03:04:05,https://evil.shop/login,phishing\n2026-01-03,nothing,x\n2026-01-04,http://192.168.0.9/a,y\n2026-01-05,https://vile.shop/,z\n"
	j, err := w.In.Imports.Stage(t.Context(), w.In.Live, by, access.Class, "phishing.csv", strings.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "the upload was looked at", func() bool {
		got, err := w.In.Imports.Job(t.Context(), w.In.Live, by, j.ID)
		return err == nil && got.State == store.UploadReady
	})
	if _, err := w.In.Requests.Send(t.Context(), w.In.Live, by, access.Class, request.Asked{
		Agreement: nodetest.InJp, Kind: request.Takedown, Urgency: request.Urgent, Channel: request.Technical, Language: "en",
		Title: "Phishing pages of a bank, hosted in Osaka", Text: "Please have the two pages taken down.", Done: "Blocked at home.",
	}); err != nil {
		t.Fatal(err)
	}
}

// TestAnImportIsFollowedWithoutAReload: what is pasted is shown, marked and
// imported, and the page follows by itself.
func TestAnImportIsFollowedWithoutAReload(t *testing.T) {
	w := newWorld(t)
	tab := w.as(t, "in", "analyst")
	tab.Go("/imports")
	tab.Type("#text", "see hxxps://evil[.]shop/a and 203.0.113.9")
	tab.Submit("form.import-drop button[type=submit]")
	tab.See("Waits for you")
	tab.See("Addresses for documentation")
	tab.Set("#tlp", "clear")
	tab.Submit("form[action$='/options'] button[type=submit]")
	tab.See("Released")
	tab.Submit("form[action$='/confirm'] button[type=submit]")
	tab.Until("it is imported", "document.querySelector('#state').textContent.includes('Result')")
	for _, p := range tab.Problems() {
		t.Error(p)
	}
}

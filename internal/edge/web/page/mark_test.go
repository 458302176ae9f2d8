package page_test

import (
	"net/http"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
)

func TestAPageIsMarkedWithTheHighestItShows(t *testing.T) {
	for _, c := range []struct {
		name   string
		levels []marking.TLP
		want   string
	}{
		{"nothing", nil, ""},
		{"one", []marking.TLP{marking.Green}, "green"},
		{"the highest of several", []marking.TLP{marking.Clear, marking.AmberStrict, marking.Green}, "amber+strict"},
		{"one without a marking", []marking.TLP{marking.Clear, marking.NoTLP}, ""},
		{"one that is not known", []marking.TLP{marking.Red + 1, marking.Clear}, ""},
	} {
		if got := page.Highest(c.levels...); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestEveryPageNamesItsSheet(t *testing.T) {
	var d desk
	show := func(mark string) page.Handler {
		return func(w http.ResponseWriter, r *http.Request) error {
			return d.Render(w, r, page.Head{Title: "x", Mark: mark}, page.Chip("grey", "x"))
		}
	}
	d = open(t, page.Route{Pattern: "GET /given", Any: true, Serve: show("amber+strict")}, page.Route{Pattern: "GET /none", Any: true, Serve: show(page.Unmarked)},
		page.Route{Pattern: "GET /own", Any: true, Serve: show("")}, page.Route{Pattern: "GET /open", Open: true, Serve: show("")})
	for path, want := range map[string]string{"/given": "sheet-amber-strict", "/none": "sheet-none", "/own": "sheet-"} {
		if body := d.get(path, people.Analyst).Body.String(); !strings.Contains(body, `<body class="`+want) {
			t.Errorf("%s is not on %s", path, want)
		}
	}
	if body := d.get("/open", "").Body.String(); !strings.Contains(body, `<body class="sheet-none`) {
		t.Error("a page for nobody has a mark")
	}
}

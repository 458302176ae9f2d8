package threats

import (
	"net/http"
	"strconv"

	"twoseas/internal/act/library"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
)

// contributed is what the reader's organisation brought, and what became of it.
type contributed struct {
	rows []library.Contribution
	next string // address of what is older
}

func (p *pages) contributed(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	before, err := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "contributions"); err != nil {
		return err
	}
	var v contributed
	var next int64
	if v.rows, next, err = p.Library.Contributed(r.Context(), q.Handle, q.Actor, q.Access.Class, before, pageSize); err != nil {
		return err
	}
	var levels []marking.TLP
	for _, c := range v.rows {
		levels = append(levels, c.Label.TLP)
	}
	if next != 0 {
		v.next = "/contributions?before=" + strconv.FormatInt(next, 10)
	}
	head := page.Head{Title: q.T("threats.contributed"), Lead: q.T("threats.contributed.lead"), Area: "threats", Mark: page.Highest(levels...)}
	return p.Render(w, r, head, contributedPage(q, v))
}

// fateColour is how what became of something looks.
func fateColour(fate string) string {
	switch fate {
	case library.FateSent:
		return "green"
	case library.FateWaiting:
		return "blue"
	}
	return "grey"
}

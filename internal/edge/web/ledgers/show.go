package ledgers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/note"
)

const (
	perPage   = 50
	maxStates = 12
)

// view is one log on a page.
type view struct {
	Log    string
	States ledger.States
	Latest ledger.Latest
	Filter ledger.Filter
	Keys   []note.Verifier
	First  string // address of the first page, "" on it
	Next   string
}

// home reports whether it is the log that stays at home.
func (v view) home() bool { return v.Log == ledger.HomeName }

// uncosigned is how many of the newest leaves the partner has not cosigned.
func (v view) uncosigned() int64 {
	if len(v.States.Cosigned) == 0 {
		return v.States.Newest.Size
	}
	return v.States.Newest.Size - v.States.Cosigned[0].Size
}

// kinds are the kinds of leaf that a filter offers.
func (v view) kinds() []string {
	if v.home() {
		return []string{"act", "key"}
	}
	return []string{"shipment", "receipt", "agreement", "event", "key"}
}

// show is one log: states, latest leaves, and the check in the browser.
func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := view{Log: name(r), Filter: ledger.Filter{Kind: r.URL.Query().Get("kind"), Text: strings.TrimSpace(r.URL.Query().Get("text"))}}
	if err := p.saw(r, v.Log, "the latest entries"); err != nil {
		return err
	}
	before, err := query(r, "before")
	if err != nil {
		return err
	}
	v.States, err = p.Ledger.States(r.Context(), q.Handle, v.Log, maxStates)
	if fault.Is(err, fault.NotFound) && known(q, v.Log) {
		return p.desk.Render(w, r, p.head(q, v.Log, v.States), none(q))
	}
	if err != nil {
		return err
	}
	if v.Latest, err = p.Ledger.Latest(r.Context(), q.Handle, v.Log, v.Filter, before, perPage); err != nil {
		return err
	}
	if v.Keys, err = p.Ledger.Keys(r.Context(), q.Handle, v.Log, partner(q, v.Log)); err != nil {
		return err
	}
	if before > 0 {
		v.First = v.address(0)
	}
	if v.Latest.Next > 0 {
		v.Next = v.address(v.Latest.Next)
	}
	head := p.head(q, v.Log, v.States)
	head.Chips, head.Action, head.Rail = chips(q, v), action(q), page.Rail(q, why(q, v), evidence(q, v))
	return p.desk.Render(w, r, head, body(q, v))
}

func known(q *page.Request, log string) bool {
	return log == ledger.HomeName || slices.ContainsFunc(q.Links, func(l page.Link) bool { return string(l.Agreement) == log })
}

// address is the page with the same filter before a leaf.
func (v view) address(before int64) string {
	u := url.Values{}
	for name, value := range map[string]string{"kind": v.Filter.Kind, "text": v.Filter.Text} {
		if value != "" {
			u.Set(name, value)
		}
	}
	if before > 0 {
		u.Set("before", strconv.FormatInt(before, 10))
	}
	if len(u) == 0 {
		return at(v.Log)
	}
	return at(v.Log) + "?" + u.Encode()
}

func (p *pages) head(q *page.Request, log string, s ledger.States) page.Head {
	h := page.Head{Title: q.T("ledger.title"), Lead: q.T("ledger.lead"), Area: "ledger", Scripts: []string{"verify.js"}}
	switch {
	case log == ledger.HomeName:
		h.Title, h.Lead = q.T("ledger.home.title"), q.T("ledger.home.lead")
	case log != "" && s.Origin != "":
		h.Lead = q.T("ledger.lead.of", log, s.Newest.Size)
	}
	return h
}

// audits reports whether the reader may see the home log.
func audits(q *page.Request) bool { return q.Actor.May(people.Audit) == nil }

// sentence says a leaf in the reader's words.
func sentence(q *page.Request, f ledger.Leaf) string {
	side := func(name string) string { return q.SideName(ident.Side(f.Value(name))) }
	switch f.Kind() {
	case "shipment":
		return q.T("ledger.says.shipment", f.Value("number"), side("from"), side("to"), f.Value("items"))
	case "receipt":
		return q.T("ledger.says.receipt", f.Value("number"), side("to"), f.Value("applied"), f.Value("already"), f.Value("refused"), f.Value("failed"))
	case "agreement":
		return q.T("ledger.says.agreement", f.Value("version"), signer(q, f))
	case "event":
		return q.T("ledger.says.event", side("by"), f.Value("event"))
	case "key":
		return q.T("ledger.says.key", side("side"))
	case "act":
		return q.T("ledger.says.act", f.Value("by"), q.ActName(f.Value("act")), f.Value("act"))
	}
	return f.Title
}

func signer(q *page.Request, f ledger.Leaf) string {
	var sides []string
	for _, key := range f.By {
		side, _, _ := strings.Cut(key, "+")
		sides = append(sides, q.SideName(ident.Side(side)))
	}
	return strings.Join(sides, ", ")
}

// command is what checks a file without a browser.
func command(keys []note.Verifier, file string) string {
	var b strings.Builder
	b.WriteString("twoseas-verify")
	for _, k := range keys {
		b.WriteString(" \\\n  --key " + k.String())
	}
	return b.String() + " \\\n  " + file
}

// before is the size of the cosigned state before the i-th, 0 without one.
func before(v view, i int) int64 {
	if i+1 < len(v.States.Cosigned) {
		return v.States.Cosigned[i+1].Size
	}
	return 0
}

func growthAddress(log string, from, to int64) string {
	return at(log, "growth") + "?" + url.Values{"from": {strconv.FormatInt(from, 10)}, "to": {strconv.FormatInt(to, 10)}}.Encode()
}

// kindName is what a kind of leaf is called; one that is not known keeps its
// name.
func kindName(q *page.Request, kind string) string {
	if key := "ledger.kind." + kind; q.Has(key) {
		return q.T(key)
	}
	return kind
}

func choices(q *page.Request, v view) []page.Choice {
	out := []page.Choice{{Text: q.T("ledger.filter.any")}}
	for _, k := range v.kinds() {
		out = append(out, page.Choice{Value: k, Text: kindName(q, k)})
	}
	return out
}

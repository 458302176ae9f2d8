package agreements

import (
	"maps"
	"slices"
	"strings"

	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/marking"
)

// lapse is how long objects of a kind count that do not say so themselves.
type lapse struct {
	kind   string
	after  agreement.Period
	clause string // under which the kind crosses, "" when it does not
}

func lapses(d *agreement.Document) []lapse {
	var out []lapse
	for _, kind := range slices.Sorted(maps.Keys(d.Expiry)) {
		out = append(out, lapse{kind, d.Expiry[kind], d.ClauseOf(kind)})
	}
	return out
}

// levelName is what the scheme of a level calls it, "" for one that is not
// known.
func levelName(code string) string {
	l, _ := marking.LevelOf(code)
	return l.Name
}

// nodal is the name of the side's nodal ministry, its id when the document
// names no agencies.
func nodal(q *page.Request, s agreement.Side) string {
	for _, a := range s.Agencies {
		if a.ID == s.Nodal {
			return q.Text(a.Name)
		}
	}
	return s.Nodal
}

// agencies are the names of the side's other agencies.
func agencies(q *page.Request, s agreement.Side) (out []string) {
	for _, a := range s.Agencies {
		if a.ID != s.Nodal {
			out = append(out, q.Text(a.Name))
		}
	}
	return out
}

// hours says when a side works: days and, in its own zone, hours.
func hours(q *page.Request, w agreement.Work) string {
	if len(w.Days) == 0 && w.Open == "" {
		return q.T("agreement.side.always")
	}
	days := q.T("agreement.side.days.all")
	if len(w.Days) > 0 {
		names := make([]string, len(w.Days))
		for i, d := range w.Days {
			names[i] = q.T("agreement.side.day." + d)
		}
		days = strings.Join(names, ", ")
	}
	if w.Open == "" {
		return days
	}
	return q.T("agreement.side.hours", days, w.Open, w.Close)
}

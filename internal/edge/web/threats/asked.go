package threats

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/library"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// asked is a search as its address says it; every filter stands there, so that
// a link is a search.
type asked struct{ values url.Values }

// parameters are what an address may say, each at most maxValues times.
var parameters = []string{
	"q", "value", "type", "tlp", "pap", "origin", "sector", "phase", "creator", "refers", "revoked",
	"clock", "from", "until", "order", "oldest",
}

const (
	maxValues = 50
	maxLength = 4096
	after     = "after"
)

// parse keeps of an address what a search knows.
func parse(v url.Values) asked {
	out := url.Values{}
	for _, name := range append([]string{after}, parameters...) {
		for _, s := range v[name] {
			s = strings.TrimSpace(s)
			if s != "" && len(s) <= maxLength && len(out[name]) < maxValues && !slices.Contains(out[name], s) {
				out.Add(name, strings.ToValidUTF8(s, "\uFFFD"))
			}
		}
	}
	return asked{out}
}

func queryOf(s string) url.Values {
	v, err := url.ParseQuery(s)
	if err != nil {
		return url.Values{} // everything
	}
	return v
}

func (a asked) get(name string) string      { return a.values.Get(name) }
func (a asked) has(name, value string) bool { return slices.Contains(a.values[name], value) }
func (a asked) list(name string) []string   { return a.values[name] }
func (a asked) encode() string              { return a.without(after).values.Encode() }
func (a asked) path() string                { return pathOf("/threats", a.values) }
func (a asked) exportPath(format string) string {
	return pathOf("/threats/export", a.with("format", format).values)
}
func (a asked) empty() bool { return len(a.without(after, "order", "oldest", "clock").values) == 0 }
func (a asked) narrowed() bool {
	return len(a.without(after, "order", "oldest", "clock", "q").values) > 0
}

func (a asked) first() string {
	if a.get(after) == "" {
		return ""
	}
	return a.without(after).path()
}

func pathOf(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func (a asked) without(names ...string) asked {
	out := url.Values{}
	for k, v := range a.values {
		if !slices.Contains(names, k) {
			out[k] = v
		}
	}
	return asked{out}
}

// with returns the search with one value set, from its first page.
func (a asked) with(name, value string) asked {
	out := a.without(after, name)
	out.values.Set(name, value)
	return out
}

// address is the page that begins behind a place.
func (a asked) address(p store.Place) string {
	return a.with(after, strconv.FormatInt(p.Key, 36)+"."+strconv.FormatInt(p.Seq, 36)).path()
}

// after is the place the page begins behind; what is no place is the start.
func (a asked) after() store.Place {
	key, seq, _ := strings.Cut(a.get(after), ".")
	k, err1 := strconv.ParseInt(key, 36, 64)
	s, err2 := strconv.ParseInt(seq, 36, 64)
	if err1 != nil || err2 != nil {
		return store.Place{}
	}
	return store.Place{Key: k, Seq: s}
}

// sorted is the address of the search in order of a time: newest first, and
// oldest first when it is in that order already.
func (a asked) sorted(order string) string {
	out := a.with("order", order).without("oldest")
	if a.order() == order && a.get("oldest") == "" {
		out = out.with("oldest", "1")
	}
	return out.path()
}

func (a asked) order() string {
	if o := a.get("order"); o != "" {
		return o
	}
	return store.Received
}

// filter turns the address into a filter, and says what of it cannot be read.
func (a asked) filter(q *page.Request) (library.Filter, []page.Problem) {
	f := library.Filter{
		Text: a.get("q"), Value: a.get("value"), Types: a.list("type"), Sectors: a.list("sector"), Phases: a.list("phase"),
		Creator: a.get("creator"), Refers: a.get("refers"), Revoked: a.get("revoked") != "", Clock: a.get("clock"),
		Order: a.get("order"), Oldest: a.get("oldest") != "",
	}
	var problems []page.Problem
	wrong := func(field, key string) { problems = append(problems, page.Problem{Field: field, Text: q.T(key)}) }
	for _, s := range a.list("tlp") {
		t, err := marking.ParseTLP(s)
		if err != nil && s != noTLP {
			wrong("f-tlp", "threats.wrong.tlp")
			continue
		}
		f.TLPs = append(f.TLPs, t)
	}
	for _, s := range a.list("pap") {
		t, err := marking.ParsePAP(s)
		if err != nil {
			wrong("f-pap", "threats.wrong.pap")
			continue
		}
		f.PAPs = append(f.PAPs, t)
	}
	for _, s := range a.list("origin") {
		f.Origins = append(f.Origins, ident.Side(s))
	}
	if library.CheckOrder(f.Clock) != nil || library.CheckOrder(f.Order) != nil {
		wrong("f-order", "threats.wrong.order")
	}
	var ok bool
	if f.From, ok = day(a.get("from"), false); !ok {
		wrong("f-from", "threats.wrong.time")
	}
	if f.Until, ok = day(a.get("until"), true); !ok {
		wrong("f-until", "threats.wrong.time")
	}
	return f, problems
}

const noTLP = "none"

// day reads a day, the whole of it, or an instant.
func day(s string, end bool) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		if end {
			t = t.Add(24*time.Hour - time.Second)
		}
		return t, true
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

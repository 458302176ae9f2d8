package releases

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// overview is the queue in groups.
type overview struct {
	*page.Request
	State   string
	How     release.Grouping
	Groups  []release.Group
	Items   int64
	Reviews int
}

var groupings = []release.Grouping{release.ByRule, release.ByLabel, release.ByType, release.ByCollection}

func (p *pages) groups(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := overview{Request: q, State: stateOf(r)}
	var err error
	if v.How, err = release.ParseGrouping(r.URL.Query().Get("by")); err != nil {
		return err
	}
	head := page.Head{Title: q.T("release.title"), Lead: q.T("release.lead"), Area: area}
	if q.Agreement == "" {
		return p.Render(w, r, head, page.Empty(q.T("release.no-agreement"), q.T("release.no-agreement.next"), "/agreements"))
	}
	v.Groups, err = p.Releases.Groups(r.Context(), q.Handle, q.Actor, q.Agreement, v.State, v.How)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		return p.Render(w, r, head, page.Empty(q.T("release.not-in-force"), q.T("release.no-agreement.next"), "/agreements"))
	}
	if err != nil {
		return err
	}
	for _, g := range v.Groups {
		v.Items += g.Count
	}
	open, err := p.Releases.Reviews(r.Context(), q.Handle, q.Actor, true, 0, 100)
	if err != nil {
		return err
	}
	v.Reviews = len(open)
	if err := p.Audit.Saw(r.Context(), q.Actor, "read the release queue", "agreement", string(q.Agreement), "state", v.State); err != nil {
		return err
	}
	head.Chips = groupChips(v)
	return p.Render(w, r, head, groupsPage(v))
}

// stateOf is the part of the queue that an address names.
func stateOf(r *http.Request) string {
	if r.URL.Query().Get("state") == store.HoldRefused {
		return store.HoldRefused
	}
	return store.HoldWaiting
}

// at is the address of the queue in another state or grouping.
func (v overview) at(state string, how release.Grouping) string {
	q := url.Values{"agreement": {string(v.Agreement)}, "state": {state}, "by": {string(how)}}
	return "/releases?" + q.Encode()
}

// items is the address of the items of a group.
func (v overview) items(g release.Group) string {
	q := url.Values{"agreement": {string(v.Agreement)}, "state": {v.State}, "by": {string(v.How)}, "key": {g.Key}}
	return "/releases/items?" + q.Encode()
}

// levels are the TLP levels of a group, the strictest first.
func levels(g release.Group) []string {
	var out []marking.TLP
	for _, l := range g.Labels {
		if !slices.Contains(out, l.TLP) {
			out = append(out, l.TLP)
		}
	}
	slices.SortFunc(out, func(a, b marking.TLP) int { return int(b) - int(a) })
	names := make([]string, len(out))
	for i, l := range out {
		if l != marking.NoTLP {
			names[i] = l.Name()
		}
	}
	return names
}

// officers is how many officers a group needs, from the fewest to the most.
func officers(q *page.Request, g release.Group) string {
	low, high := 1<<30, 0
	for _, d := range g.Decisions {
		low, high = min(low, d.Approvals), max(high, d.Approvals)
	}
	if low == high {
		return q.Int(int64(high))
	}
	return strconv.Itoa(low) + "–" + strconv.Itoa(high)
}

func decides(q *page.Request) bool { return q.Actor.May(people.Approve) == nil }

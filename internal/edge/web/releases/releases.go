// Package releases is the desk's pages of what waits to leave: the queue in
// groups, one item as the partner will get it, and the reviews of what was
// released in an emergency.
//
// Invariants: every form that decides carries the digest of what was shown, and
// the act takes no other; a decision is asked for only of who has just proved
// to be there; what the reader is not cleared for is neither shown nor counted.
package releases

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/audit"
	"twoseas/internal/act/importing"
	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// Acts is what the pages ask and do.
type Acts struct {
	Releases *release.Releases
	Accords  *accord.Accords
	Audit    *audit.Log
	Imports  *importing.Imports
}

type pages struct {
	*page.Desk
	Acts
}

// Routes is every page and form of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	return []page.Route{
		{Pattern: "GET /releases", Act: people.Review, Serve: p.groups},
		{Pattern: "GET /releases/items", Act: people.Review, Serve: p.items},
		{Pattern: "POST /releases/items", Act: people.Approve, Fresh: true, Serve: p.approveAll},
		{Pattern: "GET /releases/{agreement}/{item}", Act: people.Review, Serve: p.hold},
		{Pattern: "GET /releases/{agreement}/{item}/bytes", Act: people.Review, Serve: p.bytes},
		{Pattern: "POST /releases/{agreement}/{item}/approve", Act: people.Approve, Fresh: true, Serve: p.say(approve)},
		{Pattern: "POST /releases/{agreement}/{item}/emergency", Act: people.Approve, Fresh: true, Serve: p.say(emergency)},
		{Pattern: "POST /releases/{agreement}/{item}/refuse", Act: people.Approve, Fresh: true, Serve: p.say(refuse)},
		{Pattern: "POST /releases/{agreement}/{item}/reopen", Act: people.Approve, Fresh: true, Serve: p.say(reopen)},
		{Pattern: "POST /releases/{agreement}/{item}/redact", Act: people.Approve, Fresh: true, Serve: p.redactByHand},
		{Pattern: "GET /reviews", Act: people.Review, Serve: p.reviews},
		{Pattern: "GET /reviews/{review}", Act: people.Review, Serve: p.review},
		{Pattern: "POST /reviews/{review}", Act: people.Approve, Fresh: true, Serve: p.closeReview},
	}
}

const area = "releases"

// maxForm bounds a form of these pages: a page of signatures, or a reason.
const maxForm = 128 << 10

// address is one held item in the path.
type address struct {
	agreement ident.Agreement
	item      int64
}

func addressOf(r *http.Request) (a address, err error) {
	if a.agreement, err = ident.ParseAgreement(r.PathValue("agreement")); err != nil {
		return a, fault.New(fault.NotFound, "there is nothing at this address")
	}
	if a.item, err = strconv.ParseInt(r.PathValue("item"), 10, 64); err != nil || a.item < 1 {
		return a, fault.New(fault.NotFound, "there is nothing at this address")
	}
	return a, nil
}

func (a address) path(more string) string { return holdPath(a.agreement, a.item) + more }

func holdPath(a ident.Agreement, item int64) string {
	return "/releases/" + url.PathEscape(string(a)) + "/" + strconv.FormatInt(item, 10)
}

// nameOf is what an object is called: its name, its value or its pattern.
func nameOf(o store.Object) string {
	props, err := canon.View(o.Body)
	if err != nil {
		return o.ID
	}
	if n := library.NameOf(o.Type, props); n != "" {
		return n
	}
	return o.ID
}

func since(micro int64) time.Time { return page.Micro(micro) }

// outcomeChip is how the gate's answer looks now.
func outcomeChip(d gate.Decision) (colour, key string) {
	switch {
	case d.Outcome == gate.Deny:
		return "grey", "release.outcome.deny"
	case len(d.Redact) > 0:
		return "grey", "release.outcome.redact"
	case d.Outcome == gate.Hold:
		return "blue", "release.outcome.hold"
	}
	return "green", "release.outcome.release"
}

// clauses are the rules that a decision rests on, each with its clause.
func clauses(q *page.Request, matches []gate.Match) []string {
	var out []string
	for _, m := range matches {
		if m.Clause == "" {
			out = append(out, m.Rule)
			continue
		}
		out = append(out, q.T("release.rule.clause", m.Rule, m.Clause))
	}
	return out
}

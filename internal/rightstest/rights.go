// Package rightstest walks every route of an edge with every role and with the
// ids of what is somebody else's: no route serves or changes what the table of
// roles does not allow, and "not yours" looks the same as "not there".
package rightstest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/store"
)

// Route is one route as the walk needs it. Path has its parameters as {name}.
type Route struct {
	Method, Path string
	Acts         []people.Act // any of them opens it
	Any          bool         // any account
	Open         bool         // nobody need be known
	// Body is what a request carries that would do something, and Media its
	// type.
	Body, Media string
}

// may reports whether the table of roles opens the route to a role.
func (r Route) may(role people.Role) bool {
	return r.Open || r.Any || slices.ContainsFunc(r.Acts, role.May)
}

var parameter = regexp.MustCompile(`\{([a-z_]+)(?:\.\.\.)?\}`)

// named returns the keys of what a path names: a parameter's name, and before
// it the same with the segment it follows, since pages call many things id.
func named(path string) [][2]string {
	var out [][2]string
	path, _, _ = strings.Cut(path, "?")
	before := ""
	for segment := range strings.SplitSeq(path, "/") {
		if m := parameter.FindStringSubmatch(segment); m != nil {
			out = append(out, [2]string{before + "/" + m[1], m[1]})
		}
		before = segment
	}
	return out
}

// value returns what values say of a parameter by either of its keys.
func value(values map[string]string, keys [2]string) string {
	if v, ok := values[keys[0]]; ok {
		return v
	}
	return values[keys[1]]
}

// fill puts values into a path; other parameters get a text that names nothing.
func (w *World) fill(path string, values map[string]string) string {
	path = strings.TrimSuffix(path, "{$}")
	for _, keys := range named(path) {
		v := value(values, keys)
		if v == "" {
			v = value(w.Shared, keys)
		}
		if v == "" {
			v = "none"
		}
		path = strings.Replace(path, parameter.FindString(path), url.PathEscape(v), 1)
	}
	return path
}

// ask sends a request as an account, "" for nobody.
func (w *World) ask(r Route, path, as string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(w.t.Context()), r.Method, w.Run.URL+path, strings.NewReader(r.Body))
	w.must(err)
	if r.Media != "" {
		req.Header.Set("Content-Type", r.Media)
	}
	if as != "" {
		req.SetBasicAuth(as, Password)
	}
	resp, err := w.client.Do(req)
	w.must(err)
	defer resp.Body.Close()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return resp.StatusCode, "" // it would never end
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	w.must(err)
	return resp.StatusCode, string(raw)
}

// recorded returns how many acts the home log holds.
func (w *World) recorded() (n int64) {
	w.t.Helper()
	w.must(w.Live.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		n, err = tx.AuditEnd()
		return err
	}))
	return n
}

// Refused walks routes with every role that the table does not open them to,
// and with nobody: each is refused, the same for what is there and what is
// not, tells nothing of what is there, and records no act.
func (w *World) Refused(t *testing.T, routes []Route) {
	for _, r := range routes {
		for _, who := range append([]string{""}, names()...) {
			if r.Open || who != "" && r.may(people.Role(who)) {
				continue
			}
			before := w.recorded()
			there, not := w.both(r, who)
			if !refusal(there.status, who) {
				t.Errorf("%s %s as %q: %d, want a refusal", r.Method, r.Path, who, there.status)
			}
			if after := w.recorded(); after != before {
				t.Errorf("%s %s as %q: %d acts are recorded of what was refused", r.Method, r.Path, who, after-before)
			}
			if there != not {
				t.Errorf("%s %s as %q: what is there (%d) and what is not (%d) are refused differently:\n%s\n%s", r.Method, r.Path, who, there.status, not.status, there.plain, not.plain)
			}
		}
	}
}

// told is what an account was told, without what differs from one asking
// to the next.
type told struct {
	status int
	plain  string
}

// both asks for what is there and for what is not. Every page shows the state of
// a link, which may change between two askings: answers that differ are asked
// for again, and what tells the two apart does so each time.
func (w *World) both(r Route, as string) (there, not told) {
	for range 5 {
		there, not = w.saying(r, w.Foreign, as), w.saying(r, w.Absent, as)
		if there == not {
			break
		}
	}
	return there, not
}

func (w *World) saying(r Route, values map[string]string, as string) told {
	status, body := w.ask(r, w.fill(r.Path, values), as)
	return told{status, w.plain(r.Path, body)}
}

func names() []string {
	var out []string
	for _, r := range people.Roles() {
		out = append(out, string(r))
	}
	return out
}

// refusal reports whether a status refuses: who is not known is asked to sign
// in, who is known is told that it is not for them.
func refusal(status int, who string) bool {
	if who == "" {
		return status == http.StatusUnauthorized || status == http.StatusSeeOther
	}
	return status == http.StatusForbidden
}

// Foreigners walks routes that name something with every role that the table
// opens them to: what is there and not for the caller is answered as what is
// not there, and no answer says anything of it.
func (w *World) Foreigners(t *testing.T, routes []Route) {
	for _, r := range routes {
		for _, role := range people.Roles() {
			if !r.may(role) || r.Open || w.owns(r.Path, role) {
				continue
			}
			status, body := w.ask(r, w.fill(r.Path, w.Foreign), string(role))
			if strings.Contains(body, "secret.example") || strings.Contains(body, "Operation Secret") {
				t.Errorf("%s %s as %s: %d tells what it is not for", r.Method, r.Path, role, status)
			}
			if !w.names(r.Path) {
				continue
			}
			if there, not := w.both(r, string(role)); there != not {
				t.Errorf("%s %s as %s: what is not for the reader (%d) looks otherwise than what is not there (%d):\n%s\n%s", r.Method, r.Path, role, there.status, not.status, there.plain, not.plain)
			}
			if status < 400 && r.Method == http.MethodGet {
				t.Errorf("%s %s as %s: %d for what is not for the reader", r.Method, r.Path, role, status)
			}
		}
	}
}

// owns reports whether a path names something that is the role's own.
func (w *World) owns(path string, role people.Role) bool {
	for _, keys := range named(path) {
		if act, ok := w.Owners[keys[1]]; ok && role.May(act) {
			return true
		}
	}
	return false
}

// names reports whether a path names something that is not for everybody.
func (w *World) names(path string) bool {
	for _, keys := range named(path) {
		if value(w.Foreign, keys) != "" && value(w.Absent, keys) != "" {
			return true
		}
	}
	return false
}

var changing = regexp.MustCompile(`\d\d:\d\d(:\d\d)?|\d+ (ms|s|min) ago|\([0-9a-f]{16}\)|"error_id":"[0-9a-f]{16}"`) // ids of errors are drawn

// plain is an answer without the ids asked for and what differs from one
// asking to the next.
func (w *World) plain(path, body string) string {
	for _, keys := range named(path) {
		for _, values := range []map[string]string{w.Foreign, w.Absent} {
			v := value(values, keys)
			for _, form := range []string{v, url.PathEscape(v), url.QueryEscape(v)} {
				if form != "" {
					body = strings.ReplaceAll(body, form, "…")
				}
			}
		}
	}
	return changing.ReplaceAllString(body, "…")
}

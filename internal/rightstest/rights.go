// Package rightstest walks every route of an edge with every role and with the
// ids of what is somebody else's: no route serves or changes what the table of
// roles does not allow, and "not yours" looks the same as "not there".
package rightstest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/library"
	"twoseas/internal/act/members"
	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/law/contact"
	"twoseas/internal/law/coordination"
	"twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/request"
	"twoseas/internal/nodetest"
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

// Password is that of every account of a World.
const Password = "a long enough password"

// World is two nodes under the reference agreement with an account for each
// role, none of them cleared for more than TLP:GREEN, and things none of them
// may see.
type World struct {
	*nodetest.Node
	t      *testing.T
	client *http.Client
	// Foreign and Absent hold, for names of parameters, what is there and not
	// for the accounts, and what is not there; Shared what anybody may know.
	Foreign, Absent, Shared map[string]string
	// Owners names the act that makes a foreign thing one's own after all.
	Owners map[string]people.Act
}

const (
	red  = "indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03"
	none = "indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c99"
)

const secret = `[{"type":"indicator","spec_version":"2.1","id":"` + red + `","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'secret.example']","name":"Operation Secret","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]}]`

// NewWorld makes a world.
func NewWorld(t *testing.T) *World {
	t.Helper()
	in, jp := nodetest.IndiaJapan(t, nil)
	w := &World{
		Node: in, t: t,
		Foreign: map[string]string{"object": red, "id": red},
		Absent:  map[string]string{"object": none, "id": none, "item": "99999", "token": "0123456789abcdef"},
		Shared:  map[string]string{"agreement": string(nodetest.InJp), "version": "1", "side": "jp", "number": "1", "entry": "0", "clock": "in-certin"},
		Owners:  map[string]people.Act{"token": people.Administer, "assistance": people.Liaise, "contact": people.Reach, "check": people.Reach, "passage": people.Liaise, "coordination": people.Assist},
	}
	w.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the node of the test
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, role := range people.Roles() {
		w.must(in.People.AddAccount(t.Context(), in.Operator(), people.Account{
			Name: string(role), Roles: []people.Role{role}, Clearance: "TLP:GREEN", Password: Password,
		}))
	}
	w.must(in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: "owner", Roles: []people.Role{people.Analyst}, Clearance: "TLP:RED"}))
	token, err := in.People.IssueToken(t.Context(), in.Operator(), "owner", "somebody else's", 0)
	w.must(err)
	w.Foreign["token"] = strings.Split(token, "_")[1]
	owner, err := in.People.As(t.Context(), in.Operator(), "owner")
	w.must(err)
	access, err := in.People.Access(t.Context(), in.Live, owner)
	w.must(err)
	upload, err := in.Imports.Stage(t.Context(), in.Live, owner, access.Class, "secret.example.txt", strings.NewReader("secret.example\n"))
	w.must(err)
	meeting, err := in.Sessions.Meet(t.Context(), owner, session.Meeting{Guests: &people.Guests{TLP: marking.Green}, For: time.Hour})
	w.must(err)
	w.Foreign["meeting"], w.Absent["meeting"] = meeting, absentLike(meeting)
	w.Foreign["erasure"], w.Absent["erasure"] = "00000000000000aa", "00000000000000bb" // everybody who may decide may decide on all
	for _, key := range []string{"upload", "imports/id"} {
		w.Foreign[key], w.Absent[key] = upload.ID, absentLike(upload.ID)
	}
	w.must(in.Library.Keep(t.Context(), in.Live, owner, store.Kept{Kind: library.KeptSearches, Name: "watch", Value: "q=secret.example"}))
	w.Foreign["search"], w.Absent["search"] = "watch", "nothing"
	if rep := in.Import(marking.Clear, secret); rep.New != 1 {
		t.Fatalf("import: %+v", rep)
	}
	w.Foreign["assistance"] = lawEnforcement(t, in, jp)
	w.Absent["assistance"] = absentLike(w.Foreign["assistance"][len(request.Type):])
	w.Absent["assistance"] = request.Type + w.Absent["assistance"]
	w.Foreign["incident"], w.Foreign["wording"] = redIncident(t, in)
	for key, typ := range map[string]string{"incident": incident.Type, "wording": incident.OwnWordingType} {
		w.Absent[key] = typ + absentLike(w.Foreign[key][len(typ):])
	}
	w.Foreign["contact"], w.Foreign["check"] = pointOfContact(t, in, jp)
	for key, typ := range map[string]string{"contact": contact.Type, "check": contact.CheckType} {
		w.Absent[key] = typ + absentLike(w.Foreign[key][len(typ):])
	}
	w.Foreign["passage"] = passage(t, in, jp, w.Foreign["assistance"])
	w.Absent["passage"] = request.PassageType + absentLike(w.Foreign["passage"][len(request.PassageType):])
	w.Foreign["coordination"], err = in.Coordinations.Open(t.Context(), in.Live, in.Operator(), coordination.Opening{Agreement: nodetest.InJp, Language: "en", Title: "A router"}, time.Time{})
	w.must(err)
	w.Absent["coordination"] = coordination.Type + absentLike(w.Foreign["coordination"][len(coordination.Type):])
	w.must(in.Library.CatchUp(t.Context(), in.Live))
	w.must(in.Live.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Versions(red, func(o store.Object) error {
			w.Foreign["item"] = fmt.Sprint(o.Seq)
			return nil
		})
	}))
	return w
}

// redIncident notifies an incident that none of the accounts is cleared for, and
// proposes words about it.
func redIncident(t *testing.T, n *nodetest.Node) (id, wording string) {
	t.Helper()
	id, err := n.Incidents.Notify(t.Context(), n.Live, n.Operator(), store.AllLabels, marking.Red, incident.Notification{
		Agreement: nodetest.InJp, Title: "Operation Secret", Language: "en",
	})
	if err != nil {
		t.Fatal(err)
	}
	wording, err = n.Incidents.Propose(t.Context(), n.Live, n.Operator(), store.AllLabels, incident.Wording{
		Incident: id, Audience: incident.Joint, Text: "Secret.", Language: "en",
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, wording
}

// lawEnforcement asks for something that is for liaisons only.
func lawEnforcement(t *testing.T, in, jp *nodetest.Node) string {
	t.Helper()
	for _, n := range []*nodetest.Node{jp, in} {
		if _, err := n.Members.Set(t.Context(), n.Live, n.Operator(), members.Change{Agreement: nodetest.InJp, Compartment: "LES", Join: []string{"police"}}); err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Eventually(t, "the other side's list is here", func() bool {
		b, err := in.Members.Lists(t.Context(), in.Live, in.Operator(), nodetest.InJp)
		return err == nil && len(b.Rolls) == 2
	})
	id, err := in.Requests.Send(t.Context(), in.Live, in.Operator(), store.AllLabels, request.Asked{
		Agreement: nodetest.InJp, Kind: request.Preservation, Urgency: request.Routine, Channel: request.LawEnforcement, Way: "mlat", Language: "en",
		Title: "Two accounts", Text: "Please have what they hold preserved.",
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// pointOfContact has the partner name one, which this side checks.
func pointOfContact(t *testing.T, in, jp *nodetest.Node) (id, check string) {
	t.Helper()
	c, err := jp.Contacts.Set(t.Context(), jp.Live, jp.Operator(), nodetest.InJp, contact.Contact{
		Agency: "CERT", Post: "Duty officer", Role: contact.Technical, Areas: []string{"1(1)"}, Hours: contact.Hours{Zone: "Asia/Tokyo", Always: true},
		Channels: []contact.Channel{{Kind: contact.Email, Address: "duty@cert.example"}}, ValidFrom: "2022-03-19",
	})
	if err != nil {
		t.Fatal(err)
	}
	var asked contact.Check
	nodetest.Eventually(t, "the other side's contact is here", func() bool {
		asked, err = in.Contacts.Ask(t.Context(), in.Live, in.Operator(), c.ID)
		return err == nil
	})
	return c.ID, asked.ID
}

// passage asks this side's police whether what it asked may pass to the CERT of
// the other side, which is for liaisons only as well.
func passage(t *testing.T, in, jp *nodetest.Node, asked string) (id string) {
	t.Helper()
	nodetest.Eventually(t, "the request is there", func() bool {
		made, err := jp.Requests.Pass(t.Context(), jp.Live, jp.Operator(), asked, "Act on criminal procedure", "To warn others.")
		id = made
		return err == nil
	})
	nodetest.Eventually(t, "the question is here", func() bool {
		_, err := in.Requests.OpenPassage(t.Context(), in.Live, in.Operator(), id)
		return err == nil
	})
	return id
}

// absentLike returns an id of the form of another, which nothing has.
func absentLike(id string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '8' || r >= 'a' && r <= 'e':
			return r + 1
		case r == '9':
			return '0'
		}
		return r
	}, id)
}

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
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

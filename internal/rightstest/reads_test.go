package rightstest_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/members"
	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/rightstest"
	"twoseas/internal/store"
)

// desk is a node with accounts that read one collection.
type desk struct {
	*testing.T
	*nodetest.Node
	collection store.Collection
}

func newDesk(t *testing.T, n *nodetest.Node) *desk {
	t.Helper()
	d := &desk{T: t, Node: n}
	var err error
	d.collection, err = n.Collections.Create(t.Context(), n.Live, n.Operator(), store.Collection{Title: "All", Alias: "all"})
	d.must(err)
	return d
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// account makes an analyst of an organisation.
func (d *desk) account(name, org, clearance string) rightstest.Reader {
	d.Helper()
	if org != "" {
		if _, err := d.People.Organisation(d.Context(), d.Operator(), org); err != nil {
			d.must(d.People.AddOrganisation(d.Context(), d.Operator(), people.Organisation{ID: org, Name: org, Kind: people.Police, Ceiling: "TLP:RED+UNMARKED IN-S JP-SDS"}))
		}
	}
	d.must(d.People.AddAccount(d.Context(), d.Operator(), people.Account{
		Name: name, Org: org, Roles: []people.Role{people.Analyst}, Clearance: clearance, Password: rightstest.Password,
	}))
	d.must(d.People.Grant(d.Context(), d.Live, d.Operator(), store.Right{Collection: d.collection.ID, Account: name, Read: true}))
	return rightstest.Reader{Node: d.Node, Account: name}
}

// put takes objects in and puts them into the collection.
func (d *desk) put(tlp marking.TLP, bundle string) {
	d.Helper()
	d.Import(tlp, bundle)
	d.gather()
}

// gather puts everything there is into the collection.
func (d *desk) gather() {
	d.Helper()
	d.must(d.Live.Write(d.Context(), func(tx *store.Tx) error {
		var all []store.Entry
		if err := tx.Objects(0, store.AllLabels, func(o store.Object) error {
			if o.Type == "indicator" {
				all = append(all, store.Entry{Object: o.Seq, Label: o.Label, Version: o.Version, ID: o.ID, Type: o.Type})
			}
			return nil
		}); err != nil {
			return err
		}
		_, err := tx.AddMembers(&d.collection, all)
		return err
	}))
	d.must(d.Library.CatchUp(d.Context(), d.Live))
}

// thing returns what to ask for by the object n, in an event of a reader who
// may see it.
func (d *desk) thing(n int, x rightstest.Reader) rightstest.Thing {
	d.Helper()
	by, err := d.People.As(d.Context(), d.Operator(), x.Account)
	d.must(err)
	access, err := d.People.Access(d.Context(), d.Live, by)
	d.must(err)
	list, err := d.Events.List(d.Context(), d.Live, access.Class)
	d.must(err)
	if len(list) == 0 {
		d.Fatal("no event")
	}
	of := rightstest.Thing{Object: indicatorID(n), Value: canary(n), Collection: d.collection.ID}
	for _, e := range list {
		of.Events = append(of.Events, e.UUID)
	}
	return of
}

func indicatorID(n int) string { return fmt.Sprintf("indicator--00000000-0000-4000-8000-%012d", n) }
func canary(n int) string      { return fmt.Sprintf("canary%02d.example", n) }

// indicator is an object with a canary as its value and in its texts. markings
// are ids of marking definitions.
func indicator(n int, markings ...string) string {
	refs := ""
	if len(markings) > 0 {
		refs = `,"object_marking_refs":["` + strings.Join(markings, `","`) + `"]`
	}
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":%q,"created":"2026-11-01T00:00:00Z","modified":"2026-11-01T00:00:00Z","valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = '%s']","name":"name of %[2]s","description":"about %[2]s"%s}`,
		indicatorID(n), canary(n), refs)
}

// statement is a marking definition with a statement, and its id.
func statement(n int, text string) (id, object string) {
	id = fmt.Sprintf("marking-definition--00000000-0000-4000-8000-%012d", 900+n)
	return id, fmt.Sprintf(`{"type":"marking-definition","spec_version":"2.1","id":%q,"created":"2026-11-01T00:00:00Z","definition_type":"statement","definition":{"statement":%q}}`, id, text)
}

// tlps are the ids of the marking definitions of TLP 2.0.
var tlps = map[marking.TLP]string{
	marking.Clear: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	marking.Green: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	marking.Amber: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	marking.Red:   "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

func bundle(objects ...string) string { return "[" + strings.Join(objects, ",") + "]" }

// shows returns the names of the reads whose answer holds text.
func shows(answers map[string]rightstest.Said, text string) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		if strings.Contains(answers[name].Text, text) && !strings.Contains(name, text) {
			out = append(out, name)
		}
	}
	return out
}

// some fails unless what is shown is shown over each interface.
func some(t *testing.T, shown []string) {
	t.Helper()
	for _, path := range []string{"GET /objects/", "GET /threats", "GET /api/v1/objects", "GET /api/v1/export", "GET /api1/", "GET /out/", "GET /misp-feed/", "GET /misp/events/view", "POST /misp/attributes/restsearch", "GET /threats/export"} {
		if !slices.ContainsFunc(shown, func(s string) bool { return strings.HasPrefix(strings.ToLower(s), strings.ToLower(path)) }) {
			t.Errorf("no answer below %q shows it: the test looks at nothing there", path)
		}
	}
}

func TestWhoLeavesACompartmentReadsNothingOfItFromTheNextRequestOn(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	d := newDesk(t, in)
	member, other := d.account("paru", "police", "TLP:RED+UNMARKED"), d.account("ana", "cert", "TLP:RED+UNMARKED")
	change := func(c members.Change) {
		t.Helper()
		c.Agreement, c.Compartment = nodetest.InJp, "LES"
		_, err := in.Members.Set(t.Context(), in.Live, in.Operator(), c)
		d.must(err)
	}
	audiences := func(name string) []people.Audience {
		t.Helper()
		a, err := in.People.Get(t.Context(), in.Operator(), name)
		d.must(err)
		return a.Audiences
	}
	les, definition := statement(1, "LES")
	d.put(marking.Green, bundle(indicator(1, les), definition))
	change(members.Change{Join: []string{"police"}})
	if got := audiences("paru"); !slices.Equal(got, []people.Audience{{Agreement: nodetest.InJp, Caveat: "LES"}}) || len(audiences("ana")) != 0 {
		t.Errorf("the accounts say %v and %v", got, audiences("ana"))
	}
	reads := rightstest.Reads(in, d.thing(1, member))
	change(members.Change{Leave: []string{"police"}})
	if got := shows(member.All(t, reads), "about "+canary(1)); len(got) != 0 {
		t.Errorf("nobody belongs to it, and %v show it", got)
	}
	change(members.Change{Join: []string{"police"}})
	some(t, shows(member.All(t, reads), canary(1)))
	if got := shows(other.All(t, reads), "about "+canary(1)); len(got) != 0 {
		t.Errorf("it is not for the reader, and %v show it", got)
	}
	change(members.Change{Leave: []string{"police"}})
	if got := audiences("paru"); len(got) != 0 {
		t.Errorf("the account says %v of one who left", got)
	}
	if got := shows(member.All(t, reads), "about "+canary(1)); len(got) != 0 {
		t.Errorf("the member left, and %v show it", got)
	}
	change(members.Change{Join: []string{"police", "cert"}})
	for _, x := range []rightstest.Reader{member, other} {
		some(t, shows(x.All(t, reads), canary(1)))
	}
	d.must(in.People.AddOrganisation(t.Context(), in.Operator(), people.Organisation{ID: "bank", Name: "bank", Kind: people.Operator, Ceiling: "TLP:RED+UNMARKED"}))
	d.must(in.People.Change(t.Context(), in.Operator(), people.Account{Name: "paru", Org: "bank", Roles: []people.Role{people.Analyst}, Clearance: "TLP:RED+UNMARKED"}))
	if got := shows(member.All(t, reads), "about "+canary(1)); len(got) != 0 {
		t.Errorf("the reader went to another organisation, and %v show it", got)
	}
}

// meets begins a meeting of a reader and returns the reader in it.
func (d *desk) meets(x rightstest.Reader, m session.Meeting) rightstest.Reader {
	d.Helper()
	by, err := d.People.As(d.Context(), d.Operator(), x.Account)
	d.must(err)
	m.For = time.Hour
	id, err := d.Sessions.Meet(d.Context(), by, m)
	d.must(err)
	x.Header = http.Header{"Twoseas-Meeting": {id}}
	return x
}

// TestInAMeetingIsShownWhatEverybodyMaySee compares, read by read, what a
// meeting is shown with what each of those in it is.
func TestInAMeetingIsShownWhatEverybodyMaySee(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	d := newDesk(t, in)
	readers := map[string]rightstest.Reader{
		"amber":  d.account("amber", "cert", "TLP:AMBER"),
		"police": d.account("police", "police", "TLP:GREEN"),
		"red":    d.account("red", "police", "TLP:RED+UNMARKED"),
	}
	_, err := in.Members.Set(t.Context(), in.Live, in.Operator(), members.Change{Agreement: nodetest.InJp, Compartment: "LES", Join: []string{"police"}})
	d.must(err)
	objects := []string{}
	n := 0
	for _, tlp := range []marking.TLP{marking.Clear, marking.Green, marking.Amber, marking.Red} {
		for i, text := range []string{"", "LES", "NOFORN"} {
			marks := []string{tlps[tlp]}
			if text != "" {
				id, definition := statement(i, text)
				marks, objects = append(marks, id), append(objects, definition)
			}
			n++
			objects = append(objects, indicator(n, marks...))
		}
	}
	d.put(marking.Red, bundle(slices.Compact(objects)...))
	reads := rightstest.Reads(in, d.thing(2, readers["red"]))
	alone := map[string]map[string]rightstest.Said{}
	for name, x := range readers {
		alone[name] = x.All(t, reads)
	}
	for _, room := range [][]string{{"amber", "police"}, {"red", "amber", "police"}} {
		together := d.meets(readers[room[0]], session.Meeting{With: room[1:]}).All(t, reads)
		seen := 0
		for name, said := range together {
			for i := 1; i <= n; i++ {
				want := true
				for _, who := range room {
					want = want && strings.Contains(alone[who][name].Text, "about "+canary(i))
				}
				got := strings.Contains(said.Text, "about "+canary(i))
				if got != want {
					t.Errorf("%v, %s: object %d is shown: %v, and to each of them: %v", room, name, i, got, want)
				}
				if got {
					seen++
				}
			}
		}
		if seen == 0 {
			t.Errorf("%v: nothing is shown at all", room)
		}
	}
	// Guests of Japan are shown nothing that may not go there.
	guests := d.meets(readers["red"], session.Meeting{Guests: &people.Guests{TLP: marking.Red, Sides: []gate.Party{{Side: "jp", Codes: []string{"jpn"}}}}}).All(t, reads)
	for i := 1; i <= n; i++ {
		got := shows(guests, "about "+canary(i))
		if bare := i%3 == 1; bare != (len(got) > 0) {
			t.Errorf("guests are shown object %d by %v", i, got)
		}
	}
}

func TestWhoMeansToBeInAMeetingIsNotShownEverything(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	d := newDesk(t, in)
	x := d.account("ana", "cert", "TLP:RED")
	d.put(marking.Green, bundle(indicator(1)))
	reads := rightstest.Reads(in, d.thing(1, x))
	for _, header := range [][]string{{"m0123456789abcdef0123456789abcdef"}, {""}, {"a", "b"}} {
		x.Header = http.Header{"Twoseas-Meeting": header}
		answers := x.All(t, reads)
		if got := shows(answers, "about "+canary(1)); len(got) != 0 {
			t.Errorf("%q: %v show it", header, got)
		}
		for name, said := range answers {
			if strings.HasPrefix(name, "GET /api1/") && said.Status != http.StatusForbidden {
				t.Errorf("%q: %s: %d", header, name, said.Status)
			}
		}
	}
}

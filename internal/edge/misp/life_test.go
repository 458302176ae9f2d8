package misp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/event"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

func loose(n int, modified, value string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-11-01T00:00:00.000Z","modified":%q,"valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = '%s']","name":"n%d"}`, n, modified, value, n)
}

// TestEventsThroughTime: what no report names stays in its day's event when it
// changes, whose time moves on; what is erased is gone; an event that is
// published later is still one.
func TestEventsThroughTime(t *testing.T) {
	clk := clock.NewFake(time.Date(2027, 3, 15, 9, 0, 0, 0, time.UTC))
	w := &world{Node: nodetest.StartAt(t, "in", clk, func(c *node.Config) { c.HTTP = true }), t: t}
	w.must(w.Live.Write(t.Context(), func(tx *store.Tx) error { return tx.AddCollection(&store.Collection{ID: inbox, Alias: "misp"}) }))
	key := w.key("ana", people.Analyst, "TLP:GREEN", inbox)
	list := func() (out []string) {
		for _, e := range w.ok(key, "GET", "events/index", nil).([]any) {
			var values []string
			for _, a := range at(w.ok(key, "GET", "events/view/"+at(e, "uuid").(string), nil), "Event", "Attribute").([]any) {
				values = append(values, at(a, "value").(string))
			}
			out = append(out, fmt.Sprintf("%s %s %v %s", at(e, "date"), strings.Join(values, ","), at(e, "published"), at(e, "timestamp")))
		}
		return out
	}
	stamp := func() string { return fmt.Sprint(clk.Now().Unix()) }
	check := func(what string, want ...string) {
		t.Helper()
		if got := list(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
		}
	}
	w.Import(marking.Green, "["+loose(1, "2026-11-01T00:00:00.000Z", "a.example")+","+loose(2, "2026-11-01T00:00:00.000Z", "b.example")+"]")
	first := stamp()
	check("two of one day", "2027-03-15 a.example,b.example true "+first)
	uuid := at(w.ok(key, "GET", "events/index", nil), 0, "uuid")
	clk.Advance(24 * time.Hour)
	w.Import(marking.Green, "["+loose(1, "2026-11-02T00:00:00.000Z", "c.example")+","+loose(3, "2026-11-01T00:00:00.000Z", "d.example")+"]")
	second := stamp()
	check("one changed, one came", "2027-03-15 c.example,b.example true "+second, "2027-03-16 d.example true "+second)
	if again := at(w.ok(key, "GET", "events/index", nil), 0, "uuid"); again != uuid {
		t.Errorf("the event of the day was %v and is %v", uuid, again)
	}
	var seq int64
	w.must(w.Live.Read(t.Context(), func(tx *store.Tx) error {
		known, err := tx.Known([]string{"indicator--00000000-0000-4000-8000-000000000002"})
		seq = known["indicator--00000000-0000-4000-8000-000000000002"][0].Seq
		return err
	}))
	w.must(w.Live.Write(t.Context(), func(tx *store.Tx) error { return tx.EraseObject(seq) }))
	check("one erased", "2027-03-15 c.example true "+second, "2027-03-16 d.example true "+second)
	// An event of MISP, at first not published.
	draft := strings.Replace(sent("tlp:green"), `"published":true`, `"published":false`, 1)
	w.ok(key, "POST", "events/add", draft)
	check("a draft", "2027-03-15 c.example true "+second, "2027-03-16 d.example true "+second, "2026-11-20 evil.example false 1763600000")
	w.ok(key, "POST", "events/edit/"+eventID, strings.Replace(sent("tlp:green"), `"timestamp":"1763600000","published"`, `"timestamp":"1763600200","published"`, 1))
	check("published", "2027-03-15 c.example true "+second, "2027-03-16 d.example true "+second, "2026-11-20 evil.example true 1763600200")
	if n := len(w.ok(key, "POST", "events/index", `{"published":1,"org":"CERT-X"}`).([]any)); n != 1 {
		t.Errorf("%d events of CERT-X are published", n)
	}
	// A report that comes later takes what it names out of the day.
	w.Import(marking.Green, `[{"type":"report","spec_version":"2.1","id":"report--00000000-0000-4000-8000-000000000009","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","published":"2026-11-01T00:00:00Z","name":"Later","object_refs":["indicator--00000000-0000-4000-8000-000000000003"]}]`)
	if got := list(); len(got) != 3 || !strings.Contains(fmt.Sprint(got), "2026-11-01 d.example") || strings.Contains(fmt.Sprint(got), "2027-03-16") {
		t.Errorf("%q", got)
	}
}

// TestAnExerciseIsAnotherWorld: nothing of it is in the events of the live
// domain, nor the other way round.
func TestAnExerciseIsAnotherWorld(t *testing.T) {
	w := open(t)
	key := w.key("ana", people.Analyst, "TLP:GREEN", inbox)
	d, err := ident.ParseDomain("exercise/sango-2027")
	w.must(err)
	h, err := w.Store.Domain(t.Context(), d)
	w.must(err)
	_, err = w.Intake.Stream(t.Context(), h, intake.Source{Limits: marking.Terms{TLP: marking.Green, Exercise: true}}, strings.NewReader("["+loose(1, "2026-11-01T00:00:00.000Z", "drill.example")+"]"), nil)
	w.must(err)
	w.Import(marking.Green, "["+loose(2, "2026-11-01T00:00:00.000Z", "real.example")+"]")
	w.must(w.Library.CatchUp(t.Context(), w.Live))
	for _, path := range []string{"events/restSearch", "attributes/restSearch", "events/index"} {
		a := w.call(key, "POST", path, `{}`)
		if a.status != 200 || strings.Contains(string(a.body), "drill") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	by, err := w.People.As(t.Context(), w.Operator(), "ana")
	w.must(err)
	access, err := w.People.Access(t.Context(), h, by)
	w.must(err)
	list, err := w.Events.List(t.Context(), h, access.Class)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	var b strings.Builder
	w.must(w.Events.Write(t.Context(), h, access.Class, &b, list[0].UUID, event.Want{}))
	if !strings.Contains(b.String(), "drill.example") || strings.Contains(b.String(), "real.example") {
		t.Errorf("%s", b.String())
	}
}

// TestReadsAndEntriesAreInTheHomeLog by account, call and event.
func TestReadsAndEntriesAreInTheHomeLog(t *testing.T) {
	w := open(t)
	key := w.key("ana", people.Analyst, "TLP:GREEN", inbox)
	w.ok(key, "POST", "events/add", sent("tlp:green"))
	w.ok(key, "GET", "events/view/"+eventID, nil)
	w.ok(key, "POST", "attributes/restSearch", `{}`)
	w.must(w.Library.CatchUp(t.Context(), w.Live))
	w.ok(key, "POST", "sightings/add/"+attrID, `{}`)
	acts := map[string]bool{}
	w.must(w.Live.Read(t.Context(), func(tx *store.Tx) error {
		return tx.AuditRange(0, 1000, func(e store.AuditEntry) error { acts[e.Act] = true; return nil })
	}))
	for _, want := range []string{"event.add", "event.sight", "misp.event", "misp.search"} {
		if !acts[want] {
			t.Errorf("%s is not in the home log: %v", want, acts)
		}
	}
}

package event_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/event"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/nodetest"
)

const (
	named  = "indicator--00000000-0000-4000-8000-0000000000a1"
	loose  = "indicator--00000000-0000-4000-8000-0000000000a2"
	stays  = "indicator--00000000-0000-4000-8000-0000000000a3"
	report = "report--00000000-0000-4000-8000-0000000000b1"
)

func data() string {
	one := func(id, value string) string {
		return `{"type":"indicator","spec_version":"2.1","id":"` + id + `","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z",` +
			`"valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = '` + value + `']"}`
	}
	return `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[` +
		strings.Join([]string{one(named, "named.tokyo"), one(loose, "loose.tokyo"), one(stays, "stays.tokyo")}, ",") +
		`,{"type":"report","spec_version":"2.1","id":"` + report + `","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z",` +
		`"name":"A report","published":"2026-01-01T00:00:00Z","object_refs":["` + named + `","` + stays + `"]}]}`
}

// attribute is what an event says of one.
type attribute struct {
	UUID, Value string
	Deleted     bool
	Timestamp   string
	event       string
}

// attributes is what a class is served, by UUID, with what was deleted, and the
// events that are listed.
func attributes(t *testing.T, n *nodetest.Node, tlp marking.TLP) (map[string]attribute, map[string]event.Entry) {
	t.Helper()
	a, err := n.People.Access(t.Context(), n.Live, people.Actor{Name: "r", Roles: []people.Role{people.Analyst}, Clearance: people.Clearance{TLP: tlp}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := n.Events.List(t.Context(), n.Live, a.Class)
	if err != nil {
		t.Fatal(err)
	}
	out, events := map[string]attribute{}, map[string]event.Entry{}
	for _, e := range list {
		events[e.UUID] = e
		var b bytes.Buffer
		if err := n.Events.Write(t.Context(), n.Live, a.Class, &b, e.UUID, event.Want{Deleted: true}); err != nil {
			t.Fatal(err)
		}
		var read struct {
			Event struct{ Attribute []attribute }
		}
		if err := json.Unmarshal(b.Bytes(), &read); err != nil {
			t.Fatalf("%s: %v", b.Bytes(), err)
		}
		for _, x := range read.Event.Attribute {
			x.event = e.UUID
			out[x.UUID] = x
		}
	}
	return out, events
}

func uuidOf(id string) string { return id[len(id)-36:] }

// What was called back is a deleted attribute in the event where it was, which
// has changed, for who might read it; without its value, and not for others.
func TestWhatWasCalledBackIsADeletedAttributeOfItsEvent(t *testing.T) {
	clk := clock.NewFake(time.Date(2027, 3, 15, 6, 0, 0, 0, time.UTC))
	in, jp := nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	in.Import(marking.Green, data())
	nodetest.Converged(t, in, jp)
	before, listed := attributes(t, jp, marking.Green)
	if len(before) != 3 || before[uuidOf(loose)].Value != "loose.tokyo" || before[uuidOf(named)].event != uuidOf(report) {
		t.Fatalf("before: %+v", before)
	}
	tag := func() string {
		a, err := jp.People.Access(t.Context(), jp.Live, people.Actor{Name: "r", Roles: []people.Role{people.Analyst}, Clearance: people.Clearance{TLP: marking.Green}})
		if err != nil {
			t.Fatal(err)
		}
		name, ok, err := jp.Events.TagOfValues(t.Context(), jp.Live, a.Class)
		if err != nil || !ok {
			t.Fatalf("no name of the values: %v", err)
		}
		return name
	}
	first := tag()
	if again := tag(); again != first {
		t.Error("the same values have two names")
	}
	clk.Advance(time.Hour)
	act, err := in.Recalls.Send(t.Context(), in.Live, in.Operator(), recall.Ask{Kind: law.Spill, IDs: []string{named, loose}}, ident.Digest{})
	if err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "it is withheld at the partner", func() bool {
		d, err := in.Recalls.Show(t.Context(), in.Live, in.Operator(), act)
		return err == nil && !d.Open()
	})
	if tag() == first {
		t.Error("the values have the name that they had before some were called back")
	}
	after, changed := attributes(t, jp, marking.Green)
	for _, id := range []string{named, loose} {
		a, was := after[uuidOf(id)], before[uuidOf(id)]
		if !a.Deleted || a.event != was.event || a.Timestamp <= was.Timestamp || strings.Contains(a.Value, "tokyo") {
			t.Errorf("%s is %+v, was %+v", id, a, was)
		}
		if changed[a.event].Timestamp <= listed[a.event].Timestamp {
			t.Errorf("the event of %s is not newer than before: no MISP pulls it again", id)
		}
	}
	if a := after[uuidOf(stays)]; a.Deleted || a.Value != "stays.tokyo" {
		t.Errorf("what stays is %+v", a)
	}
	if none, events := attributes(t, jp, marking.Clear); len(none) != 0 || len(events) != 0 {
		t.Errorf("who might not read it is told %+v", none)
	}
	if home, _ := attributes(t, in, marking.Green); len(home) != 1 { // it is in no collection there
		t.Errorf("at home: %+v", home)
	}
	if err := in.Recalls.Lift(t.Context(), in.Live, in.Operator(), act); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "it is read again", func() bool {
		back, _ := attributes(t, jp, marking.Green)
		return len(back) == 3 && back[uuidOf(loose)] == before[uuidOf(loose)] && back[uuidOf(named)].Value == "named.tokyo"
	})
}

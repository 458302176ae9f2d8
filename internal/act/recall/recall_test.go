package recall_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/store"
)

const fromIndia = "from-in-in-jp-2022"

// Complaint 1: recalled at A, B shows it quarantined and A holds B's receipt
// and answer; who reads B's collection by date sees it revoked.
func TestWhatIsCalledBackIsQuarantinedAndAnswered(t *testing.T) {
	in, jp, clk := pair(t)
	ids := take(t, in, marking.Green, 1, 2, 3)
	settled(t, in, jp)
	green, clear := classOf(t, jp, marking.Green), classOf(t, jp, marking.Clear)
	before, last := served(t, jp, fromIndia, green, 0, ids[0])
	if len(before) != 1 || !strings.Contains(before[0], "canary1") {
		t.Fatalf("served %q", before)
	}
	clk.Advance(time.Hour)
	if err := jp.Audit.Saw(t.Context(), actor("reader@jp", people.Analyst), "read", "object", ids[0]); err != nil {
		t.Fatal(err)
	}
	clk.Advance(time.Hour)
	act := send(t, in, recall.Ask{Kind: law.Spill, Reason: "sent in error", IDs: ids[:2]})
	if d := state(t, in, act); !d.Open() || len(d.Partners) != 1 || d.Objects != 2 || d.Partners[0].Items != 2 || !d.Partners[0].Sent.IsZero() {
		t.Errorf("before it left: %+v", d)
	}
	carry(t, in, jp)
	d := state(t, in, act)
	if d.Partners[0].Sent.IsZero() || d.Partners[0].Receipt.IsZero() || !d.Open() {
		t.Errorf("sent, received: %+v", d.Partners[0])
	}
	if got := visible(t, jp, green, ids[0]); got != "" {
		t.Errorf("still read: %s", got)
	}
	if got := visible(t, jp, green, ids[2]); got == "" {
		t.Error("another object went with it")
	}
	carry(t, jp, in)
	d = state(t, in, act)
	if d.Open() || outcomes(t, d)[law.Quarantined] != 2 || d.Partners[0].Answered.IsZero() {
		t.Errorf("answered: %+v", d.Partners[0])
	}
	for name, want := range map[string]law.Edge{
		"search": {Name: "search", State: law.Done, Count: 2, Note: law.NoteRemoved},
		"taxii":  {Name: "taxii", State: law.Done, Count: 2, Note: law.NoteRevoked},
		"people": {Name: "people", State: law.Cannot, Count: 1, Note: law.NoteReads},
	} {
		if got := edge(d, name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	now, _ := served(t, jp, fromIndia, green, last, ids[0])
	if len(now) != 1 || !strings.Contains(now[0], `"revoked":true`) || strings.Contains(now[0], "canary") || strings.Contains(now[0], "45.0.0") {
		t.Errorf("to who follows by date: %q", now)
	}
	if got, _ := served(t, jp, fromIndia, clear, 0, ids[0]); len(got) != 0 {
		t.Errorf("to who might not read it: %q", got)
	}
	if got := visible(t, in, classOf(t, in, marking.Red), ids[0]); got != "" {
		t.Errorf("still read at home: %s", got)
	}
	settled(t, in, jp)
	back := state(t, jp, act)
	if back.Direction != store.In || back.Detained != 2 || back.Readers.People[0].Account != "reader@jp" || back.Reason != "sent in error" {
		t.Errorf("at the receiver: %+v", back)
	}
}

func TestWhoMayRecall(t *testing.T) {
	in, jp, _ := pair(t)
	ids := take(t, in, marking.Red, 1)
	take(t, jp, marking.Green, 2)
	settled(t, in, jp)
	green := duty
	green.Clearance.TLP = marking.Green
	ask := func(id string) recall.Ask { return recall.Ask{Kind: law.Wrong, IDs: []string{id}} }
	for name, tc := range map[string]struct {
		by   people.Actor
		ask  recall.Ask
		kind fault.Kind
	}{
		"nobody":                          {people.Actor{}, ask(ids[0]), fault.Denied},
		"an auditor":                      {actor("x", people.Auditor), ask(ids[0]), fault.Denied},
		"who is not cleared":              {green, ask(ids[0]), fault.NotFound},
		"what is not there":               {duty, ask(indicatorID(99)), fault.NotFound},
		"the partner's":                   {duty, ask(indicatorID(2)), fault.Denied},
		"nothing":                         {duty, recall.Ask{Kind: law.Wrong}, fault.Invalid},
		"a kind nobody knows":             {duty, recall.Ask{Kind: "regret", IDs: ids}, fault.Invalid},
		"a reason of another kind":        {duty, recall.Ask{Kind: law.Wrong, Code: "spill", IDs: ids}, fault.Invalid},
		"what is wrong for some only":     {duty, recall.Ask{Kind: law.Wrong, IDs: ids, Agreements: []ident.Agreement{inJP}}, fault.Invalid},
		"corrected by nothing":            {duty, recall.Ask{Kind: law.Correct, IDs: ids}, fault.Invalid},
		"superseded by nothing":           {duty, recall.Ask{Kind: law.Supersede, IDs: ids}, fault.Invalid},
		"superseded by what is not here":  {duty, recall.Ask{Kind: law.Supersede, IDs: ids, By: map[string]string{ids[0]: indicatorID(99)}}, fault.Invalid},
		"a marking definition":            {duty, ask(marking.Red.DefinitionID()), fault.Invalid},
		"the node's own word for narrow":  {duty, recall.Ask{Kind: law.Spill, Code: "narrowed", IDs: ids}, fault.Invalid},
		"a shipment that was never built": {duty, recall.Ask{Kind: law.Spill, Shipments: []recall.Shipped{{Agreement: inJP, Number: 77}}}, fault.NotFound},
	} {
		if _, err := in.Recalls.Send(t.Context(), in.Live, tc.by, tc.ask, ident.Digest{}); !fault.Is(err, tc.kind) {
			t.Errorf("%s: %v, want %v", name, err, tc.kind)
		}
	}
	p, err := in.Recalls.Preview(t.Context(), in.Live, duty, ask(ids[0]))
	if err != nil || len(p.Reach) != 0 || p.Waiting != 1 { // it waited for two officers
		t.Fatalf("%+v, %v", p, err)
	}
	in.Import(marking.Red, bundle(indicator(1, 7)))
	if _, err := in.Recalls.Send(t.Context(), in.Live, duty, ask(ids[0]), p.Digest); !fault.Is(err, fault.Conflict) {
		t.Errorf("something else than what was shown: %v", err)
	}
}

// What has not left yet leaves the lists it waits on.
func TestWhatWaitsDoesNotLeaveAfterItWasCalledBack(t *testing.T) {
	in, jp, _ := pair(t)
	queued, held := take(t, in, marking.Green, 1), take(t, in, marking.Amber, 2)
	act := send(t, in, recall.Ask{Kind: law.Wrong, IDs: append(queued, held...)})
	if d := carry(t, in, jp); d.Applied != 0 {
		t.Errorf("left: %+v", d)
	}
	lines, err := in.Releases.Count(t.Context(), in.Live, actor("officer@in", people.ReleasingOfficer))
	if err != nil || lines.Total() != 0 {
		t.Errorf("still waits for officers: %+v, %v", lines, err)
	}
	if err := in.Recalls.Lift(t.Context(), in.Live, duty, act); err != nil {
		t.Fatal(err)
	}
	if d := carry(t, in, jp); d.Applied != 1 {
		t.Errorf("after it was lifted: %+v", d)
	}
	if lines, err = in.Releases.Count(t.Context(), in.Live, actor("officer@in", people.ReleasingOfficer)); err != nil || lines.Total() != 1 {
		t.Errorf("waits for officers: %+v, %v", lines, err)
	}
	settled(t, in, jp)
}

// A recall goes before everything else, also when a person has paused the
// channel; the rest stays where it is.
func TestARecallGoesFirstAndThroughAPause(t *testing.T) {
	in, jp, _ := pair(t)
	ids := take(t, in, marking.Green, 1)
	settled(t, in, jp)
	take(t, in, marking.Green, 2, 3)
	act := send(t, in, recall.Ask{Kind: law.Spill, Spill: true, IDs: ids})
	if _, err := in.Exchange.Deliver(t.Context(), in.Live, inJP, line{jp}, nil); !fault.Is(err, fault.Held) {
		t.Errorf("a paused channel: %v", err)
	}
	if got := visible(t, jp, classOf(t, jp, marking.Green), ids[0]); got != "" {
		t.Error("the recall did not get through the pause")
	}
	if got := visible(t, jp, classOf(t, jp, marking.Green), indicatorID(2)); got != "" {
		t.Error("something else did")
	}
	carry(t, jp, in)
	if d := state(t, in, act); d.Open() || !d.Spill {
		t.Errorf("%+v", d.Partners)
	}
	if err := in.Exchange.Resume(t.Context(), in.Live, duty, inJP); err != nil {
		t.Fatal(err)
	}
	if d := carry(t, in, jp); d.Applied != 2 {
		t.Errorf("after it was resumed: %+v", d)
	}
	settled(t, in, jp)
}

func TestARecallOfSomethingNeverReceivedIsRemembered(t *testing.T) {
	in, jp, clk := pair(t)
	ids := take(t, in, marking.Green, 1, 2)
	first, _, err := in.Exchange.Build(t.Context(), in.Live, inJP) // on its way, and slow
	if err != nil {
		t.Fatal(err)
	}
	clk.Advance(time.Minute)
	act := send(t, in, recall.Ask{Kind: law.Spill, IDs: ids[:1]})
	second, _, err := in.Exchange.Build(t.Context(), in.Live, inJP)
	if err != nil {
		t.Fatal(err)
	}
	// The line keeps order: it is a bundle of files, or another node, that does not.
	if _, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, second); !fault.Is(err, fault.Conflict) {
		t.Fatalf("out of order: %v", err)
	}
	for _, p := range []struct {
		note string
		err  error
	}{{"first", ship(t, in, jp, first)}, {"second", ship(t, in, jp, second)}} {
		if p.err != nil {
			t.Fatal(p.note, p.err)
		}
	}
	settled(t, in, jp)
	if d := state(t, in, act); outcomes(t, d)[law.Quarantined] != 1 {
		t.Errorf("%+v", d.Partners)
	}
}

package exchange_test

import (
	"fmt"
	"testing"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

func flow(t *testing.T, n *nodetest.Node, class int64, since time.Time) exchange.Flow {
	t.Helper()
	f, err := n.Exchange.Flow(t.Context(), n.Live, class, inJP, since, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// crossed adds up what a flow says of one direction.
func crossed(f exchange.Flow, direction string) (items, refused, failed int64) {
	for _, c := range f.Crossings {
		if c.Direction == direction {
			items, refused, failed = items+c.Items, refused+c.Refused, failed+c.Failed
		}
	}
	return items, refused, failed
}

func paceOf(f exchange.Flow, direction, stage, area string) (p exchange.Pace) {
	for _, x := range f.Paces {
		if x.Direction == direction && x.Stage == stage && x.Area == area {
			return x
		}
	}
	return p
}

// within wants a time right within a tenth.
func within(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if got < want*9/10 || got > want*11/10 {
		t.Errorf("%s took %s, want about %s", what, got, want)
	}
}

func TestWhatCrossesIsCountedAndTimedOnBothSides(t *testing.T) {
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	clk := clock.NewFake(start)
	in, jp := pair(t, clk)
	take(t, in, 1, 3) // observed on 1 January
	clk.Advance(10 * time.Minute)
	p := build(t, in)
	clk.Advance(2 * time.Minute)
	msg, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, p)
	if err != nil {
		t.Fatal(err)
	}
	clk.Advance(time.Minute)
	settle(t, in, msg)

	out, there := flow(t, in, store.AllLabels, start), flow(t, jp, store.AllLabels, start)
	if items, refused, failed := crossed(out, store.Out); items != 3 || refused+failed != 0 {
		t.Errorf("sent: %+v", out.Crossings)
	}
	if items, refused, failed := crossed(there, store.In); items != 3 || refused+failed != 0 {
		t.Errorf("received: %+v", there.Crossings)
	}
	if out.Crossings[0].Area != "1(1)" || out.Crossings[0].Kind != marking.Threat || !out.Crossings[0].At.Equal(start) {
		t.Errorf("%+v", out.Crossings[0])
	}
	age := start.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	for _, area := range []string{exchange.AllAreas, "1(1)"} {
		for stage, want := range map[string]time.Duration{store.StageReleased: age, store.StageShipped: 10 * time.Minute, store.StageReceipt: 3 * time.Minute} {
			got := paceOf(out, store.Out, stage, area)
			if got.Items != 3 {
				t.Errorf("%s %s: %+v", stage, area, got)
			}
			within(t, stage, got.Median, want)
			within(t, stage, got.P90, want)
		}
	}
	within(t, "received", paceOf(there, store.In, store.StageReceived, exchange.AllAreas).Median, age+12*time.Minute)

	// An answer is counted once on both sides, the first time.
	clk.Advance(47 * time.Minute)
	for i := range 2 {
		sighting := fmt.Sprintf(`{"type":"sighting","spec_version":"2.1","id":"sighting--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z",`+
			`"sighting_of_ref":"indicator--00000000-0000-4000-8000-000000000001"}`, i)
		if rep := jp.Import(marking.Clear, sighting); rep.New != 1 {
			t.Fatalf("%+v", rep)
		}
		deliver(t, jp, in)
	}
	out, there = flow(t, in, store.AllLabels, start), flow(t, jp, store.AllLabels, start)
	if got := paceOf(out, store.Out, store.StageAnswered, exchange.AllAreas); got.Items != 1 {
		t.Errorf("answered: %+v", got)
	} else {
		within(t, "the answer", got.Median, 50*time.Minute)
	}
	if got := paceOf(there, store.In, store.StageAnswered, exchange.AllAreas); got.Items != 1 {
		t.Errorf("answered there: %+v", got)
	}
	if items, _, _ := crossed(flow(t, in, store.AllLabels, clk.Now().Add(time.Hour)), store.Out); items != 0 {
		t.Error("what crossed before counts")
	}
}

func TestNobodyIsToldOfFlowTheyMayNotSee(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 1, 2)
	if rep := in.Import(marking.Green, bundle(indicator(3, ""))); rep.New != 1 {
		t.Fatalf("%+v", rep)
	}
	deliver(t, in, jp)
	clearOnly, err := in.People.Access(t.Context(), in.Live, people.Actor{Name: "c", Clearance: people.Clearance{TLP: marking.Clear}})
	if err != nil {
		t.Fatal(err)
	}
	since := time.Unix(0, 0)
	for class, want := range map[int64]int64{store.AllLabels: 3, clearOnly.Class: 2, 0: 0} {
		f := flow(t, in, class, since)
		if items, _, _ := crossed(f, store.Out); items != want {
			t.Errorf("class %d is told of %d, want %d", class, items, want)
		}
		if got := paceOf(f, store.Out, store.StageShipped, exchange.AllAreas).Items; got != want {
			t.Errorf("class %d is told of the pace of %d, want %d", class, got, want)
		}
	}
	if _, err := in.Exchange.Flow(t.Context(), in.Live, 0, inJP, since, time.Minute); !fault.Is(err, fault.Invalid) {
		t.Errorf("steps of a minute: %v", err)
	}
}

func TestAPauseStopsWhatIsSentAndNothingElse(t *testing.T) {
	in, jp := pair(t, nil)
	duty := people.Actor{Name: "duty", Roles: []people.Role{people.DutyOfficer}}
	take(t, in, 1, 1)
	take(t, jp, 11, 1)
	if err := in.Exchange.Pause(t.Context(), in.Live, officer("o"), inJP, "no"); !fault.Is(err, fault.Denied) {
		t.Errorf("paused by who may not: %v", err)
	}
	if err := in.Exchange.Pause(t.Context(), in.Live, duty, inJP, "we\nlook"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := in.Exchange.Build(t.Context(), in.Live, inJP); !fault.Is(err, fault.Held) {
		t.Errorf("built while paused: %v", err)
	}
	if _, err := in.Exchange.Deliver(t.Context(), in.Live, inJP, loop{to: jp}, nil); !fault.Is(err, fault.Held) {
		t.Errorf("delivered while paused: %v", err)
	}
	deliver(t, jp, in) // what comes is taken in
	if err := in.Exchange.Resume(t.Context(), in.Live, duty, inJP); err != nil {
		t.Fatal(err)
	}
	if done := deliver(t, in, jp); done.Applied != 1 {
		t.Errorf("%+v", done)
	}
	settled(t, in, jp)
}

func TestAPauseDuringADeliveryEndsIt(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 1, 2500)
	sent := 0
	_, err := in.Exchange.Deliver(t.Context(), in.Live, inJP, loop{to: jp, receipt: func(b []byte) []byte {
		if sent++; sent == 1 {
			if err := in.Exchange.Pause(t.Context(), in.Live, people.Actor{Name: "d", Roles: []people.Role{people.DutyOfficer}}, inJP, "stop"); err != nil {
				t.Error(err)
			}
		}
		return b
	}}, nil)
	if err != nil && !fault.Is(err, fault.Held) {
		t.Fatal(err)
	}
	st, err := in.Exchange.State(t.Context(), in.Live, inJP)
	if err != nil || st.Out > 3 || int64(sent) > st.Out {
		t.Errorf("%d sent of %d: %v", sent, st.Out, err)
	}
	if err := in.Exchange.Resume(t.Context(), in.Live, in.Operator(), inJP); err != nil {
		t.Fatal(err)
	}
	deliver(t, in, jp)
	settled(t, in, jp)
}

func TestAGapIsOnRecord(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 1, 1)
	build(t, in) // lost on the way
	take(t, in, 2, 1)
	if _, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, build(t, in)); !fault.Is(err, fault.Conflict) {
		t.Fatal(err)
	}
	s, err := jp.Exchange.Standing(t.Context(), jp.Live, jp.Operator(), inJP)
	if err != nil || s.Carriage.RefusedAt == 0 || s.Carriage.Refused == "" {
		t.Errorf("%+v, %v", s.Carriage, err)
	}
	if _, err := jp.Exchange.Standing(t.Context(), jp.Live, people.Actor{Name: "m", Roles: []people.Role{people.Member}}, inJP); !fault.Is(err, fault.Denied) {
		t.Errorf("a member looks at a channel: %v", err)
	}
}

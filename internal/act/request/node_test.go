package request_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/members"
	"twoseas/internal/act/people"
	"twoseas/internal/act/request"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/request"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// ask is a request that anybody could make.
func ask() law.Asked {
	return law.Asked{
		Agreement: nodetest.InJp, Kind: law.Takedown, Urgency: law.Urgent, Channel: law.Technical, Language: "en",
		Title: "Phishing pages of a bank, hosted in Osaka", Text: "Please have the two pages taken down.\r\nThey collect passwords.",
		Basis: "Information Technology Act, section 70B", Done: "Blocked at home.",
	}
}

func send(t *testing.T, n *nodetest.Node, q law.Asked) string {
	t.Helper()
	id, err := n.Requests.Send(t.Context(), n.Live, n.Operator(), store.AllLabels, q)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func look(t *testing.T, n *nodetest.Node, id string) request.Detail {
	t.Helper()
	d, err := n.Requests.Open(t.Context(), n.Live, n.Operator(), store.AllLabels, id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// until waits until a request has a state at a node.
func until(t *testing.T, n *nodetest.Node, id string, s law.State) request.Detail {
	t.Helper()
	nodetest.Eventually(t, string(s)+" at "+string(n.Side), func() bool {
		d, err := n.Requests.Open(t.Context(), n.Live, n.Operator(), store.AllLabels, id)
		return err == nil && d.State == string(s)
	})
	return look(t, n, id)
}

func step(t *testing.T, n *nodetest.Node, id string, m request.Move) {
	t.Helper()
	if err := n.Requests.Step(t.Context(), n.Live, n.Operator(), id, m); err != nil {
		t.Fatal(err)
	}
}

// person adds an account and returns who it is.
func person(t *testing.T, n *nodetest.Node, role people.Role) people.Actor {
	t.Helper()
	if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: string(role), Roles: []people.Role{role}, Clearance: "TLP:RED", Password: "a long enough password"}); err != nil {
		t.Fatal(err)
	}
	a, err := n.People.As(t.Context(), n.Operator(), string(role))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestARequestIsTheSameOnBothNodes(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	if rep := in.Import(marking.Green, `[{"type":"indicator","spec_version":"2.1","id":"indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03","created":"2027-03-01T00:00:00.000Z","modified":"2027-03-01T00:00:00.000Z","valid_from":"2027-03-01T00:00:00Z","pattern_type":"stix","pattern":"[url:value = 'https://bank.example/login']"}]`); rep.New != 1 {
		t.Fatalf("%+v", rep)
	}
	q := ask()
	q.Objects = []string{"indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03"}
	id := send(t, in, q)
	there := until(t, jp, id, law.Delivered)
	here := until(t, in, id, law.Delivered)
	if here.Received != there.Received || here.Due != there.Due || here.Sent != there.Sent || here.Due-here.Received != time.Hour.Microseconds() {
		t.Errorf("the clocks differ: %+v %+v", here.Assistance, there.Assistance)
	}
	if there.Asks.Text != "Please have the two pages taken down.\nThey collect passwords." || there.Asker != "in" || there.Asked != "jp" {
		t.Errorf("%+v", there.Asks)
	}
	nodetest.Eventually(t, "what is attached is there too", func() bool { return look(t, jp, id).Attached[0].Here })

	duty := person(t, jp, people.DutyOfficer)
	for range 2 { // opening it again says nothing more
		if err := jp.Requests.Seen(t.Context(), jp.Live, duty, id); err != nil {
			t.Fatal(err)
		}
	}
	until(t, in, id, law.Seen)
	step(t, jp, id, request.Move{Move: law.Acknowledge, After: 1})
	step(t, jp, id, request.Move{Move: law.AcceptPartly, Reason: law.NotPractical, Text: "One of the two.", After: 2})
	step(t, jp, id, request.Move{Move: law.Begin, After: -1})
	step(t, jp, id, request.Move{Move: law.Finish, Text: "It is gone.", After: -1})
	done := until(t, in, id, law.Done)
	if done.Word == 0 || done.Word != look(t, jp, id).Word || done.Level != law.Nobody {
		t.Errorf("first word: %+v", done.Assistance)
	}
	step(t, in, id, request.Move{Move: law.Verify, After: -1})
	there, here = until(t, jp, id, law.Verified), look(t, in, id)
	if len(there.Timeline) != 7 || there.Open || here.Open || len(there.May)+len(here.May) != 0 {
		t.Fatalf("%d steps, %v %v", len(there.Timeline), there.May, here.May)
	}
	for i, e := range here.Timeline {
		f := there.Timeline[i]
		if e.Move != f.Move || e.By != f.By || !e.On.Equal(f.On) || e.Reason != f.Reason || e.Text != f.Text {
			t.Errorf("step %d: %+v there, %+v here", i, f, e)
		}
		if (e.Person != "") != (e.By == "in" && e.Move != law.Send) || (f.Person != "") != (f.By == "jp") {
			t.Errorf("step %d names %q here and %q there", i, e.Person, f.Person)
		}
	}
	if there.Timeline[1].Person != duty.Name {
		t.Errorf("%q has seen it", there.Timeline[1].Person)
	}
	nodetest.Converged(t, in, jp)
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
}

func TestWhatDoesNotFollowIsRefusedAndChangesNothing(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	id := send(t, in, ask())
	until(t, jp, id, law.Delivered)
	for name, c := range map[string]struct {
		at   *nodetest.Node
		move request.Move
		kind fault.Kind
	}{
		"the asker accepts":         {in, request.Move{Move: law.Accept, After: -1}, fault.Conflict},
		"the asked withdraws":       {jp, request.Move{Move: law.Withdraw, After: -1}, fault.Conflict},
		"declined without a reason": {jp, request.Move{Move: law.Decline, After: -1}, fault.Invalid},
		"done before it began":      {jp, request.Move{Move: law.Finish, After: -1}, fault.Conflict},
		"verified before done":      {in, request.Move{Move: law.Verify, After: -1}, fault.Conflict},
		"another was faster":        {jp, request.Move{Move: law.Acknowledge, After: 1}, fault.Conflict},
		"too much text":             {jp, request.Move{Move: law.Acknowledge, After: 0, Text: strings.Repeat("x", law.MaxText+1)}, fault.Invalid},
	} {
		if err := c.at.Requests.Step(t.Context(), c.at.Live, c.at.Operator(), id, c.move); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d := look(t, jp, id); len(d.Timeline) != 1 || d.State != string(law.Delivered) {
		t.Errorf("%+v", d.Timeline)
	}
	missing := "indicator--00000000-0000-4000-8000-000000000000"
	for name, c := range map[string]struct {
		change func(*law.Asked)
		kind   fault.Kind
	}{
		"no title":                 {func(q *law.Asked) { q.Title = " " }, fault.Invalid},
		"a kind nobody knows":      {func(q *law.Asked) { q.Kind = "favour" }, fault.Invalid},
		"a day that has passed":    {func(q *law.Asked) { q.By = time.Date(2022, 3, 19, 0, 0, 0, 0, time.UTC) }, fault.Invalid},
		"an object nobody has":     {func(q *law.Asked) { q.Objects = []string{missing} }, fault.NotFound},
		"a request as an object":   {func(q *law.Asked) { q.Objects = []string{id} }, fault.NotFound},
		"an agreement not known":   {func(q *law.Asked) { q.Agreement = "in-gb-2021" }, fault.NotFound},
		"no audience for it there": {func(q *law.Asked) { q.Channel, q.Way = law.LawEnforcement, "mlat" }, fault.Denied},
		"no way of law":            {func(q *law.Asked) { q.Kind = law.Preservation }, fault.Invalid},
	} {
		q := ask()
		c.change(&q)
		if _, err := in.Requests.Send(t.Context(), in.Live, in.Operator(), store.AllLabels, q); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if l, err := in.Requests.List(t.Context(), in.Live, in.Operator(), request.Filter{}); err != nil || len(l.Entries) != 1 {
		t.Errorf("%+v %v", l, err)
	}
}

func TestALawEnforcementRequestIsForLiaisonsOnly(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	for _, n := range []*nodetest.Node{in, jp} {
		if _, err := n.Members.Set(t.Context(), n.Live, n.Operator(), members.Change{Agreement: nodetest.InJp, Compartment: "LES", Join: []string{"police-" + string(n.Side)}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []*nodetest.Node{in, jp} {
		nodetest.Eventually(t, "both lists are at "+string(n.Side), func() bool {
			b, err := n.Members.Lists(t.Context(), n.Live, n.Operator(), nodetest.InJp)
			return err == nil && len(b.Rolls) == 2
		})
	}
	q := ask()
	q.Kind, q.Channel, q.Way = law.Preservation, law.LawEnforcement, "mlat"
	duty, liaison := person(t, in, people.DutyOfficer), person(t, in, people.Liaison)
	if _, err := in.Requests.Send(t.Context(), in.Live, duty, 0, q); !fault.Is(err, fault.Denied) {
		t.Errorf("a duty officer sends it: %v", err)
	}
	id, err := in.Requests.Send(t.Context(), in.Live, liaison, 0, q)
	if err != nil {
		t.Fatal(err)
	}
	until(t, jp, id, law.Delivered)
	if _, err := in.Requests.Open(t.Context(), in.Live, duty, 0, id); !fault.Is(err, fault.NotFound) {
		t.Errorf("a duty officer opens it: %v", err)
	}
	if err := in.Requests.Step(t.Context(), in.Live, duty, id, request.Move{Move: law.Withdraw, After: -1}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a duty officer withdraws it: %v", err)
	}
	for who, want := range map[string]struct {
		by people.Actor
		n  int
	}{"duty": {duty, 0}, "liaison": {liaison, 1}} {
		if l, err := in.Requests.List(t.Context(), in.Live, want.by, request.Filter{}); err != nil || len(l.Entries) != want.n {
			t.Errorf("%s sees %d: %v", who, len(l.Entries), err)
		}
	}
	technical := send(t, in, ask())
	if _, err := in.Requests.Open(t.Context(), in.Live, liaison, 0, technical); !fault.Is(err, fault.NotFound) {
		t.Errorf("a liaison opens what is technical: %v", err)
	}
	if _, err := in.Requests.List(t.Context(), in.Live, person(t, in, people.Auditor), request.Filter{}); !fault.Is(err, fault.Denied) {
		t.Errorf("an auditor lists: %v", err)
	}
}

// TestRequestsAreNoData: nobody finds one where data is read, whatever the
// clearance, and nobody brings one in.
func TestRequestsAreNoData(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	id := send(t, in, ask())
	until(t, jp, id, law.Delivered)
	for _, n := range []*nodetest.Node{in, jp} {
		access, err := n.People.Access(t.Context(), n.Live, person(t, n, people.Analyst))
		if err != nil {
			t.Fatal(err)
		}
		d := look(t, n, id)
		if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
			o, err := tx.Object(d.Object)
			if err != nil {
				return err
			}
			if may, err := tx.Permits(access.Class, o.Label); err != nil || may {
				t.Errorf("a reader of data reads it at %s: %v", n.Side, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	q := ask()
	q.ID, q.Created = "x-twoseas-request--00000000-0000-4000-8000-000000000001", time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	q.Modified = q.Created
	raw, err := q.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if rep := in.Import(marking.Green, "["+string(raw)+"]"); rep.New != 0 || rep.Refused != 1 {
		t.Errorf("an import brings one in: %+v", rep)
	}
}

// TestNothingNewIsAskedAfterDiscontinuation, and what was asked goes on.
func TestNothingNewIsAskedAfterDiscontinuation(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	id := send(t, in, ask())
	until(t, jp, id, law.Delivered)
	today := agreement.Date(time.Now().UTC().Format(time.DateOnly))
	for _, n := range []*nodetest.Node{in, jp} {
		if _, err := n.Accords.Record(t.Context(), n.Live, n.Operator(), nodetest.InJp, agreement.Event{Name: agreement.Notify, By: "in", On: time.Now(), Effective: today, Written: true}); err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Eventually(t, "both know", func() bool {
		for _, n := range []*nodetest.Node{in, jp} {
			if list, err := n.Requests.Agreements(t.Context(), n.Live, n.Operator()); err != nil || len(list) > 0 {
				return false
			}
		}
		return true
	})
	if _, err := in.Requests.Send(t.Context(), in.Live, in.Operator(), store.AllLabels, ask()); !fault.Is(err, fault.Denied) {
		t.Errorf("something new is asked: %v", err)
	}
	step(t, jp, id, request.Move{Move: law.Accept, After: -1})
	until(t, in, id, law.Accepted)
}

// TestListsAreOrdered: what waits by when it is due, then the rest; pages go on
// where the one before ended.
func TestListsAreOrdered(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	routine := ask()
	routine.Urgency, routine.Kind = law.Routine, law.Information
	ids := []string{send(t, in, routine), send(t, in, ask()), send(t, in, ask())}
	for _, id := range ids {
		until(t, jp, id, law.Delivered)
	}
	step(t, jp, ids[2], request.Move{Move: law.Acknowledge, After: -1})
	want := []string{ids[1], ids[0], ids[2]}
	var got []string
	for at := (request.Place{}); ; {
		l, err := jp.Requests.List(t.Context(), jp.Live, jp.Operator(), request.Filter{Theirs: true, Limit: 1, After: at})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l.Entries {
			got = append(got, e.ID)
		}
		if at = l.Next; at == (request.Place{}) {
			break
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%v, want %v", got, want)
	}
	for name, c := range map[string]struct {
		f request.Filter
		n int
	}{
		"by kind": {request.Filter{Kind: law.Information}, 1}, "by urgency": {request.Filter{Urgency: law.Urgent}, 2},
		"by state": {request.Filter{State: law.Acknowledged}, 1}, "asked by us": {request.Filter{Ours: true}, 0}, "closed": {request.Filter{Closed: true}, 0},
	} {
		if l, err := jp.Requests.List(t.Context(), jp.Live, jp.Operator(), c.f); err != nil || len(l.Entries) != c.n {
			t.Errorf("%s: %d, %v", name, len(l.Entries), err)
		}
	}
	if w, err := jp.Requests.Waiting(t.Context(), jp.Live, person(t, jp, people.DutyOfficer)); err != nil || len(w) != 2 || w[0].ID != ids[1] {
		t.Errorf("%+v %v", w, err)
	}
	if w, err := jp.Requests.Waiting(t.Context(), jp.Live, person(t, jp, people.Liaison)); err != nil || len(w) != 0 {
		t.Errorf("a liaison waits for %+v: %v", w, err)
	}
}

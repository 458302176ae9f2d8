package incident_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/incident"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	law "twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const lure = "indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03"

// night is what a duty officer knows at first.
func night() law.Notification {
	return law.Notification{
		Agreement: nodetest.InJp, Title: "Ransomware at a power\r\n distributor", Language: "en", Kind: "system-compromise", Sectors: []string{"in-pwr"},
	}
}

func notify(t *testing.T, n *nodetest.Node, tlp marking.TLP, what law.Notification) string {
	t.Helper()
	id, err := n.Incidents.Notify(t.Context(), n.Live, n.Operator(), store.AllLabels, tlp, what)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func look(t *testing.T, n *nodetest.Node, id string) incident.Detail {
	t.Helper()
	d, err := n.Incidents.Open(t.Context(), n.Live, n.Operator(), store.AllLabels, id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// until waits until an incident is at a node and as it should be.
func until(t *testing.T, n *nodetest.Node, id, what string, is func(incident.Detail) bool) incident.Detail {
	t.Helper()
	nodetest.Eventually(t, what+" at "+string(n.Side), func() bool {
		d, err := n.Incidents.Open(t.Context(), n.Live, n.Operator(), store.AllLabels, id)
		return err == nil && is(d)
	})
	return look(t, n, id)
}

func add(t *testing.T, n *nodetest.Node, e law.Entry) string {
	t.Helper()
	e.Language = "en"
	id, err := n.Incidents.Contribute(t.Context(), n.Live, n.Operator(), store.AllLabels, marking.NoTLP, e)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func person(t *testing.T, n *nodetest.Node, name string, role people.Role) people.Actor {
	t.Helper()
	if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Clearance: "TLP:RED", Password: "a long enough password"}); err != nil {
		t.Fatal(err)
	}
	a, err := n.People.As(t.Context(), n.Operator(), name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestBothSidesContributeToAnIncident(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	in.Import(marking.Green, `[{"type":"indicator","spec_version":"2.1","id":"`+lure+`","created":"2027-03-01T00:00:00.000Z","modified":"2027-03-01T00:00:00.000Z","valid_from":"2027-03-01T00:00:00Z","pattern_type":"stix","pattern":"[url:value = 'https://bank.example/login']"}]`)
	id := notify(t, in, marking.Green, night())
	there := until(t, jp, id, "the notification", func(incident.Detail) bool { return true })
	if there.Title != "Ransomware at a power distributor" || there.Origin != "in" || there.Fate != incident.Came || there.Partner != "in" || !there.Shared {
		t.Errorf("%+v", there)
	}
	until(t, in, id, "the receipt", func(d incident.Detail) bool { return d.Fate == incident.Arrived && len(d.Crossed) == 1 })

	at := time.Date(2027, 3, 1, 18, 31, 12, 0, time.UTC)
	add(t, in, law.Entry{Incident: id, Kind: law.Event, Text: "Servers encrypted.", When: law.Instant{At: at, Precision: law.Minute}})
	add(t, jp, law.Entry{Incident: id, Kind: law.Event, Text: "First mail seen.", When: law.Instant{At: at, Precision: law.Day}})
	add(t, in, law.Entry{Incident: id, Kind: law.Finds, Objects: []string{lure}})
	task := add(t, in, law.Entry{Incident: id, Kind: law.Task, Text: "Have the mail server looked at.", For: "jp"})
	if _, err := in.Incidents.Contribute(t.Context(), in.Live, in.Operator(), store.AllLabels, marking.NoTLP, law.Entry{Incident: id, Kind: law.Answer, Task: task, Progress: law.Done, Language: "en"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("one answers for the other: %v", err)
	}
	until(t, jp, id, "the task", func(d incident.Detail) bool { return len(d.Jobs) == 1 })
	add(t, jp, law.Entry{Incident: id, Kind: law.Answer, Task: task, Progress: law.Done, Text: "It is off."})
	same := func(d incident.Detail) bool {
		return len(d.Events) == 2 && len(d.Finds) == 1 && len(d.Jobs) == 1 && len(d.Jobs[0].Answers) == 1
	}
	for _, n := range []*nodetest.Node{in, jp} {
		d := until(t, n, id, "all of it", same)
		if d.Events[0].Origin != "jp" || d.Events[0].When.At.Hour() != 0 || d.Events[1].When.At.Second() != 0 || d.Jobs[0].Answers[0].Progress != law.Done {
			t.Errorf("at %s: %+v", n.Side, d)
		}
	}
	change := look(t, in, id).Notification
	change.Text, change.State = "It is over.", law.Closed
	if err := in.Incidents.Correct(t.Context(), in.Live, in.Operator(), store.AllLabels, marking.NoTLP, change); err != nil {
		t.Fatal(err)
	}
	until(t, jp, id, "the correction", func(d incident.Detail) bool { return d.State == law.Closed && d.Versions == 2 })
	if err := jp.Incidents.Correct(t.Context(), jp.Live, jp.Operator(), store.AllLabels, marking.NoTLP, change); !fault.Is(err, fault.Conflict) {
		t.Errorf("the other side corrects it: %v", err)
	}
	nodetest.Converged(t, in, jp)
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
}

func TestAnIncidentWaitsForOfficersLikeAnythingElse(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	id := notify(t, in, marking.Amber, night())
	if d := look(t, in, id); d.Fate != incident.Waits || !strings.Contains(d.Why, "1 approval") {
		t.Errorf("%s: %s", d.Fate, d.Why)
	}
	add(t, in, law.Entry{Incident: id, Kind: law.Note, Text: "Billing only."})
	note := law.Entry{Incident: id, Kind: law.Note, Text: "x", Language: "en"}
	if _, err := in.Incidents.Contribute(t.Context(), in.Live, in.Operator(), store.AllLabels, marking.Green, note); !fault.Is(err, fault.Denied) {
		t.Errorf("more open than its incident: %v", err)
	}
	duty, member := person(t, in, "duty", people.DutyOfficer), person(t, in, "plant", people.Member)
	if _, err := in.Incidents.Contribute(t.Context(), in.Live, duty, 0, marking.NoTLP, note); !fault.Is(err, fault.NotFound) {
		t.Errorf("who may not see it contributes: %v", err)
	}
	if _, err := in.Incidents.Open(t.Context(), in.Live, duty, 0, id); !fault.Is(err, fault.NotFound) {
		t.Errorf("who may not see it opens it: %v", err)
	}
	if _, err := in.Incidents.Notify(t.Context(), in.Live, member, store.AllLabels, marking.Green, night()); !fault.Is(err, fault.Denied) {
		t.Errorf("a member notifies: %v", err)
	}
	l, _, err := in.Incidents.List(t.Context(), in.Live, duty, 0, 0, 0)
	all, _, err2 := in.Incidents.List(t.Context(), in.Live, duty, store.AllLabels, 0, 0)
	if err != nil || err2 != nil || len(l) != 0 || len(all) != 1 || all[0].TLP != marking.Amber {
		t.Errorf("%+v %+v %v %v", l, all, err, err2)
	}
	if l, _, err := jp.Incidents.List(t.Context(), jp.Live, jp.Operator(), store.AllLabels, 0, 0); err != nil || len(l) != 0 {
		t.Errorf("it is there before an officer has seen it: %+v %v", l, err)
	}
	for name, c := range map[string]struct {
		change func(*law.Notification)
		tlp    marking.TLP
		kind   fault.Kind
	}{
		"without a TLP":        {func(*law.Notification) {}, marking.NoTLP, fault.Invalid},
		"without a title":      {func(n *law.Notification) { n.Title = " " }, marking.Green, fault.Invalid},
		"under nothing":        {func(n *law.Notification) { n.Agreement = "in-gb-2021" }, marking.Green, fault.NotFound},
		"what nobody has":      {func(n *law.Notification) { n.Objects = []string{lure} }, marking.Green, fault.NotFound},
		"a sector of no list":  {func(n *law.Notification) { n.Sectors = []string{"x"} }, marking.Green, fault.Invalid},
		"a level of no scheme": {func(n *law.Notification) { n.Severity.Level = "5" }, marking.Green, fault.Invalid},
	} {
		n := night()
		c.change(&n)
		if _, err := in.Incidents.Notify(t.Context(), in.Live, in.Operator(), store.AllLabels, c.tlp, n); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAttributionIsApprovedForEachAudienceByItself(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	id := notify(t, in, marking.Green, night())
	until(t, jp, id, "the notification", func(incident.Detail) bool { return true })
	propose := func(n *nodetest.Node, by people.Actor, a law.Audience, text string) string {
		t.Helper()
		w, err := n.Incidents.Propose(t.Context(), n.Live, by, store.AllLabels, law.Wording{Incident: id, Audience: a, Text: text, Language: "en"})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	approve := func(n *nodetest.Node, by people.Actor, w string) error {
		return n.Incidents.Approve(t.Context(), n.Live, by, store.AllLabels, id, w)
	}
	duty := person(t, in, "duty", people.DutyOfficer)
	first, second := person(t, in, "first", people.ReleasingOfficer), person(t, in, "second", people.ReleasingOfficer)
	propose(in, duty, law.Internal, "We think it was the Blue group.")
	joint := propose(in, duty, law.Joint, "A criminal group.")
	public := propose(in, duty, law.Public, "Criminals.")
	if err := approve(in, duty, joint); !fault.Is(err, fault.Denied) {
		t.Errorf("whoever may not approve does: %v", err)
	}
	if err := approve(in, first, joint); err != nil {
		t.Fatal(err)
	}
	if err := approve(in, second, joint); !fault.Is(err, fault.Conflict) {
		t.Errorf("approved twice: %v", err)
	}
	for range 2 { // one officer counts once
		if err := approve(in, first, public); err != nil {
			t.Fatal(err)
		}
	}
	there := until(t, jp, id, "the joint wording", func(d incident.Detail) bool { return len(d.Said) == 1 })
	if there.Said[0].Audience != law.Joint || there.Said[0].Text != "A criminal group." || len(there.Own.Proposals) != 0 {
		t.Errorf("%+v", there)
	}
	if err := approve(in, second, public); err != nil {
		t.Fatal(err)
	}
	until(t, jp, id, "the public wording", func(d incident.Detail) bool { return len(d.Said) == 2 && d.Agreed == "" })
	one, two := person(t, jp, "one", people.ReleasingOfficer), person(t, jp, "two", people.ReleasingOfficer)
	theirs := propose(jp, jp.Operator(), law.Public, "Criminals.")
	for _, by := range []people.Actor{one, two} {
		if err := approve(jp, by, theirs); err != nil {
			t.Fatal(err)
		}
	}
	until(t, in, id, "both say the same", func(d incident.Detail) bool { return d.Agreed == "Criminals." })
	old := propose(in, duty, law.Joint, "Somebody.")
	propose(in, duty, law.Joint, "Somebody else.")
	if err := approve(in, first, old); !fault.Is(err, fault.Conflict) {
		t.Errorf("words that were replaced are approved: %v", err)
	}
	if err := approve(in, first, "x-twoseas-own-wording--"+lure[11:]); !fault.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
}

package coordination_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/coordination"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

var (
	opened  = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	embargo = time.Date(2027, 3, 17, 15, 0, 0, 0, time.UTC)
	unseen  = coordination.Known{Ours: -1, Theirs: -1}
)

// canary is a word of the draft that nothing else says.
const canary = "zebrafinchoverflow"

func pair(t *testing.T) (in, jp *nodetest.Node, clk *clock.Fake) {
	t.Helper()
	clk = clock.NewFake(opened)
	in, jp = nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	return in, jp, clk
}

func open(t *testing.T, n *nodetest.Node, at time.Time) string {
	t.Helper()
	id, err := n.Coordinations.Open(t.Context(), n.Live, n.Operator(), law.Opening{
		Agreement: nodetest.InJp, Language: "en", Title: " A weakness of a router ", Vulnerabilities: []string{"CVE-2027-1234"},
	}, at)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func show(t *testing.T, n *nodetest.Node, id string) coordination.Detail {
	t.Helper()
	d, err := n.Coordinations.Show(t.Context(), n.Live, n.Operator(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func step(t *testing.T, n *nodetest.Node, id string, s law.Step) {
	t.Helper()
	if err := n.Coordinations.Step(t.Context(), n.Live, n.Operator(), id, s, unseen); err != nil {
		t.Fatal(n.Side, s.Move, err)
	}
}

// same waits until both nodes have the same courses, and each knows that the
// other has its own.
func same(t *testing.T, in, jp *nodetest.Node, id string) {
	t.Helper()
	nodetest.Eventually(t, "both know the same", func() bool {
		var d [2]coordination.Detail
		for i, n := range []*nodetest.Node{in, jp} {
			var err error
			if d[i], err = n.Coordinations.Show(t.Context(), n.Live, n.Operator(), id); err != nil || len(d[i].Unknown) > 0 {
				return false
			}
		}
		return d[0].Known.Ours == d[1].Known.Theirs && d[0].Known.Theirs == d[1].Known.Ours
	})
}

func draft() law.Draft {
	return law.Draft{
		Title: "Router: a stack overflow", Language: "en", Text: "The web server has a " + canary + ".\r\nUpdate to 3.1.",
		Products: []string{"Router 3", "Router 3"}, Vulnerabilities: []string{"CVE-2027-1234"},
	}
}

// agreeTo makes the step by which a side agrees to the newest draft.
func agreeTo(t *testing.T, n *nodetest.Node, id string) law.Step {
	t.Helper()
	of, ok := show(t, n, id).Course.Offer(n.Side, law.Write)
	digest, err := of.Draft.Digest()
	if !ok || err != nil {
		t.Fatal("no draft", err)
	}
	return law.Step{Move: law.AgreeDraft, Digest: digest}
}

// ready opens a coordination that both sides have agreed about.
func ready(t *testing.T, in, jp *nodetest.Node) string {
	t.Helper()
	id := open(t, in, embargo)
	nodetest.Eventually(t, "it is there", func() bool {
		_, err := jp.Coordinations.Show(t.Context(), jp.Live, jp.Operator(), id)
		return err == nil
	})
	step(t, in, id, law.Step{Move: law.Write, Draft: draft()})
	step(t, jp, id, law.Step{Move: law.Join})
	same(t, in, jp, id)
	step(t, jp, id, law.Step{Move: law.AgreeDate, At: embargo})
	step(t, jp, id, agreeTo(t, jp, id))
	same(t, in, jp, id)
	return id
}

func publish(t *testing.T, n *nodetest.Node) int {
	t.Helper()
	done, err := n.Coordinations.Publish(t.Context(), n.Live)
	if err != nil {
		t.Fatal(err)
	}
	return done.Count
}

// published are the own objects of a node that refer to a coordination.
func published(t *testing.T, n *nodetest.Node, id string) (out []store.Object) {
	t.Helper()
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		own, err := nodetest.LabelsOf(tx, n.Side)
		if err != nil {
			return err
		}
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			if own[o.Label] && !strings.HasPrefix(o.Type, law.Type) && strings.Contains(string(o.Body), id) {
				out = append(out, o)
			}
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

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

// TestBothPublishAtTheInstantWithTheLineCut: once both hold both agreements
// nothing has to cross any more.
func TestBothPublishAtTheInstantWithTheLineCut(t *testing.T) {
	in, jp, clk := pair(t)
	id := ready(t, in, jp)
	for _, n := range []*nodetest.Node{in, jp} {
		if d := show(t, n, id); d.State != string(law.Agreed) || d.Instant != embargo.UnixMicro() || d.Opening.Title != "A weakness of a router" || len(d.Unknown) > 0 {
			t.Fatalf("%s: %+v", n.Side, d.Coordination)
		}
	}
	in.Halt() // neither reaches the other any more
	jp.Halt()
	clk.Set(embargo.Add(-time.Microsecond))
	for _, n := range []*nodetest.Node{in, jp} {
		if k := publish(t, n); k != 0 || len(published(t, n, id)) != 0 {
			t.Errorf("%s publishes %d before the instant", n.Side, k)
		}
	}
	clk.Set(embargo)
	for _, n := range []*nodetest.Node{in, jp} {
		if publish(t, n) != 1 || publish(t, n) != 0 {
			t.Errorf("%s does not publish once", n.Side)
		}
		objects := published(t, n, id)
		d := show(t, n, id)
		if len(objects) != 2 || d.Published != embargo.UnixMicro() || objects[1].ID != d.Report {
			t.Fatalf("%s: %d objects, %+v", n.Side, len(objects), d.Coordination)
		}
		report := string(objects[1].Body)
		for _, want := range []string{`"description":"The web server has a ` + canary + `.\nUpdate to 3.1."`, `"published":"2027-03-17T15:00:00.000Z"`, objects[0].ID, marking.Clear.DefinitionID()} {
			if !strings.Contains(report, want) {
				t.Errorf("%s: no %s in %s", n.Side, want, report)
			}
		}
		if err := n.Coordinations.Step(t.Context(), n.Live, n.Operator(), id, law.Step{Move: law.Withhold, Text: "x"}, unseen); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s withholds what is published: %v", n.Side, err)
		}
	}
}

// TestItIsPublishedOnceHoweverManyAsk, all at the same time.
func TestItIsPublishedOnceHoweverManyAsk(t *testing.T) {
	in, jp, clk := pair(t)
	id := ready(t, in, jp)
	in.Halt()
	clk.Set(embargo)
	results := make(chan int, 4)
	for range cap(results) {
		go func() {
			done, err := in.Coordinations.Publish(context.WithoutCancel(t.Context()), in.Live)
			if err != nil {
				done.Count = -100
			}
			results <- done.Count
		}()
	}
	total := 0
	for range cap(results) {
		total += <-results
	}
	if total != 1 || len(published(t, in, id)) != 2 {
		t.Errorf("published %d times, %d objects", total, len(published(t, in, id)))
	}
}

// TestADraftIsNowhereBeforeTheInstant, and everywhere after.
func TestADraftIsNowhereBeforeTheInstant(t *testing.T) {
	in, jp, clk := pair(t)
	id := ready(t, in, jp)
	readable := func(n *nodetest.Node, by people.Actor) (k int) {
		t.Helper()
		access, err := n.People.Access(t.Context(), n.Live, by)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
			return tx.Objects(0, access.Class, func(o store.Object) error {
				if strings.Contains(string(o.Body), canary) {
					k++
				}
				return nil
			})
		}); err != nil {
			t.Fatal(err)
		}
		return k
	}
	logged := func(n *nodetest.Node) string {
		t.Helper()
		var all strings.Builder
		if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
			entries, err := tx.CalendarEntries(0)
			for _, e := range entries {
				all.WriteString(e.UID + e.Page + e.Kind)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := n.ExportLedger(t.Context(), nodetest.InJp, &b); err != nil {
			t.Fatal(err)
		}
		return all.String() + b.String()
	}
	analysts := map[*nodetest.Node]people.Actor{in: person(t, in, people.Analyst), jp: person(t, jp, people.Analyst)}
	desks := map[*nodetest.Node]people.Actor{in: person(t, in, people.DeskOfficer), jp: person(t, jp, people.DeskOfficer)}
	for _, n := range []*nodetest.Node{in, jp} {
		if k := readable(n, analysts[n]); k != 0 {
			t.Errorf("%s: an analyst reads the draft as data in %d objects", n.Side, k)
		}
		if log := logged(n); strings.Contains(log, canary) || !strings.Contains(log, "coordination "+id) {
			t.Errorf("%s: the log or the calendar says too much, or too little", n.Side)
		}
		if _, err := n.Coordinations.Show(t.Context(), n.Live, desks[n], id); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: a desk officer sees it: %v", n.Side, err)
		}
		if _, err := n.Coordinations.List(t.Context(), n.Live, desks[n], false, coordination.Place{}, 0); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: a desk officer lists: %v", n.Side, err)
		}
		if err := n.Coordinations.Step(t.Context(), n.Live, desks[n], id, law.Step{Move: law.Close}, unseen); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: a desk officer closes: %v", n.Side, err)
		}
	}
	clk.Set(embargo)
	for _, n := range []*nodetest.Node{in, jp} {
		publish(t, n)
		nodetest.Eventually(t, "it is read at "+string(n.Side), func() bool { return readable(n, analysts[n]) > 0 && readable(n, desks[n]) > 0 })
	}
}

// TestTheLastWordIsLost: who holds both agreements publishes; who does not yet,
// publishes as soon as it does. The page of who spoke last says so before.
func TestTheLastWordIsLost(t *testing.T) {
	in, jp, clk := pair(t)
	id := ready(t, in, jp)
	step(t, in, id, law.Step{Move: law.Write, Draft: draft()})
	same(t, in, jp, id)
	dir := jp.Dir
	in.Halt()
	jp.Halt()
	step(t, jp, id, agreeTo(t, jp, id))
	if d := show(t, jp, id); len(d.Unknown) != 1 || d.Unknown[0].Move != law.AgreeDraft {
		t.Fatalf("nothing says that the other side does not know: %+v", d.Unknown)
	}
	clk.Set(embargo)
	if a, b := publish(t, in), publish(t, jp); a != 0 || b != 1 {
		t.Fatalf("in publishes %d, jp %d", a, b)
	}
	clk.Set(embargo.Add(3 * time.Hour))
	inDir := in.Dir
	in.Close()
	jp.Close()
	in.Open(inDir, clk)
	jp.Open(dir, clk)
	nodetest.Eventually(t, "it is published as soon as the word is there", func() bool { return show(t, in, id).Published != 0 })
	if d := show(t, in, id); d.Published < embargo.Add(3*time.Hour).UnixMicro() || len(published(t, in, id)) != 2 {
		t.Errorf("%+v", d.Coordination)
	}
}

// TestAWithholdStopsBoth until both have agreed anew.
func TestAWithholdStopsBoth(t *testing.T) {
	in, jp, clk := pair(t)
	id := ready(t, in, jp)
	step(t, jp, id, law.Step{Move: law.Withhold, Text: "The fix is not ready."})
	same(t, in, jp, id)
	for _, n := range []*nodetest.Node{in, jp} {
		d := show(t, n, id)
		if d.State != string(law.Withheld) || d.Instant != 0 {
			t.Errorf("%s: %+v", n.Side, d.Coordination)
		}
		if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
			list, err := tx.CalendarEntries(0)
			for _, e := range list {
				if e.UID == "coordination "+id && !e.Cancelled {
					t.Errorf("%s: it is in the calendar still", n.Side)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	clk.Set(embargo)
	if a, b := publish(t, in), publish(t, jp); a+b != 0 {
		t.Fatal("what was withheld is published")
	}
	later := embargo.AddDate(0, 0, 2)
	step(t, in, id, law.Step{Move: law.ProposeDate, At: later})
	step(t, in, id, law.Step{Move: law.Write, Draft: draft()})
	same(t, in, jp, id)
	step(t, jp, id, law.Step{Move: law.AgreeDate, At: later})
	step(t, jp, id, agreeTo(t, jp, id))
	same(t, in, jp, id)
	in.Halt()
	jp.Halt()
	clk.Set(later)
	if a, b := publish(t, in), publish(t, jp); a != 1 || b != 1 {
		t.Errorf("agreed anew: in publishes %d, jp %d", a, b)
	}
}

func TestNobodyAgreesToWhatTheyDidNotSee(t *testing.T) {
	in, jp, _ := pair(t)
	id := ready(t, in, jp)
	seen := agreeTo(t, in, id2(t, in, jp, id))
	step(t, jp, id, law.Step{Move: law.Write, Draft: law.Draft{Title: "Another", Language: "ja", Text: "別", Products: []string{"x"}, Vulnerabilities: []string{"CVE-2027-1234"}}})
	same(t, in, jp, id)
	for name, c := range map[string]struct {
		s law.Step
		k coordination.Known
	}{
		"a draft that was replaced":  {seen, unseen},
		"a date nobody proposed":     {law.Step{Move: law.AgreeDate, At: embargo.Add(time.Hour)}, unseen},
		"somebody was faster":        {law.Step{Move: law.Withhold, Text: "x"}, coordination.Known{Ours: 0, Theirs: -1}},
		"the other side was faster":  {law.Step{Move: law.Withhold, Text: "x"}, coordination.Known{Ours: -1, Theirs: 0}},
		"what the opener cannot":     {law.Step{Move: law.Join}, unseen},
		"a move nobody knows":        {law.Step{Move: "shout"}, unseen},
		"an instant that has passed": {law.Step{Move: law.ProposeDate, At: opened}, unseen},
	} {
		if err := in.Coordinations.Step(t.Context(), in.Live, in.Operator(), id, c.s, c.k); !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// id2 has jp write another draft, which in sees.
func id2(t *testing.T, in, jp *nodetest.Node, id string) string {
	t.Helper()
	step(t, jp, id, law.Step{Move: law.Write, Draft: draft()})
	same(t, in, jp, id)
	return id
}

// TestVendorsAreEachSidesOwn, and silence is the same number on both.
func TestVendorsAreEachSidesOwn(t *testing.T) {
	in, jp, clk := pair(t)
	id := ready(t, in, jp)
	step(t, in, id, law.Step{Move: law.Report, Vendor: law.Vendor{Name: "Maker", Status: law.Notified, On: opened}})
	step(t, jp, id, law.Step{Move: law.Report, Vendor: law.Vendor{Name: "Maker", Status: law.ToNotify}})
	same(t, in, jp, id)
	clk.Set(opened.AddDate(0, 0, 5))
	for _, n := range []*nodetest.Node{in, jp} {
		d := show(t, n, id)
		ours, theirs := d.Course.Vendors("in"), d.Course.Vendors("jp")
		if days, silent := ours[0].Silent(d.Now); days != 5 || !silent || theirs[0].Status != law.ToNotify {
			t.Errorf("%s: %d days, %+v", n.Side, days, theirs)
		}
	}
	if err := in.Coordinations.Correct(t.Context(), in.Live, in.Operator(), law.Opening{ID: id, Language: "en", Title: "Corrected"}); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "the title is corrected there", func() bool { return show(t, jp, id).Opening.Title == "Corrected" })
	if err := jp.Coordinations.Correct(t.Context(), jp.Live, jp.Operator(), law.Opening{ID: id, Language: "en", Title: "Theirs"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("who did not open it corrects it: %v", err)
	}
}

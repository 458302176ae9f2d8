package request_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/members"
	"twoseas/internal/act/people"
	"twoseas/internal/act/request"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/request"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// admit puts an organisation of each side on the law-enforcement lists, and
// waits until both sides hold both.
func admit(t *testing.T, in, jp *nodetest.Node) {
	t.Helper()
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
}

func preserve() law.Asked {
	q := ask()
	q.Kind, q.Way, q.Urgency = law.Preservation, "mlat", law.Routine
	return q
}

// TestDataIsPreservedAndRenewed: 90 days when nobody names a day, asked to be
// kept longer, kept longer; both nodes say the same at each step.
func TestDataIsPreservedAndRenewed(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	id := send(t, in, preserve())
	until(t, jp, id, law.Delivered)
	if err := in.Requests.Step(t.Context(), in.Live, in.Operator(), id, request.Move{Move: law.Renew, After: -1}); !fault.Is(err, fault.Conflict) {
		t.Errorf("renewed before it is kept: %v", err)
	}
	if err := jp.Requests.Step(t.Context(), jp.Live, jp.Operator(), id, request.Move{Move: law.Preserve, After: -1}); !fault.Is(err, fault.Conflict) {
		t.Errorf("kept before it is agreed to: %v", err)
	}
	step(t, jp, id, request.Move{Move: law.Accept, After: -1})
	step(t, jp, id, request.Move{Move: law.Preserve, After: -1})
	here, there := until(t, in, id, law.Preserved), look(t, jp, id)
	said := there.Timeline[len(there.Timeline)-1]
	if want := said.On.Add(law.KeepFor); !said.Until.Equal(want) || here.Kept != want.UnixMicro() || there.Kept != here.Kept {
		t.Errorf("kept until %v here and %v there, want %v", time.UnixMicro(here.Kept).UTC(), time.UnixMicro(there.Kept).UTC(), want)
	}
	if err := jp.Requests.Step(t.Context(), jp.Live, jp.Operator(), id, request.Move{Move: law.Preserve, After: -1, Until: time.Now().AddDate(0, 0, -1)}); !fault.Is(err, fault.Invalid) {
		t.Errorf("kept until a day that has passed: %v", err)
	}
	step(t, in, id, request.Move{Move: law.Renew, After: -1})
	nodetest.Eventually(t, "the wish is there", func() bool { return look(t, jp, id).Renewal != 0 })
	asked := look(t, jp, id)
	if want := said.Until.Add(law.KeepFor).UnixMicro(); asked.Renewal != want || asked.Kept != here.Kept {
		t.Errorf("%+v", asked.Assistance)
	}
	duty := person(t, jp, people.DutyOfficer)
	if w, err := jp.Requests.Waiting(t.Context(), jp.Live, duty); err != nil || len(w) != 1 {
		t.Errorf("who is asked to keep it longer is told of %d: %v", len(w), err)
	}
	step(t, jp, id, request.Move{Move: law.Preserve, After: -1})
	nodetest.Eventually(t, "it is kept longer", func() bool { return look(t, in, id).Kept == asked.Renewal })
	if d := look(t, in, id); d.Renewal != 0 || d.Kept != look(t, jp, id).Kept {
		t.Errorf("%+v", d.Assistance)
	}
	technical := send(t, in, ask())
	until(t, jp, technical, law.Delivered)
	step(t, jp, technical, request.Move{Move: law.Accept, After: -1})
	if err := jp.Requests.Step(t.Context(), jp.Live, jp.Operator(), technical, request.Move{Move: law.Preserve, After: -1}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a takedown is preserved: %v", err)
	}
	nodetest.Converged(t, in, jp)
}

func taken(holder string) request.Evidence {
	return request.Evidence{Handling: law.Took, Item: "disk image", Digest: ident.Sum([]byte("evidence")), Holder: holder}
}

// TestWhoHadWhatIsTheSameOnBothNodes, and nobody writes what breaks the chain.
func TestWhoHadWhatIsTheSameOnBothNodes(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	id := send(t, in, preserve())
	until(t, jp, id, law.Delivered)
	enter := func(n *nodetest.Node, e request.Evidence) error {
		return n.Requests.Enter(t.Context(), n.Live, n.Operator(), id, e)
	}
	handed := taken("JPCERT/CC")
	handed.Handling, handed.To = law.HandedOn, "National Police Agency"
	for _, e := range []struct {
		n *nodetest.Node
		e request.Evidence
	}{{jp, taken("JPCERT/CC")}, {jp, handed}, {in, taken("CERT-In")}} {
		if err := enter(e.n, e.e); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []*nodetest.Node{in, jp} {
		nodetest.Eventually(t, "three entries at "+string(n.Side), func() bool { return len(look(t, n, id).Custody) == 3 })
	}
	here, there := look(t, in, id).Custody, look(t, jp, id).Custody
	for i := range here {
		a, b := here[i], there[i]
		if a.ID != b.ID || a.Previous != b.Previous || a.Evidence != b.Evidence || !a.On.Equal(b.On) || a.By != b.By {
			t.Errorf("entry %d: %+v here, %+v there", i, a, b)
		}
		if (a.Person != "") != (a.By == "in") || (b.Person != "") != (b.By == "jp") {
			t.Errorf("entry %d names %q here and %q there", i, a.Person, b.Person)
		}
	}
	for name, change := range map[string]func(*request.Evidence){
		"nobody had it":         func(e *request.Evidence) { e.Holder = " " },
		"of nothing":            func(e *request.Evidence) { e.Digest = ident.Digest{} },
		"handed to nobody":      func(e *request.Evidence) { e.Handling = law.HandedOn },
		"taken to somebody":     func(e *request.Evidence) { e.To = "somebody" },
		"before it happens":     func(e *request.Evidence) { e.On = time.Now().Add(time.Hour) },
		"a handling of its own": func(e *request.Evidence) { e.Handling = "lost" },
		"too long":              func(e *request.Evidence) { e.Item = strings.Repeat("x", 201) },
	} {
		e := taken("CERT-In")
		change(&e)
		if err := enter(in, e); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(look(t, in, id).Custody); n != 3 {
		t.Errorf("%d entries", n)
	}
	nodetest.Converged(t, in, jp)
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
}

// TestNoCompartmentReadsTheOthersMatterWithoutAPassage, in either direction and
// whoever owns it.
func TestNoCompartmentReadsTheOthersMatterWithoutAPassage(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	admit(t, in, jp)
	police := preserve()
	police.Channel = law.LawEnforcement
	liaison, duty := person(t, jp, people.Liaison), person(t, jp, people.DutyOfficer)
	home := person(t, in, people.DutyOfficer)
	technical, les := send(t, in, ask()), send(t, in, police)
	for _, id := range []string{technical, les} {
		until(t, jp, id, law.Delivered)
	}
	pass := func(n *nodetest.Node, by people.Actor, id string) (string, error) {
		return n.Requests.Pass(t.Context(), n.Live, by, id, "Act on criminal procedure, section 197", "To open an investigation.")
	}
	opens := func(n *nodetest.Node, by people.Actor, passage string) error {
		_, err := n.Requests.OpenPassage(t.Context(), n.Live, by, passage)
		return err
	}
	// What is not one's own cannot be passed.
	if _, err := pass(jp, liaison, technical); !fault.Is(err, fault.NotFound) {
		t.Errorf("police pass a technical request: %v", err)
	}
	if _, err := pass(jp, duty, les); !fault.Is(err, fault.NotFound) {
		t.Errorf("CERT passes a request of police: %v", err)
	}
	for _, words := range [][2]string{{"", "why"}, {"basis", " "}} {
		if _, err := jp.Requests.Pass(t.Context(), jp.Live, duty, technical, words[0], words[1]); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", words, err)
		}
	}
	// The partner's: not before it consents.
	id, err := pass(jp, duty, technical)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pass(jp, duty, technical); !fault.Is(err, fault.Conflict) {
		t.Errorf("twice: %v", err)
	}
	if err := opens(jp, liaison, id); !fault.Is(err, fault.NotFound) {
		t.Errorf("police read it before the other side consents: %v", err)
	}
	nodetest.Eventually(t, "the question is there", func() bool { return opens(in, home, id) == nil })
	if err := opens(in, person(t, in, people.Liaison), id); !fault.Is(err, fault.NotFound) {
		t.Errorf("police of the other side read of it: %v", err)
	}
	if err := in.Requests.Consent(t.Context(), in.Live, person(t, in, people.Auditor), id, true, ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("an auditor consents: %v", err)
	}
	if err := jp.Requests.Consent(t.Context(), jp.Live, duty, id, true, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("who asks consents: %v", err)
	}
	if err := in.Requests.Consent(t.Context(), in.Live, home, id, true, ""); err != nil {
		t.Fatal(err)
	}
	if err := in.Requests.Consent(t.Context(), in.Live, home, id, false, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second word: %v", err)
	}
	nodetest.Eventually(t, "police read it", func() bool { return opens(jp, liaison, id) == nil })
	p, err := jp.Requests.OpenPassage(t.Context(), jp.Live, liaison, id)
	if err != nil || p.Asks.Title != ask().Title || p.Gone || p.Said.Originator != "in" {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := jp.Requests.Open(t.Context(), jp.Live, liaison, store.AllLabels, technical); !fault.Is(err, fault.NotFound) {
		t.Errorf("police open the request itself: %v", err)
	}
	// Refused: it stays where it is, and may be asked for again.
	refused, err := pass(jp, liaison, les)
	if err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "the question is there", func() bool { return opens(in, in.Operator(), refused) == nil })
	if err := in.Requests.Consent(t.Context(), in.Live, home, refused, true, ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("CERT consents for police: %v", err)
	}
	if err := in.Requests.Consent(t.Context(), in.Live, in.Operator(), refused, false, ""); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "it is refused", func() bool {
		p, err := jp.Requests.OpenPassage(t.Context(), jp.Live, liaison, refused)
		return err == nil && p.Row.Answer == store.PassageRefused
	})
	if err := opens(jp, duty, refused); !fault.Is(err, fault.NotFound) {
		t.Errorf("CERT reads what was refused: %v", err)
	}
	// One's own: at once, and never to the other side.
	own, err := pass(in, in.Operator(), les)
	if err != nil {
		t.Fatal(err)
	}
	if err := opens(in, home, own); err != nil {
		t.Errorf("CERT does not read what police of the own side passed: %v", err)
	}
	nodetest.Converged(t, in, jp)
	if err := opens(jp, jp.Operator(), own); !fault.Is(err, fault.NotFound) {
		t.Errorf("the other side knows of it: %v", err)
	}
	for who, c := range map[string]struct {
		n  *nodetest.Node
		by people.Actor
		k  int
	}{"duty in Japan": {jp, duty, 1}, "police in Japan": {jp, liaison, 2}, "duty in India": {in, home, 2}} {
		if list, err := c.n.Requests.Passages(t.Context(), c.n.Live, c.by); err != nil || len(list) != c.k {
			t.Errorf("%s: %d passages, %v", who, len(list), err)
		}
	}
	// The compartment's own page.
	if _, err := jp.Requests.Compartment(t.Context(), jp.Live, duty); !fault.Is(err, fault.Denied) {
		t.Errorf("a duty officer sees the compartment: %v", err)
	}
	step(t, jp, les, request.Move{Move: law.Accept, After: -1})
	step(t, jp, les, request.Move{Move: law.Preserve, After: -1})
	c, err := jp.Requests.Compartment(t.Context(), jp.Live, liaison)
	if err != nil || len(c.Kept) != 1 || len(c.Rolls) != 2 || len(c.Rolls[0].Members) != 1 || len(c.Passages) != 2 {
		t.Errorf("%+v %v", c, err)
	}
}

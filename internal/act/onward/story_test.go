package onward_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/onward"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/onward"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const gbUS ident.Agreement = "gb-us-2026"

// want fails the test unless err is of kind k.
func want(t *testing.T, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("got %v, want %s", err, k)
	}
}

func TestARefusalKeepsItAndSaysWhy(t *testing.T) {
	w := three(t, false)
	asker, class := w.officer(w.in, "asha", people.ReleasingOfficer)
	keeper, theirs := w.officer(w.jp, "kenji", people.ReleasingOfficer)
	w.jp.Import(marking.Green, bundle(indicator(1, "")))
	w.carry(w.jp, w.in, inJP)
	q := onward.Request{IDs: []string{id(1)}, Audience: "gb", Purpose: "a warning"}
	req := w.ask(asker, q)
	_, err := w.in.Onwards.Ask(t.Context(), w.in.Live, asker, class, q)
	want(t, err, fault.Conflict) // it waits already
	w.answer(w.jp, keeper, theirs, req, law.Answer{Word: law.No})
	_, err = w.jp.Onwards.Answer(t.Context(), w.jp.Live, keeper, theirs, req, law.Answer{Word: law.Yes}, "")
	want(t, err, fault.Conflict) // it is said
	w.carry(w.jp, w.in, inJP)
	w.carry(w.in, w.gb, inGB)
	if len(w.waits(w.in, inGB)) != 0 || len(w.held(w.gb, id(1))) != 0 {
		t.Error("it waits or went although Japan said no")
	}
	d, err := w.in.Onwards.Open(t.Context(), w.in.Live, asker, class, req)
	if err != nil || d.Answer != "no" || d.Reason != "not yet" || len(d.Said) != 1 || d.Said[0].From != "jp" {
		t.Errorf("the request stands %+v, %v", d, err)
	}
	nodetest.VerifyLedgers(t, w.in.Node, w.jp.Node)
}

func TestAConsentEndsByItself(t *testing.T) {
	w := three(t, false)
	asker, _ := w.officer(w.in, "asha", people.ReleasingOfficer)
	keeper, class := w.officer(w.jp, "kenji", people.ReleasingOfficer)
	w.jp.Import(marking.Green, bundle(indicator(1, ""), indicator(2, "")))
	w.carry(w.jp, w.in, inJP)
	req := w.ask(asker, onward.Request{IDs: []string{id(1), id(2)}, Audience: "gb", Purpose: "a warning"})
	w.answer(w.jp, keeper, class, req, law.Answer{Word: law.Yes, Until: w.clk.Now().Add(time.Hour)})
	w.carry(w.jp, w.in, inJP)
	w.approve(w.in, asker, inGB)
	w.clk.Advance(2 * time.Hour) // approved and queued; the decision is taken again when it leaves
	w.carry(w.in, w.gb, inGB)
	if len(w.held(w.gb, id(1)))+len(w.held(w.gb, id(2))) != 0 {
		t.Error("it went after the consent had ended")
	}
	req = w.ask(asker, onward.Request{IDs: []string{id(1)}, Audience: "gb", Purpose: "once more"})
	w.answer(w.jp, keeper, class, req, law.Answer{Word: law.Yes})
	w.carry(w.jp, w.in, inJP)
	one := w.held(w.in, id(1))[0].Seq
	p, err := w.in.Releases.Preview(t.Context(), w.in.Live, asker, inGB, one)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.in.Releases.Approve(t.Context(), w.in.Live, asker, inGB, one, p.Digest); err != nil {
		t.Fatal(err)
	}
	w.carry(w.in, w.gb, inGB)
	if len(w.held(w.gb, id(1))) != 1 || len(w.held(w.gb, id(2))) != 0 {
		t.Error("the new consent lets the first go, and the first only")
	}
}

func TestConsentIfRedactedSendsAnObjectOfItsOwn(t *testing.T) {
	w := three(t, true)
	asker, _ := w.officer(w.in, "asha", people.ReleasingOfficer)
	keeper, class := w.officer(w.jp, "kenji", people.ReleasingOfficer)
	w.jp.Import(marking.Green, bundle(indicator(1, `,"x_twoseas_victim":"CANARYVICTIM Corp"`)))
	w.carry(w.jp, w.in, inJP)
	req := w.ask(asker, onward.Request{IDs: []string{id(1)}, Audience: "gb", Purpose: "a warning"})
	w.answer(w.jp, keeper, class, req, law.Answer{Word: law.Redacted, Redact: []string{"victim"}})
	w.carry(w.jp, w.in, inJP)
	w.approve(w.in, asker, inGB)
	done := w.carry(w.in, w.gb, inGB)
	if done.Refused+done.Failed != 0 || len(w.held(w.gb, id(1))) != 0 {
		t.Fatalf("delivered %+v; the source itself must stay", done)
	}
	if found := onDisk(t, w.gb, []string{"CANARYVICTIM", id(1)[len("indicator--"):]}); len(found) != 0 {
		t.Errorf("on the third side's disk: %v", found)
	}
	var got store.Object
	if err := w.gb.Live.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			if o.Type == "indicator" {
				got = o
			}
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	s, err := w.gb.Onwards.Of(t.Context(), w.gb.Live, w.gb.Operator(), store.AllLabels, got.Seq)
	if err != nil || len(s.Evidence) != 1 || s.Evidence[0].Verified != "jp" || s.Evidence[0].Whole {
		t.Errorf("Japan's signature on the consent holds, on the bytes it cannot: %+v, %v", s.Evidence, err)
	}
	src := w.held(w.in, id(1))[0]
	if s, err := w.in.Onwards.Of(t.Context(), w.in.Live, w.in.Operator(), store.AllLabels, src.Seq); err != nil || len(s.Passed) != 1 || s.Passed[0].Object == src.Seq {
		t.Errorf("in India: %+v, %v", s, err)
	}
}

func TestRedNeedsTwoOfTheOriginatorsOfficers(t *testing.T) {
	w := three(t, false)
	asker, _ := w.officer(w.in, "asha", people.ReleasingOfficer)
	one, class := w.officer(w.jp, "kenji", people.ReleasingOfficer)
	two, _ := w.officer(w.jp, "yui", people.ReleasingOfficer)
	w.jp.Import(marking.Red, bundle(indicator(1, "")))
	w.approve(w.jp, one, inJP)
	w.approve(w.jp, two, inJP)
	w.carry(w.jp, w.in, inJP)
	req := w.ask(asker, onward.Request{IDs: []string{id(1)}, Audience: "gb", Purpose: "a warning"})
	yes := law.Answer{Word: law.Yes}
	for range 2 { // the same officer twice is one
		if r := w.answer(w.jp, one, class, req, yes); r.State != store.OnwardWaiting {
			t.Fatalf("one officer was enough: %+v", r)
		}
	}
	_, err := w.jp.Onwards.Answer(t.Context(), w.jp.Live, two, class, req, law.Answer{Word: law.Yes, Until: w.clk.Now().Add(time.Hour)}, "")
	want(t, err, fault.Conflict) // not the same
	if r := w.answer(w.jp, two, class, req, yes); r.State != store.OnwardAnswered {
		t.Fatalf("two were not: %+v", r)
	}
	w.carry(w.jp, w.in, inJP)
	w.approve(w.in, asker, inGB)
	if len(w.waits(w.in, inGB)) != 1 {
		t.Error("TLP:RED goes on with one officer of India")
	}
}

func TestWhoMayAskAndAnswer(t *testing.T) {
	w := three(t, false)
	analyst, class := w.officer(w.in, "ravi", people.Analyst)
	duty, _ := w.officer(w.in, "devi", people.DutyOfficer)
	other, theirs := w.officer(w.jp, "emi", people.DutyOfficer)
	w.jp.Import(marking.Green, bundle(indicator(1, "")))
	w.carry(w.jp, w.in, inJP)
	ask := func(by people.Actor, class int64, q onward.Request) error {
		_, err := w.in.Onwards.Ask(t.Context(), w.in.Live, by, class, q)
		return err
	}
	q := onward.Request{IDs: []string{id(1)}, Audience: "gb", Purpose: "a warning"}
	want(t, ask(analyst, class, q), fault.Denied)
	want(t, ask(duty, 0, q), fault.NotFound) // nothing is said of what one may not see
	for what, bad := range map[string]onward.Request{
		"nobody there":     {IDs: []string{id(1)}, Audience: "us", Purpose: "a warning"},
		"whose it is":      {IDs: []string{id(1)}, Audience: "jp", Purpose: "a warning"},
		"no purpose":       {IDs: []string{id(1)}, Audience: "gb", Purpose: " \n"},
		"ends before":      {IDs: []string{id(1)}, Audience: "gb", Purpose: "a warning", Until: w.clk.Now()},
		"unknown":          {IDs: []string{id(1)}, Audience: "gb", Purpose: "a warning", Redact: []string{"all"}},
		"nothing":          {Audience: "gb", Purpose: "a warning"},
		"purpose too long": {IDs: []string{id(1)}, Audience: "gb", Purpose: strings.Repeat("x", 1001)},
	} {
		if err := ask(duty, class, bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	req := w.ask(duty, q)
	for _, by := range []people.Actor{other, w.jp.Operator(), {}} {
		_, err := w.jp.Onwards.Answer(t.Context(), w.jp.Live, by, theirs, req, law.Answer{Word: law.Yes}, "")
		want(t, err, fault.Denied)
	}
	keeper, _ := w.officer(w.jp, "kenji", people.ReleasingOfficer)
	keeper.Token = "t1"
	_, err := w.jp.Onwards.Answer(t.Context(), w.jp.Live, keeper, theirs, req, law.Answer{Word: law.Yes}, "")
	want(t, err, fault.Denied) // a program consents to nothing
	keeper.Token = ""
	_, err = w.jp.Onwards.Answer(t.Context(), w.jp.Live, keeper, 0, req, law.Answer{Word: law.Yes}, "")
	want(t, err, fault.Denied) // nor who may not see it
}

// TestEverySideOnTheWayIsAsked has Japan's object go by India and the United
// Kingdom to the United States.
func TestEverySideOnTheWayIsAsked(t *testing.T) {
	for _, india := range []law.Word{law.Yes, law.No} {
		t.Run(string(india), func(t *testing.T) { chain(t, india) })
	}
}

func chain(t *testing.T, india law.Word) {
	w := three(t, false)
	us := nodetest.StartAt(t, "us", w.clk, nil)
	w.gb.Reopen(w.clk)
	nodetest.JoinUnder(t, w.gb, us, gbUS)
	w.gb.Halt()
	us.Halt()
	asha, inClass := w.officer(w.in, "asha", people.ReleasingOfficer)
	kenji, jpClass := w.officer(w.jp, "kenji", people.ReleasingOfficer)
	ann, gbClass := w.officer(w.gb, "ann", people.ReleasingOfficer)
	w.jp.Import(marking.Green, bundle(indicator(1, "")))
	w.carry(w.jp, w.in, inJP)
	first := w.ask(asha, onward.Request{IDs: []string{id(1)}, Audience: "gb", Purpose: "a warning"})
	w.answer(w.jp, kenji, jpClass, first, law.Answer{Word: law.Yes})
	w.carry(w.jp, w.in, inJP)
	w.approve(w.in, asha, inGB)
	w.carry(w.in, w.gb, inGB)
	// The United Kingdom asks India, whose node asks Japan.
	ids, err := w.gb.Onwards.Ask(t.Context(), w.gb.Live, ann, gbClass, onward.Request{IDs: []string{id(1)}, Audience: "us", Purpose: "further"})
	if err != nil {
		t.Fatal(err)
	}
	w.carry(w.gb, w.in, inGB)
	w.carry(w.in, w.jp, inJP)
	waits, err := w.jp.Onwards.Waiting(t.Context(), w.jp.Live, kenji)
	if err != nil || len(waits) != 1 || waits[0].Asker != "gb" || waits[0].Audience != "us" {
		t.Fatalf("Japan is asked %+v, %v", waits, err)
	}
	w.answer(w.in, asha, inClass, ids[0], law.Answer{Word: india})
	w.carry(w.in, w.gb, inGB)
	d, err := w.gb.Onwards.Open(t.Context(), w.gb.Live, ann, gbClass, ids[0])
	if err != nil || (d.State == store.OnwardAnswered) != (india == law.No) {
		t.Fatalf("before Japan's word it stands %s, %v", d.State, err)
	}
	w.answer(w.jp, kenji, jpClass, waits[0].ID, law.Answer{Word: law.Yes})
	w.carry(w.jp, w.in, inJP)
	w.carry(w.in, w.gb, inGB)
	w.approve(w.gb, ann, gbUS)
	w.carry(w.gb, us, gbUS)
	there := w.held(us, id(1))
	if india == law.No {
		if len(there) != 0 {
			t.Error("it went on although India said no")
		}
		return
	}
	if len(there) != 1 {
		t.Fatal("it did not go on although both agreed")
	}
	s, err := us.Onwards.Of(t.Context(), us.Live, us.Operator(), store.AllLabels, there[0].Seq)
	if err != nil || len(s.Evidence) != 1 || !s.Evidence[0].Whole || s.Evidence[0].Verified != "" || s.Evidence[0].Origin != "jp" {
		t.Errorf("the United States knows no key of either, and sees both: %+v, %v", s.Evidence, err)
	}
}

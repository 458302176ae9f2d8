package onward_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/onward"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/onward"
	lawrecall "twoseas/internal/law/recall"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// reopen restarts a node that was halted, and halts it again.
func reopen(n *nodetest.Node, clk clock.Clock) {
	n.Reopen(clk)
	n.Halt()
}

// callBack has Japan call its object back.
func (w *world) callBack(by people.Actor) string {
	w.Helper()
	ask := recall.Ask{Kind: lawrecall.Wrong, IDs: []string{id(1)}, Reason: "it was wrong"}
	p, err := w.jp.Recalls.Preview(w.Context(), w.jp.Live, by, ask)
	if err != nil {
		w.Fatal(err)
	}
	act, err := w.jp.Recalls.Send(w.Context(), w.jp.Live, by, ask, p.Digest)
	if err != nil {
		w.Fatal(err)
	}
	return act
}

// open reports whether something of a recall is still to come.
func (w *world) open(n *nodetest.Node, by people.Actor, act string) bool {
	w.Helper()
	d, err := n.Recalls.Show(w.Context(), n.Live, by, act)
	if err != nil {
		w.Fatal(err)
	}
	return d.Open()
}

// readable returns how many indicators a reader of TLP:RED sees on a node.
func (w *world) readable(n *nodetest.Node, class int64) (count int) {
	w.Helper()
	if err := n.Live.Read(w.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, class, func(o store.Object) error {
			if o.Type == "indicator" {
				count++
			}
			return nil
		})
	}); err != nil {
		w.Fatal(err)
	}
	return count
}

// TestWhatWentOnIsCalledBackFromTheThird goes through restarts, and holds when
// the consent has ended meanwhile: the third side still has the object.
func TestWhatWentOnIsCalledBackFromTheThird(t *testing.T) {
	for name, answer := range map[string]law.Answer{
		"as it was": {Word: law.Yes}, "redacted": {Word: law.Redacted, Redact: []string{"victim"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := three(t, false)
			asker, inClass := w.officer(w.in, "asha", people.ReleasingOfficer)
			keeper, jpClass := w.officer(w.jp, "kenji", people.ReleasingOfficer)
			_, gbClass := w.officer(w.gb, "ann", people.ReleasingOfficer)
			w.jp.Import(marking.Green, bundle(indicator(1, `,"x_twoseas_victim":"CANARYVICTIM Corp"`)))
			w.carry(w.jp, w.in, inJP)
			req := w.ask(asker, onward.Request{IDs: []string{id(1)}, Audience: "gb", Purpose: "a warning"})
			answer.Until = w.clk.Now().Add(time.Hour)
			w.answer(w.jp, keeper, jpClass, req, answer)
			w.carry(w.jp, w.in, inJP)
			w.approve(w.in, asker, inGB)
			w.carry(w.in, w.gb, inGB)
			if w.readable(w.gb, gbClass) != 1 || w.readable(w.in, inClass) == 0 {
				t.Fatal("it did not go on")
			}
			w.clk.Advance(2 * time.Hour)
			act := w.callBack(keeper)
			w.carry(w.jp, w.in, inJP)
			reopen(w.in, w.clk) // after it arrived, before it is carried on
			if w.readable(w.in, inClass) != 0 || w.readable(w.gb, gbClass) != 1 {
				t.Error("before India carried it on")
			}
			w.carry(w.in, w.jp, inJP) // India's answer without the third's
			if !w.open(w.jp, keeper, act) {
				t.Error("Japan thinks all of it done before the United Kingdom answered")
			}
			w.carry(w.in, w.gb, inGB)
			if w.readable(w.gb, gbClass) != 0 {
				t.Error("it is still read in the United Kingdom")
			}
			reopen(w.gb, w.clk)
			w.carry(w.gb, w.in, inGB) // the third's answer
			w.carry(w.in, w.jp, inJP)
			if w.open(w.jp, keeper, act) {
				t.Error("Japan does not know that all of it is done")
			}
			nodetest.VerifyLedgers(t, w.in.Node, w.jp.Node)
		})
	}
}

// What is called back before it leaves for the third side does not leave, and
// the third side hears nothing of it; what is asked of it afterwards is nothing
// to ask about.
func TestWhatIsCalledBackBeforeItGoesOnStays(t *testing.T) {
	w := three(t, false)
	asker, inClass := w.officer(w.in, "asha", people.ReleasingOfficer)
	keeper, jpClass := w.officer(w.jp, "kenji", people.ReleasingOfficer)
	w.jp.Import(marking.Green, bundle(indicator(1, "")))
	w.carry(w.jp, w.in, inJP)
	q := onward.Request{IDs: []string{id(1)}, Audience: "gb", Purpose: "a warning"}
	w.answer(w.jp, keeper, jpClass, w.ask(asker, q), law.Answer{Word: law.Yes})
	w.carry(w.jp, w.in, inJP)
	w.approve(w.in, asker, inGB) // it is on the list to go
	var heard bytes.Buffer
	deliver := func() error {
		_, err := w.in.Exchange.Deliver(t.Context(), w.in.Live, inGB, tap{loop{w.gb}, &heard}, nil)
		return err
	}
	if err := w.in.Exchange.Pause(t.Context(), w.in.Live, w.in.Operator(), inGB, "looked into"); err != nil {
		t.Fatal(err)
	}
	want(t, deliver(), fault.Held) // what shows that it may go waits with it
	if err := w.in.Exchange.Resume(t.Context(), w.in.Live, w.in.Operator(), inGB); err != nil {
		t.Fatal(err)
	}
	act := w.callBack(keeper)
	w.carry(w.jp, w.in, inJP)
	if err := deliver(); err != nil {
		t.Fatal(err)
	}
	telling := append(canaries[:3:3], string(inJP), "onward-evidence", "twoseas/onward/v1")
	if found := onDisk(t, w.gb, telling); len(found) != 0 {
		t.Errorf("on the third side's disk: %v", found)
	}
	for _, word := range telling {
		if strings.Contains(heard.String(), word) {
			t.Errorf("%q went over the wire", word)
		}
	}
	if shown := shownOf(w, w.gb, id(1)); len(shown) != 0 {
		t.Errorf("the third side was shown %+v", shown)
	}
	w.carry(w.in, w.jp, inJP)
	if w.open(w.jp, keeper, act) {
		t.Error("something is open that nobody has")
	}
	if _, err := w.in.Onwards.Ask(t.Context(), w.in.Live, asker, inClass, q); err == nil || strings.Contains(err.Error(), "CANARY") {
		t.Errorf("asked about what was called back: %v", err)
	}
}

// shownOf returns the evidence that a node was shown of an object.
func shownOf(w *world, n *nodetest.Node, id string) (out []store.OnwardEvidence) {
	w.Helper()
	if err := n.Live.Read(w.Context(), func(tx *store.Tx) (err error) {
		out, err = tx.OnwardEvidence(id)
		return err
	}); err != nil {
		w.Fatal(err)
	}
	return out
}

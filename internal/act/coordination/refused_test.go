package coordination_test

import (
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// TestWhatTheOtherNodeRefusedIsNotAgreedUpon: this node does not publish what
// it knows the other has not taken, and makes no further step on it.
func TestWhatTheOtherNodeRefusedIsNotAgreedUpon(t *testing.T) {
	in, jp, clk := pair(t)
	id := ready(t, in, jp)
	in.Halt()
	if err := in.Live.Write(t.Context(), func(tx *store.Tx) error {
		steps, err := tx.CoordinationSteps(id)
		if err != nil {
			return err
		}
		for _, s := range steps {
			if s.Side == "in" && s.N == 1 {
				s.Refused = "it does not follow"
				return tx.SaveCoordinationStep(id, s)
			}
		}
		t.Error("there is no step of this side")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	clk.Set(embargo)
	if n := publish(t, in); n != 0 || len(published(t, in, id)) != 0 {
		t.Errorf("%d published", n)
	}
	if d := show(t, in, id); d.Refused == "" || len(d.May) > 0 || d.Instant != 0 {
		t.Errorf("%+v, %v", d.Coordination, d.May)
	}
}

// TestAStepThatKnowsTheFutureIsRefused: nobody overcomes a withhold before it
// was made.
func TestAStepThatKnowsTheFutureIsRefused(t *testing.T) {
	in, jp, clk := pair(t)
	id := ready(t, in, jp)
	there := show(t, jp, id).Known
	u, err := ident.ParseUUID("7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c04")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := law.EncodeStep(law.StepType+"--"+ident.FormatUUID(u), id, law.Step{
		By: "jp", N: there.Ours + 1, Seen: there.Theirs + 1, Move: law.ProposeDate, On: clk.Now(), At: embargo.AddDate(0, 0, 1),
	})
	if err != nil {
		t.Fatal(err)
	}
	src := intake.Source{DefaultTLP: marking.Amber, Limits: marking.Terms{Areas: []string{marking.Area(nodetest.InJp, "")}}}
	if err := jp.Live.Write(t.Context(), func(tx *store.Tx) error {
		_, err := jp.Exchange.Say(tx, nodetest.InJp, "coordination", src, raw)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "the receipt is there", func() bool {
		tot, err := jp.Exchange.Totals(t.Context(), jp.Live, nodetest.InJp, store.Out)
		return err == nil && tot.Failed > 0
	})
	if d := show(t, in, id); d.Known.Theirs != there.Ours || d.State != string(law.Agreed) {
		t.Errorf("%+v %+v", d.Coordination, d.Known)
	}
}

package intake_test

import (
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store/storetest"
)

// TestImagineSaysWhatIntakeWouldSay compares it with what is then taken in.
func TestImagineSaysWhatIntakeWouldSay(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	for _, raw := range []string{
		indicator(1, 1), indicator(2, 1, marked(marking.Amber.DefinitionID())), indicator(3, 1, marked(markingID(9))),
	} {
		src := intake.Source{DefaultTLP: marking.Green, Contributor: marking.Member, Sectors: []string{"energy"}}
		_, imagined, err := d.in.Imagine(t.Context(), d.h, src, []byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		before := d.stored()
		seq := d.outcomes(src, []string{raw}, "new")[0].Seq
		if d.stored() != before+1 {
			t.Error("imagining stored something")
		}
		taken, _ := d.label(seq)
		if string(imagined.Canonical()) != string(taken.Canonical()) {
			t.Errorf("imagined %s, taken as %s", imagined.Canonical(), taken.Canonical())
		}
	}
	for _, bad := range []string{"", "{}", `{"type":"indicator"}`, "[]"} {
		if _, _, err := d.in.Imagine(t.Context(), d.h, intake.Source{}, []byte(bad)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

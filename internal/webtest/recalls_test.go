package webtest_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/ident"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// callBack has the first side send one object and call it back from the second,
// which answers.
func (w *world) callBack(t *testing.T) {
	t.Helper()
	id := st.NewID("indicator")
	raw := string(st.Bundle(st.Indicator(st.ID(id), st.Name("Sent by mistake"), st.Pattern("[domain-name:value = 'mistake.tokyo']"))))
	if _, err := w.In.Intake.Stream(t.Context(), w.In.Live, intake.Source{DefaultTLP: marking.Green}, strings.NewReader(raw), nil); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "it has crossed", func() (crossed bool) {
		if err := w.Jp.Live.Query(t.Context(), func(tx *store.Tx) error {
			known, err := tx.Known([]string{id})
			crossed = len(known[id]) > 0
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return crossed
	})
	act, err := w.In.Recalls.Send(t.Context(), w.In.Live, w.In.Operator(), recall.Ask{Kind: law.Spill, Reason: "sent by mistake", IDs: []string{id}}, ident.Digest{})
	if err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "it is answered", func() bool {
		d, err := w.In.Recalls.Show(t.Context(), w.In.Live, w.In.Operator(), act)
		if err != nil {
			t.Fatal(err)
		}
		return !d.Open()
	})
}

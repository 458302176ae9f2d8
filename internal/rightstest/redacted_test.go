package rightstest_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/rightstest"
	"twoseas/internal/store"
)

// TestWhatWasTakenOutIsReadByNobodyAtThePartner has a member's contribution cross
// redacted and walks everything that is read at the partner, by who may see all: pages,
// interface, TAXII, MISP and feeds; and its disk.
func TestWhatWasTakenOutIsReadByNobodyAtThePartner(t *testing.T) {
	in, jpNode := nodetest.IndiaJapan(t, nil)
	home, jp := newDesk(t, in), newDesk(t, jpNode)
	home.member("mira-of-the-grid", "kanariagrid")
	reader := jp.account("kenji", "jpcert", "TLP:RED+UNMARKED")
	text := strings.TrimSuffix(indicator(1), "}") + `,"x_twoseas_victim":"Kanaria Substation","x_twoseas_contributor":{"name":"Kanaria Desk","note":["KANARIA"]},` +
		`"x_deep":{"x_twoseas_victim":"Kanaria Deep","kept":"yes indeed"}}`
	if rep, err := in.Intake.Objects(t.Context(), in.Live, intake.Source{By: "mira-of-the-grid", DefaultTLP: marking.Green}, [][]byte{[]byte(text)}); err != nil || rep.New != 1 {
		t.Fatalf("%+v %v", rep, err)
	}
	made := ""
	nodetest.Eventually(t, "what was made of it is in Japan", func() bool {
		jp.must(jpNode.Live.Read(t.Context(), func(tx *store.Tx) error {
			return tx.Objects(0, store.AllLabels, func(o store.Object) error {
				if o.Type == "indicator" {
					made = o.ID
				}
				return nil
			})
		}))
		return made != ""
	})
	jp.gather()
	of := jp.thing(1, reader)
	of.Object = made
	answers := reader.All(t, rightstest.Reads(jpNode, of))
	some(t, shows(answers, canary(1)))
	if got := shows(answers, "yes indeed"); len(got) == 0 {
		t.Error("the substance is gone")
	}
	words := []string{"Kanaria", "KANARIA", "kanariagrid", "mira-of-the-grid", indicatorID(1)}
	silent(t, "Japan", answers, words...)
	onDisk(t, jpNode, "Kanaria", "KANARIA", "kanariagrid", indicatorID(1))
}

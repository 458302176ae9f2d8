package node_test

import (
	"fmt"
	"strings"
	"testing"

	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

func indicators(from, n int) string {
	var b strings.Builder
	b.WriteString(`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`)
	for i := from; i < from+n; i++ {
		if i > from {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d",
			"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z",
			"pattern_type":"stix","pattern":"[ipv4-addr:value = '45.%d.%d.%d']"}`, i, i>>16&255, i>>8&255, i&255)
	}
	b.WriteString(`]}`)
	return b.String()
}

func TestWhatIsReleasedArrivesAndBothSidesKnow(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	if rep := in.Import(marking.Clear, indicators(0, 2500)); rep.New != 2500 {
		t.Fatalf("import: %+v", rep)
	}
	nodetest.Converged(t, in, jp)
	out, err := in.Exchange.Totals(t.Context(), in.Live, nodetest.InJp, store.Out)
	if err != nil || out.Shipments != 3 || out.Receipts != 3 || out.Applied != 2500 {
		t.Errorf("sent: %+v, %v", out, err)
	}
	got, err := jp.Exchange.Totals(t.Context(), jp.Live, nodetest.InJp, store.In)
	if err != nil || got != out {
		t.Errorf("received: %+v, %v, want %+v", got, err, out)
	}
}

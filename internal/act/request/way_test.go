package request_test

import (
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	law "twoseas/internal/law/request"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// TestAWayThatThePairDoesNotHaveIsRefusedWhoeverAsks: Japan may ask the United
// States by a way that it may not ask India by, and is told what to use instead.
func TestAWayThatThePairDoesNotHaveIsRefusedWhoeverAsks(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	us := nodetest.Start(t, "us", nil)
	nodetest.SignJpUs(t, jp, us)
	q := ask()
	q.Kind, q.Way = law.Preservation, "budapest-preservation"
	for _, n := range []*nodetest.Node{in, jp} {
		_, err := n.Requests.Send(t.Context(), n.Live, n.Operator(), store.AllLabels, q)
		if !fault.Is(err, fault.Denied) {
			t.Fatalf("%s asks by it: %v", n.Side, err)
		}
		for _, want := range []string{"Republic of India is not a party to it", "letters rogatory", "Diplomatic channel"} {
			if !strings.Contains(fault.Message(err), want) {
				t.Errorf("%s: %q does not say %q", n.Side, fault.Message(err), want)
			}
		}
	}
	q.Agreement = nodetest.JpUs
	id := send(t, jp, q)
	if d := until(t, us, id, law.Delivered); d.Asks.Way != "budapest-preservation" {
		t.Errorf("%+v", d.Asks)
	}
	ways, err := jp.Requests.Ways(t.Context(), jp.Live, jp.Operator(), law.Preservation)
	if err != nil || len(ways) != 2 {
		t.Fatalf("%d agreements, %v", len(ways), err)
	}
	for _, w := range ways {
		for _, o := range w.Options {
			if o.ID == "budapest-preservation" && o.Offered != (w.Agreement == nodetest.JpUs) {
				t.Errorf("%s: offered %v", w.Agreement, o.Offered)
			}
		}
	}
}

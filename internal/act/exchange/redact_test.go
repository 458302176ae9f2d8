package exchange_test

import (
	"bytes"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// What a member contributed: who it is, what it saw, where, and an indicator
// it made of that. Everything that says who it is says Acme.
const (
	acme      = `{"type":"identity","spec_version":"2.1","id":"identity--00000000-0000-4000-8000-0000000000a1","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","name":"Acme Power","identity_class":"organization"}`
	theirs    = `{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-0000000000a2","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[ipv4-addr:value = '198.51.100.7']","created_by_ref":"identity--00000000-0000-4000-8000-0000000000a1","x_twoseas_contributor":"Acme Power","name":"beacon","extensions":{"extension-definition--0f7c9b0e-6a4d-4f0c-8e0a-5b1d3c2e7a96":{"extension_type":"property-extension","attribute":{"uuid":"00000000-0000-4000-8000-0000000000a2","comment":"seen at Acme Power"}}}}`
	malware   = `{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-0000000000a3","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","is_family":false,"name":"dropper","created_by_ref":"identity--00000000-0000-4000-8000-0000000000a1"}`
	indicates = `{"type":"relationship","spec_version":"2.1","id":"relationship--00000000-0000-4000-8000-0000000000a4","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","relationship_type":"indicates","source_ref":"indicator--00000000-0000-4000-8000-0000000000a2","target_ref":"malware--00000000-0000-4000-8000-0000000000a3","created_by_ref":"identity--00000000-0000-4000-8000-0000000000a1"}`
	targets   = `{"type":"relationship","spec_version":"2.1","id":"relationship--00000000-0000-4000-8000-0000000000a6","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","relationship_type":"targets","source_ref":"malware--00000000-0000-4000-8000-0000000000a3","target_ref":"identity--00000000-0000-4000-8000-0000000000a1"}`
	seen      = `{"type":"sighting","spec_version":"2.1","id":"sighting--00000000-0000-4000-8000-0000000000a5","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","sighting_of_ref":"indicator--00000000-0000-4000-8000-0000000000a2","where_sighted_refs":["identity--00000000-0000-4000-8000-0000000000a1"],"x_twoseas_victim":"Acme Power"}`
)

func TestWhatAMemberContributedCrossesWithoutTheMember(t *testing.T) {
	for name, batches := range map[string][]string{
		"in one go":                        {acme, theirs, malware, indicates, targets, seen},
		"what refers before what it is of": {seen, targets, indicates, malware, theirs, acme},
	} {
		t.Run(name, func(t *testing.T) {
			in, jp := pair(t, nil)
			contribute(t, in, name == "in one go", batches...)
			deliver(t, in, jp)
			dump := string(dumped(t, jp))
			for _, word := range []string{"Acme", "0000000000a", "x_twoseas", "where_sighted_refs"} {
				if i := strings.Index(dump, word); i >= 0 {
					t.Errorf("%q is in the store of the receiver: …%q…", word, dump[max(0, i-200):min(len(dump), i+60)])
				}
			}
			got := received(t, jp)
			if len(got) != 5 {
				t.Errorf("%d objects crossed: all but the member's identity should", len(got))
			}
			if got["indicator"]["name"] != "beacon" || got["malware"]["name"] != "dropper" {
				t.Errorf("the substance is gone: %v", got)
			}
			if got["sighting"]["sighting_of_ref"] != got["indicator"]["id"] {
				t.Error("the sighting does not follow the indicator")
			}
			if r := got["relationship indicates"]; r["source_ref"] != got["indicator"]["id"] || r["target_ref"] != got["malware"]["id"] {
				t.Errorf("the relationship does not follow: %v", r)
			}
			for kind, o := range got {
				if o["created_by_ref"] != nil {
					t.Errorf("%s says who made it", kind)
				}
			}
			settled(t, in, jp)
			nodetest.Crossed(t, in.Node, jp.Node, 0)
		})
	}
}

// A redacted object is one of the node's own: taking the same in again, or a
// newer version of it, makes no second one and keeps its id.
func TestARedactedObjectKeepsItsIDOverVersions(t *testing.T) {
	in, jp := pair(t, nil)
	contribute(t, in, true, theirs)
	contribute(t, in, true, theirs)
	deliver(t, in, jp)
	first := received(t, jp)["indicator"]
	contribute(t, in, true, strings.Replace(theirs, `"modified":"2026-01-01`, `"modified":"2026-02-01`, 1))
	deliver(t, in, jp)
	second := received(t, jp)["indicator"]
	if first["id"] != second["id"] || first["modified"] == second["modified"] {
		t.Errorf("first %v, then %v", first, second)
	}
	if n := nodetest.Crossed(t, in.Node, jp.Node, 0); n != 2 {
		t.Errorf("%d versions crossed", n)
	}
	settled(t, in, jp)
}

// An amber contribution is redacted first, and the officer sees and approves
// the redacted bytes.
func TestAnOfficerApprovesTheRedactedBytes(t *testing.T) {
	in, jp := pair(t, nil)
	take1(t, in, intake.Source{DefaultTLP: marking.Amber, Contributor: marking.Member}, theirs)
	waiting, err := in.Releases.Waiting(t.Context(), in.Live, officer("o"), inJP, 0, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d wait: %v", len(waiting), err)
	}
	if p := waiting[0]; bytes.Contains(p.Object.Body, []byte("Acme")) || p.Object.ID == "indicator--00000000-0000-4000-8000-0000000000a2" {
		t.Errorf("the officer is shown %s", p.Object.Body)
	}
	if d := deliver(t, in, jp); d.Shipments != 0 {
		t.Errorf("it left before it was approved: %+v", d)
	}
	approveAll(t, in, "o")
	if d := deliver(t, in, jp); d.Applied != 1 {
		t.Errorf("%+v", d)
	}
	if got := received(t, jp)["indicator"]; !bytes.Contains(mustJSON(t, got), []byte("beacon")) {
		t.Errorf("received %v", got)
	}
	settled(t, in, jp)
}

func contribute(t *testing.T, n *nodetest.Node, together bool, objects ...string) {
	t.Helper()
	src := intake.Source{DefaultTLP: marking.Green, Contributor: marking.Member}
	if together {
		take1(t, n, src, objects...)
		return
	}
	for _, o := range objects {
		take1(t, n, src, o)
	}
}

func take1(t *testing.T, n *nodetest.Node, src intake.Source, objects ...string) {
	t.Helper()
	var raws [][]byte
	for _, o := range objects {
		raws = append(raws, []byte(o))
	}
	rep, err := n.Intake.Objects(t.Context(), n.Live, src, raws)
	if err != nil || rep.Refused > 0 {
		t.Fatalf("%+v, %v", rep, err)
	}
}

// received returns the newest version of what came in, by type, and for
// relationships by what they say.
func received(t *testing.T, n *nodetest.Node) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	for _, o := range receivedObjects(t, n) {
		props, err := canon.Decode(o.Body)
		if err != nil {
			t.Fatal(err)
		}
		name := o.Type
		if r, ok := props["relationship_type"].(string); ok {
			name += " " + r
		}
		out[name] = props
	}
	return out
}

func receivedObjects(t *testing.T, n *nodetest.Node) (out []store.Object) {
	t.Helper()
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			out = append(out, o)
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := canon.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

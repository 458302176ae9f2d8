package exchange_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/intake"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// canary is in everything that says who a member is: no trace of it, in any
// case, nor of the ids of what it is in, is at the partner afterwards.
const canary = "Kanaria Grid"

const (
	who     = "identity--c0ffee00-0000-4000-8000-0000000000b1"
	what    = "indicator--c0ffee00-0000-4000-8000-0000000000b2"
	seenAs  = "sighting--c0ffee00-0000-4000-8000-0000000000b3"
	secrets = "Kanaria|kanaria|KANARIA|c0ffee00|x_twoseas_victim|x_twoseas_contributor|where_sighted_refs"
)

// contributed is what a member contributes: its name nested, in extensions, in
// external references, in labels, in names of members, in granular markings.
var contributed = []string{
	`{"type":"identity","spec_version":"2.1","id":"` + who + `","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","name":"` + canary + `","identity_class":"organization","contact_information":"+91 KANARIA DESK"}`,
	`{"type":"indicator","spec_version":"2.1","id":"` + what + `","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[ipv4-addr:value = '45.7.8.9']","created_by_ref":"` + who + `",
	"name":"beacon at kanaria grid","description":"seen by KANARIA GRID, see ` + what + ` and c0ffee00-0000-4000-8000-0000000000b1","labels":["from kanaria grid","kept"],"confidence":70,
	"x_twoseas_contributor":{"name":"Kanaria Grid","desk":["Kanaria desk one"]},"x_twoseas_victim":"Kanaria Grid",
	"x_deep":{"inner":{"x_twoseas_victim":"Kanaria Substation 7","note":"kanaria substation 7 fell","kept":"yes indeed"}},
	"x_named":{"kanaria grid":1,"other":2},
	"external_references":[{"source_name":"Kanaria Grid CSIRT","description":"ticket of Kanaria Grid","external_id":"c0ffee00-0000-4000-8000-0000000000b2"},{"source_name":"kept source","description":"fine"}],
	"granular_markings":[{"marking_ref":"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da","selectors":["x_twoseas_victim"]},{"marking_ref":"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da","selectors":["name","x_deep.inner.x_twoseas_victim"]}],
	"extensions":{"extension-definition--0f7c9b0e-6a4d-4f0c-8e0a-5b1d3c2e7a97":{"extension_type":"property-extension","x_twoseas_victim_ref":"` + who + `","said":"by Kanaria Grid"}}}`,
	`{"type":"sighting","spec_version":"2.1","id":"` + seenAs + `","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","sighting_of_ref":"` + what + `","where_sighted_refs":["` + who + `"],"description":"on the wire of Kanaria Grid"}`,
}

// named says it where it cannot be blacked out: it stays.
const named = `{"type":"indicator","spec_version":"2.1","id":"indicator--c0ffee00-0000-4000-8000-0000000000b9","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'kanaria.example']","x_twoseas_victim":"kanaria.example"}`

// ours is what this side writes of it in its own name, under a marking that
// lets everything go: a report, a relationship, and a note on the relationship.
var ours = []string{
	`{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-0000000000c1","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","is_family":false,"name":"dropper"}`,
	`{"type":"relationship","spec_version":"2.1","id":"relationship--c0ffee00-0000-4000-8000-0000000000c2","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","relationship_type":"indicates","description":"told by Kanaria Grid","source_ref":"` + what + `","target_ref":"malware--00000000-0000-4000-8000-0000000000c1"}`,
	`{"type":"report","spec_version":"2.1","id":"report--c0ffee00-0000-4000-8000-0000000000c3","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","name":"of the week","report_types":["threat-report"],"object_refs":["` + what + `","relationship--c0ffee00-0000-4000-8000-0000000000c2","malware--00000000-0000-4000-8000-0000000000c1"]}`,
}

// A wire keeps everything that goes over it, both ways.
type wire struct{ bytes.Buffer }

func (w *wire) keep(t *testing.T, p exchange.Parcel) exchange.Parcel {
	t.Helper()
	w.Write(p.Note)
	w.Write(plain(t, p.Body))
	return p
}

func plain(t *testing.T, body []byte) []byte {
	t.Helper()
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	out, err := d.DecodeAll(body, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNoCanaryIsOnTheWireOrOnThePartnersDisk(t *testing.T) {
	in, jp := pair(t, nil)
	contribute(t, in, true, append([]string{named}, contributed...)...)
	take1(t, in, intake.Source{DefaultTLP: marking.Green}, ours...)
	var w wire
	carry(t, in, jp, &w)
	clean(t, "the wire", w.Bytes())
	scan(t, jp)
	got := received(t, jp)
	if len(got) != 5 {
		t.Errorf("%d kinds of objects crossed, want 5: %v", len(got), got)
	}
	ind := string(mustJSON(t, got["indicator"]))
	for _, kept := range []string{"45.7.8.9", "yes indeed", "kept source", `"kept"`, "beacon at █████"} {
		if !strings.Contains(ind, kept) {
			t.Errorf("the substance is gone: no %q in %s", kept, ind)
		}
	}
	id := got["indicator"]["id"]
	if r := got["relationship indicates"]; r["source_ref"] != id {
		t.Errorf("the relationship does not follow: %v", r)
	}
	refs, ok := got["report"]["object_refs"].([]any)
	if !ok || len(refs) != 3 || refs[0] != id || refs[1] != got["relationship indicates"]["id"] {
		t.Errorf("the report does not follow: %v", got["report"])
	}
	settled(t, in, jp)
	nodetest.Crossed(t, in.Node, jp.Node, 0)
	contribute(t, in, true, strings.ReplaceAll(contributed[1], `"modified":"2026-01-01`, `"modified":"2026-02-01`))
	take1(t, in, intake.Source{DefaultTLP: marking.Green}, strings.ReplaceAll(ours[1], `"modified":"2026-01-01`, `"modified":"2026-02-01`))
	carry(t, in, jp, &w)
	clean(t, "the wire, with newer versions,", w.Bytes())
	if again := received(t, jp)["relationship indicates"]; again["id"] != got["relationship indicates"]["id"] || again["modified"] == got["relationship indicates"]["modified"] {
		t.Errorf("the newer relationship is another: %v", again)
	}
}

func carry(t *testing.T, from, to *nodetest.Node, w *wire) {
	t.Helper()
	l := loop{to: to, parcel: func(p exchange.Parcel) exchange.Parcel { return w.keep(t, p) }, receipt: func(msg []byte) []byte {
		w.Write(msg)
		return msg
	}}
	if _, err := from.Exchange.Deliver(t.Context(), from.Live, inJP, l, nil); err != nil {
		t.Fatal(err)
	}
}

// clean fails when a canary is in raw, in any case.
func clean(t *testing.T, where string, raw []byte) {
	t.Helper()
	for word := range strings.SplitSeq(secrets, "|") {
		if i := bytes.Index(raw, []byte(word)); i >= 0 {
			t.Errorf("%s: %q in …%q…", where, word, raw[max(0, i-160):min(len(raw), i+60)])
		}
	}
}

// scan looks at everything a node has on its disk: each file as it is, all rows
// of its store, and what of it is compressed.
func scan(t *testing.T, n *nodetest.Node) {
	t.Helper()
	clean(t, "rows of the store", dumped(t, n))
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		ch, err := tx.Channel(inJP)
		if err != nil {
			return err
		}
		return tx.Shipments(ch.ID, store.In, 1, 1000, func(s store.Shipment) error {
			clean(t, "a shipment", append(s.Receipt, s.Note...))
			if len(s.Body) > 0 {
				clean(t, "the body of a shipment", plain(t, s.Body))
			}
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	files := 0
	if err := filepath.WalkDir(n.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		files++
		clean(t, filepath.Base(path), raw)
		return err
	}); err != nil || files == 0 {
		t.Fatalf("%d files: %v", files, err)
	}
}

package agreement_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// Everything in the real threat data goes, once the importer says that what
// is not marked is TLP:CLEAR.
func TestRealThreatDataIsReleasedUnderTheReference(t *testing.T) {
	table := reference(t).Table()
	ctx := gate.Context{From: "in", To: "jp", Domain: ident.Live}
	for _, file := range []string{"stix/attack-enterprise.json", "stix/attack-ics.json", "stix/pegasus.stix2.json"} {
		var bundle struct {
			Objects []object `json:"objects"`
		}
		read(t, file, &bundle)
		terms := map[string]marking.Terms{}
		for _, o := range bundle.Objects {
			if o.Type == "marking-definition" {
				terms[o.ID] = marking.Definition(map[string]any{"id": o.ID, "definition_type": o.DefinitionType, "definition": o.Definition})
			}
		}
		kinds := map[string]int{}
		for _, o := range bundle.Objects {
			l := marking.MakeLabel(termsOf(o, terms), marking.Facts{Kind: marking.KindOf(o.Type), Origin: "in", DefaultTLP: marking.Clear})
			if d := gate.Decide(l, table, ctx); d.Outcome != gate.Release {
				t.Fatalf("%s: %s", o.ID, d.Sentence)
			}
			if d := gate.Accept(l, table, ctx); d.Outcome != gate.Release {
				t.Fatalf("%s at the other side: %s", o.ID, d.Sentence)
			}
			kinds[l.Kind]++
		}
		if kinds[marking.Threat] == 0 || (strings.Contains(file, "attack") && (kinds[marking.Practice] == 0 || kinds[marking.Reference] == 0)) {
			t.Errorf("%s: kinds %v", file, kinds)
		}
	}
}

// object is what a label needs of a STIX object.
type object struct {
	ID             string   `json:"id"`
	Type           string   `json:"type"`
	Refs           []string `json:"object_marking_refs"`
	DefinitionType string   `json:"definition_type"`
	Definition     any      `json:"definition"`
}

func termsOf(o object, known map[string]marking.Terms) marking.Terms {
	var out marking.Terms
	for _, id := range o.Refs {
		t, ok := known[id]
		if !ok {
			t = marking.Unresolved(id)
		}
		out = marking.Combine(out, t)
	}
	return out
}

// referenceLabel draws labels of the reference's vocabulary.
func referenceLabel() *rapid.Generator[marking.Label] {
	return rapid.Custom(func(t *rapid.T) marking.Label {
		return marking.Label{
			Kind:        rapid.SampledFrom(marking.Kinds()).Draw(t, "kind"),
			Origin:      rapid.SampledFrom([]ident.Side{"in", "jp", "other"}).Draw(t, "origin"),
			Contributor: rapid.SampledFrom([]string{"", "member"}).Draw(t, "contributor"),
			Terms: marking.Terms{
				TLP:            rapid.SampledFrom(marking.TLPs()).Draw(t, "tlp"),
				PAP:            marking.PAP(rapid.IntRange(0, 4).Draw(t, "pap")),
				Classification: rapid.SampledFrom([]string{"", "", "IN-R"}).Draw(t, "class"),
				Caveats:        rapid.SliceOfN(rapid.SampledFrom(marking.CaveatCodes()), 0, 1).Draw(t, "caveat"),
			},
		}
	})
}

func TestTighteningALabelNeverOpensTheReference(t *testing.T) {
	table := reference(t).Table()
	ctx := gate.Context{From: "in", To: "jp", Domain: ident.Live, Now: day("2026-11-22")}
	rapid.Check(t, func(t *rapid.T) {
		l := referenceLabel().Draw(t, "label")
		more := rapid.SampledFrom([]marking.Terms{
			{TLP: marking.Green},
			{TLP: marking.Amber},
			{TLP: marking.AmberStrict},
			{TLP: marking.Red},
			{PAP: marking.PAPRed},
			{Classification: "IN-S"},
			{Caveats: []string{"NOFORN"}},
			{Caveats: []string{"RELIDO"}},
			{Caveats: []string{"CHR"}},
			{Caveats: []string{"ORCON"}},
			{ReleasableTo: []string{"jpn"}},
			{ReleasableTo: []string{"gbr"}},
			{ReleasableTo: []string{}},
			{Exercise: true},
			{Expires: day("2026-11-22").Add(-time.Second)},
			{NotBefore: day("2026-11-22").Add(time.Second)},
			{Areas: []string{"in-jp-2022 1(6)"}},
			{Areas: []string{"in-jp-2022 "}},
			{Areas: []string{"jp-us-2013 1(1)"}},
			{Areas: []string{}},
			{Unknown: []string{"x"}},
		}).Draw(t, "more")
		if slices.Contains(l.Caveats, "LIMDIS") && len(more.ReleasableTo) > 0 {
			return // a limited distribution names its recipients: to name them tightens nothing
		}
		tight := l
		tight.Terms = marking.Combine(l.Terms, more)
		before, after := gate.Decide(l, table, ctx), gate.Decide(tight, table, ctx)
		if !after.Within(before) {
			t.Fatalf("%+v opens %q to %q", more, before.Sentence, after.Sentence)
		}
	})
}

func TestSentencesOfTheReference(t *testing.T) {
	table := reference(t).Table()
	ctx := gate.Context{From: "jp", To: "in", Domain: ident.Live}
	for want, l := range map[string]marking.Label{
		"Released by rule open, clause 1(1).":               {Kind: "threat", Origin: "jp", Terms: marking.Terms{TLP: marking.Clear}},
		"Held by rule red, clause 1(1): needs 2 approvals.": {Kind: "incident", Origin: "jp", Terms: marking.Terms{TLP: marking.Red}},
		"Denied by rule third-party, clause 1(1): needs the originator's consent. Ask for it. Also: no consent of its originators is on record.": {Kind: "threat", Origin: "other", Terms: marking.Terms{TLP: marking.Clear}},
		"Denied: it is theirs.":          {Kind: "threat", Origin: "in", Terms: marking.Terms{TLP: marking.Clear}},
		"Denied: it has no TLP marking.": {Kind: "threat", Origin: "jp"},
		"Released by rule industry, clause 1(7). Before it goes, who contributed it and who was affected is taken out.":                                                                            {Kind: "threat", Origin: "jp", Contributor: "member", Terms: marking.Terms{TLP: marking.Green}},
		"Denied by rule third-party, clause 1(1): needs the originator's consent. Ask for it. Also: exercise material never goes by the live channel; no consent of its originators is on record.": {Kind: "threat", Origin: "other", Terms: marking.Terms{TLP: marking.Clear, Exercise: true}},
	} {
		if d := gate.Decide(l, table, ctx); d.Sentence != want {
			t.Errorf("got  %s\nwant %s", d.Sentence, want)
		}
	}
}

func BenchmarkDecideUnderTheReference(b *testing.B) {
	table := reference(b).Table()
	ctx := gate.Context{From: "in", To: "jp", Domain: ident.Live}
	l := marking.Label{Kind: "threat", Origin: "in", Terms: marking.Terms{TLP: marking.Clear}}
	b.ReportAllocs()
	for b.Loop() {
		gate.Decide(l, table, ctx)
	}
}

func BenchmarkParse(b *testing.B) {
	src := agreement.Reference()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := agreement.Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}

// TestResults reads the reference's tests as a page shows them.
func TestResults(t *testing.T) {
	d, err := agreement.Parse(agreement.Reference())
	if err != nil {
		t.Fatal(err)
	}
	list := d.Results()
	if len(list) != 2*len(d.Tests) {
		t.Errorf("%d results of %d tests in two directions", len(list), len(d.Tests))
	}
	for _, r := range list {
		if !r.Met || r.Decision.Sentence == "" {
			t.Errorf("%s from %s: %+v", r.Test.Name, r.From, r)
		}
	}
	broken := *d
	broken.Rules = nil
	met := 0
	for _, r := range broken.Results() {
		if r.Met {
			met++
		}
	}
	if met == len(list) {
		t.Error("without rules every test is met")
	}
}

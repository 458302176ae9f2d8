package marking_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
)

func TestParseTLP(t *testing.T) {
	for in, want := range map[string]marking.TLP{
		"TLP:RED": marking.Red, "red": marking.Red, " tlp: Amber ": marking.Amber,
		"TLP:AMBER+STRICT": marking.AmberStrict, "amber+strict": marking.AmberStrict,
		"white": marking.Clear, "TLP:WHITE": marking.Clear, "tlp:clear": marking.Clear, "Green": marking.Green,
	} {
		got, err := marking.ParseTLP(in)
		if err != nil || got != want {
			t.Errorf("ParseTLP(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "none", "TLP:", "TLP:AMBR", "amber strict", "ambеr", "tlp:tlp:red", "red "[:3] + "d", "PAP:RED"} {
		if got, err := marking.ParseTLP(in); !fault.Is(err, fault.Invalid) || got != marking.NoTLP {
			t.Errorf("ParseTLP(%q) = %v, %v; want an error", in, got, err)
		}
	}
}

func TestTLPLevelsAreOrderedAndNamed(t *testing.T) {
	for i, l := range marking.TLPs() {
		back, err := marking.ParseTLP(l.String())
		if err != nil || back != l {
			t.Errorf("%v does not parse back: %v", l, err)
		}
		if terms, ok := marking.WellKnown(l.DefinitionID()); !ok || terms.TLP != l {
			t.Errorf("%v: its own definition reads as %v", l, terms.TLP)
		}
		if i > 0 && marking.TLPs()[i-1] >= l {
			t.Errorf("%v is not stricter than the one before", l)
		}
	}
	if marking.AmberStrict.String() != "TLP:AMBER+STRICT" {
		t.Errorf("got %s", marking.AmberStrict)
	}
	beyond := marking.TLP(99)
	if marking.NoTLP.DefinitionID() != "" || beyond.DefinitionID() != "" || beyond.Name() != "unknown" {
		t.Error("a level that does not exist has a name or an id")
	}
}

// The facts file is the reference for ranks, ids and levels.
func TestTablesAgreeWithTheFacts(t *testing.T) {
	var facts struct {
		TLP struct {
			Labels []struct {
				Label   string `json:"label"`
				Rank    int    `json:"rank"`
				STIXID  string `json:"stix21_id"`
				Summary string `json:"summary"`
			} `json:"labels"`
			Extension string `json:"stix_extension"`
		} `json:"tlp"`
		PAP struct {
			Labels []struct {
				Label string `json:"label"`
				Rank  int    `json:"rank"`
			} `json:"labels"`
		} `json:"pap"`
		Caveats []struct {
			Code  string `json:"code"`
			Short string `json:"short"`
		} `json:"caveats"`
	}
	read(t, "domain/sharing_markings.json", &facts)
	for _, f := range facts.TLP.Labels {
		l, err := marking.ParseTLP(f.Label)
		if err != nil || int(l)-1 != f.Rank || l.DefinitionID() != f.STIXID {
			t.Errorf("%s: rank %d id %s, %v", f.Label, int(l)-1, l.DefinitionID(), err)
		}
	}
	for _, f := range facts.PAP.Labels {
		l, err := marking.ParsePAP(f.Label)
		if err != nil || int(l)-1 != f.Rank {
			t.Errorf("%s: rank %d, %v", f.Label, int(l)-1, err)
		}
	}
	if facts.TLP.Extension != marking.TLPExtension || len(facts.TLP.Labels) != 5 || len(facts.Caveats) != 12 {
		t.Error("the facts changed")
	}
	for _, f := range facts.Caveats {
		for _, name := range []string{f.Code, f.Short} {
			if name == "REL TO" || name == "REL" {
				continue // a list follows
			}
			got := marking.Definition(statement(name))
			if len(got.Unknown) > 0 || (len(got.Caveats) != 1 && !got.Exercise) {
				t.Errorf("caveat %s reads as %+v", name, got)
			}
		}
	}
}

func TestLevelsAgreeWithTheFacts(t *testing.T) {
	var facts struct {
		Schemes []struct {
			ID     string `json:"id"`
			Levels []struct {
				Code string `json:"code"`
				Rank int    `json:"rank"`
			} `json:"levels"`
		} `json:"schemes"`
	}
	read(t, "domain/classification.json", &facts)
	n := 0
	for _, s := range facts.Schemes {
		for _, l := range s.Levels {
			got, ok := marking.LevelOf(l.Code)
			if !ok || got.Rank != l.Rank || got.Scheme != s.ID {
				t.Errorf("%s: %+v", l.Code, got)
			}
			n++
		}
	}
	if n < 20 {
		t.Errorf("only %d levels", n)
	}
}

func TestWithinLevel(t *testing.T) {
	for _, c := range []struct {
		name, level, ceiling string
		want                 bool
	}{
		{"nothing is within no ceiling", "", "", true},
		{"unclassified is within no ceiling", "IN-U", "", true},
		{"restricted is not within no ceiling", "IN-R", "", false},
		{"the ceiling itself is within", "IN-C", "IN-C", true},
		{"above the ceiling is not", "IN-S", "IN-C", false},
		{"ranks of another scheme do not compare", "JP-MDA-H", "IN-TS", false},
		{"each scheme needs its ceiling", "IN-C+JP-CESI", "IN-C", false},
		{"two ceilings cover two schemes", "IN-C+JP-CESI", "IN-C+JP-CESI", true},
		{"an unknown level is within nothing", "XX-1", "IN-TS", false},
		{"an unknown ceiling covers nothing", "", "XX-1", false},
	} {
		if got := marking.WithinLevel(c.level, c.ceiling); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

func statement(text string) map[string]any {
	return map[string]any{"definition_type": "statement", "definition": map[string]any{"statement": text}}
}

func tagged(typ, value string) map[string]any {
	return map[string]any{"definition_type": typ, "definition": map[string]any{strings.ToLower(typ): value}}
}

func extended(id string, body map[string]any) map[string]any {
	return map[string]any{"extensions": map[string]any{id: body}}
}

func TestDefinition(t *testing.T) {
	end := time.Date(2022, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		props map[string]any
		want  marking.Terms
	}{
		{"a copyright statement says nothing", statement("Copyright 2015-2025, see https://example.org"), marking.Terms{}},
		{"TLP 2.0 in its extension", extended(marking.TLPExtension, map[string]any{"extension_type": "property-extension", "tlp_2_0": "amber+strict"}), marking.Terms{TLP: marking.AmberStrict}},
		{"TLP 2.0 with definition_type beside it", map[string]any{"definition_type": "TLP:CLEAR", "extensions": map[string]any{marking.TLPExtension: map[string]any{"tlp_2_0": "clear"}}}, marking.Terms{TLP: marking.Clear}},
		{"TLP 1", tagged("tlp", "white"), marking.Terms{TLP: marking.Clear}},
		{"TLP 1 with the protocol's name", tagged("TLP", "TLP:AMBER"), marking.Terms{TLP: marking.Amber}},
		{"PAP as a type of its own", tagged("PAP", "PAP:RED"), marking.Terms{PAP: marking.PAPRed}},
		{"PAP in a statement", statement("PAP:AMBER"), marking.Terms{PAP: marking.PAPAmber}},
		{"PAP in its extension", extended(marking.PAPExtension, map[string]any{"pap": "green"}), marking.Terms{PAP: marking.PAPGreen}},
		{"a level beside a custom statement", map[string]any{"definition_type": "statement", "definition": map[string]any{"statement": "custom"}, "x_opencti_definition_type": "TLP", "x_opencti_definition": "TLP:AMBER+STRICT"}, marking.Terms{TLP: marking.AmberStrict}},
		{"IEP is read for TLP and expiry", extended(marking.IEPExtension, map[string]any{"tlp": "red", "end_date": "2022-11-01T00:00:00Z", "permitted_actions": "none"}), marking.Terms{TLP: marking.Red, Expires: end}},
		{"a level inside a sentence", statement("This report is TLP:GREEN, and PAP:CLEAR."), marking.Terms{TLP: marking.Green, PAP: marking.PAPClear}},
		{"the strictest of two levels", statement("TLP:GREEN until Monday, TLP:AMBER before"), marking.Terms{TLP: marking.Amber}},
		{"strict with spaces", statement("TLP:AMBER + STRICT"), marking.Terms{TLP: marking.AmberStrict}},
		{"strict without plus", statement("tlp amber-strict"), marking.Terms{TLP: marking.AmberStrict}},
		{"level without a colon", statement("TLP AMBER"), marking.Terms{TLP: marking.Amber}},
		{"level of a named version", statement("TLP 2.0: RED"), marking.Terms{TLP: marking.Red}},
		{"full-width letters", statement("ＴＬＰ：ＲＥＤ"), marking.Terms{TLP: marking.Red}},
		{"the Chatham House tag", statement("tlp:ex:chr"), marking.Terms{Caveats: []string{"CHR"}}},
		{"a caveat in a statement", statement("noforn"), marking.Terms{Caveats: []string{"NOFORN"}}},
		{"a releasable-to list", statement("REL TO IND, JPN"), marking.Terms{ReleasableTo: []string{"ind", "jpn"}}},
		{"one nation's eyes", statement("UK EYES ONLY"), marking.Terms{Caveats: []string{"UK EYES ONLY"}, ReleasableTo: []string{"gb"}}},
		{"an exercise mark", statement("EXERCISE"), marking.Terms{Exercise: true}},
		{"a banner by code", statement("IN-C//ORCON//REL TO JP"), marking.Terms{Classification: "IN-C", Caveats: []string{"ORCON"}, ReleasableTo: []string{"jp"}}},
		{"unclassified is no classification", statement("UNCLASSIFIED"), marking.Terms{}},
		{"the name counts", map[string]any{"name": "TLP:RED", "definition_type": "statement", "definition": map[string]any{"statement": "x"}}, marking.Terms{TLP: marking.Red}},
		{"a well-known id needs no body", map[string]any{"id": marking.Green.DefinitionID()}, marking.Terms{TLP: marking.Green}},
		{"a body cannot open a well-known id", map[string]any{"id": marking.Red.DefinitionID(), "definition_type": "tlp", "definition": map[string]any{"tlp": "green"}}, marking.Terms{TLP: marking.Red}},
		{"our own extension", extended(marking.HandlingExtension, map[string]any{
			"extension_type": "property-extension", "tlp": "amber", "pap": "red", "classification": "in-r",
			"caveats": []any{"ORCON", "PROPIN"}, "releasable_to": []any{"jp", "IN"}, "expires": "2022-11-01T09:00:00+09:00", "exercise": true,
		}), marking.Terms{TLP: marking.Amber, PAP: marking.PAPRed, Classification: "IN-R", Caveats: []string{"ORCON", "PROPIN"}, ReleasableTo: []string{"in", "jp"}, Expires: end, Exercise: true}},
		{"an empty releasable-to list is nobody", extended(marking.HandlingExtension, map[string]any{"releasable_to": []any{}}), marking.Terms{ReleasableTo: []string{}}},
		{"a platform's own extension says nothing", map[string]any{"definition_type": "TLP", "definition": map[string]any{"tlp": "red"}, "extensions": map[string]any{"extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba": map[string]any{"id": "x"}}}, marking.Terms{TLP: marking.Red}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, marking.Definition(c.props)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsMisspeltOrUnknownIsKeptAsUnknown(t *testing.T) {
	for name, props := range map[string]map[string]any{
		"a misspelt colour":             statement("TLP:AMBR"),
		"a misspelt strict":             statement("TLP:AMBER+STRCT"),
		"a plus without strict":         statement("TLP:AMBER+"),
		"a level cut off":               statement("TLP:"),
		"a letter of another alphabet":  statement("TLP:АMBER"),
		"a misspelt protocol":           statement("TPL:RED"),
		"a misspelt PAP":                statement("PAP:ORANGE"),
		"strict of no amber":            statement("TLP:GREEN+STRICT"),
		"a level in the wrong protocol": tagged("pap", "amber+strict"),
		"a TLP 1 colour unknown":        tagged("tlp", "blue"),
		"a TLP that is a number":        {"definition_type": "tlp", "definition": map[string]any{"tlp": 3.0}},
		"a TLP without value":           {"definition_type": "tlp", "definition": map[string]any{}},
		"an unknown type":               tagged("acme", "top"),
		"an unknown extension":          extended("extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce", map[string]any{"tlp_2_0": "clear"}),
		"an extension that is a list":   {"extensions": map[string]any{marking.TLPExtension: []any{}}},
		"extensions that are a list":    {"extensions": []any{}},
		"an unknown TLP 2.0 value":      extended(marking.TLPExtension, map[string]any{"tlp_2_0": "white+"}),
		"a TLP extension without value": extended(marking.TLPExtension, map[string]any{"extension_type": "property-extension"}),
		"an IEP without TLP":            extended(marking.IEPExtension, map[string]any{"iep_version": 2.0}),
		"an IEP that ends never never":  extended(marking.IEPExtension, map[string]any{"tlp": "green", "end_date": "soon"}),
		"an unknown handling member":    extended(marking.HandlingExtension, map[string]any{"tlp": "clear", "eyes": "5"}),
		"an unknown handling caveat":    extended(marking.HandlingExtension, map[string]any{"caveats": []any{"NOFORM"}}),
		"caveats that are a text":       extended(marking.HandlingExtension, map[string]any{"caveats": "NOFORN"}),
		"an unknown classification":     extended(marking.HandlingExtension, map[string]any{"classification": "XX-9"}),
		"a classification by name only": statement("SECRET"),
		"a banner by name":              statement("Top Secret//NOFORN"),
		"a banner with unknown caveat":  statement("UNCLASSIFIED//FOUO"),
		"nothing at all":                {"id": "marking-definition--00000000-0000-4000-8000-000000000000"},
		"a name and nothing else":       {"name": "TLP:CLEAR"},
		"a definition without a type":   {"definition": map[string]any{"tlp": "clear"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := marking.Definition(props); len(got.Unknown) == 0 {
				t.Errorf("understood as %+v", got)
			}
		})
	}
}

func TestUnknownIsBounded(t *testing.T) {
	got := marking.Unresolved(strings.Repeat("x\xff", 1000))
	if len(got.Unknown) != 1 || len(got.Unknown[0]) > 200 || strings.ToValidUTF8(got.Unknown[0], "") != got.Unknown[0] {
		t.Errorf("got %q", got.Unknown)
	}
	for i := range 100 {
		got = marking.Combine(got, marking.Unresolved(string(rune('a'+i))))
	}
	if len(got.Unknown) != 16 {
		t.Errorf("kept %d", len(got.Unknown))
	}
}

// No real marking-definition may come out unknown.
func TestRealDefinitionsAreUnderstood(t *testing.T) {
	seen := 0
	for _, file := range []string{"stix/attack-enterprise.json", "stix/attack-ics.json"} {
		var bundle struct {
			Objects []struct {
				ID             string         `json:"id"`
				Type           string         `json:"type"`
				DefinitionType string         `json:"definition_type"`
				Definition     map[string]any `json:"definition"`
			} `json:"objects"`
		}
		read(t, file, &bundle)
		for _, o := range bundle.Objects {
			if o.Type != "marking-definition" {
				continue
			}
			seen++
			props := map[string]any{"id": o.ID, "definition_type": o.DefinitionType, "definition": o.Definition}
			if diff := cmp.Diff(marking.Terms{}, marking.Definition(props), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: %s", o.ID, diff)
			}
		}
	}
	if seen == 0 {
		t.Error("no marking-definition in the data")
	}
}

func TestKindOf(t *testing.T) {
	for typ, want := range map[string]string{
		"indicator": marking.Threat, "relationship": marking.Threat, "ipv4-addr": marking.Threat, "x-mitre-tactic": marking.Threat,
		"course-of-action": marking.Practice, "incident": marking.Incident, "vulnerability": marking.Vulnerability,
		"identity": marking.Reference, "marking-definition": marking.Reference, "opinion": marking.Feedback, "sighting": marking.Feedback,
		"x-twoseas-contact": marking.Contact, "x-twoseas-contact-answer": marking.Contact, "x-twoseas-recall": marking.Control,
		"x-twoseas-coordination": marking.Coordination, "x-twoseas-coordination-step": marking.Coordination,
		"x-twoseas-request": marking.Request, "x-twoseas-request-step": marking.Request,
		"": "",
	} {
		if got := marking.KindOf(typ); got != want {
			t.Errorf("KindOf(%q) = %q, want %q", typ, got, want)
		}
	}
	if !slices.IsSorted(marking.Kinds()) || !marking.IsKind(marking.Threat) || marking.IsKind("") {
		t.Error("kinds are not what they should be")
	}
	for _, kind := range marking.Kinds() {
		if want := slices.Contains([]string{marking.Contact, marking.Control, marking.Coordination, marking.Request}, kind); marking.IsDesk(kind) != want {
			t.Errorf("IsDesk(%q): want %t", kind, want)
		}
	}
}

func FuzzDefinition(f *testing.F) {
	for _, s := range []string{"TLP:RED", "TLP:AMBER+", "IN-C//REL TO JP", "PAP:GREEN tlp:ex:chr", "ＴＬＰ：ＲＥＤ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain := marking.Definition(statement(s))
		more := marking.Definition(statement(s + " TLP:RED"))
		if more.TLP != marking.Red && len(more.Unknown) == 0 {
			t.Errorf("%q hides TLP:RED", s)
		}
		l := marking.MakeLabel(plain, marking.Facts{Kind: marking.Threat, Origin: "in"})
		if _, err := marking.ParseLabel(l.Canonical()); err != nil {
			t.Errorf("label of %q: %v", s, err)
		}
		if !canon.IsCanonical(l.Canonical()) {
			t.Errorf("label of %q: %s", s, l.Canonical())
		}
	})
}

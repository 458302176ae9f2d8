package agreement_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
)

const (
	keyIN = "in+8f2c61d4+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg="
	keyJP = "jp+51d0aa97+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg="
)

// read decodes a file of the shared data. Unknown members are of no interest.
func read(t *testing.T, name string, v any) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", filepath.FromSlash(name)))
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("SKIPPED: the shared data is not there: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := canon.Unmarshal(raw, v); err != nil {
		t.Fatal(err)
	}
}

func reference(t testing.TB) *agreement.Document {
	t.Helper()
	d, err := agreement.Parse(agreement.Reference())
	if err != nil {
		t.Fatal(err)
	}
	d, err = d.WithKeys(map[ident.Side]string{"in": keyIN, "jp": keyJP})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// small is the shortest agreement one could sign.
const small = `agreement: a-b
title: {en: "A and B"}
authoritative: en
sides:
  - {id: a, name: {en: "A"}, nodal: fa, codes: [aaa]}
  - {id: b, name: {en: "B"}, nodal: fb}
dates: {signed: 2024-01-31, place: X, operative: 2024-02-01, term: P2Y}
areas:
  - {ref: "1", title: {en: "sharing"}, kinds: threat}
ceilings: {classification: none, tlp: red}
rules:
  - {id: open, clause: "1", when: {kind: threat, tlp: clear, origin: own}, then: release}
tests:
  - {item: {kind: threat, tlp: clear}, expect: {release: true, rule: open}}
`

// parse parses small with replacements, old and new in turn.
func parse(t testing.TB, edits ...string) (*agreement.Document, error) {
	t.Helper()
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(small, edits[i]) {
			t.Fatalf("the small agreement has no %q", edits[i])
		}
	}
	return agreement.Parse([]byte(strings.NewReplacer(edits...).Replace(small)))
}

func must(t testing.TB, edits ...string) *agreement.Document {
	t.Helper()
	d, err := parse(t, edits...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheSmallestAgreementParses(t *testing.T) {
	d := must(t)
	if d.Version != 1 || d.ID() != "a-b" || d.SideIDs() != [2]ident.Side{"a", "b"} {
		t.Errorf("got %+v", d)
	}
	if other, err := d.OtherSide("b"); err != nil || other != "a" {
		t.Errorf("the other side of b is %q, %v", other, err)
	}
	if _, err := d.OtherSide("c"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the other side of c: %v", err)
	}
}

func TestHowItIsWrittenDoesNotChangeTheHash(t *testing.T) {
	want := must(t).Hash()
	for name, d := range map[string]*agreement.Document{
		"a list of one":   must(t, "kind: threat, tlp: clear, origin: own", "kind: [threat], tlp: [clear], origin: [own]"),
		"order of fields": must(t, "id: open, clause: \"1\"", "clause: '1', id: open"),
		"a comment":       must(t, "authoritative: en", "authoritative: en # English"),
		"version written": must(t, "authoritative: en", "version: 1\nauthoritative: en"),
	} {
		if d.Hash() != want {
			t.Errorf("%s changes the hash", name)
		}
	}
	if must(t, "place: X", "place: Y").Hash() == want {
		t.Error("another place has the same hash")
	}
}

func TestCanonicalBytesAreReadBack(t *testing.T) {
	for _, d := range []*agreement.Document{must(t), reference(t)} {
		raw, err := d.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		back, err := agreement.FromCanonical(raw)
		if err != nil || back.Hash() != d.Hash() || !canon.IsCanonical(raw) {
			t.Fatalf("%s: %v", d.Agreement, err)
		}
		spaced, _ := canon.Indent(raw)
		if _, err := agreement.FromCanonical(spaced); !fault.Is(err, fault.Invalid) {
			t.Errorf("another spelling: %v", err)
		}
		s := strings.Replace(string(raw), `"release":true`, `"deny":true`, 1)
		if _, err := agreement.FromCanonical([]byte(s)); err == nil || !strings.Contains(err.Error(), "expects deny by rule open") {
			t.Errorf("a failing test: %v", err)
		}
	}
	for _, raw := range []string{"", "{}", "null", "[]", `{"agreement":1}`, small} {
		if _, err := agreement.FromCanonical([]byte(raw)); err == nil {
			t.Errorf("%q is an agreement", raw)
		}
	}
}

var lineRE = regexp.MustCompile(`line \d+: `)

func TestWhatIsWrongIsSaidWithItsLine(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []string
		says  string
	}{
		{"an unknown field", []string{"then: release", "then: release, if: now"}, "line 12: rules[0].if: unknown field"},
		{"an unknown field at the top", []string{"authoritative: en", "authoritative: en\ncolour: red"}, "line 4: colour: unknown field"},
		{"an unknown condition", []string{"tlp: clear, origin", "tpl: clear, origin"}, "line 12: rules[0].when.tpl: unknown field"},
		{"an unknown TLP", []string{"tlp: clear, origin", "tlp: clean, origin"}, `line 12: rules[0].when.tlp[0]: "clean": want one of`},
		{"a TLP in capitals", []string{"tlp: clear, origin", "tlp: CLEAR, origin"}, "rules[0].when.tlp[0]"},
		{"an unknown kind", []string{"when: {kind: threat", "when: {kind: gossip"}, "rules[0].when.kind[0]"},
		{"an unknown origin", []string{"origin: own", "origin: mine"}, "rules[0].when.origin[0]"},
		{"an empty condition", []string{"origin: own", "origin: []"}, "rules[0].when.origin: an empty list would match nothing"},
		{"a condition twice", []string{"tlp: clear, origin", "tlp: [clear, clear], origin"}, "appears twice"},
		{"a word that is no effect", []string{"then: release", "then: maybe"}, "line 12: rules[0].then: \"maybe\""},
		{"two effects", []string{"then: release", "then: {approve: 1, deny: no}"}, "line 12: rules[0].then: want exactly one"},
		{"no effect", []string{"then: release", "then: {}"}, "rules[0].then: want exactly one"},
		{"an unknown effect", []string{"then: release", "then: {aprove: 1}"}, "line 12: rules[0].then: /aprove unknown field"},
		{"approval by nobody", []string{"then: release", "then: {approve: -1}"}, "rules[0].then.approve: want 1 to 9"},
		{"approval by a crowd", []string{"then: release", "then: {approve: 10}"}, "rules[0].then.approve: want 1 to 9"},
		{"an unknown redaction", []string{"then: release", "then: {redact: [all]}"}, "rules[0].then.redact[0]"},
		{"a denial without reason", []string{"then: release", "then: {deny: ''}"}, "rules[0].then: want exactly one"},
		{"a rule without clause", []string{"clause: \"1\"", "clause: ''"}, "rules[0].clause: a rule rests on a clause"},
		{"a rule without name", []string{"id: open", "id: ''"}, "rules[0]: has no name"},
		{"two rules of one name", []string{"tests:", "  - {id: open, clause: \"1\", when: {}, then: release}\ntests:"}, `line 13: rules[1]: "open" appears twice`},
		{"no rules", []string{"rules:\n  - {id: open, clause: \"1\", when: {kind: threat, tlp: clear, origin: own}, then: release}", "rules: []"}, "rules: without rules"},
		{"a key given twice", []string{"authoritative: en", "authoritative: en\nauthoritative: hi"}, `"authoritative" appears twice`},
		{"an anchor", []string{"title: {en", "title: &t {en"}, "line 2: title: anchors and aliases"},
		{"an alias", []string{"title: {en: \"A and B\"}", "title: *t"}, "unknown anchor"},
		{"a merge", []string{"dates: {signed", "dates: {<<: {x: 1}, signed"}, "must be a plain text"},
		{"a tag", []string{"place: X", "place: !!str X"}, "line 7: dates.place: tags are not allowed"},
		{"a binary", []string{"place: X", "place: !!binary aGk="}, "tags are not allowed"},
		{"a null", []string{"place: X", "place: ~"}, "line 7: dates.place: no value"},
		{"a number for a text", []string{"place: X", "place: 7"}, "line 7: dates.place: want a text"},
		{"a text for a number", []string{"authoritative: en", "version: one\nauthoritative: en"}, "line 3: version: want a whole number"},
		{"a fraction", []string{"authoritative: en", "version: 1.5\nauthoritative: en"}, "line 3: version: \"1.5\": put a text in quotes"},
		{"an octal", []string{"authoritative: en", "version: 010\nauthoritative: en"}, "put a text in quotes"},
		{"a list for a group", []string{"dates: {signed: 2024-01-31, place: X, operative: 2024-02-01, term: P2Y}", "dates: [1]"}, "line 7: dates: want a group of fields"},
		{"a second document", []string{"tests:", "---\ntests:"}, "a second document"},
		{"broken YAML", []string{"rules:", "rules: ]"}, "line 1"},
		{"an agreement without a name", []string{"agreement: a-b", "agreement: ''"}, "line 1: agreement:"},
		{"a name with capitals", []string{"agreement: a-b", "agreement: A-B"}, "line 1: agreement:"},
		{"no title in the authoritative language", []string{"authoritative: en", "authoritative: ja"}, "line 2: title: want a text in the authoritative language"},
		{"a language that is none", []string{"title: {en", "title: {english: x, en"}, "not the code of a language"},
		{"one side", []string{"  - {id: b, name: {en: \"B\"}, nodal: fb}\n", ""}, "line 4: sides: an agreement has two sides, not 1"},
		{"three sides", []string{"dates:", "  - {id: c, name: {en: C}, nodal: fc}\ndates:"}, "two sides, not 3"},
		{"a side twice", []string{"id: b", "id: a"}, "line 6: sides[1].id: both sides are called"},
		{"a side called other", []string{"id: b", "id: other"}, "sides[1].id"},
		{"a side without ministry", []string{"nodal: fb", "nodal: ''"}, "line 6: sides[1].nodal"},
		{"a ministry that is no agency", []string{"nodal: fb", "nodal: fb, agencies: [{id: x, name: {en: X}}]"}, "not among the side's agencies"},
		{"a code in capitals", []string{"codes: [aaa]", "codes: [AAA]"}, "sides[0].codes[0]"},
		{"a key of another side", []string{"nodal: fb", "nodal: fb, key: " + strings.Replace(keyJP, "jp", "a", 1)}, "line 6: sides[1].key"},
		{"a key that is none", []string{"nodal: fb", "nodal: fb, key: b+12345678"}, "sides[1].key"},
		{"a date that is none", []string{"2024-01-31", "2024-02-30"}, "line 7: dates.signed"},
		{"operative before signature", []string{"operative: 2024-02-01", "operative: 2024-01-01"}, "dates.operative: is before the signature"},
		{"a term that is none", []string{"term: P2Y", "term: two years"}, "dates.term"},
		{"a term of hours", []string{"term: P2Y", "term: PT2H"}, "dates.term"},
		{"a term of nothing", []string{"term: P2Y", "term: P0Y"}, "dates.term"},
		{"a renewal that is none", []string{"term: P2Y", "term: P2Y, renewal: P"}, "dates.renewal"},
		{"a version without the one before", []string{"authoritative: en", "version: 2\nauthoritative: en"}, "previous: version 2 needs the hash"},
		{"a first version with one before", []string{"authoritative: en", "previous: \"sha256:" + strings.Repeat("0", 64) + "\"\nauthoritative: en"}, "previous: the first version"},
		{"a version below one", []string{"authoritative: en", "version: -1\nauthoritative: en"}, "version: want 1 or more"},
		{"an area twice", []string{"ceilings:", "  - {ref: \"1\", title: {en: x}}\nceilings:"}, `areas[1]: "1" appears twice`},
		{"an area of an unknown kind", []string{"kinds: threat", "kinds: gossip"}, "areas[0].kinds[0]"},
		{"a ceiling that is none", []string{"tlp: red}", "tlp: blue}"}, "line 10: ceilings.tlp"},
		{"no ceiling", []string{"classification: none, tlp", "tlp"}, "ceilings.classification"},
		{"an unknown ceiling", []string{"classification: none", "classification: XX"}, "ceilings.classification[0]"},
		{"none and something", []string{"classification: none", "classification: [none, IN-C]"}, "none stands alone"},
		{"a sector that is not of this phase", []string{"ceilings:", "sectors: {scheme: s, in_phase: [energy]}\nceilings:", "origin: own", "origin: own, sector: telecom"}, "not a sector of this phase"},
		{"an instrument that governs everything", []string{"rules:", "precedence: [{id: x, title: {en: X}, governs: {}}]\nrules:"}, "line 11: precedence[0].governs"},
		{"a target that is none", []string{"rules:", "targets: {receipt: soon}\nrules:"}, "targets.receipt"},
		{"an unknown date rule", []string{"rules:", "calendar: [{id: D1, ref: x, kind: hard, text: {en: x}}]\nrules:"}, "calendar[0].kind"},
		{"a date rule that counts from nothing", []string{"rules:", "calendar: [{id: D1, ref: x, kind: soft, after: P1D, text: {en: x}}]\nrules:"}, "needs both from and after"},
		{"a reminder that is none", []string{"rules:", "calendar: [{id: D1, ref: x, kind: soft, remind: [soon], text: {en: x}}]\nrules:"}, "calendar[0].remind[0]"},
		{"a test that fails", []string{"expect: {release: true, rule: open}", "expect: deny"}, "line 14: tests[0]: test 1 from a: expects deny, but: Released by rule open, clause 1."},
		{"a test that fails by name", []string{"- {item", "- {name: mine, item", "expect: {release: true, rule: open}", "expect: {approve: 1}"}, "test 1 (mine) from a: expects approve 1"},
		{"a test that expects fewer redactions", []string{"then: release", "then: {redact: [contributor, victim]}", "expect: {release: true, rule: open}", "expect: {redact: victim, rule: open}"}, "expects redact victim by rule open, but: Released by rule open, clause 1. Before it goes"},
		{"a test of an unknown rule", []string{"rule: open}", "rule: shut}"}, `there is no rule "shut"`},
		{"a test that expects two things", []string{"{release: true, rule", "{release: true, approve: 1, rule"}, "expect release, or deny"},
		{"a test that expects nothing", []string{"{release: true, rule: open}", "{rule: open}"}, "expect release, or deny"},
		{"a test of an unknown kind", []string{"item: {kind: threat", "item: {kind: gossip"}, "line 14: tests[0]"},
		{"a test from an unknown side", []string{"- {item", "- {from: c, item"}, `"c" is not a side`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := parse(t, c.edits...)
			if err == nil {
				t.Fatalf("parsed: %+v", d)
			}
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.says) || !lineRE.MatchString(err.Error()) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestADocumentIsBounded(t *testing.T) {
	if _, err := agreement.Parse([]byte("a: " + strings.Repeat("x", agreement.MaxSize))); !fault.Is(err, fault.TooLarge) {
		t.Errorf("too long: %v", err)
	}
	for name, src := range map[string]string{
		"too deep":  "agreement: " + strings.Repeat("[", 40) + strings.Repeat("]", 40),
		"too many":  "rules: [" + strings.Repeat("1,", 30_000) + "1]",
		"empty":     "",
		"a comment": "# nothing\n",
		"a scalar":  "hello",
		"not UTF-8": "agreement: \xff\xfe",
		"a control": "agreement: \x00",
	} {
		if _, err := agreement.Parse([]byte(src)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysArePutIn(t *testing.T) {
	plain := must(t)
	key := strings.Replace(keyIN, "in+", "a+", 1)
	keyed, err := plain.WithKeys(map[ident.Side]string{"a": key})
	if err != nil || keyed.Sides[0].Key != key || plain.Sides[0].Key != "" || keyed.Hash() == plain.Hash() {
		t.Errorf("got %+v, %v", keyed, err)
	}
	for name, keys := range map[string]map[ident.Side]string{
		"a key of another name": {"a": keyJP},
		"a key of no side":      {"c": key},
		"no key at all":         {"a": "secret"},
	} {
		if _, err := plain.WithKeys(keys); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSigningTextNamesTheHash(t *testing.T) {
	d := reference(t)
	text, err := d.SigningText()
	want := fmt.Sprintf("twoseas/agreement/v1\nagreement in-jp-2022\nversion 1\nhash %s\n", d.Hash())
	if err != nil || text != want {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := must(t).SigningText(); !fault.Is(err, fault.Conflict) {
		t.Errorf("without keys: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add(agreement.Reference())
	f.Add([]byte("a: &x [*x]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := agreement.Parse(src)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("kind %v: %v", k, err)
			}
			return
		}
		raw, err := d.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		back, err := agreement.FromCanonical(raw)
		if err != nil || back.Hash() != d.Hash() {
			t.Fatalf("%s: %v", raw, err)
		}
		agreement.Lint(d)
	})
}

package marking_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
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

func terms() *rapid.Generator[marking.Terms] {
	return rapid.Custom(func(t *rapid.T) marking.Terms {
		out := marking.Terms{
			TLP:      marking.TLP(rapid.IntRange(0, 5).Draw(t, "tlp")),
			PAP:      marking.PAP(rapid.IntRange(0, 4).Draw(t, "pap")),
			Caveats:  rapid.SliceOfN(rapid.SampledFrom(marking.CaveatCodes()), 0, 3).Draw(t, "caveats"),
			Exercise: rapid.Bool().Draw(t, "exercise"),
			Unknown:  rapid.SliceOfN(rapid.StringN(0, 3, 9), 0, 20).Draw(t, "unknown"),
		}
		for _, code := range rapid.SliceOfN(rapid.SampledFrom([]string{"IN-S", "IN-C", "JP-SDS", "US-U", "XX"}), 0, 3).Draw(t, "levels") {
			out = marking.Combine(out, marking.Terms{Classification: code})
		}
		if rapid.Bool().Draw(t, "limited") {
			out.ReleasableTo = append([]string{}, rapid.SliceOfN(rapid.SampledFrom([]string{"in", "jp", "gb"}), 0, 3).Draw(t, "to")...)
		}
		if rapid.Bool().Draw(t, "expires") {
			out.Expires = time.Unix(rapid.Int64Range(1, 4e9).Draw(t, "at"), 0).UTC()
		}
		if rapid.Bool().Draw(t, "embargo") {
			out.NotBefore = time.Unix(rapid.Int64Range(1, 4e9).Draw(t, "until"), rapid.Int64Range(0, 1e9-1).Draw(t, "fraction")).UTC()
		}
		if rapid.Bool().Draw(t, "somewhere") {
			out.Areas = append([]string{}, rapid.SliceOfN(rapid.SampledFrom([]string{"in-jp 1(1)", "in-jp 1(6)", "jp-us 1(1)"}), 0, 3).Draw(t, "areas")...)
		}
		return marking.Combine(out, marking.Terms{})
	})
}

func TestCombineIsCommutativeAssociativeAndIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := terms().Draw(t, "a"), terms().Draw(t, "b"), terms().Draw(t, "c")
		same := func(law string, x, y marking.Terms) {
			if diff := cmp.Diff(x, y); diff != "" {
				t.Fatalf("%s: %s", law, diff)
			}
		}
		same("commutative", marking.Combine(a, b), marking.Combine(b, a))
		same("associative", marking.Combine(a, marking.Combine(b, c)), marking.Combine(marking.Combine(a, b), c))
		same("idempotent", a, marking.Combine(a, a))
		same("nothing adds nothing", a, marking.Combine(a, marking.Terms{}))
	})
}

func TestCombineIsNeverMoreOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := terms().Draw(t, "a"), terms().Draw(t, "b")
		c := marking.Combine(a, b)
		if c.TLP < a.TLP || c.PAP < a.PAP || (a.Exercise && !c.Exercise) || (len(a.Unknown) > 0 && len(c.Unknown) == 0) {
			t.Fatalf("%+v is laxer than %+v", c, a)
		}
		if a.ReleasableTo != nil && (c.ReleasableTo == nil || len(c.ReleasableTo) > len(a.ReleasableTo)) {
			t.Fatalf("recipients grew: %v from %v", c.ReleasableTo, a.ReleasableTo)
		}
		if !a.Expires.IsZero() && (c.Expires.IsZero() || c.Expires.After(a.Expires)) {
			t.Fatalf("expiry moved from %v to %v", a.Expires, c.Expires)
		}
		for _, ceiling := range []string{"", "IN-C", "IN-TS+JP-SDS"} {
			if marking.WithinLevel(c.Classification, ceiling) && !marking.WithinLevel(a.Classification, ceiling) {
				t.Fatalf("%q is within %q, %q is not", c.Classification, ceiling, a.Classification)
			}
		}
	})
}

func TestLiveAndExerciseNeverCombineIntoAnObject(t *testing.T) {
	live, play := marking.Terms{TLP: marking.Green}, marking.Terms{Exercise: true}
	if _, err := marking.Derive(live, play); !fault.Is(err, fault.Denied) {
		t.Errorf("live with play: %v", err)
	}
	if _, err := marking.Derive(play, live); !fault.Is(err, fault.Denied) {
		t.Errorf("play with live: %v", err)
	}
	got, err := marking.Derive(play, play, marking.Terms{Exercise: true, TLP: marking.Red})
	if err != nil || !got.Exercise || got.TLP != marking.Red {
		t.Errorf("play with play: %+v, %v", got, err)
	}
}

func TestMakeLabel(t *testing.T) {
	facts := marking.Facts{Kind: marking.Threat, Origin: "in", Sectors: []string{"b", "a", "b"}, DefaultTLP: marking.Clear}
	for _, c := range []struct {
		name  string
		terms marking.Terms
		facts marking.Facts
		want  marking.TLP
	}{
		{"the importer's default applies where none is stated", marking.Terms{}, facts, marking.Clear},
		{"the default does not loosen what is stated", marking.Terms{TLP: marking.Red}, facts, marking.Red},
		{"PAP alone leaves room for the default", marking.Terms{PAP: marking.PAPRed}, facts, marking.Clear},
		{"what is not understood gets no default", marking.Unresolved("marking-definition--x"), facts, marking.NoTLP},
		{"without a default there is no TLP", marking.Terms{}, marking.Facts{Kind: marking.Threat, Origin: "in"}, marking.NoTLP},
	} {
		got := marking.MakeLabel(c.terms, c.facts)
		if got.TLP != c.want || got.Origin != "in" || got.Approved != 0 {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if got := marking.MakeLabel(marking.Terms{}, facts).Sectors; !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("sectors %v", got)
	}
}

func labels() *rapid.Generator[marking.Label] {
	return rapid.Custom(func(t *rapid.T) marking.Label {
		l := marking.MakeLabel(terms().Draw(t, "terms"), marking.Facts{
			Kind:        rapid.SampledFrom(marking.Kinds()).Draw(t, "kind"),
			Origin:      rapid.SampledFrom([]ident.Side{"in", "jp", marking.OtherSide}).Draw(t, "origin"),
			Contributor: rapid.SampledFrom([]string{"", marking.Member}).Draw(t, "contributor"),
			Sectors:     rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,3}`), 0, 3).Draw(t, "sectors"),
		})
		if strings.Contains(l.Classification, "XX") {
			l.Classification = ""
		}
		l.Redacted = rapid.SampledFrom([][]string{nil, {"contributor"}, {"contributor", "victim"}}).Draw(t, "redacted")
		l.Consent = rapid.SampledFrom([][]string{nil, {"gb"}, {"gb", "us"}}).Draw(t, "consent")
		l.Listed = rapid.Bool().Draw(t, "listed")
		l.Named, l.Look = rapid.Bool().Draw(t, "named"), rapid.Bool().Draw(t, "look")
		l.Withheld = rapid.SampledFrom([]string{"", marking.Recalled, marking.Erroneous, marking.Lapsed}).Draw(t, "withheld")
		l.Approved = rapid.IntRange(0, 3).Draw(t, "approved")
		l.Emergency = l.Approved > 0 && rapid.Bool().Draw(t, "emergency")
		return l
	})
}

func TestALabelAndItsBytesAreOneToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := labels().Draw(t, "label")
		raw := l.Canonical()
		if !canon.IsCanonical(raw) {
			t.Fatalf("not canonical: %s", raw)
		}
		back, err := marking.ParseLabel(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if diff := cmp.Diff(l, back); diff != "" {
			t.Fatal(diff)
		}
		other := labels().Draw(t, "other")
		if cmp.Equal(l, other) != bytes.Equal(raw, other.Canonical()) {
			t.Fatalf("labels and bytes disagree on being equal:\n%s\n%s", raw, other.Canonical())
		}
	})
}

func TestCanonicalLeavesOutWhatIsZero(t *testing.T) {
	if got := string(marking.Label{}.Canonical()); got != "{}" {
		t.Errorf("zero label: %s", got)
	}
	l := marking.Label{Kind: "threat", Origin: "in", Sectors: []string{"b", "a", "b"}, Terms: marking.Terms{TLP: marking.AmberStrict, ReleasableTo: []string{}}}
	if got, want := string(l.Canonical()), `{"kind":"threat","origin":"in","releasable_to":[],"sectors":["a","b"],"tlp":"amber+strict"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseLabelIsStrict(t *testing.T) {
	const good = `{"kind":"threat","origin":"in","tlp":"clear"}`
	if _, err := marking.ParseLabel([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"an unknown member":            `{"kind":"threat","origin":"in","tlp":"clear","vip":true}`,
		"an unknown kind":              `{"kind":"gossip","origin":"in","tlp":"clear"}`,
		"no kind":                      `{"origin":"in","tlp":"clear"}`,
		"no origin":                    `{"kind":"threat","tlp":"clear"}`,
		"an origin that is no side":    `{"kind":"threat","origin":"In!","tlp":"clear"}`,
		"withheld for no known reason": `{"kind":"threat","origin":"in","tlp":"clear","withheld":"mood"}`,
		"consent for no side":          `{"consent":["In!"],"kind":"threat","origin":"in","tlp":"clear"}`,
		"an embargo that is no time":   `{"kind":"threat","not_before":"soon","origin":"in","tlp":"clear"}`,
		"an unknown TLP":               `{"kind":"threat","origin":"in","tlp":"purple"}`,
		"a TLP in capitals":            `{"kind":"threat","origin":"in","tlp":"CLEAR"}`,
		"TLP white":                    `{"kind":"threat","origin":"in","tlp":"white"}`,
		"an unknown PAP":               `{"kind":"threat","origin":"in","pap":"blue"}`,
		"an unknown caveat":            `{"caveats":["NOFORM"],"kind":"threat","origin":"in"}`,
		"an unknown redaction":         `{"kind":"threat","origin":"in","redacted":["all"]}`,
		"an unknown classification":    `{"classification":"XX","kind":"threat","origin":"in"}`,
		"two levels of one scheme":     `{"classification":"IN-C+IN-S","kind":"threat","origin":"in"}`,
		"an unknown contributor":       `{"contributor":"friend","kind":"threat","origin":"in"}`,
		"a zero member written out":    `{"approved":0,"kind":"threat","origin":"in"}`,
		"an empty list written out":    `{"caveats":[],"kind":"threat","origin":"in"}`,
		"members out of order":         `{"origin":"in","kind":"threat"}`,
		"space":                        `{"kind": "threat","origin":"in"}`,
		"a list out of order":          `{"kind":"threat","origin":"in","sectors":["b","a"]}`,
		"negative approvals":           `{"approved":-1,"kind":"threat","origin":"in"}`,
		"a fraction of an approval":    `{"approved":1.5,"kind":"threat","origin":"in"}`,
		"an expiry that is no time":    `{"expires":"soon","kind":"threat","origin":"in"}`,
		"an expiry with a fraction":    `{"expires":"2026-01-01T00:00:00.5Z","kind":"threat","origin":"in"}`,
		"an expiry in another zone":    `{"expires":"2026-01-01T00:00:00+09:00","kind":"threat","origin":"in"}`,
		"a member twice":               `{"kind":"threat","kind":"threat","origin":"in"}`,
		"something that is no object":  `[]`,
		"null":                         `null`,
		"nothing":                      ``,
		"too much":                     `{"kind":"` + strings.Repeat("x", marking.MaxLabel) + `"}`,
	} {
		if l, err := marking.ParseLabel([]byte(raw)); err == nil {
			t.Errorf("%s: read as %+v", name, l)
		} else if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
			t.Errorf("%s: kind %v", name, k)
		}
	}
}

func TestRedactionsAreAClosedSet(t *testing.T) {
	for _, name := range marking.RedactionNames() {
		r, ok := marking.RedactionOf(name)
		if !ok || len(r.Properties) == 0 || r.Text == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for _, name := range marking.CaveatCodes() {
		c, ok := marking.CaveatOf(name)
		if !ok {
			t.Errorf("caveat %s has no row", name)
		}
		for _, r := range c.Redact {
			if _, ok := marking.RedactionOf(r); !ok {
				t.Errorf("caveat %s redacts %q, which is not a redaction", name, r)
			}
		}
	}
	if _, ok := marking.RedactionOf("everything"); ok {
		t.Error("an unknown redaction was found")
	}
}

func FuzzParseLabel(f *testing.F) {
	f.Add([]byte(`{"kind":"threat","origin":"in","tlp":"clear"}`))
	f.Add([]byte(`{"approved":2,"caveats":["CHR"],"expires":"2026-01-01T00:00:00Z","kind":"threat","origin":"jp","releasable_to":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := marking.ParseLabel(raw)
		if err == nil && !bytes.Equal(l.Canonical(), raw) {
			t.Errorf("%s prints as %s", raw, l.Canonical())
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	l := marking.MakeLabel(marking.Terms{TLP: marking.Amber, Caveats: []string{"ORCON"}}, marking.Facts{Kind: marking.Threat, Origin: "in", Sectors: []string{"finance"}})
	b.ReportAllocs()
	for b.Loop() {
		l.Canonical()
	}
}

// TestADefaultPAPOnlyAdds: it is for objects that have none, also for those
// whose other markings nobody understands.
func TestADefaultPAPOnlyAdds(t *testing.T) {
	facts := marking.Facts{Kind: marking.Threat, Origin: "in", DefaultPAP: marking.PAPAmber}
	for name, c := range map[string]struct {
		terms marking.Terms
		want  marking.PAP
	}{
		"none":     {marking.Terms{}, marking.PAPAmber},
		"stricter": {marking.Terms{PAP: marking.PAPRed}, marking.PAPRed},
		"laxer":    {marking.Terms{PAP: marking.PAPClear}, marking.PAPClear},
		"unknown":  {marking.Terms{Unknown: []string{"x"}}, marking.PAPAmber},
	} {
		if got := marking.MakeLabel(c.terms, facts); got.PAP != c.want || got.TLP != marking.NoTLP {
			t.Errorf("%s: %s", name, got.Canonical())
		}
	}
}

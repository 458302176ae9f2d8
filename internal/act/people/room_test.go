package people_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
)

var someLevels = []string{"", "IN-R", "IN-C", "IN-S", "IN-U", "JP-ADM-H", "JP-ADM-G", "UK-O", "IN-C+JP-ADM-H", "JP-SDS"}

func drawClearance(t *rapid.T, name string) people.Clearance {
	c := people.Clearance{
		TLP:            rapid.SampledFrom(marking.TLPs()).Draw(t, name+" tlp"),
		Unmarked:       rapid.Bool().Draw(t, name+" unmarked"),
		Classification: rapid.SampledFrom(someLevels).Draw(t, name+" levels"),
		Compartments:   rapid.SampledFrom([]string{"", "", "les@+,les@/jp,les@in-jp-2022", "les@+,les@/gb,les@in-gb-2026", "les@*,les@+,les@/gb,les@/jp,les@in-gb-2026,les@in-jp-2022"}).Draw(t, name+" compartments"),
		Guests:         rapid.SampledFrom([]string{"", "", "jp/jpn", "gb/uk", "gb/uk,jp/jpn"}).Draw(t, name+" guests"),
	}
	return c
}

func drawLabel(t *rapid.T) marking.Label {
	l := marking.Label{
		Kind:   rapid.SampledFrom(marking.Kinds()).Draw(t, "kind"),
		Origin: rapid.SampledFrom([]ident.Side{"in", "jp", "gb", "other"}).Draw(t, "origin"),
		Terms: marking.Terms{
			TLP:            rapid.SampledFrom(append(marking.TLPs(), marking.NoTLP)).Draw(t, "tlp"),
			Classification: rapid.SampledFrom(someLevels).Draw(t, "classification"),
			Caveats:        rapid.SampledFrom([][]string{nil, nil, {"NOFORN"}, {"ORCON"}, {"RELIDO"}, {"DISPLAY ONLY"}, {"LES"}, {"LES"}}).Draw(t, "caveats"),
			ReleasableTo:   rapid.SampledFrom([][]string{nil, nil, {}, {"jpn"}, {"gb"}, {"in", "jp"}}).Draw(t, "releasable"),
			Unknown:        rapid.SampledFrom([][]string{nil, nil, nil, {"x"}}).Draw(t, "unknown"),
		},
		Without:     rapid.SampledFrom([][]string{nil, {"victim"}}).Draw(t, "without"),
		Consent:     rapid.SampledFrom([][]string{nil, {"jp"}}).Draw(t, "consent"),
		Contributor: rapid.SampledFrom([]string{"", "", marking.Member}).Draw(t, "contributor"),
	}
	l.Areas = rapid.SampledFrom([][]string{nil, nil, {"in-jp-2022:1(1)"}, {"in-gb-2026:1(1)", "in-jp-2022:1(1)"}}).Draw(t, "areas")
	if rapid.Bool().Draw(t, "embargoed") {
		l.NotBefore = start.Add(time.Hour)
	}
	return l
}

// A room sees what each in it sees, and all of that: no label more, no label
// less.
func TestARoomSeesWhatEverybodyInItSees(t *testing.T) {
	home := people.Home{Side: "in"}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawClearance(t, "a"), drawClearance(t, "b"), drawClearance(t, "c")
		room := a.Under(b).Under(c)
		raw := drawLabel(t).Canonical()
		sees := func(c people.Clearance) bool { return home.Readable(c.String(), raw, ident.Live, start) }
		if got, want := sees(room), sees(a) && sees(b) && sees(c); got != want {
			t.Fatalf("%s: a room of %s, %s and %s sees it: %v, and they see it: %v, %v, %v", raw, a, b, c, got, sees(a), sees(b), sees(c))
		}
		if room != c.Under(a).Under(b) || room != room.Under(a) {
			t.Fatalf("the order in which %s, %s and %s come counts", a, b, c)
		}
		if back, err := people.ParseClearance(room.String()); err != nil || back != room {
			t.Fatalf("%q reads as %+v: %v", room, back, err)
		}
	})
}

func TestClearancesInWords(t *testing.T) {
	for text, want := range map[string]people.Clearance{
		"tlp:amber in-c":                 {TLP: marking.Amber, Classification: "IN-C"},
		"TLP:RED+UNMARKED JP-ADM-H IN-C": {TLP: marking.Red, Unmarked: true, Classification: "IN-C+JP-ADM-H"},
		"amber+strict IN-R IN-S":         {TLP: marking.AmberStrict, Classification: "IN-S"},
	} {
		if got, err := people.ParseClearance(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"IN-C", "TLP:GREEN SECRET", "TLP:GREEN WITH:", "TLP:GREEN FOR:", "TLP:GREEN FOR:a FOR:b", "TLP:GREEN WITH:jp WITH:gb", "TLP:GREEN IN-C+JP-SDS"} {
		if c, err := people.ParseClearance(text); err == nil {
			t.Errorf("%q reads as %+v", text, c)
		}
	}
}

// What guests of another side must not be shown, one by one.
func TestWhatGuestsAreNotShown(t *testing.T) {
	home := people.Home{Side: "in"}
	guests := people.Clearance{TLP: marking.Amber, Guests: "jp/jpn"}
	open := marking.Label{Kind: marking.Threat, Origin: "in", Terms: marking.Terms{TLP: marking.Green}}
	for name, c := range map[string]struct {
		change func(*marking.Label)
		want   bool
	}{
		"what is open":                {func(*marking.Label) {}, true},
		"their own":                   {func(l *marking.Label) { l.Origin = "jp" }, true},
		"their own, for us alone":     {func(l *marking.Label) { l.Origin, l.ReleasableTo = "jp", []string{"in"} }, true},
		"above their level":           {func(l *marking.Label) { l.TLP = marking.AmberStrict }, false},
		"for others":                  {func(l *marking.Label) { l.ReleasableTo = []string{"gb"} }, false},
		"for them":                    {func(l *marking.Label) { l.ReleasableTo = []string{"jpn"} }, true},
		"a third side's":              {func(l *marking.Label) { l.Origin = "gb" }, false},
		"a third side's, with leave":  {func(l *marking.Label) { l.Origin, l.Consent = "gb", []string{"jp"} }, true},
		"a third side's, if redacted": {func(l *marking.Label) { l.Origin, l.Consent, l.Without = "gb", []string{"jp"}, []string{"victim"} }, false},
		"under embargo":               {func(l *marking.Label) { l.NotBefore = start.Add(time.Second) }, false},
		"after the embargo":           {func(l *marking.Label) { l.NotBefore = start }, true},
		"a member's":                  {func(l *marking.Label) { l.Contributor = marking.Member }, false},
		"not for foreigners":          {func(l *marking.Label) { l.Caveats = []string{"NOFORN"} }, false},
		"a third party's":             {func(l *marking.Label) { l.Caveats = []string{"THIRD-PARTY"} }, false},
		"what an officer must see":    {func(l *marking.Label) { l.Caveats = []string{"RELIDO"} }, false},
		"classified":                  {func(l *marking.Label) { l.Classification = "IN-R" }, false},
		"unclassified":                {func(l *marking.Label) { l.Classification = "IN-U" }, true},
	} {
		l := open
		c.change(&l)
		if got := home.Readable(guests.String(), l.Canonical(), ident.Live, start); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

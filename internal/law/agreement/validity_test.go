package agreement_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/law/agreement"
)

// with is the reference agreement with more fields.
func with(t *testing.T, more string) (*agreement.Document, error) {
	t.Helper()
	return agreement.Parse([]byte(strings.Replace(string(agreement.Reference()), "targets:\n", more+"\ntargets:\n", 1)))
}

func TestExpiryAndEquivalence(t *testing.T) {
	for more, want := range map[string]string{
		"expiry: {threat: P180D, vulnerability: P1Y}":                       "",
		"expiry: {threat: soon}":                                            "expiry.threat",
		"expiry: {threat: P0D}":                                             "expiry.threat",
		"expiry: {weather: P1D}":                                            "expiry.weather",
		"expiry: {control: P1D}":                                            "expiry.control",
		"equivalence: [{in: IN-C, jp: JP-MDA-H}]":                           "",
		"equivalence: [{in: IN-C, jp: JP-MDA-H}, {in: IN-S, jp: JP-MDA-G}]": "",
		"equivalence: [{in: IN-C, jp: JP-MDA-H}, {in: IN-C, jp: JP-ADM-H}]": "",
		"equivalence: [{in: IN-C}]":                                         "one level of each side",
		"equivalence: [{in: IN-C, jp: JP-MDA-H, gb: UK-O}]":                 "one level of each side",
		"equivalence: [{in: IN-C, gb: UK-O}]":                               "one level of each side",
		"equivalence: [{in: IN-C, jp: SECRET}]":                             "one level of each side",
		"equivalence: [{in: IN-U, jp: JP-C2}]":                              "needs no protection",
		"equivalence: [{in: IN-C, jp: IN-S}]":                               "of one scheme",
		"equivalence: [{in: IN-C, jp: JP-MDA-H}, {in: IN-C, jp: JP-MDA-H}]": "twice",
		"equivalence: [{in: IN-C, jp: JP-MDA-H}, {in: IN-C, jp: JP-MDA-G}]": "contradict",
		"equivalence: [{in: IN-C, jp: JP-MDA-G}, {in: IN-S, jp: JP-MDA-H}]": "contradict",
	} {
		_, err := with(t, more)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", more, err)
		}
	}
}

func TestWhatExpiryAndEquivalenceChangeIsSaid(t *testing.T) {
	before, err := with(t, "")
	if err != nil {
		t.Fatal(err)
	}
	after, err := with(t, "expiry: {threat: P180D}\nequivalence: [{in: IN-C, jp: JP-MDA-H}]")
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(agreement.Diff(before, after, nil).Words, "\n")
	for _, want := range []string{"expiry: was nothing, now", "P180D", "equivalence IN-C = JP-MDA-H is new"} {
		if !strings.Contains(said, want) {
			t.Errorf("the words do not say %q: %s", want, said)
		}
	}
	doubt := false
	for _, f := range agreement.Lint(after) {
		doubt = doubt || strings.Contains(f.Text, "nothing classified may cross")
	}
	if !doubt {
		t.Error("lint does not doubt levels that are equivalent for nothing")
	}
	raw, err := before.Canonical()
	if err != nil || strings.Contains(string(raw), "expiry") || strings.Contains(string(raw), "equivalence") {
		t.Errorf("what is absent is written: %v", err)
	}
	if got := after.Expiry.Lapses("threat", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)); !got.Equal(time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("180 days after New Year: %v", got)
	}
	if got := after.Expiry.Lapses("practice", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)); !got.IsZero() {
		t.Errorf("a kind without a period lapses at %v", got)
	}
}

package request_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/request"
)

const custodyID = request.CustodyType + "--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c06"

func entry(by ident.Side, n int, previous ident.Digest) request.Custody {
	return request.Custody{
		ID: custodyID, Request: askedID, By: by, N: n, Previous: previous, Handling: request.Took, Item: "disk image", Evidence: ident.Sum([]byte("x")),
		Holder: "CERT-In", On: sent.Add(time.Duration(n) * time.Hour), Created: sent.AddDate(0, 0, n),
	}
}

func raw(t *testing.T, e request.Custody) []byte {
	t.Helper()
	out, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := request.ParseCustody(out)
	if err != nil || back != e {
		t.Fatalf("%+v became %+v: %v", e, back, err)
	}
	return out
}

// TestAChainHoldsWhatWasWritten: nothing is left out, put in between, written
// twice or changed afterwards.
func TestAChainHoldsWhatWasWritten(t *testing.T) {
	var c request.Chain
	first := entry("in", 1, ident.Digest{})
	c, err := c.With(first, raw(t, first))
	if err != nil {
		t.Fatal(err)
	}
	second, theirs := entry("in", 2, ident.Sum(raw(t, first))), entry("jp", 1, ident.Digest{})
	for name, e := range map[string]request.Custody{
		"a gap":              entry("in", 3, ident.Sum(raw(t, first))),
		"written twice":      first,
		"another's chain":    entry("jp", 2, ident.Sum(raw(t, first))),
		"another one before": entry("in", 2, ident.Sum([]byte("another"))),
	} {
		if _, err := c.With(e, raw(t, e)); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	grown, err := c.With(theirs, raw(t, theirs))
	if err != nil {
		t.Fatal(err)
	}
	if grown, err = grown.With(second, raw(t, second)); err != nil {
		t.Fatal(err)
	}
	if len(c.Entries()) != 1 || len(grown.Entries()) != 3 || grown.Entries()[0] != first || grown.Entries()[1].By != "jp" {
		t.Errorf("%+v", grown.Entries())
	}
	if n, last := grown.Last("in"); n != 2 || last != ident.Sum(raw(t, second)) {
		t.Errorf("%d %s", n, last)
	}
}

func TestAnEntryOrAPassageThatSaysTooLittleIsRefused(t *testing.T) {
	for name, change := range map[string]func(*request.Custody){
		"the first names one before": func(e *request.Custody) { e.Previous = ident.Sum([]byte("x")) },
		"the second names none":      func(e *request.Custody) { e.N = 2 },
		"before it happened":         func(e *request.Custody) { e.On = e.Created.Add(time.Second) },
		"of no evidence":             func(e *request.Custody) { e.Evidence = ident.Digest{} },
		"nobody's":                   func(e *request.Custody) { e.By = "" },
		"another type's id":          func(e *request.Custody) { e.ID = stepID },
		"a long name":                func(e *request.Custody) { e.Holder = strings.Repeat("क", 201) },
		"handed to nobody":           func(e *request.Custody) { e.Handling = request.HandedOn },
	} {
		e := entry("in", 1, ident.Digest{})
		change(&e)
		if _, err := e.Encode(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := request.Passage{
		ID: request.PassageType + "--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c07", Request: askedID, Side: "jp", From: request.Technical,
		Matter: ident.Sum([]byte("x")), Originator: "in", Basis: "Act", Purpose: "To investigate", Created: sent,
	}
	text, err := whole.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := request.ParsePassage(text); err != nil || back != whole || back.To() != request.LawEnforcement {
		t.Errorf("%+v %v", back, err)
	}
	for name, change := range map[string]func(*request.Passage){
		"no basis":      func(p *request.Passage) { p.Basis = "" },
		"no purpose":    func(p *request.Passage) { p.Purpose = "" },
		"no digest":     func(p *request.Passage) { p.Matter = ident.Digest{} },
		"from nowhere":  func(p *request.Passage) { p.From = "fax" },
		"no originator": func(p *request.Passage) { p.Originator = "" },
	} {
		p := whole
		change(&p)
		if _, err := p.Encode(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := request.Consent{ID: request.ConsentType + "--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c08", Passage: whole.ID, By: "in", Given: true, Created: sent}
	if text, err = c.Encode(); err != nil {
		t.Fatal(err)
	}
	if back, err := request.ParseConsent(text); err != nil || back != c {
		t.Errorf("%+v %v", back, err)
	}
	if _, err := request.ParseConsent(bytes.Replace(text, []byte(`"given":true`), []byte(`"given":"yes"`), 1)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a word that is none: %v", err)
	}
}

// TestKeepingFollowsFromBothCourses: whatever order the two sides' steps arrive
// in, both nodes find the same days.
func TestKeepingFollowsFromBothCourses(t *testing.T) {
	c := begun()
	c.Preserves = true
	day := func(n int) time.Time { return sent.AddDate(0, 0, n) }
	jp := []request.Step{
		{By: "jp", N: 1, Move: request.Accept, On: day(1)},
		{By: "jp", N: 2, Move: request.Preserve, On: day(1), Until: day(91)},
		{By: "jp", N: 3, Move: request.Preserve, On: day(80), Until: day(181)},
	}
	in := []request.Step{{By: "in", N: 2, Move: request.Renew, On: day(70), Until: day(181)}}
	both := func(c request.Course, lists ...[]request.Step) request.Course {
		t.Helper()
		for _, list := range lists {
			for _, s := range list {
				var err error
				if c, err = c.With(s); err != nil {
					t.Fatal(err)
				}
			}
		}
		return c
	}
	for _, d := range []request.Course{both(c, jp, in), both(c, in, jp)} {
		if !d.KeptUntil().Equal(day(181)) || !d.RenewalAsked().IsZero() || d.State() != request.Preserved {
			t.Errorf("until %v, asked %v", d.KeptUntil(), d.RenewalAsked())
		}
	}
	d := both(c, in, jp[:2])
	if !d.KeptUntil().Equal(day(91)) || !d.RenewalAsked().Equal(day(181)) || !d.KeepDefault(request.Preserve, day(75)).Equal(day(181)) {
		t.Errorf("until %v, asked %v", d.KeptUntil(), d.RenewalAsked())
	}
	if got := d.KeepDefault(request.Renew, day(75)); !got.Equal(day(181)) {
		t.Errorf("by default %v", got)
	}
	taken := both(d, []request.Step{{By: "jp", N: 3, Move: request.Decline, On: day(80), Reason: request.NotStated}})
	if !taken.KeptUntil().IsZero() || !taken.RenewalAsked().IsZero() || len(taken.May("in")) != 0 {
		t.Errorf("taken back, and still kept until %v", taken.KeptUntil())
	}
	for name, s := range map[string]request.Step{
		"no day":               {By: "in", N: 3, Move: request.Renew, On: day(70)},
		"a day that is behind": {By: "in", N: 3, Move: request.Renew, On: day(70), Until: day(69)},
	} {
		if _, err := d.With(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.Preserves = false
	if _, err := d.With(request.Step{By: "in", N: 3, Move: request.Renew, On: day(70), Until: day(300)}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a renewal of what is no preservation: %v", err)
	}
	for at, want := range map[int]int{0: 0, 60: 0, 61: 1, 84: 2, 90: 3, 200: 3} {
		if got := request.KeepWarning(day(91), day(at)); got != want {
			t.Errorf("day %d: %d warnings, want %d", at, got, want)
		}
	}
}

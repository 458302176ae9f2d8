package marking_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/law/marking"
)

func TestLimits(t *testing.T) {
	spring := time.Date(2027, 3, 18, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		in   marking.Limits
		want marking.Terms
		ok   bool
	}{
		"nothing":                        {marking.Limits{}, marking.Terms{}, true},
		"areas, each once and in order":  {marking.Limits{Areas: []string{"in-jp-2022:1(6)", "in-jp-2022:1(1)", " in-jp-2022:1(1)"}}, marking.Terms{Areas: []string{"in-jp-2022 1(1)", "in-jp-2022 1(6)"}}, true},
		"a date is its first moment":     {marking.Limits{NotBefore: "2027-03-18"}, marking.Terms{NotBefore: spring}, true},
		"a browser's time is in UTC":     {marking.Limits{NotBefore: "2027-03-18T00:00"}, marking.Terms{NotBefore: spring}, true},
		"another zone's time":            {marking.Limits{Expires: "2027-03-18T09:00:00+09:00"}, marking.Terms{Expires: spring}, true},
		"sides":                          {marking.Limits{ReleasableTo: []string{"JP", "gb"}}, marking.Terms{ReleasableTo: []string{"gb", "jp"}}, true},
		"an area without agreement":      {marking.Limits{Areas: []string{"1(6)"}}, marking.Terms{}, false},
		"an agreement without area":      {marking.Limits{Areas: []string{"in-jp-2022:"}}, marking.Terms{}, false},
		"no time":                        {marking.Limits{NotBefore: "soon"}, marking.Terms{}, false},
		"the zero time":                  {marking.Limits{Expires: "0001-01-01T00:00:00Z"}, marking.Terms{}, false},
		"no side":                        {marking.Limits{ReleasableTo: []string{"J P"}}, marking.Terms{}, false},
		"over before it begins":          {marking.Limits{NotBefore: "2027-03-18", Expires: "2027-03-17"}, marking.Terms{}, false},
		"over the moment it would begin": {marking.Limits{NotBefore: "2027-03-18", Expires: "2027-03-18"}, marking.Terms{}, false},
	} {
		got, err := c.in.Terms()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" && c.ok {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestEmbargoesInMarkings(t *testing.T) {
	spring := time.Date(2027, 3, 18, 0, 0, 0, 0, time.UTC)
	statement := func(s string) map[string]any {
		return map[string]any{"definition_type": "statement", "definition": map[string]any{"statement": s}}
	}
	extension := func(name string, v any) map[string]any {
		return map[string]any{"extensions": map[string]any{marking.HandlingExtension: map[string]any{name: v}}}
	}
	for name, c := range map[string]struct {
		in      map[string]any
		want    time.Time
		unknown bool
	}{
		"our extension":                     {extension("not_before", "2027-03-18T00:00:00Z"), spring, false},
		"a fraction counts as a second":     {extension("not_before", "2027-03-17T23:59:59.1Z"), spring, false},
		"a number":                          {extension("not_before", 7), time.Time{}, true},
		"a statement":                       {statement("EMBARGO UNTIL 2027-03-18T00:00Z"), spring, false},
		"within a sentence":                 {statement("Under embargo until 2027-03-18T00:00:00Z. TLP:GREEN"), spring, false},
		"in full width, as Japanese typing": {statement("ＥＭＢＡＲＧＯ　ＵＮＴＩＬ　２０２７－０３－１８"), spring, false},
		"embargoed until a time":            {statement("Embargoed until 2027-03-18"), spring, false},
		"until nobody knows":                {statement("Embargo until further notice"), time.Time{}, true},
		"an embargo without an end":         {statement("EMBARGO"), time.Time{}, true},
		"no embargo":                        {statement("Copyright 2027"), time.Time{}, false},
	} {
		got := marking.Definition(c.in)
		if !got.NotBefore.Equal(c.want) || (len(got.Unknown) > 0) != c.unknown {
			t.Errorf("%s: until %v, unknown %q", name, got.NotBefore, got.Unknown)
		}
	}
	if got := marking.Definition(statement("Under embargo until 2027-03-18T00:00:00Z. TLP:GREEN")); got.TLP != marking.Green {
		t.Errorf("beside an embargo the TLP is %v", got.TLP)
	}
}

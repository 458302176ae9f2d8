package request_test

import (
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/request"
)

func pair(a, b string) request.Pair { return request.Pair{{ID: a}, {ID: b}} }

func option(t *testing.T, p request.Pair, k request.Kind, id string) request.Option {
	t.Helper()
	list, err := p.Options(k)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		if o.ID == id {
			return o
		}
	}
	return request.Option{}
}

// TestWaysAreThoseOfThePair: what is offered follows from who is a party, in
// whichever order the two stand and by whichever of their names.
func TestWaysAreThoseOfThePair(t *testing.T) {
	for _, c := range []struct {
		pair             request.Pair
		way              string
		offered, confirm bool
	}{
		{pair("in", "jp"), "budapest-preservation", false, false},
		{pair("jp", "in"), "budapest-preservation", false, false},
		{pair("in", "jp"), "un-ccc-24-7", false, false},
		{pair("in", "jp"), "mlat", true, false},
		{pair("in", "jp"), "g7-24-7", true, true},
		{pair("jp", "us"), "budapest-preservation", true, false},
		{pair("jp", "us"), "g7-24-7", true, false},
		{pair("gb", "in"), "budapest-24-7", false, false},
		{pair("jp", "ch"), "budapest-preservation", false, false}, // nobody said
		{pair("jp", "ch"), "diplomatic", true, false},
		{pair("ch", "at"), "g7-24-7", false, false},
		{request.Pair{{ID: "north", Codes: []string{"JP", "JPN"}}, {ID: "south", Codes: []string{"US"}}}, "budapest-preservation", true, false},
	} {
		if o := option(t, c.pair, request.Preservation, c.way); o.Offered != c.offered || o.Confirm != c.confirm {
			t.Errorf("%s for %v: offered %v, confirm %v", c.way, c.pair, o.Offered, o.Confirm)
		}
	}
	if o := option(t, pair("in", "jp"), request.Preservation, "interpol"); o.ID != "" {
		t.Error("police information is offered for preserving data")
	}
}

func TestARefusedWayNamesWhatCanBeUsed(t *testing.T) {
	p := request.Pair{{ID: "in", Name: "India"}, {ID: "jp", Name: "Japan"}}
	q := whole()
	q.Kind, q.Channel = request.Preservation, request.LawEnforcement
	for way, want := range map[string][]string{
		"budapest-preservation": {"Budapest", "India is not a party to it", "letters rogatory", "by reciprocity or comity", "Central authority to central authority"},
		"un-ccc-24-7":           {"not in force for India", "not in force for Japan", "Instead: "},
		"interpol":              {"cannot be asked for by the way", "letters rogatory"},
		"":                      {"Instead: "},
		"favour":                {"Instead: "},
	} {
		q.Way = way
		err := p.CheckWay(q)
		if !fault.Is(err, fault.Denied) {
			t.Errorf("%q: %v", way, err)
			continue
		}
		for _, s := range want {
			if !strings.Contains(fault.Message(err), s) {
				t.Errorf("%q: %q does not say %q", way, fault.Message(err), s)
			}
		}
		if strings.Contains(fault.Message(err), "Instead: Expedited") {
			t.Errorf("%q: it names what cannot be used", way)
		}
	}
	q.Way = "mlat"
	if err := p.CheckWay(q); err != nil {
		t.Error(err)
	}
	q.Way = "budapest-preservation"
	if err := pair("jp", "us").CheckWay(q); err != nil {
		t.Error(err)
	}
	q.Channel, q.Kind, q.Way = request.Technical, request.Takedown, ""
	if err := p.CheckWay(q); err != nil {
		t.Errorf("what needs no way: %v", err)
	}
}

// TestEveryKindHasAWayForEveryPair, and every way says all it has to.
func TestEveryKindHasAWayForEveryPair(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range []request.Pair{pair("in", "jp"), pair("jp", "us"), pair("gb", "in"), pair("xx", "yy")} {
		for _, k := range request.Kinds() {
			list, err := p.Options(k)
			if err != nil {
				t.Fatal(err)
			}
			open := 0
			for _, o := range list {
				seen[o.ID] = true
				if o.Offered {
					open++
				}
				for _, text := range []map[string]string{o.Name, o.What, o.Basis, o.How} {
					if text["en"] == "" || text["ja"] == "" || text["hi"] == "" || len(text) != 3 {
						t.Errorf("%s says too little: %v", o.ID, text)
					}
				}
				if len(o.Sources) == 0 || len(o.Parties) == 0 {
					t.Errorf("%s has no source, or says nothing of parties", o.ID)
				}
				for _, s := range o.Sources {
					if !request.IsSource(s) {
						t.Errorf("%s: source %q is not in the file", o.ID, s)
					}
				}
			}
			if open == 0 {
				t.Errorf("no way for %s between %v", k, p)
			}
		}
	}
	if len(seen) < 8 {
		t.Errorf("only %v", seen)
	}
}

func TestARequestNamesAWayExactlyWhenItNeedsOne(t *testing.T) {
	for name, c := range map[string]struct {
		k   request.Kind
		c   request.Channel
		way string
		ok  bool
	}{
		"technical":             {request.Takedown, request.Technical, "", true},
		"technical, with a way": {request.Takedown, request.Technical, "mlat", false},
		"preservation":          {request.Preservation, request.Technical, "mlat", true},
		"preservation without":  {request.Preservation, request.Technical, "", false},
		"police":                {request.Information, request.LawEnforcement, "interpol", true},
		"police without":        {request.Information, request.LawEnforcement, "", false},
		"an id that has no end": {request.Preservation, request.Technical, strings.Repeat("x", 65), false},
	} {
		q := whole()
		q.Kind, q.Channel, q.Way = c.k, c.c, c.way
		raw, err := q.Encode()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if back, err := request.Parse(raw); err != nil || back.Way != c.way {
			t.Errorf("%s: %q, %v", name, back.Way, err)
		}
		other := q
		other.Way = "diplomatic"
		if err := other.Corrects(q); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: the way changes: %v", name, err)
		}
	}
}

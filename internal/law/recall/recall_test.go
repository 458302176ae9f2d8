package recall_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/format/stix"
	"twoseas/internal/law/recall"
)

var noon = time.Date(2027, 3, 18, 12, 0, 0, 123_000, time.UTC)

func id(typ string, n int) string { return typ + "--00000000-0000-4000-8000-" + pad(n) }

func pad(n int) string {
	s := "000000000000"
	for i := len(s) - 1; n > 0; i, n = i-1, n/10 {
		s = s[:i] + string(rune('0'+n%10)) + s[i+1:]
	}
	return s
}

func message(ids ...string) recall.Recall {
	return recall.Recall{
		ID: id(recall.Type, 1), Act: "00000000-0000-4000-8000-000000000009", Part: 1, Of: 2, Kind: recall.Spill, Code: "spill",
		Reason: "sent to the wrong side", Until: noon, IDs: ids, Created: noon, Modified: noon,
	}
}

func TestAMessageComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := message()
		for i := range rapid.IntRange(1, 50).Draw(t, "ids") {
			r.IDs = append(r.IDs, id(rapid.SampledFrom([]string{"indicator", "x-mitre-tactic", "ipv4-addr"}).Draw(t, "type"), i))
		}
		r.Kind = rapid.SampledFrom(recall.Kinds()).Draw(t, "kind")
		r.Code = rapid.SampledFrom(recall.Codes(r.Kind)).Draw(t, "code")
		r.Lifted = rapid.Bool().Draw(t, "lifted")
		if r.Kind == recall.Supersede {
			r.By = map[string]string{r.IDs[0]: id("indicator", 999)}
		}
		if r.Kind == recall.Correct {
			r.By = map[string]string{}
			for _, id := range r.IDs {
				r.By[id] = recall.Stamp(noon)
			}
		}
		raw, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := recall.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Fatal(diff)
		}
		if o, err := stix.Parse(raw, stix.Options{}); err != nil || string(o.Raw) != string(raw) {
			t.Fatalf("it is no object that intake takes: %v", err)
		}
	})
}

func TestWhatIsNotUnderstoodIsNotTaken(t *testing.T) {
	good, err := message(id("indicator", 1), id("malware", 2)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"another member":        {`"act":`, `"vip":true,"act":`},
		"a kind nobody knows":   {`"why":"recall"`, `"why":"regret"`},
		"a code of another":     {`"code":"spill"`, `"code":"false-positive"`},
		"an act that is none":   {`"act":"0000`, `"act":"zzzz`},
		"part nought":           {`"part":1`, `"part":0`},
		"more parts than there": {`"part":1`, `"part":3`},
		"an id twice":           {id("malware", 2), id("indicator", 1)},
		"an id that is none":    {id("malware", 2), "malware--2"},
		"a marking definition":  {id("malware", 2), id("marking-definition", 2)},
		"another recall":        {id("malware", 2), id(recall.Type, 2)},
		"a time to the second":  {`"until":"2027-03-18T12:00:00.000123Z"`, `"until":"2027-03-18T12:00:00Z"`},
		"modified before made":  {`"modified":"2027`, `"modified":"2026`},
		"another type":          {`"type":"x-twoseas-recall"`, `"type":"x-twoseas-recall-answer"`},
		"a successor":           {`"code":`, `"by":{"` + id("indicator", 1) + `":"` + id("indicator", 3) + `"},"code":`},
		"a reason in two lines": {`sent to`, strings.Repeat("x", recall.MaxReason+1)},
	} {
		raw := strings.Replace(string(good), change[0], change[1], 1)
		if raw == string(good) {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := recall.Parse([]byte(raw)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	var many []string
	for i := range recall.MaxIDs + 1 {
		many = append(many, id("indicator", i))
	}
	for _, r := range []recall.Recall{message(), message(many...)} {
		if _, err := r.Encode(); err == nil {
			t.Errorf("%d ids in one message", len(r.IDs))
		}
	}
}

func TestVersionsUpToTheRecallAreCovered(t *testing.T) {
	early, late := noon.Add(-time.Hour), noon.Add(time.Microsecond)
	for version, want := range map[time.Time]bool{{}: true, early: true, noon: true, late: false} {
		if recall.Covers(recall.Spill, noon, "", version) != want {
			t.Errorf("%v: covered %v", version, !want)
		}
	}
	for version, want := range map[time.Time]bool{early: true, noon: false, late: false} { // the version that corrects stays
		if recall.Covers(recall.Correct, late, recall.Stamp(noon), version) != want {
			t.Errorf("%v corrected: covered %v", version, !want)
		}
	}
	if recall.Covers(recall.Correct, late, "soon", early) {
		t.Error("corrected by nothing")
	}
}

func answer(items map[recall.Outcome][]string, edges ...recall.Edge) recall.Answer {
	return recall.Answer{ID: id(recall.AnswerType, 1), Recall: id(recall.Type, 1), Items: items, Edges: edges, Created: noon, Modified: noon}
}

func TestAnAnswerCountsEachIDOnce(t *testing.T) {
	a, b := id("indicator", 1), id("indicator", 2)
	r := message(b, a)
	for name, tc := range map[string]struct {
		items map[recall.Outcome][]string
		want  bool
	}{
		"all":         {map[recall.Outcome][]string{recall.Quarantined: {a}, recall.NeverHad: {b}}, true},
		"one missing": {map[recall.Outcome][]string{recall.Quarantined: {a}}, false},
		"one twice":   {map[recall.Outcome][]string{recall.Quarantined: {a, b}, recall.Erased: {b}}, false},
		"another":     {map[recall.Outcome][]string{recall.Quarantined: {a, id("indicator", 3)}}, false},
	} {
		raw, err := answer(tc.items, recall.Edge{Name: "taxii", State: recall.Done, Count: 1, Note: recall.NoteRevoked}).Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := recall.ParseAnswer(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got.Answers(r) != tc.want {
			t.Errorf("%s: %v", name, !tc.want)
		}
		if o, err := stix.Parse(raw, stix.Options{}); err != nil || string(o.Raw) != string(raw) {
			t.Fatalf("%s: it is no object that intake takes: %v", name, err)
		}
	}
	for name, bad := range map[string]recall.Answer{
		"nothing":         answer(nil),
		"a new outcome":   answer(map[recall.Outcome][]string{"lost": {a}}),
		"an edge in hope": answer(map[recall.Outcome][]string{recall.Erased: {a}}, recall.Edge{Name: "taxii", State: "soon"}),
		"a talkative one": answer(map[recall.Outcome][]string{recall.Erased: {a}}, recall.Edge{Name: "taxii", State: recall.Done, Note: "read by officer@jp"}),
	} {
		if _, err := bad.Encode(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestEdgesAddUp(t *testing.T) {
	one := map[recall.Outcome][]string{recall.Erased: {id("indicator", 1)}}
	got := recall.Sum([]recall.Answer{
		answer(one, recall.Edge{Name: "taxii", State: recall.Done, Count: 2, Note: recall.NoteRevoked}, recall.Edge{Name: "webhooks", State: recall.Cannot, Count: 1}),
		answer(one, recall.Edge{Name: "webhooks", State: recall.Pending, Count: 3}, recall.Edge{Name: "taxii", State: recall.Done, Count: 1, Note: recall.NoteRevoked}),
	})
	want := []recall.Edge{{Name: "taxii", State: recall.Done, Count: 3, Note: recall.NoteRevoked}, {Name: "webhooks", State: recall.Pending, Count: 4}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestAnOpenRecallClimbsOneRungAnInterval(t *testing.T) {
	for after, want := range map[time.Duration]int{-time.Hour: 0, 0: 0, 4*time.Hour - 1: 0, 4 * time.Hour: 1, 8 * time.Hour: 2, 12 * time.Hour: 3, 400 * time.Hour: 3} {
		if got := recall.Rung(noon, noon.Add(after), 4*time.Hour); got != want {
			t.Errorf("after %v: rung %d, want %d", after, got, want)
		}
	}
	if recall.Rung(noon, noon.Add(time.Hour), 0) != 0 {
		t.Error("it climbs without an interval")
	}
}

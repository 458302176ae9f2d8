package pattern_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/stix/pattern"
)

var noon = time.Date(2026, 3, 19, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// seen is an observation of objects given as JSON, by id.
func seen(t testing.TB, first, last float64, number int, objects string) pattern.Observation {
	t.Helper()
	var m map[string]map[string]any
	if err := canon.Unmarshal([]byte(objects), &m); err != nil {
		t.Fatal(err)
	}
	return pattern.Observation{First: at(first), Last: at(last), Number: number, Objects: m}
}

// person is an observation of one person at one moment.
func person(t testing.TB, second float64, name string) pattern.Observation {
	t.Helper()
	return seen(t, second, second, 1, fmt.Sprintf(`{"0":{"type":"person","name":%q}}`, name))
}

func match(t testing.TB, src string, obs ...pattern.Observation) []pattern.Match {
	t.Helper()
	got, err := parse(t, src).Match(obs)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return got
}

const host = `{
	"t--1": {"type":"t", "int":5, "float":12.658, "whole":12, "bool":true, "string":"hello", "null":null, "empty":"",
		"ip":"11.22.33.44", "cidr":"11.22.33.44/20", "ip6":"2001:db8::7", "time":"2014-01-13T07:03:17.5Z", "leap":"2016-12-31T23:59:60Z", "lines":"a\nb",
		"composed":"\u00e9", "split":"e\u0301", "payload_bin":"1MOyoQIA", "magic_hex":"ffD8", "high":"\u00d4\u00c3", "bad_hex":"xyz",
		"list":[1, [2, 3], {"k":"v"}, null], "dict":{"A-B":{"c":[7]}, "":"blank"},
		"f_ref":"f--1", "f_refs":["f--1", "f--2", "gone"], "gone_ref":"gone", "plain":"f--1", "self_ref":"t--1"},
	"t--2": {"type":"t", "int":6, "string":"world"},
	"f--1": {"type":"file", "name":"a.exe", "hashes":{"MD5":"00", "SHA-256":"11"}, "dir_ref":"d--1"},
	"f--2": {"type":"file", "name":"b.exe"},
	"d--1": {"type":"directory", "path":"C:\\Windows"}}`

func TestComparisons(t *testing.T) {
	yes := `int = 5|int NOT != 5|int > 3|int > 4.9|int >= 5|int <= 5|int != 'world'|int != true|int != h'01'|int IN (-4, 5, 6.6)|int NOT IN ('a')|int NOT LIKE '5'|int NOT MATCHES '5'|int NOT < 'x'|
float = 12.658|float < 22|whole = 12|whole = 12.0|whole IN (11.5, 12)|
bool = true|bool != false|bool NOT = false|bool != 1|bool IN (false, true)|
string = 'hello'|string > 'alice'|string >= 'hello'|string < 'hello!'|string LIKE 'he%'|string LIKE 'he__o'|string LIKE '%'|string LIKE '%l%l%'|string LIKE 'hello%%'|string MATCHES 'l+'|string MATCHES '^h.*o$'|string NOT IN ()|string IN ('a', 'hello')|string != t'2014-01-13T07:03:17Z'|
empty LIKE '%'|empty = ''|empty NOT LIKE '_'|lines LIKE 'a_b'|lines LIKE 'a%'|lines MATCHES '(?s)a.b'|
ip ISSUBSET '11.22.41.123/20'|ip ISSUBSET '11.22.33.44'|ip NOT ISSUBSET '11.22.123.41/20'|cidr ISSUPERSET '11.22.41.123'|cidr ISSUPERSET '11.22.41.123/29'|cidr ISSUPERSET '11.22.40.0/20'|cidr ISSUBSET '11.22.40.0/20'|cidr NOT ISSUPERSET '11.22.33.44/13'|ip6 ISSUBSET '2001:0db8:0000::/32'|ip NOT ISSUBSET '::/0'|int NOT ISSUBSET '1.2.3.4'|
time = t'2014-01-13T07:03:17.500Z'|time > t'2014-01-13T07:03:17Z'|time < t'2014-01-13T07:03:17.500000001Z'|time = '2014-01-13T07:03:17.5Z'|leap = t'2017-01-01T00:00:00Z'|string NOT = t'2014-01-13T07:03:17Z'|
composed LIKE 'é'|composed LIKE 'é'|composed MATCHES '^é$'|split LIKE 'é'|split LIKE '_'|split MATCHES '^é$'|split != 'é'|split < 'é'|
payload_bin = b'1MOyoQIA'|payload_bin = h'd4c3b2a10200'|payload_bin > h'd4c3'|payload_bin MATCHES '^\\xd4\\xc3\\xb2\\xa1'|payload_bin LIKE 'ÔÃ%'|payload_bin = 'ÔÃ²¡` + "\x02\x00" + `'|magic_hex = h'FFd8'|magic_hex = 'ÿØ'|high = h'd4c3'|bad_hex = 'xyz'|string != h'ff'|split != h'6581'|
list[0] = 1|list[*] = 1|list[1][1] = 3|list[*][*] = 2|list[2].k = 'v'|list[*].k = 'v'|list[*] != 1|
dict.'A-B'.c[0] = 7|dict.'' = 'blank'|
f_ref.name = 'a.exe'|f_refs[*].name = 'b.exe'|f_refs[1].name = 'b.exe'|f_ref.dir_ref.path = 'C:\\Windows'|f_ref.hashes.'SHA-256' = '11'|f_ref.type = 'file'|f_ref = 'f--1'|self_ref.self_ref.int = 5|
f_ref MATCHES '^f'`
	no := `int = 6.5|int NOT = 5 |int > 6|int = '5'|int = true|int > h'01'|int > t'1965-07-19T22:41:38Z'|int LIKE '%'|int MATCHES '.'|int IN ()|int IN ('5')|
bool = 1|bool = false|bool IN ('true')|string = 'Hello'|string LIKE 'HE%'|string LIKE 'he_o'|string LIKE 'he'|string LIKE 'hell_%_'|string LIKE ''|string MATCHES '^l'|
lines MATCHES 'a.b'|ip ISSUBSET '11.22.123.41/20'|ip ISSUBSET '::/0'|ip ISSUPERSET '11.22.33.0/24'|int ISSUBSET '0.0.0.0/0'|string ISSUBSET '0.0.0.0/0'|string NOT != 'world'|
time = t'2014-01-13T07:03:17Z'|string < t'2014-01-13T07:03:17Z'|split = 'é'|split = h'6501'|magic_hex = 'ǿǘ'|payload_bin = h'd4c3'|payload_bin = '日'|bad_hex = h'00'|
missing = 1|missing != 1|missing NOT = 1|missing NOT IN ()|null = 1|null != 1|list[9] = 1|list[-1] = 1|list.k = 'v'|list[3] != 1|string[0] = 'h'|dict[0] != 1|int.x != 1|
plain.name = 'a.exe'|gone_ref.name != 'x'|f_refs.name = 'a.exe'|f_refs[2].name != 'x'|plain.name != 'a.exe'`
	o := seen(t, 0, 0, 1, host)
	for want, list := range map[bool]string{true: yes, false: no} {
		for one := range strings.SplitSeq(list, "|") {
			src := "[t:" + strings.TrimSpace(one) + " AND t:float > 0]" // the second holds of t--1 only
			if got := match(t, src, o) != nil; got != want {
				t.Errorf("%s: got %v", src, got)
			}
		}
	}
}

func TestExists(t *testing.T) {
	o := seen(t, 0, 0, 1, host)
	for src, want := range map[string]bool{
		"[EXISTS t:int]":                                  true,
		"[EXISTS t:list]":                                 true,
		"[EXISTS t:null]":                                 false,
		"[EXISTS t:f_ref.dir_ref]":                        true,
		"[EXISTS t:missing]":                              false,
		"[NOT EXISTS t:missing]":                          true,
		"[NOT EXISTS t:int]":                              false,
		"[NOT EXISTS t:float AND t:int = 6]":              true,
		"[NOT EXISTS u:int]":                              false, // there is no u for it to hold of
		"[NOT EXISTS file:hashes AND file:name LIKE '%']": true,
	} {
		if got := match(t, src, o) != nil; got != want {
			t.Errorf("%s: got %v, want %v", src, got, want)
		}
	}
}

func TestOneObjectSatisfiesATest(t *testing.T) {
	o := seen(t, 0, 0, 1, `{"1":{"type":"person","name":"alice","age":10},"2":{"type":"person","name":"bob","age":15},"3":{"type":"pet","name":"alice"}}`)
	for src, want := range map[string][]string{
		"[person:name = 'alice' AND person:age < 20]":                                       {"1"},
		"[person:name = 'alice' AND person:age > 10]":                                       nil,
		"[person:name = 'alice' OR person:age > 10]":                                        {"1", "2"},
		"[person:name = 'alice' OR person:age > 1000 AND person:age < 0]":                   {"1"},
		"[(person:name = 'alice' OR person:age > 1000) AND person:age < 0]":                 nil,
		"[(person:name = 'carol' OR pet:name = 'alice') AND (pet:name LIKE 'a%' OR x:y=1)]": {"3"},
		"[person:name = 'alice' OR pet:name = 'alice']":                                     {"1", "3"},
	} {
		var want1 []pattern.Match
		if want != nil {
			want1 = []pattern.Match{{Index: 0, Count: 1, Objects: want}}
		}
		if diff := cmp.Diff(want1, match(t, src, o)); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
	}
}

// alice at 0 s, bob at 5 s, carol at 10 s.
func TestQualifiers(t *testing.T) {
	obs := []pattern.Observation{person(t, 0, "alice"), person(t, 5, "bob"), person(t, 10, "carol")}
	start := func(from, to string) string {
		return " START t'2026-03-19T12:00:" + from + "Z' STOP t'2026-03-19T12:00:" + to + "Z'"
	}
	alice, bob, anyone := "[person:name = 'alice']", "[person:name = 'bob']", "[person:name LIKE '%']"
	for _, tc := range []struct {
		name, src string
		want      bool
	}{
		{"one moment is within any window", bob + " WITHIN 0.0000001 SECONDS", true},
		{"a window as long as the distance is too short", "(" + alice + " AND " + bob + ") WITHIN 5 SECONDS", false},
		{"a window just longer", "(" + alice + " AND " + bob + ") WITHIN 5.000001 SECONDS", true},
		{"a window looks both ways", "(" + bob + " AND " + alice + ") WITHIN 6 SECONDS", true},
		{"a window belongs to the last test only", alice + " AND " + bob + " WITHIN 1 SECONDS", true},
		{"a window around alternatives", "(" + alice + " OR [person:name = 'dan']) WITHIN 1 SECONDS", true},
		{"the narrower of two windows, inside", "((" + alice + " AND " + bob + ") WITHIN 4 SECONDS) WITHIN 60 SECONDS", false},
		{"the narrower of two windows, outside", "((" + alice + " AND " + bob + ") WITHIN 60 SECONDS) WITHIN 4 SECONDS", false},
		{"a window around alternatives of two", "(" + alice + " AND " + bob + " OR " + bob + " AND [person:name = 'carol']) WITHIN 5 SECONDS", false},
		{"a wider window around alternatives of two", "(" + alice + " AND " + bob + " OR " + bob + " AND [person:name = 'carol']) WITHIN 6 SECONDS", true},
		{"a window after a first alternative that fails", "(([person:name = 'carol'] FOLLOWEDBY " + bob + ") OR (" + alice + " FOLLOWEDBY " + bob + ")) WITHIN 6 SECONDS", true},
		{"windows inside one another", "((" + alice + " AND " + bob + ") WITHIN 6 SECONDS AND [person:name = 'carol']) WITHIN 10 SECONDS", false},
		{"windows inside one another, wide enough", "((" + alice + " AND " + bob + ") WITHIN 6 SECONDS AND [person:name = 'carol']) WITHIN 11 SECONDS", true},

		{"AND wants two observations", bob + " AND " + bob, false},
		{"AND finds two observations", anyone + " AND " + bob + " AND " + anyone, true},
		{"AND does not find four", anyone + " AND " + bob + " AND " + anyone + " AND " + anyone, false},
		{"OR wants one", "[person:name = 'x'] OR " + bob, true},
		{"OR inside AND keeps out of the way", "(" + alice + " OR " + bob + ") AND " + alice, true},
		{"an alternative of two", "(" + alice + " AND [person:name = 'x'] OR " + bob + " AND " + alice + ") AND [person:name = 'carol']", true},
		{"an alternative that takes what is needed", "(" + alice + " AND " + bob + " OR " + anyone + " AND " + bob + ") AND " + alice, true},

		{"FOLLOWEDBY in order", alice + " FOLLOWEDBY " + bob, true},
		{"FOLLOWEDBY against the order", bob + " FOLLOWEDBY " + alice, false},
		{"FOLLOWEDBY by what leaves less choice", "[person:name != 'alice'] FOLLOWEDBY " + alice, false},
		{"FOLLOWEDBY of all on the left", "(" + alice + " AND [person:name = 'carol']) FOLLOWEDBY " + bob, false},
		{"FOLLOWEDBY of three", anyone + " FOLLOWEDBY " + anyone + " FOLLOWEDBY " + anyone, true},
		{"FOLLOWEDBY binds weaker than AND", "[person:name = 'carol'] FOLLOWEDBY " + alice + " AND " + bob, false},

		{"REPEATS as often", anyone + " REPEATS 3 TIMES", true},
		{"REPEATS more often", anyone + " REPEATS 4 TIMES", false},
		{"REPEATS finds among more", anyone + " REPEATS 2 TIMES", true},
		{"REPEATS of alternatives", "(" + alice + " OR " + bob + ") REPEATS 2 TIMES", true},
		{"REPEATS of alternatives, once too often", "(" + alice + " OR " + bob + ") REPEATS 3 TIMES", false},
		{"REPEATS of the same twice", "(" + alice + " OR " + alice + start("00", "06") + ") REPEATS 2 TIMES", false},
		{"REPEATS of two", "(" + anyone + " AND " + anyone + ") REPEATS 2 TIMES", false},
		{"REPEATS and one more", anyone + " REPEATS 2 TIMES AND [person:name = 'carol']", true},
		{"REPEATS within", anyone + " REPEATS 2 TIMES WITHIN 6 SECONDS", true},
		{"REPEATS within, too short", anyone + " REPEATS 3 TIMES WITHIN 10 SECONDS", false},
		{"REPEATS in order after within", anyone + " WITHIN 1 SECONDS REPEATS 3 TIMES", true},

		{"START is included", bob + start("05", "06"), true},
		{"STOP is not", bob + start("04", "05"), false},
		{"START equal to STOP", bob + start("05", "05"), false},
		{"STOP before START", bob + start("06", "04"), false},
		{"START to STOP of each", "(" + alice + " AND " + bob + ")" + start("00", "06"), true},
		{"START to STOP of each, one outside", "(" + alice + " AND " + bob + ")" + start("01", "06"), false},
		{"START to STOP of one side", alice + " AND " + bob + start("01", "06"), true},
		{"START to STOP, then REPEATS", anyone + start("00", "06") + " REPEATS 3 TIMES", false},
		{"REPEATS, then START to STOP", anyone + " REPEATS 2 TIMES" + start("00", "06"), true},
		{"START to STOP inside one another", "(" + anyone + start("00", "06") + ")" + start("05", "11") + " REPEATS 2 TIMES", false},
	} {
		if got := match(t, tc.src, obs...) != nil; got != tc.want {
			t.Errorf("%s\n%s: got %v", tc.name, tc.src, got)
		}
	}
}

func TestAnObservationThatSpansTime(t *testing.T) {
	a := seen(t, 0, 60, 3, `{"0":{"type":"x","v":1}}`)
	b := seen(t, 30, 30, 1, `{"0":{"type":"x","v":2}}`)
	c := seen(t, 50, 70, 1, `{"0":{"type":"x","v":3}}`)
	for src, want := range map[string][]pattern.Match{
		"[x:v = 1] REPEATS 3 TIMES WITHIN 1 SECONDS":                                                  {{Index: 0, Count: 3, Objects: []string{"0"}}},
		"[x:v = 1] REPEATS 4 TIMES":                                                                   nil,
		"[x:v < 3] REPEATS 4 TIMES WITHIN 1 SECONDS":                                                  {{Index: 0, Count: 3, Objects: []string{"0"}}, {Index: 1, Count: 1, Objects: []string{"0"}}},
		"[x:v = 1] FOLLOWEDBY [x:v = 2] FOLLOWEDBY [x:v = 1]":                                         {{Index: 0, Count: 2, Objects: []string{"0"}}, {Index: 1, Count: 1, Objects: []string{"0"}}},
		"[x:v = 3] FOLLOWEDBY [x:v = 1]":                                                              {{Index: 0, Count: 1, Objects: []string{"0"}}, {Index: 2, Count: 1, Objects: []string{"0"}}},
		"[x:v = 3] FOLLOWEDBY [x:v = 2]":                                                              nil,
		"([x:v = 2] AND [x:v = 3]) WITHIN 20 SECONDS":                                                 nil,
		"([x:v = 2] AND [x:v = 3]) WITHIN 21 SECONDS":                                                 {{Index: 1, Count: 1, Objects: []string{"0"}}, {Index: 2, Count: 1, Objects: []string{"0"}}},
		"([x:v = 3] FOLLOWEDBY [x:v = 1]) START t'2026-03-19T12:00:00Z' STOP t'2026-03-19T12:00:50Z'": nil,
		// One moment for each: v1 cannot be near v2 for one window and after v3 for another.
		"(([x:v = 2] FOLLOWEDBY [x:v = 1]) WITHIN 5 SECONDS) FOLLOWEDBY [x:v = 3]": {{Index: 0, Count: 1, Objects: []string{"0"}}, {Index: 1, Count: 1, Objects: []string{"0"}}, {Index: 2, Count: 1, Objects: []string{"0"}}},
		"([x:v = 3] FOLLOWEDBY ([x:v = 2] AND [x:v = 1]) WITHIN 5 SECONDS)":        nil,
	} {
		if diff := cmp.Diff(want, match(t, src, a, b, c)); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
	}
}

func TestASupplyIsGivenBackWhenASearchTurns(t *testing.T) {
	a := seen(t, 0, 0, 2, `{"0":{"type":"x","v":1,"w":1}}`)
	b := seen(t, 0, 0, 1, `{"1":{"type":"x","v":1}}`)
	want := []pattern.Match{{Index: 0, Count: 2, Objects: []string{"0"}}, {Index: 1, Count: 1, Objects: []string{"1"}}}
	if diff := cmp.Diff(want, match(t, "[x:v = 1] REPEATS 2 TIMES AND [x:w = 1]", a, b)); diff != "" {
		t.Error(diff)
	}
}

func TestMatchRefuses(t *testing.T) {
	o := person(t, 0, "alice")
	for name, tc := range map[string]struct {
		src  string
		obs  pattern.Observation
		kind fault.Kind
		text string
	}{
		"look-around":             {`[person:name MATCHES '(?=a)']`, o, fault.Invalid, "person:name MATCHES (?=a): not a regular expression of RE2"},
		"a back-reference":        {`[person:name MATCHES '(a)\\1']`, o, fault.Invalid, "no back-references"},
		"a huge repetition":       {`[person:name MATCHES '((a{100}){100}){100}']`, o, fault.Invalid, "RE2"},
		"a long expression":       {`[person:name MATCHES '` + strings.Repeat("a", pattern.MaxRegexp+1) + `']`, o, fault.TooLarge, "4096"},
		"no number":               {`[person:name = 'x']`, pattern.Observation{First: noon, Last: noon}, fault.Invalid, "number_observed"},
		"an end before the start": {`[person:name = 'x']`, pattern.Observation{First: at(1), Last: noon, Number: 1}, fault.Invalid, "last_observed"},
		"too many observations":   {`([person:name = 'alice'] AND [person:name LIKE 'a%']) REPEATS 5001 TIMES`, o, fault.TooLarge, "10000"},
		"repeats of repeats":      {strings.Repeat("(", 40) + `[person:name = 'alice']` + strings.Repeat(") REPEATS 1000000 TIMES", 40), seen(t, 0, 0, 1_000_000, `{"0":{"type":"person","name":"alice"}}`), fault.TooLarge, "10000"},
	} {
		got, err := parse(t, tc.src).Match([]pattern.Observation{tc.obs})
		if got != nil || !fault.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: got %v, %v, want %v … %s …", name, got, err, tc.kind, tc.text)
		}
	}
	if got, err := new(pattern.Pattern).Match([]pattern.Observation{o}); got != nil || err != nil {
		t.Errorf("the zero pattern: got %v, %v", got, err)
	}
}

// Each of these would take for ever if nothing stopped it.
func TestWorkIsBounded(t *testing.T) {
	var crowd []pattern.Observation
	for i := range 40 {
		crowd = append(crowd, person(t, float64(i%3), "x"))
	}
	crowd = append(crowd, person(t, 1000, "y"))
	x := "[person:name = 'x']"
	long := seen(t, 0, 0, 1, `{"0":{"type":"person","name":"`+strings.Repeat("a", 1<<20)+`"}}`)
	for name, tc := range map[string]struct {
		src string
		obs []pattern.Observation
	}{
		"pigeons":      {x + strings.Repeat(" AND "+x, 40), crowd},
		"a far window": {"(" + x + " REPEATS 20 TIMES AND [person:name = 'y']) WITHIN 900 SECONDS AND (" + x + " REPEATS 25 TIMES)", crowd},
		"LIKE":         {"[person:name LIKE '" + strings.Repeat("%a", 20000) + "b']", []pattern.Observation{long}},
		"MATCHES":      {"[person:name MATCHES '(a|aa|aaa){1,200}(b|c){1,200}$']", []pattern.Observation{long}},
	} {
		began := time.Now()
		got, err := parse(t, tc.src).Match(tc.obs)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if got != nil || err != nil && !fault.Is(err, fault.TooLarge) {
			t.Errorf("%s: got %v, %v, want nothing or fault.TooLarge", name, got, err)
		}
	}
}

func TestManyObservationsAreQuick(t *testing.T) {
	var obs []pattern.Observation
	for i := range 20_000 {
		obs = append(obs, person(t, float64(i*10), []string{"x", "y"}[i%2]))
	}
	for src, want := range map[string]bool{
		"[person:name LIKE '%'] REPEATS 5 TIMES WITHIN 40 SECONDS":                               false,
		"[person:name LIKE '%'] REPEATS 5 TIMES WITHIN 41 SECONDS":                               true,
		"([person:name = 'x'] OR [person:name = 'y']) REPEATS 15000 TIMES":                       true,
		"[person:name LIKE '%'] REPEATS 20000 TIMES":                                             true,
		"([person:name = 'x'] AND [person:name = 'y']) WITHIN 10 SECONDS":                        false,
		"([person:name = 'x'] REPEATS 3 TIMES FOLLOWEDBY [person:name = 'y']) WITHIN 50 SECONDS": false,
		"([person:name = 'x'] REPEATS 3 TIMES FOLLOWEDBY [person:name = 'y']) WITHIN 51 SECONDS": true,
	} {
		if got := match(t, src, obs...) != nil; got != want {
			t.Errorf("%s: got %v", src, got)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	o := seen(b, 0, 0, 1, host)
	p := parse(b, "[t:f_ref.hashes.'SHA-256' = '11' AND t:string LIKE 'he%']")
	b.ReportAllocs()
	for b.Loop() {
		if got, err := p.Match([]pattern.Observation{o}); got == nil || err != nil {
			b.Fatal(got, err)
		}
	}
}

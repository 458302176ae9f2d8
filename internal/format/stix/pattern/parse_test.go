package pattern_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/stix/pattern"
)

func parse(t testing.TB, src string) *pattern.Pattern {
	t.Helper()
	p, err := pattern.Parse(src)
	if err != nil {
		t.Fatalf("Parse(%q): %v", src, err)
	}
	return p
}

func TestPrint(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"white space goes", "[ ipv4-addr:value = '10.0.0.0' ]", "[ipv4-addr:value = '10.0.0.0']"},
		{"no white space is needed", "[a:b='x']AND[a:b IN(1,2)]", "[a:b = 'x'] AND [a:b IN (1, 2)]"},
		{"spaces of Unicode are white space", "[a:b\u00a0=\u30001\u2003]", "[a:b = 1]"},
		{"comments are white space", "[a:b /* one */ = // two\n 1]", "[a:b = 1]"},
		{"a string may hold a comment", "[a:b = '/* // */']", "[a:b = '/* // */']"},
		{"operators have one spelling", "[a:b == 1 OR a:b <> 2]", "[a:b = 1 OR a:b != 2]"},
		{
			"steps are quoted where they must be", `[file:hashes.'MD5' = 'x' OR file:hashes.'SHA-256' = 'x' OR a:'true'.'in'.'IN'.'it\'s'.'' = 1]`,
			`[file:hashes.MD5 = 'x' OR file:hashes.'SHA-256' = 'x' OR a:'true'.in.'IN'.'it\'s'.'' = 1]`,
		},
		{"a list in a list", "[a:b[0][*].c_ref.d[-1] = 1]", "[a:b[0][*].c_ref.d[-1] = 1]"},
		{"escapes stay", `[a:b = 'c:\\d\'e']`, `[a:b = 'c:\\d\'e']`},
		{
			"every constant", "[a:b IN (+1, -2, .5, -0.25) OR a:c IN (true, false) OR a:d = t'2016-02-29T23:59:60.123456789Z' OR a:e = h'00fF' OR a:f = b'AQID']",
			"[a:b IN (1, -2, .5, -0.25) OR a:c IN (true, false) OR a:d = t'2016-02-29T23:59:60.123456789Z' OR a:e = h'00fF' OR a:f = b'AQID']",
		},
		{"an empty set", "[a:b NOT IN ()]", "[a:b NOT IN ()]"},
		{
			"every operator takes NOT", "[a:b NOT = 1 OR a:b NOT < 1 OR a:b NOT LIKE 'x' OR a:b NOT MATCHES 'x' OR a:b NOT ISSUBSET '::/0' OR a:b NOT ISSUPERSET '1.2.3.4' OR NOT EXISTS a:b]",
			"[a:b NOT = 1 OR a:b NOT < 1 OR a:b NOT LIKE 'x' OR a:b NOT MATCHES 'x' OR a:b NOT ISSUBSET '::/0' OR a:b NOT ISSUPERSET '1.2.3.4' OR NOT EXISTS a:b]",
		},
		{"AND binds stronger than OR in a test", "[a:b = 1 OR (a:c = 2 AND a:d = 3)]", "[a:b = 1 OR a:c = 2 AND a:d = 3]"},
		{"needed parentheses stay in a test", "[(a:b = 1 OR a:c = 2) AND (a:d = 3 AND a:e = 4)]", "[(a:b = 1 OR a:c = 2) AND (a:d = 3 AND a:e = 4)]"},
		{"AND binds strongest, FOLLOWEDBY weakest", "([a:b=1] AND [a:b=2]) OR (([a:b=3])) FOLLOWEDBY [a:b=4]", "[a:b = 1] AND [a:b = 2] OR [a:b = 3] FOLLOWEDBY [a:b = 4]"},
		{"needed parentheses stay outside", "[a:b=1] AND ([a:b=2] FOLLOWEDBY ([a:b=3] FOLLOWEDBY [a:b=4]))", "[a:b = 1] AND ([a:b = 2] FOLLOWEDBY ([a:b = 3] FOLLOWEDBY [a:b = 4]))"},
		{"a qualifier belongs to what stands before it", "[a:b=1] AND [a:b=2] WITHIN +0.50 SECONDS REPEATS 2 TIMES", "[a:b = 1] AND [a:b = 2] WITHIN 0.50 SECONDS REPEATS 2 TIMES"},
		{"a qualifier of parentheses", "([a:b=1]AND[a:b=2])WITHIN 5 SECONDS AND([a:b=3])REPEATS 2 TIMES", "([a:b = 1] AND [a:b = 2]) WITHIN 5 SECONDS AND [a:b = 3] REPEATS 2 TIMES"},
		{"two qualifiers of a kind", "([a:b=1] WITHIN 6 SECONDS) WITHIN 5 SECONDS", "([a:b = 1] WITHIN 6 SECONDS) WITHIN 5 SECONDS"},
		{"START of STIX 2.0", "[a:b=1] START '2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00.5Z'", "[a:b = 1] START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00.5Z'"},
		{"types that can be the same", "[(a:b = 1 OR c:b = 2) AND (c:d = 3 OR e:f = 4)]", "[(a:b = 1 OR c:b = 2) AND (c:d = 3 OR e:f = 4)]"},
	} {
		p := parse(t, tc.in)
		if got := p.String(); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.name, got, tc.want)
		}
		if again := parse(t, p.String()); !reflect.DeepEqual(again, p) {
			t.Errorf("%s: %s parses to another tree", tc.name, p)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("(", 60)
	for _, tc := range []struct {
		name, in string
		column   int
		text     string
	}{
		{"nothing", "", 1, "want [ or ("},
		{"no brackets", "file:size = 1280", 1, "want [ or ("},
		{"no value", "[file:size = ]", 14, "want a value"},
		{"a value without quotes", "[file:hashes.MD5 = cead3f]", 20, "want a value"},
		{"a point for the colon", "[file.size = 1280]", 6, "want : and a property"},
		{"an expression without quotes", "[file:name MATCHES /.dll/]", 20, `'/' has no place`},
		{"a window without a number", "[a:b=1] WITHIN ]", 16, "seconds above 0, found ]"},
		{"another unit of time", "[a:b=1] WITHIN 5 HOURS", 18, "want SECONDS, found HOURS"},
		{"a negative window", "[a:b=1] WITHIN -5 SECONDS", 16, "above 0"},
		{"an empty window", "[a:b=1] WITHIN 0.0 SECONDS", 16, "above 0"},
		{"no repeats", "[a:b=1] REPEATS 0 TIMES", 17, "at least 1"},
		{"half repeats", "[a:b=1] REPEATS 1.5 TIMES", 17, "at least 1"},
		{"ISSUBSET of nothing", "[a:b ISSUBSET ]", 15, "want a string after ISSUBSET"},
		{"ISSUBSET of a name", "[a:b ISSUBSET 'example.com']", 15, "address or network"},
		{"ISSUPERSET of a bad network", "[a:b ISSUPERSET '1.2.3.4/33']", 17, "address or network"},
		{"an unknown operator", "[a:b =? 1]", 7, `'?' has no place`},
		{"an impossible date", "[a:b = t'2457-73-22T32:81:84.1Z']", 8, "want a timestamp"},
		{"the 30th of February", "[a:b = t'2015-02-30T00:00:00Z']", 8, "want a timestamp"},
		{"a timestamp in lower case", "[a:b = t'2015-02-20t00:00:00z']", 8, "want a timestamp"},
		{"a short hour", "[a:b = t'2015-02-20T0:00:000Z']", 8, "want a timestamp"},
		{"a timestamp with a bare point", "[a:b = t'2015-02-20T00:00:00.Z']", 8, "want a timestamp"},
		{"padding alone", "[a:b = b'====']", 8, "want Base64"},
		{"empty Base64", "[a:b = b'']", 8, "want Base64"},
		{"half an octet", "[a:b = h'abc']", 8, "even number"},
		{"keywords in lower case", "[a:b=1] within 2 seconds", 9, "want AND, OR, FOLLOWEDBY"},
		{"two windows", "[a:b=1] WITHIN 5 SECONDS WITHIN 6 SECONDS", 26, "one WITHIN at most"},
		{"two repeats", "([a:b=1] REPEATS 2 TIMES REPEATS 3 TIMES)", 26, "one REPEATS at most"},
		{"two starts", "[a:b=1] START t'2016-06-01T00:00:00Z' STOP t'2016-06-02T00:00:00Z' START t'2016-06-01T00:00:00Z' STOP t'2016-06-02T00:00:00Z'", 68, "one START at most"},
		{"a hyphen in a path", "[file:hashes.SHA-256 = 'x']", 14, "in quotes: 'SHA-256'"},
		{"a keyword in a path", "[a:LIKE = 'x']", 4, "in quotes: 'LIKE'"},
		{"an order of truth", "[a:b > true]", 8, "has an order"},
		{"a set of two types", "[a:b IN (1, 2.5, true)]", 18, "one type"},
		{"a set without end", "[a:b IN (1, 2", 14, "want , or )"},
		{"a set with a hole", "[a:b IN (1, )]", 13, "want a value"},
		{"types that cannot be the same", "[a:b = 1 AND c:d = 2]", 10, "no one type"},
		{"types that cannot be the same, deeper", "[(a:b = 1 OR c:b = 2) AND (d:d = 3 OR e:f = 4)]", 23, "no one type"},
		{"NOT before a path", "[NOT a:b = 1]", 6, "want EXISTS"},
		{"a backslash alone", `[a:b = 'c:\d']`, 11, `written \\`},
		{"a string without end", "[a:b = 'c]", 8, "no closing '"},
		{"a string that ends in an escape", `[a:b = 'c\`, 8, "no closing '"},
		{"a comment without end", "[a:b = 1] /* x", 11, "no closing */"},
		{"a leading zero", "[a:b = 007]", 8, "leading zeros"},
		{"a point without digits", "[a:b = 5.]", 8, "after its point"},
		{"a sign without digits", "[a:b = -]", 8, "want digits"},
		{"an integer over 64 bits", "[a:b = 9223372036854775808]", 8, "64 bits"},
		{"text after the end", "[a:b=1] [a:b=2]", 9, "want AND, OR, FOLLOWEDBY"},
		{"an open bracket", "[a:b=1", 7, "AND, OR or ], the pattern ends"},
		{"an open parenthesis", "([a:b=1]", 9, "the pattern ends"},
		{"an index that is a word", "[a:b[x] = 1]", 6, "an index or *"},
		{"START without STOP", "[a:b=1] START t'2016-06-01T00:00:00Z'", 38, "want STOP"},
		{"START that is no timestamp", "[a:b=1] START 'yesterday' STOP 'today'", 15, "want a timestamp"},
		{"the column counts runes", "[a:b = '日本' AND ]", 17, "object path"},
		{"bytes that are not UTF-8", "[a:b = 'é\xff']", 10, "not UTF-8"},
		{"too deep, together", deep + "[" + deep + "a:b=1", 102, "deeper than 100"},
		{"too long", strings.Repeat(" ", pattern.MaxLength+1), 1, "65536 bytes"},
		{"too large a set", "[a:b IN (" + strings.Repeat("1,", 10_001) + "1)]", 20010, "at most 10000"},
	} {
		_, err := pattern.Parse(tc.in)
		e, ok := errors.AsType[*pattern.SyntaxError](err)
		if !ok || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want a SyntaxError of kind invalid", tc.name, err)
			continue
		}
		if e.Column != tc.column || !strings.Contains(e.Text, tc.text) {
			t.Errorf("%s: got column %d, %s, want column %d, … %s …", tc.name, e.Column, e.Text, tc.column, tc.text)
		}
	}
}

func TestTheLimitItselfIsAllowed(t *testing.T) {
	parse(t, strings.Repeat("(", 50)+"["+strings.Repeat("(", 50)+"a:b=1"+strings.Repeat(")", 50)+"]"+strings.Repeat(")", 50))
	parse(t, "[a:b IN ("+strings.Repeat("1,", pattern.MaxSet-1)+"1)]")
	parse(t, "[a:b=1]"+strings.Repeat(" ", pattern.MaxLength-7))
	parse(t, "([a:b=1])"+strings.Repeat(" AND ([a:b=1])", 200)) // side by side is not deep
}

func TestObservables(t *testing.T) {
	src := `([file:hashes.'SHA-256' NOT IN ('aa', 'b\'b') OR file:size > 1.50] FOLLOWEDBY [NOT EXISTS a:b_ref.c]) WITHIN 5 SECONDS
		OR [network-traffic:dst_ref.value ISSUBSET '10.0.0.0/8' AND network-traffic:is_active = true AND network-traffic:start < t'2020-01-01T00:00:00Z' AND network-traffic:x[*] = h'ff']`
	want := []pattern.Comparison{
		{ObjectType: "file", Path: "hashes.'SHA-256'", Op: "IN", Negated: true, Values: []string{"aa", "b'b"}},
		{ObjectType: "file", Path: "size", Op: ">", Values: []string{"1.50"}},
		{ObjectType: "a", Path: "b_ref.c", Op: "EXISTS", Negated: true},
		{ObjectType: "network-traffic", Path: "dst_ref.value", Op: "ISSUBSET", Values: []string{"10.0.0.0/8"}},
		{ObjectType: "network-traffic", Path: "is_active", Op: "=", Values: []string{"true"}},
		{ObjectType: "network-traffic", Path: "start", Op: "<", Values: []string{"t'2020-01-01T00:00:00Z'"}},
		{ObjectType: "network-traffic", Path: "x[*]", Op: "=", Values: []string{"h'ff'"}},
	}
	if diff := cmp.Diff(want, parse(t, src).Observables()); diff != "" {
		t.Error(diff)
	}
	if got := new(pattern.Pattern).Observables(); got != nil {
		t.Errorf("the zero pattern: got %v", got)
	}
}

func BenchmarkParse(b *testing.B) {
	for name, src := range map[string]string{
		"one":  "[ipv4-addr:value = '1.2.3.4']",
		"hash": "[file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f']",
		"long": "[email-message:from_ref.value MATCHES '.+\\\\@example\\\\.com$' AND email-message:body_multipart[*].body_raw_ref.name MATCHES '^Final Report.+\\\\.exe$'] FOLLOWEDBY [file:size IN (1, 2, 3)] WITHIN 300 SECONDS",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := pattern.Parse(src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

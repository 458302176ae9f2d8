package syslog

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var event = Event{
	Host: "twoseas-in", Domain: "live", Index: 7, At: time.Date(2027, 3, 18, 9, 0, 0, 0, time.UTC), By: "officer", Act: "release.approve",
	Fields: []Field{{"object", "indicator--1"}, {"not-taken", `a "b" ] \ = |`}},
}

func TestForms(t *testing.T) {
	want := "<109>1 2027-03-18T09:00:00Z twoseas-in twoseas - release.approve [twoseas@32473 index=\"7\" domain=\"live\" by=\"officer\" act=\"release.approve\"]" +
		"[about@32473 object=\"indicator--1\" not-taken=\"a \\\"b\\\" \\] \\\\ = |\"] \uFEFFofficer: release.approve"
	if got := string(Structured(event)); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	want = "<109>1 2027-03-18T09:00:00Z twoseas-in twoseas - release.approve - CEF:0|Twoseas|Twoseas|1|release.approve|release.approve|3|" +
		`rt=1805360400000 externalId=7 suser=officer tsDomain=live tsObject=indicator--1 tsNotTaken=a "b" ] \\ \= |`
	if got := string(CEF(event)); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if got := string(Frame(nil, []byte("é"))); got != "2 é" {
		t.Errorf("a frame counts bytes: %q", got)
	}
}

// The grammar of RFC 5424 §6, as a pattern.
var grammar = regexp.MustCompile(`^<109>1 [0-9TZ:-]+ [!-~]{1,255} twoseas - [!-~]{1,32} ((\[[!-~]+( [!#-<>-\\^-~]{1,32}="([^"\\\]]|\\["\\\]])*")*\])+) ` + "\uFEFF" + `[^\n]*$`)

var param = regexp.MustCompile(` ([!#-<>-\\^-~]+)="((?:[^"\\\]]|\\["\\\]])*)"`)

func FuzzNoValueEndsItsField(f *testing.F) {
	for _, s := range []string{`"] [x@1 a="`, "a\nb", `\`, `\"`, "|", "=", "\u2028", "\xff", strings.Repeat("é", 600), "a=b c=d", "<1>1 "} {
		f.Add(s, s, s, s)
	}
	f.Fuzz(func(t *testing.T, by, act, name, value string) {
		e := Event{Host: name, Domain: "live", Index: 1, At: event.At, By: by, Act: act, Fields: []Field{{name, value}, {"last", "1"}}}
		got := string(Structured(e))
		if !utf8.ValidString(got) || !grammar.MatchString(got) {
			t.Fatalf("not a message: %q", got)
		}
		data := grammar.FindStringSubmatch(got)[1]
		all := param.FindAllStringSubmatch(data, -1)
		if len(all) != 6 || unescape(all[2][2]) != text(by) || unescape(all[3][2]) != text(act) || unescape(all[4][2]) != text(value) || all[5][1] != "last" {
			t.Errorf("read back as %q", all)
		}
		cef := string(CEF(e))
		_, body, _ := strings.Cut(cef, " - CEF:")
		parts := unescaped('|', body)
		if len(parts) != 8 || strings.ContainsAny(cef, "\r\n") || !strings.HasSuffix(cef, " tsLast=1") {
			t.Fatalf("%d parts of %q", len(parts), cef)
		}
		if n := len(unescaped('=', parts[7])); n != 7 {
			t.Errorf("%d fields in %q", n-1, parts[7])
		}
	})
}

func unescape(s string) string { return regexp.MustCompile(`\\(.)`).ReplaceAllString(s, "$1") }

// unescaped splits s at what stands without a backslash before it; of |, the
// first seven, as CEF does.
func unescaped(at byte, s string) []string {
	out := []string{""}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			out[len(out)-1] += s[i : i+2]
			i++
		case s[i] == at && (at != '|' || len(out) < 8):
			out = append(out, "")
		default:
			out[len(out)-1] += fmt.Sprintf("%c", s[i])
		}
	}
	return out
}

package outlet

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"twoseas/internal/format/ioc"
)

var head = Head{
	Title: "What we have\n*/ --> <x>", Collection: "91a7b528-80eb-42ed-a74d-c6fbd5a26116", What: "Domains", Marking: "TLP:AMBER", Count: 2, Left: 1,
	Updated: time.Date(2027, 3, 18, 9, 0, 0, 0, time.UTC), Serial: 7, Notes: []string{"more"},
}

func value(t testing.TB, kind ioc.Kind, text string) ioc.Value {
	t.Helper()
	v, ok := ioc.Normalise(kind, text)
	if !ok {
		t.Fatalf("%s is no %s", text, kind)
	}
	return v
}

func TestEveryTextSaysWhatItIs(t *testing.T) {
	for mark, f := range map[string]Form{"#": Plain{}, "# ": NewSuricata(), ";": Zone{}} {
		text := string(f.Begin(head))
		for _, want := range []string{"Domains: What we have", head.Collection, "TLP:AMBER", "2027-03-18T09:00:00Z", "Entries: 2", "cannot say them: 1", "more"} {
			if !strings.Contains(text, want) {
				t.Errorf("%T does not say %q:\n%s", f, want, text)
			}
		}
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, strings.TrimSpace(mark)) && !strings.HasPrefix(line, "$TTL") && !strings.HasPrefix(line, "@") {
				t.Errorf("%T begins with a line that is no comment: %q", f, line)
			}
		}
	}
}

func TestSuricataRules(t *testing.T) {
	s := NewSuricata()
	b := Block{ID: "indicator--00000000-0000-4000-8000-000000000001", TLP: "TLP:AMBER+STRICT", PAP: "PAP:GREEN"}
	for _, tc := range []struct {
		kind ioc.Kind
		text string
		want string // part of it; "" when it cannot be said
	}{
		{ioc.IPv4, "203.0.113.4", `alert ip $HOME_NET any <> [203.0.113.4] any (msg:"Twoseas ip ipv4 203.0.113.4"; sid:`},
		{ioc.IPv6, "2001:db8::4", `[2001:db8::4]`},
		{ioc.IPv4Net, "203.0.113.0/24", `[203.0.113.0/24]`},
		{ioc.Domain, "evil.example.org", `dns.query; dotprefix; content:".evil.example.org"; nocase; endswith;`},
		{ioc.Domain, "evil.example.net", `tls.sni; dotprefix; content:".evil.example.net"; nocase; endswith;`},
		{ioc.URL, "http://evil.example.org/a;b?c=\"d|", `http.host; content:"evil.example.org"; bsize:16; http.uri.raw; content:"/a|3b|b?c=|25|22d|7c|"; bsize:12;`},
		{ioc.URL, "http://evil.example.org/a;:b", `content:"/a|3b 3a|b"`},
		{ioc.URL, "https://evil.example.org/a", ""}, // hidden by TLS
		{ioc.MD5, "d41d8cd98f00b204e9800998ecf8427e", ""},
	} {
		b.Value = value(t, tc.kind, tc.text)
		got := string(s.Entry(nil, b))
		if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%s: got %s, want %s", tc.text, got, tc.want)
		}
		if got != "" && !strings.Contains(got, "metadata:indicator indicator--00000000-0000-4000-8000-000000000001, tlp amber+strict, pap green;)") {
			t.Errorf("%s does not say where it is from and how to handle it", got)
		}
	}
}

// The number of a rule is the same in every document, on every node.
func TestSidsAreWhatIsDocumented(t *testing.T) {
	b := Block{Value: ioc.Value{Kind: ioc.IPv4, Text: "203.0.113.4"}}
	first := string(NewSuricata().Entry(nil, b))
	if !strings.Contains(first, "sid:"+documentedSID+";") {
		t.Errorf("another sid than in docs/operate/outgoing.md: %s", first)
	}
	s := NewSuricata()
	seen := map[string]bool{}
	for range 3 { // as if they collided
		got := sidOf.FindStringSubmatch(string(s.Entry(nil, b)))[1]
		n, err := strconv.ParseUint(got, 10, 32)
		if err != nil || n < FirstSID || seen[got] {
			t.Errorf("sid %s is taken, or out of range", got)
		}
		seen[got] = true
	}
}

const documentedSID = "3822070762"

var sidOf = regexp.MustCompile(`sid:(\d+);`)

func TestZone(t *testing.T) {
	if got := string(Zone{}.Begin(head)); !strings.Contains(got, "@ SOA localhost. nobody.invalid. 7 ") {
		t.Errorf("no serial in %s", got)
	}
	for _, tc := range []struct {
		kind       ioc.Kind
		text, want string
	}{
		{ioc.Domain, "evil.example.org", "evil.example.org CNAME .\n*.evil.example.org CNAME .\n"},
		{ioc.IPv4, "203.0.113.4", "32.4.113.0.203.rpz-ip CNAME .\n"},
		{ioc.IPv4Net, "203.0.113.0/24", "24.0.113.0.203.rpz-ip CNAME .\n"},
		{ioc.IPv6, "2001:db8::4", "128.4.zz.db8.2001.rpz-ip CNAME .\n"},
		{ioc.IPv6Net, "2001:db8:1::/48", "48.zz.1.db8.2001.rpz-ip CNAME .\n"},
		{ioc.IPv6, "2001:db8:1:2:3:4:5:6", "128.6.5.4.3.2.1.db8.2001.rpz-ip CNAME .\n"},
		{ioc.URL, "http://evil.example.org/", ""},
	} {
		if got := string(Zone{}.Entry(nil, Block{Value: value(t, tc.kind, tc.text)})); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestPlainLeavesOutWhatWouldBreakIt(t *testing.T) {
	for _, text := range []string{"# comment", "a\nb", "a\u2028b", "a\x00b", "\u202eexe.doc", " x", ""} {
		if got := (Plain{}).Entry(nil, Block{Value: ioc.Value{Kind: ioc.FileName, Text: text}}); got != nil {
			t.Errorf("%q is in the list as %q", text, got)
		}
	}
	if got := string(Plain{}.Entry(nil, Block{Value: ioc.Value{Kind: ioc.FileName, Text: "請求書.exe"}})); got != "請求書.exe\n" {
		t.Errorf("got %q", got)
	}
}

func FuzzFormsHoldTogether(f *testing.F) {
	for _, s := range []string{"evil.example.org", `x"; drop;`, "a\nb IN A 1.2.3.4", `|"`, "=cmd|' /C calc'!A0", "]]>", "--><b>", "\u202e", "http://a.example/|22|", "*.x", "$INCLUDE /etc/passwd"} {
		for k := range ioc.Kinds() {
			f.Add(uint8(k), s, s)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, text, id string) {
		b := Block{Value: ioc.Value{Kind: ioc.Kinds()[int(kind)%len(ioc.Kinds())], Text: text}, ID: id, TLP: id, PAP: id}
		oneRule(t, string(NewSuricata().Entry(nil, b)))
		oneZone(t, string(Zone{}.Entry(nil, b)))
		if got := string(Plain{}.Entry(nil, b)); got != "" && got != text+"\n" {
			t.Errorf("%q is in a list as %q", text, got)
		}
		row := Row{ID: id, Type: text, Name: text, Value: b.Value, Pattern: text, Labels: id}
		oneRow(t, row)
		h := Head{Title: text, Collection: id, What: text, Marking: "TLP:RED", URL: text, Notes: []string{text}}
		oneNews(t, h, Item{ID: id, Type: text, Title: text, Text: text, Link: text, Author: text, TLP: id, Tags: []string{text}})
		for _, form := range []Form{Plain{}, NewSuricata()} {
			for line := range strings.Lines(string(form.Begin(h))) {
				if line[0] != '#' {
					t.Errorf("%q is no comment", line)
				}
			}
		}
	})
}

var ruleShape = regexp.MustCompile(`^(alert (ip|dns|tls|http) \$HOME_NET any (<>|->) (any|\[[0-9a-f.:/]+\]) any \(msg:"[A-Za-z0-9 ._/=&?~+@%…-]*"; ` +
	`((http\.host|http\.uri\.raw|dns\.query|tls\.sni|dotprefix|nocase|endswith|bsize:\d+|content:"([A-Za-z0-9._/=&?~+-]|\|[0-9a-f ]+\|)+"); )*` +
	`sid:\d+; rev:1; metadata:indicator [A-Za-z0-9._~+…-]*(, [A-Za-z0-9._~+…-]* [A-Za-z0-9._~+…-]*)*;\)\n)*$`)

func oneRule(t *testing.T, got string) {
	t.Helper()
	if !ruleShape.MatchString(got) {
		t.Errorf("not a rule: %q", got)
	}
}

var zoneShape = regexp.MustCompile(`^((\*\.)?[a-z0-9_.-]+ CNAME \.\n)*$`)

func oneZone(t *testing.T, got string) {
	t.Helper()
	if !zoneShape.MatchString(got) {
		t.Errorf("not records of a zone: %q", got)
	}
}

func oneRow(t *testing.T, row Row) {
	t.Helper()
	s := NewSheet()
	all, err := csv.NewReader(strings.NewReader(string(s.Row(s.Head(nil), row)))).ReadAll()
	if err != nil || len(all) != 2 {
		t.Fatalf("%d rows: %v", len(all), err)
	}
	for _, c := range all[1] {
		if first := strings.TrimLeft(c, " \u00a0\u3000\ufeff"); c != "" && (strings.ContainsAny(c[:1], "=+-@\t\r\n") || first != "" && strings.ContainsAny(first[:1], "=+-@")) {
			t.Errorf("%q is a formula", c)
		}
	}
}

func oneNews(t *testing.T, h Head, i Item) {
	t.Helper()
	raw, err := Atom(h, []Item{i})
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	for d := xml.NewDecoder(strings.NewReader(string(raw))); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
		if s, ok := tok.(xml.StartElement); ok {
			names++
			if s.Name.Space != "http://www.w3.org/2005/Atom" {
				t.Errorf("an element of %q", s.Name.Space)
			}
		}
	}
	if names < 14 {
		t.Errorf("%d elements in %s", names, raw)
	}
	raw, err = JSON(h, []Item{i})
	if err != nil || !json.Valid(raw) {
		t.Errorf("%v: %s", err, raw)
	}
}

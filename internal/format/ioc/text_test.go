package ioc_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/ioc"
)

func TestGuess(t *testing.T) {
	for in, want := range map[string]string{
		"1.2.3[.]4":                          "ipv4 1.2.3.4",
		" '1.2.3.4' ":                        "ipv4 1.2.3.4",
		"1.2.3.4:8080":                       "ipv4 1.2.3.4",
		"[2001:db8::1]:443":                  "ipv6 2001:db8::1",
		"2001:DB8::1":                        "ipv6 2001:db8::1",
		"10.0.0.7/24":                        "ipv4-net 10.0.0.0/24",
		"1.2.3.4/x":                          "url http://1.2.3.4/x",
		"Example[dot]COM":                    "domain example.com",
		"example (dot) com":                  "domain example.com",
		`example\.com`:                       "domain example.com",
		"example[.com":                       "",
		"example[.com]":                      "domain example.com",
		"example.com:443":                    "domain example.com",
		"example.com/Login?x":                "url http://example.com/Login?x",
		"hxxps[:]//example[.]com/a[.]php":    "url https://example.com/a.php",
		"hXXp://1.2.3[.]4":                   "url http://1.2.3.4/",
		"h**p://example.com":                 "url http://example.com/",
		"fxp://example.com":                  "url ftp://example.com/",
		"user[at]example[.]com":              "email user@example.com",
		"user [at] example [dot] com":        "email user@example.com",
		"A User <User@example.com>":          "email user@example.com",
		"mailto:user@example.com":            "email user@example.com",
		strings.ToUpper(md5hex):              "md5 " + md5hex,
		sha1hex:                              "sha1 " + sha1hex,
		sha2hex:                              "sha256 " + sha2hex,
		"T1" + tlsh70:                        "tlsh T1" + strings.ToUpper(tlsh70),
		"96:aBc+/:dEf":                       "ssdeep 96:aBc+/:dEf",
		"00-1A-2B-3C-4D-5E":                  "mac 00:1a:2b:3c:4d:5e",
		"as64496":                            "asn AS64496",
		"asia.com":                           "domain asia.com",
		`HKLM\Software\Foo Bar`:              `registry-key HKEY_LOCAL_MACHINE\software\foo bar`,
		`C:\Users\me\x.bin`:                  "file-name x.bin",
		"/etc/passwd":                        "file-name passwd",
		"Final Report.exe":                   "file-name final report.exe",
		"archive.zip":                        "domain archive.zip",
		"Mozilla/5.0 (Windows NT 10.0)":      "user-agent Mozilla/5.0 (Windows NT 10.0)",
		"\ufeffexample\u200b.com":            "domain example.com",
		"日本語.jp":                             "domain xn--wgv71a119e.jp",
		"001A2b3c4d5e":                       "",
		"[[.]]":                              "",
		"":                                   "",
		"hello":                              "",
		"1.2.3":                              "",
		"std::string":                        "",
		"x-something://":                     "",
		"\xff":                               "",
		strings.Repeat("a", ioc.MaxLength+1): "",
	} {
		v, err := ioc.Guess(in)
		if got := strings.TrimSpace(v.Kind.String() + " " + v.Text); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got %v, want fault.Invalid", in, err)
		}
	}
}

func TestGuessSaysWhatItCouldBe(t *testing.T) {
	for in, want := range map[string]string{
		md5hex[1:]:                "this has 31",
		"":                        "nothing",
		"http://exa mple.com/":    "no valid host",
		"user@nowhere":            "no e-mail address",
		"300.1.2.3":               "up to 255",
		"10.0.0.0/33":             "a network such as",
		"00:1a:2b:3c:4d":          "MAC address",
		"hello":                   "none of: address",
		strings.Repeat("x", 500):  strings.Repeat("x", 60) + "… is none",
		strings.Repeat("x", 9000): "at most 8192 bytes",
	} {
		if _, err := ioc.Guess(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want … %s …", in, err, want)
		}
	}
}

func TestRefang(t *testing.T) {
	for in, want := range map[string]string{
		"hxxp://a[.]b(.)c{.}d":          "http://a.b.c.d",
		"a[dot]b(DOT)c{ dot }d":         "a.b.c.d",
		"hxxps[://]a.b":                 "https://a.b",
		"hxxps[:]//a.b[:]80[/]x":        "https://a.b:80/x",
		"a[@]b.c, d (at) e.f":           "a@b.c, d@e.f",
		"[[.]]":                         ".",
		"[(.)]":                         ".",
		"see hxxp://x and HXXPS://y":    "see http://x and https://y",
		"http://[2001:db8::1]/":         "http://[2001:db8::1]/",
		"f(x)[0] {a: b} [...] [1.2] )]": "f(x)[0] {a: b} [...] [1.2] )]",
		"thxxp://x":                     "thxxp://x",
		"a (at the) b [.] c":            "a (at the) b.c",
		"a\u200bb\u00adc":               "abc",
		"क्\u200dष":                     "क्\u200dष",
		"":                              "",
	} {
		if got := ioc.Refang(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func extract(text string) []string {
	var out []string
	for v := range ioc.Extract(text) {
		out = append(out, v.Kind.String()+" "+v.Text)
	}
	return out
}

func TestExtract(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{
			"a report", "The actor (AS64496) used hxxp://evil[.]example[.]com/gate.php, 1.2.3[.]4:443 and user[at]evil.com.\nHash: " + md5hex + "; dropper.exe!",
			[]string{"asn AS64496", "url http://evil.example.com/gate.php", "ipv4 1.2.3.4", "email user@evil.com", "md5 " + md5hex, "file-name dropper.exe"},
		},
		{"each once", "evil.com, EVIL.com. evil[.]com", []string{"domain evil.com"}},
		{"prose has few", "E.g. the I/O of Node.js, v1.2.3 and/or TCP/IP, std::string, a::b, 12:34:56, foo.baz(), System.Object... Mr.Smith etc.", []string{"file-name node.js"}},
		{"a defanged domain may end in anything", "foo.baz qux[.]baz", []string{"domain qux.baz"}},
		{
			"brackets around", "(https://example.com/a_(b)) [1.2.3.4] <user@example.com> \"example.org\" 'x.dll'",
			[]string{"url https://example.com/a_(b)", "ipv4 1.2.3.4", "email user@example.com", "domain example.org", "file-name x.dll"},
		},
		{
			"keys and values", "ip=1.2.3.4;md5:" + md5hex + "|url=https://example.com/?u=http://x.org/,https://b.com",
			[]string{"ipv4 1.2.3.4", "md5 " + md5hex, "url https://example.com/?u=http://x.org/", "url https://b.com/"},
		},
		{
			"a table", "1.2.3.4,example.com," + sha2hex + ",C:\\Temp\\a.exe,HKLM\\Run",
			[]string{"ipv4 1.2.3.4", "domain example.com", "sha256 " + sha2hex, "file-name a.exe", "registry-key HKEY_LOCAL_MACHINE\\run"},
		},
		{
			"Japanese without spaces", "不審なサイトhttps://example.com/a、接続先example.orgへの接続。日本語.jpと「2001:db8::7」",
			[]string{"url https://example.com/a", "domain example.org", "domain xn--wgv71a119e.jp", "ipv6 2001:db8::7"},
		},
		{"an international domain alone", "日本語.jp", []string{"domain xn--wgv71a119e.jp"}},
		{"Hindi", "यह डोमेन example.in। और 1.2.3.4 है।", []string{"domain example.in", "ipv4 1.2.3.4"}},
		{"networks", "10.0.0.0/8 2001:db8::/32", []string{"ipv4-net 10.0.0.0/8", "ipv6-net 2001:db8::/32"}},
		{"emphasis", "*evil.com* **https://example.com/a** _b.com_ https://example.com/*", []string{"domain evil.com", "url https://example.com/a", "url https://example.com/*"}},
		{"a scheme without a host", "http:// https://localhost/ see://", nil},
		{"mail", "mailto:a@b.com To:c@d.com", []string{"email a@b.com", "email c@d.com"}},
		{"bytes that are no text", "\xff\xfe1.2.3.4\x00example.com\xff", []string{"ipv4 1.2.3.4", "domain example.com"}},
		{"a private mark in the text", "foo.\ue000baz", nil},
	} {
		if diff := cmp.Diff(tc.want, extract(tc.in)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestExtractStopsWhenTold(t *testing.T) {
	n := 0
	for range ioc.Extract("1.1.1.1,2.2.2.2 http://a.com,http://b.com 語3.3.3.3語4.4.4.4") {
		if n++; n == 1 {
			break
		}
	}
	if n != 1 {
		t.Errorf("got %d values after the break", n)
	}
	for stop := 1; stop <= 6; stop++ {
		n := 0
		for range ioc.Extract("1.1.1.1,2.2.2.2 http://a.com,http://b.com 語3.3.3.3語4.4.4.4") {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("got %d values, want %d", n, stop)
		}
	}
}

// sharedData returns the folder of public data beside the checkout.
func sharedData(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(data); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED, NOT TESTED: the public data is not there: %v", err)
	}
	return data
}

func TestPublishedListsAreWhatTheySay(t *testing.T) {
	dir := filepath.Join(sharedData(t), "ioc")
	for name, tc := range map[string]struct {
		kind  ioc.Kind
		count int
	}{
		"amnesty-india-domains.txt": {ioc.Domain, 3},
		"amnesty-india-emails.txt":  {ioc.Email, 5},
		"amnesty-india-ips.txt":     {ioc.IPv4, 5},
		"amnesty-india-sha256.txt":  {ioc.SHA256, 12},
	} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Fields(string(raw))
		for _, line := range lines {
			if v, err := ioc.Guess(line); err != nil || v.Kind != tc.kind || v.Text != strings.ToLower(line) {
				t.Errorf("%s: %s: got %v, %v", name, line, v, err)
			}
		}
		defanged := strings.NewReplacer(".", "[.]", "@", "[at]").Replace(string(raw))
		found := slices.Collect(ioc.Extract("Seen (" + strings.Join(strings.Fields(defanged), "), (") + ")."))
		if len(lines) != tc.count || len(found) != tc.count {
			t.Errorf("%s: got %d lines, %d extracted, want %d", name, len(lines), len(found), tc.count)
		}
	}
}

func TestPublishedURLs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedData(t), "csv", "jpcert-phishurl-*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			v, err := ioc.Guess(row[1])
			if err != nil || v.Kind != ioc.URL {
				t.Errorf("%s: got %v, %v, want a URL", row[1], v, err)
				continue
			}
			if again, err := ioc.Guess(v.Text); err != nil || again != v {
				t.Errorf("%s: again it is %v, %v", v.Text, again, err)
			}
			if p := v.Parents(); len(p) == 0 {
				t.Errorf("%s has no host", v.Text)
			}
			defanged := "hxxp" + strings.ReplaceAll(strings.TrimPrefix(row[1], "http"), ".", "[.]")
			if got := extract("接続先は" + defanged + "です"); len(got) != 1 || got[0] != "url "+v.Text {
				t.Errorf("%s: extracted %q, want %s", defanged, got, v.Text)
			}
			n++
		}
	}
	if n < 5000 {
		t.Errorf("got %d URLs, want two months of them", n)
	}
}

var textSeeds = []string{
	"hxxps[:]//user:pw@exam[.]ple(dot)com:0443/a%zz%e3?b#c", "[[.]] {dot} [ at ] [://]", "1.2.3[.]4/24", "[2001:db8::ffff]:80", "00-1a-2b-3c-4d-5e",
	`HKLM:\\Software\ \`, `HKLM\.\`, `C:\a\b.exe`, `a\.b\.com`, "日本語。ｊｐ", "as 64496", "'\"x.com\"'", "T1" + tlsh70, "96:abc:def", "a <b@c.de>", "http://a.b/[\\.]", "xn--a.b-c.xn--d",
}

func FuzzGuess(f *testing.F) {
	for _, s := range textSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for k := ioc.IPv4; k <= ioc.Subject; k++ {
			v, ok := ioc.Normalise(k, s)
			if again, ok2 := ioc.Normalise(v.Kind, v.Text); ok && (!ok2 || again != v) {
				t.Fatalf("%v %q gives %v, which gives %v, %v", k, s, v, again, ok2)
			}
			v.Parents()
			v.Prefix()
		}
		v, err := ioc.Guess(s)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if v.Kind == ioc.FileName && v.Text != strings.ToLower(strings.TrimSpace(s)) {
			return // out of a path
		}
		if again, err := ioc.Guess(v.Text); err != nil || again != v {
			t.Fatalf("%q gives %v, which gives %v, %v", s, v, again, err)
		}
	})
}

func FuzzExtract(f *testing.F) {
	for _, s := range textSeeds {
		f.Add(s)
	}
	f.Add(strings.Join(textSeeds, ", "))
	f.Fuzz(func(t *testing.T, s string) {
		if once := ioc.Refang(s); ioc.Refang(once) != once {
			t.Fatalf("%q refangs to %q, which refangs to %q", s, once, ioc.Refang(once))
		}
		seen := map[ioc.Value]bool{}
		for v := range ioc.Extract(s) {
			if again, ok := ioc.Normalise(v.Kind, v.Text); !ok || again != v || seen[v] {
				t.Fatalf("%q: %v is not normal or comes twice", s, v)
			}
			seen[v] = true
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	text := strings.Repeat("The actor (AS64496) used hxxp://evil[.]example[.]com/gate.php, 1.2.3[.]4:443 and user[at]evil.com to load "+sha2hex+" as usual. ", 100)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for range ioc.Extract(text) {
		}
	}
}

package ioc_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/ioc"
)

const (
	md5hex  = "d41d8cd98f00b204e9800998ecf8427e"
	sha1hex = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	sha2hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var tlsh70 = strings.Repeat("0aF", 23) + "1"

func TestKindsHaveNames(t *testing.T) {
	seen := map[string]bool{"": true}
	for k := ioc.IPv4; k <= ioc.Subject; k++ {
		if seen[k.String()] {
			t.Errorf("kind %d: the name %q is missing or taken", k, k)
		}
		seen[k.String()] = true
		if got, err := ioc.ParseKind(strings.ToUpper(k.String())); err != nil || got != k {
			t.Errorf("ParseKind(%q) = %v, %v", k, got, err)
		}
	}
	for _, s := range []string{"", "colour"} {
		if got, err := ioc.ParseKind(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("ParseKind(%q) = %v, %v, want fault.Invalid", s, got, err)
		}
	}
	if got := ioc.Kind(200).String(); got != "" {
		t.Errorf("an unknown kind is called %q", got)
	}
}

func TestNormalise(t *testing.T) {
	for _, tc := range []struct {
		kind     ioc.Kind
		in, want string // want "" is refusal
	}{
		{ioc.IPv4, " 1.2.3.4 ", "ipv4 1.2.3.4"},
		{ioc.IPv4, "1.2.3.4/32", "ipv4 1.2.3.4"},
		{ioc.IPv4, "::ffff:1.2.3.4", "ipv4 1.2.3.4"},
		{ioc.IPv4, "10.1.2.3/8", "ipv4-net 10.0.0.0/8"},
		{ioc.IPv4, "::ffff:10.1.2.3/104", "ipv4-net 10.0.0.0/8"},
		{ioc.IPv4, "::ffff:10.1.2.3/128", "ipv4 10.1.2.3"},
		{ioc.IPv4, "0.0.0.0/0", "ipv4-net 0.0.0.0/0"},
		{ioc.IPv6, "2001:0DB8:0000::0001", "ipv6 2001:db8::1"},
		{ioc.IPv6, "2001:db8::1/128", "ipv6 2001:db8::1"},
		{ioc.IPv6Net, "2001:db8::1/32", "ipv6-net 2001:db8::/32"},
		{ioc.IPv6, "fe80::1%eth0", ""},
		{ioc.IPv4, "1.2.3.4.5", ""},
		{ioc.IPv4, "01.2.3.4", ""},
		{ioc.IPv4, "1.2.3.4/33", ""},

		{ioc.Domain, "WWW.Example.COM.", "domain www.example.com"},
		{ioc.Domain, "*.example.com", "domain example.com"},
		{ioc.Domain, "_dmarc.example.com", "domain _dmarc.example.com"},
		{ioc.Domain, "日本語.jp", "domain xn--wgv71a119e.jp"},
		{ioc.Domain, "bücher.example", "domain xn--bcher-kva.example"},
		{ioc.Domain, "BÜCHER。Example", "domain xn--bcher-kva.example"},
		{ioc.Domain, "ｅｘａｍｐｌｅ．ｃｏｍ", "domain example.com"},
		{ioc.Domain, "उदाहरण.भारत", "domain xn--p1b6ci4b4b3a.xn--h2brj9c"},
		{ioc.Domain, "xn--WGV71A119E.JP", "domain xn--wgv71a119e.jp"},
		{ioc.Domain, "3b-ww4c5e180e575a65lsy2b.test", "domain 3b-ww4c5e180e575a65lsy2b.test"},
		{ioc.Domain, "Pročprostěnemluvíčesky.test", "domain xn--proprostnemluvesky-uyb24dma41a.test"}, // RFC 3492 §7.1
		{ioc.Domain, "localhost", ""},
		{ioc.Domain, "example.123", ""},
		{ioc.Domain, "example..com", ""},
		{ioc.Domain, ".example.com", ""},
		{ioc.Domain, "a b.com", ""},
		{ioc.Domain, "example.c", ""},
		{ioc.Domain, strings.Repeat("a", 64) + ".com", ""},
		{ioc.Domain, strings.Repeat("a", 63) + ".com", "domain " + strings.Repeat("a", 63) + ".com"},
		{ioc.Domain, strings.Repeat("a.", 126) + "com", ""},
		{ioc.Domain, "a℀.com", ""}, // composes to a/c

		{ioc.URL, "HTTP://Example.COM", "url http://example.com/"},
		{ioc.URL, "https://example.com:443/A?b=C#d", "url https://example.com/A?b=C"},
		{ioc.URL, "http://example.com:0080?x", "url http://example.com/?x"},
		{ioc.URL, "http://example.com:443/", "url http://example.com:443/"},
		{ioc.URL, "http://example.com/a?#b", "url http://example.com/a"},
		{ioc.URL, "http://example.com/a??", "url http://example.com/a??"},
		{ioc.URL, "http://example.com:/", "url http://example.com/"},
		{ioc.URL, "http://example.com./", "url http://example.com/"},
		{ioc.URL, "ftp://User:Pass@Example.com:21/", "url ftp://User:Pass@example.com/"},
		{ioc.URL, "https://smbc.jp%2fa@qz226.com/x", "url https://smbc.jp%2Fa@qz226.com/x"},
		{ioc.URL, "https://a@b@example.com/", "url https://a@b@example.com/"},
		{ioc.URL, "http://[2001:DB8::1]:8080/x", "url http://[2001:db8::1]:8080/x"},
		{ioc.URL, "http://[::ffff:1.2.3.4]/", "url http://1.2.3.4/"},
		{ioc.URL, "http://1.2.3.4:80", "url http://1.2.3.4/"},
		{ioc.URL, "http://例え.jp/パス?q=ü x", "url http://xn--r8jz45g.jp/%E3%83%91%E3%82%B9?q=%C3%BC%20x"},
		{ioc.URL, "http://example.com/%e3%zz", "url http://example.com/%E3%zz"},
		{ioc.URL, `http://example.com\a`, "url http://example.com/a"},
		{ioc.URL, "http://localhost/a", "url http://localhost/a"},
		{ioc.URL, "http://example.com:99999/", ""},
		{ioc.URL, "http://example.com:x/", ""},
		{ioc.URL, "http:///a", ""},
		{ioc.URL, "1http://example.com", ""},
		{ioc.URL, "http://[1.2.3.4]/", ""},
		{ioc.URL, "http://[example.com]/", ""},
		{ioc.URL, "http://2001:db8::1/", ""},
		{ioc.URL, "example.com/a", ""},

		{ioc.Email, "Jagdish.Meshraam@GMAIL.com.", "email jagdish.meshraam@gmail.com"},
		{ioc.Email, "a@b@example.com", "email a@b@example.com"},
		{ioc.Email, "@example.com", ""},
		{ioc.Email, "a b@example.com", ""},
		{ioc.Email, "a@localhost", ""},

		{ioc.SHA256, strings.ToUpper(sha2hex), "sha256 " + sha2hex},
		{ioc.SHA256, sha1hex, ""},
		{ioc.MD5, strings.Repeat("g", 32), ""},
		{ioc.SSDEEP, `96:aBc+/:dEf,"x.exe"`, "ssdeep 96:aBc+/:dEf"},
		{ioc.SSDEEP, "1:abc:def", ""},
		{ioc.SSDEEP, "96:ab c:def", ""},
		{ioc.TLSH, tlsh70, "tlsh T1" + strings.ToUpper(tlsh70)},
		{ioc.TLSH, "t1" + tlsh70, "tlsh T1" + strings.ToUpper(tlsh70)},
		{ioc.TLSH, "T1" + tlsh70[1:], ""},

		{ioc.FileName, `C:\Users\Me\Final Report.EXE`, "file-name final report.exe"},
		{ioc.FileName, "/usr/bin/X", "file-name x"},
		{ioc.FileName, "RE\u0301SUME\u0301.doc", "file-name résumé.doc"},
		{ioc.FileName, "/usr/bin/", ""},
		{ioc.FileName, "..", ""},
		{ioc.Directory, `C:\Windows\ \`, `directory c:\windows`},
		{ioc.Directory, "//", "directory /"},

		{ioc.MAC, "00-1A-2B-3C-4D-5E", "mac 00:1a:2b:3c:4d:5e"},
		{ioc.MAC, "001A.2b3c.4d5e", "mac 00:1a:2b:3c:4d:5e"},
		{ioc.MAC, "001A2b3c4d5e", "mac 00:1a:2b:3c:4d:5e"},
		{ioc.MAC, "00:1A-2B:3C:4D:5E", ""},
		{ioc.MAC, "00:1A:2B:3C:4D:5G", ""},
		{ioc.MAC, "00x1Ax2Bx3Cx4Dx5E", ""},
		{ioc.MAC, "00:1A:2B:3C:4D", ""},

		{ioc.ASN, "64496", "asn AS64496"},
		{ioc.ASN, "asn 064496", "asn AS64496"},
		{ioc.ASN, "AS4294967296", ""},
		{ioc.ASN, "AS", ""},

		{ioc.RegistryKey, `hklm\SOFTWARE\\Foo\`, `registry-key HKEY_LOCAL_MACHINE\software\foo`},
		{ioc.RegistryKey, `HKCU:\Run`, `registry-key HKEY_CURRENT_USER\run`},
		{ioc.RegistryKey, `\REGISTRY\MACHINE\System`, `registry-key HKEY_LOCAL_MACHINE\system`},
		{ioc.RegistryKey, `HKEY_USERS`, `registry-key HKEY_USERS`},
		{ioc.RegistryKey, `HKLMX\Software`, ""},

		{ioc.Serial, "0E:97:88", "serial e9788"},
		{ioc.Serial, "0x00", "serial 0"},
		{ioc.Serial, "serial", ""},
		{ioc.Mutex, ` Global\MyMutex `, `mutex Global\MyMutex`},
		{ioc.Account, `CORP\Peter`, `account corp\peter`},
		{ioc.CommandLine, "cmd.exe  /C\u00a0Dir", "command-line cmd.exe /c dir"},
		{ioc.UserAgent, "Mozilla/5.0", "user-agent Mozilla/5.0"},
		{ioc.Subject, "Conference Info", "subject conference info"},

		{ioc.Mutex, "a\x00b", ""},
		{ioc.Mutex, "\xff", ""},
		{ioc.Mutex, " ", ""},
		{ioc.Mutex, strings.Repeat("m", ioc.MaxLength+1), ""},
		{ioc.URL, "http://example.com/" + strings.Repeat("é", ioc.MaxLength/2-10), ""}, // grows
		{ioc.Kind(0), "x", ""},
	} {
		v, ok := ioc.Normalise(tc.kind, tc.in)
		if got := strings.TrimSpace(v.Kind.String() + " " + v.Text); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%v %q: got %q, %v, want %q", tc.kind, tc.in, got, ok, tc.want)
			continue
		}
		if again, ok2 := ioc.Normalise(v.Kind, v.Text); ok && (!ok2 || again != v) {
			t.Errorf("%v %q: normalised again it is %v", tc.kind, v.Text, again)
		}
	}
}

func TestPrefix(t *testing.T) {
	for in, want := range map[ioc.Value]string{
		{ioc.IPv4, "1.2.3.4"}:          "1.2.3.4/32",
		{ioc.IPv6, "2001:db8::1"}:      "2001:db8::1/128",
		{ioc.IPv4Net, "10.0.0.0/8"}:    "10.0.0.0/8",
		{ioc.IPv6Net, "2001:db8::/32"}: "2001:db8::/32",
	} {
		if got, ok := in.Prefix(); !ok || got != netip.MustParsePrefix(want) {
			t.Errorf("%v: got %v, %v, want %s", in, got, ok, want)
		}
	}
	for _, v := range []ioc.Value{{ioc.Domain, "1.2.3.4"}, {ioc.IPv4, "x"}, {}} {
		if got, ok := v.Prefix(); ok {
			t.Errorf("%v has the network %v", v, got)
		}
	}
}

func TestParents(t *testing.T) {
	for _, tc := range []struct {
		kind ioc.Kind
		in   string
		want []string
	}{
		{ioc.Domain, "a.b.example.com", []string{"b.example.com", "example.com"}},
		{ioc.Domain, "example.com", nil},
		{ioc.Domain, "a.b.example.co.jp", []string{"b.example.co.jp", "example.co.jp"}},
		{ioc.Domain, "example.co.in", nil},
		{ioc.Domain, "co.in", nil},
		{ioc.Domain, "a.co.com", []string{"co.com"}},
		{ioc.URL, "https://u@x.example.go.jp:8443/a.b.c", []string{"x.example.go.jp", "example.go.jp"}},
		{ioc.URL, "http://1.2.3.4/x", []string{"1.2.3.4"}},
		{ioc.URL, "http://[2001:db8::1]:1/x", []string{"2001:db8::1"}},
		{ioc.URL, "http://localhost/", nil},
		{ioc.Email, "a@b@mail.example.com", []string{"mail.example.com", "example.com"}},
		{ioc.Email, "a@co.jp", []string{"co.jp"}},
		{ioc.IPv4, "1.2.3.4", nil},
		{ioc.FileName, "a.b.c", nil},
	} {
		v, ok := ioc.Normalise(tc.kind, tc.in)
		var got []string
		for _, p := range v.Parents() {
			got = append(got, p.Text)
			if again, ok := ioc.Normalise(p.Kind, p.Text); !ok || again != p {
				t.Errorf("%s: the parent %v is not normal", tc.in, p)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" || !ok {
			t.Errorf("%s: %s", tc.in, diff)
		}
	}
}

func TestFromSTIX(t *testing.T) {
	for _, tc := range []struct{ object, path, value, want string }{
		{"ipv4-addr", "value", "1.2.3.4/32", "ipv4 1.2.3.4"},
		{"ipv4-addr", "value", "1[.]2[.]3[.]4", "ipv4 1.2.3.4"},
		{"ipv4-addr", "value", "139.226.0.1/15", "ipv4-net 139.226.0.0/15"},
		{"ipv4-addr", "value", "example.com", ""},
		{"ipv6-addr", "value", "2001:0db8::1/128", "ipv6 2001:db8::1"},
		{"domain-name", "value", "Msnhome.org", "domain msnhome.org"},
		{"domain-name", "value", "1.2.3.4", "ipv4 1.2.3.4"},
		{"domain-name", "value", "domain autuo.xicp.net", ""},
		{"domain-name", "resolves_to_refs[*].value", "198.51.100.1/32", "ipv4 198.51.100.1"},
		{"domain-name", "resolves_to_refs[0].value", "www.example.com", "domain www.example.com"},
		{"url", "value", "hxxp://Example.com", "url http://example.com/"},
		{"url", "value", "example.com", ""},
		{"email-addr", "value", "A@B.com", "email a@b.com"},
		{"email-message", "from_ref.value", "A@B.com", "email a@b.com"},
		{"email-message", "subject", "Conference Info", "subject conference info"},
		{"email-message", "body_multipart[*].body_raw_ref.name", "Report.exe", "file-name report.exe"},
		{"network-traffic", "dst_ref.value", "203.0.113.33/32", "ipv4 203.0.113.33"},
		{"network-traffic", "dst_ref.value", "example.com", "domain example.com"},
		{"network-traffic", "dst_ref.value", "00:1a:2b:3c:4d:5e", "mac 00:1a:2b:3c:4d:5e"},
		{"network-traffic", "dst_ref.type", "ipv4-addr", ""},
		{"network-traffic", "extensions.'http-request-ext'.request_header.'User-Agent'", "Mozilla/5.0 (X)", "user-agent Mozilla/5.0 (X)"},
		{"network-traffic", "extensions.'http-request-ext'.request_header.Host", "Example.com", "domain example.com"},
		{"network-traffic", "extensions.'http-request-ext'.request_header.Accept", "x", ""},
		{"network-traffic", "dst_port", "443", ""},
		{"file", "hashes.'SHA-256'", strings.ToUpper(sha2hex), "sha256 " + sha2hex},
		{"file", "hashes.MD5", md5hex, "md5 " + md5hex},
		{"file", "hashes.md5", sha1hex, "sha1 " + sha1hex},
		{"file", "hashes.'SHA-256'", "f00", ""},
		{"file", "hashes.SSDEEP", "96:abc:def", "ssdeep 96:abc:def"},
		{"file", "hashes.'TLSH'", tlsh70, "tlsh T1" + strings.ToUpper(tlsh70)},
		{"file", "extensions.'windows-pebinary-ext'.optional_header.hashes.'SHA-1'", sha1hex, "sha1 " + sha1hex},
		{"file", "xhashes.MD5", md5hex, ""},
		{"file", "name", `C:\x\Evil.EXE`, "file-name evil.exe"},
		{"file", "parent_directory_ref.path", `C:\Windows\System32`, `directory c:\windows\system32`},
		{"file", "size", "12", ""},
		{"directory", "path", "/Tmp/", "directory /tmp"},
		{"process", "name", "ckkeyrollfd", "file-name ckkeyrollfd"},
		{"process", "image_ref.hashes.MD5", md5hex, "md5 " + md5hex},
		{"process", "command_line", "cmd /c  X", "command-line cmd /c x"},
		{"process", "creator_user_ref.user_id", "Root", "account root"},
		{"artifact", "hashes.MD5", md5hex, "md5 " + md5hex},
		{"artifact", "url", "HTTP://a.b.com", "url http://a.b.com/"},
		{"windows-registry-key", "key", `HKEY_CURRENT_USER\\Software\\X`, `registry-key HKEY_CURRENT_USER\software\x`},
		{"windows-registry-key", "values[*].name", "x", ""},
		{"mutex", "name", `{A[.]b}`, `mutex {A[.]b}`},
		{"autonomous-system", "number", "64496", "asn AS64496"},
		{"ipv4-addr", "belongs_to_refs[*].number", "64496", "asn AS64496"},
		{"mac-addr", "value", "00-1A-2B-3C-4D-5E", "mac 00:1a:2b:3c:4d:5e"},
		{"x509-certificate", "serial_number", "0e:97", "serial e97"},
		{"x509-certificate", "hashes.'SHA-1'", sha1hex, "sha1 " + sha1hex},
		{"x509-certificate", "subject", "CN=x", ""},
		{"user-account", "account_login", "Peter", "account peter"},
		{"x-usb-device", "serial_number", "12", ""},
		{"software", "name", "Word", ""},
		{"x-other", "value", "example.com", "domain example.com"},
		{"x-other", "value", "anything", ""},
		{"", "", "", ""},
	} {
		v, ok := ioc.FromSTIX(tc.object, tc.path, tc.value)
		if got := strings.TrimSpace(v.Kind.String() + " " + v.Text); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s:%s = %q: got %q, %v, want %q", tc.object, tc.path, tc.value, got, ok, tc.want)
		}
	}
}

func BenchmarkFromSTIX(b *testing.B) {
	for _, in := range [][3]string{
		{"ipv4-addr", "value", "1.2.3.4"},
		{"domain-name", "value", "weather4free.com"},
		{"file", "hashes.'SHA-256'", sha2hex},
		{"url", "value", "https://example.com/a?b=c"},
	} {
		b.Run(in[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := ioc.FromSTIX(in[0], in[1], in[2]); !ok {
					b.Fatal("not a value")
				}
			}
		})
	}
}

func BenchmarkGuess(b *testing.B) {
	for _, in := range []string{"1.2.3.4", "weather4free.com", sha2hex, "hxxps://exam[.]ple[.]com/a?b=c"} {
		b.Run(in[:4], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ioc.Guess(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

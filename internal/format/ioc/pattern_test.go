package ioc_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/format/ioc"
	"twoseas/internal/format/observe"
	"twoseas/internal/format/stix"
)

// TestEveryKindBecomesAnIndicatorThatIsFoundByItsValue: what goes into a
// pattern comes out of it.
func TestEveryKindBecomesAnIndicatorThatIsFoundByItsValue(t *testing.T) {
	examples := map[ioc.Kind]string{
		ioc.IPv4: "192.0.2.1", ioc.IPv6: "2001:db8::1", ioc.IPv4Net: "192.0.2.0/24", ioc.IPv6Net: "2001:db8::/32",
		ioc.Domain: "example.com", ioc.URL: "https://example.com/a'b\\c?d=é", ioc.Email: "o'neil@example.com",
		ioc.MD5: strings.Repeat("a", 32), ioc.SHA1: strings.Repeat("b", 40), ioc.SHA224: strings.Repeat("c", 56), ioc.SHA256: strings.Repeat("d", 64),
		ioc.SHA384: strings.Repeat("e", 96), ioc.SHA512: strings.Repeat("f", 128),
		ioc.SSDEEP: "96:abcdefgh:ijklmnop", ioc.TLSH: "T1" + strings.Repeat("A", 70),
		ioc.FileName: "evil.exe", ioc.Directory: `c:\temp`, ioc.MAC: "00:11:22:aa:bb:cc", ioc.ASN: "AS64500", ioc.Mutex: `Global\It's`,
		ioc.RegistryKey: `HKLM\Software\Evil`, ioc.UserAgent: "Mozilla/5.0 (x)", ioc.Serial: "0a:1b", ioc.Account: "root", ioc.CommandLine: `cmd /c 'x'`, ioc.Subject: "Your invoice",
	}
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, k := range ioc.Kinds() {
		v, ok := ioc.Normalise(k, examples[k])
		if !ok {
			t.Errorf("%s: the example %q is none", k, examples[k])
			continue
		}
		raw, err := ioc.Indicator{Value: v}.STIX(at)
		if err != nil {
			t.Fatal(err)
		}
		o, err := stix.Parse(raw, stix.Options{})
		if err != nil {
			t.Errorf("%s: %v\n%s", k, err, raw)
			continue
		}
		if got := observe.Values(&o); len(got) != 1 || got[0] != v {
			t.Errorf("%s: %v is found as %v in %s", k, v, got, raw)
		}
	}
}

func TestAnIndicatorsIdIsMadeOfWhatItSays(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	v := ioc.Value{Kind: ioc.Domain, Text: "example.com"}
	all := map[string]string{}
	for name, i := range map[string]ioc.Indicator{
		"plain": {Value: v}, "named": {Value: v, Name: "n"}, "described": {Value: v, Description: "n"}, "labelled": {Value: v, Labels: []string{"n"}},
		"dated": {Value: v, First: at}, "marked": {Value: v, Markings: []string{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"}},
	} {
		raw, err := i.STIX(at)
		if err != nil {
			t.Fatal(err)
		}
		o, err := stix.Parse(raw, stix.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if twin, ok := all[o.ID]; ok {
			t.Errorf("%s and %s have one id", name, twin)
		}
		all[o.ID] = name
		later, err := i.STIX(at.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if same := string(later) == string(raw); same != (name == "dated") {
			t.Errorf("%s: read an hour later it is the same: %v", name, same)
		}
	}
}

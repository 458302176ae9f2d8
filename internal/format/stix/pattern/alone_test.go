package pattern

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatAPatternLooksForByItself(t *testing.T) {
	for _, tc := range []struct{ pattern, want string }{
		{"[ipv4-addr:value = '192.0.2.1']", "192.0.2.1"},
		{"[ipv4-addr:value = '192.0.2.1' OR domain-name:value = 'a.example']", "192.0.2.1 a.example"},
		{"[ipv4-addr:value = '192.0.2.1'] OR [url:value = 'http://a.example/']", "192.0.2.1 http://a.example/"},
		{"[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]", "192.0.2.1 192.0.2.2"},
		{"[ipv4-addr:value ISSUBSET '192.0.2.0/24']", "192.0.2.0/24"},
		{"([ipv4-addr:value = '192.0.2.1'])", "192.0.2.1"},
		{"[file:name = 'a.exe' AND file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", "d41d8cd98f00b204e9800998ecf8427e"},
		{"[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' AND file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']", "d41d8cd98f00b204e9800998ecf8427e da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"[file:name = 'a' AND (file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' OR file:size = 1)]", ""},

		{"[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]", ""},
		{"[ipv4-addr:value = '192.0.2.1'] AND [domain-name:value = 'a.example']", ""},
		{"[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [domain-name:value = 'a.example']", ""},
		{"[ipv4-addr:value = '192.0.2.1'] REPEATS 5 TIMES", ""},
		{"[ipv4-addr:value = '192.0.2.1'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'", ""},
		{"([ipv4-addr:value = '192.0.2.1'] OR [ipv4-addr:value = '192.0.2.2']) REPEATS 2 TIMES", ""},
		{"[ipv4-addr:value != '192.0.2.1']", ""},
		{"[NOT ipv4-addr:value = '192.0.2.1']", ""},
		{"[ipv4-addr:value NOT = '192.0.2.1']", ""},
		{"[ipv4-addr:value LIKE '192.0.2.%']", ""},
		{"[file:name NOT = 'a.exe' AND file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", ""},
	} {
		p, err := Parse(tc.pattern)
		if err != nil {
			if tc.want != "" {
				t.Errorf("%s: %v", tc.pattern, err)
			}
			continue
		}
		var got []string
		for _, c := range p.Alone() {
			got = append(got, c.Values...)
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%s: got %q, want %q", tc.pattern, s, tc.want)
		}
	}
	if got := (&Pattern{}).Alone(); got != nil {
		t.Errorf("the zero Pattern looks for %v", got)
	}
}

// What stands alone matches alone, whatever the pattern.
func FuzzAlone(f *testing.F) {
	f.Add("[ipv4-addr:value = '192.0.2.1' OR (domain-name:value = 'a.example' AND domain-name:value != 'b.example')]")
	f.Fuzz(func(t *testing.T, src string) {
		p, err := Parse(src)
		if err != nil {
			return
		}
		all := p.Observables()
		for _, c := range p.Alone() {
			if c.Negated || !slices.ContainsFunc(all, func(o Comparison) bool { return o.Path == c.Path && o.ObjectType == c.ObjectType }) {
				t.Errorf("%s: %v is not asked for", src, c)
			}
		}
	})
}

package ioc

import (
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
)

// Path is where a STIX pattern (§9.7) looks for a value of a kind.
type Path struct{ Object, Property string }

// paths holds, per kind, where a pattern looks for it.
var paths = map[Kind]Path{
	IPv4: {"ipv4-addr", "value"}, IPv4Net: {"ipv4-addr", "value"},
	IPv6: {"ipv6-addr", "value"}, IPv6Net: {"ipv6-addr", "value"},
	Domain: {"domain-name", "value"}, URL: {"url", "value"}, Email: {"email-addr", "value"},
	MD5: {"file", "hashes.MD5"}, SHA1: {"file", "hashes.'SHA-1'"}, SHA224: {"file", "hashes.'SHA-224'"}, SHA256: {"file", "hashes.'SHA-256'"},
	SHA384: {"file", "hashes.'SHA-384'"}, SHA512: {"file", "hashes.'SHA-512'"}, SSDEEP: {"file", "hashes.SSDEEP"}, TLSH: {"file", "hashes.TLSH"},
	FileName: {"file", "name"}, Directory: {"directory", "path"}, MAC: {"mac-addr", "value"}, ASN: {"autonomous-system", "number"},
	Mutex: {"mutex", "name"}, RegistryKey: {"windows-registry-key", "key"}, Serial: {"x509-certificate", "serial_number"},
	UserAgent: {"network-traffic", "extensions.'http-request-ext'.request_header.'User-Agent'"},
	Account:   {"user-account", "account_login"}, CommandLine: {"process", "command_line"}, Subject: {"email-message", "subject"},
}

// Kinds returns every kind, in order.
func Kinds() []Kind {
	out := make([]Kind, 0, len(kindNames)-1)
	for k := IPv4; int(k) < len(kindNames); k++ {
		out = append(out, k)
	}
	return out
}

// Path returns where a pattern looks for values of kind k.
func (k Kind) Path() (Path, bool) {
	p, ok := paths[k]
	return p, ok
}

// Comparison returns the comparison expression of a pattern that looks for v:
// domain-name:value = 'example.com'. It is "" for the zero Value.
func (v Value) Comparison() string {
	p, ok := paths[v.Kind]
	if !ok {
		return ""
	}
	switch v.Kind {
	case ASN:
		return p.Object + ":" + p.Property + " = " + strings.TrimPrefix(v.Text, "AS")
	case IPv4Net, IPv6Net:
		return p.Object + ":" + p.Property + " ISSUBSET " + Quote(v.Text)
	}
	return p.Object + ":" + p.Property + " = " + Quote(v.Text)
}

// Quote writes a string constant of a pattern.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// Indicator is what is known of a value that somebody lists as bad.
type Indicator struct {
	Value       Value
	Name        string // default the value
	Description string
	Labels      []string
	First       time.Time // when it was first seen; zero when not known
	Markings    []string  // ids of marking definitions
}

// space is the namespace of the indicators that lists are made into; it was
// drawn once.
var space = [16]byte{0x5d, 0x0e, 0x0b, 0x0d, 0x6a, 0x57, 0x4e, 0x0c, 0x9a, 0x43, 0x3b, 0x1c, 0xd4, 0x7f, 0x29, 0xe6}

// Zulu writes a moment as STIX does, in milliseconds.
func Zulu(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// STIX returns the indicator in canonical form. Its id is made of all that it
// says, so a list that is read twice gives the same objects where it says when
// a value was first seen; at is used where it does not.
func (i Indicator) STIX(at time.Time) ([]byte, error) {
	from := i.First
	if from.IsZero() {
		from = at
	}
	name := i.Name
	if name == "" {
		name = i.Value.Text
	}
	props := map[string]any{
		"type": "indicator", "spec_version": "2.1", "created": Zulu(from), "modified": Zulu(from), "valid_from": Zulu(from),
		"pattern": "[" + i.Value.Comparison() + "]", "pattern_type": "stix", "name": name,
	}
	key := []string{i.Value.Kind.String(), i.Value.Text, name, i.Description}
	if i.Description != "" {
		props["description"] = i.Description
	}
	if len(i.Labels) > 0 {
		props["labels"] = i.Labels
		key = append(key, i.Labels...)
	}
	if len(i.Markings) > 0 {
		props["object_marking_refs"] = i.Markings
		key = append(key, i.Markings...)
	}
	if !i.First.IsZero() {
		key = append(key, Zulu(i.First))
	}
	props["id"] = "indicator--" + ident.NamedUUID(space, strings.Join(key, "\x00"))
	return canon.Marshal(props)
}

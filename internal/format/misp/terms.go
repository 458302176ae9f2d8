package misp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"twoseas/internal/format/ioc"
)

// term is one thing a MISP attribute says about what can be observed: the
// place in STIX and the value there.
type term struct {
	object, property string
	value            string
	number           bool
}

// comparison returns the term as part of a pattern.
func (t term) comparison() string {
	switch {
	case t.number:
		return t.object + ":" + t.property + " = " + t.value
	case strings.HasSuffix(t.object, "-addr") && strings.Contains(t.value, "/"):
		return t.object + ":" + t.property + " ISSUBSET " + ioc.Quote(t.value)
	}
	return t.object + ":" + t.property + " = " + ioc.Quote(t.value)
}

// kinds maps attribute types to the kind of value they hold. What is looked up
// in one spelling is written in that spelling; the rest as it came.
var kinds = map[string]ioc.Kind{
	"md5": ioc.MD5, "sha1": ioc.SHA1, "sha224": ioc.SHA224, "sha256": ioc.SHA256, "sha384": ioc.SHA384, "sha512": ioc.SHA512,
	"sha512/224": ioc.SHA224, "sha512/256": ioc.SHA256, "ssdeep": ioc.SSDEEP, "tlsh": ioc.TLSH,
	"ip": ioc.IPv4, "ip-src": ioc.IPv4, "ip-dst": ioc.IPv4, "domain": ioc.Domain, "hostname": ioc.Domain, "url": ioc.URL, "uri": ioc.URL,
	"email": ioc.Email, "email-src": ioc.Email, "email-dst": ioc.Email, "email-reply-to": ioc.Email, "whois-registrant-email": ioc.Email,
	"dns-soa-email": ioc.Email, "filename": ioc.FileName, "mac-address": ioc.MAC, "AS": ioc.ASN, "mutex": ioc.Mutex, "regkey": ioc.RegistryKey,
	"user-agent": ioc.UserAgent, "http-user-agent": ioc.UserAgent, "email-subject": ioc.Subject,
}

// spelled are the kinds that are written in their one spelling.
var spelled = map[ioc.Kind]bool{
	ioc.MD5: true, ioc.SHA1: true, ioc.SHA224: true, ioc.SHA256: true, ioc.SHA384: true, ioc.SHA512: true,
	ioc.IPv4: true, ioc.IPv6: true, ioc.IPv4Net: true, ioc.IPv6Net: true, ioc.Domain: true, ioc.MAC: true, ioc.ASN: true,
}

// plain maps attribute types that are looked for as they are.
var plain = map[string][2]string{
	"x509-fingerprint-md5": {"x509-certificate", "hashes.MD5"}, "x509-fingerprint-sha1": {"x509-certificate", "hashes.'SHA-1'"},
	"x509-fingerprint-sha256": {"x509-certificate", "hashes.'SHA-256'"},
	"email-message-id":        {"email-message", "message_id"}, "email-body": {"email-message", "body"},
	"github-username": {"user-account", "account_login"}, "twitter-id": {"user-account", "account_login"}, "jabber-id": {"user-account", "account_login"},
	"imphash": {"file", "hashes.IMPHASH"}, "authentihash": {"file", "hashes.AUTHENTIHASH"}, "vhash": {"file", "hashes.VHASH"},
	"telfhash": {"file", "hashes.TELFHASH"}, "pehash": {"file", "hashes.PEHASH"}, "impfuzzy": {"file", "hashes.IMPFUZZY"},
	"process-name": {"process", "name"}, "windows-service-name": {"process", "extensions.'windows-service-ext'.service_name"},
}

// single returns the term of one attribute type that is not composite.
func single(typ, value string) (term, error) {
	value = clean(value)
	if p, ok := plain[typ]; ok && value != "" {
		return term{object: p[0], property: p[1], value: value}, nil
	}
	k, ok := kinds[typ]
	if !ok {
		return term{}, errNone
	}
	if value == "" {
		return term{}, fmt.Errorf("%s without a value", typ)
	}
	v, ok := ioc.Normalise(k, value)
	if !ok {
		v, ok = ioc.Normalise(k, ioc.Refang(value))
		value = ioc.Refang(value)
	}
	if !ok && k == ioc.FileName { // a path, or a name with odd letters, is still the name it is
		return term{object: "file", property: "name", value: value}, nil
	}
	if !ok {
		return term{}, fmt.Errorf("%q is not of the type %s", clip(value), typ)
	}
	p, _ := v.Kind.Path()
	if spelled[v.Kind] {
		value = v.Text
	}
	if v.Kind == ioc.RegistryKey {
		value = wholeKey(value)
	}
	if v.Kind == ioc.ASN {
		return term{object: p.Object, property: p.Property, value: strings.TrimPrefix(v.Text, "AS"), number: true}, nil
	}
	return term{object: p.Object, property: p.Property, value: value}, nil
}

// hives are the short names of the roots of the registry, which STIX writes in
// full (§6.17).
var hives = map[string]string{
	"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER", "HKCR": "HKEY_CLASSES_ROOT", "HKU": "HKEY_USERS", "HKCC": "HKEY_CURRENT_CONFIG",
}

func wholeKey(key string) string {
	hive, rest, _ := strings.Cut(key, `\`)
	if full, ok := hives[strings.ToUpper(hive)]; ok {
		return full + `\` + rest
	}
	return key
}

// errNone says that STIX has no place for an attribute type.
var errNone = errors.New("no counterpart in STIX")

func clip(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// terms returns what an attribute says, the parts of a composite one in their
// order; all of them together are what it describes.
func terms(typ, value string) ([]term, error) {
	if !strings.Contains(typ, "|") {
		if typ == "malware-sample" {
			return terms("filename|md5", value)
		}
		t, err := single(typ, value)
		if err != nil {
			return nil, err
		}
		return []term{t}, nil
	}
	left, right, ok := strings.Cut(value, "|")
	if !ok {
		return nil, fmt.Errorf("%q has one part where %s wants two", clip(value), typ)
	}
	one, other, _ := strings.Cut(typ, "|")
	a, err := single(one, left)
	if err != nil {
		return nil, err
	}
	right = clean(right)
	switch {
	case typ == "regkey|value":
		return []term{a, {object: a.object, property: "values[*].data", value: right}}, nil
	case typ == "domain|ip":
		ip, err := single("ip", right)
		if err != nil {
			return nil, err
		}
		return []term{a, {object: a.object, property: "resolves_to_refs[*].value", value: ip.value}}, nil
	case other == "port":
		return traffic(one, a, right)
	}
	b, err := single(other, right)
	if err != nil {
		return nil, err
	}
	return []term{a, b}, nil
}

// traffic is an address or a name and a port.
func traffic(typ string, a term, port string) ([]term, error) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%q is no port", clip(port))
	}
	end := "dst"
	if typ == "ip-src" {
		end = "src"
	}
	return []term{
		{object: "network-traffic", property: end + "_ref.value", value: a.value},
		{object: "network-traffic", property: end + "_port", value: strconv.FormatUint(n, 10), number: true},
	}, nil
}

// pattern returns what looks for all the terms together.
func pattern(ts []term) string {
	parts := make([]string, len(ts))
	for i, t := range ts {
		parts[i] = t.comparison()
	}
	return strings.Join(parts, " AND ")
}

// observables returns the STIX observables of terms, or nil when a part of
// them cannot be one; the first is what the others belong to.
func observables(ts []term) []map[string]any {
	var out []map[string]any
	at := map[string]map[string]any{}
	for _, t := range ts {
		if t.object == "network-traffic" || t.object == "process" {
			if strings.HasSuffix(t.property, "_ref.value") {
				if host, ok := hostOf(t.value); ok {
					out = append(out, host)
				}
			}
			continue // a protocol, or a process's id, is not told: only the host is certain
		}
		o := at[t.object]
		if o == nil {
			o = map[string]any{"type": t.object, "spec_version": "2.1"}
			at[t.object] = o
			out = append(out, o)
		}
		if more := set(o, t); more != nil {
			out = append(out, more)
		}
	}
	for _, o := range out {
		if o["type"] == "email-message" {
			o["is_multipart"] = false
		}
		if len(o) < 3 {
			return nil
		}
		o["id"] = scoID(o)
	}
	return link(out)
}

// hostOf returns the observable of an address or a name.
func hostOf(value string) (map[string]any, bool) {
	for _, typ := range []string{"ip", "domain"} {
		if t, err := single(typ, value); err == nil {
			return map[string]any{"type": t.object, "spec_version": "2.1", "value": t.value}, true
		}
	}
	return nil, false
}

// set sets a term's property; it returns another observable when the term is
// about one.
func set(o map[string]any, t term) map[string]any {
	name, hash, isHash := strings.Cut(t.property, "hashes.")
	switch {
	case isHash && name == "":
		hashes, _ := o["hashes"].(map[string]any)
		if hashes == nil {
			hashes = map[string]any{}
			o["hashes"] = hashes
		}
		hashes[strings.Trim(hash, "'")] = t.value
	case t.property == "values[*].data":
		o["values"] = []any{map[string]any{"data": t.value}}
	case t.property == "resolves_to_refs[*].value":
		host, _ := hostOf(t.value)
		return host
	case t.number:
		n, err := strconv.ParseFloat(t.value, 64)
		if err == nil {
			o[t.property] = n
		}
	case !strings.Contains(t.property, "."):
		o[t.property] = t.value
	}
	return nil
}

// link says of a name that stands before an address that it resolves to it.
func link(out []map[string]any) []map[string]any {
	if len(out) == 2 && out[0]["type"] == "domain-name" && strings.HasSuffix(out[1]["type"].(string), "-addr") {
		out[0]["resolves_to_refs"] = []any{out[1]["id"]}
	}
	return out
}

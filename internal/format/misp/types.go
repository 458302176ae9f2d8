package misp

import (
	"slices"
	"strings"

	"twoseas/internal/format/ioc"
)

// Type is an attribute type of MISP with what one takes for granted of it.
type Type struct {
	Name, Category string
	ToIDs          bool
	Categories     []string // in which it may be; Category is one of them
}

// Categories of the MISP core format.
const (
	payload   = "Payload delivery"
	network   = "Network activity"
	artifacts = "Artifacts dropped"
	installed = "Payload installation"
	analysed  = "External analysis"
	otherOnes = "Other"
	persons   = "Person"
	actors    = "Attribution"
	social    = "Social network"
	inside    = "Internal reference"
	antivirus = "Antivirus detection"
	remaining = "Persistence mechanism"
	stolen    = "Payload type"
	money     = "Financial fraud"
	targets   = "Targeting data"
	support   = "Support Tool"
)

var (
	fileCategories = []string{payload, artifacts, installed, analysed}
	netCategories  = []string{network, payload, analysed}
	textCategories = []string{
		otherOnes, inside, antivirus, payload, artifacts, installed, remaining, network, stolen, actors, analysed, money, social, persons, targets, support,
	}
)

// typeTable holds the types that this package reads or writes by name. Types
// it does not know are kept as they are, and are not listed.
var typeTable = func() []Type {
	var out []Type
	add := func(category string, ids bool, in []string, names ...string) {
		for _, n := range names {
			out = append(out, Type{Name: n, Category: category, ToIDs: ids, Categories: in})
		}
	}
	add(payload, true, fileCategories, "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512/224", "sha512/256", "ssdeep", "tlsh", "imphash",
		"authentihash", "vhash", "telfhash", "pehash", "impfuzzy", "filename", "filename|md5", "filename|sha1", "filename|sha224", "filename|sha256",
		"filename|sha384", "filename|sha512", "filename|ssdeep", "filename|tlsh", "filename|imphash", "filename|authentihash", "filename|impfuzzy",
		"filename|pehash", "malware-sample", "yara", "sigma")
	add(network, true, netCategories, "ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain", "domain|ip", "hostname", "hostname|port", "url", "uri",
		"user-agent", "mac-address", "email-src", "email-dst", "email")
	add(payload, true, []string{payload}, "email-subject", "email-message-id", "email-reply-to")
	add(payload, false, []string{payload}, "email-body")
	add(network, true, []string{network, analysed}, "snort")
	add(network, false, []string{network, analysed}, "AS", "port")
	add(network, true, fileCategories, "x509-fingerprint-md5", "x509-fingerprint-sha1", "x509-fingerprint-sha256")
	add(artifacts, true, []string{artifacts, remaining, analysed}, "mutex", "regkey", "regkey|value", "process-name", "windows-service-name")
	add(installed, true, []string{installed, payload, artifacts, network}, "stix2-pattern")
	add(analysed, false, []string{analysed, payload, installed}, "vulnerability", "attachment")
	add(analysed, false, []string{analysed, inside, antivirus, payload}, "link")
	add(actors, false, []string{actors}, "campaign-name", "threat-actor", "whois-registrant-email", "dns-soa-email")
	add(social, false, []string{social, otherOnes}, "github-username", "twitter-id", "jabber-id")
	add(otherOnes, false, textCategories, "text", "comment", "other")
	add(otherOnes, false, []string{otherOnes}, "datetime", "size-in-bytes", "counter", "float", "hex", "boolean", "cpe")
	slices.SortFunc(out, func(a, b Type) int { return compare(a.Name, b.Name) })
	return out
}()

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Types returns the attribute types that are known by name, in order.
func Types() []Type { return slices.Clone(typeTable) }

// Categories returns every category of the format.
func Categories() []string {
	out := slices.Clone(textCategories)
	slices.Sort(out)
	return out
}

// category returns the category that a type has unless something else is said.
func category(typ string) (string, bool) {
	i, ok := slices.BinarySearchFunc(typeTable, typ, func(t Type, name string) int { return compare(t.Name, name) })
	if !ok {
		return otherOnes, false
	}
	return typeTable[i].Category, true
}

// kindTypes are the types that hold values of a kind; addresses say by their
// path where they stand.
var kindTypes = map[ioc.Kind]string{
	ioc.IPv4: "ip-dst", ioc.IPv6: "ip-dst", ioc.IPv4Net: "ip-dst", ioc.IPv6Net: "ip-dst", ioc.Domain: "domain", ioc.URL: "url", ioc.Email: "email",
	ioc.MD5: "md5", ioc.SHA1: "sha1", ioc.SHA224: "sha224", ioc.SHA256: "sha256", ioc.SHA384: "sha384", ioc.SHA512: "sha512", ioc.SSDEEP: "ssdeep",
	ioc.TLSH: "tlsh", ioc.FileName: "filename", ioc.MAC: "mac-address", ioc.ASN: "AS", ioc.Mutex: "mutex", ioc.RegistryKey: "regkey",
	ioc.UserAgent: "user-agent", ioc.Subject: "email-subject", ioc.Directory: "text", ioc.Serial: "text", ioc.Account: "text", ioc.CommandLine: "text",
}

// ValueOf returns what an attribute is looked up by: of a composite one the
// first part.
func ValueOf(typ, value string) (ioc.Value, bool) {
	typ, _, composite := strings.Cut(typ, "|")
	if composite {
		value, _, _ = strings.Cut(value, "|")
	}
	k, ok := kinds[typ]
	if !ok {
		return ioc.Value{}, false
	}
	return ioc.Normalise(k, value)
}

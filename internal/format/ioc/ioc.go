// Package ioc knows the values that people look up: addresses, networks,
// domains, URLs, hashes, file names and their like. It gives each one
// spelling, so that equal things are equal strings.
//
// Invariants: a Value is made by this package only in its normal form;
// normalising that form again gives the same Value; nothing here fails on
// hostile input otherwise than by saying no.
package ioc

import (
	"net/netip"
	"strings"

	"twoseas/internal/base/fault"
)

// MaxLength bounds a value, in bytes, before and after it is normalised.
const MaxLength = 8 << 10

// Kind is what sort of thing a value is. The zero Kind is none.
type Kind uint8

// The kinds. A digest is of a kind by its length alone: SHA-3 and whatever
// else has 64 digits share SHA256, so that a lookup finds them all.
const (
	IPv4 Kind = iota + 1
	IPv6
	IPv4Net
	IPv6Net
	Domain
	URL
	Email
	MD5
	SHA1
	SHA224
	SHA256
	SHA384
	SHA512
	SSDEEP
	TLSH
	FileName
	Directory
	MAC
	ASN
	Mutex
	RegistryKey
	UserAgent
	Serial // of a certificate
	Account
	CommandLine
	Subject // of an e-mail
)

var kindNames = [...]string{
	IPv4: "ipv4", IPv6: "ipv6", IPv4Net: "ipv4-net", IPv6Net: "ipv6-net", Domain: "domain", URL: "url", Email: "email",
	MD5: "md5", SHA1: "sha1", SHA224: "sha224", SHA256: "sha256", SHA384: "sha384", SHA512: "sha512", SSDEEP: "ssdeep", TLSH: "tlsh",
	FileName: "file-name", Directory: "directory", MAC: "mac", ASN: "asn", Mutex: "mutex", RegistryKey: "registry-key",
	UserAgent: "user-agent", Serial: "serial", Account: "account", CommandLine: "command-line", Subject: "subject",
}

// String returns the kind's name, "" for the zero Kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// ParseKind returns the kind of that name, in any case.
func ParseKind(s string) (Kind, error) {
	name := strings.ToLower(s)
	for k := IPv4; int(k) < len(kindNames); k++ {
		if kindNames[k] == name {
			return k, nil
		}
	}
	return 0, fault.Errorf(fault.Invalid, "%q is not a kind of observable; the kinds are %s", clip(s), strings.Join(kindNames[1:], ", "))
}

// Value is something to look up, in its normal form. Values compare with ==.
type Value struct {
	Kind Kind
	Text string
}

// Prefix returns the network of a value that is one, or an address's network
// of one.
func (v Value) Prefix() (netip.Prefix, bool) {
	switch v.Kind {
	case IPv4, IPv6:
		a, err := netip.ParseAddr(v.Text)
		return netip.PrefixFrom(a, a.BitLen()), err == nil
	case IPv4Net, IPv6Net:
		p, err := netip.ParsePrefix(v.Text)
		return p, err == nil
	}
	return netip.Prefix{}, false
}

// Parents returns what v belongs to and may be listed by, the nearest first:
// for a domain, its parent domains down to the one that is registered (two
// labels, three under suffixes such as co.jp); for a URL, its host and the
// host's parents; for an e-mail address, the same of its domain.
func (v Value) Parents() []Value {
	switch v.Kind {
	case Domain:
		return above(v.Text, nil)
	case Email:
		host := v.Text[strings.LastIndexByte(v.Text, '@')+1:]
		return above(host, []Value{{Domain, host}})
	case URL:
		host, ok := hostOf(v.Text)
		if !ok {
			return nil
		}
		if host.Kind != Domain {
			return []Value{host}
		}
		return above(host.Text, []Value{host})
	}
	return nil
}

// above appends the parents of a domain to out.
func above(name string, out []Value) []Value {
	least := 2
	if twoLevel(name) {
		least = 3
	}
	for {
		_, name, _ = strings.Cut(name, ".")
		if strings.Count(name, ".")+1 < least {
			return out
		}
		out = append(out, Value{Domain, name})
	}
}

// secondLevels lists, by country, the labels under which names are
// registered. It is short on purpose: where it knows nothing, one parent too
// many is looked up.
var secondLevels = map[string]string{
	"ar": " com edu gob net org ", "au": " asn com edu gov id net org ", "bd": " ac com edu gov net org ", "br": " com edu gov net org ",
	"cn": " ac com edu gov net org ", "hk": " com edu gov idv net org ", "id": " ac co go my net or sch web ", "il": " ac co gov muni net org ",
	"in": " ac co edu firm gen gov ind mil net nic org res ", "jp": " ac ad co ed go gr lg ne or ", "ke": " ac co go ne or ",
	"kr": " ac co go ne or pe re ", "lk": " ac com edu gov net org ", "mm": " com edu gov net org ", "mx": " com edu gob net org ",
	"my": " com edu gov net org ", "np": " com edu gov net org ", "nz": " ac co geek govt net org school ", "ph": " com edu gov net org ",
	"pk": " com edu gov net org ", "ru": " com net org ", "sg": " com edu gov net org per ", "th": " ac co go in mi net or ",
	"tr": " av bel com edu gov net org web ", "tw": " club com ebiz edu game gov idv net org ", "ua": " com edu gov in net org ",
	"uk": " ac co gov ltd me net nhs org plc police sch ", "vn": " ac com edu gov info net org ", "za": " ac co gov net org web ",
}

// twoLevel reports whether names are registered under name's last two labels.
func twoLevel(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	second := name[strings.LastIndexByte(name[:dot], '.')+1 : dot]
	return strings.Contains(secondLevels[name[dot+1:]], " "+second+" ")
}

// TooWide reports whether v stands for far more than one party: a name under
// which names are registered, such as co.jp, or a network larger than any one
// party's. Nobody blocks it because somebody said so.
func (v Value) TooWide() bool {
	switch v.Kind {
	case Domain:
		return strings.Count(v.Text, ".") == 1 && twoLevel(v.Text) || !strings.Contains(v.Text, ".")
	case IPv4Net, IPv6Net:
		p, ok := v.Prefix()
		return !ok || p.Addr().Is4() && p.Bits() < 8 || p.Addr().Is6() && p.Bits() < 16
	}
	return false
}

// clip shortens a value for a message.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

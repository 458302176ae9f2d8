package outlet

import (
	"net/netip"
	"strconv"
	"strings"

	"twoseas/internal/format/ioc"
)

// Zone writes a response policy zone: names, what is below them, and answers
// with an address or a network do not exist.
//
// https://datatracker.ietf.org/doc/html/draft-vixie-dnsop-dns-rpz-00
type Zone struct{}

// Type implements Form.
func (Zone) Type() string { return "text/dns; charset=utf-8" }

// Begin implements Form. The serial grows with each change of what the zone
// holds; the names of the server and of its keeper are nobody's.
func (Zone) Begin(h Head) []byte {
	b := comments(";", h)
	b = append(b, "$TTL 300\n@ SOA localhost. nobody.invalid. "...)
	b = strconv.AppendUint(b, uint64(h.Serial), 10)
	return append(b, " 600 60 604800 60\n@ NS localhost.\n"...)
}

// End implements Form.
func (Zone) End() []byte { return nil }

// maxOwner bounds an owner name, which stands before that of the zone.
const maxOwner = 200

// Entry implements Form. Domains, addresses and networks can be said.
func (Zone) Entry(dst []byte, b Block) []byte {
	const nothing = " CNAME .\n" // NXDOMAIN
	switch b.Kind {
	case ioc.Domain:
		if !hostname(b.Text) || len(b.Text) > maxOwner {
			return dst
		}
		dst = append(append(dst, b.Text...), nothing...)
		dst = append(append(append(dst, "*."...), b.Text...), nothing...)
	case ioc.IPv4, ioc.IPv6, ioc.IPv4Net, ioc.IPv6Net:
		if p, ok := b.Prefix(); ok {
			dst = append(append(append(dst, trigger(p)...), ".rpz-ip"...), nothing...)
		}
	}
	return dst
}

// trigger writes a network as RPZ does (§4.3): its length, then its parts from
// the last to the first, the longest run of zero words of IPv6 as zz.
func trigger(p netip.Prefix) string {
	p = p.Masked()
	parts := []string{strconv.Itoa(p.Bits())}
	if p.Addr().Is4() {
		a := p.Addr().As4()
		for i := len(a) - 1; i >= 0; i-- {
			parts = append(parts, strconv.Itoa(int(a[i])))
		}
		return strings.Join(parts, ".")
	}
	text := p.Addr().String() // RFC 5952
	before, after, squeezed := strings.Cut(text, "::")
	words := split(before)
	if squeezed {
		words = append(append(words, "zz"), split(after)...)
	}
	for i := len(words) - 1; i >= 0; i-- {
		parts = append(parts, words[i])
	}
	return strings.Join(parts, ".")
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ":")
}

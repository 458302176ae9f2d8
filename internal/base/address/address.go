// Package address knows which addresses a node calls because somebody wrote a
// URL down: those of the public network, and private ones only where that was
// said.
package address

import (
	"net/netip"

	"twoseas/internal/base/fault"
)

// Networks of special use that netip has no question for (IANA special-purpose
// registries). Those that carry an IPv4 address within IPv6 are refused whole.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("5f00::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

// Admit returns fault.Denied for an address that is not called. private admits
// those of private networks and of this machine. Link-local addresses, where
// clouds keep their keys, are never called.
func Admit(a netip.Addr, private bool) error {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid(), a.IsLinkLocalUnicast(), a.IsMulticast(), a.IsUnspecified():
		return fault.Errorf(fault.Denied, "nothing is called at %s", a)
	case private && (a.IsLoopback() || a.IsPrivate()):
		return nil
	case a.IsLoopback(), a.IsPrivate():
		return fault.Errorf(fault.Denied, "%s is an address of a private network or of this machine, and nobody said that it is at one", a)
	}
	for _, p := range special {
		if p.Contains(a) && (!private || p != special[1]) {
			return fault.Errorf(fault.Denied, "%s is not an address of the public network", a)
		}
	}
	return nil
}

package warninglist

// BuiltIn returns the lists every node has: what the registries of IANA
// reserve, which no report of an attack from outside is about.
func BuiltIn() []List {
	return []List{
		{
			Name: "Reserved addresses (IANA)", Type: "cidr", Version: 1,
			Description: "Private, shared, link-local and other special-purpose ranges (RFC 6890 and its successors).",
			Matching:    []string{"ip"},
			Entries: []string{
				"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
				"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
				"::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001:2::/48", "fc00::/7", "fe80::/10", "ff00::/8",
			},
		},
		{
			Name: "Addresses for documentation (RFC 5737, RFC 3849, RFC 9637)", Type: "cidr", Version: 1, Category: Sample,
			Description: "Ranges that documents, training and exercises use and nobody has.",
			Matching:    []string{"ip"},
			Entries:     []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"},
		},
		{
			Name: "Names for examples (RFC 2606, RFC 6761)", Type: "hostname", Version: 1, Category: Sample,
			Description: "Domains that documents use and nobody can register.",
			Entries:     []string{"example.com", "example.net", "example.org", "example", "test", "invalid", "localhost", "local"},
		},
	}
}

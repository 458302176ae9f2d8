package stix

import (
	"net/netip"
	"strings"
)

// observableType makes the shape of an SCO: its common properties are fewer
// (STIX 2.1 §3.2), the four of versions are for those who version observables
// all the same (§3.6), and a type may predefine extensions.
func observableType(section string, known map[string]*shape, rows ...property) *shape {
	s := &shape{section: section, kind: SCO, members: make(map[string]member, len(rows)+8)}
	s.add("3.2", []property{
		need("type", text),
		need("id", identifier),
		may("spec_version", only(specVersions)),
		may("object_marking_refs", list(ref(to("marking-definition")))),
		may("granular_markings", list(of(granularMarking))),
		may("defanged", boolean),
		may("extensions", extensions(known)),
		may("created_by_ref", ref(to("identity"))),
		may("created", versionMoment),
		may("modified", versionMoment),
		may("revoked", boolean),
	})
	return s.add(section, rows).where(versioned)
}

var (
	addresses = list(ref(to("email-addr")))
	endpoint  = ref(to("ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"))
	payload   = ref(to("artifact"))
	processes = ref(to("process"))
	account   = ref(to("user-account"))
	traffic   = ref(to("network-traffic"))
	onDisk    = list(ref(to("file", "directory")))
)

// observables are the SCOs (STIX 2.1 §6).
var observables = map[string]*shape{
	"artifact": observableType("6.1", nil,
		may("mime_type", shouldBe("a MIME type", isMIME)),
		may("payload_bin", binary),
		may("url", shouldBe("a URI of RFC 3986", isURI)),
		may("hashes", anyHashes),
		may("encryption_algorithm", only(encryptionAlgorithms)),
		may("decryption_key", text)).
		where(exactlyOne("payload_bin", "url"), with("url", "hashes"), with("decryption_key", "encryption_algorithm")),

	"autonomous-system": observableType("6.2", nil,
		need("number", count),
		may("name", text),
		may("rir", text)),

	"directory": observableType("6.3", nil,
		need("path", text),
		may("path_enc", textLike("a character set name", "3.9.1", isCharset)),
		may("ctime", moment),
		may("mtime", moment),
		may("atime", moment),
		may("contains_refs", onDisk)),

	"domain-name": observableType("6.4", nil,
		need("value", shouldBe("a domain name", isDomain)),
		may("resolves_to_refs", list(ref(to("ipv4-addr", "ipv6-addr", "domain-name"))))),

	"email-addr": observableType("6.5", nil,
		need("value", shouldBe("an address of e-mail", isEmail)),
		may("display_name", text),
		may("belongs_to_ref", account)),

	"email-message": observableType("6.6", nil,
		need("is_multipart", boolean),
		may("date", moment),
		may("content_type", text),
		may("from_ref", ref(to("email-addr"))),
		may("sender_ref", ref(to("email-addr"))),
		may("to_refs", addresses),
		may("cc_refs", addresses),
		may("bcc_refs", addresses),
		may("message_id", text),
		may("subject", text),
		may("received_lines", list(text)),
		may("additional_header_fields", dictionary(either("a string or a list of strings", text, list(text)))),
		may("body", text),
		may("body_multipart", list(of(mimePart))),
		may("raw_email_ref", payload)).where(multipart),

	"file": observableType("6.7", fileExtensions,
		may("hashes", anyHashes),
		may("size", count),
		may("name", text),
		may("name_enc", textLike("a character set name", "3.9.1", isCharset)),
		may("magic_number_hex", hexadecimal),
		may("mime_type", text),
		may("ctime", moment),
		may("mtime", moment),
		may("atime", moment),
		may("parent_directory_ref", ref(to("directory"))),
		may("contains_refs", list(ref(observable))),
		may("content_ref", payload)).where(atLeastOne("hashes", "name"), with("name_enc", "name")),

	"ipv4-addr": observableType("6.8", nil,
		need("value", address("an IPv4 address or CIDR block", netip.Addr.Is4)),
		may("resolves_to_refs", list(ref(to("mac-addr")))),
		may("belongs_to_refs", list(ref(to("autonomous-system"))))),

	"ipv6-addr": observableType("6.9", nil,
		need("value", address("an IPv6 address or CIDR block", netip.Addr.Is6)),
		may("resolves_to_refs", list(ref(to("mac-addr")))),
		may("belongs_to_refs", list(ref(to("autonomous-system"))))),

	"mac-addr": observableType("6.10", nil,
		need("value", unlessDefanged("a MAC address: six lower-case hexadecimal pairs, colons between", isMAC))),

	"mutex": observableType("6.11", nil,
		need("name", text)),

	"network-traffic": observableType("6.12", trafficExtensions,
		may("start", moment),
		may("end", moment),
		may("is_active", boolean),
		may("src_ref", endpoint),
		may("dst_ref", endpoint),
		may("src_port", between(0, 65535)),
		may("dst_port", between(0, 65535)),
		need("protocols", list(text)),
		may("src_byte_count", count),
		may("dst_byte_count", count),
		may("src_packets", count),
		may("dst_packets", count),
		may("ipfix", dictionary(either("a string or an integer", text, integer))),
		may("src_payload_ref", payload),
		may("dst_payload_ref", payload),
		may("encapsulates_refs", list(traffic)),
		may("encapsulated_by_ref", traffic)).
		where(atLeastOne("src_ref", "dst_ref"), notBefore("end", "start"), activeHasNoEnd),

	"process": observableType("6.13", processExtensions,
		may("is_hidden", boolean),
		may("pid", integer),
		may("created_time", moment),
		may("cwd", text),
		may("command_line", text),
		may("environment_variables", dictionary(text)),
		may("opened_connection_refs", list(traffic)),
		may("creator_user_ref", account),
		may("image_ref", ref(to("file"))),
		may("parent_ref", processes),
		may("child_refs", list(processes))).
		where(outsideContainer(atLeastOne("extensions", "is_hidden", "pid", "created_time", "cwd", "command_line",
			"environment_variables", "opened_connection_refs", "creator_user_ref", "image_ref",
			"parent_ref", "child_refs"))),

	"software": observableType("6.14", nil,
		need("name", text),
		may("cpe", shouldBe("a CPE 2.3 name", isCPE)),
		may("swid", text),
		may("languages", list(text)),
		may("vendor", text),
		may("version", text)),

	"url": observableType("6.15", nil,
		need("value", shouldBe("a URI of RFC 3986", isURI))),

	"user-account": observableType("6.16", accountExtensions,
		may("user_id", text),
		may("credential", text),
		may("account_login", text),
		may("account_type", open(accountTypes)),
		may("display_name", text),
		may("is_service_account", boolean),
		may("is_privileged", boolean),
		may("can_escalate_privs", boolean),
		may("is_disabled", boolean),
		may("account_created", moment),
		may("account_expires", moment),
		may("credential_last_changed", moment),
		may("account_first_login", moment),
		may("account_last_login", moment)).
		where(atLeastOne("extensions", "user_id", "credential", "account_login", "account_type", "display_name",
			"is_service_account", "is_privileged", "can_escalate_privs", "is_disabled", "account_created",
			"account_expires", "credential_last_changed", "account_first_login", "account_last_login")),

	"windows-registry-key": observableType("6.17", nil,
		may("key", textLike("a full key: HKEY_LOCAL_MACHINE, not HKLM", "6.17", fullHive)),
		may("values", list(of(registryValue))),
		may("modified_time", moment),
		may("creator_user_ref", account),
		may("number_of_subkeys", count)).
		where(atLeastOne("key", "values", "modified_time", "creator_user_ref", "number_of_subkeys")),

	"x509-certificate": observableType("6.18", nil,
		may("is_self_signed", boolean),
		may("hashes", anyHashes),
		may("version", text),
		may("serial_number", text),
		may("signature_algorithm", text),
		may("issuer", text),
		may("validity_not_before", moment),
		may("validity_not_after", moment),
		may("subject", text),
		may("subject_public_key_algorithm", text),
		may("subject_public_key_modulus", text),
		may("subject_public_key_exponent", integer),
		may("x509_v3_extensions", of(certificateExtensions))).
		where(atLeastOne("is_self_signed", "hashes", "version", "serial_number", "signature_algorithm", "issuer",
			"validity_not_before", "validity_not_after", "subject", "subject_public_key_algorithm",
			"subject_public_key_modulus", "subject_public_key_exponent", "x509_v3_extensions")),
}

// outsideContainer leaves a rule out for the processes in an observed-data's
// container: they may be of STIX 2.0, which described them by name and
// arguments (STIX 2.1 §2.13).
func outsideContainer(r rule) rule {
	return func(c *checker, m map[string]any) {
		if c.container == nil {
			r(c, m)
		}
	}
}

// unlessDefanged is a string of a form, of any form when the object says that
// its data are defanged.
func unlessDefanged(what string, is func(string) bool) value {
	return func(c *checker, v any) {
		s, ok := v.(string)
		if !ok {
			c.fail(c.section, "is not a string")
		} else if !is(s) && c.obj["defanged"] != true {
			c.fail(c.section, "is not "+what)
		}
	}
}

// address is an IP address of one family, with a prefix length or without.
func address(what string, family func(netip.Addr) bool) value {
	return unlessDefanged(what, func(s string) bool {
		if strings.Contains(s, "/") {
			p, err := netip.ParsePrefix(s)
			return err == nil && family(p.Addr())
		}
		a, err := netip.ParseAddr(s)
		return err == nil && family(a)
	})
}

func isMAC(s string) bool {
	if len(s) != 17 || strings.ToLower(s) != s {
		return false
	}
	for i := range len(s) {
		if colon := i%3 == 2; colon != (s[i] == ':') || !colon && !isHexDigit(s[i]) {
			return false
		}
	}
	return true
}

// isDomain looks at the outside only: labels of letters of any script, digits,
// hyphens and underscores, between single dots (RFC 1034, RFC 5890).
func isDomain(s string) bool {
	if s == "" || len(s) > 253 || strings.ContainsAny(s, " \t\r\n/:@[](){}<>\"'\\,;") {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return true
}

func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && !strings.ContainsAny(s, " \t\r\n<>") && isDomain(strings.Trim(s[at+1:], "[]"))
}

func isMIME(s string) bool {
	major, minor, ok := strings.Cut(s, "/")
	return ok && major != "" && minor != "" && !strings.ContainsAny(s, " \t\r\n")
}

// isCharset reports whether s can be a name of the IANA registry.
func isCharset(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') && strings.IndexByte("/.+_:-", s[i]) < 0 {
			return false
		}
	}
	return len(s) >= 2 && len(s) <= 250
}

// isCPE looks at the outside of a CPE 2.3 name (NISTIR 7695 §6.2): a prefix
// and eleven parts between colons that no backslash escapes.
func isCPE(s string) bool {
	rest, ok := strings.CutPrefix(s, "cpe:2.3:")
	if !ok {
		return false
	}
	return strings.Count(strings.ReplaceAll(rest, `\:`, ""), ":") == 10
}

// fullHive reports whether a registry key does not start with the short name
// of a hive.
func fullHive(s string) bool {
	hive, _, _ := strings.Cut(s, `\`)
	switch strings.ToUpper(hive) {
	case "HKLM", "HKCC", "HKCR", "HKCU", "HKU":
		return false
	}
	return true
}
